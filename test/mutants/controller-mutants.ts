/** Mutants of the controller: what it decides about partitions and brokers, and when it says so. */
import type { ControllerState } from "../../src/kafka/controller/controller-state.ts";
import { DeferredReplies } from "../../src/kafka/controller/deferred-replies.ts";
import { PartitionIndex } from "../../src/kafka/controller/partition-index.ts";
import { QuorumController } from "../../src/kafka/controller/quorum-controller.ts";
import { type BrokerId, NONE, type Offset, type TopicId } from "../../src/kafka/ids.ts";
import { MetadataImage, type PartitionRegistration } from "../../src/kafka/metadata/image.ts";
import type { MetadataRecord, PartitionChangeRecord } from "../../src/kafka/metadata/records.ts";
import { inside, type Mutant, type Patches, SEEDS } from "./mutant.ts";
import { ALL_CRASH, FAILOVER, LAGGING_FOLLOWER, LIVE_OUTSIDER, LOSSY_ELR_MEMBER, REJOIN_FROM_ELR } from "./scenarios.ts";

interface Active {
  readonly state: ControllerState;
}

interface InsideController {
  append(active: Active, records: readonly MetadataRecord[]): Offset | undefined;
}

interface InsideImage {
  topicById(id: TopicId): { readonly partitions: readonly PartitionRegistration[] } | undefined;
  setPartition(topicId: TopicId, partition: number, registration: PartitionRegistration): void;
}

/** The controller decides about a partition by a rule of its own, whatever the rest of it does. */
function decide(patches: Patches, rule: (change: PartitionChangeRecord, image: MetadataImage) => PartitionChangeRecord): void {
  patches.replace(
    inside<InsideController>(QuorumController),
    "append",
    (append) =>
      function (this: InsideController, active, records) {
        const { image } = active.state;
        return append.call(
          this,
          active,
          records.map((record) => (record.type === "PartitionChange" ? rule(record, image) : record)),
        );
      },
  );
}

/** The first replica that lives, other than the leader that is being replaced; undefined where no new leader is elected. */
function firstLiveReplica({ topicId, partitionId, leader }: PartitionChangeRecord, image: MetadataImage): BrokerId | undefined {
  const before = image.topicById(topicId)?.partitions[partitionId];
  if (before === undefined || leader === undefined || leader === NONE) return undefined;
  return before.replicas.find((id) => id !== before.leader && image.isActive(id));
}

/** What everybody makes of a change of a partition. */
function register(
  patches: Patches,
  rule: (after: PartitionRegistration, before: PartitionRegistration) => PartitionRegistration,
): void {
  patches.replace(
    inside<InsideImage>(MetadataImage),
    "setPartition",
    (setPartition) =>
      function (this: InsideImage, topicId, partition, registration) {
        const before = this.topicById(topicId)?.partitions[partition];
        setPartition.call(this, topicId, partition, before === undefined ? registration : rule(registration, before));
      },
  );
}

export const CONTROLLER_MUTANTS: readonly Mutant[] = [
  {
    name: "unclean-election",
    breaks:
      "The controller elects the first replica that lives and makes it the whole ISR, though the topic forbids unclean elections.",
    invariant: "LeaderCompleteness",
    scenario: LIVE_OUTSIDER,
    seeds: SEEDS,
    patch: (patches) =>
      decide(patches, (change, image) => {
        const leader = firstLiveReplica(change, image);
        return leader === undefined ? change : { ...change, leader, isr: [leader] };
      }),
  },
  {
    name: "leader-outside-isr",
    breaks: "The controller elects the first replica that lives, and does not look whether it is in the ISR.",
    invariant: "LeaderInIsr",
    scenario: LIVE_OUTSIDER,
    seeds: SEEDS,
    patch: (patches) => decide(patches, (change, image) => ({ ...change, ...leaderOnly(firstLiveReplica(change, image)) })),
  },
  {
    name: "elr-never-emptied",
    breaks: "An ISR that has its minimum again does not empty the ELR.",
    invariant: "IsrSubsetOfReplicas",
    scenario: REJOIN_FROM_ELR,
    seeds: SEEDS,
    patch: (patches) =>
      decide(patches, (change) => {
        const { eligibleLeaderReplicas: elr, ...rest } = change;
        return elr?.length === 0 ? rest : change;
      }),
  },
  {
    name: "index-forgets-rejoined",
    breaks: "The controller's list of the partitions that have a broker in their ISR misses those that it rejoined.",
    invariant: "FencedNotInIsr",
    scenario: REJOIN_FROM_ELR,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        PartitionIndex.prototype,
        "update",
        (update) =>
          function (this: PartitionIndex, topicId, partition, before, after) {
            const known =
              before === undefined || after === undefined ? after : { ...after, isr: membersOfBoth(after.isr, before.isr) };
            update.call(this, topicId, partition, before, known);
          },
      ),
  },
  {
    name: "epoch-kept-on-election",
    breaks: "Another leader of a partition does not mean another leader epoch.",
    invariant: "SingleLeaderPerEpoch",
    scenario: FAILOVER,
    seeds: SEEDS,
    patch: (patches) => register(patches, (after, { leaderEpoch }) => ({ ...after, leaderEpoch })),
  },
  {
    name: "epoch-kept-without-leader",
    breaks: "A partition that loses its last leader keeps that leader's epoch.",
    invariant: "LeaderEpochMonotonic",
    scenario: ALL_CRASH,
    seeds: SEEDS,
    patch: (patches) =>
      register(patches, (after, { leaderEpoch }) => (after.leader === NONE ? { ...after, leaderEpoch } : after)),
  },
  {
    name: "reply-before-commit",
    breaks: "The controller answers when it has decided, and does not wait until the decision is committed.",
    invariant: "ReplicationQuorumSuperset",
    scenario: LAGGING_FOLLOWER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(DeferredReplies.prototype, "add", () => (_offset, request, body) => {
        request.respond(body);
      }),
  },
  {
    name: "elr-keeps-unclean",
    breaks: "A broker that comes back after an unclean end is taken out of the ISRs, but stays in the ELRs.",
    invariant: "UncleanExclusion",
    scenario: LOSSY_ELR_MEMBER,
    seeds: SEEDS,
    patch: (patches) => patches.replace(PartitionIndex.prototype, "partitionsWithBrokerInElr", () => () => []),
  },
];

function leaderOnly(leader: BrokerId | undefined): { leader?: BrokerId } {
  return leader === undefined ? {} : { leader };
}

function membersOfBoth(a: readonly BrokerId[], b: readonly BrokerId[]): readonly BrokerId[] {
  return a.filter((id) => b.includes(id));
}
