/** Which events a condition in a scenario means. The patterns are read from text, as a scenario holds them. */
import { expect, test } from "vitest";
import type { IsrChanged, LeaderElected } from "../../src/kafka/events.ts";
import { matchesEvent } from "../../src/scenario/event-matcher.ts";
import { parseScenario } from "../../src/scenario/loader.ts";
import type { EventPattern } from "../../src/scenario/patterns.ts";
import { cluster } from "./cluster-facts.ts";

function when(condition: string): EventPattern {
  const text = `name: x\ntopics: { orders: { partitions: 2, replication.factor: 3 } }\nfaults: [{ when: ${condition}, crash: broker-1 }]`;
  const trigger = parseScenario(text, "test.yaml").faults[0]?.trigger;
  if (trigger?.kind !== "event") throw new Error("not an event");
  return trigger.pattern;
}

const FACTS = cluster({ leader: 3, replicas: [1, 2, 3], isr: [1, 3] });
const ISR_CHANGED: IsrChanged = {
  kind: "IsrChanged",
  topic: "orders",
  partition: 0,
  metadataOffset: 100,
  from: [1, 2, 3],
  isr: [3, 1],
  leader: 1,
  partitionEpoch: 7,
};
const LEADERLESS: LeaderElected = {
  kind: "LeaderElected",
  topic: "orders",
  partition: 0,
  metadataOffset: 1,
  from: 1,
  leader: -1,
  leaderEpoch: 4,
  isr: [],
  unclean: false,
};

function matches(condition: string, event = ISR_CHANGED as IsrChanged | LeaderElected, node = "controller-2"): boolean {
  return matchesEvent(when(condition), event, node, FACTS);
}

test("a bare kind means every event of that kind, and no other", () => {
  expect(matches("IsrChanged")).toBe(true);
  expect(matches("LeaderElected")).toBe(false);
});

test("`partition: orders-0` means topic and partition", () => {
  expect(matches("{ event: IsrChanged, partition: orders-0 }")).toBe(true);
  expect(matches("{ event: IsrChanged, partition: orders-1 }")).toBe(false);
  expect(matches("{ event: IsrChanged, topic: orders, partition: 0 }")).toBe(true);
});

test("an ISR is who is in it, in whatever order, by id, by name or by role", () => {
  expect(matches("{ event: IsrChanged, isr: [1, 3] }")).toBe(true);
  expect(matches("{ event: IsrChanged, isr: [broker-3, broker-1] }")).toBe(true);
  expect(matches("{ event: IsrChanged, isr: isr(orders-0) }")).toBe(true);
  expect(matches("{ event: IsrChanged, isr: [1, 2, 3] }")).toBe(false);
  expect(matches("{ event: IsrChanged, isr: [1] }")).toBe(false);
  expect(matches("{ event: IsrChanged, isr: [] }", { ...ISR_CHANGED, isr: [] })).toBe(true);
});

test("`leader` is the one that the event names, not the one known before", () => {
  expect(matches("{ event: IsrChanged, isr: [leader] }", { ...ISR_CHANGED, isr: [1] })).toBe(true);
  expect(matches("{ event: IsrChanged, isr: [leader] }", { ...ISR_CHANGED, isr: [3] })).toBe(false);
  expect(matches("{ event: IsrChanged, isr: [leader(orders-0)] }", { ...ISR_CHANGED, isr: [3] })).toBe(true);
});

test("numbers are compared as values or as ranges", () => {
  expect(matches("{ event: IsrChanged, partitionEpoch: 7 }")).toBe(true);
  expect(matches("{ event: IsrChanged, partitionEpoch: 8.. }")).toBe(false);
  expect(matches("{ event: IsrChanged, metadataOffset: 50..100 }")).toBe(true);
  expect(matches('{ event: IsrChanged, metadataOffset: ">100" }')).toBe(false);
});

test("`none` is nobody", () => {
  expect(matches("{ event: LeaderElected, leader: none }", LEADERLESS)).toBe(true);
  expect(matches("{ event: LeaderElected, leader: none }", { ...LEADERLESS, leader: 2 })).toBe(false);
  // Nobody leads, so nobody is `leader`: not even nobody.
  expect(matches("{ event: LeaderElected, leader: leader }", LEADERLESS)).toBe(false);
});

test("booleans and words are compared as they are", () => {
  expect(matches("{ event: LeaderElected, unclean: false }", LEADERLESS)).toBe(true);
  expect(matches("{ event: LeaderElected, unclean: true }", LEADERLESS)).toBe(false);
});

test("`node` is the node that reports it, or that a fact about a node is about", () => {
  expect(matches("{ event: IsrChanged, node: controller-2 }")).toBe(true);
  expect(matches("{ event: IsrChanged, node: brokers }")).toBe(false);
  const crash = { kind: "ProcessCrashed", node: "broker-3" };
  expect(matchesEvent(when("{ event: ProcessCrashed, node: leader(orders-0) }"), crash, undefined, FACTS)).toBe(true);
  expect(matchesEvent(when("{ event: ProcessCrashed, node: broker-1 }"), crash, undefined, FACTS)).toBe(false);
});
