/** Which links are cut, by direction. */
import type { NodeName } from "../../sim/host.ts";
import type { LinkCut, LinkHealed } from "../../sim/node-events.ts";

export class GhostLinks {
  /** By sender, the receivers that nothing arrives at. */
  private readonly cut = new Map<NodeName, Set<NodeName>>();

  /** Whether nothing is cut. */
  get areWhole(): boolean {
    for (const receivers of this.cut.values()) if (receivers.size > 0) return false;
    return true;
  }

  apply(event: LinkCut | LinkHealed): void {
    const cut = event.kind === "LinkCut";
    if (event.direction !== "to") this.set(event.a, event.b, cut);
    if (event.direction !== "from") this.set(event.b, event.a, cut);
  }

  /** Whether what `from` sends reaches `to`. */
  passes(from: NodeName, to: NodeName): boolean {
    return this.cut.get(from)?.has(to) !== true;
  }

  private set(from: NodeName, to: NodeName, cut: boolean): void {
    let receivers = this.cut.get(from);
    if (receivers === undefined) {
      receivers = new Set();
      this.cut.set(from, receivers);
    }
    if (cut) receivers.add(to);
    else receivers.delete(to);
  }
}
