import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { ReplicaWorld } from "./replica-world.ts";

/** The proposals in the oldest request that the controller has not answered, as partition -> ISR. */
function proposed(c: ReplicaWorld): Record<number, readonly number[]> {
  const partitions = c.asked[0]?.body.topics.flatMap((topic) => topic.partitions) ?? [];
  return Object.fromEntries(
    partitions.map(({ partitionIndex, newIsrWithEpochs }) => [partitionIndex, newIsrWithEpochs.map(({ brokerId }) => brokerId)]),
  );
}

/** Leader 1, and follower 3 is cut off and has left the ISR. */
function withoutThree(options: ConstructorParameters<typeof ReplicaWorld>[0] = {}): ReplicaWorld {
  const c = new ReplicaWorld(options);
  c.isolate(3);
  c.produce(1, { acks: 1 });
  c.runUntil(() => c.asked.length > 0);
  c.grant();
  c.runFor(ms(10));
  c.tellAll();
  return c;
}

describe("shrinking (replication 3.5, 3.7)", () => {
  test("a dead follower leaves between one and one and a half times replica.lag.time.max.ms", () => {
    const c = new ReplicaWorld({ config: { "replica.lag.time.max.ms": 10_000 } });
    c.isolate(3);
    const cutAt = c.world.time;
    c.produce(1, { acks: 1 });
    c.runUntil(() => c.asked.length > 0);
    expect(c.world.time - cutAt).toBeGreaterThan(seconds(9));
    expect(c.world.time - cutAt).toBeLessThan(seconds(15.1));
    expect(proposed(c)).toEqual({ 0: [1, 2] });
  });

  test("on an idle partition a silent follower stays: it has all there is", () => {
    const c = new ReplicaWorld();
    c.isolate(3);
    c.runFor(seconds(300));
    expect(c.asked).toHaveLength(0);
    c.produce(1, { acks: 1 });
    c.runFor(seconds(16));
    expect(proposed(c)).toEqual({ 0: [1, 2] });
  });

  test("until the controller agrees the high watermark waits for the member that is to leave", () => {
    const c = new ReplicaWorld({ config: { "replica.lag.time.max.ms": 4_000 } });
    c.isolate(3);
    const sent = c.produce(1);
    c.runFor(seconds(20));
    expect(c.isr(1)).toEqual({ isr: [1, 2, 3], maximal: [1, 2, 3], state: "PendingShrink" });
    expect(c.offsets(1)).toEqual({ leo: 1, hw: 0 });
    c.grant();
    c.runFor(ms(10));
    expect(c.isr(1)).toEqual({ isr: [1, 2], maximal: [1, 2], state: "Committed" });
    expect(c.produced(sent)).toBe("at 0");
  });

  test("the proposal names the partition epoch, and each member's broker epoch as the leader last saw it (KIP-903)", () => {
    const c = new ReplicaWorld({ config: { "replica.lag.time.max.ms": 4_000 } });
    c.isolate(3);
    c.produce(1, { acks: 1 });
    c.runFor(seconds(20));
    expect(c.asked[0]?.body).toMatchObject({
      brokerId: 1,
      brokerEpoch: 0,
      topics: [
        {
          topic: "orders",
          partitions: [
            {
              leaderEpoch: 0,
              partitionEpoch: 0,
              leaderRecoveryState: "RECOVERED",
              newIsrWithEpochs: [
                { brokerId: 1, brokerEpoch: 0 },
                { brokerId: 2, brokerEpoch: 1 },
              ],
            },
          ],
        },
      ],
    });
  });

  test("a shrink to below min.insync.replicas stops the high watermark, also for what was already written", () => {
    const c = new ReplicaWorld({ config: { "replica.lag.time.max.ms": 4_000 }, topicConfig: { "min.insync.replicas": "2" } });
    c.isolate(1);
    const sent = c.produce(1, { timeoutMs: 20_000 });
    c.runFor(seconds(10));
    c.grant();
    c.runFor(seconds(15));
    expect(c.isr(1).isr).toEqual([1]);
    expect(c.offsets(1)).toEqual({ leo: 1, hw: 0 });
    expect(c.produced(sent)).toBe("REQUEST_TIMED_OUT");
  });

  test("before 3.7 it advanced, and the writer heard that there had not been enough replicas (KAFKA-15583)", () => {
    const c = new ReplicaWorld({
      config: { "replica.lag.time.max.ms": 4_000 },
      topicConfig: { "min.insync.replicas": "2" },
      dials: { "isr.hwRequiresMinIsr": false },
    });
    c.isolate(1);
    const sent = c.produce(1, { timeoutMs: 20_000 });
    c.runFor(seconds(10));
    c.grant();
    c.runFor(ms(10));
    expect(c.offsets(1)).toEqual({ leo: 1, hw: 1 });
    expect(c.produced(sent)).toBe("NOT_ENOUGH_REPLICAS_AFTER_APPEND");
  });
});

describe("expanding (replication 3.6, 3.7)", () => {
  test("a follower that has caught up is proposed, and waited for before the controller has agreed", () => {
    const c = withoutThree();
    c.rejoin(3);
    c.runUntil(() => c.asked.length > 0);
    expect(proposed(c)).toEqual({ 0: [1, 2, 3] });
    expect(c.isr(1)).toEqual({ isr: [1, 2], maximal: [1, 2, 3], state: "PendingExpand" });
    c.isolate(3);
    const sent = c.produce(1);
    c.runFor(seconds(25));
    // Nobody may leave either, while this is in flight.
    expect(c.produced(sent)).toBeUndefined();
    c.refuse("INELIGIBLE_REPLICA");
    c.runFor(ms(10));
    expect(c.isr(1)).toEqual({ isr: [1, 2], maximal: [1, 2], state: "Committed" });
  });

  test("with isr.hwUses=committed a record is acknowledged that a member of the committed ISR lacks (control of KIP-497)", () => {
    const run = (hwUses: "maximal" | "committed") => {
      const c = withoutThree({ config: { "replica.lag.time.max.ms": 4_000 }, dials: { "isr.hwUses": hwUses } });
      c.rejoin(3);
      c.runUntil(() => c.asked.length > 0);
      c.isolate(3);
      // Long enough that 3 no longer counts as about to rejoin.
      c.runFor(seconds(5));
      const sent = c.produce(1);
      c.runFor(seconds(5));
      return { acked: c.produced(sent), three: c.offsets(3).leo, proposal: proposed(c) };
    };
    expect(run("maximal")).toEqual({ acked: undefined, three: 1, proposal: { 0: [1, 2, 3] } });
    expect(run("committed")).toEqual({ acked: "at 1", three: 1, proposal: { 0: [1, 2, 3] } });
  });

  test("a fenced follower, or one in controlled shutdown, is not proposed (KIP-841)", () => {
    for (const [fields, rejects, expected] of [
      [{ fenced: true }, true, 0],
      [{ inControlledShutdown: true }, true, 0],
      [{ fenced: true }, false, 1],
    ] as const) {
      const c = withoutThree({ dials: { "isr.rejectIneligibleReplica": rejects } });
      c.commit({ type: "BrokerRegistrationChange", brokerId: 3, brokerEpoch: 2, ...fields });
      c.tell(1);
      c.rejoin(3);
      c.runFor(seconds(10));
      expect(c.asked).toHaveLength(expected);
    }
  });

  test("a fetch of a broker's former incarnation neither counts nor makes it a member (KIP-903)", () => {
    const c = withoutThree();
    c.commit(c.registration(3));
    c.tell(1);
    const stale = c.fetchAs(3, 1, 1, { brokerEpoch: 2 });
    c.runFor(ms(10));
    expect(c.fetched(stale)?.errorCode).toBe("NOT_LEADER_OR_FOLLOWER");
    expect(c.asked).toHaveLength(0);
    const epoch = c.partition(1).replica.context.metadata.broker(3)?.epoch ?? -1;
    c.fetchAs(3, 1, 1, { brokerEpoch: epoch });
    c.runFor(ms(10));
    expect(c.asked[0]?.body.topics[0]?.partitions[0]?.newIsrWithEpochs).toContainEqual({ brokerId: 3, brokerEpoch: epoch });
  });

  test("without isr.brokerEpochCheck the proposal names no broker epochs", () => {
    const c = withoutThree({ dials: { "isr.brokerEpochCheck": false } });
    c.rejoin(3);
    c.runUntil(() => c.asked.length > 0);
    const members = c.asked[0]?.body.topics[0]?.partitions[0]?.newIsrWithEpochs;
    expect(members?.map(({ brokerEpoch }) => brokerEpoch)).toEqual([-1, -1, -1]);
  });

  test("a new leader takes nobody in who lacks what may have been committed before its epoch (KAFKA-7128)", () => {
    for (const [requires, expected] of [
      [true, 0],
      [false, 1],
    ] as const) {
      const c = withoutThree({ dials: { "isr.expandRequiresEpochStart": requires } });
      // 2 has five more records of which it does not know that they are committed; 3 is at the high watermark that 2 knows.
      c.settle();
      const known = c.offsets(2).hw;
      c.produce(1, { count: 5, acks: 1 });
      c.runUntil(() => c.offsets(2).leo === known + 5);
      c.world.crash("broker-1");
      expect(c.offsets(2).hw).toBe(known);
      c.change({ leader: 2, isr: [1, 2] });
      c.tell(2);
      c.fetchAs(3, 2, known, { epoch: 1 });
      c.runFor(ms(10));
      expect(c.asked).toHaveLength(expected);
    }
  });
});

describe("the controller's answers (replication 3.7)", () => {
  /** 1 has proposed to take 3 in. */
  function proposing(options: ConstructorParameters<typeof ReplicaWorld>[0] = {}): ReplicaWorld {
    const c = withoutThree(options);
    c.rejoin(3);
    c.runUntil(() => c.asked.length > 0);
    return c;
  }

  test.each(["OPERATION_NOT_ATTEMPTED", "INELIGIBLE_REPLICA"] as const)(
    "%s: nothing was changed, so back to what is committed",
    (error) => {
      const c = proposing();
      c.isolate(3);
      c.refuse(error);
      c.runFor(ms(10));
      expect(c.isr(1)).toEqual({ isr: [1, 2], maximal: [1, 2], state: "Committed" });
    },
  );

  test.each([
    "INVALID_UPDATE_VERSION",
    "FENCED_LEADER_EPOCH",
    "UNKNOWN_TOPIC_ID",
    "NEW_LEADER_ELECTED",
    "INVALID_REQUEST",
  ] as const)("%s: the stricter pending state stands until the metadata tells more", (error) => {
    const c = proposing();
    c.refuse(error);
    c.runFor(seconds(100));
    expect(c.isr(1)).toMatchObject({ maximal: [1, 2, 3], state: "PendingExpand" });
    expect(c.asked).toHaveLength(0);
    c.change({ isr: [1, 2] });
    c.tell(1);
    expect(c.isr(1)).toMatchObject({ maximal: [1, 2], state: "Committed" });
  });

  test("an error of no known meaning: the same proposal again", () => {
    const c = proposing();
    const first = c.asked[0]?.body;
    c.refuse("UNKNOWN_SERVER_ERROR");
    c.runFor(ms(10));
    expect(c.asked[0]?.body).toEqual(first);
  });

  test.each(["NOT_CONTROLLER", "STALE_BROKER_EPOCH"] as const)("%s for the whole request: again after 50 ms", (error) => {
    const c = proposing();
    c.refuse(error, "request");
    c.runFor(ms(49));
    expect(c.asked).toHaveLength(0);
    c.runFor(ms(2));
    expect(proposed(c)).toEqual({ 0: [1, 2, 3] });
  });

  test("a lost connection: again, until it works", () => {
    const c = proposing();
    c.world.crash("controller");
    c.runFor(seconds(20));
    c.world.start("controller");
    c.runFor(seconds(3));
    expect(proposed(c)).toEqual({ 0: [1, 2, 3] });
  });

  test("one request is in flight; what comes up meanwhile goes together in the next", () => {
    const c = new ReplicaWorld({ partitions: 3, isr: [1] });
    // Each partition has two followers that want in; the first to be seen was asked for at once.
    expect(c.asked).toHaveLength(1);
    expect(Object.keys(proposed(c))).toHaveLength(1);
    c.grant();
    c.runFor(ms(2));
    expect(c.asked).toHaveLength(1);
    expect(Object.keys(proposed(c)).length).toBeGreaterThan(1);
  });

  test("an answer to a proposal that new metadata has overtaken changes nothing", () => {
    const c = proposing();
    c.change({ leader: 1, isr: [1] });
    c.tell(1);
    c.grant();
    c.runFor(ms(10));
    // Neither the old answer's ISR, nor a second proposal before the first one was answered.
    expect(c.isr(1).isr).toEqual([1]);
  });

  test("metadata that says what the answer already said leaves a newer proposal alone", () => {
    const c = new ReplicaWorld({ isr: [1] });
    c.grant();
    c.runUntil(() => c.isr(1).isr.length === 2 && c.asked.length > 0);
    expect(c.isr(1).state).toBe("PendingExpand");
    c.tell(1);
    expect(c.isr(1)).toMatchObject({ maximal: [1, 2, 3], state: "PendingExpand" });
  });

  test("what the leader takes for the ISR is reported at each change", () => {
    const c = proposing();
    c.grant();
    c.runFor(ms(10));
    expect(c.events("LeaderIsrUpdated").map(({ isr, maximalIsr }) => [isr, maximalIsr])).toEqual([
      [
        [1, 2, 3],
        [1, 2, 3],
      ],
      [
        [1, 2],
        [1, 2],
      ],
      [
        [1, 2],
        [1, 2, 3],
      ],
      [
        [1, 2, 3],
        [1, 2, 3],
      ],
    ]);
    expect(c.events("IsrChangeProposed").map(({ change, isr }) => [change, isr])).toEqual([
      ["shrink", [1, 2]],
      ["expand", [1, 2, 3]],
    ]);
    expect(c.events("IsrChangeAnswered").map(({ error }) => error)).toEqual(["NONE", "NONE"]);
  });
});
