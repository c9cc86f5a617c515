/** What a reader would want to know of a run: faults, elections, changes of the ISR, stretches without acknowledgements. */
import type { Micros } from "../../base/units.ts";
import { describeEvent, isNotable } from "../../kafka/event-words.ts";
import type { KafkaEvent, PartitionChanged, ProduceFailed } from "../../kafka/events.ts";
import { OFFSETS_TOPIC } from "../../kafka/group/offsets-topic.ts";
import type { OffsetCommitFailed } from "../../kafka/group-events.ts";
import { partitionName } from "../../kafka/ids.ts";
import type { DomainEvent } from "../../sim/host.ts";
import type { NodeEvent } from "../../sim/node-events.ts";
import type { World } from "../../sim/world.ts";
import type { FaultSpec } from "../fault-spec.ts";
import { describeFault } from "./fault-words.ts";

export interface TimelineEntry {
  readonly step: number;
  readonly timeUs: Micros;
  readonly text: string;
}

/** What befalls many partitions, or clients, at one moment is told of so many of them, and the rest is counted. */
const TOLD_OF_A_KIND = 4;
/** Of an internal topic one will do. */
const TOLD_OF_AN_INTERNAL_TOPIC = 1;

export class Timeline {
  readonly entries: TimelineEntry[] = [];
  private begun = false;
  private moment: Micros = 0;
  /** By kind, what this moment has brought so far, and the place of the line that counts the rest. */
  private readonly ofMoment = new Map<string, { told: number; rest: number; place: number }>();
  private lastFailure: { readonly what: string; readonly count: number; readonly entry: TimelineEntry } | undefined;

  /** Nothing before this is worth telling. */
  begin(_world: World): void {
    this.begun = true;
  }

  onServing(world: World, state: PartitionChanged): void {
    const text = `${state.topic}-${state.partition} is led by broker-${state.leader}, ISR ${state.isr.join(" ")}`;
    this.noteOneOfMany(world, "partitions", text);
  }

  onFault(world: World, fault: FaultSpec): void {
    this.note(world, describeFault(fault));
  }

  onFaultUndone(world: World, fault: FaultSpec): void {
    this.note(world, `${fault.name} ends`);
  }

  onEvent(world: World, event: DomainEvent): void {
    const known = event as KafkaEvent | NodeEvent;
    // Which links a fault cuts is in its own words.
    if (known.kind === "LinkCut" || known.kind === "LinkHealed") return;
    // Nor who owns what: that has a picture of its own.
    if (!this.begun || known.kind === "PartitionsAssigned" || !isNotable(known)) return;
    // To begin at the beginning is no news.
    if (known.kind === "ConsumerPositionReset" && known.reason === "initial" && known.to === 0) return;
    if (known.kind === "ProduceFailed") this.noteFailedRecords(world, known);
    else if (known.kind === "OffsetCommitFailed") this.noteFailedCommit(world, known);
    else if ("topic" in known && known.topic === OFFSETS_TOPIC)
      this.noteOneOfMany(world, `${known.kind} of ${OFFSETS_TOPIC}`, describeEvent(known), TOLD_OF_AN_INTERNAL_TOPIC);
    else if (known.kind === "ProcessStarted") this.noteOneOfMany(world, "starts", describeEvent(known));
    else this.noteOneOfMany(world, known.kind, describeEvent(known));
  }

  private noteOneOfMany(world: World, kind: string, text: string, toBeTold = TOLD_OF_A_KIND): void {
    if (this.moment !== world.time) this.ofMoment.clear();
    this.moment = world.time;
    const swarm = this.ofMoment.get(kind) ?? { told: 0, rest: 0, place: 0 };
    this.ofMoment.set(kind, swarm);
    if (swarm.told < toBeTold) {
      swarm.told++;
      this.note(world, text);
      return;
    }
    if (swarm.rest++ === 0) swarm.place = this.entries.length;
    this.entries[swarm.place] = entryOf(world, `and ${swarm.rest} more ${kind}`);
  }

  private noteFailedRecords(world: World, { client, topic, partition, error, records }: ProduceFailed): void {
    this.noteFailure(world, "record", records.length, `for ${partitionName(topic, partition)} of ${client} failed: ${error}`);
  }

  private noteFailedCommit(world: World, { client, occasion, error }: OffsetCommitFailed): void {
    this.noteFailure(world, `${occasion} commit`, 1, `of ${client} failed: ${error}`);
  }

  /** Failures come in swarms: those of one client and reason that nothing else comes between share a line. */
  private noteFailure(world: World, noun: string, more: number, what: string): void {
    const last = this.entries.at(-1);
    const isMore = last !== undefined && last === this.lastFailure?.entry && this.lastFailure.what === noun + what;
    const count = more + (isMore ? (this.lastFailure?.count ?? 0) : 0);
    if (isMore) this.entries.pop();
    const text = `${count} ${noun}${count === 1 ? "" : "s"} ${what}`;
    const entry = isMore ? Object.freeze({ ...last, text }) : entryOf(world, text);
    this.entries.push(entry);
    this.lastFailure = { what: noun + what, count, entry };
  }

  note(world: World, text: string): void {
    this.entries.push(entryOf(world, text));
  }
}

/** Frozen: forks share what has been told. */
function entryOf(world: World, text: string): TimelineEntry {
  return Object.freeze({ step: world.trace.step, timeUs: world.time, text });
}
