/** The ISR as the leader writes it to the store itself: replication.md 3.8, before KIP-497. */
import { expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import type { IsrChangeNotificationZnode } from "../../../src/kafka/zk/znodes.ts";
import { BrokerWorld, TOPIC } from "./broker-world.ts";

const STATE = `/brokers/topics/${TOPIC}/partitions/0/state`;

/** Broker 1 leads, everybody is in the ISR and nobody looks at it more often than twice a second. */
function written(options: { readonly isr?: readonly number[] } = {}): BrokerWorld {
  const isr = options.isr ?? [1, 2, 3];
  const c = new BrokerWorld({ dials: { "isr.alterPartition": false }, config: { "replica.lag.time.max.ms": 1_000 } });
  c.putState({ isr, controllerEpoch: 7 });
  return c.begin([{ isr, controllerEpoch: 7 }]);
}

/** Broker 3 falls behind, and so out of the ISR. */
function loseThree(c: BrokerWorld): void {
  c.cut("broker-1", "broker-3");
  c.produce(1);
}

const writes = (c: BrokerWorld): number => c.asked("setData").filter((each) => each === `setData ${STATE}`).length;

const answers = (c: BrokerWorld): string[] => c.of("IsrChangeAnswered").map(({ error }) => error);

function announcements(c: BrokerWorld): { readonly at: number; readonly partitions: IsrChangeNotificationZnode["partitions"] }[] {
  return c.arrived.flatMap(({ at, request }) =>
    request.op === "create" && request.path.startsWith("/isr_change_notification/")
      ? [{ at, partitions: (request.data as IsrChangeNotificationZnode).partitions }]
      : [],
  );
}

test("a shrink is written over the version that the leader knows, with its controller's epoch, and counts at once", () => {
  const c = written();
  loseThree(c);
  c.runUntil(() => c.isr(1)?.length === 2);
  expect(c.state()).toMatchObject({ leader: 1, leaderEpoch: 0, isr: [1, 2], controllerEpoch: 7, version: 1 });
  expect(c.partition(1).replica.partitionEpoch).toBe(1);
  expect(c.partition(1).leading?.isrState.kind).toBe("Committed");
  expect(c.partition(1).replica.log.highWatermark).toBe(1);
  expect(answers(c)).toEqual(["NONE"]);
});

test("an expansion is written likewise, over the version that the last write left", () => {
  const c = written();
  loseThree(c);
  c.runUntil(() => c.isr(1)?.length === 2);
  c.world.heal("broker-1", "broker-3");
  c.runUntil(() => c.isr(1)?.length === 3);
  expect(c.state()).toMatchObject({ isr: [1, 2, 3], version: 2 });
});

test("where somebody else has written, the ISR stays as it was, and is tried again at every check (KAFKA-2729)", () => {
  const c = written();
  c.overwriteState({ leader: 2, leaderEpoch: 1 });
  loseThree(c);
  c.runUntil(() => answers(c).length === 3);
  expect(answers(c)).toEqual(["INVALID_UPDATE_VERSION", "INVALID_UPDATE_VERSION", "INVALID_UPDATE_VERSION"]);
  expect(c.isr(1)).toEqual([1, 2, 3]);
  expect(c.partition(1).leading?.isrState.kind).toBe("Committed");
  const [first, second, third] = c.events.filter(({ event }) => event.kind === "IsrChangeAnswered").map(({ at }) => at);
  expect((third ?? 0) - (second ?? 0)).toBe(ms(500));
  expect((second ?? 0) - (first ?? 0)).toBe(ms(500));
});

test("until a LeaderAndIsr puts it right", () => {
  const c = written();
  c.overwriteState();
  loseThree(c);
  c.runUntil(() => answers(c).length === 2);
  c.order(1, [{ leaderEpoch: 1, partitionEpoch: 1 }]);
  c.runUntil(() => c.isr(1)?.length === 2);
  expect(c.state()).toMatchObject({ isr: [1, 2], leaderEpoch: 1, version: 2 });
});

test("a leader whose answer was lost finds its own write there, and takes the version (3.8)", () => {
  const c = written();
  c.unanswered.add("setData");
  loseThree(c);
  c.runUntil(() => writes(c) === 1);
  c.unanswered.delete("setData");
  c.world.resetConnections("broker-1", "zk-1");
  c.runUntil(() => c.isr(1)?.length === 2);
  expect(writes(c)).toBe(2);
  expect(c.partition(1).replica.partitionEpoch).toBe(1);
  expect(answers(c)).toEqual(["NONE"]);
});

test("while the store is silent nothing touches the partition: producers wait for its lock", () => {
  const c = written();
  loseThree(c);
  c.runFor(ms(900));
  c.silent.add("zk-1");
  c.runUntil(() => writes(c) === 1);
  const sent = c.produce(1, { acks: 1 });
  c.runFor(ms(900));
  expect(c.produced(sent)).toBeUndefined();
  expect(c.partition(1).replica.log.logEndOffset).toBe(1);
  c.silent.delete("zk-1");
  c.world.resetConnections("broker-1", "zk-1");
  c.runUntil(() => c.produced(sent) !== undefined);
  expect(c.produced(sent)).toBe("NONE");
  expect(c.isr(1)).toEqual([1, 2]);
});

test("so do followers, whatever their fetch names: what they have is not heard of meanwhile", () => {
  const c = written();
  loseThree(c);
  c.runFor(ms(900));
  c.silent.add("zk-1");
  c.runUntil(() => writes(c) === 1);
  const before = c.partition(1).leading?.follower(2)?.lastCaughtUpTime;
  c.runFor(seconds(2));
  expect(c.partition(1).leading?.follower(2)?.lastCaughtUpTime).toBe(before);
  c.silent.delete("zk-1");
  c.world.resetConnections("broker-1", "zk-1");
  c.runUntil(() => c.partition(1).leading?.follower(2)?.lastCaughtUpTime !== before);
});

test("orders about the partition wait for its lock, too", () => {
  const c = written();
  loseThree(c);
  c.runFor(ms(900));
  c.silent.add("zk-1");
  c.runUntil(() => writes(c) === 1);
  expect(c.order(1, [{ leader: 2, leaderEpoch: 1, partitionEpoch: 2 }])).toEqual(["nothing"]);
  c.silent.delete("zk-1");
  c.world.resetConnections("broker-1", "zk-1");
  c.runUntil(() => c.partition(1).leaderEpoch === 1);
  expect(c.partition(1).leading).toBeUndefined();
});

test("a session that ends in between leaves everything as it was, and the next check tries again", () => {
  const c = written();
  loseThree(c);
  c.runFor(ms(900));
  c.silent.add("zk-1");
  c.runUntil(() => writes(c) === 1);
  c.overwriteState({ isr: [1, 2, 3] });
  c.expire(c.broker(1).zk.session);
  c.silent.delete("zk-1");
  c.world.resetConnections("broker-1", "zk-1");
  c.runUntil(() => answers(c).length === 2);
  expect(answers(c)).toEqual(["UNKNOWN_SERVER_ERROR", "INVALID_UPDATE_VERSION"]);
  expect(c.isr(1)).toEqual([1, 2, 3]);
});

test("changes are announced when there was none for five seconds, looked at every two and a half (3.8)", () => {
  const c = written();
  loseThree(c);
  c.runUntil(() => c.isr(1)?.length === 2);
  const changedAt = c.world.time;
  c.runUntil(() => announcements(c).length > 0);
  const [announced] = announcements(c);
  expect(announced?.partitions).toEqual([{ topic: TOPIC, partition: 0 }]);
  const after = (announced?.at ?? 0) - changedAt;
  expect(after).toBeGreaterThan(seconds(5));
  expect(after).toBeLessThan(seconds(7.6));
  c.runFor(seconds(70));
  expect(announcements(c)).toHaveLength(1);
});

test("an ISR that changes all the time is announced after a minute all the same", () => {
  const c = written();
  const startedAt = c.world.time;
  const deadline = startedAt + seconds(64);
  while (c.world.time < deadline) {
    loseThree(c);
    c.runUntil(() => c.isr(1)?.length === 2);
    c.world.heal("broker-1", "broker-3");
    c.runUntil(() => c.isr(1)?.length === 3);
  }
  const [announced] = announcements(c);
  expect((announced?.at ?? 0) - startedAt).toBeGreaterThan(seconds(59));
  expect(announcements(c)).toHaveLength(1);
});
