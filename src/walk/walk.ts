/**
 * A walk through a run: it stands behind one of its steps, and can go to any other, on and back, and into branches where something was changed.
 *
 * The run is played to its end when the walk is opened, and whenever a branch is made; from then on its future is known. Standing somewhere means
 * having the world as it was just behind that step; it is reached from the nearest checkpoint by playing on. What takes a while is a {@link Journey}.
 */
import { assert } from "../base/assert.ts";
import type { Side } from "../run/run-scenario.ts";
import type { Condition } from "../scenario/condition.ts";
import {
  type DeliveryRef,
  describeEdit,
  type MessageChange,
  type MomentAction,
  type RunEdit,
  type RunMoment,
} from "../scenario/run-edit.ts";
import { savedBranchText } from "../scenario/saved-branch.ts";
import { Simulation } from "../scenario/simulation/simulation.ts";
import type { SideName } from "../scenario/switch.ts";
import type { Branch } from "./branch.ts";
import { Checkpoints } from "./checkpoints.ts";
import type { Journey } from "./journey.ts";
import { departFrom, playTo, playUpTo, reach } from "./playback.ts";
import { record } from "./recording.ts";
import { lastChange, lastMet, nextChange, nextMet } from "./search.ts";
import { Tape } from "./tape.ts";
import type { WatchedValue } from "./watched-value.ts";

/** Where a walk comes from: what a branch is saved from. */
export interface WalkSource {
  /** The scenario's text as it was loaded, and what the file is called. */
  readonly text: string;
  readonly file: string;
  readonly overrides: readonly string[];
  /** Of an exhibit, unless an override has set its switch. */
  readonly side: SideName | undefined;
}

export interface WalkOptions {
  readonly side: Side;
  readonly seed: string;
  /** Without it, no branch can be saved. */
  readonly source?: WalkSource | undefined;
}

/**
 * What was asked for would have changed something that has happened already: a message that was duplicated, say, and whose copy has
 * arrived, can't be dropped any more. The walk stands where it stood.
 */
export class PastChanged extends Error {
  override readonly name = "PastChanged";

  constructor(change: string) {
    super(`${change}: this would change what has happened already`);
  }
}

export class Walk {
  readonly side: Side;
  readonly seed: string;
  private readonly source: WalkSource | undefined;
  private readonly kept: Branch[];
  private here: Branch;
  private simulationHere: Simulation;
  private nextId = 2;

  private constructor({ side, seed, source }: WalkOptions, main: Branch, simulation: Simulation) {
    this.side = side;
    this.seed = seed;
    this.source = source;
    this.kept = [main];
    this.here = main;
    this.simulationHere = simulation;
  }

  /** Plays the run to its end, and stands at time 0. */
  static *open(options: WalkOptions): Journey<Walk> {
    const { scenario } = options.side;
    const simulation = new Simulation({
      scenario,
      seed: options.seed,
      traceLevel: "last",
      nameDeliveries: true,
      withTimeline: true,
    });
    const { edits, notes } = scenario;
    const [tape, checkpoints] = [new Tape(), new Checkpoints()];
    const ending = yield* record({ simulation, tape, checkpoints, edits, notes });
    const main: Branch = { id: 1, name: "main", parent: undefined, partsAt: 0, edits, tape, ending, checkpoints, saved: true };
    return new Walk(options, main, yield* reach(main, tape.start));
  }

  /** In the order of their making. */
  get branches(): readonly Branch[] {
    return this.kept;
  }

  get branch(): Branch {
    return this.here;
  }

  /** Number of the step just done. */
  get position(): number {
    return this.simulationHere.world.trace.step;
  }

  /** The world as it is here. To be looked at only. */
  get simulation(): Simulation {
    return this.simulationHere;
  }

  /** The step of time 0. */
  get start(): number {
    return this.here.tape.start;
  }

  /** The last step. */
  get end(): number {
    return this.here.tape.length;
  }

  // ---- moving ----

  /** Steps outside of the run lead to its first or last one. */
  *goTo(step: number): Journey<void> {
    const target = Math.min(Math.max(step, 0), this.end);
    const { position } = this;
    const base = this.here.checkpoints.before(target);
    const isNearest = position <= target && (base === undefined || base.step <= position);
    if (isNearest) yield* playTo(this.simulationHere, target);
    else this.simulationHere = yield* reach(this.here, target);
  }

  /** Of the selected value; the step that changed it, before the one just done. */
  lastChange(value: WatchedValue): Journey<number | undefined> {
    return lastChange(this.here, this.position, value);
  }

  nextChange(value: WatchedValue): Journey<number | undefined> {
    return nextChange(this.here, this.simulationHere, value);
  }

  /** The next step at which one of the conditions comes true. */
  runOn(conditions: readonly Condition[]): Journey<number | undefined> {
    return nextMet(this.here, this.simulationHere, conditions);
  }

  /** The last step, before the one just done, at which one of the conditions came true. */
  runBack(conditions: readonly Condition[]): Journey<number | undefined> {
    return lastMet(this.here, this.position, conditions);
  }

  // ---- changing ----

  /** Why nothing can be changed here; undefined if it can. */
  get unchangeable(): string | undefined {
    return this.position < this.start || this.start === 0 ? "the cluster is still booting: changes begin at time 0" : undefined;
  }

  /** Makes a branch in which something else happens to a message that is under way, and enters it, at the same moment. */
  *changeMessage(delivery: DeliveryRef, change: MessageChange): Journey<Branch> {
    const sent = this.simulationHere.world.messagesUnderWay().find(({ message, from, to, nth, isCopy }) => {
      return !isCopy && message.kind === delivery.message && from === delivery.from && to === delivery.to && nth === delivery.nth;
    });
    assert(sent !== undefined, "only a message that is under way can be changed");
    // The edit speaks of the message as it is sent: the world has to be one in which it has not been.
    return yield* this.branchOff({ kind: "message", delivery, change }, sent.sentBy - 1);
  }

  /** Makes a branch in which something is done just here, and enters it, just behind that. */
  *act(action: MomentAction): Journey<Branch> {
    const { position, branch } = this;
    assert(this.unchangeable === undefined, "nothing is done to a cluster that boots");
    const timeUs = this.simulationHere.since(branch.tape.timeOf(position));
    const here = { timeUs, steps: branch.tape.stepsOfMoment(position) };
    // What is to be done here already comes first.
    const ahead = dueAt(here, branch.edits);
    const moment = { timeUs, steps: here.steps + ahead };
    const made = yield* this.branchOff({ kind: "moment", moment, action }, position, position + ahead);
    yield* this.goTo(Math.min(made.partsAt + 1, this.end));
    return made;
  }

  /** `edit` has its effect behind `before`, on a world that stands at that step or earlier. */
  private *branchOff(edit: RunEdit, before: number, partsAt = this.position): Journey<Branch> {
    const { branch: parent, position, side } = this;
    const base = parent.checkpoints.before(before);
    assert(base !== undefined, "a branch has a checkpoint at its beginning");
    const edits = [...parent.edits, edit];
    const simulation = departFrom(base, parent);
    simulation.addEdit(edit);
    const { world } = this.simulationHere;
    const isLonger = yield* playUpTo(simulation, position);
    const hasSamePast = isLonger && simulation.world.trace.hash() === world.trace.hash();
    if (!hasSamePast || !isInForce(edit, simulation)) throw new PastChanged(describeEdit(edit));
    const tape = new Tape(parent.tape, position);
    const checkpoints = new Checkpoints(parent.checkpoints, base.step);
    const ending = yield* record({ simulation, tape, checkpoints, edits, notes: side.scenario.notes });
    const made: Branch = {
      id: this.nextId++,
      name: describeEdit(edit),
      parent,
      partsAt: Math.min(partsAt, tape.length),
      edits,
      tape,
      ending,
      checkpoints,
      saved: false,
    };
    const simulationThere = yield* reach(made, position);
    this.kept.push(made);
    this.here = made;
    this.simulationHere = simulationThere;
    return made;
  }

  // ---- branches ----

  /** At the step where one stands, if both have it in common, or else where the paths part. */
  *enter(branch: Branch): Journey<void> {
    assert(this.kept.includes(branch), "a branch of this walk");
    const step = Math.min(this.position, commonSteps(this.here, branch), branch.tape.length);
    // Whoever stops on the way stays where he was.
    const simulation = yield* reach(branch, step);
    this.here = branch;
    this.simulationHere = simulation;
  }

  /** A branch as a scenario file, whose run is this one step by step. `version`: of the program that says so. */
  savedText({ edits, ending, tape }: Branch, version: string): string {
    const { source, seed, side } = this;
    assert(source !== undefined, "a walk that is saved knows where it came from");
    const { lost, duplicated, failed } = ending.records;
    return savedBranchText({
      ...source,
      seed,
      edits: edits.slice(side.scenario.edits.length),
      outcome: { violates: ending.violated, records: { lost, duplicated, failed } },
      recorded: { trace: ending.traceHash, events: tape.length, by: version },
    });
  }

  /** Forgets a branch and those that were made from it. Neither the first nor one that leads to where one stands. */
  prune(branch: Branch): void {
    assert(branch.parent !== undefined, "the scenario's own branch stays");
    const gone = this.kept.filter((each) => isWithin(each, branch));
    assert(!gone.includes(this.here), "the branch on which one stands stays");
    for (const each of gone) this.kept.splice(this.kept.indexOf(each), 1);
  }
}

/** So many steps, from the first on, are the same in both. */
export function commonSteps(a: Branch, b: Branch): number {
  if (a === b) return a.tape.length;
  const partings = new Map<Branch, number>();
  let common = Number.POSITIVE_INFINITY;
  for (let branch: Branch | undefined = a; branch !== undefined; branch = branch.parent) {
    partings.set(branch, common);
    common = Math.min(common, branch.partsAt);
  }
  common = Number.POSITIVE_INFINITY;
  for (let branch: Branch | undefined = b; branch !== undefined; branch = branch.parent) {
    const other = partings.get(branch);
    if (other !== undefined) return Math.min(common, other, branch.tape.length);
    common = Math.min(common, branch.partsAt);
  }
  return 0;
}

/** How many of the edits are done at this place, before anything else happens. */
function dueAt({ timeUs, steps }: RunMoment, edits: readonly RunEdit[]): number {
  const places = edits.flatMap((edit) => (edit.kind === "moment" && edit.moment.timeUs === timeUs ? [edit.moment.steps] : []));
  let due = 0;
  for (const place of places.sort((a, b) => a - b)) if (place >= steps && place <= steps + due) due++;
  return due;
}

/** A message that has been let go meanwhile is not held again by an edit of its name. */
function isInForce(edit: RunEdit, { world }: Simulation): boolean {
  if (edit.kind !== "message" || edit.change.do !== "hold") return true;
  const { message, from, to, nth } = edit.delivery;
  return world.network.tampering.heldMessage(message, from, to, nth) !== undefined;
}

function isWithin(branch: Branch, ancestor: Branch): boolean {
  return branch === ancestor || (branch.parent !== undefined && isWithin(branch.parent, ancestor));
}
