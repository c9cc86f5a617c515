/**
 * Event histories by hand: what a cluster might report, told step by step to a checker.
 *
 * Brokers are named by their id and live on `broker-<id>`, voters on `controller-<id>`. The topic is `orders`, partition 0,
 * assigned to 1, 2, 3 with min.insync.replicas 2. Each call is a step of its own, one millisecond after the last, unless
 * wrapped in {@link History.together}.
 */
import { Checker, type CheckerOptions } from "../../src/checks/checker.ts";
import type { KafkaEvent, PartitionChanged } from "../../src/kafka/events.ts";
import type { MetadataRecord } from "../../src/kafka/metadata/records.ts";
import type { RaftRole } from "../../src/kafka/quorum-events.ts";
import { type KafkaRecord, RecordBatch, unstampedBatch } from "../../src/kafka/records.ts";
import type { NodeEvent } from "../../src/sim/node-events.ts";

const ORDERS = { topic: "orders", partition: 0 } as const;

export function record(sequence: number, client = "checkout"): KafkaRecord {
  return { key: null, value: null, timestamp: 0, origin: { client, sequence } };
}

/** A stored batch of one record each: its sequence is its offset unless `from` says otherwise. */
export function batch(offset: number, epoch: number, records = 1, from = offset): RecordBatch {
  const payload = Array.from({ length: records }, (_, i) => record(from + i));
  return unstampedBatch(payload).stamped(offset, epoch);
}

export function metadataBatch(
  offset: number,
  epoch: number,
  records: readonly MetadataRecord[] = [{ type: "NoOp" }],
): RecordBatch<MetadataRecord> {
  const isControl = records[0]?.type === "LeaderChange";
  return new RecordBatch({ baseOffset: offset, partitionLeaderEpoch: epoch, sizeInBytes: 100, isControl }, records);
}

export class History {
  readonly checker: Checker;
  step = 0;
  timeUs = 0;
  private inOneStep = false;
  private metadataOffset = 0;
  private partitionEpoch = 0;
  state: PartitionChanged | undefined;

  constructor(options?: CheckerOptions) {
    this.checker = new Checker(options);
  }

  tell(node: string | undefined, event: KafkaEvent | NodeEvent): this {
    if (!this.inOneStep) this.next();
    this.checker.observe(this.step, this.timeUs, node, event);
    return this;
  }

  together(tell: () => void): this {
    this.next();
    this.inOneStep = true;
    tell();
    this.inOneStep = false;
    return this;
  }

  wait(us: number): this {
    this.timeUs += us;
    return this;
  }

  /** Names of what was found, in order, each once, once the run has ended. */
  end(): string[] {
    this.checker.finish(this.timeUs);
    return [...new Set(this.checker.violations.map(({ invariant }) => invariant))];
  }

  // ---- nodes ----

  node(kind: "ProcessCrashed" | "PowerLost" | "DiskWiped" | "Paused" | "Resumed", node: string): this {
    return this.tell(node, { kind, node });
  }

  started(node: string): this {
    return this.tell(node, { kind: "ProcessStarted", node, incarnation: 2 });
  }

  lifecycle(broker: number, state: "STARTING" | "RECOVERY" | "RUNNING"): this {
    return this.tell(`broker-${broker}`, { kind: "BrokerStateChanged", broker, state });
  }

  // ---- the controller ----

  /** Commits a change of orders-0; what is not named stays. Both epochs are counted up as Kafka does. */
  decide(change: Partial<PartitionChanged>): this {
    const before = this.state;
    const leaderChanged = before !== undefined && change.leader !== undefined && change.leader !== before.leader;
    const leaderEpoch = before === undefined ? 0 : before.leaderEpoch + (leaderChanged ? 1 : 0);
    this.state = {
      kind: "PartitionChanged",
      ...ORDERS,
      replicas: [1, 2, 3],
      isr: [1, 2, 3],
      elr: [],
      lastKnownElr: [],
      leader: 1,
      leaderRecoveryState: "RECOVERED",
      minIsr: 2,
      uncleanElection: false,
      ...before,
      leaderEpoch,
      partitionEpoch: this.partitionEpoch++,
      metadataOffset: this.metadataOffset++,
      ...change,
    };
    return this.tell("controller-3001", this.state);
  }

  broker(kind: "BrokerFenced" | "BrokerUnfenced" | "BrokerInControlledShutdown", broker: number): this {
    return this.tell("controller-3001", { kind, broker, metadataOffset: this.metadataOffset++ });
  }

  registered(broker: number): this {
    const metadataOffset = this.metadataOffset++;
    return this.tell("controller-3001", { kind: "BrokerRegistered", broker, brokerEpoch: metadataOffset, metadataOffset });
  }

  // ---- replicas ----

  loaded(
    broker: number,
    batches: readonly RecordBatch[] = [],
    extra: Partial<Extract<KafkaEvent, { kind: "LogLoaded" }>> = {},
  ): this {
    const logEndOffset = batches[batches.length - 1]?.nextOffset ?? 0;
    const logStartOffset = batches[0]?.baseOffset ?? 0;
    return this.tell(`broker-${broker}`, {
      kind: "LogLoaded",
      ...ORDERS,
      broker,
      shutdown: "unclean",
      logStartOffset,
      logEndOffset,
      highWatermark: logStartOffset,
      batches,
      epochs: [],
      ...extra,
    });
  }

  becomesLeader(broker: number, leaderEpoch: number, highWatermark: number, isr: readonly number[] = [1, 2, 3]): this {
    return this.tell(`broker-${broker}`, {
      kind: "BecameLeader",
      ...ORDERS,
      broker,
      leaderEpoch,
      partitionEpoch: 0,
      epochStartOffset: 0,
      highWatermark,
      isr,
    });
  }

  follows(broker: number, leader: number, leaderEpoch: number): this {
    return this.tell(`broker-${broker}`, { kind: "BecameFollower", ...ORDERS, broker, leader, leaderEpoch });
  }

  appends(broker: number, appended: RecordBatch, role: "leader" | "follower", leaderEpoch = appended.partitionLeaderEpoch): this {
    return this.tell(`broker-${broker}`, { kind: "RecordsAppended", ...ORDERS, broker, role, leaderEpoch, batch: appended });
  }

  highWatermark(broker: number, to: number, role: "leader" | "follower", leaderEpoch = 0, from = 0): this {
    return this.tell(`broker-${broker}`, { kind: "HighWatermarkAdvanced", ...ORDERS, broker, role, leaderEpoch, from, to });
  }

  truncates(broker: number, from: number, to: number, leaderEpoch = 0, fully = false): this {
    return this.tell(`broker-${broker}`, { kind: "LogTruncated", ...ORDERS, broker, leaderEpoch, from, to, fully });
  }

  isrUpdated(broker: number, isr: readonly number[], maximalIsr = isr, leaderEpoch = 0): this {
    return this.tell(`broker-${broker}`, { kind: "LeaderIsrUpdated", ...ORDERS, broker, leaderEpoch, isr, maximalIsr });
  }

  epochCache(broker: number, ...epochs: readonly (readonly [epoch: number, startOffset: number])[]): this {
    return this.tell(`broker-${broker}`, {
      kind: "LeaderEpochCacheChanged",
      ...ORDERS,
      broker,
      epochs: epochs.map(([epoch, startOffset]) => ({ epoch, startOffset })),
    });
  }

  logStart(broker: number, to: number): this {
    return this.tell(`broker-${broker}`, { kind: "LogStartOffsetAdvanced", ...ORDERS, broker, to });
  }

  // ---- clients ----

  sent(sequence: number, client = "checkout"): this {
    return this.tell(client, { kind: "RecordSent", client, topic: "orders", record: record(sequence, client) });
  }

  satisfied(broker: number, stored: RecordBatch, isr: readonly number[], acks = -1): this {
    return this.tell(`broker-${broker}`, {
      kind: "ProduceSatisfied",
      ...ORDERS,
      broker,
      leaderEpoch: stored.partitionLeaderEpoch,
      acks,
      baseOffset: stored.baseOffset,
      nextOffset: stored.nextOffset,
      isr,
      minIsr: 2,
    });
  }

  acknowledged(stored: RecordBatch, acks = -1, latencyUs = 1_000): this {
    const { baseOffset, records } = stored;
    return this.tell("checkout", {
      kind: "ProduceAcknowledged",
      client: "checkout",
      ...ORDERS,
      acks,
      baseOffset,
      records,
      latencyUs,
    });
  }

  failed(records: readonly KafkaRecord[]): this {
    return this.tell("checkout", {
      kind: "ProduceFailed",
      client: "checkout",
      ...ORDERS,
      error: "TIMEOUT",
      records,
      latencyUs: 1_000,
    });
  }

  reads(from: number, highWatermark: number, ...batches: readonly RecordBatch[]): this {
    const position = batches[0]?.baseOffset ?? 0;
    const nextPosition = batches.at(-1)?.nextOffset ?? position;
    return this.tell("billing", {
      kind: "RecordsRead",
      client: "billing",
      ...ORDERS,
      from,
      highWatermark,
      position,
      nextPosition,
      batches,
    });
  }

  // ---- the quorum ----

  raftLoaded(replica: number, batches: readonly RecordBatch<MetadataRecord>[] = [], epoch = 0, voter = true): this {
    return this.tell(`controller-${replica}`, { kind: "RaftLogLoaded", replica, voter, epoch, batches, highWatermark: 0 });
  }

  raftState(replica: number, role: RaftRole, epoch: number, leaderId = -1, votedFor = -1): this {
    return this.tell(`controller-${replica}`, { kind: "RaftStateChanged", replica, epoch, role, leaderId, votedFor });
  }

  elected(replica: number, epoch: number, epochStartOffset = 0): this {
    return this.tell(`controller-${replica}`, { kind: "RaftLeaderElected", replica, epoch, epochStartOffset });
  }

  raftAppends(replica: number, appended: RecordBatch<MetadataRecord>, epoch = appended.partitionLeaderEpoch): this {
    return this.tell(`controller-${replica}`, { kind: "RaftRecordsAppended", replica, epoch, batch: appended });
  }

  raftHighWatermark(replica: number, to: number, role: "leader" | "follower", epoch: number): this {
    return this.tell(`controller-${replica}`, { kind: "RaftHighWatermarkAdvanced", replica, epoch, role, to });
  }

  raftTruncates(replica: number, to: number, epoch: number): this {
    return this.tell(`controller-${replica}`, { kind: "RaftLogTruncated", replica, epoch, to });
  }

  private next(): void {
    if (this.inOneStep) return;
    this.step++;
    this.timeUs += 1_000;
  }
}

/** Three replicas in sync, broker 1 leads epoch 0, `count` one-record batches are on all and committed on the leader. */
export function settled(
  count: number,
  options?: CheckerOptions,
): { readonly history: History; readonly batches: readonly RecordBatch[] } {
  const history = new History(options);
  const batches = Array.from({ length: count }, (_, offset) => batch(offset, 0));
  history.decide({});
  for (const broker of [1, 2, 3]) history.loaded(broker);
  history.becomesLeader(1, 0, 0);
  for (const broker of [2, 3]) history.follows(broker, 1, 0);
  for (const each of batches) {
    history.appends(1, each, "leader");
    for (const broker of [2, 3]) history.appends(broker, each, "follower");
  }
  if (count > 0) history.highWatermark(1, count, "leader");
  return { history, batches };
}

/** Broker 1 is crashed and broker 2 leads epoch 1 with ISR 2, 3. */
export function failOver(history: History): History {
  return history
    .node("ProcessCrashed", "broker-1")
    .decide({ leader: 2, isr: [2, 3] })
    .becomesLeader(2, 1, 0, [2, 3]);
}

/** Voters 3001-3003, 3001 leads epoch 1 and has committed its LeaderChange (offset 0) with everybody. */
export function quorum(options?: CheckerOptions): { readonly history: History; readonly change: RecordBatch<MetadataRecord> } {
  const history = new History(options);
  const voters = [3001, 3002, 3003];
  for (const voter of voters) history.raftLoaded(voter);
  const change = metadataBatch(0, 1, [{ type: "LeaderChange", leaderId: 3001, voters }]);
  history
    .raftState(3001, "Candidate", 1, -1, 3001)
    .raftState(3001, "Leader", 1, 3001, 3001)
    .elected(3001, 1)
    .raftAppends(3001, change);
  for (const voter of [3002, 3003]) history.raftState(voter, "Follower", 1, 3001).raftAppends(voter, change);
  history.raftHighWatermark(3001, 1, "leader", 1);
  return { history, change };
}
