/** Domain events in words, for people who know Kafka. */
import type { NodeEvent } from "../sim/node-events.ts";
import type { KafkaEvent } from "./events.ts";
import { describeGroupEvent, isNotableInGroups } from "./group-event-words.ts";
import type { GroupEvent } from "./group-events.ts";
import { type BrokerId, NONE, partitionName } from "./ids.ts";
import { describeZooKeeperModeEvent, isNotableInZooKeeperMode } from "./zookeeper-event-words.ts";
import type { ZooKeeperModeEvent } from "./zookeeper-events.ts";

type ToldEvent = KafkaEvent | NodeEvent;

/** Events that change the course of a run: worth a line in a story. */
const NOTABLE: ReadonlySet<ToldEvent["kind"]> = new Set<ToldEvent["kind"]>([
  "LogTruncated",
  "LogDirFailed",
  "TopicCreated",
  "AdminRequestFailed",
  "IsrChanged",
  "LeaderElected",
  "BrokerRegistered",
  "BrokerFenced",
  "BrokerUnfenced",
  "BrokerInControlledShutdown",
  "RaftLeaderElected",
  "RaftLeaderResigned",
  "ProduceFailed",
  "ConsumerPositionReset",
  "ProcessStarted",
  "ProcessCrashed",
  "ProcessExited",
  "PowerLost",
  "DiskWiped",
  "Paused",
  "Resumed",
  "LinkCut",
  "LinkHealed",
]);

export function isNotable(event: ToldEvent): boolean {
  // Of the other events, those of ZooKeeper mode and of groups have a say of their own.
  return (
    NOTABLE.has(event.kind) || isNotableInZooKeeperMode(event as ZooKeeperModeEvent) || isNotableInGroups(event as GroupEvent)
  );
}

/** One line. */
export function describeEvent(event: ToldEvent): string {
  const words = describeReplicaEvent(event) ?? describeClusterEvent(event) ?? describeNodeEvent(event);
  return (
    words ?? describeZooKeeperModeEvent(event as ZooKeeperModeEvent) ?? describeGroupEvent(event as GroupEvent) ?? event.kind
  );
}

function describeReplicaEvent(event: ToldEvent): string | undefined {
  switch (event.kind) {
    case "LogLoaded": {
      const { logEndOffset, highWatermark, shutdown } = event;
      return `${replica(event)}: log end ${logEndOffset}, high watermark ${highWatermark} after ${shutdown === "new" ? "creation" : `${shutdown} shutdown`}`;
    }
    case "RecordsAppended": {
      const { batch, role } = event;
      return `${replica(event)}: ${role} appends offsets ${batch.baseOffset} to ${batch.nextOffset - 1} of epoch ${batch.partitionLeaderEpoch}`;
    }
    case "LogStartOffsetAdvanced":
      return `${replica(event)}: everything below offset ${event.to} is deleted`;
    case "LogCompacted":
      return `${replica(event)}: compacted up to offset ${event.cleanTo}, ${event.removedRecords} records gone`;
    case "LogTruncated":
      return `${replica(event)}: log cut from ${event.from} back to ${event.to}`;
    case "HighWatermarkAdvanced":
      return `${replica(event)}: high watermark ${event.from} → ${event.to}`;
    case "BecameLeader":
      return `${replica(event)}: leads in epoch ${event.leaderEpoch} from offset ${event.epochStartOffset}, high watermark ${event.highWatermark}`;
    case "BecameFollower":
      return `${replica(event)}: follows ${broker(event.leader)} in epoch ${event.leaderEpoch}`;
    case "IsrChangeProposed":
      return `${replica(event)}: asks for ISR ${event.isr.join(" ")} (${event.change})`;
    case "ProduceSatisfied":
      return `${replica(event)}: answers offsets ${event.baseOffset} to ${event.nextOffset - 1} as written (acks=${event.acks === -1 ? "all" : event.acks}, ISR ${event.isr.join(" ")})`;
    default:
      return undefined;
  }
}

function describeClusterEvent(event: ToldEvent): string | undefined {
  switch (event.kind) {
    case "LogDirFailed":
      return `broker-${event.broker}: log directory failed`;
    case "TopicCreated":
      return `topic ${event.topic} is created`;
    case "AdminRequestFailed":
      return `${event.client}: ${event.api} failed: ${event.message}`;
    case "IsrChanged":
      return `${partitionName(event.topic, event.partition)}: ISR ${list(event.from)} → ${list(event.isr)}`;
    case "LeaderElected": {
      const { leader, leaderEpoch, isr, unclean } = event;
      const name = partitionName(event.topic, event.partition);
      if (leader === NONE) return `${name}: no leader, epoch ${leaderEpoch}, ISR ${list(isr)}`;
      return `${name}: ${broker(leader)} leads, epoch ${leaderEpoch}, ISR ${list(isr)}${unclean ? " (unclean election)" : ""}`;
    }
    case "BrokerRegistered":
      return `broker-${event.broker} registers, broker epoch ${event.brokerEpoch}`;
    case "BrokerFenced":
      return `broker-${event.broker} is fenced by the controller`;
    case "BrokerUnfenced":
      return `broker-${event.broker} is unfenced`;
    case "BrokerInControlledShutdown":
      return `broker-${event.broker} is in controlled shutdown`;
    case "RaftLeaderElected":
      return `controller ${event.replica} leads the metadata quorum, epoch ${event.epoch}`;
    case "RaftLeaderResigned":
      return `controller ${event.replica} gives up epoch ${event.epoch} (${event.reason})`;
    case "ProduceAcknowledged":
      return `${event.client}: offset ${event.baseOffset} of ${partitionName(event.topic, event.partition)} is acknowledged`;
    case "ProduceFailed":
      return `${event.client}: ${event.records.length} of ${partitionName(event.topic, event.partition)} failed: ${event.error}`;
    case "ConsumerPositionReset": {
      const name = partitionName(event.topic, event.partition);
      return `${event.client}: position in ${name} ${event.from} → ${event.to} (${event.reason})`;
    }
    default:
      return undefined;
  }
}

function describeNodeEvent(event: ToldEvent): string | undefined {
  switch (event.kind) {
    case "ProcessStarted":
      return `${event.node} starts`;
    case "ProcessCrashed":
      return `${event.node} crashes`;
    case "ProcessExited":
      return `${event.node} exits: ${event.reason}`;
    case "PowerLost":
      return `${event.node} loses power`;
    case "DiskWiped":
      return `${event.node} gets an empty disk`;
    case "Paused":
      return `${event.node} stands still`;
    case "Resumed":
      return `${event.node} goes on`;
    case "LinkCut":
      return event.direction === "both"
        ? `${event.a} and ${event.b} are cut off`
        : `cut ${event.direction} ${event.a}, ${event.b}`;
    case "LinkHealed":
      return `${event.a} and ${event.b} are joined again`;
    default:
      return undefined;
  }
}

function replica(event: { readonly broker: BrokerId; readonly topic: string; readonly partition: number }): string {
  return `${partitionName(event.topic, event.partition)} on broker-${event.broker}`;
}

function broker(id: BrokerId): string {
  return id === NONE ? "nobody" : `broker-${id}`;
}

function list(ids: readonly BrokerId[]): string {
  return ids.length === 0 ? "∅" : ids.join(" ");
}
