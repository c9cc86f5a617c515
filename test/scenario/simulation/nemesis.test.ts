/** What the nemesis may do, and what clusters must survive. */
import { expect, test } from "vitest";
import { parseScenario } from "../../../src/scenario/loader.ts";
import { Simulation } from "../../../src/scenario/simulation/simulation.ts";

function run(text: string, seed: number): Simulation {
  const scenario = parseScenario(text, "test.yaml");
  const simulation = new Simulation({ scenario, seed: String(seed), expect: scenario.expect, withTimeline: true });
  simulation.run();
  return simulation;
}

const CRASHES_AND_POWER_LOSSES = `
name: crashes and power losses
cluster: { brokers: 4, controllers: 1 }
topics:
  orders: { partitions: 2, replication.factor: 3, config: { min.insync.replicas: 2 } }
nemesis: { faults: [crash, power-loss], on: brokers, every: 0.5s..2s, for: 0.2s..4s }
run: { for: 90s }
`;

test("from a power loss until its broker takes part again nothing else strikes, and before it no broker is on its way back", () => {
  let powerLosses = 0;
  for (let seed = 1; seed <= 8; seed++) {
    const comingBack = new Set<string>();
    let dark = false;
    for (const { text } of run(CRASHES_AND_POWER_LOSSES, seed).timeline?.entries ?? []) {
      const [, broker, what] = /^(broker-\d) (crashes|loses power|is unfenced)$/.exec(text) ?? [];
      if (broker === undefined) continue;
      if (what === "is unfenced") {
        comingBack.delete(broker);
        if (comingBack.size === 0) dark = false;
        continue;
      }
      // The nemesis and the node both tell of it.
      if (!comingBack.has(broker)) {
        expect(dark, `seed ${seed}: ${text}`).toBe(false);
        if (what === "loses power") {
          expect(comingBack, `seed ${seed}: ${text}`).toEqual(new Set());
          powerLosses++;
        }
      }
      comingBack.add(broker);
      if (what === "loses power") dark = true;
    }
  }
  expect(powerLosses).toBeGreaterThan(3);
});

test("a server or a client whose clock shows a time before 0 takes part like any other", () => {
  const { phase, checker } = run(
    `
name: behind
topics: { orders: { partitions: 1, replication.factor: 3 } }
producers: { checkout: { topic: orders, rate: 10/s } }
consumers: { billing: { topics: [orders] } }
clocks: { broker-1: { offset: -2h }, controller-1: { offset: -3h }, checkout: { offset: -1h }, billing: { offset: -1d } }
run: { for: 5s, settle: 2s }
`,
    1,
  );
  expect(phase).toBe("over");
  expect(checker.records).toMatchObject({ acknowledged: 51, failed: 0 });
});

test("a producer that is started again and again costs no more memory than its records", () => {
  const restarts = Array.from({ length: 5 }, (_, i) => `  - { at: ${1 + i}s, crash: checkout, for: 0.1s }`).join("\n");
  const { phase, checker } = run(
    `
name: again
topics: { orders: { partitions: 1, replication.factor: 1 } }
producers: { checkout: { topic: orders, rate: 10/s } }
faults:
${restarts}
run: { for: 10s, settle: 1s }
`,
    1,
  );
  expect(phase).toBe("over");
  expect(checker.records).toMatchObject({ lost: 0, failed: 0 });
});
