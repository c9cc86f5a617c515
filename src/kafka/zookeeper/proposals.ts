/**
 * What a leader has proposed in its epoch: who has it on disk, what is committed by that, and what is still to be applied. A transaction is
 * committed when a quorum has it, and everything before it. Source: Leader.propose, processAck, tryToCommit, startForwarding.
 */
import type { ZkServerId } from "../ids.ts";
import { Fifo } from "./fifo.ts";
import type { Proposal } from "./quorum-messages.ts";
import type { ServerContext } from "./server-context.ts";
import { majorityOf } from "./vote.ts";
import { makeZxid, type Zxid } from "./zxid.ts";

export class Proposals {
  private readonly context: ServerContext;
  private readonly epoch: number;
  private counter = 0;
  /** Not committed yet. */
  private readonly outstanding = new Fifo<Proposal>();
  /** Committed, and not applied by the leader itself yet. */
  private readonly toBeApplied = new Fifo<Proposal>();
  /** Everything up to here is on the server's disk. */
  private readonly acked = new Map<ZkServerId, Zxid>();

  constructor(context: ServerContext, epoch: number) {
    this.context = context;
    this.epoch = epoch;
  }

  nextZxid(): Zxid {
    return makeZxid(this.epoch, ++this.counter);
  }

  get hasOutstanding(): boolean {
    return this.outstanding.length > 0;
  }

  get lastProposed(): Zxid {
    return makeZxid(this.epoch, this.counter);
  }

  add(proposal: Proposal): void {
    this.outstanding.push(proposal);
  }

  /** Returns what is committed now, in order. */
  onAck(server: ZkServerId, zxid: Zxid): readonly Proposal[] {
    if (zxid <= (this.acked.get(server) ?? 0)) return [];
    this.acked.set(server, zxid);
    const onQuorum = this.zxidOnQuorum();
    const committed: Proposal[] = [];
    for (let first = this.outstanding.peek(); first !== undefined; first = this.outstanding.peek()) {
      if (first.transaction.zxid > onQuorum) break;
      this.outstanding.shift();
      this.toBeApplied.push(first);
      committed.push(first);
    }
    return committed;
  }

  onApplied(zxid: Zxid): void {
    if (this.toBeApplied.peek()?.transaction.zxid === zxid) this.toBeApplied.shift();
  }

  /** What a follower still lacks that has everything up to `zxid`; `committed` of these the last that is committed, if any is. */
  after(zxid: Zxid): { readonly proposals: readonly Proposal[]; readonly committed: Zxid | undefined } {
    const isMissing = ({ transaction }: Proposal): boolean => transaction.zxid > zxid;
    const committed = this.toBeApplied.toArray().filter(isMissing);
    const proposals = [...committed, ...this.outstanding.toArray().filter(isMissing)];
    return { proposals, committed: committed.at(-1)?.transaction.zxid };
  }

  /** Logged by this server, and perhaps nowhere else. */
  unapplied(): readonly Proposal[] {
    return [...this.toBeApplied.toArray(), ...this.outstanding.toArray()];
  }

  private zxidOnQuorum(): Zxid {
    const acked = [...this.acked.values()].sort((a, b) => b - a);
    return acked[majorityOf(this.context.servers.length) - 1] ?? 0;
  }
}
