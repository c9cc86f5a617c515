/**
 * What the state machine above Raft (the controller, or a broker's metadata loader) has been told.
 *
 * Committed batches come in order, each once per incarnation, from offset 0. A replica hears of its own leadership only
 * when it has been given everything up to and including the LeaderChange of its epoch: it must not decide anything before
 * it has seen all that was decided. Source: KafkaRaftClient.ListenerContext.
 */
import { type LeaderEpoch, NONE, type Offset, type ReplicaId } from "../ids.ts";
import type { MetadataRecord } from "../metadata/records.ts";
import type { RecordBatch } from "../records.ts";
import type { MetadataLog } from "./metadata-log.ts";

export interface RaftListener {
  /** The next committed batches; control batches are among them. */
  onCommit(batches: readonly RecordBatch<MetadataRecord>[], highWatermark: Offset): void;
  /** Who leads `epoch` (-1: nobody that is known). This replica itself only when it may write. */
  onLeaderChange(leaderId: ReplicaId, epoch: LeaderEpoch): void;
}

export class ListenerProgress {
  listener: RaftListener | undefined;
  private readonly log: MetadataLog;
  private nextOffset: Offset = 0;
  private toldLeader: ReplicaId = NONE;
  private toldEpoch: LeaderEpoch = 0;

  constructor(log: MetadataLog) {
    this.log = log;
  }

  /** Everything below `highWatermark` is committed. */
  deliver(highWatermark: Offset): void {
    while (this.nextOffset < highWatermark) {
      const batches = this.log.readCommitted(this.nextOffset, highWatermark);
      const last = batches.at(-1);
      if (last === undefined) return;
      this.nextOffset = last.nextOffset;
      this.listener?.onCommit(batches, highWatermark);
    }
  }

  /** This replica is in `epoch` and does not lead it. */
  following(leaderId: ReplicaId, epoch: LeaderEpoch): void {
    if (epoch > this.toldEpoch || (epoch === this.toldEpoch && this.toldLeader === NONE && leaderId !== NONE))
      this.tell(leaderId, epoch);
  }

  /** This replica leads `epoch`. */
  leading(self: ReplicaId, epoch: LeaderEpoch, epochStartOffset: Offset): void {
    if (this.nextOffset > epochStartOffset && !(this.toldEpoch === epoch && this.toldLeader === self)) this.tell(self, epoch);
  }

  /** This replica led `epoch` and has given it up. */
  resigned(self: ReplicaId, epoch: LeaderEpoch): void {
    if (this.toldEpoch === epoch && this.toldLeader === self) this.tell(NONE, epoch);
  }

  private tell(leaderId: ReplicaId, epoch: LeaderEpoch): void {
    this.toldLeader = leaderId;
    this.toldEpoch = epoch;
    this.listener?.onLeaderChange(leaderId, epoch);
  }
}
