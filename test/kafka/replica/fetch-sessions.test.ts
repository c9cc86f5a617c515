/** KIP-227 (replication 4.3): what a session's requests and answers leave out, and that nothing is different because of it. */
import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import type { RequestOf, ResponseOf } from "../../../src/kafka/messages/apis.ts";
import type { FetchPartition } from "../../../src/kafka/messages/fetch.ts";
import { RequestFrame, ResponseFrame } from "../../../src/kafka/messages/frame.ts";
import { FetchedPartition } from "../../../src/kafka/replica/fetch-session.ts";
import { loadScenario } from "../../../src/scenario/loader.ts";
import { Simulation } from "../../../src/scenario/simulation/simulation.ts";
import { ReplicaWorld, TOPIC, TOPIC_ID } from "./replica-world.ts";

interface SessionFetch {
  readonly as?: number;
  readonly sessionId?: number;
  readonly sessionEpoch?: number;
  /** Offset by partition. */
  readonly at?: Readonly<Record<number, number>>;
  readonly forget?: readonly number[];
  readonly epoch?: number;
  readonly maxWaitMs?: number;
}

/** Fetches from broker 1, by hand, and returns the answer. */
function fetch(c: ReplicaWorld, options: SessionFetch): ResponseOf<"Fetch"> {
  const { as = 2, sessionId = 0, sessionEpoch = -1, at = {}, forget = [], epoch = 0, maxWaitMs = 0 } = options;
  const partitions = Object.entries(at).map(
    ([partition, fetchOffset]): FetchPartition => ({
      partition: Number(partition),
      currentLeaderEpoch: epoch,
      fetchOffset,
      lastFetchedEpoch: -1,
      logStartOffset: 0,
      partitionMaxBytes: 1_000_000,
    }),
  );
  const sent = c.send(1, "Fetch", {
    replicaState: { replicaId: as, replicaEpoch: -1 },
    clusterId: "test",
    maxWaitMs,
    minBytes: 1,
    maxBytes: 10_000_000,
    sessionId,
    sessionEpoch,
    topics: partitions.length === 0 ? [] : [{ topicId: TOPIC_ID, topic: TOPIC, partitions }],
    forgottenTopicsData: forget.length === 0 ? [] : [{ topicId: TOPIC_ID, topic: TOPIC, partitions: forget }],
  });
  c.runFor(ms(maxWaitMs + 5));
  const answer = c.answer("Fetch", sent);
  if (answer === undefined) throw new Error("not answered");
  return answer;
}

/** `0: 2 records, HW 1` of each partition that the answer tells of. */
function told(answer: ResponseOf<"Fetch">): string[] {
  return answer.responses.flatMap(({ partitions }) =>
    partitions.map(({ partitionIndex, errorCode, records, highWatermark }) =>
      errorCode === "NONE"
        ? `${partitionIndex}: ${records.length} records, HW ${highWatermark}`
        : `${partitionIndex}: ${errorCode}`,
    ),
  );
}

/** One leader with three partitions, whose only follower is the test. */
function leader(): ReplicaWorld {
  const c = new ReplicaWorld({ brokers: 2, partitions: 3 });
  c.world.crash("broker-2");
  return c;
}

describe("a leader", () => {
  test("answers a full fetch with all that was asked for, and gives it a session", () => {
    const answer = fetch(leader(), { sessionEpoch: 0, at: { 0: 0, 1: 0, 2: 0 } });
    expect(told(answer)).toEqual(["0: 0 records, HW 0", "1: 0 records, HW 0", "2: 0 records, HW 0"]);
    expect(answer.sessionId).toBeGreaterThan(0);
  });

  test("answers within a session only with records, and offsets that the fetcher does not know", () => {
    const c = leader();
    const { sessionId } = fetch(c, { sessionEpoch: 0, at: { 0: 0, 1: 0, 2: 0 } }) as { sessionId: number };
    expect(told(fetch(c, { sessionId, sessionEpoch: 1 }))).toEqual([]);
    c.produce(1, { partition: 1, acks: 1 });
    expect(told(fetch(c, { sessionId, sessionEpoch: 2 }))).toEqual(["1: 1 records, HW 0"]);
    // The fetch itself commits the record; that is told with the next answer, once.
    expect(told(fetch(c, { sessionId, sessionEpoch: 3, at: { 1: 1 } }))).toEqual([]);
    expect(c.offsets(1, 1).hw).toBe(1);
    expect(told(fetch(c, { sessionId, sessionEpoch: 4 }))).toEqual(["1: 0 records, HW 1"]);
    expect(told(fetch(c, { sessionId, sessionEpoch: 5 }))).toEqual([]);
  });

  test("answers a fetch that waits within a session as soon as there are records", () => {
    const c = new ReplicaWorld({ brokers: 2, partitions: 3 });
    c.runFor(seconds(2));
    c.produce(1, { partition: 2, acks: 1 });
    // The request, the answer to the fetch that waits.
    c.runFor(ms(1));
    expect(c.partition(2, 2).replica.log.logEndOffset).toBe(1);
  });

  test("serves the partitions of a session in the order in which they came into it", () => {
    const c = leader();
    const { sessionId } = fetch(c, { sessionEpoch: 0, at: { 0: 0, 1: 0, 2: 0 } }) as { sessionId: number };
    fetch(c, { sessionId, sessionEpoch: 1 });
    for (const partition of [2, 0, 1]) c.produce(1, { partition, acks: 1 });
    const answer = fetch(c, { sessionId, sessionEpoch: 2 });
    expect(told(answer)).toEqual(["0: 1 records, HW 0", "1: 1 records, HW 0", "2: 1 records, HW 0"]);
  });

  test("forgets what the fetcher no longer wants, and the session with the last of it", () => {
    const c = leader();
    const { sessionId } = fetch(c, { sessionEpoch: 0, at: { 0: 0, 1: 0 } }) as { sessionId: number };
    fetch(c, { sessionId, sessionEpoch: 1, forget: [0] });
    c.produce(1, { partition: 0, acks: 1 });
    expect(told(fetch(c, { sessionId, sessionEpoch: 2 }))).toEqual([]);
    expect(fetch(c, { sessionId, sessionEpoch: 3, forget: [1] }).sessionId).toBe(0);
    expect(fetch(c, { sessionId, sessionEpoch: 4 }).errorCode).toBe("FETCH_SESSION_ID_NOT_FOUND");
  });

  test("refuses a request that does not come next, and one of a session that it does not know", () => {
    const c = leader();
    const { sessionId } = fetch(c, { sessionEpoch: 0, at: { 0: 0 } }) as { sessionId: number };
    expect(fetch(c, { sessionId, sessionEpoch: 2 }).errorCode).toBe("INVALID_FETCH_SESSION_EPOCH");
    expect(fetch(c, { sessionId: sessionId + 1, sessionEpoch: 1 }).errorCode).toBe("FETCH_SESSION_ID_NOT_FOUND");
    expect(fetch(c, { sessionId, sessionEpoch: 1 }).errorCode).toBe("NONE");
  });

  test("keeps the newest session of a follower: who begins anew has lost the one before", () => {
    const c = leader();
    const { sessionId } = fetch(c, { sessionEpoch: 0, at: { 0: 0 } }) as { sessionId: number };
    const second = fetch(c, { sessionId, sessionEpoch: 0, at: { 0: 0 } });
    expect(fetch(c, { sessionId, sessionEpoch: 1 }).errorCode).toBe("FETCH_SESSION_ID_NOT_FOUND");
    expect(fetch(c, { sessionId: second.sessionId as number, sessionEpoch: 1 }).errorCode).toBe("NONE");
  });

  test("tells of an error every time, and of the offsets again when it is over", () => {
    const c = leader();
    const { sessionId } = fetch(c, { sessionEpoch: 0, at: { 0: 0, 1: 0 } }) as { sessionId: number };
    expect(told(fetch(c, { sessionId, sessionEpoch: 1, at: { 0: 7 } }))).toEqual(["0: OFFSET_OUT_OF_RANGE"]);
    expect(told(fetch(c, { sessionId, sessionEpoch: 2 }))).toEqual(["0: OFFSET_OUT_OF_RANGE"]);
    expect(told(fetch(c, { sessionId, sessionEpoch: 3, at: { 0: 0 } }))).toEqual(["0: 0 records, HW 0"]);
  });

  test("that has lost the lead says so within the session, though nothing was asked about the partition", () => {
    const c = leader();
    const { sessionId } = fetch(c, { sessionEpoch: 0, at: { 0: 0, 1: 0 } }) as { sessionId: number };
    fetch(c, { sessionId, sessionEpoch: 1 });
    c.change({ leader: 2 });
    c.tell(1);
    expect(told(fetch(c, { sessionId, sessionEpoch: 2 }))).toEqual(["0: FENCED_LEADER_EPOCH"]);
  });

  test("gives a consumer a session of its own, in which it is told of what has become committed", () => {
    const c = leader();
    const follower = fetch(c, { sessionEpoch: 0, at: { 0: 0 } }).sessionId as number;
    const sessionId = fetch(c, { as: -1, sessionEpoch: 0, at: { 0: 0, 1: 0 }, epoch: -1 }).sessionId as number;
    expect(sessionId).not.toBe(follower);
    expect(told(fetch(c, { as: -1, sessionId, sessionEpoch: 1 }))).toEqual([]);
    c.produce(1, { acks: 1 });
    // Not committed before the follower has it.
    expect(told(fetch(c, { as: -1, sessionId, sessionEpoch: 2 }))).toEqual([]);
    fetch(c, { sessionId: follower, sessionEpoch: 1, at: { 0: 1 } });
    expect(told(fetch(c, { as: -1, sessionId, sessionEpoch: 3 }))).toEqual(["0: 1 records, HW 1"]);
  });

  test("answers a fetch outside of any session with all that was asked for", () => {
    const c = leader();
    const answer = fetch(c, { as: -1, at: { 0: 0, 1: 0 }, epoch: -1 });
    expect(answer.sessionId).toBe(0);
    expect(told(answer)).toEqual(["0: 0 records, HW 0", "1: 0 records, HW 0"]);
  });

  test("takes a follower for caught up as of the session's last fetch, though that named nothing (3.3)", () => {
    const c = new ReplicaWorld({ brokers: 2, config: { "replica.lag.time.max.ms": 10_000 } });
    c.produce(1);
    c.settle();
    c.runFor(seconds(30));
    const follower = c.partition(1).leading?.follower(2);
    expect(follower?.isAtRest).toBe(true);
    expect(c.world.time - (follower?.lastCaughtUpTime ?? 0)).toBeLessThan(ms(502));
    // It dies, and has the full time from that fetch on: it leaves between one and one and a half times of it later (3.5).
    c.world.crash("broker-2");
    const died = c.world.time;
    c.produce(1, { acks: 1 });
    c.runUntil(() => c.asked.length > 0);
    expect(c.world.time - died).toBeGreaterThan(seconds(9.4));
    expect(c.world.time - died).toBeLessThan(seconds(15.1));
  });
});

describe("a follower", () => {
  /** What broker 2 has asked broker 1 for, by `partition@offset`, since `from`. */
  function askedFor(c: ReplicaWorld, from = 0): string[][] {
    return requests(c, from).map(({ topics }) =>
      topics.flatMap(({ partitions }) => partitions.map(({ partition, fetchOffset }) => `${partition}@${fetchOffset}`)),
    );
  }

  function requests(c: ReplicaWorld, from = 0): RequestOf<"Fetch">[] {
    return c.world.trace
      .steps()
      .filter(({ timeUs, node, delivery }) => timeUs >= from && node === "broker-1" && delivery?.from === "broker-2")
      .flatMap(({ message }) => (message instanceof RequestFrame && message.kind === "Fetch" ? [message.body] : []));
  }

  test("names everything once, and from then on what has moved", () => {
    const c = new ReplicaWorld({ brokers: 2, partitions: 3, traceLevel: "full" });
    c.runFor(seconds(2));
    c.produce(1, { partition: 1, acks: 1 });
    c.runFor(ms(100));
    const [first, ...others] = askedFor(c);
    expect(first).toEqual(["0@0", "1@0", "2@0"]);
    expect(others.flat()).toEqual(["1@1"]);
    expect(requests(c).map(({ sessionEpoch }) => sessionEpoch)).toEqual(others.map((_, i) => i).concat(others.length));
  });

  test("begins a new session with a leader that was started again", () => {
    const c = new ReplicaWorld({ brokers: 2, partitions: 2, traceLevel: "full" });
    c.runFor(seconds(2));
    c.world.crash("broker-1");
    c.runFor(seconds(2));
    const back = c.world.time;
    c.restart(1);
    c.tell(1);
    c.runFor(seconds(5));
    expect(askedFor(c, back).find((asked) => asked.length > 0)).toEqual(["0@0", "1@0"]);
    c.produce(1, { partition: 1 });
    c.settle();
    expect(c.partition(2, 1).replica.log.logEndOffset).toBe(1);
  });

  test("takes a partition out of the session while it rests after an error, and puts it back", () => {
    const c = new ReplicaWorld({ brokers: 2, partitions: 2, traceLevel: "full" });
    c.runFor(seconds(2));
    // The follower hears of the new epoch first: its leader does not know it yet.
    c.change({ leader: 1 }, 1);
    const from = c.world.time;
    c.tell(2);
    c.runFor(ms(600));
    c.tell(1);
    c.runFor(seconds(3));
    const answers = c.world.trace
      .steps()
      .filter(({ timeUs, message }) => timeUs >= from && message instanceof ResponseFrame && message.kind === "FetchResponse")
      .flatMap(({ message }) => told((message as ResponseFrame<"Fetch">).body));
    expect(answers.filter((text) => text.endsWith("UNKNOWN_LEADER_EPOCH"))).toHaveLength(1);
    const forgotten = requests(c, from).flatMap(({ forgottenTopicsData = [] }) => forgottenTopicsData);
    expect(forgotten.flatMap(({ partitions }) => partitions)).toContain(1);
    c.produce(1, { partition: 1 });
    c.settle();
    expect(c.partition(2, 1).replica.log.logEndOffset).toBe(1);
  });
});

test.each([1, 2, 3])("whether a fetch looks at partitions at rest makes no difference to anything (seed %i)", (seed) => {
  const scenario = loadScenario(new URL("../../../scenarios/nemesis/random-faults.yaml", import.meta.url).pathname);
  const hashOf = (): string => {
    const simulation = new Simulation({ scenario, seed: String(seed) });
    simulation.run();
    return simulation.world.trace.hash();
  };
  const resting = hashOf();
  const { rest } = FetchedPartition.prototype;
  try {
    FetchedPartition.prototype.rest = () => {};
    expect(hashOf()).toBe(resting);
  } finally {
    FetchedPartition.prototype.rest = rest;
  }
});
