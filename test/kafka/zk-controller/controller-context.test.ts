/** What the controller knows, and what it finds by broker without looking at everything. Source: ControllerContext. */
import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import type { BrokerId, TopicPartition } from "../../../src/kafka/ids.ts";
import { ControllerContext, type Leadership } from "../../../src/kafka/zk-controller/controller-context.ts";
import { settledAssignment } from "../../../src/kafka/zk-controller/replica-assignment.ts";
import {
  canPartitionBecome,
  canReplicaBecome,
  type PartitionState,
  type ReplicaState,
} from "../../../src/kafka/zk-controller/states.ts";
import { forkOf } from "../../../src/sim/fork.ts";
import type { DomainEvent, Host } from "../../../src/sim/host.ts";

class Reporter {
  readonly events: DomainEvent[] = [];

  emit(event: DomainEvent): void {
    this.events.push(event);
  }
}

function context() {
  const reporter = new Reporter();
  return { reporter, known: new ControllerContext(reporter as unknown as Host, 1) };
}

function led(leader: BrokerId, leaderEpoch: number): Leadership {
  return {
    leader,
    leaderEpoch,
    isr: [leader],
    controllerEpoch: 1,
    leaderRecoveryState: "RECOVERED",
    partitionEpoch: leaderEpoch,
  };
}

const broker = fc.integer({ min: 1, max: 4 });
const partition = fc.record({ topic: fc.constantFrom("a", "b"), partition: fc.integer({ min: 0, max: 2 }) });
const action = fc.oneof(
  fc.record({ do: fc.constant("assign" as const), at: partition, replicas: fc.shuffledSubarray([1, 2, 3, 4], { minLength: 1 }) }),
  fc.record({ do: fc.constant("lead" as const), at: partition, leader: fc.oneof(broker, fc.constant(-1)) }),
  fc.record({
    do: fc.constant("state" as const),
    at: partition,
    state: fc.constantFrom("OnlinePartition", "OfflinePartition", "NewPartition") as fc.Arbitrary<PartitionState>,
  }),
  fc.record({ do: fc.constant("remove" as const), topic: fc.constantFrom("a", "b") }),
  fc.record({ do: fc.constant("queue" as const), topic: fc.constantFrom("a", "b") }),
  fc.record({ do: fc.constant("live" as const), brokers: fc.subarray([1, 2, 3, 4]) }),
  fc.record({ do: fc.constant("shut down" as const), broker }),
);

property.prop({ actions: fc.array(action, { maxLength: 40 }) })(
  "what is found by broker is what looking at every partition would find",
  ({ actions }) => {
    const { known } = context();
    for (const [i, each] of actions.entries()) {
      if (each.do === "assign") {
        known.addTopic(each.at.topic, "");
        known.setAssignment(each.at, settledAssignment(each.replicas));
      } else if (each.do === "remove") known.removeTopic(each.topic);
      else if (each.do === "queue") known.topicsToBeDeleted.add(each.topic);
      else if (each.do === "live")
        known.setLiveBrokers(each.brokers.map((id) => ({ id, host: `broker-${id}`, rack: null, epoch: i })));
      else if (each.do === "shut down") known.shuttingDownBrokers.add(each.broker);
      else if (known.hasPartition(each.at)) {
        if (each.do === "lead") known.setLeadership(each.at, led(each.leader, i));
        else known.setPartitionState(each.at, each.state);
      }
    }
    const all = known.allPartitions();
    const text = (partitions: readonly TopicPartition[]) => partitions.map(({ topic, partition: p }) => `${topic}-${p}`).sort();
    expect(all).toHaveLength(known.partitionCount);
    for (const id of [1, 2, 3, 4]) {
      expect(text(known.partitionsOnBroker(id))).toEqual(text(all.filter((p) => known.replicas(p).includes(id))));
      expect(text(known.partitionsLedBy(id))).toEqual(text(all.filter((p) => known.leadership(p)?.leader === id)));
    }
    const wanted = all.filter(({ topic }) => !known.topicsToBeDeleted.has(topic));
    const withLeaders = wanted.filter((p) => known.leadership(p) !== undefined);
    expect(text(known.partitionsWithLeaders())).toEqual(text(withLeaders));
    const offline = withLeaders.filter((p) => !known.isReplicaOnline(known.leadership(p)?.leader ?? -1, p));
    expect(text(known.partitionsWithOfflineLeader())).toEqual(text(offline));
    const notOnline = wanted.filter((p) => ["OfflinePartition", "NewPartition"].includes(known.partitionState(p)));
    expect(text(known.partitionsToBringOnline())).toEqual(text(notOnline));
  },
);

test("a changed leadership is told once, a topic that is forgotten as one without a leader", () => {
  const { known, reporter } = context();
  known.addTopic("a", "");
  known.setAssignment({ topic: "a", partition: 0 }, settledAssignment([1]));
  const first = led(1, 3);
  known.setLeadership({ topic: "a", partition: 0 }, first);
  known.setLeadership({ topic: "a", partition: 0 }, { ...first });
  known.setLeadership({ topic: "a", partition: 0 }, led(2, 4));
  known.removeTopic("a");
  expect(reporter.events).toMatchObject([
    { kind: "ControllerCacheUpdated", leader: 1, leaderEpoch: 3 },
    { leader: 2, leaderEpoch: 4 },
    { leader: -1, leaderEpoch: -1, partitionEpoch: -1 },
  ]);
});

test("a copy of the world goes on with a context of its own", () => {
  const { known } = context();
  known.addTopic("a", "");
  known.setAssignment({ topic: "a", partition: 0 }, settledAssignment([1, 2]));
  const copy = forkOf(known);
  copy.setAssignment({ topic: "a", partition: 0 }, settledAssignment([3]));
  expect(known.partitionsOnBroker(3)).toEqual([]);
  expect(known.partitionsOnBroker(1)).toHaveLength(1);
  expect(copy.partitionsOnBroker(1)).toEqual([]);
});

test("states follow each other as the state machines say (A5)", () => {
  const partitionStates: PartitionState[] = ["NonExistentPartition", "NewPartition", "OnlinePartition", "OfflinePartition"];
  const before = (target: PartitionState) => partitionStates.filter((current) => canPartitionBecome(target, current));
  expect(partitionStates.map(before)).toEqual([
    ["OfflinePartition"],
    ["NonExistentPartition"],
    ["NewPartition", "OnlinePartition", "OfflinePartition"],
    ["NewPartition", "OnlinePartition", "OfflinePartition"],
  ]);
  const replicaStates: ReplicaState[] = [
    "NonExistentReplica",
    "NewReplica",
    "OnlineReplica",
    "OfflineReplica",
    "ReplicaDeletionStarted",
    "ReplicaDeletionSuccessful",
    "ReplicaDeletionIneligible",
  ];
  const after = (current: ReplicaState) => replicaStates.filter((target) => canReplicaBecome(target, current));
  expect(after("NonExistentReplica")).toEqual(["NewReplica"]);
  expect(after("OfflineReplica")).toEqual([
    "OnlineReplica",
    "OfflineReplica",
    "ReplicaDeletionStarted",
    "ReplicaDeletionIneligible",
  ]);
  expect(after("ReplicaDeletionStarted")).toEqual(["ReplicaDeletionSuccessful", "ReplicaDeletionIneligible"]);
  expect(after("ReplicaDeletionIneligible")).toEqual(["OnlineReplica", "OfflineReplica"]);
  expect(after("ReplicaDeletionSuccessful")).toEqual(["NonExistentReplica"]);
});
