/** Mutants of what coordinators do with groups and their offsets, in both protocols. */
import type { ErrorCode } from "../../src/kafka/errors.ts";
import { ClassicGroup } from "../../src/kafka/group/classic/classic-group.ts";
import { ClassicGroups } from "../../src/kafka/group/classic/classic-groups.ts";
import { ConsumerGroup } from "../../src/kafka/group/consumer/consumer-group.ts";
import type { ConsumerGroupMember } from "../../src/kafka/group/consumer/consumer-group-member.ts";
import { ConsumerGroups } from "../../src/kafka/group/consumer/consumer-groups.ts";
import { type Departure, Departures } from "../../src/kafka/group/consumer/departures.ts";
import { GroupChange } from "../../src/kafka/group/consumer/group-change.ts";
import { Heartbeats } from "../../src/kafka/group/consumer/heartbeats.ts";
import type { MemberTimers } from "../../src/kafka/group/consumer/member-timers.ts";
import { NO_PARTITIONS, type PartitionSet, union } from "../../src/kafka/group/consumer/partition-set.ts";
import { type MemberWord, Reconciler } from "../../src/kafka/group/consumer/reconciler.ts";
import type { CoordinatorRecord } from "../../src/kafka/group/coordinator-records.ts";
import { CoordinatorShard } from "../../src/kafka/group/coordinator-shard.ts";
import { DelayedOffsetCommit } from "../../src/kafka/group/delayed-offset-requests.ts";
import type { GroupOffsets } from "../../src/kafka/group/group-offsets.ts";
import { OffsetManager } from "../../src/kafka/group/offset-manager.ts";
import type { ShardContext, WriteWaiter } from "../../src/kafka/group/shard.ts";
import type { PendingRequest } from "../../src/kafka/net/request-channel.ts";
import {
  AUTO_COMMIT,
  FAILOVER_AND_REBALANCE,
  KIP_848_DEPARTURE,
  KIP_848_FAILOVER,
  KIP_848_FAILOVER_IN_REBALANCE,
  KIP_848_LOST_ANSWER,
  KIP_848_NEWCOMER,
  KIP_848_ZOMBIE,
  QUIET_TOPIC,
  SILENT_DEPARTURE,
} from "./group-scenarios.ts";
import { inside, type Mutant, SEEDS } from "./mutant.ts";

interface InsideReconciler {
  reconcile(
    word: MemberWord,
    target: { readonly epoch: number; readonly partitions: PartitionSet },
    change: GroupChange,
  ): ConsumerGroupMember;
}

interface InsideDepartures {
  readonly shard: ShardContext;
  readonly timers: MemberTimers;
  remove: Departures["remove"];
}

interface InsideHeartbeats {
  readonly shard: ShardContext;
  heartbeat(request: PendingRequest<"ConsumerGroupHeartbeat">): ErrorCode;
}

interface InsideConsumerGroup {
  readonly holders: Map<string, unknown>;
  hold(member: ConsumerGroupMember): void;
}

interface InsideConsumerGroups {
  readonly shard: ShardContext;
  replay(record: CoordinatorRecord): void;
  onLoaded(): void;
}

interface InsideClassicGroup {
  subscribedTopics: ReadonlySet<string>;
  restore: ClassicGroup["restore"];
}

interface InsideShard {
  await(waiter: WriteWaiter): void;
}

interface InsideOffsets {
  readonly loaded: boolean;
  readonly offsets: GroupOffsets<unknown>;
  replay: OffsetManager["replay"];
}

export const GROUP_MUTANTS: readonly Mutant[] = [
  {
    name: "nothing-to-revoke",
    breaks: "A coordinator takes nothing from a member: its assignment is what it has, and what its target gives it.",
    invariant: "ValidMemberEpoch",
    scenario: KIP_848_NEWCOMER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        inside<InsideReconciler>(Reconciler),
        "reconcile",
        (reconcile) =>
          function (this: InsideReconciler, word, { epoch, partitions }, change) {
            return reconcile.call(this, word, { epoch, partitions: union(word.updated.assigned, partitions) }, change);
          },
      ),
  },
  {
    name: "pending-revocation-not-held",
    breaks: "A coordinator takes a partition for free as soon as its owner has been told to revoke it.",
    invariant: "ValidPartitionEpoch",
    scenario: KIP_848_NEWCOMER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        inside<InsideConsumerGroup>(ConsumerGroup),
        "hold",
        (hold) =>
          function (this: InsideConsumerGroup, member) {
            hold.call(this, { ...member, pendingRevocation: NO_PARTITIONS });
          },
      ),
  },
  {
    name: "waiting-taken-for-stable",
    breaks: "A coordinator takes a member for stable that waits for partitions which others have yet to release.",
    invariant: "ValidStableGroupState",
    scenario: KIP_848_NEWCOMER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        GroupChange.prototype,
        "reconcileMember",
        (reconcileMember) =>
          function (this: GroupChange, member) {
            const isWaiting = member.state === "UNRELEASED_PARTITIONS";
            reconcileMember.call(this, isWaiting ? { ...member, state: "STABLE" } : member);
          },
      ),
  },
  {
    name: "group-epoch-from-the-beginning",
    breaks: "A coordinator that takes over counts the epochs of its groups from 1.",
    invariant: "MemberEpochMonotonic",
    scenario: KIP_848_FAILOVER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        inside<InsideConsumerGroups>(ConsumerGroups),
        "replay",
        (replay) =>
          function (this: InsideConsumerGroups, record) {
            replay.call(this, this.shard.active ? record : withFirstEpoch(record));
          },
      ),
  },
  {
    name: "back-to-previous-epoch",
    breaks:
      "A coordinator that lets a member come with its previous epoch, for the answer may have been lost, puts it back into that.",
    invariant: "MemberEpochMonotonic",
    scenario: KIP_848_LOST_ANSWER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        inside<InsideHeartbeats>(Heartbeats),
        "heartbeat",
        (heartbeat) =>
          function (this: InsideHeartbeats, request) {
            const { groupId, memberId, memberEpoch } = request.body;
            const group = this.shard.groups.get(groupId);
            const member = group instanceof ConsumerGroup ? group.member(memberId) : undefined;
            if (memberEpoch === member?.previousMemberEpoch && memberEpoch < member.memberEpoch) {
              const change = new GroupChange(this.shard, groupId, "it comes with its previous epoch");
              change.reconcileMember({ ...member, memberEpoch });
              change.write();
            }
            return heartbeat.call(this, request);
          },
      ),
  },
  {
    name: "holders-not-taken-over",
    breaks: "A coordinator that takes over does not know which partitions have yet to be revoked, and takes them for free.",
    invariant: "GroupExclusiveOwnership",
    scenario: KIP_848_FAILOVER_IN_REBALANCE,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        inside<InsideConsumerGroups>(ConsumerGroups),
        "onLoaded",
        (onLoaded) =>
          function (this: InsideConsumerGroups) {
            onLoaded.call(this);
            for (const group of this.shard.groups.all()) {
              if (group instanceof ConsumerGroup) (group as object as InsideConsumerGroup).holders.clear();
            }
          },
      ),
  },
  {
    name: "departure-without-epoch",
    breaks: "A coordinator does not raise the epoch of a group when a member is gone.",
    invariant: "GroupConverges",
    scenario: KIP_848_DEPARTURE,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        inside<InsideDepartures>(Departures),
        "remove",
        () =>
          function (this: InsideDepartures, { group, members, why }: Departure, waiting) {
            const change = new GroupChange(this.shard, group.groupId, why);
            for (const member of members) {
              change.removeMember(member, why);
              this.timers.cancelAllOf(group.groupId, member.memberId);
            }
            return change.write(waiting);
          },
      ),
  },
  {
    name: "sessions-not-taken-over",
    breaks: "A coordinator that takes over waits for each member's next word before it begins its session.",
    invariant: "GroupConverges",
    scenario: SILENT_DEPARTURE,
    seeds: SEEDS,
    patch: (patches) => patches.replace(ClassicGroups.prototype, "takeUp", () => () => {}),
  },
  {
    name: "commit-of-the-expelled",
    breaks: "A coordinator takes a commit of a member that it does not know for one of a consumer without a group.",
    invariant: "CommittedOffsetMonotonic",
    scenario: KIP_848_ZOMBIE,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        ConsumerGroup.prototype,
        "validateOffsetCommit",
        (validateOffsetCommit) =>
          function (this: ConsumerGroup, commit) {
            return this.member(commit.memberId) === undefined ? "NONE" : validateOffsetCommit.call(this, commit);
          },
      ),
  },
  {
    name: "commit-acknowledged-when-written",
    breaks: "A coordinator answers a commit when it has written it, and does not wait for its followers.",
    invariant: "CommittedOffsetDurable",
    scenario: AUTO_COMMIT,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        inside<InsideShard>(CoordinatorShard),
        "await",
        (await_) =>
          function (this: InsideShard, waiter) {
            if (waiter instanceof DelayedOffsetCommit) waiter.onWritten("NONE");
            else await_.call(this, waiter);
          },
      ),
  },
  {
    name: "first-offset-kept",
    breaks: "A coordinator that reads its log keeps the first offset that it finds for a partition, not the last.",
    invariant: "CommittedOffsetDurable",
    scenario: FAILOVER_AND_REBALANCE,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        inside<InsideOffsets>(OffsetManager),
        "replay",
        (replay) =>
          function (this: InsideOffsets, record, offset) {
            const { type, key } = record;
            if (!this.loaded && type === "OffsetCommit" && this.offsets.hasLatest(key.group, key)) return;
            replay.call(this as OffsetManager & InsideOffsets, record, offset);
          },
      ),
  },
  {
    name: "subscription-not-taken-over",
    breaks: "A coordinator that takes over does not know what its groups subscribe to, and lets their offsets expire.",
    invariant: "CommittedOffsetDurable",
    scenario: QUIET_TOPIC,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        inside<InsideClassicGroup>(ClassicGroup),
        "restore",
        (restore) =>
          function (this: InsideClassicGroup, value) {
            restore.call(this as ClassicGroup & InsideClassicGroup, value);
            this.subscribedTopics = new Set();
          },
      ),
  },
];

function withFirstEpoch(record: CoordinatorRecord): CoordinatorRecord {
  if (record.value === null) return record;
  if (record.type === "ConsumerGroupMetadata") return { ...record, value: { ...record.value, epoch: 1 } };
  if (record.type === "ConsumerGroupTargetAssignmentMetadata") return { ...record, value: { assignmentEpoch: 1 } };
  return record;
}
