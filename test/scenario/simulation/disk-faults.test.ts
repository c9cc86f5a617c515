/** What is done to disks does what it says, and `for` undoes it. */
import { describe, expect, test } from "vitest";
import { play, type Story } from "./story.ts";

/** Three controllers write a no-op record every half second and force it to disk before they acknowledge it. */
const QUORUM = `
name: quorum
cluster: { brokers: 1, controllers: 3 }
`;

/** How long each forcing of controller-1's log took that ended in a stretch of time. */
function flushes(story: Story, from: number, to: number): number[] {
  return story.steps
    .filter((step) => step.kind === "disk" && step.node === "controller-1" && story.at(step) > from && story.at(step) <= to)
    .map((step) => story.lag(step));
}

describe("slow-disk", () => {
  test("makes every fsync take longer by so much, until `for` is over", () => {
    const story = play("faults: [{ at: 5s, slow-disk: controllers, by: 100ms, for: 4s }]\nrun: { for: 14s }", {
      background: QUORUM,
    });
    const [before, during, after] = [flushes(story, 0, 5), flushes(story, 5.2, 9), flushes(story, 9.3, 14)];
    for (const some of [before, during, after]) expect(some.length).toBeGreaterThan(3);
    // Without a fault an fsync takes 0.5 to 2 ms.
    expect(Math.max(...before, ...after)).toBeLessThanOrEqual(2_000);
    expect(Math.min(...during)).toBeGreaterThanOrEqual(100_000);
  });

  test("two of them add up, and the end of one leaves the other", () => {
    const story = play(
      "faults: [{ at: 5s, slow-disk: controllers, by: 100ms, for: 8s }, { at: 6s, slow-disk: servers, by: 50ms, for: 3s }]\nrun: { for: 18s }",
      { background: QUORUM },
    );
    expect(Math.min(...flushes(story, 6.4, 9))).toBeGreaterThanOrEqual(150_000);
    const left = flushes(story, 9.3, 13);
    expect([Math.min(...left) >= 100_000, Math.max(...left) < 150_000]).toEqual([true, true]);
    expect(Math.max(...flushes(story, 13.3, 18))).toBeLessThanOrEqual(2_000);
  });

  test("an ISR is as slow as its slowest member: acks=all waits for the disk of a follower", () => {
    const story = play("faults: [{ at: 5s, slow-disk: broker-3, by: 200ms }]\nrun: { for: 10s }");
    const latencies = (from: number, to: number): number[] =>
      story.eventsBetween(from, to, "ProduceAcknowledged").map(({ latencyUs }) => latencyUs);
    expect(Math.max(...latencies(1, 5))).toBeLessThan(20_000);
    expect(Math.min(...latencies(6, 10))).toBeGreaterThan(100_000);
  });
});

test("stall-disk lets writes and fsyncs wait until it is undone, and then they end", () => {
  const story = play("faults: [{ at: 5s, stall-disk: controllers, for: 1s }]\nrun: { for: 9s }", { background: QUORUM });
  const stuck = story.steps.filter((step) => step.kind === "disk" && story.at(step) > 5.003 && story.at(step) < 6);
  expect(stuck.filter(({ node }) => node?.startsWith("controller"))).toEqual([]);
  expect(flushes(story, 5.999, 6.01).length).toBeGreaterThan(0);
  expect(flushes(story, 6.1, 9).length).toBeGreaterThan(3);
});

describe("fail-disk and fill-disk", () => {
  test.each(["fail-disk", "fill-disk"])("%s: the log directory goes offline, and the broker with it", (fault) => {
    const story = play(`faults: [{ at: 5s, ${fault}: broker-1 }]\nrun: { for: 20s }`);
    const [failed] = story.moments("LogDirFailed", { broker: 1 });
    expect(failed).toBeGreaterThanOrEqual(5);
    expect(failed).toBeLessThan(6);
    expect(story.events("LeaderElected", { from: 1 }).length).toBeGreaterThan(0);
    expect(story.simulation.checker.violations).toEqual([]);
  });

  test.each(["fail-disk", "fill-disk"])("%s: once `for` is over the broker can come back", (fault) => {
    const story = play(`faults: [{ at: 5s, ${fault}: broker-1, for: 5s }, { at: 12s, restart: broker-1 }]\nrun: { for: 30s }`);
    expect(story.moments("BrokerUnfenced", { broker: 1 }).some((at) => at > 12)).toBe(true);
    expect(story.events("IsrChanged").at(-1)?.isr).toHaveLength(3);
  });
});

test("repair-disk makes a slow, stalled, failing or full disk work again", () => {
  const story = play(
    `faults:
  - { at: 3s, slow-disk: controller-1, by: 3s, stall-disk: controller-2, fail-disk: broker-1, fill-disk: broker-1 }
  - { at: 6s, crash: broker-1 }
  - { at: 7s, repair-disk: all }
  - { at: 8s, restart: all }
run: { for: 30s }`,
    { background: QUORUM },
  );
  expect(Math.max(...flushes(story, 11, 30))).toBeLessThanOrEqual(2_000);
  expect(story.steps.some((step) => step.kind === "disk" && step.node === "controller-2" && story.at(step) > 10)).toBe(true);
  expect(story.moments("BrokerUnfenced", { broker: 1 }).some((at) => at > 8)).toBe(true);
});

describe("corrupt", () => {
  const faults = (corrupt: string): string =>
    `faults: [{ at: 5s, crash: broker-2 }, { after: 1s, corrupt: ${corrupt} }, { after: 1s, restart: broker-2 }]\nrun: { for: 15s }`;

  test("the last entry of a partition's log turns to garbage, and recovery cuts it off", () => {
    const story = play(faults("{ node: broker-2, partition: orders-0 }"));
    const last = story
      .events("RecordsAppended", { broker: 2 })
      .filter(({ at }) => at < 5)
      .at(-1)?.batch;
    const loaded = story.events("LogLoaded", { broker: 2 }).at(-1);
    expect(loaded?.logEndOffset).toBe(last?.baseOffset);
    expect(story.simulation.checker.violations).toEqual([]);
  });

  test("files are named by how their path begins: another log stays as it is", () => {
    const story = play(faults("{ node: broker-2, file: __cluster_metadata-0/ }"));
    const last = story
      .events("RecordsAppended", { broker: 2 })
      .filter(({ at }) => at < 5)
      .at(-1)?.batch;
    expect(story.events("LogLoaded", { broker: 2 }).at(-1)?.logEndOffset).toBe(last?.nextOffset);
  });
});
