/**
 * Which domain events are about a partition: those that name it, its topic's birth and death, and what befalls the nodes of its replicas. Found
 * once for each tape and partition; after that a place in between is a binary search.
 */
import type { KafkaEvent, PartitionChanged } from "../../kafka/events.ts";
import { partitionName, type TopicPartition } from "../../kafka/ids.ts";
import { partitionsOf } from "../../run/cause.ts";
import { CommittedOnce } from "../../scenario/simulation/committed-once.ts";
import type { NodeName } from "../../sim/host.ts";
import type { NodeEvent } from "../../sim/node-events.ts";
import type { Tape } from "../../walk/tape.ts";

const FOUND = new WeakMap<Tape, Map<string, readonly number[]>>();

/** Indices into the events of the tape, ascending. What several servers report of one decision is there once. */
export function eventsAbout(tape: Tape, partition: TopicPartition): readonly number[] {
  let ofTape = FOUND.get(tape);
  if (ofTape === undefined) {
    ofTape = new Map();
    FOUND.set(tape, ofTape);
  }
  const name = partitionName(partition.topic, partition.partition);
  let indices = ofTape.get(name);
  if (indices === undefined) {
    indices = find(tape, partition);
    ofTape.set(name, indices);
  }
  return indices;
}

function find({ events }: Tape, partition: TopicPartition): readonly number[] {
  const hosts = new Hosts(partition);
  const once = new CommittedOnce();
  const found: number[] = [];
  for (let index = 0; index < events.length; index++) {
    const { event, node, step } = events[index] as (typeof events)[number];
    const known = event as KafkaEvent | NodeEvent;
    if (!once.isNews(node, step, event)) continue;
    if (known.kind === "PartitionChanged") hosts.learn(known);
    if (isAbout(known, partition, hosts)) found.push(index);
  }
  return found;
}

/** Every broker that was to have a replica of it so far. */
class Hosts {
  readonly brokers = new Set<number>();
  readonly nodes = new Set<NodeName>();
  private readonly of: TopicPartition;

  constructor(of: TopicPartition) {
    this.of = of;
  }

  learn({ topic, partition, replicas }: PartitionChanged): void {
    if (topic !== this.of.topic || partition !== this.of.partition) return;
    for (const id of replicas) {
      this.brokers.add(id);
      this.nodes.add(`broker-${id}`);
    }
  }
}

function isAbout(event: KafkaEvent | NodeEvent, wanted: TopicPartition, { brokers, nodes }: Hosts): boolean {
  switch (event.kind) {
    case "ProcessStarted":
    case "ProcessCrashed":
    case "ProcessExited":
    case "PowerLost":
    case "DiskWiped":
    case "Paused":
    case "Resumed":
      return nodes.has(event.node);
    case "LinkCut":
    case "LinkHealed":
      return nodes.has(event.a) && nodes.has(event.b);
    case "BrokerFenced":
    case "BrokerUnfenced":
    case "BrokerUnregistered":
    case "BrokerInControlledShutdown":
    case "LogDirFailed":
      return brokers.has(event.broker);
    case "TopicCreated":
    case "TopicDeleted":
      return event.topic === wanted.topic;
    default:
      return isOf(event, wanted);
  }
}

function isOf(event: KafkaEvent | NodeEvent, wanted: TopicPartition): boolean {
  if ("topic" in event) return event.topic === wanted.topic && "partition" in event && event.partition === wanted.partition;
  if (!("partitions" in event || "offsets" in event)) return false;
  const named = partitionsOf(event) ?? [];
  return named.some(({ topic, partition }) => topic === wanted.topic && partition === wanted.partition);
}
