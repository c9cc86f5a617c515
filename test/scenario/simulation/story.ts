/** A scenario played through the public door, and questions about what happened in it. */
import { INVARIANT_NAMES } from "../../../src/checks/catalogue.ts";
import type { KafkaEvent } from "../../../src/kafka/events.ts";
import { parseScenario } from "../../../src/scenario/loader.ts";
import { Simulation } from "../../../src/scenario/simulation/simulation.ts";
import type { NodeEvent } from "../../../src/sim/node-events.ts";
import type { Step } from "../../../src/sim/trace.ts";

export type AnyEvent = KafkaEvent | NodeEvent;
type EventOf<K extends AnyEvent["kind"]> = Extract<AnyEvent, { readonly kind: K }>;

/** An event with the step that reported it. Times are seconds since the cluster was ready. */
export type Told<E> = E & { readonly at: number; readonly step: Step };

/** One partition on brokers 1, 2, 3, led by broker-1, with one controller; a record each 100 ms. */
const BACKGROUND = `
name: story
cluster: { brokers: 3, controllers: 1 }
topics: { orders: { assignment: [[1, 2, 3]], config: { min.insync.replicas: 2 } } }
producers: { checkout: { topic: orders, rate: 10/s, config: { acks: all, linger.ms: 0 } } }
`;

export interface StoryOptions {
  readonly seed?: string;
  /** Instead of the usual cluster, topic and producer. */
  readonly background?: string;
}

/** `text` is what the scenario says besides its background: faults, run, expect. */
export function simulationOf(text: string, options: StoryOptions = {}): Simulation {
  const scenario = parseScenario(`${options.background ?? BACKGROUND}\n${text}`, "story.yaml", { invariants: INVARIANT_NAMES });
  const { seed = "1" } = options;
  return new Simulation({ scenario, seed, traceLevel: "full", withTimeline: true });
}

/** Plays it to its end. */
export function play(text: string, options: StoryOptions = {}): Story {
  const simulation = simulationOf(text, options);
  simulation.run();
  return new Story(simulation);
}

/** Plays it until scenario time `seconds` has come, with everything that is due then. */
export function playUntil(simulation: Simulation, seconds: number): Story {
  const { world } = simulation;
  const isDue = (): boolean => {
    const { phase, readyAt } = simulation;
    return phase === "booting" || (world.nextEventAt ?? Number.POSITIVE_INFINITY) <= readyAt + seconds * 1_000_000;
  };
  while (isDue() && simulation.step());
  return new Story(simulation);
}

export class Story {
  readonly simulation: Simulation;

  constructor(simulation: Simulation) {
    this.simulation = simulation;
  }

  get steps(): readonly Step[] {
    return this.simulation.world.trace.steps();
  }

  /** Seconds since the cluster was ready. */
  at(step: Step): number {
    return (step.timeUs - this.simulation.readyAt) / 1_000_000;
  }

  /** Every event of a kind whose fields are as in `like`, in order. */
  events<K extends AnyEvent["kind"]>(kind: K, like: Partial<EventOf<K>> = {}): Told<EventOf<K>>[] {
    const found: Told<EventOf<K>>[] = [];
    for (const step of this.steps) {
      for (const event of step.events as AnyEvent[]) {
        if (event.kind === kind && isLike(event, like)) {
          found.push({ ...(event as EventOf<K>), at: this.at(step), step });
        }
      }
    }
    return found;
  }

  /** As events(), but only those from `from` on, up to `to` (both included). */
  eventsBetween<K extends AnyEvent["kind"]>(
    from: number,
    to: number,
    kind: K,
    like: Partial<EventOf<K>> = {},
  ): Told<EventOf<K>>[] {
    return this.events(kind, like).filter(({ at }) => at >= from && at <= to);
  }

  /** The moments at which an event of a kind was reported. */
  moments<K extends AnyEvent["kind"]>(kind: K, like: Partial<EventOf<K>> = {}): number[] {
    return this.events(kind, like).map(({ at }) => at);
  }

  /** The messages that were handed over, in order. */
  deliveries(like: { readonly label?: string; readonly from?: string; readonly to?: string } = {}): Step[] {
    return this.steps.filter(
      ({ kind, label, node, delivery }) =>
        kind === "message" &&
        (like.label === undefined || like.label === label) &&
        (like.from === undefined || like.from === delivery?.from) &&
        (like.to === undefined || like.to === node),
    );
  }

  deliveriesBetween(from: number, to: number, like: Parameters<Story["deliveries"]>[0] = {}): Step[] {
    return this.deliveries(like).filter((step) => this.at(step) >= from && this.at(step) <= to);
  }

  /** Microseconds from the step in which something was asked for (or the beginning) to this one. */
  lag(step: Step): number {
    return step.timeUs - (this.steps[step.cause - 1]?.timeUs ?? 0);
  }
}

function isLike(event: object, like: object): boolean {
  return Object.entries(like).every(
    ([key, value]) => JSON.stringify((event as Record<string, unknown>)[key]) === JSON.stringify(value),
  );
}
