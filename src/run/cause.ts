/**
 * What led to a violation, by recorded causes: the notable facts in its causal past that concern its partition or the nodes.
 *
 * A step lies in the past of another if it scheduled it, or if it happened earlier on a node that the other depends on. The
 * trace is read backwards once; what could not have had an influence is left out.
 */
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

const MOMENTS_MAX = 10;

/** The latest first. `steps` is the full trace of the run. */
export function causeOf(violation: Violation, steps: readonly Step[]): readonly CauseMoment[] {
  const found: CauseMoment[] = [];
  const repeated = repetitionsIn(steps);
  const needed = new Set<number>([violation.step, ...violation.facts.map((fact) => fact.step)]);
  const nodes = new Set<NodeName>();
  for (let index = violation.step - 1; index >= 0 && found.length < MOMENTS_MAX; index--) {
    const step = steps[index];
    if (step === undefined) continue;
    const touched = nodesOf(step);
    if (!needed.has(step.number) && !touched.some((node) => nodes.has(node))) continue;
    needed.add(step.cause);
    for (const node of touched) nodes.add(node);
    const cuts = step.events.filter((event) => event.kind === "LinkCut").length;
    for (const event of [...step.events].reverse() as (KafkaEvent | NodeEvent)[]) {
      if (!isNotable(event) || repeated.has(event) || !concerns(event, violation)) continue;
      if (event.kind === "OffsetCommitFailed" && isRepeated(describeEvent(event), found)) continue;
      // A node that is isolated loses many links at once: one line is enough.
      const isSeveral = event.kind === "LinkCut" && cuts > 1;
      const text = isSeveral ? `${cuts} links are cut, ${event.a} from ${event.b} the last` : describeEvent(event);
      if (!isSeveral || found.at(-1)?.step !== step.number) found.push({ step: step.number, timeUs: step.timeUs, text });
    }
  }
  return found.slice(0, MOMENTS_MAX);
}

/** What is committed is told by every server that learns of it; the first one's word will do. */
function repetitionsIn(steps: readonly Step[]): ReadonlySet<DomainEvent> {
  const once = new CommittedOnce();
  const repeated = new Set<DomainEvent>();
  for (const step of steps) {
    for (const event of step.events) if (!once.isNews(step.node, step.number, event)) repeated.add(event);
  }
  return repeated;
}

function nodesOf(step: Step): NodeName[] {
  const nodes = step.node === undefined ? [] : [step.node];
  for (const event of step.events as readonly Partial<{ node: NodeName; a: NodeName; b: NodeName }>[]) {
    if (event.node !== undefined) nodes.push(event.node);
    if (event.a !== undefined) nodes.push(event.a);
    if (event.b !== undefined) nodes.push(event.b);
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
function partitionsOf(event: KafkaEvent | NodeEvent): readonly TopicPartition[] | undefined {
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
