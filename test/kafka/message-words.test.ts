/** Messages in a few words. */
import { describe, expect, test } from "vitest";
import { messageWords } from "../../src/kafka/message-words.ts";
import { API_NAMES, type ApiName, type RequestOf, type ResponseOf } from "../../src/kafka/messages/apis.ts";
import { RESPONSE_KINDS, RequestFrame, ResponseFrame } from "../../src/kafka/messages/frame.ts";
import { unstampedBatch } from "../../src/kafka/records.ts";
import { ZkRequestFrame, ZkResponseFrame, ZkWatchEventFrame } from "../../src/kafka/zookeeper/client-protocol.ts";
import { Simulation } from "../../src/scenario/simulation/simulation.ts";
import type { Message } from "../../src/sim/host.ts";
import { bundledSide } from "../walk/walks.ts";

const ORDERS = { topic: "orders", partition: 0 };

function request<A extends ApiName>(api: A, body: unknown): RequestFrame<A> {
  return new RequestFrame(api, 1, body as RequestOf<A>, 0);
}

function response<A extends ApiName>(api: A, body: unknown): ResponseFrame<A> {
  return new ResponseFrame(RESPONSE_KINDS[api], 1, body as ResponseOf<A>, 0);
}

function words(message: Message): string {
  const { name, says } = messageWords(message, ORDERS);
  return `${name} ${says}`.trim();
}

const record = { key: null, value: null, timestamp: 1, origin: { client: "checkout", sequence: 0 } };
const batch = unstampedBatch([record, record]).stamped(111, 3);

function fetched(partition: object) {
  return {
    errorCode: "NONE",
    responses: [
      { topic: "orders", partitions: [{ partitionIndex: 0, errorCode: "NONE", highWatermark: 110, records: [], ...partition }] },
    ],
  };
}

describe("a fetch", () => {
  test("says from where", () => {
    const partitions = [
      { partition: 1, fetchOffset: 7 },
      { partition: 0, fetchOffset: 111 },
    ];
    expect(words(request("Fetch", { topics: [{ topic: "orders", partitions }] }))).toBe("Fetch @111 +1");
  });

  test("says of which partition, where it is not the one that is asked about", () => {
    const message = request("Fetch", { topics: [{ topic: "orders", partitions: [{ partition: 1, fetchOffset: 7 }] }] });
    expect(messageWords(message, ORDERS)).toMatchObject({ says: "orders-1 @7", concerns: false });
    expect(messageWords(message, { topic: "orders", partition: 1 })).toMatchObject({ says: "@7", concerns: true });
  });

  test("within a session names only what has changed (KIP-227)", () => {
    expect(words(request("Fetch", { sessionId: 3, sessionEpoch: 12, topics: [] }))).toBe("Fetch from where it was");
  });

  test("of the metadata log is routine", () => {
    const message = request("Fetch", {
      topics: [{ topic: "__cluster_metadata", partitions: [{ partition: 0, fetchOffset: 57 }] }],
    });
    expect(messageWords(message, ORDERS)).toMatchObject({ says: "metadata @57", isRoutine: true, concerns: false });
  });

  test.for([
    [{ records: [batch] }, "Fetch ok 111..112 HW 110"],
    [{}, "Fetch ok HW 110"],
    [{ errorCode: "FENCED_LEADER_EPOCH" }, "Fetch FENCED_LEADER_EPOCH"],
    [{ divergingEpoch: { epoch: 2, endOffset: 104 } }, "Fetch ok, but epoch 2 ends at 104"],
    [{ preferredReadReplica: 3 }, "Fetch ok, read from broker 3"],
  ] as const)("is answered by %o", ([partition, text]) => {
    expect(words(response("Fetch", fetched(partition)))).toBe(text);
  });

  test("is answered as a whole", () => {
    expect(words(response("Fetch", { errorCode: "FETCH_SESSION_ID_NOT_FOUND", responses: [] }))).toBe(
      "Fetch FETCH_SESSION_ID_NOT_FOUND",
    );
    expect(words(response("Fetch", { errorCode: "NONE", responses: [] }))).toBe("Fetch ok, nothing new");
  });
});

describe("others", () => {
  const isr = (...members: number[]) => members.map((brokerId) => ({ brokerId, brokerEpoch: 1 }));
  test.for<[Message, string]>([
    [
      request("Produce", { acks: -1, topicData: [{ name: "orders", partitionData: [{ index: 0, records: batch }] }] }),
      "Produce 2 records acks=all",
    ],
    [
      response("Produce", {
        responses: [{ name: "orders", partitionResponses: [{ index: 0, errorCode: "NONE", baseOffset: 118 }] }],
      }),
      "Produce ok @118",
    ],
    [
      response("Produce", {
        responses: [{ name: "orders", partitionResponses: [{ index: 0, errorCode: "NOT_ENOUGH_REPLICAS", baseOffset: -1 }] }],
      }),
      "Produce NOT_ENOUGH_REPLICAS",
    ],
    [
      request("AlterPartition", {
        topics: [{ topic: "orders", partitions: [{ partitionIndex: 0, leaderEpoch: 2, newIsrWithEpochs: isr(1) }] }],
      }),
      "AlterPartition ISR 1, epoch 2",
    ],
    [
      request("BrokerHeartbeat", { brokerId: 2, currentMetadataOffset: 57, wantFence: false, wantShutDown: true }),
      "BrokerHeartbeat broker 2 @57, to shut down",
    ],
    [
      request("Vote", { preVote: true, replicaId: 2, replicaEpoch: 5, lastOffset: 118, lastOffsetEpoch: 4 }),
      "Vote would you vote for 2, epoch 5, log end 118 of epoch 4",
    ],
    [response("Vote", { errorCode: "NONE", voteGranted: false, leaderId: 3, leaderEpoch: 6 }), "Vote refused: 3 leads, epoch 6"],
    [request("JoinGroup", { groupId: "billing", memberId: "" }), "JoinGroup billing, as a new member"],
    [request("ConsumerGroupHeartbeat", { groupId: "billing", memberEpoch: -1 }), "ConsumerGroupHeartbeat billing leaves"],
    [
      new ZkRequestFrame(4, { op: "setData", path: "/controller_epoch", data: 2, version: 1 }),
      "ZkSetData /controller_epoch if at version 1",
    ],
    [new ZkResponseFrame("setData", 4, { error: "BADVERSION", zxid: 7 }), "ZkSetData BADVERSION"],
    [new ZkWatchEventFrame({ type: "NodeDeleted", path: "/controller" }), "ZkWatchEvent NodeDeleted /controller"],
  ])("$1", ([message, text]) => {
    expect(words(message)).toBe(text);
  });

  test("a write of a partition's state to ZooKeeper is about that partition", () => {
    const write = new ZkRequestFrame(4, {
      op: "setData",
      path: "/brokers/topics/orders/partitions/0/state",
      data: null,
      version: 1,
    });
    expect(messageWords(write, ORDERS).concerns).toBe(true);
    expect(messageWords(write, { topic: "orders", partition: 1 }).concerns).toBe(false);
  });
});

describe("in real runs", () => {
  const runs = [
    "museum/replication/kip-966-last-replica-standing",
    "museum/replication/kip-903-stale-alterpartition-readmits-wiped-broker",
    "museum/zookeeper/zk-split-brain-controller-epoch",
    "groups/rolling-deploy",
    "nemesis/groups-of-kip-848",
  ];

  test("every message has words, in one line and without a gap", () => {
    const seen = new Set<string>();
    for (const name of runs) {
      const simulation = new Simulation({ scenario: bundledSide(name).scenario, seed: "1", nameDeliveries: true });
      for (let step = 0; step < 30_000 && simulation.step(); step++) {
        if (step % 29 !== 0) continue;
        for (const { message } of simulation.world.messagesUnderWay()) {
          const { name: api, says } = messageWords(message, ORDERS);
          seen.add(message.kind);
          expect(api, message.kind).not.toMatch(/Response$/);
          expect(says, message.kind).not.toMatch(/undefined|NaN|\[object|\n|^ | $| {2}/);
        }
      }
    }
    // Enough of them to be a test.
    expect(API_NAMES.filter((api) => seen.has(api) && seen.has(RESPONSE_KINDS[api])).length).toBeGreaterThan(15);
  });
});
