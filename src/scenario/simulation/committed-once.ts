/**
 * Lets each committed decision of the controller through once.
 *
 * In KRaft mode the quorum leader that sees records commit reports them, and a new leader may report once more what its predecessor
 * did. In ZooKeeper mode every server of the ensemble reports a transaction when it applies it: the first one is heard.
 */
import type { Offset } from "../../kafka/ids.ts";
import type { DomainEvent, NodeName } from "../../sim/host.ts";

export class CommittedOnce {
  private reported: Offset = -1;
  private reporter: NodeName | undefined;
  private step = 0;

  /** False for a repetition. */
  isNews(node: NodeName | undefined, step: number, event: DomainEvent): boolean {
    const { metadataOffset } = event as { metadataOffset?: Offset };
    if (metadataOffset === undefined) return true;
    // Several facts may stem from one record or transaction, but only from one reporter in one step.
    if (metadataOffset < this.reported) return false;
    if (metadataOffset === this.reported) return node === this.reporter && step === this.step;
    this.reported = metadataOffset;
    this.reporter = node;
    this.step = step;
    return true;
  }
}
