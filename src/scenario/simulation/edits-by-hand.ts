/**
 * Carries out what somebody changed by hand in a run.
 *
 * Changes of messages are in force from the start, whenever they were added, and moments are found by counting steps: so a run to which
 * something is added while it stands somewhere goes on exactly as one that had it from the start.
 */
import { assert, unreachable } from "../../base/assert.ts";
import type { Micros } from "../../base/units.ts";
import { ProducerProcess } from "../../kafka/producer/producer-process.ts";
import type { Delivery } from "../../sim/delivery.ts";
import type { Edit } from "../../sim/edits.ts";
import type { NodeName } from "../../sim/host.ts";
import type { World } from "../../sim/world.ts";
import type { FaultAction, Nodes } from "../fault-spec.ts";
import {
  type DeliveryRef,
  describeDelivery,
  type MessageEdit,
  type MomentAction,
  type MomentEdit,
  type RunEdit,
} from "../run-edit.ts";
import { carryOut, type FaultSurroundings } from "./faults.ts";

/** An edit that changed nothing, and why, in words that go on after its name. */
export interface UnusedRunEdit {
  readonly edit: RunEdit;
  readonly why: string;
}

/** Told of each edit as it changes something; `isFault`: for the worse. */
export interface EditsByHandListener {
  onEditByHand(world: World, edit: RunEdit, isFault: boolean): void;
}

const FAULTS: readonly MomentAction["do"][] = ["crash", "power-loss", "pause", "stop", "isolate", "cut"];

interface AwaitedMessage {
  readonly edit: MessageEdit;
  readonly atWork: Edit;
}

export class EditsByHand {
  /** In the order in which they were made. */
  readonly all: RunEdit[] = [];
  /** Still to come, by moment. */
  private readonly moments: MomentEdit[] = [];
  /** Not sent so far. */
  private awaited: AwaitedMessage[] = [];
  private readonly inVain: UnusedRunEdit[] = [];

  /** The next one that is due at a moment. */
  get next(): MomentEdit | undefined {
    return this.moments[0];
  }

  add(world: World, edit: RunEdit): void {
    this.all.push(edit);
    if (edit.kind === "message") this.addMessageEdit(world, edit);
    else this.addMomentEdit(world, edit);
  }

  /** Does the next one, as a step of its own that nothing in the run has caused. */
  doNext(world: World, around: FaultSurroundings, listener: EditsByHandListener): void {
    const edit = this.moments.shift();
    assert(edit !== undefined, "an edit is due");
    const { action } = edit;
    const node = "node" in action && action.node !== "all" ? world.node(action.node) : undefined;
    world.trace.open(world.time, node, "action", action.do, 0);
    const why = hindrance(world, action);
    if (why === undefined) {
      listener.onEditByHand(world, edit, FAULTS.includes(action.do));
      perform(world, around, action);
    } else this.inVain.push({ edit, why });
    world.trace.close();
  }

  /** Tells of those whose message has been sent since this was called last. */
  tellOfSent(world: World, listener: EditsByHandListener): void {
    if (this.awaited.every(({ atWork }) => atWork.applied === 0)) return;
    for (const { edit, atWork } of this.awaited) if (atWork.applied > 0) listener.onEditByHand(world, edit, true);
    this.awaited = this.awaited.filter(({ atWork }) => atWork.applied === 0);
  }

  /** What has changed nothing so far. */
  unused(): UnusedRunEdit[] {
    const unused = [
      ...this.inVain,
      ...this.awaited.map(({ edit }) => ({ edit, why: "no such message was sent" })),
      ...this.moments.map((edit) => ({ edit, why: "its moment did not come" })),
    ];
    return unused.sort((a, b) => this.all.indexOf(a.edit) - this.all.indexOf(b.edit));
  }

  private addMessageEdit(world: World, edit: MessageEdit): void {
    const { message, from, to, nth } = edit.delivery;
    const name = `by hand: ${describeDelivery(edit.delivery)}`;
    // It takes the place of an earlier one.
    this.awaited = this.awaited.filter(({ atWork }) => atWork.spec.name !== name);
    const pattern = { kind: message, from: [from], to: [to] };
    this.awaited.push({ edit, atWork: world.addEdit({ name, pattern, action: edit.change, nthOnLink: nth, byHand: true }) });
  }

  private addMomentEdit(world: World, edit: MomentEdit): void {
    const { action, moment } = edit;
    const isNamed = action.do !== "release" || world.namesDeliveries || world.trace.step === 0;
    assert(isNamed, "a release names a message, but messages were not counted from the start");
    if (action.do === "release") world.namesDeliveries = true;
    const behind = this.moments.findIndex((other) => compare(other.moment, moment) > 0);
    this.moments.splice(behind < 0 ? this.moments.length : behind, 0, edit);
  }
}

function compare(a: MomentEdit["moment"], b: MomentEdit["moment"]): Micros {
  return a.timeUs - b.timeUs || a.steps - b.steps;
}

/** Why there is nothing to do; undefined if there is. */
export function hindrance(world: World, action: MomentAction): string | undefined {
  if (action.do === "release") return heldMessage(world, action.delivery) === undefined ? "nothing held it" : undefined;
  const what = action.do;
  if (what === "isolate" || what === "cut" || what === "heal") return undefined;
  const node = world.node(action.node);
  const { paused, stopping } = node;
  const isUp = node.host !== undefined;
  switch (what) {
    case "power-loss":
      return node.powered ? undefined : "it had no power";
    case "resume":
      return paused ? undefined : "it was not paused";
    case "restart":
      return isUp && !stopping ? "it was running" : undefined;
    case "crash":
      return isUp ? undefined : "it was not running";
    case "stop":
    case "pause":
    case "produce": {
      if (!isUp) return "it was not running";
      if (paused && what !== "stop") return "it was paused";
      if (stopping && what !== "pause") return "it was stopping";
      return what !== "produce" || producer(world, action.node).canSend ? undefined : "it was blocked in send()";
    }
    default:
      return unreachable(what);
  }
}

function perform(world: World, around: FaultSurroundings, action: MomentAction): void {
  if (action.do === "release") world.network.tampering.releaseOne(heldMessage(world, action.delivery) as Delivery);
  else if (action.do === "produce") producer(world, action.node).sendOneMore();
  else carryOut(world, around, faultActionOf(world, action), 0);
}

function heldMessage(world: World, { message, from, to, nth }: DeliveryRef): Delivery | undefined {
  return world.network.tampering.heldMessage(message, from, to, nth);
}

function producer(world: World, name: NodeName): ProducerProcess {
  const { process } = world.node(name);
  assert(process instanceof ProducerProcess, `${name} is a producer`);
  return process;
}

type ByFault = Exclude<MomentAction, { readonly do: "release" | "produce" }>;

function faultActionOf(world: World, action: ByFault): FaultAction {
  const nodes = only(action.node);
  switch (action.do) {
    case "power-loss":
      return { do: action.do, nodes, tail: "lost" };
    case "cut":
      return { do: action.do, nodes, from: only(action.from), direction: "both" };
    case "heal":
      return { do: action.do, nodes: action.node === "all" ? [{ kind: "nodes", names: everybody(world) }] : nodes };
    default:
      return { do: action.do, nodes };
  }
}

function only(name: NodeName): Nodes {
  return [{ kind: "nodes", names: [name] }];
}

function everybody(world: World): NodeName[] {
  return [...world.nodes()].map((node) => node.name);
}
