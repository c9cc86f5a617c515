/** What a scenario can wait for or hit: events and messages, described by a few of their fields; and nodes, by name or by role. */

import type { KafkaEvent } from "../kafka/events.ts";
import type { TopicPartition } from "../kafka/ids.ts";
import type { ApiName } from "../kafka/messages/apis.ts";
import type { DomainEvent, NodeName } from "../sim/host.ts";
import type { NodeEvent } from "../sim/node-events.ts";

/** Everything that a cluster, its clients and the kernel report. */
export type ScenarioEvent = KafkaEvent | NodeEvent;
export type EventKind = ScenarioEvent["kind"] & DomainEvent["kind"];

/** One or several nodes. What is known before the run is already a list of names; a role is asked for when it is needed. */
export type NodeSelector =
  | { readonly kind: "nodes"; readonly names: readonly NodeName[] }
  | { readonly kind: PartitionRole; readonly topic: string; readonly partition: number }
  | { readonly kind: ControllerRole | EnsembleRole }
  /** The broker that leads the group's partition of __consumer_offsets. */
  | { readonly kind: "coordinator"; readonly group: string }
  /** The member that took itself last for the owner of a partition. */
  | { readonly kind: "owner"; readonly group: string; readonly topic: string; readonly partition: number };

/** `follower` is the replica with the lowest id that does not lead; `followers` are all that do not. */
export type PartitionRole = "leader" | "follower" | "followers" | "replicas" | "isr" | "preferred";
/** `standby-controller` is the first of the controllers that are not active; `standby-controllers` are all of those. */
export type ControllerRole = "active-controller" | "standby-controller" | "standby-controllers";

/** `zookeeper-follower` is the first of the servers that do not lead; `zookeeper-followers` are all of those. */
export type EnsembleRole = "zookeeper-leader" | "zookeeper-follower" | "zookeeper-followers";

export interface EventPattern {
  readonly kind: EventKind;
  /** The reporting node is one of these. Undefined: any. */
  readonly nodes: readonly NodeSelector[] | undefined;
  /** All must match. */
  readonly fields: readonly FieldPattern[];
}

export interface FieldPattern {
  readonly field: string;
  readonly expected: Expected;
}

export type Expected =
  | { readonly is: "value"; readonly value: string | number | boolean }
  /** Both included. */
  | { readonly is: "range"; readonly min: number; readonly max: number | undefined }
  /** The id of the one node meant. */
  | { readonly is: "node"; readonly node: NodeTerm }
  /** Exactly the ids of these nodes, in any order. */
  | { readonly is: "nodes"; readonly nodes: readonly NodeTerm[] }
  /** The name of one of these nodes. */
  | { readonly is: "names"; readonly nodes: readonly NodeSelector[] }
  /** All of these partitions, and others perhaps; with none of them, no partition at all. */
  | { readonly is: "partitions"; readonly partitions: readonly TopicPartition[] };

/** An id, or the leader of the very partition that the event is about, or the brokers in a role, or who coordinates a group. */
export type NodeTerm =
  | { readonly kind: "id"; readonly id: number }
  | { readonly kind: "own-leader" }
  | { readonly kind: "coordinator"; readonly group: string }
  | { readonly kind: "role"; readonly role: PartitionRole; readonly topic: string; readonly partition: number };

/** An API of Kafka's or that and `Response`, or what ZooKeeper's clients and servers say to one another. */
export type MessageKind = ApiName | `${ApiName}Response` | `Zk${string}` | `Zab${string}`;

export interface MessagePattern {
  readonly kind: MessageKind;
  readonly from: readonly NodeSelector[] | undefined;
  readonly to: readonly NodeSelector[] | undefined;
  /** Only messages that speak of this partition. */
  readonly partition: TopicPartition | undefined;
  /** Only ZooKeeper messages about this path; with `*` at its end, about any path that begins so. */
  readonly path: string | undefined;
}
