/**
 * What a broker knows of one fetcher: the partitions it wants, from where, and what it has been told of them (KIP-227).
 *
 * A request within a session names only what has changed since the one before, and its answer only what the fetcher does not
 * know yet. Most partitions of a large cluster have nothing to say most of the time. Those are at rest: a fetch of the session
 * does not look at them, and counts as a follower's fetch at the leader's end for all of them at once. Whatever happens to
 * such a partition wakes it, and the next fetch looks at it again. So a fetch costs what has happened, not what there is.
 *
 * Source: FetchSession, CachedPartition, IncrementalFetchContext, SessionlessFetchContext.
 */
import type { Micros } from "../../base/units.ts";
import { type BrokerEpoch, type BrokerId, NONE, type Offset, type TopicId } from "../ids.ts";
import type { FetchPartition, FetchPartitionResponse, FetchRequest } from "../messages/fetch.ts";
import { PartitionMap } from "../messages/partition-map.ts";
import type { DelayedFetch } from "./delayed-operations.ts";
import type { FollowerState } from "./follower-state.ts";
import type { Partition } from "./partition.ts";

/** What a fetcher wants of one partition. */
export class FetchedPartition {
  readonly session: FetchSession;
  readonly topic: string;
  readonly topicId: TopicId;
  /** Partitions are served by ascending places. */
  private place: number;
  /** As last asked for. */
  wanted: FetchPartition;
  /** Where it was found: it hears of its changes. */
  private partition: Partition | undefined;
  private toldHighWatermark: Offset = NONE;
  private toldLogStartOffset: Offset = NONE;
  private isAtRest = false;
  /** While it is at rest: whose fetches need not be noted; undefined for a consumer. */
  private follower: FollowerState | undefined;

  constructor(session: FetchSession, topic: string, topicId: TopicId, wanted: FetchPartition) {
    this.session = session;
    this.topic = topic;
    this.topicId = topicId;
    this.place = session.nextPlace++;
    this.wanted = wanted;
  }

  static inOrder(a: FetchedPartition, b: FetchedPartition): number {
    return a.place - b.place;
  }

  /** Others come first now, so that a partition with much to read does not keep them waiting for ever. */
  moveToEnd(): void {
    this.place = this.session.nextPlace++;
  }

  /** From now on it hears of the changes of `partition`, and of no other. */
  watch(partition: Partition | undefined): void {
    if (partition === this.partition) return;
    this.partition?.removeFetch(this);
    this.partition = partition;
    partition?.addFetch(this);
  }

  /** Notes what `answer` tells the fetcher. False if the fetcher knows all of it. */
  tell(answer: FetchPartitionResponse): boolean {
    const { highWatermark, logStartOffset } = answer;
    const failed =
      answer.errorCode !== "NONE" || answer.divergingEpoch !== undefined || answer.preferredReadReplica !== undefined;
    const isNews = failed || answer.records.length > 0 || !this.knows(highWatermark, logStartOffset);
    // So that it is told again when the error is over.
    this.toldHighWatermark = failed ? NONE : highWatermark;
    this.toldLogStartOffset = logStartOffset;
    return isNews;
  }

  knows(highWatermark: Offset, logStartOffset: Offset): boolean {
    return highWatermark === this.toldHighWatermark && logStartOffset === this.toldLogStartOffset;
  }

  /** What is there to be read for it. */
  availableBytes(): number {
    return this.partition?.availableBytes(this.wanted, this.session.byFollower) ?? 0;
  }

  /**
   * The fetcher has all that `partition` has, and if it is a follower this has just been noted: until something changes nobody
   * need look.
   */
  rest(partition: Partition, follower: FollowerState | undefined): void {
    this.watch(partition);
    this.isAtRest = true;
    this.follower = follower;
    follower?.rest(this.session);
    this.session.awake.delete(this);
  }

  /** The next fetch of the session looks at it again. */
  wake(): void {
    if (!this.isAtRest) return;
    this.isAtRest = false;
    this.follower?.wake();
    this.follower = undefined;
    this.session.awake.add(this);
  }

  /** The session has no more to do with it. */
  leave(): void {
    this.wake();
    this.watch(undefined);
    this.session.awake.delete(this);
  }
}

export class FetchSession {
  /** 0 for a fetch without a session: then it ends with that fetch. */
  readonly id: number;
  /** -1 for a consumer. */
  readonly replicaId: BrokerId;
  /** Of the request that comes next. */
  epoch = 1;
  /** The partitions that a fetch has to look at. */
  readonly awake = new Set<FetchedPartition>();
  /** When its last fetch came in, on the broker's clock. Rises while anything is at rest. */
  lastFetchTime: Micros = Number.NEGATIVE_INFINITY;
  /** Its fetch that waits, see {@link await}. */
  waiting: DelayedFetch | undefined = undefined;
  private replicaEpoch: BrokerEpoch;
  /** All partitions, by {@link keyOf} their topics; of a session that lasts. */
  private readonly partitions: PartitionMap<FetchedPartition> | undefined;
  nextPlace = 0;
  private ended = false;

  constructor(id: number, request: FetchRequest) {
    this.id = id;
    this.replicaId = request.replicaState.replicaId;
    this.replicaEpoch = request.replicaState.replicaEpoch;
    this.partitions = id === 0 ? undefined : new PartitionMap();
    this.take(request);
  }

  get byFollower(): boolean {
    return this.replicaId !== NONE;
  }

  get isEmpty(): boolean {
    return this.awake.size === 0 && (this.partitions === undefined || this.partitions.size === 0);
  }

  /** The session goes on with `request`, which says what has changed. */
  update(request: FetchRequest): void {
    this.epoch++;
    const { replicaEpoch } = request.replicaState;
    if (replicaEpoch !== this.replicaEpoch) this.wakeAll();
    this.replicaEpoch = replicaEpoch;
    // First: what a fetcher has given up and taken up again since it names in both places.
    for (const { topic, topicId, partitions } of request.forgottenTopicsData ?? []) {
      for (const partition of partitions) this.forget(keyOf(topic, topicId), partition);
    }
    this.take(request);
  }

  /** A fetch comes in at `now`. */
  onFetch(now: Micros): void {
    // The clock was set back: for some of those at rest this is not the latest time.
    if (now < this.lastFetchTime) this.wakeAll();
    this.lastFetchTime = now;
  }

  /** All that a fetch has to look at, in order. */
  inOrder(): readonly FetchedPartition[] {
    const awake = [...this.awake];
    return awake.length > 1 ? awake.sort(FetchedPartition.inOrder) : awake;
  }

  availableBytes(): number {
    let bytes = 0;
    for (const partition of this.awake) bytes += partition.availableBytes();
    return bytes;
  }

  /** Something has changed for all of them. */
  wakeAll(): void {
    for (const partition of this.all()) partition.wake();
  }

  /** Nobody will go on with it. A fetch that waits is answered yet. */
  end(): void {
    this.ended = true;
    if (this.waiting === undefined) for (const partition of this.all()) partition.leave();
  }

  /** Its fetch waits until something comes, or no longer. */
  await(fetch: DelayedFetch | undefined): void {
    this.waiting = fetch;
    if (fetch === undefined && (this.ended || this.id === 0)) this.end();
  }

  private all(): Iterable<FetchedPartition> {
    return this.partitions === undefined ? this.awake : this.partitions.values();
  }

  private take({ topics }: FetchRequest): void {
    for (const { topic, topicId, partitions } of topics) {
      const key = keyOf(topic, topicId);
      for (const wanted of partitions) {
        const known = this.partitions?.get(key, wanted.partition);
        if (known === undefined) {
          const partition = new FetchedPartition(this, topic, topicId, wanted);
          this.awake.add(partition);
          this.partitions?.set(key, wanted.partition, partition);
        } else {
          known.wanted = wanted;
          known.wake();
        }
      }
    }
  }

  private forget(topic: string, index: number): void {
    this.partitions?.get(topic, index)?.leave();
    this.partitions?.delete(topic, index);
  }
}

/** Topics of one name are told apart by their ids, where they have any. */
function keyOf(topic: string, topicId: TopicId): string {
  return topicId === "" ? topic : topicId;
}
