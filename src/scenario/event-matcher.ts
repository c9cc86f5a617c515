/**
 * Whether a domain event is one that a scenario waits for.
 *
 * Fields compare by value; lists of brokers compare as sets, since an ISR says who is in it and not in which order. `leader`
 * is the leader that the event itself names, or else the one known at this moment.
 */
import { unreachable } from "../base/assert.ts";
import { NONE, type TopicPartition } from "../kafka/ids.ts";
import type { DomainEvent, NodeName } from "../sim/host.ts";
import type { EventPattern, Expected, NodeTerm } from "./patterns.ts";
import { brokersInRole, type ClusterFacts, resolveNodes } from "./selectors.ts";

type Fields = Readonly<Record<string, unknown>>;

/** `node` is the one that reported it, if any. */
export function matchesEvent(
  pattern: EventPattern,
  event: DomainEvent,
  node: NodeName | undefined,
  facts: ClusterFacts,
): boolean {
  if (pattern.kind !== event.kind) return false;
  const fields = event as unknown as Fields;
  if (pattern.nodes !== undefined) {
    const about = typeof fields.node === "string" ? fields.node : node;
    if (about === undefined || !resolveNodes(pattern.nodes, facts).includes(about)) return false;
  }
  for (const { field, expected } of pattern.fields) {
    if (!matchesValue(expected, fields[field], fields, facts)) return false;
  }
  return true;
}

function matchesValue(expected: Expected, actual: unknown, event: Fields, facts: ClusterFacts): boolean {
  switch (expected.is) {
    case "value":
      return actual === expected.value;
    case "range":
      return typeof actual === "number" && actual >= expected.min && (expected.max === undefined || actual <= expected.max);
    case "node": {
      const ids = idsOf(expected.node, event, facts);
      return ids.length === 1 && ids[0] === actual;
    }
    case "nodes": {
      const wanted = new Set(expected.nodes.flatMap((term) => idsOf(term, event, facts)));
      return Array.isArray(actual) && new Set(actual).size === wanted.size && actual.every((id: number) => wanted.has(id));
    }
    case "names":
      return resolveNodes(expected.nodes, facts).includes(String(actual));
    case "partitions":
      return Array.isArray(actual) && holds(actual as readonly TopicPartition[], expected.partitions);
    default:
      return unreachable(expected);
  }
}

function holds(actual: readonly TopicPartition[], wanted: readonly TopicPartition[]): boolean {
  if (wanted.length === 0) return actual.length === 0;
  return wanted.every(({ topic, partition }) => actual.some((each) => each.topic === topic && each.partition === partition));
}

function idsOf(term: NodeTerm, event: Fields, facts: ClusterFacts): readonly number[] {
  switch (term.kind) {
    case "id":
      return [term.id];
    case "own-leader": {
      const leader = typeof event.leader === "number" ? event.leader : facts.leader(String(event.topic), Number(event.partition));
      return leader === NONE ? [] : [leader];
    }
    case "coordinator": {
      const coordinator = facts.coordinator(term.group);
      return coordinator === NONE ? [] : [coordinator];
    }
    case "role":
      return brokersInRole(term.role, term.topic, term.partition, facts);
    default:
      return unreachable(term);
  }
}
