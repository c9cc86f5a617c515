/** How the cluster fared, from committed decisions only. */
import { describe, expect, test } from "vitest";
import { INVARIANT_NAMES } from "../../src/checks/catalogue.ts";
import { RecoveryMeter } from "../../src/run/recovery.ts";
import type { Recovery } from "../../src/run/result.ts";
import { runSide, sidesOf } from "../../src/run/run-scenario.ts";
import { parseScenario } from "../../src/scenario/loader.ts";
import type { DomainEvent } from "../../src/sim/host.ts";

function changed(partition: number, isr: readonly number[], leader = isr[0] ?? -1, topic = "orders"): DomainEvent {
  return { kind: "PartitionChanged", topic, partition, replicas: [1, 2, 3], isr, leader } as DomainEvent;
}

function elected(from: number, leader: number, leaderEpoch = 1): DomainEvent {
  return { kind: "LeaderElected", topic: "orders", partition: 0, from, leader, leaderEpoch } as DomainEvent;
}

function deleted(topic: string): DomainEvent {
  return { kind: "TopicDeleted", topic } as DomainEvent;
}

/** What a meter says that saw these: events and the word for a fault, by time. */
function fared(...story: readonly (readonly [number, DomainEvent | "fault"])[]): Recovery {
  const meter = new RecoveryMeter();
  for (const partition of [0, 1]) meter.onEvent(1, changed(partition, [1, 2, 3]));
  meter.onReady();
  for (const [timeUs, what] of story) {
    if (what === "fault") meter.onFault(timeUs);
    else meter.onEvent(timeUs, what);
  }
  return meter.result;
}

describe("the time to a full ISR", () => {
  test("runs from the first fault to when every partition has its full ISR again", () => {
    const story = [
      [100, "fault"],
      [150, changed(0, [2, 3])],
      [160, changed(1, [2, 3])],
      [300, changed(0, [2, 3, 1])],
    ] as const;
    expect(fared(...story, [350, changed(1, [1, 2, 3])]).fullIsrAfterUs).toBe(250);
    expect(fared(...story).fullIsrAfterUs).toBeNull();
  });

  test("ends when it is whole for good: what it loses again counts, and later faults do not begin anew", () => {
    const story = [
      [100, "fault"],
      [150, changed(0, [2, 3])],
      [200, changed(0, [1, 2, 3])],
      [210, "fault"],
    ] as const;
    expect(fared(...story).fullIsrAfterUs).toBe(100);
    expect(fared(...story, [220, changed(0, [1, 2])], [400, changed(0, [1, 2, 3])]).fullIsrAfterUs).toBe(300);
  });

  test("is 0 if the ISR was never anything but full, and unknown without a fault", () => {
    expect(fared([100, "fault"]).fullIsrAfterUs).toBe(0);
    expect(fared([100, changed(0, [1, 2])], [200, changed(0, [1, 2, 3])]).fullIsrAfterUs).toBeUndefined();
  });

  test("waits for a leader, too", () => {
    const story = [
      [100, "fault"],
      [150, changed(0, [1, 2, 3], -1)],
    ] as const;
    expect(fared(...story).fullIsrAfterUs).toBeNull();
    expect(fared(...story, [180, changed(0, [1, 2, 3], 2)]).fullIsrAfterUs).toBe(80);
  });

  test("waits for topics that come later, and not for those that are deleted", () => {
    const story = [
      [100, "fault"],
      [150, changed(0, [1], 1, "audit")],
    ] as const;
    expect(fared(...story).fullIsrAfterUs).toBeNull();
    expect(fared(...story, [170, deleted("audit")]).fullIsrAfterUs).toBe(70);
  });
});

test("elections are counted from time 0 on, where somebody comes to lead who did not", () => {
  const meter = new RecoveryMeter();
  meter.onEvent(1, elected(-1, 1));
  meter.onReady();
  meter.onEvent(2, elected(1, 2));
  meter.onEvent(3, elected(2, -1));
  meter.onEvent(4, elected(-1, 2, 2));
  expect(meter.result.elections).toBe(2);
  // The same broker in a new epoch; the first leader of a new topic.
  meter.onEvent(5, elected(2, 2, 3));
  meter.onEvent(6, elected(-1, 3, 0));
  expect(meter.result.elections).toBe(2);
});

describe("in a run", () => {
  const recoveryOf = (faults: string): Recovery => {
    const text = `name: x
cluster: { brokers: 3, controllers: 1 }
topics: { orders: { partitions: 1, assignment: [[1, 2, 3]], config: { min.insync.replicas: 2 } } }
producers: { checkout: { topic: orders, rate: 10/s } }
faults: ${faults}
run: { for: 25s }`;
    const [side] = sidesOf(parseScenario(text, "x.yaml", { invariants: INVARIANT_NAMES }));
    return runSide(side as NonNullable<typeof side>, "1").recovery;
  };

  test("without a fault there is nothing to recover from", () => {
    expect(recoveryOf("[]")).toEqual({ elections: 0, fullIsrAfterUs: undefined });
  });

  test("a leader that dies and comes back costs one election, and the ISR is full when it has caught up", () => {
    const { elections, fullIsrAfterUs } = recoveryOf("[{ at: 1s, crash: broker-1, for: 15s }]");
    expect(elections).toBe(1);
    // It is away for 15 s, and has little to catch up with.
    expect(fullIsrAfterUs).toBeGreaterThan(15_000_000);
    expect(fullIsrAfterUs).toBeLessThan(20_000_000);
  });

  test("a broker that never comes back leaves the ISR short for ever", () => {
    expect(recoveryOf("[{ at: 1s, crash: broker-3 }]")).toEqual({ elections: 0, fullIsrAfterUs: null });
  });

  test("a fault that nobody minds leaves it full", () => {
    expect(recoveryOf("[{ at: 1s, pause: broker-3, for: 1s }]")).toEqual({ elections: 0, fullIsrAfterUs: 0 });
  });
});
