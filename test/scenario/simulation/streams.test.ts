/**
 * A draw in one place never changes another place: take an unrelated fault out of a scenario, and elsewhere everything is drawn,
 * and happens, as before.
 */
import { expect, test } from "vitest";
import type { Step } from "../../../src/sim/trace.ts";
import { play, type Story } from "./story.ts";

/**
 * Two worlds in one cluster that never speak to each other: `orders` on brokers 1 and 2 with its producer and consumer, and
 * `audit` on brokers 4 and 5 with theirs. Values are drawn at random, and a nemesis slows things down on the side of `orders`.
 */
const BACKGROUND = `
name: streams
cluster: { brokers: 5, controllers: 1 }
topics:
  orders: { assignment: [[1, 2]], config: { min.insync.replicas: 2 } }
  audit: { assignment: [[4, 5]], config: { min.insync.replicas: 1 } }
producers:
  checkout: { topic: orders, rate: 20/s, value: { n: "{n}", amount: "{random 1..1000000}" }, config: { acks: all } }
  auditor: { topic: audit, rate: 20/s, value: "{random 1..1000000}" }
consumers:
  billing: { topics: [orders], config: { auto.offset.reset: earliest } }
nemesis: { faults: [slow-link, slow-disk, clock], on: [broker-1, broker-2], every: 1s..3s, for: 1s, at-most: 2, from: 1s, until: 28s }
run: { for: 30s }
`;

const FAULT_AT = 8;
const FAULTS = {
  "a crash": "crash: broker-5, for: 5s",
  "a power loss with a random tail": "power-loss: broker-5, tail: random, for: 5s",
  "a pause": "pause: broker-5, for: 5s",
  "a cut": "cut: broker-5, from: broker-4, for: 5s",
  "dropped messages": "drop: { message: Fetch, from: broker-5, times: 3 }",
  "a slow disk": "slow-disk: broker-5, by: 20ms, for: 5s",
  "a reset": "reset: auditor, to: broker-4",
};

const without = play("", { background: BACKGROUND });

/** Deliveries on a link by their names: *the 7th Fetch from broker-2 to broker-1*, with when it was sent and how long it took. */
function byName(story: Story, from: string, to: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const step of story.deliveries({ from, to })) {
    const sent = step.timeUs - story.lag(step);
    found.set(`${step.label} ${step.delivery?.nth}`, `sent ${sent}, took ${story.lag(step)}, ${step.message?.sizeInBytes} bytes`);
  }
  return found;
}

/** A step as it is, but for its number: steps elsewhere may come before it. */
function unnumbered(story: Story, step: Step): object {
  const { number: _number, cause: _cause, events, message: _message, ...rest } = step;
  return { ...rest, asked: story.lag(step), events: events.map(({ kind }) => kind) };
}

/** Not those of `billing`: it may ask for metadata anew when a broker that it began with goes away, and rightly so. */
const UNTOUCHED = [
  ["broker-1", "broker-2"],
  ["broker-2", "broker-1"],
  ["checkout", "broker-1"],
  ["broker-1", "checkout"],
] as const;

test.each(Object.entries(FAULTS))("%s on one side of the cluster changes no draw on the other", (_what, fault) => {
  const withFault = play(`faults: [{ at: ${FAULT_AT}s, ${fault} }]`, { background: BACKGROUND });
  // It did happen, and it did change its own side.
  expect(withFault.simulation.world.trace.hash()).not.toBe(without.simulation.world.trace.hash());
  const auditorNow = byName(withFault, "broker-5", "broker-4");
  expect(auditorNow).not.toEqual(byName(without, "broker-5", "broker-4"));

  for (const [from, to] of UNTOUCHED) {
    const before = byName(without, from, to);
    expect(before.size, `${from} to ${to}`).toBeGreaterThan(50);
    expect(byName(withFault, from, to), `${from} to ${to}`).toEqual(before);
  }
  // The workload draws the same records at the same moments, on both sides.
  for (const client of ["checkout", "auditor"]) expect(sent(withFault, client)).toEqual(sent(without, client));
  expect(nemesisOf(withFault)).toEqual(nemesisOf(without));
  expect(nemesisOf(without).length).toBeGreaterThan(5);
});

test("without the nemesis the workload draws the same records at the same moments", () => {
  const quiet = play("", { background: BACKGROUND.replace(/^nemesis:.*$/m, "") });
  expect(nemesisOf(quiet)).toEqual([]);
  for (const client of ["checkout", "auditor"]) expect(sent(quiet, client)).toEqual(sent(without, client));
});

test("up to the moment of the fault the two runs are one: step by step, with the same numbers and causes", () => {
  const withFault = play(`faults: [{ at: ${FAULT_AT}s, crash: broker-5 }]`, { background: BACKGROUND });
  const until = withFault.steps.findIndex((step) => step.label === "fault 1");
  expect(until).toBeGreaterThan(1_000);
  const whole = ({ number, timeUs, node, kind, label, cause, delivery, events }: Step): object => {
    return { number, timeUs, node, kind, label, cause, delivery, events };
  };
  expect(withFault.steps.slice(0, until).map(whole)).toEqual(without.steps.slice(0, until).map(whole));
});

test("a fault that does nothing is a step of its own, and changes no other", () => {
  const withFault = play(`faults: [{ at: ${FAULT_AT}s, resume: broker-5 }]`, { background: BACKGROUND });
  const others = withFault.steps.filter(({ label }) => label !== "fault 1").map((step) => unnumbered(withFault, step));
  expect(others).toEqual(without.steps.map((step) => unnumbered(without, step)));
});

/** The records of a producer, and when it sent them. */
function sent(story: Story, client: string): unknown[] {
  return story.events("RecordSent", { client }).map(({ at, record }) => [at, record]);
}

/** What the nemesis drew, and when. */
function nemesisOf(story: Story): string[] {
  const { simulation } = story;
  return (simulation.timeline?.entries ?? [])
    .filter(({ text }) => /^the (link|disk|clock) /.test(text))
    .map(({ timeUs, text }) => `${timeUs} ${text}`);
}
