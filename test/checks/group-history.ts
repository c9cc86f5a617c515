/**
 * Histories of a consumer group by hand. The group is `billing`, with members `billing-1`, `billing-2`, `billing-3`, which read
 * `orders`, partition 0 unless said otherwise; broker 1 coordinates it. A client's member id is `m-<client>` unless given.
 */
import { expect } from "vitest";
import type { CheckerOptions } from "../../src/checks/checker.ts";
import type { GroupContract } from "../../src/checks/group-contract.ts";
import type { KafkaEvent } from "../../src/kafka/events.ts";
import type { GroupProtocol, GroupState, MemberReconciled, MemberRemoved } from "../../src/kafka/group-events.ts";
import { type KafkaRecord, type RecordBatch, unstampedBatch } from "../../src/kafka/records.ts";
import { History, record } from "./history.ts";

const GROUP = "billing";

const CONTRACT: GroupContract = {
  group: GROUP,
  members: ["billing-1", "billing-2", "billing-3"],
  topics: ["orders"],
  protocol: "classic",
  delivery: "at-least-once",
  resetPolicy: "earliest",
  sessionTimeoutUs: 10_000_000,
  rebalanceTimeoutUs: 20_000_000,
  offsetsRetentionUs: 60_000_000,
  finishesOldWork: false,
  reliesOn: [],
};

interface Who {
  readonly member?: string;
  readonly generation?: number;
  readonly partition?: number;
}

export class GroupHistory extends History {
  protocol: GroupProtocol;
  /** What the group's members believe in, unless said otherwise. */
  generation = 1;
  private groupState: GroupState = "Empty";
  lastBatch: RecordBatch | undefined;
  readonly stored = new Map<number, RecordBatch[]>();

  constructor(contract: Partial<GroupContract> = {}, options: CheckerOptions = {}) {
    super({ ...options, groups: [{ ...CONTRACT, ...contract }] });
    this.protocol = contract.protocol ?? "classic";
  }

  // ---- the log ----

  /** orders-0 (and more) with `count` committed records, keyed by `keys` in turn; acknowledged by nobody. */
  log(count: number, keys: readonly string[] = [], partition = 0, from = 0): this {
    const at = { topic: "orders", partition };
    if (from === 0) {
      this.decidePartition(partition);
      for (const broker of [1, 2, 3]) {
        this.tell(`broker-${broker}`, {
          kind: "LogLoaded",
          ...at,
          broker,
          shutdown: "new",
          logStartOffset: 0,
          logEndOffset: 0,
          highWatermark: 0,
          batches: [],
          epochs: [],
        });
      }
      this.tell("broker-1", {
        kind: "BecameLeader",
        ...at,
        broker: 1,
        leaderEpoch: 0,
        partitionEpoch: 0,
        epochStartOffset: 0,
        highWatermark: 0,
        isr: [1, 2, 3],
      });
    }
    for (let offset = from; offset < from + count; offset++) {
      const key = keys.length === 0 ? null : new TextEncoder().encode(keys[(offset - from) % keys.length]);
      const each: KafkaRecord = { ...record(offset + partition * 1_000), key };
      const batch = unstampedBatch([each]).stamped(offset, 0);
      this.stored.set(partition, [...(this.stored.get(partition) ?? []), batch]);
      for (const broker of [1, 2, 3]) {
        const role = broker === 1 ? "leader" : "follower";
        this.tell(`broker-${broker}`, { kind: "RecordsAppended", ...at, broker, role, leaderEpoch: 0, batch });
      }
    }
    if (count === 0) return this;
    const to = from + count;
    return this.tell("broker-1", { kind: "HighWatermarkAdvanced", ...at, broker: 1, role: "leader", leaderEpoch: 0, from, to });
  }

  /** Broker 2, which leads since epoch 1, commits a new record at `offset` with broker 3. */
  grow(offset: number, epoch: number): this {
    const at = { topic: "orders", partition: 0 };
    const batch = unstampedBatch([record(5_000 + offset)]).stamped(offset, epoch);
    this.lastBatch = batch;
    this.tell("broker-2", { kind: "RecordsAppended", ...at, broker: 2, role: "leader", leaderEpoch: epoch, batch });
    this.tell("broker-3", { kind: "LogTruncated", ...at, broker: 3, leaderEpoch: epoch, from: 10, to: offset, fully: false });
    this.tell("broker-3", { kind: "RecordsAppended", ...at, broker: 3, role: "follower", leaderEpoch: epoch, batch });
    const to = offset + 1;
    return this.tell("broker-2", {
      kind: "HighWatermarkAdvanced",
      ...at,
      broker: 2,
      role: "leader",
      leaderEpoch: epoch,
      from: offset,
      to,
    });
  }

  private decidePartition(partition: number): void {
    if (partition === 0) this.decide({});
    else {
      const { state } = this;
      if (state !== undefined) this.tell("controller-3001", { ...state, partition, metadataOffset: 100 + partition });
    }
  }

  // ---- the coordinator ----

  coordinator(broker: number, epoch: number, groups: readonly string[] = [GROUP]): this {
    return this.tell(`broker-${broker}`, { kind: "CoordinatorLoaded", broker, partition: 0, epoch, groups });
  }

  group(to: GroupState, generation = this.generation, broker = 1): this {
    const from = this.groupState;
    this.groupState = to;
    const { protocol } = this;
    return this.tell(`broker-${broker}`, {
      kind: "GroupStateChanged",
      broker,
      group: GROUP,
      protocol,
      from,
      to,
      generation,
      reason: "",
    });
  }

  added(client: string, member = `m-${client}`, replaces: string | null = null, broker = 1): this {
    const instanceId = replaces === null ? null : client;
    return this.tell(`broker-${broker}`, { kind: "MemberAdded", broker, group: GROUP, member, instanceId, client, replaces });
  }

  removed(member: string, reason: MemberRemoved["reason"] = "session-expired", broker = 1): this {
    return this.tell(`broker-${broker}`, { kind: "MemberRemoved", broker, group: GROUP, member, reason });
  }

  /** Partitions of `orders` by member. */
  target(epoch: number, given: Readonly<Record<string, readonly number[]>>, assignor = "range", topics = ["orders"]): this {
    return this.tell("broker-1", {
      kind: "TargetAssignmentChosen",
      broker: 1,
      group: GROUP,
      protocol: this.protocol,
      epoch,
      assignor,
      members: Object.entries(given).map(([member, partitions]) => ({
        member,
        instanceId: null,
        subscribedTopics: topics,
        partitions: ordersPartitions(partitions),
      })),
    });
  }

  reconciled(
    member: string,
    memberEpoch: number,
    assigned: readonly number[],
    pending: readonly number[] = [],
    state: MemberReconciled["state"] = pending.length > 0 ? "UNREVOKED_PARTITIONS" : "STABLE",
    broker = 1,
  ): this {
    return this.tell(`broker-${broker}`, {
      kind: "MemberReconciled",
      broker,
      group: GROUP,
      member,
      memberEpoch,
      state,
      assigned: ordersPartitions(assigned),
      pendingRevocation: ordersPartitions(pending),
    });
  }

  /** A commit that has become visible. */
  committed(client: string, offset: number, who: Who = {}, broker = 1): this {
    return this.tell(`broker-${broker}`, {
      kind: "GroupOffsetChanged",
      broker,
      group: GROUP,
      topic: "orders",
      partition: who.partition ?? 0,
      offset,
      leaderEpoch: 0,
      member: who.member ?? `m-${client}`,
      generation: who.generation ?? this.generation,
    });
  }

  offsetRemoved(offset: number, reason: "expired" | "topic-deleted", state: GroupState): this {
    const at = { topic: "orders", partition: 0 };
    return this.tell("broker-1", { kind: "GroupOffsetRemoved", broker: 1, group: GROUP, ...at, offset, reason, state });
  }

  // ---- members ----

  private of(client: string, { member = `m-${client}`, generation = this.generation }: Who = {}) {
    return { group: GROUP, client, member, generation };
  }

  joins(client: string, who: Who = {}): this {
    const { protocol } = this;
    return this.tell(client, { kind: "ConsumerJoined", ...this.of(client, who), protocol, instanceId: null, leader: false });
  }

  leaves(client: string, reason: Extract<KafkaEvent, { kind: "ConsumerLeft" }>["reason"], who: Who = {}): this {
    return this.tell(client, { kind: "ConsumerLeft", ...this.of(client, who), reason });
  }

  assigned(client: string, partitions: readonly number[], owned = partitions, who: Who = {}): this {
    return this.owns("PartitionsAssigned", client, partitions, owned, who);
  }

  revoked(client: string, partitions: readonly number[], owned: readonly number[] = [], who: Who = {}): this {
    return this.owns("PartitionsRevoked", client, partitions, owned, who);
  }

  lost(client: string, partitions: readonly number[], owned: readonly number[] = [], who: Who = {}): this {
    return this.owns("PartitionsLost", client, partitions, owned, who);
  }

  told(client: string, offset: number, who: Who = {}): this {
    const offsets = [{ topic: "orders", partition: who.partition ?? 0, offset, leaderEpoch: 0 }];
    return this.tell(client, { kind: "OffsetsCommitted", ...this.of(client, who), occasion: "sync", offsets });
  }

  goesOnAt(client: string, offset: number, source: "committed" | "seek" = "committed", who: Who = {}): this {
    const at = { topic: "orders", partition: who.partition ?? 0 };
    return this.tell(client, { kind: "ConsumerPositionSet", ...this.of(client, who), ...at, source, offset, leaderEpoch: 0 });
  }

  resets(
    client: string,
    from: number,
    to: number,
    reason: "initial" | "out-of-range" | "truncation" = "initial",
    partition = 0,
  ): this {
    return this.tell(client, { kind: "ConsumerPositionReset", client, topic: "orders", partition, reason, from, to });
  }

  /** What lies between, of the log as it is, or of `batches`. */
  polls(client: string, position: number, nextPosition: number, batches?: readonly RecordBatch[], partition = 0): this {
    const stored = (this.stored.get(partition) ?? []).filter(
      ({ baseOffset, nextOffset }) => nextOffset > position && baseOffset < nextPosition,
    );
    return this.tell(client, {
      kind: "RecordsRead",
      client,
      topic: "orders",
      partition,
      from: 1,
      highWatermark: 1_000,
      position,
      nextPosition,
      batches: batches ?? stored,
    });
  }

  processes(client: string, from: number, to: number, who: Who & { readonly accepted?: boolean } = {}): this {
    const partition = who.partition ?? 0;
    const records = Array.from({ length: to - from }, (_, i) => record(from + i + partition * 1_000));
    const at = { topic: "orders", partition };
    const { accepted = true } = who;
    return this.tell(client, {
      kind: "RecordsProcessed",
      ...this.of(client, who),
      ...at,
      baseOffset: from,
      nextOffset: to,
      records,
      accepted,
    });
  }

  givesUp(client: string, offset: number): this {
    return this.tell(client, {
      kind: "RecordGivenUp",
      ...this.of(client),
      topic: "orders",
      partition: 0,
      offset,
      attempts: 3,
    });
  }

  // ---- whole passages ----

  /** These have joined generation 1 (or another), which is Stable; who owns what is said apart. */
  stable(...clients: readonly string[]): this {
    if (this.groupState === "Empty") for (const client of clients) this.added(client);
    this.group("PreparingRebalance").group("CompletingRebalance");
    for (const client of clients) this.joins(client);
    return this.group("Stable");
  }

  /** A new generation for these. */
  rebalance(...clients: readonly string[]): this {
    this.generation++;
    return this.stable(...clients);
  }

  numbers() {
    const [numbers] = this.checker.groups;
    expect(numbers).toBeDefined();
    return numbers as NonNullable<typeof numbers>;
  }

  private owns(
    kind: "PartitionsAssigned" | "PartitionsRevoked" | "PartitionsLost",
    client: string,
    partitions: readonly number[],
    owned: readonly number[],
    who: Who,
  ): this {
    const told = { partitions: ordersPartitions(partitions), owned: ordersPartitions(owned) };
    return this.tell(client, { kind, ...this.of(client, who), ...told });
  }
}

function ordersPartitions(partitions: readonly number[]): { topic: string; partition: number }[] {
  return partitions.map((partition) => ({ topic: "orders", partition }));
}

/** One log of `count` records; billing-1 owns orders-0 in generation 1 and goes on at 0. */
export function owned(count = 10, contract: Partial<GroupContract> = {}, options: CheckerOptions = {}): GroupHistory {
  return new GroupHistory(contract, options)
    .log(count)
    .coordinator(1, 0)
    .stable("billing-1")
    .assigned("billing-1", [0])
    .resets("billing-1", 0, 0);
}
