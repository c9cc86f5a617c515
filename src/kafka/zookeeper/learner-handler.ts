/** One follower, as its leader sees it. Source: LearnerHandler, its SyncLimitCheck. */
import type { Micros } from "../../base/units.ts";
import type { Connection, Host } from "../../sim/host.ts";
import type { ZkServerId } from "../ids.ts";
import { type LeaderMessage, quorumMessage, type Unsized } from "./quorum-messages.ts";
import type { Zxid } from "./zxid.ts";

export type LearnerStage =
  /** It has introduced itself, and waits to hear of the epoch. */
  | "FOLLOWERINFO"
  /** It has been told of the epoch. */
  | "LEADERINFO"
  /** It has accepted the epoch, and waits until a quorum has. */
  | "ACKEPOCH"
  /** It has been sent what its history lacks. */
  | "NEWLEADER"
  /** Its history is the leader's; it waits until a quorum has got so far. */
  | "SYNCED"
  /** It serves. */
  | "UPTODATE";

export class LearnerHandler {
  readonly connection: Connection;
  readonly sid: ZkServerId;
  stage: LearnerStage = "FOLLOWERINFO";
  /** The last transaction of its history, as it said. */
  peerLastZxid: Zxid = 0;
  lastHeard: Micros;
  /** The leader's tick until which it counts as one that follows. */
  tickOfNextAckDeadline: number;
  closed = false;
  private readonly host: Host;
  /** The proposal whose acknowledgement is looked out for, and the newest one after it. ZooKeeper watches over these two only. */
  private current: { readonly zxid: Zxid; readonly sentAt: Micros } | undefined;
  private next: { readonly zxid: Zxid; readonly sentAt: Micros } | undefined;

  constructor(host: Host, connection: Connection, sid: ZkServerId, tickOfNextAckDeadline: number) {
    this.host = host;
    this.connection = connection;
    this.sid = sid;
    this.lastHeard = host.steadyNow();
    this.tickOfNextAckDeadline = tickOfNextAckDeadline;
  }

  /** It gets whatever is proposed. */
  get isForwarding(): boolean {
    return this.stage === "NEWLEADER" || this.stage === "SYNCED" || this.stage === "UPTODATE";
  }

  send(message: Unsized<LeaderMessage>): void {
    if (this.closed) return;
    if (message.kind === "ZabProposal" && this.stage === "UPTODATE") this.watchProposal(message.proposal.transaction.zxid);
    this.host.send(this.connection, quorumMessage(message));
  }

  onAck(zxid: Zxid): void {
    if (this.current === undefined || zxid < this.current.zxid) return;
    this.current = this.next !== undefined && zxid < this.next.zxid ? this.next : undefined;
    this.next = undefined;
  }

  /** A proposal has been waiting for its acknowledgement for as long as `syncLimit`. */
  isBehind(syncLimit: Micros): boolean {
    return this.current !== undefined && this.host.steadyNow() - this.current.sentAt >= syncLimit;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.host.close(this.connection);
  }

  private watchProposal(zxid: Zxid): void {
    const sent = { zxid, sentAt: this.host.steadyNow() };
    if (this.current === undefined) this.current = sent;
    else this.next = sent;
  }
}
