/**
 * Makes the scenario's faults happen: at their time, after one another, or when something was reported or sent.
 *
 * A condition that comes true in the middle of a handler acts there and then: a broker can be made to die between its
 * append and its reply. Each fault fires once.
 */
import { assert } from "../../base/assert.ts";
import type { MessageWatch } from "../../sim/edits.ts";
import type { DomainEvent, NodeName } from "../../sim/host.ts";
import type { WorldAction } from "../../sim/scheduled.ts";
import type { World } from "../../sim/world.ts";
import { matchesEvent } from "../event-matcher.ts";
import type { FaultAction, FaultSpec, FaultTrigger } from "../fault-spec.ts";
import type { ClusterFacts } from "../selectors.ts";
import { resolveNodes } from "../selectors.ts";
import { carryOut, editName, type FaultSurroundings } from "./faults.ts";
import { contentFilterOf } from "./message-content-filter.ts";
import { type Undo, undo } from "./undo.ts";

/** A fault as the run knows it. */
interface FaultState {
  readonly spec: FaultSpec;
  /** Waits for its event or message. */
  armed: boolean;
  /** Matches so far. */
  matches: number;
  /** Its time is set. */
  due: boolean;
  fired: boolean;
}

/** Told when a fault fires, for the timeline. */
export interface DirectorListener {
  onFault(world: World, fault: FaultSpec): void;
  onFaultUndone(world: World, fault: FaultSpec): void;
}

/** A fault on messages that is in force and has found none. */
export interface UnusedEdit {
  readonly fault: FaultSpec;
  readonly action: FaultAction & { readonly text: string };
}

export class Director {
  private readonly faults: FaultState[];
  private readonly facts: ClusterFacts;
  private readonly around: FaultSurroundings;
  private readonly listener: DirectorListener;
  /** Faults that wait for an event: looked at for every event, so kept apart. */
  private awaitingEvent: FaultState[] = [];

  constructor(faults: readonly FaultSpec[], facts: ClusterFacts, around: FaultSurroundings, listener: DirectorListener) {
    this.faults = faults.map((spec) => ({ spec, armed: false, matches: 0, due: false, fired: false }));
    this.facts = facts;
    this.around = around;
    this.listener = listener;
  }

  /** The run begins now. */
  start(world: World): void {
    for (const fault of this.faults) {
      const { trigger } = fault.spec;
      if (trigger.kind === "at") this.fireAfter(world, fault, trigger.atUs);
      else if (trigger.since === 0) this.arm(world, fault);
    }
  }

  onEvent(world: World, node: NodeName | undefined, event: DomainEvent): void {
    if (this.awaitingEvent.length === 0) return;
    for (const fault of [...this.awaitingEvent]) {
      const { trigger } = fault.spec;
      assert(trigger.kind === "event", "a fault that waits for an event has an event trigger");
      if (!fault.armed || !matchesEvent(trigger.pattern, event, node, this.facts)) continue;
      this.matched(world, fault, trigger);
    }
  }

  onWatch(world: World, watch: MessageWatch, from: NodeName, to: NodeName): void {
    const fault = this.faults.find(({ spec }) => spec.name === watch.name);
    assert(fault?.spec.trigger.kind === "message", `watch ${watch.name} belongs to no fault`);
    const { trigger } = fault.spec;
    const { pattern } = trigger;
    if (!fault.armed) return;
    if (pattern.from !== undefined && !resolveNodes(pattern.from, this.facts).includes(from)) return;
    if (pattern.to !== undefined && !resolveNodes(pattern.to, this.facts).includes(to)) return;
    this.matched(world, fault, trigger);
  }

  /** Faults that never fired. */
  unfired(): FaultSpec[] {
    return this.faults.filter((fault) => !fault.fired).map((fault) => fault.spec);
  }

  unusedEdits(world: World): UnusedEdit[] {
    return world.unusedEdits().flatMap((edit) => {
      const fault = this.faults.find(({ spec }) => editName(spec.number) === edit.name)?.spec;
      const action = fault?.actions.find((each) => each.do === edit.action.do);
      return fault !== undefined && action !== undefined && "text" in action ? [{ fault, action }] : [];
    });
  }

  private arm(world: World, fault: FaultState): void {
    const { trigger, name } = fault.spec;
    fault.armed = true;
    if (trigger.kind === "after") this.fireAfter(world, fault, trigger.delayUs);
    else if (trigger.kind === "event") this.awaitingEvent.push(fault);
    else if (trigger.kind === "message") {
      const { pattern, moment } = trigger;
      world.watch({ name, moment, pattern: { kind: pattern.kind, ...contentFilterOf(pattern) } });
    }
  }

  private matched(world: World, fault: FaultState, trigger: Extract<FaultTrigger, { kind: "event" | "message" }>): void {
    if (++fault.matches < trigger.nth) return;
    fault.armed = false;
    this.awaitingEvent = this.awaitingEvent.filter((waiting) => waiting !== fault);
    if (trigger.kind === "message") world.unwatch(fault.spec.name);
    if (trigger.delayUs === 0) this.fire(world, fault);
    else this.fireAfter(world, fault, trigger.delayUs);
  }

  private fireAfter(world: World, fault: FaultState, delay: number): void {
    fault.due = true;
    world.do(delay, new FireFault(this, fault.spec.number));
  }

  /** Called when the time of fault `number` has come. */
  fireNumber(world: World, number: number): void {
    this.fire(world, this.faults[number - 1] as FaultState);
  }

  undoNumber(world: World, number: number, undos: readonly Undo[]): void {
    for (const each of undos) undo(world, each);
    this.listener.onFaultUndone(world, (this.faults[number - 1] as FaultState).spec);
  }

  private fire(world: World, fault: FaultState): void {
    const { spec } = fault;
    fault.fired = true;
    this.listener.onFault(world, spec);
    const undos = spec.actions.flatMap((action) => carryOut(world, this.around, action, spec.number));
    if (spec.forUs !== undefined) world.do(spec.forUs, new UndoFault(this, spec.number, undos));
    for (const next of this.faults) {
      const { trigger } = next.spec;
      if (trigger.kind !== "at" && trigger.since === spec.number) this.arm(world, next);
    }
  }
}

class FireFault implements WorldAction {
  readonly label: string;
  private readonly director: Director;
  private readonly number: number;

  constructor(director: Director, number: number) {
    this.director = director;
    this.number = number;
    this.label = `fault ${number}`;
  }

  run(world: World): void {
    this.director.fireNumber(world, this.number);
  }
}

class UndoFault implements WorldAction {
  readonly label: string;
  private readonly director: Director;
  private readonly number: number;
  private readonly undos: readonly Undo[];

  constructor(director: Director, number: number, undos: readonly Undo[]) {
    this.director = director;
    this.number = number;
    this.undos = undos;
    this.label = `fault ${number} ends`;
  }

  run(world: World): void {
    this.director.undoNumber(world, this.number, this.undos);
  }
}
