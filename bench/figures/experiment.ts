/** One simulation of a figure: a scenario, played until what is measured has happened, with every check on. */
import { US_PER_SECOND } from "../../src/base/units.ts";
import type { KafkaEvent } from "../../src/kafka/events.ts";
import { parseScenario } from "../../src/scenario/loader.ts";
import { Simulation, type SimulationListener } from "../../src/scenario/simulation/simulation.ts";
import type { ScenarioSpec } from "../../src/scenario/spec.ts";
import type { DomainEvent } from "../../src/sim/host.ts";
import type { NodeEvent } from "../../src/sim/node-events.ts";
import type { TraceLevel } from "../../src/sim/trace.ts";

type AnyEvent = KafkaEvent | NodeEvent;

export interface TimedEvent {
  /** Seconds since the cluster was ready; minus infinity before. */
  readonly at: number;
  readonly event: AnyEvent;
}

export interface Measure {
  /** True when there is no more to hear. */
  onEvent(event: TimedEvent): boolean;
}

interface Experiment {
  readonly scenario: ScenarioSpec;
  readonly seed: number;
  readonly measure: Measure;
  readonly traceLevel?: TraceLevel;
}

/** All that was simulated, for the colophon. */
export const TOTAL = { runs: 0, events: 0, virtualSeconds: 0 };

class Watch implements SimulationListener {
  over = false;
  private readonly measure: Measure;
  private readyAt = Number.POSITIVE_INFINITY;

  constructor(measure: Measure) {
    this.measure = measure;
  }

  onReady(timeUs: number): void {
    this.readyAt = timeUs;
  }

  onFault(_timeUs: number): void {}

  onEvent(timeUs: number, event: DomainEvent): void {
    if (!this.over) this.over = this.measure.onEvent({ at: (timeUs - this.readyAt) / US_PER_SECOND, event: event as AnyEvent });
  }
}

/** Plays an experiment until its measure is complete, or, without an end of its own, to the end of the scenario. */
export function play({ scenario, seed, measure, traceLevel = "off" }: Experiment): Simulation {
  const watch = new Watch(measure);
  const simulation = new Simulation({ scenario, seed: String(seed), traceLevel, listener: watch });
  while (!watch.over && simulation.step());
  if (!watch.over) simulation.checker.finish(simulation.world.time);
  const { phase, checker, world } = simulation;
  if (phase === "unready") throw new Error(`${scenario.name}: the cluster did not get ready`);
  const [violation] = checker.violations;
  if (violation !== undefined) throw new Error(`${scenario.name}, seed ${seed}: ${violation.invariant}: ${violation.message}`);
  TOTAL.runs++;
  TOTAL.events += world.trace.step;
  TOTAL.virtualSeconds += world.time / US_PER_SECOND;
  return simulation;
}

export function scenarioOf(text: string): ScenarioSpec {
  return parseScenario(text, "figure.yaml");
}

/** Partitions as topics of at most this many: how they are cut into topics changes nothing that is measured here. */
const PARTITIONS_PER_TOPIC = 1_000;

/** The `topics` of a scenario that has so many partitions in all. */
export function topicsOf(partitions: number, replicationFactor: number): string {
  const topics: string[] = [];
  for (let left = partitions; left > 0; left -= PARTITIONS_PER_TOPIC) {
    const size = Math.min(left, PARTITIONS_PER_TOPIC);
    topics.push(`  t${topics.length}: { partitions: ${size}, replication.factor: ${replicationFactor} }`);
  }
  return `topics:\n${topics.join("\n")}`;
}

/**
 * What a request to ZooKeeper takes besides the work of its servers, from some time on: so what comes before, which is not
 * measured, stays short. `oneWayUs`: between brokers and servers, each way. `logUs`: to bring a transaction to disk, which is a write and an fsync.
 */
export function slowZooKeeper(at: string, { oneWayUs, logUs }: { readonly oneWayUs: number; readonly logUs: number }): string {
  const link = oneWayUs === 0 ? "" : `  - { at: ${at}, slow-link: brokers, to: zookeepers, by: ${oneWayUs}us }\n`;
  const disk = logUs === 0 ? "" : `  - { at: ${at}, slow-disk: zookeepers, by: ${Math.round(logUs / 2)}us }\n`;
  return link + disk;
}

/** Fast enough to be left out: what is measured is added by {@link slowZooKeeper}. */
export const FAST_MACHINES = "network: { latency: 20us }\ndisks: { fsync: 50us }";

/** Faults after which another broker than this one is the controller, and has long taken over a minute later: it hears last of the vacancy. */
export function elsewhereTheController(broker: string): string {
  return `  - { at: 0s, slow-link: ${broker}, to: zookeepers, by: 20ms, for: 1s }
  - { at: 100ms, delete-znode: /controller }
`;
}
