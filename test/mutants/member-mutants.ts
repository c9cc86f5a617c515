/** Mutants of what consumers and their assignors do, as members and in their polls, and of what producers send. */
import type { AssignedPartition } from "../../src/kafka/consumer/assigned-partition.ts";
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
import { SubscriptionState } from "../../src/kafka/consumer/subscription-state.ts";
import { NONE } from "../../src/kafka/ids.ts";
import type { FetchPartition, FetchRequest } from "../../src/kafka/messages/fetch.ts";
import { RecordAccumulator } from "../../src/kafka/producer/record-accumulator.ts";
import { FetchHandler } from "../../src/kafka/replica/fetch-handler.ts";
import type { Partition } from "../../src/kafka/replica/partition.ts";
import {
  AUTO_COMMIT,
  CONTINUED_ELSEWHERE,
  COOPERATIVE_NEWCOMER,
  DIFFERENT_SUBSCRIPTIONS,
  INTERRUPTED_JOIN,
  KIP_848_NEWCOMER,
  RETURN_OF_THE_EXPELLED,
  SILENT_LEADER,
  SLOW_SUCCESSION,
  SMALL_POLLS,
  UNDISTURBED_NEWCOMER,
  UNEVEN_SHARES,
} from "./group-scenarios.ts";
import { inside, type Mutant, SEEDS } from "./mutant.ts";

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

interface InsideSubscriptions {
  /** By name: as it was last assigned. */
  known?: Map<string, AssignedPartition>;
  assign: SubscriptionState["assign"];
  get: SubscriptionState["get"];
  onMoved: SubscriptionState["onMoved"];
}

interface InsideConsumer {
  readonly commits: OffsetCommits;
  onPollReturned(): void;
}

interface InsideAssignment {
  current: LocalAssignment;
  begin(): Reconciliation;
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
    name: "old-position-kept",
    breaks: "A member that is given a partition again goes on where it was, and does not ask what the group has committed.",
    invariant: "CommittedOffsetMonotonic",
    scenario: CONTINUED_ELSEWHERE,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        inside<InsideSubscriptions>(SubscriptionState),
        "assign",
        (assign) =>
          function (this: InsideSubscriptions, topic, partition) {
            assign.call(this, topic, partition);
            const added = this.get({ topic, partition });
            this.known ??= new Map();
            const before = this.known.get(`${topic}-${partition}`);
            if (added === undefined || added === before) return;
            this.known.set(`${topic}-${partition}`, added);
            if (before?.position === undefined) return;
            added.seekValidated(before.position);
            this.onMoved();
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
    name: "expelled-for-good",
    breaks: "A member that is told that it is no member does not join anew.",
    invariant: "GroupConverges",
    scenario: RETURN_OF_THE_EXPELLED,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        ClassicProtocol.prototype,
        "reset",
        (reset) =>
          function (this: ClassicProtocol, cause, keepMemberId) {
            reset.call(this, cause, keepMemberId);
            if (cause === "UNKNOWN_MEMBER_ID") this.rejoinNeeded = false;
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

export const MEMBER_MUTANTS: readonly Mutant[] = [...POLLS_AND_SENDS, ...MEMBERS];
