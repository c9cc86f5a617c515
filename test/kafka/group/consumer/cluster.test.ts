/** KIP-848 groups on real brokers: what a member is told is on the brokers that have to have it, and the next coordinator goes on from there. */
import { expect, test } from "vitest";
import { ms, seconds } from "../../../../src/base/units.ts";
import type { BrokerId } from "../../../../src/kafka/ids.ts";
import type { ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse } from "../../../../src/kafka/messages/groups.ts";
import { ClusterWorld } from "../cluster-world.ts";

const JOIN = { memberEpoch: 0, rebalanceTimeoutMs: 60_000, subscribedTopicNames: ["orders"], topicPartitions: [] };

class HeartbeatWorld extends ClusterWorld {
  at: BrokerId = -1;

  request(memberId: string, said: Partial<ConsumerGroupHeartbeatRequest>): ConsumerGroupHeartbeatRequest {
    return {
      groupId: "billing",
      memberId,
      memberEpoch: 0,
      instanceId: null,
      rackId: null,
      rebalanceTimeoutMs: -1,
      subscribedTopicNames: null,
      serverAssignor: null,
      topicPartitions: null,
      ...said,
    };
  }

  heartbeat(memberId: string, said: Partial<ConsumerGroupHeartbeatRequest>): ConsumerGroupHeartbeatResponse | undefined {
    return this.ask(this.at, "ConsumerGroupHeartbeat", this.request(memberId, said));
  }
}

function begin(): HeartbeatWorld {
  const c = new HeartbeatWorld({ config: { "group.coordinator.rebalance.protocols": "classic,consumer" } });
  c.createTopic("orders", 4);
  c.at = c.coordinator();
  // The followers of its partition have begun to fetch.
  c.runFor(seconds(1));
  return c;
}

function numbersOf(answer: ConsumerGroupHeartbeatResponse | undefined): readonly number[] | undefined {
  return answer?.assignment?.topicPartitions.flatMap(({ partitions }) => partitions);
}

test("the next coordinator reads the group from the log: epochs, assignments, who has yet to give up what", () => {
  const c = begin();
  const first = c.heartbeat("a", JOIN);
  expect(numbersOf(first)).toEqual([0, 1, 2, 3]);
  const [topic] = first?.assignment?.topicPartitions ?? [];
  c.heartbeat("b", JOIN);
  expect(numbersOf(c.heartbeat("a", { memberEpoch: 1 }))).toEqual([0, 1]);
  c.crash(c.at);
  c.at = c.nextLeader();
  c.runFor(seconds(1));
  // What it has not given up is nobody else's, whoever coordinates.
  expect(c.heartbeat("b", { memberEpoch: 2 })).toMatchObject({ errorCode: "NONE", memberEpoch: 2, assignment: null });
  const owned = { memberEpoch: 1, topicPartitions: [{ topicId: topic?.topicId ?? "", partitions: [0, 1] }] };
  expect(c.heartbeat("a", owned)).toMatchObject({ errorCode: "NONE", memberEpoch: 2 });
  expect(numbersOf(c.heartbeat("b", { memberEpoch: 2 }))).toEqual([2, 3]);
  expect(c.of("GroupStateChanged").map(({ from, to, broker }) => `${from}>${to}${broker === c.at ? " here" : ""}`)).toEqual([
    "Empty>Stable",
    "Stable>Reconciling",
    "Reconciling>Reconciling here",
    "Reconciling>Stable here",
  ]);
});

test("a member hears of its epoch when the followers have it, not before", () => {
  const c = begin();
  c.heartbeat("a", JOIN);
  c.cutReplication(c.at);
  const sent = c.send(c.at, "ConsumerGroupHeartbeat", c.request("b", JOIN));
  c.runFor(ms(500));
  expect(c.answer("ConsumerGroupHeartbeat", sent)).toBeUndefined();
  c.healReplication(c.at);
  c.runFor(seconds(2));
  expect(c.answer("ConsumerGroupHeartbeat", sent)).toMatchObject({ errorCode: "NONE", memberEpoch: 2 });
});

test("commits and fetches of offsets go by the member epoch", () => {
  const c = begin();
  c.heartbeat("a", JOIN);
  expect(c.commit(c.at, { offset: 7, member: "a", generation: 1 })).toBe("NONE");
  expect(c.commit(c.at, { offset: 8, member: "a", generation: 2 })).toBe("STALE_MEMBER_EPOCH");
  expect(c.commit(c.at, { offset: 8, member: "b", generation: 1 })).toBe("UNKNOWN_MEMBER_ID");
  expect(c.fetch(c.at)).toBe(7);
});

test("a topic that is made reaches the groups that wait for it, by the broker's own metadata", () => {
  const c = begin();
  c.heartbeat("a", { ...JOIN, subscribedTopicNames: ["orders", "refunds"] });
  c.createTopic("refunds", 2);
  expect(numbersOf(c.heartbeat("a", { memberEpoch: 1 }))?.toSorted()).toEqual([0, 0, 1, 1, 2, 3]);
});
