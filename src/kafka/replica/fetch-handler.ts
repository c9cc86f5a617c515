/**
 * Fetch requests of followers and consumers (1.7, 3.11): read, or wait until there is something to read.
 *
 * A follower's fetch is also what tells the leader how far the follower is. It counts once, when it comes in, not again when
 * it is answered after a wait, and not when it was refused or told to truncate.
 * Source: ReplicaManager.fetchMessages and readFromLog, Partition.fetchRecords, DelayedFetch.
 */
import { ms } from "../../base/units.ts";
import type { Timer, TimerTarget } from "../../sim/host.ts";
import type { ErrorCode } from "../errors.ts";
import { NONE } from "../ids.ts";
import type { FetchPartition, FetchPartitionResponse, FetchRequest } from "../messages/fetch.ts";
import type { PendingRequest } from "../net/request-channel.ts";
import type { RecordBatch } from "../records.ts";
import { DelayedFetch, type FetchCompleter, type FetchedPartition } from "./delayed-operations.ts";
import { type HostedPartitions, namesCurrentLeader } from "./hosted-partitions.ts";
import type { Partition } from "./partition.ts";
import type { ReplicaContext } from "./replica-context.ts";
import { divergenceOf } from "./truncation.ts";

const NO_RECORDS: readonly RecordBatch[] = Object.freeze([]);

interface FetchTimeout extends Timer {
  readonly operation: DelayedFetch;
}

/** What one pass over the partitions of a request read. */
interface FetchPass {
  readonly responses: { topic: string; partitions: FetchPartitionResponse[] }[];
  bytes: number;
  /** An error or a truncation: the fetcher must hear of it now. */
  urgent: boolean;
}

export class FetchHandler implements FetchCompleter, TimerTarget {
  private readonly context: ReplicaContext;
  private readonly partitions: HostedPartitions;

  constructor(context: ReplicaContext, partitions: HostedPartitions) {
    this.context = context;
    this.partitions = partitions;
  }

  onRequest(request: PendingRequest<"Fetch">): void {
    const { body } = request;
    if (!this.canOnlyWait(body)) {
      const { responses, bytes, urgent } = this.pass(body, true);
      if (urgent || body.maxWaitMs <= 0 || bytes >= body.minBytes || responses.length === 0) {
        request.respond({ errorCode: "NONE", responses });
        return;
      }
    }
    const watched: FetchedPartition[] = [];
    for (const { topic, partitions } of body.topics) {
      for (const wanted of partitions) {
        const partition = this.partitions.get(topic, wanted.partition);
        if (partition !== undefined) watched.push({ partition, wanted });
      }
    }
    const operation = new DelayedFetch(request, this, watched);
    const byFollower = body.replicaState.replicaId !== NONE;
    for (const watch of operation.watches) watch.partition.watchFetch(watch, byFollower);
    const timeout: FetchTimeout = { kind: "replica.fetch-timeout", target: this, operation };
    operation.timer = this.context.host.setTimer(ms(body.maxWaitMs), timeout);
  }

  /**
   * Whether the fetcher has all there is, everywhere: then nothing need be read to know that it waits. Most fetches are like
   * this; when in doubt the answer is no, and they are looked at closely. Notes how far a follower is if it is yes.
   */
  private canOnlyWait(body: FetchRequest): boolean {
    if (body.maxWaitMs <= 0 || body.minBytes <= 0 || body.topics.length === 0) return false;
    const { replicaId } = body.replicaState;
    for (const { topic, topicId, partitions } of body.topics) {
      for (const wanted of partitions) {
        const partition = this.partitions.find(topic, topicId, wanted.partition);
        if (typeof partition === "string" || whyRefused(partition, wanted, replicaId) !== "NONE") return false;
        if (!isAtEnd(partition, wanted, replicaId !== NONE)) return false;
      }
    }
    if (replicaId === NONE) return true;
    for (const { topic, topicId, partitions } of body.topics) {
      for (const wanted of partitions) {
        const partition = this.partitions.find(topic, topicId, wanted.partition) as Partition;
        if (!noteFollower(partition, wanted, body)) return false;
      }
    }
    return true;
  }

  onTimer(timer: Timer): void {
    const { operation } = timer as FetchTimeout;
    operation.timer = 0;
    operation.complete();
  }

  completeFetch(operation: DelayedFetch): void {
    operation.completed = true;
    if (operation.timer !== 0) this.context.host.cancelTimer(operation.timer);
    const { responses } = this.pass(operation.request.body, false);
    operation.request.respond({ errorCode: "NONE", responses });
  }

  private pass(body: FetchRequest, firstTime: boolean): FetchPass {
    const pass: FetchPass = { responses: [], bytes: 0, urgent: false };
    for (const { topic, topicId, partitions } of body.topics) {
      const answers: FetchPartitionResponse[] = [];
      for (const wanted of partitions) {
        const found = this.partitions.find(topic, topicId, wanted.partition);
        const answer = typeof found === "string" ? found : this.read(found, wanted, body, pass.bytes, firstTime);
        if (typeof answer === "string") {
          pass.urgent = true;
          answers.push(this.refusal(topic, wanted.partition, answer));
        } else {
          if (answer.divergingEpoch !== undefined) pass.urgent = true;
          for (const batch of answer.records) pass.bytes += (batch as RecordBatch).sizeInBytes;
          answers.push(answer);
        }
      }
      pass.responses.push({ topic, partitions: answers });
    }
    return pass;
  }

  private refusal(topic: string, partitionIndex: number, errorCode: ErrorCode): FetchPartitionResponse {
    const refusal = { partitionIndex, errorCode, highWatermark: NONE, logStartOffset: NONE, records: NO_RECORDS };
    const currentLeader = namesCurrentLeader(errorCode) ? this.partitions.currentLeader(topic, partitionIndex) : undefined;
    return currentLeader === undefined ? refusal : { ...refusal, currentLeader };
  }

  private read(
    partition: Partition,
    wanted: FetchPartition,
    body: FetchRequest,
    bytesSoFar: number,
    firstTime: boolean,
  ): FetchPartitionResponse | ErrorCode {
    const { replicaId } = body.replicaState;
    const byFollower = replicaId !== NONE;
    const refused = whyRefused(partition, wanted, replicaId);
    if (refused !== "NONE") return refused;
    const { log } = partition.replica;
    // As of the read: what this very fetch makes committed is told with the next answer.
    const { highWatermark, logStartOffset, logEndOffset } = log;
    const { fetchOffset, lastFetchedEpoch, partition: partitionIndex } = wanted;
    if (lastFetchedEpoch !== NONE) {
      const own = log.endOffsetForEpoch(lastFetchedEpoch);
      const divergence = divergenceOf(wanted, own);
      if (divergence === "out-of-range" || fetchOffset < logStartOffset) return "OFFSET_OUT_OF_RANGE";
      if (divergence === "diverging") {
        return { partitionIndex, errorCode: "NONE", highWatermark, logStartOffset, divergingEpoch: own, records: NO_RECORDS };
      }
    }
    if (fetchOffset < logStartOffset || fetchOffset > logEndOffset) return "OFFSET_OUT_OF_RANGE";
    const records = readWithin(
      partition,
      wanted,
      byFollower ? logEndOffset : highWatermark,
      body.maxBytes - bytesSoFar,
      bytesSoFar === 0,
    );
    if (byFollower && firstTime && !noteFollower(partition, wanted, body)) return "NOT_LEADER_OR_FOLLOWER";
    return { partitionIndex, errorCode: "NONE", highWatermark, logStartOffset, records };
  }
}

/** Whether the fetcher asks for what comes next, and agrees with the log on all before. */
function isAtEnd(partition: Partition, { fetchOffset, lastFetchedEpoch }: FetchPartition, byFollower: boolean): boolean {
  const { log } = partition.replica;
  if (byFollower) return fetchOffset === log.logEndOffset && lastFetchedEpoch === log.latestEpoch;
  return lastFetchedEpoch === NONE && fetchOffset >= log.highWatermark && fetchOffset <= log.logEndOffset;
}

/** What a follower's fetch tells the leader (3.3). False if it comes from an earlier life of that broker. */
function noteFollower(partition: Partition, wanted: FetchPartition, { replicaState }: FetchRequest): boolean {
  const { leading } = partition;
  const follower = leading?.follower(replicaState.replicaId);
  if (leading === undefined || follower === undefined) return true;
  const before = follower.logEndOffset;
  if (!leading.onFollowerFetch(follower, wanted, partition.replica.log.logEndOffset, replicaState.replicaEpoch)) return false;
  if (before !== follower.logEndOffset) partition.raiseHighWatermark();
  return true;
}

/**
 * Epoch and role (3.9). Followers are served by the leader only. So is a consumer that names no epoch; one that does may read
 * from a follower of the same epoch, up to that follower's high watermark (KIP-392).
 */
function whyRefused(partition: Partition, wanted: FetchPartition, replicaId: number): ErrorCode {
  const stale = partition.checkLeaderEpoch(wanted.currentLeaderEpoch);
  if (stale !== "NONE") return stale;
  const { leading } = partition;
  if (replicaId === NONE) {
    const anyReplica = wanted.currentLeaderEpoch !== NONE && partition.replica.context.dials["replication.fetchEpochFencing"];
    return leading !== undefined || anyReplica ? "NONE" : "NOT_LEADER_OR_FOLLOWER";
  }
  if (leading === undefined) return "NOT_LEADER_OR_FOLLOWER";
  if (leading.follower(replicaId) !== undefined) return "NONE";
  // Not in the assignment, as far as this broker knows: it may be that the fetcher knows more.
  return wanted.currentLeaderEpoch === NONE ? "NOT_LEADER_OR_FOLLOWER" : "UNKNOWN_LEADER_EPOCH";
}

/** Whole batches within the limits; the first ones of a response in any case, so that a large batch can't stop a reader (KIP-74). */
function readWithin(
  partition: Partition,
  wanted: FetchPartition,
  upTo: number,
  bytesLeft: number,
  atLeastOne: boolean,
): readonly RecordBatch[] {
  if (wanted.fetchOffset >= upTo) return NO_RECORDS;
  const maxBytes = Math.min(wanted.partitionMaxBytes, Math.max(0, bytesLeft));
  const batches = partition.replica.log.read(wanted.fetchOffset, maxBytes, upTo);
  const first = batches[0];
  return first !== undefined && !atLeastOne && first.sizeInBytes > maxBytes ? NO_RECORDS : batches;
}
