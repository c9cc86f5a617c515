/** What became of a consumer group in a run: the numbers of the checks, and when its generations began. */
import type { Micros } from "../base/units.ts";
import type { GroupNumbers } from "../checks/group-numbers.ts";
import type { KafkaEvent } from "../kafka/events.ts";
import type { Simulation, SimulationListener } from "../scenario/simulation/simulation.ts";
import type { DomainEvent } from "../sim/host.ts";

/** All times are microseconds since the cluster was ready. */
export interface GroupResult extends GroupNumbers {
  /** The nodes that belong to it, in the order of the file. */
  readonly members: readonly string[];
  /** When its coordinator began each generation, or group epoch. */
  readonly generations: readonly { readonly timeUs: Micros; readonly generation: number }[];
}

/** Writes down when generations begin. */
export class GenerationMeter implements SimulationListener {
  private readonly begun = new Map<string, { readonly timeUs: Micros; readonly generation: number }[]>();

  onReady(): void {}

  onFault(): void {}

  onEvent(timeUs: Micros, event: DomainEvent): void {
    const known = event as KafkaEvent;
    if (known.kind !== "GroupStateChanged") return;
    const { group, generation } = known;
    const begun = this.begun.get(group) ?? [];
    this.begun.set(group, begun);
    if (begun.at(-1)?.generation !== generation) begun.push({ timeUs, generation });
  }

  of(group: string): readonly { readonly timeUs: Micros; readonly generation: number }[] {
    return this.begun.get(group) ?? [];
  }
}

export function groupResults(simulation: Simulation, meter: GenerationMeter): readonly GroupResult[] {
  const { scenario, checker } = simulation;
  const since = (timeUs: Micros): Micros => simulation.since(timeUs);
  return checker.groups.map((numbers): GroupResult => {
    const { group, lag, ownership } = numbers;
    return {
      ...numbers,
      lag: { ...lag, samples: lag.samples.map((sample) => ({ ...sample, timeUs: since(sample.timeUs) })) },
      ownership: ownership.map((span) => ({
        ...span,
        fromUs: since(span.fromUs),
        toUs: span.toUs === undefined ? undefined : since(span.toUs),
      })),
      members: scenario.groups.find((spec) => spec.group === group)?.members.map(({ name }) => name) ?? [],
      generations: meter.of(group).map((each) => ({ ...each, timeUs: since(each.timeUs) })),
    };
  });
}
