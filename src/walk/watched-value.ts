/** A value that somebody keeps an eye on while walking: who leads, the ISR, how far a log goes. Read from the observer's knowledge, so that it is cheap after every step. */
import type { TopicPartition } from "../kafka/ids.ts";
import type { Simulation } from "../scenario/simulation/simulation.ts";
import type { DomainEvent, NodeName } from "../sim/host.ts";

export type WatchedValue =
  /** As the controller, or the leader with ZooKeeper, has committed them. */
  | ({ readonly what: "leader" | "isr" | "leader epoch" } & TopicPartition)
  /** Of the replica on one broker. */
  | ({ readonly what: "log end" | "high watermark"; readonly broker: number } & TopicPartition)
  /** How far the records of a partition are committed, in truth. */
  | ({ readonly what: "committed end" } & TopicPartition)
  /** Where a consumer goes on reading. */
  | ({ readonly what: "position"; readonly client: NodeName } & TopicPartition)
  /** Whether a node runs, stands still, is without power. */
  | { readonly what: "state"; readonly node: NodeName };

/** `ISR of orders-0`, `log end of orders-0 on broker-2`. */
export function describeWatched(value: WatchedValue): string {
  if (value.what === "state") return `state of ${value.node}`;
  const name = `${value.topic}-${value.partition}`;
  switch (value.what) {
    case "isr":
      return `ISR of ${name}`;
    case "log end":
    case "high watermark":
      return `${value.what} of ${name} on broker-${value.broker}`;
    case "position":
      return `position of ${value.client} in ${name}`;
    default:
      return `${value.what} of ${name}`;
  }
}

/** What it is now; undefined where there is none. Equal answers mean that nothing changed. */
export function readWatched({ world, checker }: Simulation, value: WatchedValue): string | number | undefined {
  if (value.what === "state") {
    const node = world.node(value.node);
    if (!node.powered) return "without power";
    if (!node.running) return "down";
    return node.paused ? "paused" : `running ${node.incarnation}`;
  }
  const partition = checker.ghost.topics.find(value.topic, value.partition);
  if (partition === undefined) return undefined;
  switch (value.what) {
    case "leader":
      return partition.state?.leader;
    case "leader epoch":
      return partition.state?.leaderEpoch;
    case "isr":
      return partition.state?.isr.join(" ");
    case "log end":
      return partition.replica(value.broker)?.log.endOffset;
    case "high watermark":
      return partition.replica(value.broker)?.highWatermark;
    case "committed end":
      return partition.committed.end;
    case "position":
      return checker.ghost.readers.offsetOf(value.client, partition);
  }
}

const NODE_EVENTS: readonly string[] = ["ProcessStarted", "ProcessCrashed", "ProcessExited", "PowerLost", "Paused", "Resumed"];
const DECISIONS: readonly string[] = ["PartitionChanged", "TopicCreated", "TopicDeleted"];

/** Whether an event of this kind, about these things, can change the value. Saves a search from playing what it needs not. */
export function mayChange(event: DomainEvent, value: WatchedValue): boolean {
  if (value.what === "state") return NODE_EVENTS.includes(event.kind);
  const isDecided = value.what === "leader" || value.what === "isr" || value.what === "leader epoch";
  return isDecided ? DECISIONS.includes(event.kind) : true;
}
