/** KIP-227 on the consumer's side, with real brokers at the other end. */
import { expect, test } from "vitest";
import type { FetchRequest } from "../../../src/kafka/messages/fetch.ts";
import { RequestFrame } from "../../../src/kafka/messages/frame.ts";
import { parseScenario } from "../../../src/scenario/loader.ts";
import { Simulation } from "../../../src/scenario/simulation/simulation.ts";

/** Three partitions, all led by broker-1 at first; a record every second, round and round. */
function run(faults = ""): Simulation {
  const scenario = parseScenario(
    `
name: sessions
cluster: { brokers: 2, controllers: 1 }
topics: { orders: { assignment: [[1, 2], [1, 2], [1, 2]] } }
producers: { checkout: { topic: orders, rate: 1/s, config: { partitioner.class: RoundRobinPartitioner, linger.ms: 0 } } }
consumers: { billing: { topics: [orders], config: { auto.offset.reset: earliest } } }
${faults}
run: { for: 30s }
`,
    "sessions.yaml",
  );
  const simulation = new Simulation({ scenario, seed: "1", traceLevel: "full" });
  simulation.run();
  return simulation;
}

function fetches(simulation: Simulation, broker: string): FetchRequest[] {
  return simulation.world.trace
    .steps()
    .filter(({ node, delivery }) => node === broker && delivery?.from === "billing")
    .flatMap(({ message }) =>
      message instanceof RequestFrame && message.kind === "Fetch" ? [message.body as FetchRequest] : [],
    );
}

function namedIn({ topics }: FetchRequest): number[] {
  return topics.flatMap(({ partitions }) => partitions.map(({ partition }) => partition));
}

function readBy(simulation: Simulation): number {
  const steps = simulation.world.trace.steps().flatMap(({ events }) => events as { kind: string; batches?: { records: [] }[] }[]);
  const read = steps.filter(({ kind }) => kind === "RecordsRead").flatMap(({ batches = [] }) => batches);
  return read.reduce((sum, { records }) => sum + records.length, 0);
}

test("a consumer names all its partitions once, and from then on the one that it has read from", () => {
  const simulation = run();
  const [first, ...others] = fetches(simulation, "broker-1");
  expect(first).toMatchObject({ sessionId: 0, sessionEpoch: 0 });
  expect(namedIn(first as FetchRequest)).toEqual([0, 1, 2]);
  expect(others.map(({ sessionEpoch }) => sessionEpoch)).toEqual(others.map((_, i) => i + 1));
  // The first answer speaks of all three, and those that wait to be polled are left out for a moment. After that, a request
  // that follows on a record names its partition, and one that follows on half a second without any names none.
  const later = others.slice(2);
  expect(new Set(later.map((request) => namedIn(request).length))).toEqual(new Set([0, 1]));
  expect(later.flatMap(namedIn).length).toBeGreaterThan(readBy(simulation) - 4);
});

test("where the lead goes, the consumer begins another session, and reads on", () => {
  const simulation = run("faults: [{ at: 10s, crash: broker-1, for: 60s }]");
  const [first, ...others] = fetches(simulation, "broker-2");
  expect(namedIn(first as FetchRequest)).toEqual([0, 1, 2]);
  expect(others.length).toBeGreaterThan(5);
  expect(readBy(simulation)).toBeGreaterThan(25);
});
