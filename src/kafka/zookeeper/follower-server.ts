/**
 * What a follower does with requests and transactions: reads are answered from its own state, writes go to the leader, and what the leader
 * has committed is applied in its order. Source: FollowerZooKeeperServer, FollowerRequestProcessor, LearnerSessionTracker.
 */
import type { ServingRole } from "./client-service.ts";
import { CommitProcessor } from "./commit-processor.ts";
import type { AppliedTransaction } from "./data-tree.ts";
import { Fifo } from "./fifo.ts";
import { type FollowerMessage, isWriteRequest, type Proposal, type Unsized } from "./quorum-messages.ts";
import type { RoleOptions } from "./quorum-role.ts";
import type { ClientRequest, ServerCnxn } from "./server-cnxn.ts";
import type { SessionId } from "./znode.ts";
import { isNextZxid, type Zxid } from "./zxid.ts";

/** The way to the leader. */
export interface LeaderLink {
  send(message: Unsized<FollowerMessage>): void;
}

export class FollowerServer implements ServingRole {
  private readonly options: RoleOptions;
  private readonly leader: LeaderLink;
  private readonly commits: CommitProcessor;
  /** Received and not committed yet, in order. */
  private readonly pending = new Fifo<Proposal>();
  /** Where the history ends that has been received. */
  private lastReceived: Zxid = 0;
  private readonly pendingSyncs = new Fifo<ClientRequest>();
  private readonly pendingRevalidations = new Map<SessionId, ServerCnxn>();
  /** Sessions that were heard of since the leader last asked, with their timeouts. */
  private touched = new Map<SessionId, number>();

  constructor(options: RoleOptions, leader: LeaderLink) {
    const { context, clients } = options;
    const { host, costs } = context;
    this.options = options;
    this.leader = leader;
    this.commits = new CommitProcessor({ host, costs, final: clients, matchSyncs: true });
  }

  /** The leader begins to send what follows `zxid`. */
  receiveAfter(zxid: Zxid): void {
    this.lastReceived = zxid;
  }

  /** False if the server had to stop. Over TCP that cannot happen. ZooKeeper takes any, and stops when the next one is committed. */
  receive(proposal: Proposal): boolean {
    const { zxid } = proposal.transaction;
    if (zxid <= this.lastReceived || !isNextZxid(zxid, this.lastReceived)) {
      const what = zxid <= this.lastReceived ? "came twice, or too late" : "is missing";
      this.options.context.fatal(`a proposal ${what}`);
      return false;
    }
    this.lastReceived = zxid;
    this.pending.push(proposal);
    return true;
  }

  /** Everything up to `zxid` is committed. */
  commit(zxid: Zxid): void {
    if (zxid > this.lastReceived) {
      // UNMATCHED_TXN_COMMIT. Where nothing else is pending, ZooKeeper goes on without the transaction.
      this.options.context.fatal("a transaction is to be committed that was not proposed");
      return;
    }
    for (let first = this.pending.peek(); first !== undefined && first.transaction.zxid <= zxid; first = this.pending.peek()) {
      this.pending.shift();
      this.commits.commit(first);
    }
  }

  /** Received and not applied, in order. */
  unapplied(): readonly Proposal[] {
    return [...this.commits.unapplied(), ...this.pending.toArray()];
  }

  stop(): void {
    this.commits.stop();
  }

  onPing(): void {
    this.leader.send({ kind: "ZabPingResponse", sessions: Object.freeze([...this.touched]) });
    this.touched = new Map();
  }

  onRevalidated(session: SessionId, valid: boolean): void {
    const cnxn = this.pendingRevalidations.get(session);
    this.pendingRevalidations.delete(session);
    if (cnxn !== undefined) this.options.clients.finishSessionInit(cnxn, valid);
  }

  /** The oldest sync has been answered. */
  onSync(): void {
    const request = this.pendingSyncs.shift();
    if (request !== undefined) this.commits.commit(request);
  }

  // ---- clients of this server ----

  submit(request: ClientRequest): void {
    this.commits.process(request);
    if (request.request.op === "sync") this.pendingSyncs.push(request);
    else if (!isWriteRequest(request.request)) return;
    const { session, cxid, cnxn } = request;
    const submitted = Object.freeze({ session, cxid, client: cnxn.client, request: request.request });
    this.leader.send({ kind: "ZabRequest", submitted });
  }

  touch(session: SessionId, timeoutMs: number): boolean {
    this.touched.set(session, timeoutMs);
    return true;
  }

  revalidate(cnxn: ServerCnxn): void {
    this.pendingRevalidations.set(cnxn.session, cnxn);
    this.leader.send({ kind: "ZabRevalidate", session: cnxn.session, timeoutMs: cnxn.timeoutMs });
  }

  onApplied({ transaction }: AppliedTransaction): void {
    const { session, body } = transaction;
    if (body.type === "createSession") this.touched.set(session, body.timeoutMs);
    else if (body.type === "closeSession") this.touched.delete(session);
  }
}
