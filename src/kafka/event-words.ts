/** Domain events in words, for people who know Kafka. */
import type { NodeEvent } from "../sim/node-events.ts";
import type { EpochEntry, KafkaEvent, LeaderIsrUpdated } from "./events.ts";
import { describeGroupEvent, isNotableInGroups } from "./group-event-words.ts";
import type { GroupEvent } from "./group-events.ts";
import { type BrokerId, NONE, type Offset, partitionName } from "./ids.ts";
import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP } from "./messages/offsets.ts";
import { describeQuorumEvent } from "./quorum-event-words.ts";
import type { RaftStateChanged } from "./quorum-events.ts";
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
  const words =
    describeReplicaEvent(event) ?? describeClusterEvent(event) ?? describeClientEvent(event) ?? describeNodeEvent(event);
  return (
    words ??
    describeQuorumEvent(event as RaftStateChanged) ??
    describeZooKeeperModeEvent(event as ZooKeeperModeEvent) ??
    describeGroupEvent(event as GroupEvent) ??
    event.kind
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
      return `${replica(event)}: ${role} appends ${offsets(batch)} of epoch ${batch.partitionLeaderEpoch}`;
    }
    case "LogFlushed":
      return `${replica(event)}: records below offset ${event.to} are on the platter`;
    case "LeaderEpochCacheChanged":
      return `${replica(event)}: leader epochs ${epochs(event.epochs)}`;
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
    case "IsrChangeAnswered":
      return `${replica(event)}: its ISR change is ${event.error === "NONE" ? "taken" : `refused: ${event.error}`}`;
    case "LeaderIsrUpdated":
      return `${replica(event)}: leader takes ${list(event.isr)} for the ISR${waited(event)}`;
    case "ReplicaStopped":
      return `${replica(event)}: replica is stopped`;
    case "ProduceSatisfied":
      return `${replica(event)}: answers ${offsets(event)} as written (acks=${acks(event.acks)}, ISR ${event.isr.join(" ")})`;
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
    case "BrokerStateChanged":
      return `broker-${event.broker} is ${event.state}`;
    case "PartitionChanged": {
      const { leader, leaderEpoch, partitionEpoch, isr, elr } = event;
      const who = leader === NONE ? "no leader" : `leader ${broker(leader)}`;
      const eligible = elr.length === 0 ? "" : `, ELR ${list(elr)}`;
      return `${partitionName(event.topic, event.partition)}: ${who}, epoch ${leaderEpoch}, ISR ${list(isr)}${eligible}, partition epoch ${partitionEpoch}`;
    }
    case "RaftLeaderElected":
      return `controller ${event.replica} leads the metadata quorum, epoch ${event.epoch}`;
    case "RaftLeaderResigned":
      return `controller ${event.replica} gives up epoch ${event.epoch} (${event.reason})`;
    default:
      return undefined;
  }
}

function describeClientEvent(event: ToldEvent): string | undefined {
  switch (event.kind) {
    case "RecordSent":
      return `${event.client} sends record ${event.record.origin.sequence} to ${event.topic}`;
    case "ProduceRetried":
      return `${event.client}: a batch for ${partitionName(event.topic, event.partition)} is tried again after ${event.error}, attempt ${event.attempts + 1}`;
    case "RecordsRead": {
      const { client, from, position, nextPosition } = event;
      const read = offsets({ baseOffset: position, nextOffset: nextPosition });
      return `${client} reads ${read} of ${partitionName(event.topic, event.partition)} from ${broker(from)}`;
    }
    case "OffsetsListed":
      return `${event.client} asked for the offset of ${time(event.timestamp)} in ${partitionName(event.topic, event.partition)}: ${event.offset}`;
    case "ProduceAcknowledged": {
      const { client, baseOffset, records, topic, partition } = event;
      const name = partitionName(topic, partition);
      if (baseOffset === NONE) return `${client}: ${records.length} for ${name} sent, and not waited for (acks=0)`;
      const which = offsets({ baseOffset, nextOffset: baseOffset + records.length });
      return `${client}: ${which} of ${name} ${records.length === 1 ? "is" : "are"} acknowledged`;
    }
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

function offsets({ baseOffset, nextOffset }: { readonly baseOffset: Offset; readonly nextOffset: Offset }): string {
  return nextOffset - baseOffset === 1 ? `offset ${baseOffset}` : `offsets ${baseOffset} to ${nextOffset - 1}`;
}

const EPOCHS_AT_MOST = 4;

/** `0 from 0, 1 from 118`; of many the last ones. */
function epochs(entries: readonly EpochEntry[]): string {
  if (entries.length === 0) return "∅";
  const last = entries.slice(-EPOCHS_AT_MOST).map(({ epoch, startOffset }) => `${epoch} from ${startOffset}`);
  return `${entries.length > last.length ? "… " : ""}${last.join(", ")}`;
}

/** What it waits for may be more than it takes for committed. */
function waited({ isr, maximalIsr }: LeaderIsrUpdated): string {
  return isr.length === maximalIsr.length ? "" : `, and waits for ${list(maximalIsr)}`;
}

function acks(acks: number): string {
  return acks === -1 ? "all" : String(acks);
}

/** As in ListOffsets. */
function time(timestamp: number): string {
  if (timestamp === LATEST_TIMESTAMP) return "the end";
  return timestamp === EARLIEST_TIMESTAMP ? "the start" : `time ${timestamp}`;
}

function broker(id: BrokerId): string {
  return id === NONE ? "nobody" : `broker-${id}`;
}

function list(ids: readonly BrokerId[]): string {
  return ids.length === 0 ? "∅" : ids.join(" ");
}
