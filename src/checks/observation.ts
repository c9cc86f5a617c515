/** What the checks see of a run: one stream of facts, each with its step, its moment and the node that reported it. */
import type { Micros } from "../base/units.ts";
import type { KafkaEvent, KafkaEventKind } from "../kafka/events.ts";
import type { NodeName } from "../sim/host.ts";
import type { NodeEvent, NodeEventKind } from "../sim/node-events.ts";

export type ObservedEvent = KafkaEvent | NodeEvent;
export type ObservedKind = KafkaEventKind | NodeEventKind;

/** Valid only while it is being judged: the checker uses one over and over. */
export interface Observation {
  /** The kernel step in which it happened. One step is one handler of one node, and may report several facts. */
  readonly step: number;
  readonly timeUs: Micros;
  /** Who reported it; for a node event the node that it is about. Undefined for a link's. */
  readonly node: NodeName | undefined;
  readonly event: ObservedEvent;
}
