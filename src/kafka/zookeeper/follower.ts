/**
 * The follower's side of Zab: it accepts the leader's epoch, takes over its history, and then logs what is proposed, applies what is
 * committed, and serves clients: reads from its own state, writes by way of the leader.
 *
 * Source: Learner.connectToLeader, registerWithLeader, syncWithLeader, Follower, FollowerZooKeeperServer, FollowerRequestProcessor.
 */
import { type Micros, ms, seconds } from "../../base/units.ts";
import type { Connection, NodeName, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import type { ServingRole } from "./client-service.ts";
import { CommitProcessor } from "./commit-processor.ts";
import type { AppliedTransaction } from "./data-tree.ts";
import { Fifo } from "./fifo.ts";
import {
  type FollowerMessage,
  type LeaderMessage,
  type Proposal,
  quorumMessage,
  type Unsized,
  type ZkWriteRequest,
} from "./quorum-messages.ts";
import type { RoleOptions } from "./quorum-role.ts";
import { type ClientRequest, isWrite, type ServerCnxn } from "./server-cnxn.ts";
import type { ServerContext } from "./server-context.ts";
import type { ZkTransaction } from "./transaction.ts";
import type { ZkDatabase } from "./zk-database.ts";
import type { SessionId } from "./znode.ts";
import { makeZxid, type Zxid } from "./zxid.ts";

/** Whoever was just elected may need a moment before it leads. */
const CONNECT_RETRY_DELAY: Micros = ms(100);
const CONNECT_TRIES = 5;
/** How long a server rests that may not follow the leader that all others follow. */
const FENCED_REST: Micros = seconds(1);

type Phase =
  /** Until the leader has answered for the first time. */
  | "CONNECTING"
  /** Until the leader has sent all that its history has at first. */
  | "SYNCHRONIZATION"
  /** Until all that is on disk. */
  | "PERSISTING"
  /** Until the leader is established. */
  | "ACKNOWLEDGED"
  | "BROADCAST";

interface FollowerTimer extends Timer {
  readonly kind: "zookeeper.connect" | "zookeeper.silence";
}

export class Follower implements TimerTarget, ServingRole {
  private readonly context: ServerContext;
  private readonly db: ZkDatabase;
  private readonly options: RoleOptions;
  private readonly leaderNode: NodeName;
  private readonly commits: CommitProcessor;
  private connection: Connection | undefined;
  private phase: Phase = "CONNECTING";
  private epoch = 0;
  private tries = 0;
  private lastHeard: Micros;
  private retryTimer: TimerId = 0;
  private silenceTimer: TimerId = 0;
  private stopped = false;
  /** Received and not committed yet, in order. */
  private readonly pending = new Fifo<Proposal>();
  private lastProposed: Zxid = 0;
  private lastCommitted: Zxid = 0;
  /** Of these, what has not been handed to the log yet: that comes when the leader is established. */
  private unlogged: Proposal[] = [];
  /** Told to be committed before this server serves. */
  private committedUpTo: Zxid = 0;
  /** The leader has sent its whole state. */
  private installed = false;
  /** The last transaction that must be on disk before the history can be acknowledged. */
  private historyEnd: Zxid = 0;
  private readonly pendingSyncs = new Fifo<ClientRequest>();
  private readonly pendingRevalidations = new Map<SessionId, ServerCnxn>();
  /** Sessions that were heard of since the leader last asked, with their timeouts. */
  private touched = new Map<SessionId, number>();

  constructor(options: RoleOptions, leaderNode: NodeName) {
    const { context, db, clients } = options;
    const { host, costs } = context;
    this.options = options;
    this.context = context;
    this.db = db;
    this.leaderNode = leaderNode;
    this.lastHeard = host.steadyNow();
    this.commits = new CommitProcessor({ host, costs, final: clients, matchSyncs: true });
  }

  follow(): void {
    this.connect();
    this.watchSilence();
  }

  onConnected(): void {
    this.lastHeard = this.context.host.steadyNow();
  }

  onMessage(message: LeaderMessage): void {
    if (this.stopped) return;
    this.lastHeard = this.context.host.steadyNow();
    switch (message.kind) {
      case "ZabLeaderInfo":
        this.onLeaderInfo(message.epoch);
        return;
      case "ZabDiff":
        return;
      case "ZabTrunc":
        if (!this.db.goBackTo(message.zxid)) this.context.fatal("the leader's history is not known here");
        return;
      case "ZabSnap":
        this.db.install(message.snapshot);
        this.installed = true;
        return;
      case "ZabNewLeader":
        this.onNewLeader();
        return;
      case "ZabUpToDate":
        this.onUpToDate();
        return;
      default:
        this.onBroadcastMessage(message);
    }
  }

  onDisconnected(connection: Connection): void {
    if (this.stopped || connection !== this.connection) return;
    this.connection = undefined;
    if (this.phase !== "CONNECTING" || this.tries >= CONNECT_TRIES) this.options.listener.onRoleLost();
    else this.retryTimer = this.setTimer("zookeeper.connect", CONNECT_RETRY_DELAY);
  }

  /** Everything handed to the log up to `zxid` is on disk. */
  onSynced(zxid: Zxid): void {
    if (this.phase === "PERSISTING") {
      if (zxid >= this.historyEnd) this.acknowledgeHistory();
    } else if (this.phase === "BROADCAST") this.send({ kind: "ZabAck", zxid });
  }

  /** What it has logged and not applied. */
  shutdown(): readonly ZkTransaction[] {
    const { host } = this.context;
    this.stopped = true;
    host.cancelTimer(this.retryTimer);
    host.cancelTimer(this.silenceTimer);
    if (this.connection !== undefined) host.close(this.connection);
    this.commits.stop();
    if (this.phase === "CONNECTING" || this.phase === "SYNCHRONIZATION") return [];
    const unlogged = this.unlogged[0]?.transaction.zxid ?? Number.POSITIVE_INFINITY;
    const logged = [...this.commits.unapplied(), ...this.pending.toArray()];
    return logged.map(({ transaction }) => transaction).filter(({ zxid }) => zxid < unlogged);
  }

  onTimer(timer: Timer): void {
    if (this.stopped) return;
    if ((timer as FollowerTimer).kind === "zookeeper.connect") this.connect();
    else if (this.context.host.steadyNow() >= this.silenceDeadline()) this.options.listener.onRoleLost();
    else this.watchSilence();
  }

  // ---- discovery and synchronisation ----

  private connect(): void {
    this.tries++;
    this.connection = this.context.host.connect(this.leaderNode, this);
    this.send({ kind: "ZabFollowerInfo", sid: this.context.serverId, acceptedEpoch: this.db.disk.acceptedEpoch });
  }

  private onLeaderInfo(epoch: number): void {
    const { disk } = this.db;
    this.phase = "SYNCHRONIZATION";
    this.epoch = epoch;
    if (epoch < disk.acceptedEpoch) {
      // ZooKeeper tries again at once, over and over, until another leader is elected. That is not worth its events.
      this.options.listener.onRoleLost(FENCED_REST);
      return;
    }
    // Who has accepted an epoch must not help again to begin it, but may follow in it.
    const currentEpoch = epoch > disk.acceptedEpoch ? disk.currentEpoch : -1;
    if (epoch > disk.acceptedEpoch) disk.acceptedEpoch = epoch;
    this.send({ kind: "ZabAckEpoch", currentEpoch, lastZxid: this.db.lastZxid });
  }

  private onNewLeader(): void {
    this.phase = "PERSISTING";
    const { syncer } = this.options;
    const history = this.unlogged.map(({ transaction }) => transaction);
    this.unlogged = [];
    this.historyEnd = history.at(-1)?.zxid ?? 0;
    const missing = this.db.replaceTail(history);
    for (const transaction of missing) syncer.process(transaction);
    if (missing.length > 0) return;
    if (this.installed) syncer.flush();
    else this.acknowledgeHistory();
  }

  /** Only now: an epoch counts as current once all that it begins with is on disk. */
  private acknowledgeHistory(): void {
    this.phase = "ACKNOWLEDGED";
    this.lastHeard = this.context.host.steadyNow();
    // From here on the leader is allowed less silence.
    this.context.host.cancelTimer(this.silenceTimer);
    this.watchSilence();
    this.db.disk.currentEpoch = this.epoch;
    this.send({ kind: "ZabAck", zxid: makeZxid(this.epoch, 0) });
  }

  private onUpToDate(): void {
    const { db, syncer, clients, listener } = this.options;
    this.phase = "BROADCAST";
    this.send({ kind: "ZabAck", zxid: makeZxid(this.epoch, 0) });
    if (this.historyEnd > 0) this.send({ kind: "ZabAck", zxid: this.historyEnd });
    listener.onEstablished(this.epoch);
    db.tellHistory();
    syncer.mayTakeSnapshots = true;
    clients.start(this);
    for (const { transaction } of this.unlogged) syncer.process(transaction);
    this.unlogged = [];
    this.commit(this.committedUpTo);
  }

  // ---- broadcast ----

  private onBroadcastMessage(message: LeaderMessage): void {
    switch (message.kind) {
      case "ZabProposal":
        // Only beyond TCP. ZooKeeper logs it all the same, and ends when it is to be committed (UNMATCHED_TXN_COMMIT).
        if (message.proposal.transaction.zxid <= this.lastProposed) {
          this.context.fatal("a proposal came twice, or too late");
          return;
        }
        this.lastProposed = message.proposal.transaction.zxid;
        this.pending.push(message.proposal);
        if (this.phase === "BROADCAST") this.options.syncer.process(message.proposal.transaction);
        else this.unlogged.push(message.proposal);
        return;
      case "ZabCommit":
        if (this.phase === "BROADCAST") this.commit(message.zxid);
        else this.committedUpTo = message.zxid;
        return;
      case "ZabPing":
        if (this.phase !== "BROADCAST") return;
        this.send({ kind: "ZabPingResponse", sessions: Object.freeze([...this.touched]) });
        this.touched = new Map();
        return;
      case "ZabRevalidateResponse": {
        const cnxn = this.pendingRevalidations.get(message.session);
        this.pendingRevalidations.delete(message.session);
        if (cnxn !== undefined) this.options.clients.finishSessionInit(cnxn, message.valid);
        return;
      }
      case "ZabSync": {
        const request = this.pendingSyncs.shift();
        if (request !== undefined) this.commits.commit(request);
        return;
      }
      default:
    }
  }

  private commit(zxid: Zxid): void {
    const next = this.pending.peek()?.transaction.zxid;
    if (next !== undefined && next > zxid && zxid > Math.max(this.db.lastZxid, this.lastCommitted)) {
      // Only beyond TCP: UNMATCHED_TXN_COMMIT. Where nothing is pending, ZooKeeper goes on without the transaction.
      this.context.fatal("a transaction is to be committed that was not proposed");
      return;
    }
    this.lastCommitted = Math.max(this.lastCommitted, zxid);
    for (let first = this.pending.peek(); first !== undefined && first.transaction.zxid <= zxid; first = this.pending.peek()) {
      this.pending.shift();
      this.commits.commit(first);
    }
  }

  // ---- clients of this server ----

  submit(request: ClientRequest): void {
    this.commits.process(request);
    if (request.request.op === "sync") this.pendingSyncs.push(request);
    else if (!isWrite(request)) return;
    const { session, cxid, cnxn } = request;
    const submitted = Object.freeze({ session, cxid, client: cnxn.client, request: request.request as ZkWriteRequest });
    this.send({ kind: "ZabRequest", submitted });
  }

  touch(session: SessionId, timeoutMs: number): boolean {
    this.touched.set(session, timeoutMs);
    return true;
  }

  revalidate(cnxn: ServerCnxn): void {
    this.pendingRevalidations.set(cnxn.session, cnxn);
    this.send({ kind: "ZabRevalidate", session: cnxn.session, timeoutMs: cnxn.timeoutMs });
  }

  onApplied({ transaction }: AppliedTransaction): void {
    const { session, body } = transaction;
    if (body.type === "createSession") this.touched.set(session, body.timeoutMs);
    else if (body.type === "closeSession") this.touched.delete(session);
  }

  private send(message: Unsized<FollowerMessage>): void {
    if (this.connection !== undefined) this.context.host.send(this.connection, quorumMessage(message));
  }

  /** When the leader must have been heard of. While the disk is waited for nobody listens. */
  private silenceDeadline(): Micros {
    const { initLimitUs, syncLimitUs, host } = this.context;
    if (this.phase === "PERSISTING") return host.steadyNow() + syncLimitUs;
    return this.lastHeard + (this.phase === "CONNECTING" || this.phase === "SYNCHRONIZATION" ? initLimitUs : syncLimitUs);
  }

  private watchSilence(): void {
    const delay = Math.max(0, this.silenceDeadline() - this.context.host.steadyNow());
    this.silenceTimer = this.setTimer("zookeeper.silence", delay);
  }

  private setTimer(kind: FollowerTimer["kind"], delay: Micros): TimerId {
    const timer: FollowerTimer = { kind, target: this };
    return this.context.host.setTimer(delay, timer);
  }
}
