/**
 * Fetch requests of followers and consumers (1.7, 3.11): read, or wait until there is something to read.
 *
 * A follower's fetch is also what tells the leader how far the follower is. It counts once, when it comes in, not again when
 * it is answered after a wait, and not when it was refused or told to truncate. A consumer that says where it is may be sent to a
 * replica that is nearer (KIP-392).
 * Source: ReplicaManager.fetchMessages and readFromLog, Partition.fetchRecords, DelayedFetch.
 */
import { ms } from "../../base/units.ts";
import type { Timer, TimerTarget } from "../../sim/host.ts";
import type { ErrorCode } from "../errors.ts";
import { type BrokerEpoch, type BrokerId, NONE } from "../ids.ts";
import { ByTopic } from "../messages/by-topic.ts";
import type { FetchPartition, FetchPartitionResponse, FetchRequest } from "../messages/fetch.ts";
import type { PendingRequest } from "../net/request-channel.ts";
import type { RecordBatch } from "../records.ts";
import { DelayedFetch, type FetchCompleter } from "./delayed-operations.ts";
import type { FetchedPartition, FetchSession } from "./fetch-session.ts";
import { FetchSessions, isFull } from "./fetch-sessions.ts";
import type { FollowerState } from "./follower-state.ts";
import { type HostedPartitions, namesCurrentLeader } from "./hosted-partitions.ts";
import type { LocalReplica } from "./local-replica.ts";
import type { Partition } from "./partition.ts";
import type { ReplicaContext } from "./replica-context.ts";
import { preferredReadReplica } from "./replica-selector.ts";
import { divergenceOf } from "./truncation.ts";

const NO_RECORDS: readonly RecordBatch[] = Object.freeze([]);

interface FetchTimeout extends Timer {
  readonly operation: DelayedFetch;
}

/** What one pass over the partitions of a request read. */
interface FetchPass {
  readonly answers: { readonly fetched: FetchedPartition; readonly answer: FetchPartitionResponse }[];
  bytes: number;
  /** An error, a truncation, a nearer replica: the fetcher must hear of it now. */
  urgent: boolean;
}

export class FetchHandler implements FetchCompleter, TimerTarget {
  private readonly context: ReplicaContext;
  private readonly partitions: HostedPartitions;
  private readonly sessions = new FetchSessions();
  private delayedFetches = 0;

  constructor(context: ReplicaContext, partitions: HostedPartitions) {
    this.context = context;
    this.partitions = partitions;
  }

  onRequest(request: PendingRequest<"Fetch">): void {
    const { body } = request;
    const session = this.sessions.of(request.from, body);
    if (typeof session === "string") {
      request.respond({ errorCode: session, responses: [] });
      return;
    }
    session.onFetch(this.context.host.now());
    // What is wrong with the fetcher or the disk is wrong for every partition.
    if (this.context.logDirFailed || this.context.isOfOlderIncarnation(body.replicaState)) session.wakeAll();
    if (!this.canOnlyWait(session, body)) {
      const pass = this.pass(session, body, true);
      if (pass.urgent || body.maxWaitMs <= 0 || pass.bytes >= body.minBytes || session.isEmpty) {
        respond(request, session, pass);
        return;
      }
    }
    const operation = new DelayedFetch(request, session, this, ++this.delayedFetches);
    for (const fetched of session.awake) {
      fetched.watch(this.partitions.get(fetched.topic, fetched.wanted.partition));
    }
    session.await(operation);
    const timeout: FetchTimeout = { kind: "replica.fetch-timeout", target: this, operation };
    operation.timer = this.context.host.setTimer(ms(body.maxWaitMs), timeout);
  }

  /**
   * Whether the fetcher has all there is, everywhere: then nothing need be read to know that it waits. Most fetches are like
   * this; when in doubt the answer is no, and they are looked at closely. Notes how far a follower is if it is yes.
   */
  private canOnlyWait(session: FetchSession, body: FetchRequest): boolean {
    if (body.maxWaitMs <= 0 || body.minBytes <= 0 || session.isEmpty || this.selectsReplica(body)) return false;
    const { replicaId, byFollower } = session;
    for (const { topic, topicId, wanted } of session.awake) {
      const partition = this.partitions.find(topic, topicId, wanted.partition);
      if (typeof partition === "string" || whyRefused(partition, wanted, replicaId) !== "NONE") return false;
      if (!isAtEnd(partition.replica.log, wanted, byFollower)) return false;
    }
    if (!byFollower && session.id === 0) return true;
    for (const fetched of session.inOrder()) {
      const { topic, topicId, wanted } = fetched;
      const partition = this.partitions.find(topic, topicId, wanted.partition) as Partition;
      if (!noteFetch(partition, fetched, body)) return false;
    }
    return true;
  }

  /** Whether it may have to send the consumer to another replica. */
  private selectsReplica({ replicaState, rackId = "" }: FetchRequest): boolean {
    return replicaState.replicaId === NONE && rackId !== "" && this.context.config["replica.selector.class"] !== "";
  }

  /** Source: ReplicaManager.findPreferredReadReplica. */
  private preferredReadReplica(
    { leading }: Partition,
    { fetchOffset }: FetchPartition,
    body: FetchRequest,
  ): BrokerId | undefined {
    if (leading === undefined || !this.selectsReplica(body)) return undefined;
    const { brokerId, metadata } = this.context;
    const rackOf = (id: BrokerId): string | null => metadata.broker(id)?.rack ?? null;
    const { isr } = leading.isrState;
    const inSync = leading.followers
      .filter((follower) => isr.includes(follower.brokerId))
      .map((follower) => {
        const { brokerId: id, logStartOffset, logEndOffset, lastCaughtUpTime } = follower;
        return { brokerId: id, rack: rackOf(id), logStartOffset, logEndOffset, lastCaughtUpTime };
      });
    return preferredReadReplica({ rackId: body.rackId ?? "", fetchOffset, leaderRack: rackOf(brokerId), inSync });
  }

  onTimer(timer: Timer): void {
    const { operation } = timer as FetchTimeout;
    operation.timer = 0;
    operation.complete();
  }

  completeFetch(operation: DelayedFetch): void {
    const { request, session } = operation;
    operation.completed = true;
    if (operation.timer !== 0) this.context.host.cancelTimer(operation.timer);
    respond(request, session, this.pass(session, request.body, false));
    session.await(undefined);
  }

  private pass(session: FetchSession, body: FetchRequest, firstTime: boolean): FetchPass {
    const pass: FetchPass = { answers: [], bytes: 0, urgent: false };
    for (const fetched of session.inOrder()) {
      const { topic, topicId, wanted } = fetched;
      const found = this.partitions.find(topic, topicId, wanted.partition);
      const answer = typeof found === "string" ? found : this.read(found, fetched, body, pass.bytes, firstTime);
      if (typeof answer === "string") {
        pass.urgent = true;
        pass.answers.push({ fetched, answer: this.refusal(topic, wanted.partition, answer) });
      } else {
        if (answer.divergingEpoch !== undefined || answer.preferredReadReplica !== undefined) pass.urgent = true;
        for (const batch of answer.records) pass.bytes += (batch as RecordBatch).sizeInBytes;
        pass.answers.push({ fetched, answer });
      }
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
    fetched: FetchedPartition,
    body: FetchRequest,
    bytesSoFar: number,
    firstTime: boolean,
  ): FetchPartitionResponse | ErrorCode {
    const { wanted } = fetched;
    const { replicaId } = body.replicaState;
    const byFollower = replicaId !== NONE;
    const refused = whyRefused(partition, wanted, replicaId);
    if (refused !== "NONE") return refused;
    const { log } = partition.replica;
    // As of the read: what this very fetch makes committed is told with the next answer.
    const { highWatermark, logStartOffset, logEndOffset } = log;
    const { fetchOffset, lastFetchedEpoch, partition: partitionIndex } = wanted;
    const nearer = this.preferredReadReplica(partition, wanted, body);
    if (nearer !== undefined) {
      const answer = { partitionIndex, errorCode: "NONE" as const, highWatermark, logStartOffset, records: NO_RECORDS };
      return { ...answer, preferredReadReplica: nearer };
    }
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
    if (firstTime && !this.selectsReplica(body) && !noteFetch(partition, fetched, body)) return "NOT_LEADER_OR_FOLLOWER";
    return { partitionIndex, errorCode: "NONE", highWatermark, logStartOffset, records };
  }
}

/** Whether the fetcher asks for what comes next, and agrees with the log on all before. */
function isAtEnd(log: LocalReplica["log"], wanted: FetchPartition, byFollower: boolean): boolean {
  const { fetchOffset, lastFetchedEpoch } = wanted;
  if (!byFollower) return lastFetchedEpoch === NONE && fetchOffset >= log.highWatermark && fetchOffset <= log.logEndOffset;
  if (fetchOffset !== log.logEndOffset) return false;
  return lastFetchedEpoch === log.latestEpoch || divergenceOf(wanted, log.endOffsetForEpoch(lastFetchedEpoch)) === "none";
}

/** What a fetch tells the broker. False if it comes from an earlier life of a follower. */
function noteFetch(partition: Partition, fetched: FetchedPartition, { replicaState }: FetchRequest): boolean {
  const follower = partition.leading?.follower(replicaState.replicaId);
  if (follower !== undefined && !noteFollower(partition, fetched.wanted, follower, replicaState.replicaEpoch)) return false;
  if (isSettled(partition, fetched, follower)) fetched.rest(partition, follower);
  return true;
}

/** What a follower's fetch tells the leader (3.3). */
function noteFollower(partition: Partition, wanted: FetchPartition, follower: FollowerState, epoch: BrokerEpoch): boolean {
  const { leading, replica } = partition;
  const before = follower.logEndOffset;
  // Somebody else fetches in the follower's name.
  if (follower.isAtRest) partition.onReplicaChanged();
  if (leading?.onFollowerFetch(follower, wanted, replica.log.logEndOffset, epoch) === false) return false;
  if (before !== follower.logEndOffset) partition.raiseHighWatermark();
  return true;
}

/** Whether no fetch of the session has anything to say or to learn here, until something changes. */
function isSettled({ leading, replica }: Partition, fetched: FetchedPartition, follower: FollowerState | undefined): boolean {
  const { session, wanted } = fetched;
  const { log } = replica;
  if (session.id === 0 || !fetched.knows(log.highWatermark, log.logStartOffset)) return false;
  // Its next fetch may be the one that brings it into the ISR.
  if (follower !== undefined && leading?.mayExpandIsr(follower)) return false;
  return isAtEnd(log, wanted, session.byFollower);
}

/** The answer of a full fetch holds all that was asked for, one within a session what is news. */
function respond(request: PendingRequest<"Fetch">, session: FetchSession, { answers }: FetchPass): void {
  const full = isFull(request.body);
  const told = new ByTopic<FetchPartitionResponse>();
  for (const { fetched, answer } of answers) {
    const isNews = fetched.tell(answer);
    if (isNews || full) told.add(fetched, answer);
    // Kafka does so for followers, too.
    if (!full && !session.byFollower && answer.records.length > 0) fetched.moveToEnd();
  }
  request.respond({ errorCode: "NONE", sessionId: session.id, responses: told.topics });
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
