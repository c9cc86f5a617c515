/**
 * How the cluster fared: how often leaders were elected, and how long it was until every partition had its full ISR again.
 *
 * It reads committed decisions only (PartitionChanged, LeaderElected, TopicDeleted), which both modes report. Of any other event it looks
 * at the kind and no more.
 */
import type { Micros } from "../base/units.ts";
import type { KafkaEvent, LeaderElected } from "../kafka/events.ts";
import { NONE } from "../kafka/ids.ts";
import type { SimulationListener } from "../scenario/simulation/simulation.ts";
import type { DomainEvent } from "../sim/host.ts";
import type { Recovery } from "./result.ts";

/**
 * Whether somebody came to lead: not when nobody does, nor when the same broker goes on in a new epoch (a ZooKeeper-mode controller raises it
 * with each ISR that it shrinks). A topic that is created while the run goes on has its first leaders in epoch 0.
 */
function isElection({ from, leader, leaderEpoch }: LeaderElected): boolean {
  return leader !== NONE && leader !== from && leaderEpoch > 0;
}

export class RecoveryMeter implements SimulationListener {
  private elections = 0;
  private firstFaultAt: Micros | undefined;
  /** Since when every partition has had a leader and all of its replicas in the ISR; undefined while one has not. */
  private wholeSince: Micros | undefined = 0;
  /** By topic and partition: 1 where a leader or a member is missing. */
  private readonly broken = new Map<string, number[]>();
  private brokenCount = 0;
  private begun = false;

  onReady(): void {
    this.begun = true;
  }

  onFault(timeUs: Micros): void {
    this.firstFaultAt ??= timeUs;
  }

  onEvent(timeUs: Micros, event: DomainEvent): void {
    const known = event as KafkaEvent;
    switch (known.kind) {
      case "PartitionChanged":
        this.note(timeUs, known.topic, known.partition, known.leader === NONE || known.isr.length < known.replicas.length);
        return;
      case "LeaderElected":
        if (this.begun && isElection(known)) this.elections++;
        return;
      case "TopicDeleted":
        this.broken.get(known.topic)?.forEach((_, partition) => {
          this.note(timeUs, known.topic, partition, false);
        });
        return;
    }
  }

  get result(): Recovery {
    const { elections, firstFaultAt, wholeSince } = this;
    if (firstFaultAt === undefined) return { elections, fullIsrAfterUs: undefined };
    return { elections, fullIsrAfterUs: wholeSince === undefined ? null : Math.max(0, wholeSince - firstFaultAt) };
  }

  private note(timeUs: Micros, topic: string, partition: number, isBroken: boolean): void {
    let row = this.broken.get(topic);
    if (row === undefined) {
      row = [];
      this.broken.set(topic, row);
    }
    const now = isBroken ? 1 : 0;
    this.brokenCount += now - (row[partition] ?? 0);
    row[partition] = now;
    if (this.brokenCount > 0) this.wholeSince = undefined;
    else this.wholeSince ??= timeUs;
  }
}
