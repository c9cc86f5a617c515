/**
 * One server of a ZooKeeper ensemble: it looks for a leader, follows or leads, and looks again when that ends.
 *
 * What the parts do: fast-leader-election.ts (who leads), leader.ts and follower.ts (Zab), leader-server.ts (what a leader does with
 * requests), client-service.ts (clients), zk-database.ts (log and tree), sync-request-processor.ts (the way to disk).
 *
 * Invariants, checked from outside: one established leader per epoch; what is committed is in every later leader's history, and all
 * servers apply it in zxid order; a session's view never goes back; a session's ephemeral nodes go with it.
 * Source: QuorumPeer, ZooKeeperServer. See docs/model/zookeeper.md.
 */
import type { Micros } from "../../base/units.ts";
import type { Connection, DiskOperation, Host, Message, Process, Timer, TimerTarget } from "../../sim/host.ts";
import type { ServiceCosts } from "../config/service-costs.ts";
import { NONE, type ZkServerId } from "../ids.ts";
import type { ClusterTopology } from "../server/topology.ts";
import type { ZkServerState } from "../zookeeper-events.ts";
import { ZkConnectFrame } from "./client-protocol.ts";
import { ClientService } from "./client-service.ts";
import type { ZooKeeperConfig } from "./config.ts";
import { ElectionChannel, type ElectionListener, FastLeaderElection } from "./fast-leader-election.ts";
import { Follower } from "./follower.ts";
import { Leader } from "./leader.ts";
import { LearnerHandler } from "./learner-handler.ts";
import type { FollowerMessage, LeaderMessage, QuorumMessage } from "./quorum-messages.ts";
import type { RoleListener, RoleOptions } from "./quorum-role.ts";
import { ServerCnxn } from "./server-cnxn.ts";
import { ServerContext } from "./server-context.ts";
import { type SyncListener, SyncRequestProcessor } from "./sync-request-processor.ts";
import type { Vote } from "./vote.ts";
import { ZkDatabase } from "./zk-database.ts";
import type { TransactionListener } from "./znode.ts";
import type { Zxid } from "./zxid.ts";

export class ZooKeeperServer implements Process, TimerTarget, ElectionListener, RoleListener, SyncListener {
  private readonly context: ServerContext;
  private readonly db: ZkDatabase;
  private readonly syncer: SyncRequestProcessor;
  private readonly clients: ClientService;
  private readonly election: FastLeaderElection;
  private role: Leader | Follower | undefined;
  private vote: Vote;
  /** The last role is over, but its transactions are still on their way to disk; a rest may follow. */
  private retiring = false;
  private rest: Micros = 0;

  constructor(options: {
    readonly host: Host;
    readonly config: ZooKeeperConfig;
    readonly costs: ServiceCosts;
    readonly topology: ClusterTopology;
    readonly serverId: ZkServerId;
    readonly listener?: TransactionListener;
  }) {
    const context = new ServerContext(options);
    this.context = context;
    this.db = new ZkDatabase(context, options.listener);
    this.syncer = new SyncRequestProcessor(context, this.db, this);
    this.clients = new ClientService(context, this.db);
    this.election = new FastLeaderElection(context, this);
    this.vote = { leader: NONE, zxid: 0, peerEpoch: 0, electionEpoch: 0, state: "LOOKING" };
  }

  get state(): ZkServerState {
    return this.vote.state;
  }

  /** Whom it follows, or itself; -1 while it looks. */
  get leaderId(): ZkServerId {
    return this.state === "LOOKING" ? NONE : this.vote.leader;
  }

  /** The last epoch that it was in step with a leader in. */
  get epoch(): number {
    return this.db.disk.currentEpoch;
  }

  /** The last transaction of its history. */
  get lastZxid(): Zxid {
    return this.db.lastZxid;
  }

  /** Whether it takes clients in. */
  get isServing(): boolean {
    return this.clients.isServing;
  }

  onStart(): void {
    this.context.host.listen();
    this.db.load();
    this.lookForLeader();
  }

  onShutdownRequested(): void {
    this.context.host.exit("zookeeper: shut down");
  }

  // ---- what arrives ----

  onConnected(connection: Connection): void {
    const { attachment } = connection;
    if (attachment instanceof ElectionChannel) this.election.onConnected(attachment);
    else if (attachment instanceof Follower) attachment.onConnected();
  }

  onMessage(connection: Connection, message: Message): void {
    const { attachment } = connection;
    if (attachment instanceof ServerCnxn) this.clients.onMessage(attachment, message);
    else if (attachment instanceof LearnerHandler) {
      if (this.role instanceof Leader) this.role.onMessage(attachment, message as FollowerMessage);
    } else if (attachment instanceof Follower) attachment.onMessage(message as LeaderMessage);
    else if (message instanceof ZkConnectFrame) this.clients.onConnect(connection, message);
    else this.onQuorumMessage(connection, message as QuorumMessage);
  }

  onDisconnected(connection: Connection): void {
    const { attachment } = connection;
    if (attachment instanceof ServerCnxn) this.clients.onDisconnected(attachment);
    else if (attachment instanceof ElectionChannel) this.election.onDisconnected(attachment);
    else if (attachment instanceof Follower) attachment.onDisconnected(connection);
    else if (attachment instanceof LearnerHandler && this.role instanceof Leader) this.role.onDisconnected(attachment);
  }

  onTimer(timer: Timer): void {
    if (timer.target === this) this.lookForLeader();
    else timer.target.onTimer(timer);
  }

  onDiskDone(operation: DiskOperation, ok: boolean): void {
    operation.target.onDiskDone(operation, ok);
  }

  onSynced(zxid: Zxid): void {
    this.role?.onSynced(zxid);
  }

  onSyncIdle(): void {
    if (this.retiring) this.retired();
  }

  // ---- election ----

  get currentVote(): Vote {
    return this.vote;
  }

  initialVote(): Pick<Vote, "leader" | "zxid" | "peerEpoch"> {
    return { leader: this.context.serverId, zxid: this.db.lastZxid, peerEpoch: this.db.disk.currentEpoch };
  }

  onElected(vote: Vote): void {
    const { context, db, syncer, clients } = this;
    this.vote = vote;
    const options: RoleOptions = { context, db, syncer, clients, listener: this };
    this.reportState();
    if (vote.leader === context.serverId) {
      const leader = new Leader(options);
      this.role = leader;
      leader.lead();
      return;
    }
    const node = context.servers.find(({ id }) => id === vote.leader)?.node as string;
    const follower = new Follower(options, node);
    this.role = follower;
    follower.follow();
  }

  // ---- roles ----

  onEstablished(epoch: number): void {
    // Whoever still looks must hear the same of all servers (ZOOKEEPER-1732).
    this.vote = Object.freeze({ ...this.vote, peerEpoch: epoch });
  }

  onRoleLost(rest: Micros = 0): void {
    const unapplied = this.role?.shutdown() ?? [];
    this.role = undefined;
    this.rest = rest;
    this.syncer.mayTakeSnapshots = false;
    this.clients.stop();
    this.db.fastForward(unapplied);
    this.retiring = true;
    if (this.syncer.isIdle) this.retired();
  }

  /** Everything that was logged is on disk, and counts in the next election. */
  private retired(): void {
    this.retiring = false;
    if (this.rest === 0) this.lookForLeader();
    else this.context.host.setTimer(this.rest, { kind: "zookeeper.rest", target: this });
  }

  private lookForLeader(): void {
    this.vote = Object.freeze({ ...this.initialVote(), electionEpoch: 0, state: "LOOKING" });
    this.reportState();
    // A server that is alone needs no election.
    if (this.context.servers.length === 1) this.onElected(Object.freeze({ ...this.vote, state: "LEADING" }));
    else this.election.lookForLeader();
  }

  private onQuorumMessage(connection: Connection, message: QuorumMessage): void {
    if (message.kind === "ZkNotification") this.election.onNotification(connection, message);
    else if (message.kind === "ZabFollowerInfo" && this.role instanceof Leader) this.role.admit(connection, message);
    else this.context.host.close(connection);
  }

  private reportState(): void {
    const { state, leaderId } = this;
    const { serverId: server } = this.context;
    this.context.emit({ kind: "ZkServerStateChanged", server, state, leader: leaderId, epoch: this.db.disk.currentEpoch });
  }
}
