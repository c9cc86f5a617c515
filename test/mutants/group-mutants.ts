/** Mutants of what coordinators, members and assignors do, and of polls and sends. Those of applications: application-mutants.ts. */
import { AssignmentReconciler, type Reconciliation } from "../../src/kafka/consumer/assignment-reconciler.ts";
import { CooperativeStickyAssignor } from "../../src/kafka/consumer/assignors/cooperative-sticky-assignor.ts";
import { RangeAssignor } from "../../src/kafka/consumer/assignors/range-assignor.ts";
import { RoundRobinAssignor } from "../../src/kafka/consumer/assignors/round-robin-assignor.ts";
import { assignSticky } from "../../src/kafka/consumer/assignors/sticky-assignment.ts";
import { ClassicMembership } from "../../src/kafka/consumer/classic-membership.ts";
import { ClassicProtocol } from "../../src/kafka/consumer/classic-protocol.ts";
import { CompletedFetch } from "../../src/kafka/consumer/completed-fetch.ts";
import { ConsumerCoordinator } from "../../src/kafka/consumer/consumer-coordinator.ts";
import type { LocalAssignment } from "../../src/kafka/consumer/local-assignment.ts";
import { OffsetCommits } from "../../src/kafka/consumer/offset-commits.ts";
import { ClassicGroup } from "../../src/kafka/group/classic/classic-group.ts";
import { ClassicGroups } from "../../src/kafka/group/classic/classic-groups.ts";
import { ConsumerGroup } from "../../src/kafka/group/consumer/consumer-group.ts";
import type { ConsumerGroupMember } from "../../src/kafka/group/consumer/consumer-group-member.ts";
import { ConsumerGroups } from "../../src/kafka/group/consumer/consumer-groups.ts";
import { type Departure, Departures } from "../../src/kafka/group/consumer/departures.ts";
import { GroupChange } from "../../src/kafka/group/consumer/group-change.ts";
import type { MemberTimers } from "../../src/kafka/group/consumer/member-timers.ts";
import { NO_PARTITIONS, type PartitionSet, union } from "../../src/kafka/group/consumer/partition-set.ts";
import { type MemberWord, Reconciler } from "../../src/kafka/group/consumer/reconciler.ts";
import type { CoordinatorRecord } from "../../src/kafka/group/coordinator-records.ts";
import { CoordinatorShard } from "../../src/kafka/group/coordinator-shard.ts";
import { DelayedOffsetCommit } from "../../src/kafka/group/delayed-offset-requests.ts";
import type { GroupOffsets } from "../../src/kafka/group/group-offsets.ts";
import { OffsetManager } from "../../src/kafka/group/offset-manager.ts";
import type { ShardContext, WriteWaiter } from "../../src/kafka/group/shard.ts";
import { NONE } from "../../src/kafka/ids.ts";
import type { FetchPartition, FetchRequest } from "../../src/kafka/messages/fetch.ts";
import { RecordAccumulator } from "../../src/kafka/producer/record-accumulator.ts";
import { FetchHandler } from "../../src/kafka/replica/fetch-handler.ts";
import type { Partition } from "../../src/kafka/replica/partition.ts";
import {
  AUTO_COMMIT,
  COOPERATIVE_NEWCOMER,
  DIFFERENT_SUBSCRIPTIONS,
  FAILOVER_AND_REBALANCE,
  INTERRUPTED_JOIN,
  KIP_848_DEPARTURE,
  KIP_848_FAILOVER,
  KIP_848_NEWCOMER,
  KIP_848_ZOMBIE,
  QUIET_TOPIC,
  SILENT_DEPARTURE,
  SILENT_LEADER,
  SLOW_SUCCESSION,
  SMALL_POLLS,
  UNDISTURBED_NEWCOMER,
  UNEVEN_SHARES,
} from "./group-scenarios.ts";
import { inside, type Mutant, SEEDS } from "./mutant.ts";

// ---- the components with their private parts ----

interface InsideFetches {
  canOnlyWait(session: object, body: FetchRequest): boolean;
  read(partition: Partition, fetched: { readonly wanted: FetchPartition }, body: FetchRequest, ...rest: unknown[]): unknown;
}

interface InsideFetch {
  nextBatch: number;
  readonly drained: boolean;
  readonly nextOffset: number;
  readonly answer: CompletedFetch["answer"];
  take: CompletedFetch["take"];
}

interface InsideMembership {
  isCooperative: boolean;
  prepared(): boolean;
}

interface InsideConsumer {
  readonly commits: OffsetCommits;
  onPollReturned(): void;
}

interface InsideAssignment {
  current: LocalAssignment;
  begin(): Reconciliation;
}

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

interface InsideConsumerGroup {
  hold(member: ConsumerGroupMember): void;
}

interface InsideConsumerGroups {
  readonly shard: ShardContext;
  replay(record: CoordinatorRecord): void;
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

const fetches = inside<InsideFetches>(FetchHandler);

const POLLS_AND_SENDS: readonly Mutant[] = [
  {
    name: "out-of-range-above-high-watermark",
    breaks: "A new leader takes positions beyond the high watermark that it knows of for positions beyond its log.",
    invariant: "PositionMonotonic",
    scenario: SLOW_SUCCESSION,
    seeds: SEEDS,
    patch: (patches) => {
      patches.replace(
        fetches,
        "canOnlyWait",
        (canOnlyWait) =>
          function (this: InsideFetches, session, body) {
            return body.replicaState.replicaId !== NONE && canOnlyWait.call(this, session, body);
          },
      );
      patches.replace(
        fetches,
        "read",
        (read) =>
          function (this: InsideFetches, partition, fetched, body, ...rest) {
            const isAhead = fetched.wanted.fetchOffset > partition.replica.log.highWatermark;
            if (body.replicaState.replicaId === NONE && isAhead) return "OFFSET_OUT_OF_RANGE";
            return read.call(this, partition, fetched, body, ...rest);
          },
      );
    },
  },
  {
    name: "rest-of-batch-dropped",
    breaks: "A consumer that has returned a part of a batch goes on with the next one.",
    invariant: "NoPollSkip",
    scenario: SMALL_POLLS,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        inside<InsideFetch>(CompletedFetch),
        "take",
        (take) =>
          function (this: InsideFetch, maxRecords) {
            const taken = take.call(this as CompletedFetch & InsideFetch, maxRecords);
            const batch = this.answer.records[this.nextBatch];
            if (batch !== undefined && batch.baseOffset < this.nextOffset) this.nextBatch++;
            return taken;
          },
      ),
  },
  {
    name: "partition-not-muted",
    breaks:
      "A producer with one request in flight per broker sends on to a new leader what the old one has not answered (KAFKA-3197).",
    invariant: "ProducerOrder",
    scenario: SILENT_LEADER,
    seeds: SEEDS,
    patch: (patches) => patches.replace(RecordAccumulator.prototype, "mute", () => () => {}),
  },
];

const MEMBERS: readonly Mutant[] = [
  {
    name: "acknowledge-before-revoking",
    breaks: "A member says that it has given partitions up when it is told to, and not when its application has.",
    invariant: "GroupExclusiveOwnership",
    scenario: KIP_848_NEWCOMER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        inside<InsideAssignment>(AssignmentReconciler),
        "begin",
        (begin) =>
          function (this: InsideAssignment) {
            const reconciliation = begin.call(this);
            this.current = reconciliation.assignment;
            return reconciliation;
          },
      ),
  },
  {
    name: "cooperative-in-one-step",
    breaks: "The cooperative assignor gives away what its owner has yet to revoke.",
    invariant: "GroupExclusiveOwnership",
    scenario: COOPERATIVE_NEWCOMER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        CooperativeStickyAssignor.prototype,
        "assign",
        () => (members, topics, options) => assignSticky(members, topics, options.usesGeneration).assignment,
      ),
  },
  {
    name: "cooperative-gives-up-all",
    breaks: "A member of a cooperative group gives up everything before it joins, as one of an eager group does.",
    invariant: "RebalancePause",
    scenario: UNDISTURBED_NEWCOMER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        inside<InsideMembership>(ClassicMembership),
        "prepared",
        (prepared) =>
          function (this: InsideMembership) {
            this.isCooperative = false;
            return prepared.call(this);
          },
      ),
  },
  {
    name: "id-forgotten",
    breaks: "A member whose join was not answered joins anew without the id that it was given.",
    invariant: "MemberCountBounded",
    scenario: INTERRUPTED_JOIN,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        ClassicProtocol.prototype,
        "onJoinGroup",
        (onJoinGroup) =>
          function (this: ClassicProtocol, completion) {
            onJoinGroup.call(this, completion);
            if (completion.response === undefined) this.generation = { memberId: "", generation: NONE, protocolName: null };
          },
      ),
  },
  {
    name: "commit-of-what-poll-returns",
    breaks: "A consumer that commits by itself does so when poll() returns records, and not in the poll() after them.",
    invariant: "CommittedNeverAheadOfProcessed",
    scenario: AUTO_COMMIT,
    seeds: SEEDS,
    patch: (patches) => {
      const { autoCommitIfDue } = OffsetCommits.prototype;
      patches.replace(OffsetCommits.prototype, "autoCommitIfDue", () => () => {});
      patches.replace(
        inside<InsideConsumer>(ConsumerCoordinator),
        "onPollReturned",
        (onPollReturned) =>
          function (this: InsideConsumer) {
            autoCommitIfDue.call(this.commits);
            onPollReturned.call(this);
          },
      );
    },
  },
  {
    name: "range-without-remainder",
    breaks: "The range assignor leaves room for the remainder of a division, and deals out the quotient.",
    invariant: "LegalTargetAssignment",
    scenario: UNEVEN_SHARES,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        RangeAssignor.prototype,
        "assign",
        (assign) =>
          function (this: RangeAssignor, members, topics) {
            const assignment = assign.call(this, members, topics);
            const least = Math.min(...[...assignment.values()].map(({ length }) => length));
            return new Map([...assignment].map(([member, partitions]) => [member, partitions.slice(0, least)]));
          },
      ),
  },
  {
    name: "subscription-ignored",
    breaks: "The round-robin assignor deals partitions to whoever is next, also of topics that he has not subscribed to.",
    invariant: "LegalTargetAssignment",
    scenario: DIFFERENT_SUBSCRIPTIONS,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        RoundRobinAssignor.prototype,
        "assign",
        (assign) =>
          function (this: RoundRobinAssignor, members, topics) {
            const all = topics.map(({ topic }) => topic);
            return assign.call(
              this,
              members.map((member) => ({ ...member, topics: all })),
              topics,
            );
          },
      ),
  },
];

const COORDINATORS: readonly Mutant[] = [
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

export const GROUP_MUTANTS: readonly Mutant[] = [...POLLS_AND_SENDS, ...MEMBERS, ...COORDINATORS];
