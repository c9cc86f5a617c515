/**
 * What the observer knows of one partition: what the controller has decided, what is truly committed, what each replica has.
 *
 * The true high watermark is the end of `committed`. It is raised by the high watermark of the leader that the committed
 * metadata names, in its epoch. An older leader may still raise its own by right, with fetches that were on their way when
 * it was replaced; that counts if every running replica that could be elected has those batches, and else it does not.
 *
 * When the leader of the newest epoch takes office without all that is committed, the rest is doomed: everybody will cut
 * to that leader's log. That is a {@link Loss}; the invariants judge it once, and from then on the shorter log is the
 * truth, so that one loss does not set off every alarm for ever.
 */
import { NumberVector } from "../../base/number-vector.ts";
import type { Micros } from "../../base/units.ts";
import type { EpochEntry, PartitionChanged } from "../../kafka/events.ts";
import { type BrokerId, type LeaderEpoch, NONE, type Offset, partitionName } from "../../kafka/ids.ts";
import type { KafkaRecord, RecordBatch } from "../../kafka/records.ts";
import { CommittedLog, ReplicaLog } from "./committed-log.ts";
import type { GhostBroker } from "./nodes.ts";

export class GhostReplica {
  readonly partition: GhostPartition;
  readonly broker: GhostBroker;
  readonly log: ReplicaLog<KafkaRecord>;
  /** False from a loss of power until the log has been opened again; and while it may be an earlier topic's of this name. */
  known = true;
  role: "leader" | "follower" | "none" = "none";
  leaderEpoch: LeaderEpoch = NONE;
  /** The local high watermark; after a loss at most what the replica shares with the new truth. */
  highWatermark: Offset = 0;
  /** How far it has moved the start of its log up. A follower does that, too, by itself (retention). */
  startMovedTo: Offset = 0;
  /** A leader's own idea. */
  isr: readonly BrokerId[] = [];
  maximalIsr: readonly BrokerId[] = [];
  epochs: readonly EpochEntry[] = [];
  epochsChanged = false;
  /** The disk gave back less than there was: [lostFrom, lostTo) is missing since. -1: nothing is. */
  lostFrom: Offset = -1;
  lostTo: Offset = -1;
  /** Ends of the log before power was lost, while it is unknown what survived. */
  endBeforeLoss: Offset = 0;
  /** When the log last became shorter, or was opened. */
  cutStep = 0;
  cutTime: Micros = 0;
  roleStep = 0;
  roleTime: Micros = 0;

  constructor(partition: GhostPartition, broker: GhostBroker) {
    this.partition = partition;
    this.broker = broker;
    this.log = new ReplicaLog(partition.committed);
  }

  /** Its log counts: the incarnation takes part and what it has is known. */
  get counts(): boolean {
    return this.known && this.broker.running;
  }

  /** Whether something that its disk lost has not come back. */
  get hasLost(): boolean {
    return this.lostTo >= 0;
  }

  /** Takes note of a log that came back shorter than it was. */
  noteLoss(endBefore: Offset): void {
    if (this.log.endOffset >= endBefore && this.log.agreesUpTo(endBefore)) return;
    this.lostFrom = this.hasLost ? Math.min(this.lostFrom, this.log.agreedTo) : this.log.agreedTo;
    this.lostTo = Math.max(this.lostTo, endBefore);
  }

  /** What was lost may have been copied back. */
  noteGain(): void {
    if (this.lostTo >= 0 && this.log.endOffset >= this.lostTo && this.log.agreesUpTo(this.lostTo)) {
      this.lostFrom = -1;
      this.lostTo = -1;
    }
  }
}

/** Committed records that the newest leader does not have. */
export interface Loss {
  readonly from: Offset;
  readonly to: Offset;
  readonly leader: BrokerId;
  readonly leaderEpoch: LeaderEpoch;
  /** As many replicas as min.insync.replicas, and at least two, had lost this from their disks. */
  readonly excused: boolean;
  /** How many replicas had lost some of it from their disks. */
  readonly diskLosers: number;
  readonly unclean: boolean;
  readonly step: number;
  readonly timeUs: Micros;
  readonly committedStep: number;
  readonly committedTime: Micros;
  /** Offset of the first record of it that was acknowledged under the contract; -1 for none. */
  readonly ackedOffset: Offset;
  readonly ackedRecords: number;
  readonly ackedStep: number;
  readonly ackedTime: Micros;
  /** First offset of it that a consumer has read; -1 for none. */
  readonly readOffset: Offset;
  readonly readStep: number;
  readonly readTime: Micros;
  /** The acknowledged batches among it, until nobody holds them any more. */
  readonly acked: readonly RecordBatch[];
}

/** Acknowledged with acks=all, but not (yet) committed at that offset as far as the observer can tell. */
export interface UnconfirmedAck {
  readonly offset: Offset;
  readonly records: readonly KafkaRecord[];
  readonly step: number;
  readonly timeUs: Micros;
}

export class GhostPartition {
  readonly topic: string;
  readonly partition: number;
  /** `orders-0`. */
  readonly name: string;
  readonly committed = new CommittedLog<KafkaRecord>();
  readonly replicas: GhostReplica[] = [];
  /** Replicas that a reassignment takes away (ZooKeeper mode). */
  removing: readonly BrokerId[] = [];
  /** Metadata offset of what is known about that. */
  reassignedAt: Offset = NONE;
  /** The topic is gone. */
  forgotten = false;
  /** There was another topic of this name, of which replicas may still lie on brokers that were down when it went. */
  hasNamesake = false;
  /** The newest committed state. */
  state: PartitionChanged | undefined;
  stateStep = 0;
  stateTime: Micros = 0;
  /** The largest true high watermark ever: records below were committed once, even if they are lost now. */
  highestEnd: Offset = 0;
  /** Records below were deleted by right. */
  legalStart: Offset = 0;
  /** Of records below, compaction may have taken all but the last of each key. */
  compactedTo: Offset = 0;
  /** When the controller first decided about it. */
  bornTime: Micros = 0;
  /** A replica that was neither in the ISR nor in the ELR has been elected, and has not yet taken office. */
  uncleanPending = false;
  /** The newest leader epoch that was elected so. */
  uncleanEpoch: LeaderEpoch = NONE;
  /** High watermarks of older leader epochs are void since a loss. */
  voidBelowEpoch: LeaderEpoch = NONE;
  readonly losses: Loss[] = [];
  /** The loss that this step brought about. */
  freshLoss: Loss | undefined;
  readonly unconfirmed: UnconfirmedAck[] = [];
  /** Base offsets that were acknowledged as acks=all by a leader whose ISR was below min.insync.replicas. */
  readonly weaklySatisfied = new Set<Offset>();
  /** By index of the committed batch: step and time of the first acknowledgement and of the first read; step 0 for none. */
  readonly ackStep = new NumberVector();
  readonly ackTime = new NumberVector();
  readonly readStep = new NumberVector();
  readonly readTime = new NumberVector();
  /** End of the acknowledged part of the committed log. */
  ackedTo: Offset = 0;
  /** Waits for the end of the step. */
  dirty = false;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
    this.name = partitionName(topic, partition);
  }

  replica(broker: BrokerId): GhostReplica | undefined {
    for (const replica of this.replicas) if (replica.broker.id === broker) return replica;
    return undefined;
  }

  /** The first record of a client in [from, to) that is committed and that nothing may have removed; -1 if there is none. */
  firstRecordIn(from: Offset, to: Offset): Offset {
    const { committed } = this;
    const end = Math.min(to, committed.end);
    let offset = Math.max(from, this.legalStart, this.compactedTo);
    while (offset < end) {
      const batch = committed.batches.at(committed.indexOf(offset));
      if (batch === undefined || !batch.isControl) return batch === undefined ? -1 : offset;
      offset = batch.nextOffset;
    }
    return -1;
  }

  /** The committed record at `offset`; undefined if there is none. */
  recordAt(offset: Offset): KafkaRecord | undefined {
    const batch = this.committed.batches.at(this.committed.indexOf(offset));
    return batch === undefined || batch.isControl ? undefined : batch.records[offset - batch.baseOffset];
  }

  get minIsr(): number {
    const { state } = this;
    return state === undefined ? 1 : Math.min(state.minIsr, state.replicas.length);
  }

  /** Whether this replica is the leader that the committed metadata names, in that epoch. */
  isCurrentLeader(replica: GhostReplica, leaderEpoch: LeaderEpoch): boolean {
    const { state } = this;
    return state === undefined || leaderEpoch > state.leaderEpoch
      ? true
      : state.leader === replica.broker.id && state.leaderEpoch === leaderEpoch;
  }

  /** The committed leader's replica, if it acts as such, in its epoch. */
  actingLeader(): GhostReplica | undefined {
    const { state } = this;
    if (state === undefined || state.leader === NONE) return undefined;
    const replica = this.replica(state.leader);
    return replica?.role === "leader" && replica.leaderEpoch === state.leaderEpoch && replica.counts ? replica : undefined;
  }

  /**
   * Enough disks have lost committed records that Kafka no longer promises those from `offset` on: as many as
   * min.insync.replicas, and at least two. Source: "Durability" in Kafka's replication rules, KIP-966.
   */
  lossExcused(offset: Offset): boolean {
    return this.minIsr >= 2 && this.diskLosers(offset) >= this.minIsr;
  }

  /** Replicas whose disk has lost committed records that have not come back, or may have lost those from `offset` on. */
  diskLosers(offset: Offset): number {
    let losers = 0;
    for (const replica of this.replicas) {
      if (!replica.known) losers += replica.endBeforeLoss > offset ? 1 : 0;
      else if (replica.hasLost && replica.log.agreedTo < this.committed.end) losers++;
    }
    return losers;
  }

  /** The leader's high watermark has reached `to`. Returns true if more is truly committed now. */
  advance(leader: GhostReplica, to: Offset, leaderEpoch: LeaderEpoch, step: number, timeUs: Micros): boolean {
    if (to <= this.committed.end || leader.log.agreedTo < this.committed.end) return false;
    if (!this.isCurrentLeader(leader, leaderEpoch) && !this.electableHave(leader.log.tailUpTo(to))) return false;
    if (!leader.log.commitUpTo(to, step, timeUs)) return false;
    this.highestEnd = Math.max(this.highestEnd, this.committed.end);
    for (const replica of this.replicas) {
      replica.log.absorb();
      if (replica.lostTo >= 0) replica.noteGain();
    }
    return true;
  }

  /**
   * Every replica that counts has all that is committed, and nothing is open: then no check of this partition can fail
   * because a leader's high watermark rose to the true one. This is how nearly every such event finds it.
   */
  get isSettled(): boolean {
    if (this.unconfirmed.length > 0 || this.losses.length > 0) return false;
    for (const replica of this.replicas) if (replica.log.agreedTo < this.committed.end && replica.counts) return false;
    return true;
  }

  /** `leader`, of the newest epoch, takes office. If it lacks committed records, they are lost from here on. */
  takeOffice(leader: GhostReplica, step: number, timeUs: Micros): Loss | undefined {
    this.uncleanPending = false;
    const { committed } = this;
    if (leader.log.agreedTo >= committed.end) return undefined;
    const count = leader.log.agreed;
    const loss = this.describeLoss(leader, step, timeUs);
    const removed = committed.cut(count);
    for (const vector of [this.ackStep, this.ackTime, this.readStep, this.readTime]) vector.truncate(count);
    for (const replica of this.replicas) replica.log.disown(count, removed);
    this.ackedTo = Math.min(this.ackedTo, committed.end);
    this.voidBelowEpoch = leader.leaderEpoch;
    for (const replica of this.replicas) replica.highWatermark = Math.min(replica.highWatermark, committed.end);
    this.losses.push(loss);
    this.freshLoss = loss;
    return loss;
  }

  private describeLoss(leader: GhostReplica, step: number, timeUs: Micros): Loss {
    const { committed } = this;
    const first = leader.log.agreed;
    let acked = -1;
    let read = -1;
    let ackedRecords = 0;
    const batches: RecordBatch[] = [];
    for (let i = first; i < committed.batches.length; i++) {
      const batch = committed.batches.at(i) as RecordBatch;
      if (this.ackStep.at(i) > 0) {
        if (acked < 0) acked = i;
        ackedRecords += batch.records.length;
        batches.push(batch);
      }
      if (read < 0 && this.readStep.at(i) > 0) read = i;
    }
    return {
      from: leader.log.agreedTo,
      to: committed.end,
      leader: leader.broker.id,
      leaderEpoch: leader.leaderEpoch,
      excused: this.lossExcused(leader.log.agreedTo),
      diskLosers: this.diskLosers(leader.log.agreedTo),
      unclean: this.uncleanEpoch === leader.leaderEpoch,
      step,
      timeUs,
      committedStep: committed.stepOf(first),
      committedTime: committed.timeOf(first),
      ackedOffset: acked < 0 ? -1 : (committed.batches.at(acked) as RecordBatch).baseOffset,
      ackedRecords,
      ackedStep: acked < 0 ? 0 : this.ackStep.at(acked),
      ackedTime: acked < 0 ? 0 : this.ackTime.at(acked),
      readOffset: read < 0 ? -1 : (committed.batches.at(read) as RecordBatch).baseOffset,
      readStep: read < 0 ? 0 : this.readStep.at(read),
      readTime: read < 0 ? 0 : this.readTime.at(read),
      acked: batches,
    };
  }

  /**
   * The ISR, without those that a reassignment is about to take out of it: when all that shall stay are in it, the controller and
   * the leader forget the others at once, and ZooKeeper a moment later (KAFKA-9672).
   */
  get candidateIsr(): readonly BrokerId[] {
    const { state } = this;
    if (state === undefined) return [];
    return this.removing.length === 0 ? state.isr : state.isr.filter((id) => !this.isLeaving(id));
  }

  /** Whether `id` is in the ISR only until ZooKeeper, too, has been told that a reassignment has taken it out. */
  isLeaving(id: BrokerId): boolean {
    const { state, removing } = this;
    if (state === undefined || !removing.includes(id)) return false;
    return state.replicas.every((other) => removing.includes(other) || state.isr.includes(other));
  }

  private electableHave(batches: readonly RecordBatch[]): boolean {
    const { state } = this;
    if (state === undefined) return true;
    for (const replica of this.replicas) {
      const { id } = replica.broker;
      if (!replica.counts || !(this.candidateIsr.includes(id) || state.elr.includes(id))) continue;
      for (const batch of batches) {
        if (!replica.log.batchAt(batch.baseOffset)?.sameAs(batch)) return false;
      }
    }
    return true;
  }
}
