/**
 * The replicas that a fetcher copies: where each stands, which of them rest after an error, and what of that its leader has
 * not been told yet.
 *
 * What changes is noted when it changes, so that a request costs what there is to say, and not what there is.
 * Source: PartitionStates, PartitionFetchState, FetchSessionHandler.Builder.
 */
import { type Micros, ms } from "../../base/units.ts";
import { type LeaderEpoch, NONE, type Offset } from "../ids.ts";
import { ByTopic } from "../messages/by-topic.ts";
import type { FetchPartition, FetchRequest } from "../messages/fetch.ts";
import type { ReplicaListener } from "./local-replica.ts";
import type { Partition } from "./partition.ts";
import type { ReplicaContext } from "./replica-context.ts";

/** Where a partition's copying stands. Replaced, not changed, so that an answer can be matched to what was asked. */
export interface FetchState {
  readonly fetchOffset: Offset;
  readonly leaderEpoch: LeaderEpoch;
  readonly lastFetchedEpoch: LeaderEpoch;
}

/** Where to go on from what the log holds. */
export function stateOf(partition: Partition): FetchState {
  const { log, leaderEpoch } = partition.replica;
  return { fetchOffset: log.logEndOffset, leaderEpoch, lastFetchedEpoch: log.latestEpoch };
}

export class FetchedReplica implements ReplicaListener {
  readonly partition: Partition;
  state: FetchState;
  /** Not asked for before this moment. */
  delayedUntil: Micros = Number.NEGATIVE_INFINITY;
  /** What the leader's session holds of it: undefined if nothing. */
  named: FetchState | undefined = undefined;
  namedLogStartOffset: Offset = NONE;
  private readonly owner: FetchedReplicas;

  constructor(owner: FetchedReplicas, partition: Partition) {
    this.owner = owner;
    this.partition = partition;
    this.state = stateOf(partition);
  }

  /** Whether the leader answers from where the copying stands now. */
  get isAnswered(): boolean {
    return this.named === this.state;
  }

  /** From `state` on. */
  goOn(state: FetchState): void {
    this.state = state;
    this.owner.changed.add(this);
  }

  onReplicaChanged(): void {
    this.owner.changed.add(this);
  }
}

type Changes = Required<Pick<FetchRequest, "topics" | "forgottenTopicsData">>;

const NOTHING_CHANGED: Changes = Object.freeze({ topics: Object.freeze([]), forgottenTopicsData: Object.freeze([]) });

export class FetchedReplicas {
  /** Those that the next request may have to name, or to take out of the session. */
  readonly changed = new Set<FetchedReplica>();
  private readonly context: ReplicaContext;
  private readonly backoff: Micros;
  private readonly byPartition = new Map<Partition, FetchedReplica>();
  private readonly delayed = new Set<FetchedReplica>();
  /** No delay ends before. */
  private nextDue: Micros = Number.POSITIVE_INFINITY;

  constructor(context: ReplicaContext) {
    this.context = context;
    this.backoff = ms(context.config["replica.fetch.backoff.ms"]);
  }

  get isEmpty(): boolean {
    return this.byPartition.size === 0;
  }

  get(partition: Partition | undefined): FetchedReplica | undefined {
    return partition && this.byPartition.get(partition);
  }

  add(partition: Partition): void {
    const fetched = new FetchedReplica(this, partition);
    this.byPartition.set(partition, fetched);
    this.changed.add(fetched);
    partition.followBy(fetched);
  }

  remove(partition: Partition): void {
    const fetched = this.byPartition.get(partition);
    if (fetched === undefined) return;
    this.byPartition.delete(partition);
    this.delayed.delete(fetched);
    this.changed.add(fetched);
    partition.followBy(undefined);
  }

  /** Whether it still stands where it stood when it was asked about from `state`. */
  isCurrent(fetched: FetchedReplica, state: FetchState): boolean {
    return this.byPartition.get(fetched.partition) === fetched && fetched.state === state;
  }

  // ---- delays ----

  delay(fetched: FetchedReplica): void {
    const now = this.context.host.now();
    if (fetched.delayedUntil <= now) fetched.delayedUntil = now + this.backoff;
    this.nextDue = Math.min(this.nextDue, fetched.delayedUntil);
    this.delayed.add(fetched);
    this.changed.add(fetched);
  }

  delayAll(): void {
    for (const fetched of this.byPartition.values()) this.delay(fetched);
  }

  /** Whether any may be asked for at `now`. */
  someAreReady(now: Micros): boolean {
    if (now >= this.nextDue) this.endDelays(now);
    return this.byPartition.size > this.delayed.size;
  }

  /** When the first delay ends; infinite if nothing is delayed. */
  firstDue(): Micros {
    let due = Number.POSITIVE_INFINITY;
    for (const { delayedUntil } of this.delayed) due = Math.min(due, delayedUntil);
    return due;
  }

  private endDelays(now: Micros): void {
    for (const fetched of this.delayed) {
      if (fetched.delayedUntil > now) continue;
      this.delayed.delete(fetched);
      this.changed.add(fetched);
    }
    this.nextDue = this.firstDue();
  }

  // ---- the next request ----

  /** What the leader must be told for its session, or a new one, to hold what is wanted now. */
  takeChanges(begins: boolean): Changes {
    if (this.changed.size === 0 && !begins) return NOTHING_CHANGED;
    const named = new ByTopic<FetchPartition>();
    const forgotten = new ByTopic<number>();
    for (const fetched of begins ? this.byPartition.values() : this.changed) {
      const { replica } = fetched.partition;
      const { logStartOffset } = replica.log;
      if (!this.isReady(fetched)) {
        if (fetched.named !== undefined && !begins) forgotten.add(replica, replica.partition);
        fetched.named = undefined;
      } else if (begins || !fetched.isAnswered || fetched.namedLogStartOffset !== logStartOffset) {
        fetched.named = fetched.state;
        fetched.namedLogStartOffset = logStartOffset;
        named.add(replica, this.wanted(fetched));
      }
    }
    this.changed.clear();
    return { topics: named.topics, forgottenTopicsData: forgotten.topics };
  }

  private isReady(fetched: FetchedReplica): boolean {
    return this.byPartition.get(fetched.partition) === fetched && !this.delayed.has(fetched);
  }

  private wanted({ partition: { replica }, state }: FetchedReplica): FetchPartition {
    const { config, dials } = this.context;
    return {
      partition: replica.partition,
      currentLeaderEpoch: dials["replication.fetchEpochFencing"] ? state.leaderEpoch : NONE,
      fetchOffset: state.fetchOffset,
      lastFetchedEpoch: state.lastFetchedEpoch,
      logStartOffset: replica.log.logStartOffset,
      partitionMaxBytes: config["replica.fetch.max.bytes"],
    };
  }
}
