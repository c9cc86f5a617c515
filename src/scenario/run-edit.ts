/**
 * What somebody changed by hand in a run that is otherwise the scenario's own. `run(scenario, seed, edits)` is pure: the same edits
 * give the same run, whether they were made while walking through it or stand in a file.
 */
import type { Micros } from "../base/units.ts";
import type { NodeName } from "../sim/host.ts";

/** The nth `message` from one node to another, counted from the start of the run (1, 2, …): *the 7th Fetch from broker-2 to broker-1*. */
export interface DeliveryRef {
  readonly message: string;
  readonly from: NodeName;
  readonly to: NodeName;
  readonly nth: number;
}

/** The place between two steps: behind the first `steps` steps of the moment `timeUs` (scenario time); 0: before any of them. */
export interface RunMoment {
  readonly timeUs: Micros;
  readonly steps: number;
}

export type MessageChange =
  | { readonly do: "drop" }
  | { readonly do: "delay"; readonly byUs: Micros }
  /** Until it is released. */
  | { readonly do: "hold" }
  | { readonly do: "duplicate" };

/** Done to the world at one moment, as a step of its own. */
export type MomentAction =
  | { readonly do: "crash" | "power-loss" | "pause" | "resume" | "restart" | "stop" | "isolate"; readonly node: NodeName }
  | { readonly do: "cut"; readonly node: NodeName; readonly from: NodeName }
  /** What cuts, clogs or slows links; everywhere, or on the links of a node. */
  | { readonly do: "heal"; readonly node: NodeName | "all" }
  /** Lets one message go that an edit or a fault of the scenario holds. */
  | { readonly do: "release"; readonly delivery: DeliveryRef }
  /** A producer's application sends one record more. */
  | { readonly do: "produce"; readonly node: NodeName };

export interface MessageEdit {
  readonly kind: "message";
  readonly delivery: DeliveryRef;
  readonly change: MessageChange;
}

/** Several of one moment are done in the order of the list. */
export interface MomentEdit {
  readonly kind: "moment";
  readonly moment: RunMoment;
  readonly action: MomentAction;
}

export type RunEdit = MessageEdit | MomentEdit;

/** `Fetch #412 from broker-2 to broker-1`. */
export function describeDelivery({ message, nth, from, to }: DeliveryRef): string {
  return `${message} #${nth} from ${from} to ${to}`;
}

/** What a branch with this edit is called: `Fetch #412 from broker-2 to broker-1 dropped`, `broker-1 crashed`. */
export function describeEdit(edit: RunEdit): string {
  return edit.kind === "message" ? describeMessageEdit(edit) : describeAction(edit.action);
}

function describeMessageEdit({ delivery, change }: MessageEdit): string {
  const name = describeDelivery(delivery);
  switch (change.do) {
    case "drop":
      return `${name} dropped`;
    case "delay":
      return `${name} delayed by ${change.byUs / 1_000} ms`;
    case "hold":
      return `${name} held`;
    case "duplicate":
      return `${name} duplicated`;
  }
}

const DONE: Readonly<Record<Extract<MomentAction, { node: NodeName }>["do"], string>> = {
  crash: "crashed",
  "power-loss": "without power",
  pause: "paused",
  resume: "resumed",
  restart: "restarted",
  stop: "stopped",
  isolate: "isolated",
  cut: "cut off",
  heal: "healed",
  produce: "sends one record more",
};

function describeAction(action: MomentAction): string {
  if (action.do === "release") return `${describeDelivery(action.delivery)} released`;
  if (action.do === "cut") return `${action.node} cut off from ${action.from}`;
  return `${action.node} ${DONE[action.do]}`;
}
