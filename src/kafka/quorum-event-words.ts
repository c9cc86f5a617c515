/** Domain events of the metadata quorum in words. Part of event-words.ts. */
import { NONE } from "./ids.ts";
import type { MetadataRecord } from "./metadata/records.ts";
import type {
  ControllerActivated,
  ControllerRenounced,
  MetadataApplied,
  RaftHighWatermarkAdvanced,
  RaftLogLoaded,
  RaftLogTruncated,
  RaftRecordsAppended,
  RaftStateChanged,
} from "./quorum-events.ts";

/** Those that are not told in the story of a run. */
type QuorumEvent =
  | RaftStateChanged
  | RaftLogLoaded
  | RaftRecordsAppended
  | RaftLogTruncated
  | RaftHighWatermarkAdvanced
  | MetadataApplied
  | ControllerActivated
  | ControllerRenounced;

/** One line; undefined for other events. In Kafka's words, brokers that follow the metadata log are replicas of it, too. */
export function describeQuorumEvent(event: QuorumEvent): string | undefined {
  const of = `metadata log of ${event.replica}`;
  switch (event.kind) {
    case "RaftStateChanged":
      return describeState(event);
    case "RaftLogLoaded":
      return `${of}: log end ${event.batches.at(-1)?.nextOffset ?? 0}, high watermark ${event.highWatermark}, epoch ${event.epoch}`;
    case "RaftRecordsAppended": {
      const { baseOffset, nextOffset, records } = event.batch;
      return `${of}: ${offsets(baseOffset, nextOffset)} appended (${listed(records)})`;
    }
    case "RaftLogTruncated":
      return `${of}: cut back to ${event.to}`;
    case "RaftHighWatermarkAdvanced":
      return `${of}: high watermark → ${event.to}`;
    case "MetadataApplied":
      return `node ${event.replica} knows the cluster as of metadata offset ${event.to - 1}`;
    case "ControllerActivated":
      return `controller ${event.replica} is the active one, epoch ${event.epoch}`;
    case "ControllerRenounced":
      return `controller ${event.replica} is the active one no more, epoch ${event.epoch}`;
    default:
      return undefined;
  }
}

function describeState({ replica, role, epoch, leaderId, votedFor }: RaftStateChanged): string {
  const vote = votedFor === NONE || votedFor === replica ? "" : `, has voted for ${votedFor}`;
  const leader = role === "Leader" || leaderId === NONE ? "" : ` of ${leaderId}`;
  return `node ${replica} is ${role}${leader} in the metadata quorum, epoch ${epoch}${vote}`;
}

function offsets(baseOffset: number, nextOffset: number): string {
  return nextOffset - baseOffset === 1 ? `offset ${baseOffset}` : `offsets ${baseOffset} to ${nextOffset - 1}`;
}

const LISTED_AT_MOST = 3;

/** `RegisterBroker, 3 × Partition`. */
function listed(records: readonly MetadataRecord[]): string {
  const counts = new Map<string, number>();
  for (const { type } of records) counts.set(type, (counts.get(type) ?? 0) + 1);
  const all = [...counts].map(([type, count]) => (count === 1 ? type : `${count} × ${type}`));
  return all.length > LISTED_AT_MOST ? `${all.slice(0, LISTED_AT_MOST).join(", ")} …` : all.join(", ");
}
