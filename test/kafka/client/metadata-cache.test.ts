import { expect, test } from "vitest";
import { MetadataCache } from "../../../src/kafka/client/metadata-cache.ts";
import type { ErrorCode } from "../../../src/kafka/errors.ts";
import type { MetadataResponse } from "../../../src/kafka/messages/metadata.ts";
import { newestRelease } from "../../../src/kafka/releases.ts";

const DIALS = newestRelease("kraft").dials;

/** Brokers 1 to 3 are up; the topic "orders" has the given leaders. */
function answer(
  leaders: { leader: number; epoch: number }[],
  options: { topicId?: string; error?: ErrorCode } = {},
): MetadataResponse {
  return {
    brokers: [3, 1, 2].map((id) => ({ nodeId: id, host: `broker-${id}`, rack: null })),
    controllerId: 1,
    topics: [
      {
        errorCode: options.error ?? "NONE",
        name: "orders",
        topicId: options.topicId ?? "id-1",
        partitions: leaders.map(({ leader, epoch }, partitionIndex) => ({
          errorCode: leader === -1 ? "LEADER_NOT_AVAILABLE" : "NONE",
          partitionIndex,
          leaderId: leader,
          leaderEpoch: epoch,
          replicaNodes: [1, 2, 3],
          isrNodes: [1],
          offlineReplicas: [],
        })),
      },
    ],
  };
}

test("an answer with an older leader epoch does not roll a partition back (KIP-320)", () => {
  const cache = new MetadataCache(DIALS);
  cache.update(answer([{ leader: 2, epoch: 5 }]));
  const outcome = cache.update(answer([{ leader: 1, epoch: 4 }]));
  expect(cache.leaderOf("orders", 0)).toEqual({ leaderId: 2, node: "broker-2", epoch: 5 });
  expect(outcome.progress).toBe(false);
});

test("with client.rejectOlderLeaderEpoch off it does: the client believes the broker that lags behind (KIP-232)", () => {
  const cache = new MetadataCache({ ...DIALS, "client.rejectOlderLeaderEpoch": false });
  cache.update(answer([{ leader: 2, epoch: 5 }]));
  cache.update(answer([{ leader: 1, epoch: 4 }]));
  expect(cache.leaderOf("orders", 0)).toEqual({ leaderId: 1, node: "broker-1", epoch: 4 });
  // Nor does it take a newer epoch in another answer for a sign that what it knows is out of date.
  expect(cache.sawEpoch("orders", 0, 6)).toBe(false);
  expect(cache.leaderOf("orders", 0).node).toBe("broker-1");
});

test("a changed topic id starts over: the topic was deleted and made anew", () => {
  const cache = new MetadataCache(DIALS);
  cache.update(answer([{ leader: 2, epoch: 5 }]));
  cache.update(answer([{ leader: 1, epoch: 0 }], { topicId: "id-2" }));
  expect(cache.leaderOf("orders", 0)).toMatchObject({ leaderId: 1, epoch: 0 });
});

test("a topic that an answer does not know loses its leaders, but not the epochs that were seen", () => {
  const cache = new MetadataCache(DIALS);
  cache.update(answer([{ leader: 2, epoch: 5 }]));
  expect(cache.update(answer([], { error: "UNKNOWN_TOPIC_OR_PARTITION" })).incomplete).toBe(true);
  expect(cache.partitionCount("orders")).toBe(0);
  cache.update(answer([{ leader: 1, epoch: 4 }]));
  expect(cache.leaderOf("orders", 0).node).toBeUndefined();
});

test("a partition without a leader is not available, and asks for another refresh", () => {
  const cache = new MetadataCache(DIALS);
  const answered = [0, 1, 2].map((partition) => ({ leader: partition === 1 ? -1 : 3, epoch: 1 }));
  expect(cache.update(answer(answered))).toEqual({ progress: true, incomplete: true });
  expect(cache.availablePartitions("orders")).toEqual([0, 2]);
  expect(cache.nodes()).toEqual(["broker-1", "broker-2", "broker-3"]);
});

test("a leader named by an error is used at once if it is newer, and ignored otherwise (KIP-951)", () => {
  const cache = new MetadataCache(DIALS);
  cache.update(answer([{ leader: 1, epoch: 5 }]));
  expect(cache.updateLeader("orders", 0, { leaderId: 3, leaderEpoch: 5 })).toBe(false);
  expect(cache.updateLeader("orders", 0, { leaderId: 9, leaderEpoch: 6 })).toBe(false);
  expect(cache.updateLeader("orders", 0, { leaderId: 3, leaderEpoch: 6 })).toBe(true);
  expect(cache.leaderOf("orders", 0)).toEqual({ leaderId: 3, node: "broker-3", epoch: 6 });
  // Metadata that lags behind the hint does not undo it.
  cache.update(answer([{ leader: 1, epoch: 5 }]));
  expect(cache.leaderOf("orders", 0).leaderId).toBe(3);
});

test("a newer epoch in any answer makes the known leader unknown until metadata has caught up", () => {
  const cache = new MetadataCache(DIALS);
  cache.update(answer([{ leader: 1, epoch: 5 }]));
  expect(cache.sawEpoch("orders", 0, 5)).toBe(false);
  expect(cache.sawEpoch("orders", 0, 6)).toBe(true);
  expect(cache.leaderOf("orders", 0)).toMatchObject({ node: undefined, epoch: 6 });
  expect(cache.availablePartitions("orders")).toEqual([]);
  cache.update(answer([{ leader: 2, epoch: 6 }]));
  expect(cache.leaderOf("orders", 0).node).toBe("broker-2");
});
