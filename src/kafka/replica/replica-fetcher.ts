/**
 * Copies partitions from one leader broker, as Kafka's fetcher thread does: one request at a time for all that is ready (4.1).
 *
 * A follower starts at its log end offset, or at its high watermark if it has noted no epoch. The leader tells it where the
 * logs part, it cuts there and asks again (2.5); a fetch out of the leader's range is set right by asking for both ends (2.6).
 * An answer counts only if the partition's state is still the one that the request was made from.
 * Source: AbstractFetcherThread, ReplicaFetcherThread, RemoteLeaderEndPoint.
 */
import { assert } from "../../base/assert.ts";
import { type Micros, ms } from "../../base/units.ts";
import type { DiskOperation, DiskTarget, NodeName, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import { type LeaderEpoch, NONE, type Offset } from "../ids.ts";
import type { FetchPartition, FetchPartitionResponse, FetchRequest, FetchResponse } from "../messages/fetch.ts";
import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP, type ListOffsetsResponse } from "../messages/offsets.ts";
import { type Completion, type CompletionHandler, NetworkClient } from "../net/network-client.ts";
import type { KafkaRecord, RecordBatch } from "../records.ts";
import type { Partition } from "./partition.ts";
import type { ReplicaContext } from "./replica-context.ts";
import { truncationOffset } from "./truncation.ts";

/** Where a partition's copying stands. Replaced, not changed, so that an answer can be matched to what was asked. */
interface FetchState {
  readonly fetchOffset: Offset;
  readonly leaderEpoch: LeaderEpoch;
  readonly lastFetchedEpoch: LeaderEpoch;
}

/** One partition of a fetcher. */
interface Fetched {
  readonly partition: Partition;
  state: FetchState;
  /** Not asked for before this moment. */
  delayedUntil: Micros;
}

interface SentPartition {
  readonly fetched: Fetched;
  readonly state: FetchState;
}

interface SentFetch {
  readonly kind: "fetch";
  /** By topic, in the order of the request. */
  readonly sent: readonly (readonly SentPartition[])[];
}

/** A question for one end of the leader's log. */
interface SentLookup extends SentPartition {
  readonly kind: "lookup";
  readonly end: "latest" | "earliest";
}

type Sent = SentFetch | SentLookup;

/** The disk lets the write of an answer's records through. */
interface AnswerAdmitted extends DiskOperation {
  readonly sent: SentFetch;
  readonly response: FetchResponse<KafkaRecord>;
}

const NOT_DELAYED: Micros = Number.NEGATIVE_INFINITY;

export class ReplicaFetcher implements CompletionHandler<Sent>, TimerTarget, DiskTarget {
  readonly leaderNode: NodeName;
  private readonly context: ReplicaContext;
  private readonly client: NetworkClient<Sent>;
  private readonly backoff: Micros;
  private readonly partitions = new Map<Partition, Fetched>();
  /** Out of the leader's range, to be looked up one by one before the next fetch. */
  private outOfRange: Fetched[] = [];
  /** A request is out, or its answer waits for the disk. */
  private busy = false;
  private wakeTimer: TimerId = 0;

  constructor(context: ReplicaContext, leaderNode: NodeName) {
    this.context = context;
    this.leaderNode = leaderNode;
    const { host, config } = context;
    this.client = new NetworkClient(host, config, config["replica.socket.timeout.ms"], this);
    this.backoff = ms(config["replica.fetch.backoff.ms"]);
  }

  get isIdle(): boolean {
    return this.partitions.size === 0;
  }

  has(partition: Partition): boolean {
    return this.partitions.has(partition);
  }

  /** Its turn comes with the next request: see {@link wake}. */
  add(partition: Partition): void {
    const { log } = partition.replica;
    // Without epochs nobody can tell where the logs part: only what is known to be committed is kept (2.5).
    if (log.latestEpoch === NONE) log.truncateTo(log.highWatermark);
    this.partitions.set(partition, { partition, state: stateOf(partition), delayedUntil: NOT_DELAYED });
  }

  /** Partitions may have been added. */
  wake(): void {
    this.work();
  }

  remove(partition: Partition): void {
    this.partitions.delete(partition);
  }

  close(): void {
    this.context.host.cancelTimer(this.wakeTimer);
    this.client.forget(this.leaderNode);
  }

  // ---- asking ----

  private work(): void {
    if (this.busy) return;
    const lookup = this.outOfRange.shift();
    if (lookup !== undefined) this.lookUp({ kind: "lookup", fetched: lookup, state: lookup.state, end: "latest" });
    else this.fetch();
  }

  private fetch(): void {
    const { host, config, topology, brokerId, controller, dials } = this.context;
    const now = host.now();
    const partitionMaxBytes = config["replica.fetch.max.bytes"];
    const fenced = dials["replication.fetchEpochFencing"];
    const sent: SentPartition[][] = [];
    const topics: { topicId: string; topic: string; partitions: FetchPartition[] }[] = [];
    let at = 0;
    let nextDue = Number.POSITIVE_INFINITY;
    for (const fetched of this.partitions.values()) {
      if (fetched.delayedUntil > now) {
        nextDue = Math.min(nextDue, fetched.delayedUntil);
        continue;
      }
      const { partition, state } = fetched;
      const { replica } = partition;
      const { topic, topicId } = replica;
      // Partitions of one topic mostly come one after the other. Where topics have no ids, only the name tells them apart.
      if (topics[at]?.topicId !== topicId || topics[at]?.topic !== topic) {
        at = topics.findIndex((known) => known.topicId === topicId && known.topic === topic);
        if (at < 0) {
          at = topics.push({ topicId, topic, partitions: [] }) - 1;
          sent.push([]);
        }
      }
      topics[at]?.partitions.push({
        partition: replica.partition,
        currentLeaderEpoch: fenced ? state.leaderEpoch : NONE,
        fetchOffset: state.fetchOffset,
        lastFetchedEpoch: state.lastFetchedEpoch,
        logStartOffset: replica.log.logStartOffset,
        partitionMaxBytes,
      });
      sent[at]?.push({ fetched, state });
    }
    if (sent.length === 0) {
      this.sleepUntil(nextDue, now);
      return;
    }
    const body: FetchRequest = {
      replicaState: { replicaId: brokerId, replicaEpoch: controller.brokerEpoch() },
      clusterId: topology.clusterId,
      maxWaitMs: config["replica.fetch.wait.max.ms"],
      minBytes: config["replica.fetch.min.bytes"],
      maxBytes: config["replica.fetch.response.max.bytes"],
      topics,
    };
    this.busy = true;
    this.client.send(this.leaderNode, "Fetch", body, { kind: "fetch", sent });
  }

  /** Nothing is ready; the first one will be at `due`. */
  private sleepUntil(due: Micros, now: Micros): void {
    const { host } = this.context;
    host.cancelTimer(this.wakeTimer);
    this.wakeTimer = 0;
    if (due === Number.POSITIVE_INFINITY) return;
    this.wakeTimer = host.setTimer(due - now, { kind: "replica.fetcher-backoff", target: this });
  }

  onTimer(_timer: Timer): void {
    this.wakeTimer = 0;
    this.work();
  }

  // ---- answers ----

  onCompletion(completion: Completion<Sent>): void {
    const { context: sent, response } = completion;
    if (sent.kind === "lookup") {
      this.busy = false;
      this.onLookedUp(sent, response as ListOffsetsResponse | undefined);
      this.work();
      return;
    }
    const answer = response as FetchResponse<KafkaRecord> | undefined;
    if (answer === undefined || answer.errorCode !== "NONE") {
      // As Kafka: the whole thread rests, also what was added since the request went out.
      for (const fetched of this.partitions.values()) this.delay(fetched);
      this.busy = false;
      this.work();
      return;
    }
    const bytes = bytesOf(answer);
    const admitted: AnswerAdmitted = { kind: "replica.follower-append", target: this, sent, response: answer };
    if (bytes === 0 || this.context.host.disk.admit(bytes, admitted)) this.process(sent, answer);
  }

  onDiskDone(operation: DiskOperation, _ok: boolean): void {
    const { sent, response } = operation as AnswerAdmitted;
    this.process(sent, response);
  }

  private process({ sent }: SentFetch, answer: FetchResponse<KafkaRecord>): void {
    for (let t = 0; t < sent.length; t++) {
      const ofTopic = sent[t] as readonly SentPartition[];
      for (let p = 0; p < ofTopic.length; p++) {
        const { fetched, state } = ofTopic[p] as SentPartition;
        const response = answer.responses[t]?.partitions[p];
        assert(response?.partitionIndex === fetched.partition.replica.partition, "a fetch was answered in another order");
        if (this.isCurrent(fetched, state)) this.processPartition(fetched, response);
      }
    }
    this.busy = false;
    this.work();
  }

  /** Still fetched from here, from the same offset in the same epoch, as when the request was made. */
  private isCurrent(fetched: Fetched, state: FetchState): boolean {
    return this.partitions.get(fetched.partition) === fetched && fetched.state === state;
  }

  private processPartition(fetched: Fetched, response: FetchPartitionResponse<KafkaRecord>): void {
    switch (response.errorCode) {
      case "NONE":
        if (response.divergingEpoch === undefined) this.append(fetched, response);
        else this.truncate(fetched, response.divergingEpoch);
        return;
      case "OFFSET_OUT_OF_RANGE":
        this.outOfRange.push(fetched);
        return;
      case "FENCED_LEADER_EPOCH":
        // Its own epoch is old: only new metadata helps.
        this.giveUp(fetched);
        return;
      default:
        this.delay(fetched);
    }
  }

  private append(fetched: Fetched, response: FetchPartitionResponse<KafkaRecord>): void {
    const { partition } = fetched;
    const { log } = partition.replica;
    if (log.logEndOffset !== fetched.state.fetchOffset) {
      this.giveUp(fetched);
      return;
    }
    let failed = false;
    for (const batch of response.records) {
      const error = log.appendAsFollower(batch);
      failed = error !== "NONE";
      if (!failed) continue;
      // A damaged batch is fetched again; anything else would only happen again.
      if (error === "CORRUPT_MESSAGE") this.delay(fetched);
      else this.giveUp(fetched);
      break;
    }
    if (log.logEndOffset !== fetched.state.fetchOffset) {
      const { leaderEpoch } = fetched.state;
      fetched.state = { fetchOffset: log.logEndOffset, leaderEpoch, lastFetchedEpoch: log.lastBatchEpoch };
    }
    // Only now: before the append it would have been clamped to the old end.
    if (!failed) partition.followLeader(response.highWatermark, response.logStartOffset);
  }

  private truncate(fetched: Fetched, diverging: { readonly epoch: LeaderEpoch; readonly endOffset: Offset }): void {
    const { log } = fetched.partition.replica;
    log.truncateTo(truncationOffset(diverging, log.endOffsetForEpoch(diverging.epoch), log));
    fetched.state = stateOf(fetched.partition);
  }

  private delay(fetched: Fetched): void {
    const now = this.context.host.now();
    if (fetched.delayedUntil <= now) fetched.delayedUntil = now + this.backoff;
  }

  /** Until new metadata adds it again. */
  private giveUp(fetched: Fetched): void {
    this.partitions.delete(fetched.partition);
  }

  // ---- out of range (2.6) ----

  private lookUp(lookup: SentLookup): void {
    const { fetched, state, end } = lookup;
    if (!this.isCurrent(fetched, state)) {
      this.work();
      return;
    }
    const { topic, partition } = fetched.partition.replica;
    const { brokerId, dials } = this.context;
    const question = {
      partitionIndex: partition,
      currentLeaderEpoch: dials["replication.fetchEpochFencing"] ? state.leaderEpoch : NONE,
      timestamp: end === "latest" ? LATEST_TIMESTAMP : EARLIEST_TIMESTAMP,
    };
    this.busy = true;
    this.client.send(
      this.leaderNode,
      "ListOffsets",
      { replicaId: brokerId, topics: [{ name: topic, partitions: [question] }] },
      lookup,
    );
  }

  private onLookedUp(lookup: SentLookup, response: ListOffsetsResponse | undefined): void {
    const { fetched, state, end } = lookup;
    if (!this.isCurrent(fetched, state)) return;
    const listed = response?.topics[0]?.partitions[0];
    if (listed === undefined || listed.errorCode !== "NONE") {
      if (listed?.errorCode === "FENCED_LEADER_EPOCH") this.giveUp(fetched);
      else this.delay(fetched);
      return;
    }
    const { log } = fetched.partition.replica;
    if (end === "latest") {
      if (listed.offset >= log.logEndOffset) {
        this.lookUp({ ...lookup, end: "earliest" });
        return;
      }
      log.truncateTo(listed.offset);
    } else if (listed.offset > log.logEndOffset) {
      log.truncateFullyAndStartAt(listed.offset);
    }
    fetched.state = { ...stateOf(fetched.partition), fetchOffset: log.logEndOffset };
  }
}

/** Where to go on from what the log holds. */
function stateOf(partition: Partition): FetchState {
  const { log, leaderEpoch } = partition.replica;
  return { fetchOffset: log.logEndOffset, leaderEpoch, lastFetchedEpoch: log.latestEpoch };
}

function bytesOf(response: FetchResponse<KafkaRecord>): number {
  let bytes = 0;
  for (const { partitions } of response.responses) {
    for (const { records } of partitions) for (const batch of records as readonly RecordBatch[]) bytes += batch.sizeInBytes;
  }
  return bytes;
}
