/** The bundled scenario of a controller's crash, with as many partitions as one likes. */
import { fileURLToPath } from "node:url";
import { loadScenario } from "../src/scenario/loader.ts";
import { Simulation } from "../src/scenario/simulation/simulation.ts";

const FILE = fileURLToPath(new URL("../../scenarios/scale/controller-crash-at-scale.yaml", import.meta.url));

export interface ScaleRun {
  /** Until every partition is served. */
  readonly bootSeconds: number;
  readonly bootEvents: number;
  /** From there to the end: the crash, the recovery, the return. */
  readonly failoverSeconds: number;
  readonly failoverEvents: number;
  readonly peakBytes: number;
  readonly outcome: string;
}

export function measureScale(mode: string, partitions: number): ScaleRun {
  const half = partitions / 2;
  const overrides = [`cluster.mode=${mode}`, `topics.orders.partitions=${half}`, `topics.archive.partitions=${half}`];
  const scenario = loadScenario(FILE, { overrides });
  const startedAt = performance.now();
  const simulation = new Simulation({ scenario, seed: "1" });
  const { trace } = simulation.world;
  while (simulation.phase === "booting" && simulation.step());
  const readyAt = performance.now();
  const bootEvents = trace.step;
  simulation.run();
  const endedAt = performance.now();
  const { records, violations } = simulation.checker;
  const broken = violations.length === 0 ? "all held" : `${violations.length} violations`;
  return {
    bootSeconds: (readyAt - startedAt) / 1_000,
    bootEvents,
    failoverSeconds: (endedAt - readyAt) / 1_000,
    failoverEvents: trace.step - bootEvents,
    peakBytes: process.resourceUsage().maxRSS * 1_024,
    outcome: `${simulation.phase}, ${records.acknowledged} acknowledged, ${records.lost} lost, ${broken}`,
  };
}
