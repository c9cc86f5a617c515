/**
 * ListOffsets and OffsetForLeaderEpoch (3.9): where a partition starts and ends, as a whole, by time, and by epoch.
 *
 * A new leader's high watermark may still be behind what its predecessor told, until it has caught up with its own epoch's start:
 * so long it does not tell where the partition ends (KIP-207).
 * Source: Partition.fetchOffsetForTimestamp and lastOffsetForLeaderEpoch.
 */
import type { ErrorCode } from "../errors.ts";
import { type LeaderEpoch, NONE, type Offset, type TopicId } from "../ids.ts";
import type { EpochEndOffset } from "../log/leader-epoch-cache.ts";
import {
  EARLIEST_TIMESTAMP,
  LATEST_TIMESTAMP,
  type ListOffsetsRequest,
  type ListOffsetsResponse,
  type OffsetForLeaderEpochResponse,
} from "../messages/offsets.ts";
import type { PendingRequest } from "../net/request-channel.ts";
import type { HostedPartitions } from "./hosted-partitions.ts";
import type { Partition } from "./partition.ts";

type ListedOffset = ListOffsetsResponse["topics"][number]["partitions"][number];
type OffsetQuestion = ListOffsetsRequest["topics"][number]["partitions"][number];

/** These requests name topics, not topic ids. */
const ANY_TOPIC_ID: TopicId = "";
const SCAN_BYTES = 1_048_576;

export class OffsetsHandler {
  private readonly partitions: HostedPartitions;

  constructor(partitions: HostedPartitions) {
    this.partitions = partitions;
  }

  onListOffsets(request: PendingRequest<"ListOffsets">): void {
    const { replicaId, topics } = request.body;
    request.respond({
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map((question) => {
          const found = this.find(name, question.partitionIndex, question.currentLeaderEpoch);
          if (typeof found === "string") return noOffset(question, found);
          return listOffset(found, question, replicaId !== NONE);
        }),
      })),
    });
  }

  onOffsetForLeaderEpoch(request: PendingRequest<"OffsetForLeaderEpoch">): void {
    const { replicaId } = request.body;
    const topics: OffsetForLeaderEpochResponse["topics"] = request.body.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition, currentLeaderEpoch, leaderEpoch }) => {
        const found = this.find(topic, partition, currentLeaderEpoch);
        if (typeof found === "string") return { partition, errorCode: found, leaderEpoch: NONE, endOffset: NONE };
        const { epoch, endOffset } = endOfEpoch(found, leaderEpoch, replicaId);
        return { partition, errorCode: "NONE", leaderEpoch: epoch, endOffset };
      }),
    }));
    request.respond({ topics });
  }

  /** The partition, if this broker leads it in that epoch. */
  private find(topic: string, index: number, currentLeaderEpoch: LeaderEpoch): Partition | ErrorCode {
    const found = this.partitions.find(topic, ANY_TOPIC_ID, index);
    if (typeof found === "string") return found;
    const stale = found.checkLeaderEpoch(currentLeaderEpoch);
    if (stale !== "NONE") return stale;
    return found.leading === undefined ? "NOT_LEADER_OR_FOLLOWER" : found;
  }
}

/**
 * With the dial broker.epochBelowCacheStartIsValid on, a consumer whose epoch is older than all that this log still knows of
 * is asked for nothing but an offset within the log (KAFKA-19902).
 */
function endOfEpoch({ replica }: Partition, epoch: LeaderEpoch, replicaId: number): EpochEndOffset {
  const { log, context } = replica;
  const oldest = log.epochs.entries()[0];
  const isForgotten = epoch !== NONE && (oldest === undefined || epoch < oldest.epoch);
  if (replicaId === NONE && isForgotten && context.dials["broker.epochBelowCacheStartIsValid"]) {
    return { epoch, endOffset: log.logEndOffset };
  }
  return log.endOffsetForEpoch(epoch);
}

function noOffset(question: OffsetQuestion, errorCode: ErrorCode): ListedOffset {
  return { partitionIndex: question.partitionIndex, errorCode, timestamp: NONE, offset: NONE, leaderEpoch: NONE };
}

function listOffset(partition: Partition, question: OffsetQuestion, byReplica: boolean): ListedOffset {
  const { log, context, leaderEpoch } = partition.replica;
  const { partitionIndex, timestamp } = question;
  const answer = { partitionIndex, errorCode: "NONE" as const, timestamp: NONE };
  if (timestamp === EARLIEST_TIMESTAMP) {
    return { ...answer, offset: log.logStartOffset, leaderEpoch: log.epochs.entries()[0]?.epoch ?? NONE };
  }
  const endUnknown =
    !byReplica &&
    context.dials["replication.listOffsetsWaitsForEpochStart"] &&
    log.highWatermark < (partition.leading?.epochStartOffset ?? NONE);
  if (timestamp === LATEST_TIMESTAMP) {
    if (endUnknown) return noOffset(question, "OFFSET_NOT_AVAILABLE");
    return { ...answer, offset: byReplica ? log.logEndOffset : log.highWatermark, leaderEpoch };
  }
  const found = firstSince(partition, timestamp);
  if (found !== undefined) return { partitionIndex, errorCode: "NONE", ...found };
  return endUnknown ? noOffset(question, "OFFSET_NOT_AVAILABLE") : noOffset(question, "NONE");
}

/** The first committed record with at least this timestamp. */
function firstSince(
  partition: Partition,
  timestamp: number,
): { timestamp: number; offset: Offset; leaderEpoch: LeaderEpoch } | undefined {
  const { log } = partition.replica;
  for (let from = log.logStartOffset; ; ) {
    const batches = log.read(from, SCAN_BYTES, log.highWatermark);
    if (batches.length === 0) return undefined;
    for (const batch of batches) {
      from = batch.nextOffset;
      if (batch.maxTimestamp < timestamp) continue;
      const index = batch.records.findIndex((record) => record.timestamp >= timestamp);
      if (index < 0) continue;
      const offset = batch.baseOffset + index;
      return { timestamp: batch.records[index]?.timestamp ?? NONE, offset, leaderEpoch: batch.partitionLeaderEpoch };
    }
  }
}
