/** Faults as a scenario lists them, and the nemesis that draws its own. */
import type { Micros } from "../base/units.ts";
import type { BrokerId } from "../kafka/ids.ts";
import type { PowerLossTail } from "../sim/disk.ts";
import type { CutDirection } from "../sim/node-events.ts";
import type { EventPattern, MessagePattern, NodeSelector } from "./patterns.ts";
import type { TopicSpec } from "./spec.ts";

export interface FaultSpec {
  /** 1, 2, … in the order of the file. */
  readonly number: number;
  /** Unique: as given, or `fault 3`. */
  readonly name: string;
  readonly trigger: FaultTrigger;
  /** Undone after so long; undefined: it stays. */
  readonly forUs: Micros | undefined;
  /** Carried out together, in this order. */
  readonly actions: readonly FaultAction[];
  readonly source: string;
}

/**
 * When a fault fires. `since` is the number of the earlier fault after whose firing the watch begins (the one before it in
 * the file, unless the scenario says otherwise); 0 is the start of the run. Each fault fires once.
 */
export type FaultTrigger =
  | { readonly kind: "at"; readonly atUs: Micros }
  | { readonly kind: "after"; readonly delayUs: Micros; readonly since: number }
  /** At the `nth` match since then, after `delayUs`; with 0, in the middle of the handler that reported it. */
  | {
      readonly kind: "event";
      readonly pattern: EventPattern;
      readonly nth: number;
      readonly delayUs: Micros;
      readonly since: number;
      readonly text: string;
    }
  | {
      readonly kind: "message";
      readonly pattern: MessagePattern;
      readonly moment: "sent" | "delivered";
      readonly nth: number;
      readonly delayUs: Micros;
      readonly since: number;
      readonly text: string;
    };

export type Nodes = readonly NodeSelector[];

/** One member of the union per name, so that a name alone tells the rest. */
type OnNodes<D extends string> = { [K in D]: { readonly do: K; readonly nodes: Nodes } }[D];

export type FaultAction =
  /** `stop` is a controlled shutdown. `sync` makes the operating system write every dirty page back now. */
  | OnNodes<"crash" | "restart" | "stop" | "pause" | "resume" | "wipe" | "isolate" | "heal" | "sync">
  /** Each is stopped, and started again after `downUs`; the next one `everyUs` after it. */
  | { readonly do: "roll"; readonly nodes: Nodes; readonly everyUs: Micros; readonly downUs: Micros }
  | { readonly do: "power-loss"; readonly nodes: Nodes; readonly tail: PowerLossTail }
  /** Between each of `nodes` and each of `from` only. `direction` is seen from `nodes`. */
  | { readonly do: "cut"; readonly nodes: Nodes; readonly from: Nodes; readonly direction: CutDirection }
  /** Undefined `to`: all other nodes. */
  | { readonly do: "reset"; readonly nodes: Nodes; readonly to: Nodes | undefined }
  | { readonly do: "clog"; readonly nodes: Nodes; readonly to: Nodes | undefined }
  | { readonly do: "slow-link"; readonly nodes: Nodes; readonly to: Nodes | undefined; readonly byUs: Micros }
  | { readonly do: "slow-disk"; readonly nodes: Nodes; readonly byUs: Micros }
  | OnNodes<"stall-disk" | "fail-disk" | "fill-disk" | "repair-disk">
  /** The last entry of the files under `path` rots: `orders-0/` for a partition's log. */
  | { readonly do: "corrupt"; readonly nodes: Nodes; readonly path: string }
  | { readonly do: "clock"; readonly nodes: Nodes; readonly jumpUs: Micros; readonly driftPpm: number | undefined }
  | AdminAction
  | MessageAction
  /** Lets go what the hold of fault number `of` holds; 0: what any holds. */
  | { readonly do: "release"; readonly of: number };

/** An administrator asks for something. */
export type AdminAction =
  | { readonly do: "elect"; readonly topic: string; readonly partition: number; readonly type: "PREFERRED" | "UNCLEAN" }
  | { readonly do: "create-topic"; readonly topic: TopicSpec }
  /** So that it has `to` of them. */
  | { readonly do: "add-partitions"; readonly topic: string; readonly to: number }
  | { readonly do: "delete-topic"; readonly topic: string }
  /** Replicas null: what is under way is called off. */
  | {
      readonly do: "reassign";
      readonly topic: string;
      readonly partition: number;
      readonly replicas: readonly BrokerId[] | null;
    }
  /** By hand, past every broker: `/controller` forces an election of the controller. */
  | { readonly do: "delete-znode"; readonly path: string };

/** Applies to `times` matching messages ("all": until undone), from the `nth` on, counted from when the fault fires. */
export interface MessageAction {
  readonly do: "drop" | "delay" | "hold" | "duplicate" | "reorder";
  readonly pattern: MessagePattern;
  readonly nth: number;
  readonly times: number | "all";
  /** For delay and reorder; 0 otherwise. */
  readonly byUs: Micros;
  readonly text: string;
}

/** @internal */
export const NODE_FAULTS = [
  "crash",
  "power-loss",
  "stop",
  "pause",
  "isolate",
  "cut",
  "partial-cut",
  "one-way-cut",
  "slow-link",
  "slow-disk",
  "stall-disk",
  "clock",
] as const;
/** What members of consumer groups do besides. */
const MEMBER_FAULTS = ["leave", "join"] as const;
export const NEMESIS_FAULTS = [...NODE_FAULTS, ...MEMBER_FAULTS] as const;
export type NemesisFault = (typeof NEMESIS_FAULTS)[number];

export interface DurationRange {
  readonly minUs: Micros;
  readonly maxUs: Micros;
}

/** Draws faults from the seed. */
export interface NemesisSpec {
  readonly faults: readonly NemesisFault[];
  /** From the beginning of one fault to the beginning of the next. */
  readonly every: DurationRange;
  /** How long each lasts. */
  readonly lasts: DurationRange;
  readonly on: Nodes;
  /** Faults at work at the same time. */
  readonly atMost: number;
  readonly fromUs: Micros;
  /** Then everything is healed. */
  readonly untilUs: Micros;
  readonly source: string;
}
