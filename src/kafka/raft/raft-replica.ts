/**
 * One member of the metadata quorum: its parts, and what every change of role brings with it.
 *
 * QuorumState decides whether a change is possible and makes it durable; here follows what Kafka does along with it: requests
 * of the old role are forgotten, fetches that wait are turned away, the state machine is told. Also what all answers have
 * in common: each says who leads which epoch, as far as its sender knows.
 *
 * Source: KafkaRaftClient.transitionTo…, onBecome…, maybeHandleCommonResponse, maybeTransition.
 */
import { ms } from "../../base/units.ts";
import type { DiskOperation, DiskTarget, Host } from "../../sim/host.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { Dials } from "../dials.ts";
import type { ErrorCode } from "../errors.ts";
import { type LeaderEpoch, NONE, type Offset, type ReplicaId } from "../ids.ts";
import type { FetchResponse } from "../messages/fetch.ts";
import type { CompletionHandler } from "../net/network-client.ts";
import type { RaftHighWatermarkAdvanced, RaftLeaderElected, RaftLeaderResigned } from "../quorum-events.ts";
import type { ClusterTopology } from "../server/topology.ts";
import { BatchAccumulator } from "./batch-accumulator.ts";
import { FetchPurgatory } from "./fetch-purgatory.ts";
import { LeaderState } from "./leader-state.ts";
import { ListenerProgress } from "./listener-progress.ts";
import { emptyFetchResponse } from "./metadata-fetch.ts";
import { METADATA_LOG_DIR, MetadataLog } from "./metadata-log.ts";
import { QuorumState } from "./quorum-state.ts";
import { type RaftRequestContext, RequestManager } from "./request-manager.ts";

export interface RaftOptions {
  readonly host: Host;
  readonly config: BrokerConfig;
  readonly dials: Dials;
  readonly topology: ClusterTopology;
  readonly nodeId: ReplicaId;
}

/** What to do with an answer after its epoch and leader were looked at: nothing more, ask again later, or read on. */
export type CommonHandling = "handled" | "retry" | "continue";

/** What blocks the replica's thread: `raft.flush` an fsync, `raft.write` a write that the page cache does not take yet. */
export interface RaftDiskOperation extends DiskOperation {
  readonly kind: "raft.flush" | "raft.write";
}

export class RaftReplica {
  readonly host: Host;
  readonly config: BrokerConfig;
  readonly dials: Dials;
  readonly clusterId: string;
  readonly quorum: QuorumState;
  readonly log: MetadataLog;
  readonly requests: RequestManager;
  readonly purgatory: FetchPurgatory;
  readonly progress: ListenerProgress;
  private readonly diskTarget: DiskTarget;
  /** The replica has one thread: while it waits for the disk, nothing else is dealt with. */
  blocked = false;
  /** The page cache has taken the write that was waited for. */
  private admitted = false;
  shuttingDown = false;

  constructor(options: RaftOptions, handler: CompletionHandler<RaftRequestContext> & DiskTarget) {
    const { host, config, dials, topology, nodeId } = options;
    this.host = host;
    this.config = config;
    this.dials = dials;
    this.clusterId = topology.clusterId;
    this.diskTarget = handler;
    const voters = topology.voters.map((voter) => voter.id).sort((a, b) => a - b);
    const file = host.disk.valueFile<never>(`${METADATA_LOG_DIR}/quorum-state`);
    this.quorum = new QuorumState({ host, file, config, dials, nodeId, voters });
    this.log = new MetadataLog(host, this.quorum);
    this.requests = new RequestManager({ host, config, voters: topology.voters, nodeId, handler });
    this.purgatory = new FetchPurgatory(host);
    this.progress = new ListenerProgress(this.log);
  }

  /** Takes up the role that the last incarnation left; the only voter stands for election at once. */
  initialize(): void {
    const { lastFetchedEpoch } = this.log;
    this.log.reportLoaded(Math.max(this.quorum.persistedEpoch, lastFetchedEpoch));
    const resumesLeadership = this.quorum.initialize(lastFetchedEpoch);
    if (resumesLeadership) this.becomeLeader(this.quorum.persistedEpoch);
    const { state, isOnlyVoter, nodeId } = this.quorum;
    if (state.role === "Resigned") {
      const event: RaftLeaderResigned = { kind: "RaftLeaderResigned", replica: nodeId, epoch: state.epoch, reason: "restart" };
      this.host.emit(event);
    } else if (state.role !== "Leader") this.progress.following(state.leaderId, state.epoch);
    if (state.role === "Candidate") this.afterNomination();
    else if (isOnlyVoter && state.role !== "Leader") this.standForElection();
  }

  becomeUnattached(epoch: LeaderEpoch, leaderId: ReplicaId = NONE): void {
    this.quorum.becomeUnattached(epoch, leaderId);
    this.requests.resetAll();
    this.progress.following(leaderId, epoch);
  }

  becomeFollower(epoch: LeaderEpoch, leaderId: ReplicaId): void {
    this.quorum.becomeFollower(epoch, leaderId);
    this.requests.resetAll();
    this.turnAwayFetches();
    this.progress.following(leaderId, epoch);
  }

  /** What a voter does that has waited long enough: ask first (KIP-996), or raise the epoch. */
  standForElection(): void {
    if (!this.dials["kraft.preVote"]) {
      this.becomeCandidate();
      return;
    }
    this.quorum.becomeProspective();
    this.afterNomination();
  }

  becomeCandidate(): void {
    this.quorum.becomeCandidate();
    this.progress.following(NONE, this.quorum.epoch);
    this.afterNomination();
  }

  /** A vote has been counted, or the own one is enough. */
  afterVote(): void {
    const { state } = this.quorum;
    if (state.role === "Prospective" && state.election.isGranted) this.becomeCandidate();
    else if (state.role === "Candidate" && state.election.isGranted) this.becomeLeader();
  }

  /** From Prospective, without the votes: back to the leader that is known, or wait for one. The epoch stays. */
  giveUpNomination(): void {
    const { epoch, leaderId } = this.quorum.state;
    if (leaderId !== NONE && leaderId !== this.quorum.nodeId) this.becomeFollower(epoch, leaderId);
    else this.becomeUnattached(epoch, leaderId);
  }

  resign(reason: RaftLeaderResigned["reason"]): void {
    const { state, nodeId } = this.quorum;
    if (state.role !== "Leader") return;
    this.quorum.becomeResigned(state.leader.preferredSuccessors());
    const event: RaftLeaderResigned = { kind: "RaftLeaderResigned", replica: nodeId, epoch: state.epoch, reason };
    this.host.emit(event);
    this.requests.resetAll();
    this.turnAwayFetches();
    this.progress.resigned(nodeId, state.epoch);
  }

  /** A request or an answer names `epoch` and its leader (-1: not known). True if the role has changed. */
  maybeTransition(leaderId: ReplicaId, epoch: LeaderEpoch): boolean {
    if (!this.isConsistent(leaderId, epoch)) {
      this.fatal(
        `told of leader ${leaderId} in epoch ${epoch}, but knows of ${this.quorum.leaderId} in epoch ${this.quorum.epoch}`,
      );
      return true;
    }
    if (epoch > this.quorum.epoch) {
      if (leaderId === NONE) this.becomeUnattached(epoch);
      else this.becomeFollower(epoch, leaderId);
      return true;
    }
    if (epoch < this.quorum.epoch || leaderId === NONE || this.quorum.leaderId !== NONE) return false;
    this.becomeFollower(epoch, leaderId);
    return true;
  }

  handleCommonResponse(error: ErrorCode, leaderId: ReplicaId, epoch: LeaderEpoch): CommonHandling {
    // Kafka asks again at once here, as fast as the network lets it, until somebody knows of a leader. That is not worth its events.
    if (epoch < this.quorum.epoch || error === "UNKNOWN_LEADER_EPOCH") return "retry";
    if (epoch > this.quorum.epoch || error === "FENCED_LEADER_EPOCH" || error === "NOT_LEADER_OR_FOLLOWER") {
      return this.maybeTransition(leaderId, epoch) ? "handled" : "retry";
    }
    if (leaderId !== NONE && this.quorum.leaderId === NONE) {
      // A voter whose disk was replaced may be told that it leads: it has forgotten that, and stops (QuorumState.transitionToFollower).
      if (!this.maybeTransition(leaderId, epoch)) return "retry";
      if (!this.host.alive) return "handled";
      // An observer may discover the leader and get its records with the same answer.
      return error === "NONE" ? "continue" : "handled";
    }
    if (error === "BROKER_NOT_AVAILABLE") return "retry";
    if (error === "INVALID_VOTER_KEY") return "handled";
    if (error === "INVALID_REQUEST") this.fatal("a request of ours was called invalid");
    return "continue";
  }

  /** `to` is committed, as this replica knows it. */
  advanceHighWatermark(to: Offset, role: "leader" | "follower"): void {
    const { nodeId: replica, epoch } = this.quorum;
    this.quorum.highWatermark = to;
    this.log.updateHighWatermark(to);
    const event: RaftHighWatermarkAdvanced = { kind: "RaftHighWatermarkAdvanced", replica, epoch, role, to };
    this.host.emit(event);
  }

  /** Whether `bytes` may be written now. If not, the thread is blocked, and what was to be written must be tried again. */
  admitWrite(bytes: number): boolean {
    if (this.admitted) {
      this.admitted = false;
      return true;
    }
    const operation: RaftDiskOperation = { kind: "raft.write", target: this.diskTarget };
    if (this.host.disk.admit(bytes, operation)) return true;
    this.blocked = true;
    return false;
  }

  /** Forces the log to disk, if anything in it is not; the thread is blocked meanwhile. */
  flush(): void {
    if (this.log.flushedOffset >= this.log.endOffset) return;
    this.blocked = true;
    const operation: RaftDiskOperation = { kind: "raft.flush", target: this.diskTarget };
    this.log.flush(operation);
  }

  unblock(operation: RaftDiskOperation): void {
    this.blocked = false;
    if (operation.kind === "raft.write") this.admitted = true;
  }

  /** Kafka's fatal fault handler: what has happened must not, and going on would make it worse. */
  fatal(reason: string): void {
    this.host.exit(`raft: ${reason}`);
  }

  private afterNomination(): void {
    this.requests.resetAll();
    this.afterVote();
  }

  private becomeLeader(resumedEpoch?: LeaderEpoch): void {
    const { nodeId, voters } = this.quorum;
    const epoch = resumedEpoch ?? this.quorum.epoch;
    const epochStartOffset = this.log.endOffset;
    const now = this.host.now();
    const accumulator = new BatchAccumulator(epoch, epochStartOffset, ms(this.config["controller.quorum.append.linger.ms"]));
    const fetchTimeout = ms(this.config["controller.quorum.fetch.timeout.ms"]);
    const leader = new LeaderState({
      epoch,
      epochStartOffset,
      self: nodeId,
      voters,
      accumulator,
      fetchTimeout,
      dials: this.dials,
      now,
    });
    this.quorum.becomeLeader(leader, resumedEpoch !== undefined);
    const event: RaftLeaderElected = { kind: "RaftLeaderElected", replica: nodeId, epoch, epochStartOffset };
    this.host.emit(event);
    this.log.initializeLeaderEpoch(epoch);
    // Nothing of an earlier epoch can be committed before a record of this one is.
    accumulator.appendControl({ type: "LeaderChange", leaderId: nodeId, voters }, now);
    this.requests.resetAll();
  }

  private turnAwayFetches(): void {
    const answer: FetchResponse = emptyFetchResponse("NOT_LEADER_OR_FOLLOWER", this.quorum);
    for (const fetch of this.purgatory.takeAll()) fetch.request.respond(answer);
  }

  private isConsistent(leaderId: ReplicaId, epoch: LeaderEpoch): boolean {
    const { nodeId, state } = this.quorum;
    if (leaderId === nodeId) return state.role === "Leader";
    return epoch !== state.epoch || leaderId === NONE || state.leaderId === NONE || leaderId === state.leaderId;
  }
}
