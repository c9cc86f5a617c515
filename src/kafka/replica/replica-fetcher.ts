/**
 * Copies partitions from one leader broker, as Kafka's fetcher thread does: one request at a time for all that is ready (4.1).
 *
 * A follower starts at its log end offset, or at its high watermark if it has noted no epoch. The leader tells it where the
 * logs part, it cuts there and asks again (2.5); a fetch out of the leader's range is set right by asking for both ends (2.6).
 * An answer counts only if the partition's state is still the one that the request was made from.
 * Source: AbstractFetcherThread, ReplicaFetcherThread, RemoteLeaderEndPoint.
 */
import type { DiskOperation, DiskTarget, NodeName, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import { FetchSessionHandler } from "../client/fetch-session-handler.ts";
import { type LeaderEpoch, NONE, type Offset } from "../ids.ts";
import type { FetchPartitionResponse, FetchRequest, FetchResponse } from "../messages/fetch.ts";
import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP, type ListOffsetsResponse } from "../messages/offsets.ts";
import { type Completion, type CompletionHandler, NetworkClient } from "../net/network-client.ts";
import type { KafkaRecord, RecordBatch } from "../records.ts";
import { type FetchedReplica, FetchedReplicas, type FetchState, stateOf } from "./fetched-replicas.ts";
import type { HostedPartitions } from "./hosted-partitions.ts";
import type { Partition } from "./partition.ts";
import type { ReplicaContext } from "./replica-context.ts";
import { truncationOffset } from "./truncation.ts";

interface SentFetch {
  readonly kind: "fetch";
}

/** A question for one end of the leader's log. */
interface SentLookup {
  readonly kind: "lookup";
  readonly fetched: FetchedReplica;
  readonly state: FetchState;
  readonly end: "latest" | "earliest";
}

type Sent = SentFetch | SentLookup;

/** The disk lets the write of an answer's records through. */
interface AnswerAdmitted extends DiskOperation {
  readonly response: FetchResponse<KafkaRecord>;
}

const FETCH: SentFetch = Object.freeze({ kind: "fetch" });

export class ReplicaFetcher implements CompletionHandler<Sent>, TimerTarget, DiskTarget {
  readonly leaderNode: NodeName;
  private readonly context: ReplicaContext;
  private readonly client: NetworkClient<Sent>;
  private readonly hosted: HostedPartitions;
  private readonly replicas: FetchedReplicas;
  private readonly session = new FetchSessionHandler();
  /** Out of the leader's range, to be looked up one by one before the next fetch. */
  private outOfRange: FetchedReplica[] = [];
  /** A request is out, or its answer waits for the disk. */
  private busy = false;
  private wakeTimer: TimerId = 0;

  constructor(context: ReplicaContext, hosted: HostedPartitions, leaderNode: NodeName) {
    this.context = context;
    this.hosted = hosted;
    this.leaderNode = leaderNode;
    const { host, config } = context;
    this.client = new NetworkClient(host, config, config["replica.socket.timeout.ms"], this);
    this.replicas = new FetchedReplicas(context);
  }

  get isIdle(): boolean {
    return this.replicas.isEmpty;
  }

  has(partition: Partition): boolean {
    return this.replicas.get(partition) !== undefined;
  }

  /** Its turn comes with the next request: see {@link wake}. */
  add(partition: Partition): void {
    const { log } = partition.replica;
    // Without epochs nobody can tell where the logs part: only what is known to be committed is kept (2.5).
    if (log.latestEpoch === NONE) log.truncateTo(log.highWatermark);
    this.replicas.add(partition);
  }

  /** Partitions may have been added. */
  wake(): void {
    this.work();
  }

  remove(partition: Partition): void {
    this.replicas.remove(partition);
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
    const { host, config, topology, brokerId, controller } = this.context;
    if (!this.replicas.someAreReady(host.now())) {
      this.sleep();
      return;
    }
    const { sessionId, sessionEpoch } = this.session.next();
    const { topics, forgottenTopicsData } = this.replicas.takeChanges(this.session.begins);
    const body: FetchRequest = {
      replicaState: { replicaId: brokerId, replicaEpoch: controller.brokerEpoch() },
      clusterId: topology.clusterId,
      maxWaitMs: config["replica.fetch.wait.max.ms"],
      minBytes: config["replica.fetch.min.bytes"],
      maxBytes: config["replica.fetch.response.max.bytes"],
      sessionId,
      sessionEpoch,
      topics,
      forgottenTopicsData,
    };
    this.busy = true;
    this.client.send(this.leaderNode, "Fetch", body, FETCH);
  }

  /** Nothing is ready. */
  private sleep(): void {
    const { host } = this.context;
    host.cancelTimer(this.wakeTimer);
    this.wakeTimer = 0;
    const due = this.replicas.firstDue();
    if (due === Number.POSITIVE_INFINITY) return;
    this.wakeTimer = host.setTimer(due - host.now(), { kind: "replica.fetcher-backoff", target: this });
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
    if (answer === undefined) {
      this.session.onFailure();
      // As Kafka: the whole thread rests, also what was added since the request went out.
      this.replicas.delayAll();
      this.busy = false;
      this.work();
      return;
    }
    if (!this.session.onResponse(answer)) {
      this.busy = false;
      this.work();
      return;
    }
    const bytes = bytesOf(answer);
    const admitted: AnswerAdmitted = { kind: "replica.follower-append", target: this, response: answer };
    if (bytes === 0 || this.context.host.disk.admit(bytes, admitted)) this.process(answer);
  }

  onDiskDone(operation: DiskOperation, _ok: boolean): void {
    this.process((operation as AnswerAdmitted).response);
  }

  private process(answer: FetchResponse<KafkaRecord>): void {
    for (const { topic, partitions } of answer.responses) {
      for (const response of partitions) {
        const fetched = this.replicas.get(this.hosted.get(topic, response.partitionIndex));
        if (fetched?.isAnswered) this.processPartition(fetched, response);
      }
    }
    this.busy = false;
    this.work();
  }

  private processPartition(fetched: FetchedReplica, response: FetchPartitionResponse<KafkaRecord>): void {
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
        this.replicas.delay(fetched);
    }
  }

  private append(fetched: FetchedReplica, response: FetchPartitionResponse<KafkaRecord>): void {
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
      if (error === "CORRUPT_MESSAGE") this.replicas.delay(fetched);
      else this.giveUp(fetched);
      break;
    }
    if (log.logEndOffset !== fetched.state.fetchOffset) {
      const { leaderEpoch } = fetched.state;
      fetched.goOn({ fetchOffset: log.logEndOffset, leaderEpoch, lastFetchedEpoch: log.lastBatchEpoch });
    }
    // Only now: before the append it would have been clamped to the old end.
    if (!failed) partition.followLeader(response.highWatermark, response.logStartOffset);
  }

  private truncate(fetched: FetchedReplica, diverging: { readonly epoch: LeaderEpoch; readonly endOffset: Offset }): void {
    const { log } = fetched.partition.replica;
    log.truncateTo(truncationOffset(diverging, log.endOffsetForEpoch(diverging.epoch), log));
    fetched.goOn(stateOf(fetched.partition));
  }

  /** Until new metadata adds it again. */
  private giveUp(fetched: FetchedReplica): void {
    this.replicas.remove(fetched.partition);
  }

  // ---- out of range (2.6) ----

  private lookUp(lookup: SentLookup): void {
    const { fetched, state, end } = lookup;
    if (!this.replicas.isCurrent(fetched, state)) {
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
    if (!this.replicas.isCurrent(fetched, state)) return;
    const listed = response?.topics[0]?.partitions[0];
    if (listed === undefined || listed.errorCode !== "NONE") {
      if (listed?.errorCode === "FENCED_LEADER_EPOCH") this.giveUp(fetched);
      else this.replicas.delay(fetched);
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
    fetched.goOn({ ...stateOf(fetched.partition), fetchOffset: log.logEndOffset });
  }
}

function bytesOf(response: FetchResponse<KafkaRecord>): number {
  let bytes = 0;
  for (const { partitions } of response.responses) {
    for (const { records } of partitions) for (const batch of records as readonly RecordBatch[]) bytes += batch.sizeInBytes;
  }
  return bytes;
}
