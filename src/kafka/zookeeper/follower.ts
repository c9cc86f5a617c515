/**
 * The follower's side of Zab: it accepts the leader's epoch, takes over its history, and then logs and acknowledges what is proposed.
 *
 * What it is sent out of its turn, which takes more than TCP would do, it does not act on; where it cannot go on without, it stops.
 * Source: Learner.connectToLeader, registerWithLeader, syncWithLeader, Follower.
 */
import { type Micros, ms, seconds } from "../../base/units.ts";
import type { Connection, NodeName, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import { FollowerServer, type LeaderLink } from "./follower-server.ts";
import { type FollowerMessage, type LeaderMessage, type Proposal, quorumMessage, type Unsized } from "./quorum-messages.ts";
import type { RoleOptions } from "./quorum-role.ts";
import type { ServerContext } from "./server-context.ts";
import type { ZkTransaction } from "./transaction.ts";
import type { ZkDatabase } from "./zk-database.ts";
import { makeZxid, type Zxid } from "./zxid.ts";

/** Whoever was just elected may need a moment before it leads. */
const CONNECT_RETRY_DELAY: Micros = ms(100);
const CONNECT_TRIES = 5;
/** How long a server rests that may not follow the leader that all others follow. */
const FENCED_REST: Micros = seconds(1);

type Phase =
  /** Until the leader has told of its epoch. */
  | "CONNECTING"
  /** Until it has compared histories: DIFF, TRUNC or SNAP. */
  | "DISCOVERY"
  /** Until it has sent all that its history has at first: NEWLEADER. */
  | "SYNCHRONIZATION"
  /** Until all that is on disk. */
  | "PERSISTING"
  /** Until the leader is established: UPTODATE. */
  | "ACKNOWLEDGED"
  | "BROADCAST";

/** When what comes once may come. */
const EXPECTED_IN: Partial<Record<LeaderMessage["kind"], Phase>> = Object.freeze({
  ZabLeaderInfo: "CONNECTING",
  ZabDiff: "DISCOVERY",
  ZabTrunc: "DISCOVERY",
  ZabSnap: "DISCOVERY",
  ZabNewLeader: "SYNCHRONIZATION",
  ZabUpToDate: "ACKNOWLEDGED",
});

interface FollowerTimer extends Timer {
  readonly kind: "zookeeper.connect" | "zookeeper.silence";
}

export class Follower implements TimerTarget, LeaderLink {
  private readonly context: ServerContext;
  private readonly db: ZkDatabase;
  private readonly options: RoleOptions;
  private readonly leaderNode: NodeName;
  private readonly server: FollowerServer;
  private connection: Connection | undefined;
  private phase: Phase = "CONNECTING";
  private epoch = 0;
  private tries = 0;
  private lastHeard: Micros;
  private retryTimer: TimerId = 0;
  private silenceTimer: TimerId = 0;
  private stopped = false;
  /** Received, and not handed to the log yet: first until NEWLEADER, then until the leader is established. */
  private unlogged: Proposal[] = [];
  /** Told to be committed before this server serves. */
  private committedUpTo: Zxid = 0;
  /** The leader has sent its whole state. */
  private installed = false;
  /** The last transaction that must be on disk before the history can be acknowledged. */
  private historyEnd: Zxid = 0;

  constructor(options: RoleOptions, leaderNode: NodeName) {
    this.options = options;
    this.context = options.context;
    this.db = options.db;
    this.leaderNode = leaderNode;
    this.server = new FollowerServer(options, this);
    this.lastHeard = this.context.host.steadyNow();
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
    const expectedIn = EXPECTED_IN[message.kind];
    if (expectedIn === undefined) this.onBroadcastMessage(message);
    else if (expectedIn === this.phase) this.onExpected(message);
    else if (this.phase === "DISCOVERY" && message.kind === "ZabNewLeader") {
      this.context.fatal("NEWLEADER came where DIFF, TRUNC or SNAP should have");
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
    this.server.stop();
    const unlogged = this.unlogged[0]?.transaction.zxid ?? Number.POSITIVE_INFINITY;
    const received = this.server.unapplied().map(({ transaction }) => transaction);
    return received.filter(({ zxid }) => zxid < unlogged);
  }

  onTimer(timer: Timer): void {
    if (this.stopped) return;
    if ((timer as FollowerTimer).kind === "zookeeper.connect") this.connect();
    else if (this.context.host.steadyNow() >= this.silenceDeadline()) this.options.listener.onRoleLost();
    else this.watchSilence();
  }

  send(message: Unsized<FollowerMessage>): void {
    if (this.connection !== undefined) this.context.host.send(this.connection, quorumMessage(message));
  }

  // ---- discovery and synchronisation ----

  private connect(): void {
    this.tries++;
    this.connection = this.context.host.connect(this.leaderNode, this);
    this.send({ kind: "ZabFollowerInfo", sid: this.context.serverId, acceptedEpoch: this.db.disk.acceptedEpoch });
  }

  private onExpected(message: LeaderMessage): void {
    switch (message.kind) {
      case "ZabLeaderInfo":
        this.onLeaderInfo(message.epoch);
        return;
      case "ZabDiff":
        this.synchroniseFrom(this.db.lastZxid);
        return;
      case "ZabTrunc":
        if (this.db.goBackTo(message.zxid)) this.synchroniseFrom(message.zxid);
        else this.context.fatal("the leader's history is not known here");
        return;
      case "ZabSnap":
        this.db.install(message.snapshot);
        this.installed = true;
        this.synchroniseFrom(message.snapshot.zxid);
        return;
      case "ZabNewLeader":
        this.onNewLeader();
        return;
      case "ZabUpToDate":
        this.onUpToDate();
        return;
      default:
    }
  }

  private onLeaderInfo(epoch: number): void {
    const { disk } = this.db;
    this.phase = "DISCOVERY";
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

  private synchroniseFrom(zxid: Zxid): void {
    this.phase = "SYNCHRONIZATION";
    this.server.receiveAfter(zxid);
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
    clients.start(this.server);
    for (const { transaction } of this.unlogged) syncer.process(transaction);
    this.unlogged = [];
    if (this.committedUpTo > 0) this.server.commit(this.committedUpTo);
  }

  // ---- broadcast ----

  private onBroadcastMessage(message: LeaderMessage): void {
    const serving = this.phase === "BROADCAST";
    switch (message.kind) {
      case "ZabProposal":
        this.onProposal(message.proposal);
        return;
      case "ZabCommit":
        if (serving) this.server.commit(message.zxid);
        else this.committedUpTo = message.zxid;
        return;
      case "ZabPing":
        if (serving) this.server.onPing();
        return;
      case "ZabRevalidateResponse":
        this.server.onRevalidated(message.session, message.valid);
        return;
      case "ZabSync":
        this.server.onSync();
        return;
      default:
    }
  }

  private onProposal(proposal: Proposal): void {
    if (!this.server.receive(proposal)) return;
    if (this.phase === "BROADCAST") this.options.syncer.process(proposal.transaction);
    else this.unlogged.push(proposal);
  }

  /** When the leader must have been heard of. While the disk is waited for nobody listens. */
  private silenceDeadline(): Micros {
    const { initLimitUs, syncLimitUs, host } = this.context;
    if (this.phase === "PERSISTING") return host.steadyNow() + syncLimitUs;
    const established = this.phase === "ACKNOWLEDGED" || this.phase === "BROADCAST";
    return this.lastHeard + (established ? syncLimitUs : initLimitUs);
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
