/**
 * The leader's side of Zab: it begins an epoch that a quorum has accepted (discovery), brings followers' histories in line with its own
 * until a quorum has it (synchronisation), and then makes and commits transactions (broadcast). It gives up when it hears of no quorum.
 *
 * Source: Leader.lead, getEpochToPropose, waitForEpochAck, waitForNewLeaderAck, LearnerHandler.run.
 */
import type { Micros } from "../../base/units.ts";
import type { Connection, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import type { ZkServerId } from "../ids.ts";
import { LeaderServer } from "./leader-server.ts";
import { LearnerHandler } from "./learner-handler.ts";
import type { FollowerMessage, ZabFollowerInfo } from "./quorum-messages.ts";
import type { RoleOptions } from "./quorum-role.ts";
import type { ServerContext } from "./server-context.ts";
import { decideSync } from "./sync-decision.ts";
import type { ZkTransaction } from "./transaction.ts";
import type { ZkDatabase } from "./zk-database.ts";
import { counterOf, makeZxid, type Zxid } from "./zxid.ts";

type Phase = "DISCOVERY" | "SYNCHRONIZATION" | "BROADCAST";

export class Leader implements TimerTarget {
  private readonly context: ServerContext;
  private readonly db: ZkDatabase;
  private readonly options: RoleOptions;
  /** In the order in which they came. */
  private readonly handlers = new Set<LearnerHandler>();
  private phase: Phase = "DISCOVERY";
  private epoch = 0;
  /** Which servers have come to take part in a new epoch, have accepted it, have the history that it begins with. */
  private readonly connecting = new Set<ZkServerId>();
  private readonly electing = new Set<ZkServerId>();
  private readonly synced = new Set<ZkServerId>();
  private epochDecided = false;
  private epochAccepted = false;
  /** Until when a quorum must have got as far as the phase requires. */
  private phaseDeadline: Micros;
  private tick = 0;
  /** The leader pings twice a tick, and counts every other time. */
  private tickSkip = true;
  private timer: TimerId = 0;
  private server: LeaderServer | undefined;
  private stopped = false;

  constructor(options: RoleOptions) {
    this.options = options;
    this.context = options.context;
    this.db = options.db;
    this.phaseDeadline = this.context.host.steadyNow() + this.context.initLimitUs;
  }

  lead(): void {
    this.arm();
    this.onConnecting(this.context.serverId, this.db.disk.acceptedEpoch);
  }

  /** A server wants to follow. */
  admit(connection: Connection, { sid, acceptedEpoch }: ZabFollowerInfo): void {
    const { initLimitTicks, syncLimitTicks, host } = this.context;
    const handler = new LearnerHandler(host, connection, sid, this.tick + initLimitTicks + syncLimitTicks);
    connection.attachment = handler;
    this.handlers.add(handler);
    this.onConnecting(sid, acceptedEpoch);
    if (this.epochDecided && handler.stage === "FOLLOWERINFO") this.sendLeaderInfo(handler);
  }

  onMessage(handler: LearnerHandler, message: FollowerMessage): void {
    if (this.stopped || handler.closed) return;
    handler.lastHeard = this.context.host.steadyNow();
    if (message.kind === "ZabAckEpoch") this.onAckEpoch(handler, message.currentEpoch, message.lastZxid);
    else if (message.kind === "ZabAck" && handler.stage === "NEWLEADER") this.onNewLeaderAck(handler, message.zxid);
    else if (handler.stage === "UPTODATE") this.onBroadcastMessage(handler, message);
  }

  onDisconnected(handler: LearnerHandler): void {
    this.drop(handler);
  }

  /** Everything that the leader has proposed up to `zxid` is on its own disk. */
  onSynced(zxid: Zxid): void {
    this.server?.onAck(this.context.serverId, zxid);
  }

  /** What it has proposed and not applied. Followers learn that their connections are gone. */
  shutdown(): readonly ZkTransaction[] {
    this.stopped = true;
    this.context.host.cancelTimer(this.timer);
    for (const handler of [...this.handlers]) this.drop(handler);
    return this.server?.shutdown() ?? [];
  }

  onTimer(_timer: Timer): void {
    if (this.stopped) return;
    if (this.phase === "BROADCAST") {
      if (!this.tickSkip) this.tick++;
      const heardOf = [...this.handlers].filter((handler) => this.tick <= handler.tickOfNextAckDeadline);
      const followers = new Set(heardOf.map(({ sid }) => sid));
      if (!this.tickSkip && !this.context.isQuorum(followers.size + 1)) {
        this.options.listener.onRoleLost();
        return;
      }
      this.tickSkip = !this.tickSkip;
      this.pingAll();
    } else if (this.context.host.steadyNow() >= this.phaseDeadline) {
      this.options.listener.onRoleLost();
      return;
    }
    this.dropSilent();
    this.arm();
  }

  // ---- discovery ----

  private onConnecting(sid: ZkServerId, acceptedEpoch: number): void {
    if (this.epochDecided) return;
    this.epoch = Math.max(this.epoch, acceptedEpoch + 1);
    this.connecting.add(sid);
    const { serverId } = this.context;
    if (!this.connecting.has(serverId) || !this.context.isQuorum(this.connecting.size)) return;
    this.epochDecided = true;
    this.db.disk.acceptedEpoch = this.epoch;
    this.phaseDeadline = this.context.host.steadyNow() + this.context.initLimitUs;
    for (const handler of [...this.handlers]) this.sendLeaderInfo(handler);
    this.onEpochAccepted(serverId);
  }

  private sendLeaderInfo(handler: LearnerHandler): void {
    handler.stage = "LEADERINFO";
    handler.send({ kind: "ZabLeaderInfo", epoch: this.epoch });
  }

  private onAckEpoch(handler: LearnerHandler, currentEpoch: number, lastZxid: Zxid): void {
    if (handler.stage !== "LEADERINFO") return;
    handler.peerLastZxid = lastZxid;
    handler.stage = "ACKEPOCH";
    if (this.epochAccepted) {
      this.synchronise(handler);
      return;
    }
    if (currentEpoch === -1) return;
    const own = this.db.disk.currentEpoch;
    // Then the election has gone wrong: it would lose what that follower knows to be committed.
    if (currentEpoch > own || (currentEpoch === own && lastZxid > this.db.lastZxid)) this.drop(handler);
    else this.onEpochAccepted(handler.sid);
  }

  private onEpochAccepted(sid: ZkServerId): void {
    this.electing.add(sid);
    if (this.epochAccepted || !this.electing.has(this.context.serverId) || !this.context.isQuorum(this.electing.size)) return;
    this.epochAccepted = true;
    this.db.disk.currentEpoch = this.epoch;
    this.phase = "SYNCHRONIZATION";
    this.phaseDeadline = this.context.host.steadyNow() + this.context.initLimitUs;
    for (const handler of [...this.handlers]) if (handler.stage === "ACKEPOCH") this.synchronise(handler);
    this.onHistorySynced(this.context.serverId);
  }

  // ---- synchronisation ----

  private synchronise(handler: LearnerHandler): void {
    const { committedLog, lastZxid } = this.db;
    const { peerLastZxid } = handler;
    const history = committedLog.map(({ zxid }) => zxid);
    const decision = decideSync({ peerLastZxid, history, lastProcessed: lastZxid });
    let from = lastZxid;
    if (decision.kind === "SNAP") handler.send({ kind: "ZabSnap", snapshot: this.db.tree.snapshot() });
    else {
      from = decision.kind === "DIFF" ? decision.after : decision.to;
      handler.send(decision.kind === "DIFF" ? { kind: "ZabDiff", zxid: lastZxid } : { kind: "ZabTrunc", zxid: from });
    }
    let committed: Zxid | undefined;
    for (const transaction of committedLog) {
      if (transaction.zxid <= from) continue;
      handler.send({ kind: "ZabProposal", proposal: Object.freeze({ transaction, cxid: 0 }) });
      committed = transaction.zxid;
    }
    const underWay = this.server?.proposals.after(lastZxid);
    for (const proposal of underWay?.proposals ?? []) handler.send({ kind: "ZabProposal", proposal });
    committed = underWay?.committed ?? committed;
    if (committed !== undefined) handler.send({ kind: "ZabCommit", zxid: committed });
    handler.stage = "NEWLEADER";
    handler.send({ kind: "ZabNewLeader", epoch: this.epoch });
  }

  private onNewLeaderAck(handler: LearnerHandler, zxid: Zxid): void {
    if (zxid !== makeZxid(this.epoch, 0)) {
      this.drop(handler);
      return;
    }
    handler.stage = "SYNCED";
    handler.tickOfNextAckDeadline = this.tick + this.context.syncLimitTicks;
    this.onHistorySynced(handler.sid);
    if (this.phase === "BROADCAST" && handler.stage === "SYNCED") this.letServe(handler);
  }

  private onHistorySynced(sid: ZkServerId): void {
    this.synced.add(sid);
    if (this.phase !== "BROADCAST" && this.context.isQuorum(this.synced.size)) this.establish();
  }

  // ---- broadcast ----

  private establish(): void {
    const { context, db, options, epoch } = this;
    this.phase = "BROADCAST";
    this.server = new LeaderServer(options, this.handlers, epoch);
    context.emit({ kind: "ZkLeaderEstablished", server: context.serverId, epoch, zxid: db.lastZxid });
    db.tellHistory();
    this.server.start();
    options.listener.onEstablished(epoch);
    for (const handler of [...this.handlers]) if (handler.stage === "SYNCED") this.letServe(handler);
    context.host.cancelTimer(this.timer);
    this.arm();
  }

  private letServe(handler: LearnerHandler): void {
    handler.stage = "UPTODATE";
    handler.send({ kind: "ZabUpToDate" });
  }

  private onBroadcastMessage(handler: LearnerHandler, message: FollowerMessage): void {
    handler.tickOfNextAckDeadline = this.tick + this.context.syncLimitTicks;
    if (message.kind === "ZabAck") {
      handler.onAck(message.zxid);
      // The second acknowledgement of NEWLEADER has nothing to tell.
      if (counterOf(message.zxid) !== 0) this.server?.onAck(handler.sid, message.zxid);
    } else this.server?.onMessage(handler, message);
  }

  private pingAll(): void {
    const { syncLimitUs } = this.context;
    for (const handler of [...this.handlers]) {
      if (!handler.isForwarding) continue;
      if (handler.isBehind(syncLimitUs)) this.drop(handler);
      else handler.send({ kind: "ZabPing" });
    }
  }

  /** As a timeout of the socket would. */
  private dropSilent(): void {
    const { host, initLimitUs, syncLimitUs } = this.context;
    const now = host.steadyNow();
    for (const handler of [...this.handlers]) {
      const limit = handler.stage === "SYNCED" || handler.stage === "UPTODATE" ? syncLimitUs : initLimitUs;
      if (now - handler.lastHeard >= limit) this.drop(handler);
    }
  }

  private drop(handler: LearnerHandler): void {
    handler.close();
    this.handlers.delete(handler);
  }

  private arm(): void {
    this.timer = this.context.host.setTimer(Math.floor(this.context.tickUs / 2), { kind: "zookeeper.tick", target: this });
  }
}
