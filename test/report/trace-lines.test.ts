import { expect, test } from "vitest";
import { traceLines } from "../../src/report/trace-lines.ts";
import { runSide, sidesOf, traceSide } from "../../src/run/run-scenario.ts";
import { parseScenario } from "../../src/scenario/loader.ts";

const scenario = parseScenario(
  `name: traced
cluster: { brokers: 1, controllers: 1 }
topics: { orders: { partitions: 1, replication.factor: 1 } }
producers: { checkout: { topic: orders, rate: 10/s, key: "k-{n}", value: { order: "{n}" } } }
faults: [{ at: 1s, duplicate: { message: Produce } }]
run: { for: 3s }`,
  "traced.yaml",
);
const [side] = sidesOf(scenario);
if (side === undefined) throw new Error("no side");
const { world, readyAt } = traceSide(side, "5");
const header = { file: "traced.yaml", scenario: "traced", side: undefined, seed: "5", readyAtUs: readyAt };
const lines = [...traceLines({ ...header, traceHash: world.trace.hash(), steps: world.trace.steps() })];
const [first, ...steps] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);

test("the first line is what was run, with the hash that the run itself has", () => {
  expect(first).toEqual({
    run: { file: "traced.yaml", scenario: "traced", seed: "5", traceHash: runSide(side, "5").traceHash, steps: steps.length },
  });
});

test("then comes one line for each step, numbered from 1, each caused by an earlier one", () => {
  expect(steps.map(({ step }) => step)).toEqual(steps.map((_, index) => index + 1));
  for (const { step, cause } of steps) {
    expect(cause).toBeGreaterThanOrEqual(0);
    expect(cause).toBeLessThan(step as number);
  }
});

test("times are seconds since the cluster was ready, and never go back", () => {
  const times = steps.map(({ time }) => time as number);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(times[0]).toBeLessThan(0);
  expect(times.at(-1)).toBeLessThanOrEqual(3);
});

test("a delivery has its name, its message in Kafka's words, and what was done to it beyond TCP", () => {
  const produce = steps.filter(({ label, kind }) => label === "Produce" && kind === "message");
  expect(produce[0]).toMatchObject({
    node: "broker-1",
    from: "checkout",
    nth: 1,
    message: { acks: -1, topicData: [{ name: "orders" }] },
  });
  expect(produce.filter(({ beyondTcp }) => beyondTcp === "duplicated")).toHaveLength(1);
});

test("keys and values are text that a person can read", () => {
  const sent = steps.flatMap(({ events }) => events as { kind: string; record?: { key: string; value: string } }[]);
  const records = sent.filter(({ kind }) => kind === "RecordSent").map(({ record }) => [record?.key, record?.value]);
  expect(records.length).toBeGreaterThan(20);
  expect(records[3]).toEqual(["k-3", '{"order":3}']);
});
