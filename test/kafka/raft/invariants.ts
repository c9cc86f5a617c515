/**
 * What RaftEventSimulationTest checks after every event, from the replicas' own reports: one leader per epoch, epochs that
 * never fall, a high watermark that never falls and is on a majority, and for each committed offset one value for ever.
 */
import type { KafkaEvent } from "../../../src/kafka/events.ts";
import type { ReplicaId } from "../../../src/kafka/ids.ts";
import type { MetadataRecord } from "../../../src/kafka/metadata/records.ts";
import type { RaftLeaderElected } from "../../../src/kafka/quorum-events.ts";
import type { RecordBatch } from "../../../src/kafka/records.ts";
import type { DomainEvent } from "../../../src/sim/host.ts";
import type { World, WorldObserver } from "../../../src/sim/world.ts";

interface Entry {
  readonly epoch: number;
  readonly record: MetadataRecord;
}

export class RaftInvariants implements WorldObserver {
  readonly violations: string[] = [];
  readonly elections: RaftLeaderElected[] = [];
  readonly events: KafkaEvent[] = [];
  private readonly voters: readonly ReplicaId[];
  private readonly leaders = new Map<number, ReplicaId>();
  private readonly epochs = new Map<ReplicaId, number>();
  private readonly logs = new Map<ReplicaId, Entry[]>();
  private readonly committed: Entry[] = [];
  private readonly votes = new Map<string, ReplicaId>();
  private leadersHighWatermark = 0;
  private newestEpoch = 0;

  constructor(voters: readonly ReplicaId[]) {
    this.voters = voters;
  }

  onWatch(): void {}

  onEvent(_world: World, _node: string | undefined, domainEvent: DomainEvent): void {
    const event = domainEvent as KafkaEvent;
    this.events.push(event);
    switch (event.kind) {
      case "RaftStateChanged": {
        this.expect(event.epoch >= (this.epochs.get(event.replica) ?? 0), `epoch of ${event.replica} fell to ${event.epoch}`);
        this.epochs.set(event.replica, event.epoch);
        const ballot = `${event.replica} in epoch ${event.epoch}`;
        const before = this.votes.get(ballot);
        this.expect(before === undefined || event.votedFor === before, `${ballot}: second vote, for ${event.votedFor}`);
        if (event.votedFor >= 0) this.votes.set(ballot, event.votedFor);
        break;
      }
      case "RaftLeaderElected":
        this.onLeaderElected(event);
        break;
      case "RaftLogLoaded":
        this.logs.set(event.replica, []);
        for (const batch of event.batches) this.append(event.replica, batch);
        break;
      case "RaftRecordsAppended":
        this.append(event.replica, event.batch);
        break;
      case "RaftLogTruncated":
        this.logOf(event.replica).length = event.to;
        break;
      case "RaftHighWatermarkAdvanced":
        if (event.role === "leader") this.onLeadersHighWatermark(event.epoch, event.to);
        this.onCommitted(event.replica, event.to);
        break;
    }
  }

  logOf(replica: ReplicaId): Entry[] {
    return this.logs.get(replica) ?? [];
  }

  private onLeaderElected(event: RaftLeaderElected): void {
    this.elections.push(event);
    const other = this.leaders.get(event.epoch);
    this.expect(other === undefined || other === event.replica, `epoch ${event.epoch} has leaders ${other} and ${event.replica}`);
    this.leaders.set(event.epoch, event.replica);
  }

  private onLeadersHighWatermark(epoch: number, to: number): void {
    if (epoch >= this.newestEpoch) {
      this.expect(
        to >= this.leadersHighWatermark,
        `the high watermark fell from ${this.leadersHighWatermark} to ${to} in epoch ${epoch}`,
      );
      this.newestEpoch = epoch;
      this.leadersHighWatermark = to;
    }
    const holders = this.voters.filter((voter) => this.logOf(voter).length >= to).length;
    this.expect(
      holders > this.voters.length / 2,
      `high watermark ${to} of epoch ${epoch} is on ${holders} of ${this.voters.length} voters`,
    );
  }

  private onCommitted(replica: ReplicaId, to: number): void {
    const log = this.logOf(replica);
    for (let offset = 0; offset < to; offset++) {
      const entry = log[offset];
      const before = this.committed[offset];
      if (entry === undefined) this.expect(false, `${replica} has committed ${offset} and does not have it`);
      else if (before === undefined) this.committed[offset] = entry;
      else this.expect(before.record === entry.record, `${replica} has another record at committed offset ${offset}`);
    }
  }

  private append(replica: ReplicaId, batch: RecordBatch<MetadataRecord>): void {
    const log = this.logOf(replica);
    this.expect(log.length === batch.baseOffset, `${replica} appends at ${batch.baseOffset}, its log ends at ${log.length}`);
    for (const record of batch.records) log.push({ epoch: batch.partitionLeaderEpoch, record });
  }

  private expect(holds: boolean, otherwise: string): void {
    if (!holds) this.violations.push(otherwise);
  }
}
