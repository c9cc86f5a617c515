import { expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import type { BrokerId } from "../../../src/kafka/ids.ts";
import type { ApiName, RequestOf, ResponseOf } from "../../../src/kafka/messages/apis.ts";
import { TOPIC } from "../zk-broker/broker-world.ts";
import { ServerWorld } from "../zk-broker/server-world.ts";

const OFFSETS = "__consumer_offsets";

function begin(): ServerWorld {
  const config = {
    "offsets.topic.num.partitions": 4,
    "group.coordinator.rebalance.protocols": "classic",
  };
  return new ServerWorld({ config }).startAll().createTopic();
}

function ask<A extends ApiName>(w: ServerWorld, to: BrokerId, api: A, body: RequestOf<A>): ResponseOf<A> | undefined {
  const sent = w.send(to, api, body);
  w.runFor(ms(500));
  return w.answer(api, sent);
}

function find(w: ServerWorld, at: BrokerId): ResponseOf<"FindCoordinator"> | undefined {
  return ask(w, at, "FindCoordinator", { key: "billing", keyType: "group" });
}

function commit(w: ServerWorld, to: BrokerId, committedOffset: number): string | undefined {
  const partitions = [{ partitionIndex: 0, committedOffset, committedLeaderEpoch: 0, committedMetadata: "" }];
  const topics = [{ name: TOPIC, partitions }];
  const member = { generationIdOrMemberEpoch: -1, memberId: "", groupInstanceId: null };
  return ask(w, to, "OffsetCommit", { groupId: "billing", ...member, topics })?.topics[0]?.partitions[0]?.errorCode;
}

function fetch(w: ServerWorld, from: BrokerId): number | string | undefined {
  const topics = [{ name: TOPIC, partitionIndexes: [0] }];
  const answer = ask(w, from, "OffsetFetch", {
    groupId: "billing",
    memberId: null,
    memberEpoch: -1,
    topics,
    requireStable: true,
  });
  return answer?.errorCode === "NONE" ? answer.topics[0]?.partitions[0]?.committedOffset : answer?.errorCode;
}

test("the broker that is asked for a coordinator writes the topic to the store itself, though it is not the controller", () => {
  const w = begin();
  const asked = w.brokerIds.find((id) => id !== w.controllerId) as BrokerId;
  expect(find(w, asked)?.errorCode).toBe("COORDINATOR_NOT_AVAILABLE");
  w.runFor(seconds(2));
  const found = find(w, asked);
  expect(found?.errorCode).toBe("NONE");
  expect(w.tree.get(`/config/topics/${OFFSETS}`)?.data).toMatchObject({ "cleanup.policy": "compact" });
  expect(commit(w, found?.nodeId as BrokerId, 17)).toBe("NONE");
  expect(fetch(w, found?.nodeId as BrokerId)).toBe(17);
});

test("a coordinator that loses the partition by LeaderAndIsr resigns, and the next one knows what was committed", () => {
  const w = begin();
  find(w, 1);
  w.runFor(seconds(2));
  const first = find(w, 1)?.nodeId as BrokerId;
  expect(commit(w, first, 17)).toBe("NONE");
  w.world.requestShutdown(`broker-${first}`);
  w.runFor(seconds(5));
  const alive = w.brokerIds.find((id) => id !== first) as BrokerId;
  const second = find(w, alive)?.nodeId as BrokerId;
  expect(second).not.toBe(first);
  expect(fetch(w, second)).toBe(17);
  expect(w.of("CoordinatorUnloaded").some(({ broker }) => broker === first)).toBe(true);
});

test("offsets of a topic that is deleted are forgotten", () => {
  const w = begin();
  find(w, 1);
  w.runFor(seconds(2));
  const coordinator = find(w, 1)?.nodeId as BrokerId;
  expect(commit(w, coordinator, 17)).toBe("NONE");
  ask(w, w.controllerId as BrokerId, "DeleteTopics", { topicNames: [TOPIC], timeoutMs: 5_000 });
  w.runFor(seconds(5));
  expect(fetch(w, coordinator)).toBe(-1);
  expect(w.of("GroupOffsetRemoved")).toMatchObject([
    { group: "billing", topic: TOPIC, partition: 0, offset: 17, reason: "topic-deleted", state: "Empty", broker: coordinator },
  ]);
});

test("a leader that is told of a new epoch, and stays, goes on coordinating in it without reading again", () => {
  const w = begin();
  find(w, 1);
  w.runFor(seconds(2));
  const coordinator = find(w, 1)?.nodeId as BrokerId;
  expect(commit(w, coordinator, 17)).toBe("NONE");
  // That a follower is about to go the leader is told in a new epoch.
  const follower = w.brokerIds.find((id) => id !== coordinator) as BrokerId;
  w.world.requestShutdown(`broker-${follower}`);
  w.runFor(seconds(5));
  const own = w.of("RecordsAppended").filter(({ topic, role }) => topic === OFFSETS && role === "leader");
  const partition = own[0]?.partition ?? -1;
  const isOurs = (event: { readonly broker: BrokerId; readonly partition: number }): boolean =>
    event.broker === coordinator && event.partition === partition;
  expect(w.of("BecameLeader").filter((event) => event.topic === OFFSETS && isOurs(event)).length).toBeGreaterThan(1);
  expect(commit(w, coordinator, 18)).toBe("NONE");
  expect(fetch(w, coordinator)).toBe(18);
  expect(w.of("CoordinatorLoaded").filter(isOurs)).toHaveLength(1);
  const written = w.of("RecordsAppended").filter((event) => event.topic === OFFSETS && event.role === "leader" && isOurs(event));
  const origins = written.map(({ batch }) => batch.records[0]?.origin);
  expect(origins.map((origin) => origin?.sequence)).toEqual([0, 0]);
  expect(new Set(origins.map((origin) => origin?.client)).size).toBe(2);
});
