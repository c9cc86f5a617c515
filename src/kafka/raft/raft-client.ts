/**
 * One member of the metadata quorum (KafkaRaftClient): Raft, with Kafka's pull-based replication. KIP-595, KIP-996.
 *
 * Voters are the controllers; every other replica is an observer, follows the log and has no say. This file is the loop:
 * whatever arrives (a request, an answer, a timer, the end of a disk operation) is dealt with, and then the replica does
 * what its role and the time require. It has one thread: while that waits for the disk, what arrives must wait too. So a
 * leader whose disk stalls falls silent and is replaced, as in Kafka.
 *
 * What the parts do: quorum-state.ts (role, epoch, vote), voting.ts (elections), leader-replication.ts, follower-fetch.ts,
 * listener-progress.ts (the state machine above). Invariants, checked from outside: one leader per epoch, one vote per
 * epoch and voter, committed prefixes agree, no committed record is ever truncated.
 *
 * Left out: snapshots (KIP-630), so the log keeps everything; changes of the voter set (KIP-853). Different on purpose: a
 * recovered log is forced to disk before it counts (no such step was found in Kafka); who finds no leader asks again only
 * after the retry backoff; the state machine hears of a resignation at once, not with its next write.
 */
import { assert, unreachable } from "../../base/assert.ts";
import { type Micros, seconds } from "../../base/units.ts";
import type { DiskOperation, DiskTarget, NodeName, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import type { LeaderEpoch, Offset, ReplicaId } from "../ids.ts";
import type { FetchResponse } from "../messages/fetch.ts";
import type { MetadataRecord } from "../metadata/records.ts";
import type { Completion, CompletionHandler } from "../net/network-client.ts";
import type { AnyPendingRequest } from "../net/request-channel.ts";
import type { ClusterTopology } from "../server/topology.ts";
import { FollowerFetch } from "./follower-fetch.ts";
import { LeaderReplication } from "./leader-replication.ts";
import type { RaftListener } from "./listener-progress.ts";
import { answeredPartition } from "./metadata-fetch.ts";
import type { EpochState } from "./quorum-state.ts";
import { type RaftDiskOperation, type RaftOptions, RaftReplica } from "./raft-replica.ts";
import type { RaftRequestContext } from "./request-manager.ts";
import { Voting } from "./voting.ts";

export type { RaftListener } from "./listener-progress.ts";

/** Is told when a graceful shutdown is complete. */
export interface RaftShutdownHandler {
  onRaftShutdown(): void;
}

type RaftCompletion = Completion<RaftRequestContext>;

/** What has arrived and waits for the thread. */
type Inbound =
  | { readonly kind: "request"; readonly request: AnyPendingRequest }
  | { readonly kind: "completion"; readonly completion: RaftCompletion };

const NEVER = Number.POSITIVE_INFINITY;
/** How long a leader that shuts down waits to see another one. KafkaRaftClientDriver. */
const SHUTDOWN_TIMEOUT = seconds(5);
/** Changes of role without time passing: a voter alone makes three. More than this is a loop of ours. */
const MAX_ROLE_CHANGES = 10;

export class RaftClient implements TimerTarget, DiskTarget, CompletionHandler<RaftRequestContext> {
  private readonly replica: RaftReplica;
  private readonly voting: Voting;
  private readonly leading: LeaderReplication;
  private readonly following: FollowerFetch;
  private readonly topology: ClusterTopology;
  private inbox: Inbound[] = [];
  private timer: TimerId = 0;
  private timerAt: Micros = NEVER;
  private shutdownDeadline: Micros = NEVER;
  private shutdownHandler: RaftShutdownHandler | undefined;
  private started = false;
  private stopped = false;

  constructor(options: RaftOptions) {
    this.topology = options.topology;
    this.replica = new RaftReplica(options, this);
    this.voting = new Voting(this.replica);
    this.leading = new LeaderReplication(this.replica);
    this.following = new FollowerFetch(this.replica);
  }

  get listener(): RaftListener | undefined {
    return this.replica.progress.listener;
  }

  /** To be set before {@link start}; calls are synchronous. */
  set listener(listener: RaftListener | undefined) {
    this.replica.progress.listener = listener;
  }

  /** Of the current epoch; -1 if not known. A leader that has resigned still names itself until the epoch is over. */
  get leaderId(): ReplicaId {
    return this.replica.quorum.leaderId;
  }

  get epoch(): LeaderEpoch {
    return this.replica.quorum.epoch;
  }

  get role(): EpochState["role"] {
    return this.replica.quorum.state.role;
  }

  get isLeader(): boolean {
    return this.replica.quorum.state.role === "Leader";
  }

  /** -1 if not known. */
  get highWatermark(): Offset {
    return this.replica.quorum.highWatermark;
  }

  get logEndOffset(): Offset {
    return this.replica.log.endOffset;
  }

  /** The graceful shutdown is complete. */
  get isShutDown(): boolean {
    return this.stopped;
  }

  nodeOf(id: ReplicaId): NodeName | undefined {
    return (this.topology.voters.find((voter) => voter.id === id) ?? this.topology.brokers.find((broker) => broker.id === id))
      ?.node;
  }

  start(): void {
    const { replica } = this;
    this.started = true;
    replica.initialize();
    if (replica.quorum.isVoter && replica.dials["kraft.flushBeforeAck"]) replica.flush();
    this.poll();
  }

  /**
   * Appends `records` as one atomic batch, or part of one: all are committed together. Returns the offset that the last one
   * will have; the write itself lingers. Undefined unless this replica leads `epoch`.
   */
  scheduleAppend(epoch: LeaderEpoch, records: readonly MetadataRecord[]): Offset | undefined {
    const { state } = this.replica.quorum;
    if (state.role !== "Leader" || state.epoch !== epoch || this.stopped) return undefined;
    const { accumulator } = state.leader;
    const offset = accumulator.append(records, this.replica.host.now());
    this.arm(accumulator.drainAt);
    return offset;
  }

  /** Gracefully: a leader resigns and stays until another one is seen, or five seconds. */
  shutdown(handler?: RaftShutdownHandler): void {
    this.shutdownHandler = handler;
    this.replica.shuttingDown = true;
    this.shutdownDeadline = this.replica.host.now() + SHUTDOWN_TIMEOUT;
    if (this.started) this.poll();
  }

  /** Vote, BeginQuorumEpoch, EndQuorumEpoch, and Fetch of the metadata log. */
  onRequest(request: AnyPendingRequest): void {
    this.inbox.push({ kind: "request", request });
    this.runInbox();
  }

  onCompletion(completion: RaftCompletion): void {
    this.inbox.push({ kind: "completion", completion });
    this.runInbox();
  }

  onTimer(_timer: Timer): void {
    this.timer = 0;
    this.timerAt = NEVER;
    this.poll();
  }

  onDiskDone(operation: DiskOperation, ok: boolean): void {
    const { replica } = this;
    replica.unblock(operation as RaftDiskOperation);
    if (!ok) {
      replica.fatal("the metadata log cannot be forced to disk");
      return;
    }
    if (operation.kind === "raft.flush") {
      this.leading.onFlushed();
      this.following.onFlushed();
    }
    this.poll();
    this.runInbox();
  }

  /** Deals with what has arrived, as long as nothing blocks the thread. */
  private runInbox(): void {
    while (!this.replica.blocked) {
      const next = this.inbox.shift();
      if (next === undefined) return;
      if (next.kind === "request") this.handleRequest(next.request);
      else if (!this.handleCompletion(next.completion)) {
        this.inbox.unshift(next);
        return;
      }
      this.poll();
    }
  }

  private handleRequest(request: AnyPendingRequest): void {
    switch (request.api) {
      case "Vote":
        this.voting.onVote(request);
        return;
      case "BeginQuorumEpoch":
        this.voting.onBeginQuorumEpoch(request);
        return;
      case "EndQuorumEpoch":
        this.voting.onEndQuorumEpoch(request);
        return;
      case "Fetch":
        this.leading.onFetch(request);
        return;
      default:
        assert(false, `${request.api} is not for the metadata quorum`);
    }
  }

  /** False if it must be tried again when the disk takes the records that it carries. */
  private handleCompletion(completion: RaftCompletion): boolean {
    const { requests } = this.replica;
    const { context, api, response } = completion;
    if (!requests.isExpected(context)) return true;
    if (response === undefined) {
      requests.onResult(context, false);
      return true;
    }
    if (api === "Fetch") {
      const bytes = recordBytes(response);
      if (bytes > 0 && !this.replica.admitWrite(bytes)) return false;
    }
    requests.onResult(context, this.handleResponse(completion));
    return true;
  }

  private handleResponse({ api, response, context }: RaftCompletion): boolean {
    assert(response !== undefined, `${api} without a response`);
    switch (api) {
      case "Vote":
        return this.voting.onVoteResponse(context.voter, response);
      case "BeginQuorumEpoch":
      case "EndQuorumEpoch":
        return this.voting.onQuorumEpochResponse(context.voter, response);
      case "Fetch":
        return this.following.onResponse(response);
      default:
        assert(false, `${api} was never sent`);
    }
  }

  /** What the role and the time require, until nothing more does. */
  private poll(): void {
    const { replica } = this;
    if (!this.started || this.stopped) return;
    for (let changes = 0; !replica.blocked && replica.host.alive; changes++) {
      if (this.maybeCompleteShutdown()) return;
      if (!this.pollCurrentState()) break;
      assert(changes < MAX_ROLE_CHANGES, `${replica.host.name} changes its role for ever`);
    }
    if (!replica.blocked) this.arm(this.nextDeadline());
  }

  /** True if the role has changed, and with it what is required. */
  private pollCurrentState(): boolean {
    const { state } = this.replica.quorum;
    const now = this.replica.host.now();
    switch (state.role) {
      case "Unattached":
        return this.pollUnattached(now >= state.electionDeadline);
      case "Prospective":
      case "Candidate":
        return this.pollNominee();
      case "Leader":
        return this.pollLeader();
      case "Follower":
        return this.pollFollower();
      case "Resigned":
        return this.pollResigned();
      default:
        return unreachable(state);
    }
  }

  private pollUnattached(timedOut: boolean): boolean {
    const { replica } = this;
    const { isVoter } = replica.quorum;
    if (isVoter && replica.shuttingDown) return false;
    if (isVoter && timedOut) {
      replica.standForElection();
      return true;
    }
    if (!isVoter || replica.dials["kraft.preVote"]) this.following.fetchFromAnyone();
    return false;
  }

  private pollNominee(): boolean {
    const { replica, voting } = this;
    const { state } = replica.quorum;
    if (state.role !== "Prospective" && state.role !== "Candidate") return false;
    const now = replica.host.now();
    const preVote = replica.dials["kraft.preVote"];
    const timedOut = now >= state.electionDeadline && !replica.shuttingDown;
    if (state.role === "Candidate" && state.backoffUntil !== undefined) {
      if (now < state.backoffUntil || replica.shuttingDown) return false;
      replica.becomeCandidate();
      return true;
    }
    if (!timedOut) {
      voting.sendVotes(state);
      return false;
    }
    if (state.role === "Prospective") replica.giveUpNomination();
    else if (preVote) replica.standForElection();
    else voting.backOff(state);
    return true;
  }

  private pollLeader(): boolean {
    const { replica } = this;
    const { state } = replica.quorum;
    if (state.role !== "Leader") return false;
    const { leader } = state;
    const quorumLost = replica.host.now() >= leader.checkQuorumDeadline;
    if (quorumLost || replica.shuttingDown) {
      replica.resign(quorumLost ? "check-quorum" : "shutdown");
      return true;
    }
    this.leading.maybeAppend(leader);
    if (!replica.blocked && replica.host.now() >= leader.beginQuorumAt) this.voting.sendBeginQuorumEpoch(leader);
    return false;
  }

  private pollFollower(): boolean {
    const { replica } = this;
    const { state, isVoter } = replica.quorum;
    if (state.role !== "Follower") return false;
    if (isVoter && replica.host.now() >= state.fetchDeadline) {
      replica.standForElection();
      return true;
    }
    this.following.fetchFromBestNode(state);
    return false;
  }

  private pollResigned(): boolean {
    const { replica } = this;
    const { state } = replica.quorum;
    if (state.role !== "Resigned") return false;
    this.voting.sendEndQuorumEpoch(state);
    if (replica.shuttingDown || replica.host.now() < state.electionDeadline) return false;
    // A resigned leader must not be taken for the leader of its epoch for ever, nor follow itself.
    if (replica.dials["kraft.preVote"]) replica.becomeUnattached(state.epoch + 1);
    else replica.standForElection();
    return true;
  }

  /** When the replica has something to do even if nothing arrives. */
  private nextDeadline(): Micros {
    const { quorum, requests, shuttingDown, host } = this.replica;
    const { state } = quorum;
    switch (state.role) {
      case "Leader":
        return Math.min(state.leader.checkQuorumDeadline, state.leader.beginQuorumAt, state.leader.accumulator.drainAt);
      case "Follower": {
        const overdue = state.fetchDeadline <= host.now();
        return Math.min(overdue ? NEVER : state.fetchDeadline, requests.nextReadyAt);
      }
      default: {
        const backsOff = state.role === "Candidate" ? state.backoffUntil : undefined;
        const deadline = shuttingDown ? this.shutdownDeadline : (backsOff ?? state.electionDeadline);
        return Math.min(deadline, requests.nextReadyAt);
      }
    }
  }

  /** Wakes up at `at`, or before. A timer that comes too early costs less than moving it each time. */
  private arm(at: Micros): void {
    const { host } = this.replica;
    if (at === NEVER || at >= this.timerAt) return;
    if (this.timer !== 0) host.cancelTimer(this.timer);
    this.timerAt = at;
    this.timer = host.setTimer(Math.max(0, at - host.now()), { kind: "raft.poll", target: this });
  }

  private maybeCompleteShutdown(): boolean {
    const { quorum, shuttingDown, host, log } = this.replica;
    if (!shuttingDown) return false;
    const handedOver = !quorum.isVoter || quorum.isOnlyVoter || quorum.hasRemoteLeader;
    if (!handedOver && host.now() < this.shutdownDeadline) return false;
    this.stopped = true;
    if (this.timer !== 0) host.cancelTimer(this.timer);
    log.close();
    this.shutdownHandler?.onRaftShutdown();
    return true;
  }
}

function recordBytes(response: FetchResponse): number {
  let bytes = 0;
  for (const batch of answeredPartition(response)?.records ?? []) bytes += batch.sizeInBytes;
  return bytes;
}
