/**
 * What led to a violation, by recorded causes: the notable facts in its causal past that concern its partition or the nodes.
 *
 * A step lies in the past of another if it scheduled it, or if it happened earlier on a node that the other depends on. The
 * trace is read backwards once; what could not have had an influence is left out.
 */
import type { Micros } from "../base/units.ts";
import type { Violation } from "../checks/invariant.ts";
import { describeEvent, isNotable } from "../kafka/event-words.ts";
import type { KafkaEvent } from "../kafka/events.ts";
import { partitionName, type TopicPartition } from "../kafka/ids.ts";
import { CommittedOnce } from "../scenario/simulation/committed-once.ts";
import type { DomainEvent, NodeName } from "../sim/host.ts";
import type { NodeEvent } from "../sim/node-events.ts";
import type { Step } from "../sim/trace.ts";

export interface CauseMoment {
  readonly step: number;
  readonly timeUs: number;
  readonly text: string;
}

/** A run with every step written down, by number of the step, from 1. */
export interface RecordedRun {
  /** Number of the last step. */
  readonly length: number;
  timeOf(step: number): Micros;
  nodeOf(step: number): NodeName | undefined;
  /** The step that scheduled it; 0 for none. */
  causeOf(step: number): number;
  eventsOf(step: number): readonly { readonly event: DomainEvent }[];
}

const MOMENTS_MAX = 10;

/** The latest first. `steps` is the full trace of the run. */
export function causeOf(violation: Violation, steps: readonly Step[]): readonly CauseMoment[] {
  return causeWithin(violation, {
    length: steps.length,
    timeOf: (step) => (steps[step - 1] as Step).timeUs,
    nodeOf: (step) => steps[step - 1]?.node,
    causeOf: (step) => (steps[step - 1] as Step).cause,
    eventsOf: (step) => (steps[step - 1] as Step).events.map((event) => ({ event })),
  });
}

/** The latest first. */
export function causeWithin(violation: Violation, run: RecordedRun): readonly CauseMoment[] {
  const found: CauseMoment[] = [];
  const repeated = repetitionsIn(run);
  const needed = new Set<number>([violation.step, ...violation.facts.map((fact) => fact.step)]);
  const nodes = new Set<NodeName>();
  for (let step = Math.min(violation.step, run.length); step > 0 && found.length < MOMENTS_MAX; step--) {
    const node = run.nodeOf(step);
    const events = run.eventsOf(step);
    // Most steps have none, and then nothing more to look at than their node.
    const touched = events.length === 0 ? [] : nodesOf(events);
    if (!needed.has(step) && !(node !== undefined && nodes.has(node)) && !touched.some((each) => nodes.has(each))) continue;
    needed.add(run.causeOf(step));
    if (node !== undefined) nodes.add(node);
    for (const each of touched) nodes.add(each);
    const cuts = events.filter(({ event }) => event.kind === "LinkCut").length;
    for (const { event: fact } of [...events].reverse()) {
      const event = fact as KafkaEvent | NodeEvent;
      if (!isNotable(event) || repeated.has(event) || !concerns(event, violation)) continue;
      if (event.kind === "OffsetCommitFailed" && isRepeated(describeEvent(event), found)) continue;
      // A node that is isolated loses many links at once: one line is enough.
      const isSeveral = event.kind === "LinkCut" && cuts > 1;
      const text = isSeveral ? `${cuts} links are cut, ${event.a} from ${event.b} the last` : describeEvent(event);
      if (!isSeveral || found.at(-1)?.step !== step) found.push({ step, timeUs: run.timeOf(step), text });
    }
  }
  return found.slice(0, MOMENTS_MAX);
}

/** What is committed is told by every server that learns of it; the first one's word will do. */
function repetitionsIn(run: RecordedRun): ReadonlySet<DomainEvent> {
  const once = new CommittedOnce();
  const repeated = new Set<DomainEvent>();
  for (let step = 1; step <= run.length; step++) {
    for (const { event } of run.eventsOf(step)) if (!once.isNews(run.nodeOf(step), step, event)) repeated.add(event);
  }
  return repeated;
}

function nodesOf(events: readonly { readonly event: DomainEvent }[]): NodeName[] {
  const nodes: NodeName[] = [];
  for (const { event } of events) {
    const { node, a, b } = event as Partial<{ node: NodeName; a: NodeName; b: NodeName }>;
    if (node !== undefined) nodes.push(node);
    if (a !== undefined) nodes.push(a);
    if (b !== undefined) nodes.push(b);
  }
  return nodes;
}

/** Facts about another partition are left out, and what happens in every run; facts about nodes concern everybody. */
function concerns(event: KafkaEvent | NodeEvent, violation: Violation): boolean {
  if (event.kind === "ProduceFailed" || event.kind === "LinkHealed") return false;
  if (event.kind === "ProcessStarted" && event.incarnation === 1) return false;
  if (event.kind === "ConsumerPositionReset" && event.reason === "initial") return false;
  const partitions = partitionsOf(event);
  if (partitions === undefined || violation.partition === undefined) return true;
  return partitions.some(({ topic, partition }) => violation.partition === partitionName(topic, partition));
}

/** Undefined for a fact that is about none. */
export function partitionsOf(event: KafkaEvent | NodeEvent): readonly TopicPartition[] | undefined {
  if (event.kind === "PartitionsAssigned" || event.kind === "PartitionsLost") return event.partitions;
  if (event.kind === "OffsetCommitFailed") return event.offsets;
  return "topic" in event && "partition" in event ? [event] : undefined;
}

/** A commit that is refused is tried again, and refused again: the last time is enough. */
function isRepeated(text: string, found: readonly CauseMoment[]): boolean {
  return found.some((moment) => withoutNumbers(moment.text) === withoutNumbers(text));
}

function withoutNumbers(text: string): string {
  return text.replace(/ at \d+/g, "");
}
