/** What a reader would want to know of a run: faults, elections, changes of the ISR, stretches without acknowledgements. */
import type { Micros } from "../../base/units.ts";
import { describeEvent, isNotable } from "../../kafka/event-words.ts";
import type { KafkaEvent, PartitionChanged } from "../../kafka/events.ts";
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

export class Timeline {
  readonly entries: TimelineEntry[] = [];
  private begun = false;

  /** Nothing before this is worth telling. */
  begin(_world: World): void {
    this.begun = true;
  }

  onServing(world: World, state: PartitionChanged): void {
    this.note(world, `${state.topic}-${state.partition} is led by broker-${state.leader}, ISR ${state.isr.join(" ")}`);
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
    if (this.begun && isNotable(known)) this.note(world, describeEvent(known));
  }

  note(world: World, text: string): void {
    this.entries.push({ step: world.trace.step, timeUs: world.time, text });
  }
}
