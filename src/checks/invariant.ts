/**
 * What an invariant is: a promise in one sentence, the events that can break it, and a check that names two facts that
 * contradict each other when it is broken.
 *
 * Invariants are data (a fork copies them): no closures in fields. They read the ghost, which has already seen the event,
 * and never look into a process. A promise about one event is judged when the event comes ({@link Invariant.observe}); a
 * promise about a partition is judged when the step that touched it has ended ({@link Invariant.checkPartition}), because
 * one handler may report a change in several facts.
 */
import type { Micros } from "../base/units.ts";
import type { Ghost } from "./ghost/ghost.ts";
import type { GhostGroup } from "./ghost/ghost-group.ts";
import type { GhostPartition } from "./ghost/ghost-partition.ts";
import type { Observation, ObservedKind } from "./observation.ts";

/** One side of a contradiction. */
export interface Fact {
  readonly step: number;
  readonly timeUs: Micros;
  readonly text: string;
}

export interface Violation {
  readonly invariant: string;
  readonly step: number;
  readonly timeUs: Micros;
  readonly message: string;
  /** The facts that contradict each other, the older one first. */
  readonly facts: readonly Fact[];
  /** `orders-0`, where it is about a partition. */
  readonly partition?: string;
  /** What the violation is about: it is reported once for each. */
  readonly subject: string;
}

export interface Invariant {
  readonly name: string;
  /** What is promised, in one sentence. */
  readonly promise: string;
  /** Where the promise comes from. */
  readonly source: string;
  /** The kinds that {@link observe} wants to see. */
  readonly watches: readonly ObservedKind[];
  observe?(observation: Observation, ghost: Ghost, reporter: Reporter): void;
  /** Called once at the end of each step that touched `partition`'s replicas or its committed state. */
  checkPartition?(partition: GhostPartition, ghost: Ghost, reporter: Reporter): void;
  /** Called once at the end of each step in which something was decided about `group`, or believed by its members. */
  checkGroup?(group: GhostGroup, ghost: Ghost, reporter: Reporter): void;
  /** Called once in every second of virtual time in which something is observed, and when the run is over. */
  everySecond?(ghost: Ghost, reporter: Reporter): void;
  /** The run is over. */
  atEnd?(ghost: Ghost, reporter: Reporter): void;
}

/** Takes violations in, once per invariant and subject. */
export class Reporter {
  readonly violations: Violation[] = [];
  /** The step that is being judged. */
  step = 0;
  timeUs: Micros = 0;
  private readonly reported = new Map<string, Set<string>>();

  /** Whether nothing has been reported yet about `subject`. Ask before building a message. */
  isNew(invariant: Invariant, subject: string): boolean {
    return !this.reported.get(invariant.name)?.has(subject);
  }

  report(
    invariant: Invariant,
    found: { readonly subject: string; readonly message: string; readonly facts: readonly Fact[]; readonly partition?: string },
  ): void {
    let subjects = this.reported.get(invariant.name);
    if (subjects === undefined) {
      subjects = new Set();
      this.reported.set(invariant.name, subjects);
    }
    if (subjects.has(found.subject)) return;
    subjects.add(found.subject);
    this.violations.push({
      invariant: invariant.name,
      step: this.step,
      timeUs: this.timeUs,
      ...found,
      facts: [...found.facts].sort((a, b) => a.step - b.step),
    });
  }

  /** A fact of the step that is being judged. */
  now(text: string): Fact {
    return { step: this.step, timeUs: this.timeUs, text };
  }
}
