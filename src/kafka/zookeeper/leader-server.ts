/**
 * What an established leader does with requests: it makes transactions of them, proposes these, commits what a quorum has, and keeps
 * the sessions. Source: LeaderZooKeeperServer, ProposalRequestProcessor, Leader.processSync, revalidateSession.
 */
import type { NodeName } from "../../sim/host.ts";
import type { ZkServerId } from "../ids.ts";
import type { ServingRole } from "./client-service.ts";
import { CommitProcessor } from "./commit-processor.ts";
import type { AppliedTransaction } from "./data-tree.ts";
import type { LearnerHandler } from "./learner-handler.ts";
import { OutstandingChanges } from "./outstanding-changes.ts";
import { type PrepListener, type PrepRequest, PrepRequestProcessor } from "./prep-request-processor.ts";
import { Proposals } from "./proposals.ts";
import type { FollowerMessage, Proposal } from "./quorum-messages.ts";
import type { RoleOptions } from "./quorum-role.ts";
import type { ClientRequest, ServerCnxn } from "./server-cnxn.ts";
import { LEADER_ITSELF, type SessionExpirer, type SessionOwner, SessionTracker } from "./session-tracker.ts";
import type { ZkTransaction } from "./transaction.ts";
import type { SessionId } from "./znode.ts";
import type { Zxid } from "./zxid.ts";

/** A follower waits to be told that everything up to `zxid` has been sent to it. */
interface PendingSync {
  readonly owner: SessionOwner;
  readonly zxid: Zxid;
}

export class LeaderServer implements ServingRole, PrepListener, SessionExpirer {
  readonly proposals: Proposals;
  private readonly options: RoleOptions;
  private readonly handlers: ReadonlySet<LearnerHandler>;
  private readonly changes: OutstandingChanges;
  private readonly sessions: SessionTracker;
  private readonly prep: PrepRequestProcessor;
  private readonly commits: CommitProcessor;
  /** In zxid order. */
  private pendingSyncs: PendingSync[] = [];

  constructor(options: RoleOptions, handlers: ReadonlySet<LearnerHandler>, epoch: number) {
    const { context, db, clients } = options;
    const { host, costs } = context;
    this.options = options;
    this.handlers = handlers;
    this.proposals = new Proposals(context, epoch);
    this.changes = new OutstandingChanges(db.tree);
    this.sessions = new SessionTracker(context, this, db.tree.sessions);
    this.prep = new PrepRequestProcessor({ context, changes: this.changes, sessions: this.sessions, listener: this });
    this.commits = new CommitProcessor({ host, costs, final: clients, matchSyncs: false });
  }

  start(): void {
    const { syncer, clients } = this.options;
    syncer.mayTakeSnapshots = true;
    clients.start(this);
  }

  /** What is logged, or about to be, and not applied. */
  shutdown(): readonly ZkTransaction[] {
    this.sessions.stop();
    this.prep.stop();
    this.commits.stop();
    return this.proposals.unapplied().map(({ transaction }) => transaction);
  }

  onMessage(handler: LearnerHandler, message: FollowerMessage): void {
    const owner = handler.connection.id;
    switch (message.kind) {
      case "ZabRequest":
        this.prep.process({ ...message.submitted, owner, local: undefined });
        return;
      case "ZabPingResponse":
        for (const [session, timeoutMs] of message.sessions) this.sessions.touch(session, timeoutMs);
        return;
      case "ZabRevalidate": {
        const { session, timeoutMs } = message;
        const valid = this.sessions.touch(session, timeoutMs);
        if (valid) this.sessions.setOwner(session, owner);
        handler.send({ kind: "ZabRevalidateResponse", session, valid });
        return;
      }
      default:
    }
  }

  onAck(server: ZkServerId, zxid: Zxid): void {
    const committed = this.proposals.onAck(server, zxid);
    const last = committed.at(-1);
    if (last === undefined) return;
    // A sync stands between the transactions before and after it: its follower must hear of them in this order.
    const syncs = this.pendingSyncs.filter((sync) => sync.zxid <= last.transaction.zxid);
    this.pendingSyncs = this.pendingSyncs.slice(syncs.length);
    for (const [i, sync] of syncs.entries()) {
      if (sync.zxid !== syncs[i - 1]?.zxid) this.sendCommit(sync.zxid);
      this.sendSync(sync.owner);
    }
    if (last.transaction.zxid !== syncs.at(-1)?.zxid) this.sendCommit(last.transaction.zxid);
    for (const proposal of committed) this.commits.commit(proposal);
  }

  // ---- clients of this server ----

  submit(request: ClientRequest): void {
    const { session, cxid, cnxn } = request;
    this.prep.process({ session, cxid, client: cnxn.client, request: request.request, owner: LEADER_ITSELF, local: request });
  }

  touch(session: SessionId, timeoutMs: number): boolean {
    return this.sessions.touch(session, timeoutMs);
  }

  revalidate(cnxn: ServerCnxn): void {
    const valid = this.sessions.touch(cnxn.session, cnxn.timeoutMs);
    if (valid) this.sessions.setOwner(cnxn.session, LEADER_ITSELF);
    this.options.clients.finishSessionInit(cnxn, valid);
  }

  onApplied({ transaction }: AppliedTransaction): void {
    this.changes.onApplied(transaction.zxid);
    this.proposals.onApplied(transaction.zxid);
    if (transaction.body.type === "closeSession") this.sessions.remove(transaction.session);
  }

  onSessionExpired(session: SessionId, client: NodeName): void {
    const request = { op: "closeSession", reason: "expired" } as const;
    this.prep.process({ session, cxid: 0, client, request, owner: LEADER_ITSELF, local: undefined });
  }

  // ---- what has been prepared ----

  nextZxid(): Zxid {
    return this.proposals.nextZxid();
  }

  onPrepared(transaction: ZkTransaction, request: PrepRequest): void {
    if (request.local !== undefined) this.commits.process(request.local);
    const proposal: Proposal = Object.freeze({ transaction, cxid: request.cxid });
    this.proposals.add(proposal);
    for (const handler of this.handlers) if (handler.isForwarding) handler.send({ kind: "ZabProposal", proposal });
    this.options.syncer.process(transaction);
  }

  onLocalRead(request: ClientRequest): void {
    this.commits.process(request);
  }

  onSync(owner: SessionOwner): void {
    if (this.proposals.hasOutstanding) this.pendingSyncs.push({ owner, zxid: this.proposals.lastProposed });
    else this.sendSync(owner);
  }

  private sendCommit(zxid: Zxid): void {
    for (const handler of this.handlers) if (handler.isForwarding) handler.send({ kind: "ZabCommit", zxid });
  }

  private sendSync(owner: SessionOwner): void {
    for (const handler of this.handlers) if (handler.connection.id === owner) handler.send({ kind: "ZabSync" });
  }
}
