/**
 * The controller of a KRaft cluster: one per quorum member, one of them active at a time.
 *
 * The active one turns requests and its own periodic looks into metadata records. It applies them to its state at once, hands
 * them to Raft, and answers when they have committed (KIP-631). When it stops being the leader it forgets what had not
 * committed and answers NOT_CONTROLLER; whether those records will commit is then for its successor to find out.
 *
 * Sessions are measured on a clock that does not jump, as Kafka measures them: whoever sets the controller's clock fences nobody.
 *
 * What is decided, and why, is in the files beside this one; this one keeps time and order.
 * Source: QuorumController.
 */
import { assert } from "../../base/assert.ts";
import { type Micros, ms, seconds } from "../../base/units.ts";
import type { Host, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { Dials } from "../dials.ts";
import { type BrokerId, type LeaderEpoch, NONE, type Offset, type ReplicaId } from "../ids.ts";
import type { ResponseOf } from "../messages/apis.ts";
import { MetadataImage } from "../metadata/image.ts";
import type { MetadataRecord } from "../metadata/records.ts";
import type { AnyPendingRequest, PendingRequest } from "../net/request-channel.ts";
import type { ControllerActivated, ControllerRenounced } from "../quorum-events.ts";
import type { RecordBatch } from "../records.ts";
import type { ClusterTopology } from "../server/topology.ts";
import { alterPartition } from "./alter-partition-request.ts";
import { bootstrapRecords } from "./bootstrap-records.ts";
import { processBrokerHeartbeat } from "./broker-heartbeat.ts";
import { applyAndReport, type Reporter } from "./committed-decisions.ts";
import type { ControllerContext, ControllerResult } from "./controller-context.ts";
import { ControllerState, trackRegistration } from "./controller-state.ts";
import { ControllerThread, type ControllerThreadOwner } from "./controller-thread.ts";
import { createPartitions } from "./create-partitions.ts";
import { createTopics } from "./create-topics.ts";
import { DeferredReplies } from "./deferred-replies.ts";
import { balancePartitionLeaders, electLeaders, electUncleanLeaders, MAX_ELECTIONS_PER_PASS } from "./elections.ts";
import { HeartbeatManager } from "./heartbeat-manager.ts";
import { fenceBroker } from "./leader-and-isr-updates.ts";
import type { MetadataLogWriter } from "./metadata-log-writer.ts";
import { type ControllerApi, notControllerResponse } from "./not-controller.ts";
import { registerBroker } from "./register-broker.ts";

/** What exists only while this controller is the active one. */
interface Active extends ControllerContext {
  epoch: LeaderEpoch;
  readonly heartbeats: HeartbeatManager;
  readonly deferred: DeferredReplies;
}

/** The controller's periodic looks: for silent brokers, for something to write, for leaders to restore, for partitions to rescue. */
type Task = "fence" | "no-op" | "balance" | "unclean";

interface ControllerTimer extends Timer {
  readonly kind: `controller.${Task}`;
  readonly task: Task;
}

/** What happens on the controller's thread, where each waits its turn. `committed`: everything up to there. */
type ControllerEvent =
  | { readonly kind: "request"; readonly request: AnyPendingRequest }
  | { readonly kind: "task"; readonly task: Task }
  | { readonly kind: "committed"; readonly upTo: Offset };

/** What an event has decided, to be handed to Raft at `base`. */
interface MadeRecords {
  readonly active: Active;
  readonly epoch: LeaderEpoch;
  readonly base: Offset;
  readonly records: readonly MetadataRecord[];
}

/** How soon a pass that was cut short goes on. */
const NEXT_PART_OF_PASS = ms(10);

export class QuorumController implements TimerTarget, ControllerThreadOwner<ControllerEvent, MadeRecords> {
  private readonly host: Host;
  private readonly config: BrokerConfig;
  private readonly dials: Dials;
  private readonly topology: ClusterTopology;
  private readonly nodeId: ReplicaId;
  private readonly raft: MetadataLogWriter;
  private readonly reporter: Reporter;
  private readonly thread: ControllerThread<ControllerEvent, MadeRecords>;
  private readonly committed = new MetadataImage();
  private readonly committedRegistrations = new Map<BrokerId, Offset>();
  private active: Active | undefined;
  /** Raft leads in `epoch`, but what was in the log before, up to `from`, has not all been committed and seen. */
  private claim: { readonly epoch: LeaderEpoch; readonly from: Offset } | undefined;
  private readonly timers = new Map<Task, TimerId>();

  constructor(options: {
    readonly host: Host;
    readonly config: BrokerConfig;
    readonly dials: Dials;
    readonly topology: ClusterTopology;
    readonly nodeId: ReplicaId;
    readonly raft: MetadataLogWriter;
    /** What making one record takes. */
    readonly recordCost: Micros;
  }) {
    this.host = options.host;
    this.config = options.config;
    this.dials = options.dials;
    this.topology = options.topology;
    this.nodeId = options.nodeId;
    this.raft = options.raft;
    this.reporter = { host: options.host, config: options.config };
    this.thread = new ControllerThread(options.host, options.recordCost, this);
  }

  get isActive(): boolean {
    return this.active !== undefined;
  }

  // ---- from Raft ----

  onCommit(batches: readonly RecordBatch<MetadataRecord>[], _highWatermark: Offset): void {
    for (const batch of batches) {
      const reports = this.raft.isLeader;
      for (const [i, record] of batch.records.entries()) {
        const offset = batch.baseOffset + i;
        trackRegistration(this.committedRegistrations, record, offset);
        if (reports) applyAndReport(this.reporter, this.committed, record, offset);
        else this.committed.apply(record, offset);
      }
      if (this.active !== undefined) this.thread.submit({ kind: "committed", upTo: batch.lastOffset });
    }
    this.maybeCompleteClaim();
  }

  onLeaderChange(leaderId: ReplicaId, epoch: LeaderEpoch): void {
    if (leaderId !== this.nodeId) {
      this.claim = undefined;
      if (this.active !== undefined) this.renounce(this.active);
      return;
    }
    if (this.active !== undefined) {
      this.active.epoch = epoch;
      return;
    }
    this.claim = { epoch, from: this.raft.logEndOffset };
    this.maybeCompleteClaim();
  }

  /** A leader may decide only once it has seen everything that was decided before it. Source: RaftClient's listener contract. */
  private maybeCompleteClaim(): void {
    if (this.claim === undefined || this.committed.nextOffset < this.claim.from) return;
    const { epoch } = this.claim;
    this.claim = undefined;
    this.activate(epoch);
  }

  private activate(epoch: LeaderEpoch): void {
    const heartbeats = new HeartbeatManager(ms(this.config["broker.session.timeout.ms"]));
    const now = this.host.steadyNow();
    for (const { id, fenced } of this.committed.brokers()) heartbeats.touch(id, { fenced, metadataOffset: NONE, now });
    const active: Active = {
      epoch,
      state: new ControllerState(this.committed, this.committedRegistrations),
      config: this.config,
      dials: this.dials,
      heartbeats,
      deferred: new DeferredReplies(),
    };
    this.active = active;
    const event: ControllerActivated = { kind: "ControllerActivated", replica: this.nodeId, epoch };
    this.host.emit(event);
    if (this.append(active, bootstrapRecords(this.committed, this.dials)) === undefined) return;
    this.armFencing(active);
    this.armNoOp();
  }

  private renounce(active: Active): void {
    this.active = undefined;
    for (const timer of this.timers.values()) this.host.cancelTimer(timer);
    this.timers.clear();
    const event: ControllerRenounced = { kind: "ControllerRenounced", replica: this.nodeId, epoch: active.epoch };
    this.host.emit(event);
    active.deferred.failAll();
    this.thread.interrupt();
  }

  // ---- the thread ----

  onRequest(request: AnyPendingRequest): void {
    this.thread.submit({ kind: "request", request });
  }

  onTimer(timer: Timer): void {
    this.thread.submit({ kind: "task", task: (timer as ControllerTimer).task });
  }

  takeUp(event: ControllerEvent): void {
    switch (event.kind) {
      case "request":
        this.answer(event.request);
        return;
      case "task":
        this.timers.delete(event.task);
        if (this.active !== undefined) this.look(this.active, event.task);
        return;
      case "committed":
        this.active?.deferred.completeUpTo(event.upTo);
    }
  }

  onMade({ active, epoch, base, records }: MadeRecords): void {
    const last = this.raft.scheduleAppend(epoch, records);
    if (last !== undefined) assert(last === base + records.length - 1, `records meant for offset ${base} end at ${last}`);
    else if (this.active === active) this.renounce(active);
  }

  // ---- requests ----

  private answer(request: AnyPendingRequest): void {
    const active = this.active;
    switch (request.api) {
      case "BrokerRegistration":
        if (active === undefined) refuse(request);
        else this.onRegistration(active, request);
        return;
      case "BrokerHeartbeat":
        if (active === undefined) refuse(request);
        else this.onHeartbeat(active, request);
        return;
      case "AlterPartition":
        if (active === undefined) refuse(request);
        else this.write(active, request, alterPartition(active, request.body));
        return;
      case "CreateTopics":
        if (active === undefined) refuse(request);
        else this.onCreateTopics(active, request);
        return;
      case "CreatePartitions":
        if (active === undefined) refuse(request);
        else this.write(active, request, createPartitions(active, request.body, this.host.random("placement")));
        return;
      case "ElectLeaders":
        if (active === undefined) refuse(request);
        else this.write(active, request, electLeaders(active, request.body));
        return;
      default:
        assert(false, `${request.api} is not for the controller`);
    }
  }

  private onRegistration(active: Active, request: PendingRequest<"BrokerRegistration">): void {
    const { clusterId } = this.topology;
    this.write(
      active,
      request,
      registerBroker(active, active.heartbeats, request.body, { clusterId, now: this.host.steadyNow() }),
    );
    this.armFencing(active);
  }

  private onHeartbeat(active: Active, request: PendingRequest<"BrokerHeartbeat">): void {
    const result = processBrokerHeartbeat(active, active.heartbeats, request.body, this.host.steadyNow());
    const offset = this.write(active, request, result);
    if (offset !== undefined && result.inControlledShutdown) {
      active.heartbeats.beginControlledShutdown(request.body.brokerId, offset);
    }
    this.armFencing(active);
  }

  private onCreateTopics(active: Active, request: PendingRequest<"CreateTopics">): void {
    const random = { placement: this.host.random("placement"), topicId: this.host.random("topic-id") };
    this.write(active, request, createTopics(active, request.body, random));
  }

  /**
   * Writes the records, and replies when they, and whatever else the reply may rest on, have committed. Returns the offset of
   * the last record written so far, or undefined if this is no longer the active controller.
   */
  private write<A extends ControllerApi>(
    active: Active,
    request: PendingRequest<A>,
    { records, reply }: ControllerResult<ResponseOf<A>>,
  ): Offset | undefined {
    const offset = this.append(active, records);
    if (offset === undefined) {
      request.respond(notControllerResponse(request.api, request.body));
      return undefined;
    }
    // Without records of its own too: it was made from all that is written so far.
    if (offset < this.committed.nextOffset) request.respond(reply);
    else active.deferred.add(offset, request, reply);
    return offset;
  }

  /**
   * Hands `records` to Raft as one unit, when the time that it takes to make them is over, and applies them to the uncommitted
   * state: the offset of the last one decided so far, or undefined when Raft does not lead this epoch any more, and then neither
   * does this controller.
   */
  private append(active: Active, records: readonly MetadataRecord[]): Offset | undefined {
    const { image } = active.state;
    if (records.length > 0) {
      const base = image.nextOffset;
      this.thread.make(records.length, { active, epoch: active.epoch, base, records });
      if (this.active !== active) return undefined;
      for (const [i, record] of records.entries()) active.state.apply(record, base + i);
    }
    this.scheduleElections(active);
    return image.nextOffset - 1;
  }

  // ---- periodic looks ----

  private look(active: Active, task: Task): void {
    switch (task) {
      case "fence":
        this.fenceOneStaleBroker(active);
        return;
      case "no-op":
        this.armNoOp();
        this.append(active, [{ type: "NoOp" }]);
        return;
      case "balance":
        this.pass(active, task, balancePartitionLeaders(active));
        return;
      case "unclean":
        this.pass(active, task, electUncleanLeaders(active));
        return;
    }
  }

  /** One at a time, so that the effect of one is seen before the next is judged. */
  private fenceOneStaleBroker(active: Active): void {
    const { image } = active.state;
    const id = active.heartbeats.findOneStaleBroker(this.host.steadyNow());
    const broker = id === undefined ? undefined : image.broker(id);
    if (broker !== undefined) {
      const records = fenceBroker(active, broker);
      active.heartbeats.fence(broker.id);
      this.append(active, records);
    }
    this.armFencing(active);
  }

  /** A full pass goes on soon; otherwise the next one comes after the usual interval, if there is a reason for it. */
  private pass(active: Active, task: "balance" | "unclean", records: readonly MetadataRecord[]): void {
    if (records.length >= MAX_ELECTIONS_PER_PASS) this.arm(task, NEXT_PART_OF_PASS);
    this.append(active, records);
  }

  private armFencing(active: Active): void {
    const at = active.heartbeats.nextCheckTime();
    // A pass that is already set comes no later than needed: contacts only move forward.
    if (at !== undefined && this.active === active) this.arm("fence", Math.max(0, at - this.host.steadyNow()));
  }

  private armNoOp(): void {
    const interval = this.config["metadata.max.idle.interval.ms"];
    if (interval > 0 && this.active !== undefined) this.arm("no-op", ms(interval));
  }

  private scheduleElections(active: Active): void {
    const { index } = active.state;
    if (index.someAreImbalanced && this.config["auto.leader.rebalance.enable"]) {
      this.arm("balance", seconds(this.config["leader.imbalance.check.interval.seconds"]));
    }
    if (index.someAreLeaderless) this.arm("unclean", ms(this.config["unclean.leader.election.interval.ms"]));
  }

  /** A task that is set already stays as it is. */
  private arm(task: Task, delay: number): void {
    if (this.timers.has(task)) return;
    const timer: ControllerTimer = { kind: `controller.${task}`, target: this, task };
    this.timers.set(task, this.host.setTimer(delay, timer));
  }
}

function refuse<A extends ControllerApi>(request: PendingRequest<A>): void {
  request.respond(notControllerResponse(request.api, request.body));
}
