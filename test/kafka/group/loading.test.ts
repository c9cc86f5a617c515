import { expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { ClusterWorld, OFFSETS } from "./cluster-world.ts";

function begin(options: ConstructorParameters<typeof ClusterWorld>[0] = {}): { c: ClusterWorld; coordinator: number } {
  const c = new ClusterWorld(options).createTopic("orders", 3);
  const coordinator = c.coordinator();
  c.runFor(seconds(2));
  return { c, coordinator };
}

test("a coordinator that reads a compacted log knows what the one before it knew", () => {
  const config = { "offsets.topic.segment.bytes": 1_024, "log.cleaner.backoff.ms": 500, "offsets.retention.minutes": 1_000 };
  const { c, coordinator } = begin({ config });
  for (let offset = 1; offset <= 60; offset++) {
    expect(c.commit(coordinator, { offset, partition: offset < 5 ? 2 : offset % 2 })).toBe("NONE");
  }
  // The cleaner begins half a minute after the start.
  c.runFor(seconds(40));
  const partition = c.partitionOf("billing");
  expect(new Set(c.of("LogCompacted").map(({ broker }) => broker)).size).toBe(3);
  const all = (broker: number) => {
    const sent = c.sendFetch(broker, "billing", { all: true });
    c.runFor(ms(100));
    return c.fetchAnswer(sent);
  };
  const known = all(coordinator);
  expect(known?.topics[0]?.partitions).toHaveLength(3);
  c.crash(coordinator);
  const next = c.nextLeader();
  c.runFor(seconds(1));
  expect(c.of("CoordinatorLoaded").findLast((event) => event.partition === partition)?.broker).toBe(next);
  const sorted = (answer: typeof known) =>
    [...(answer?.topics[0]?.partitions ?? [])].sort((a, b) => a.partitionIndex - b.partitionIndex);
  expect(sorted(all(next))).toEqual(sorted(known));
});

test("what a coordinator had written and its successor had not is gone when the first one comes back, and from its memory", () => {
  const { c, coordinator } = begin();
  expect(c.commit(coordinator, { offset: 1 })).toBe("NONE");
  c.isolate(coordinator);
  c.sendCommit(coordinator, { offset: 50 });
  const next = c.nextLeader();
  c.runFor(seconds(1));
  expect(c.commit(next, { offset: 2 })).toBe("NONE");
  for (const other of ["controller", "broker-1", "broker-2", "broker-3"]) {
    if (other !== `broker-${coordinator}`) c.world.heal(`broker-${coordinator}`, other);
  }
  c.runFor(seconds(10));
  expect(c.of("LogTruncated").some(({ broker, topic }) => broker === coordinator && topic === OFFSETS)).toBe(true);
  // Everybody else goes: the first one has to take over again.
  for (const id of c.brokers) if (id !== coordinator) c.world.requestShutdown(`broker-${id}`);
  c.runFor(seconds(20));
  expect(c.coordinator()).toBe(coordinator);
  c.runFor(seconds(1));
  expect(c.fetch(coordinator)).toBe(2);
  expect(c.of("GroupOffsetChanged").map(({ offset }) => offset)).not.toContain(50);
});

test("partitions that nobody writes to cost a broker nothing, however many it coordinates", () => {
  const stepsOf = (partitions: number): number => {
    const { c } = begin({ config: { "offsets.topic.num.partitions": partitions } });
    c.runFor(seconds(10));
    const until = c.world.time + seconds(60);
    let steps = 0;
    while (c.world.time < until && c.world.step()) steps++;
    return steps;
  };
  expect(Math.abs(stepsOf(50) - stepsOf(1))).toBeLessThan(20);
});
