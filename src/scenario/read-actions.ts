/** Reads what a fault does. */
import type { Micros } from "../base/units.ts";
import type { FaultAction, MessageAction } from "./fault-spec.ts";
import type { ScenarioNames } from "./names.ts";
import { nearest } from "./nearest.ts";
import type { ProblemSink } from "./problem-sink.ts";
import { quote } from "./quantities.ts";
import { ADMIN_KEYS, readAdminAction } from "./read-admin-actions.ts";
import { patternText, readMessagePattern } from "./read-patterns.ts";
import type { WrittenFault, WrittenMessage } from "./schema/faults.ts";
import type { Path } from "./source.ts";
import type { TopicSpec } from "./spec.ts";

/** What the reading of a fault needs to know besides the fault. */
export interface FaultSurroundings {
  readonly names: ScenarioNames;
  /** When the run ends. */
  readonly endUs: Micros;
  /** Each fault as it stands in the file: its keys are in the author's order. */
  readonly raw: readonly Readonly<Record<string, unknown>>[];
  readonly written: readonly WrittenFault[];
  /** Those that are there from the start. */
  readonly topics: readonly TopicSpec[];
  /** By the index of the fault that creates it. */
  readonly createdTopics: ReadonlyMap<number, TopicSpec>;
}

const ON_NODES = ["crash", "restart", "stop", "pause", "resume", "wipe", "isolate", "heal", "sync"] as const;
const ON_DISKS = ["stall-disk", "fail-disk", "fill-disk", "repair-disk"] as const;
const ON_MESSAGES = ["drop", "delay", "hold", "duplicate", "reorder"] as const;

export const ACTION_KEYS: readonly string[] = [
  ...ON_NODES,
  ...ON_DISKS,
  ...ON_MESSAGES,
  "roll",
  "power-loss",
  "cut",
  "reset",
  "clog",
  "slow-link",
  "slow-disk",
  "corrupt",
  "clock",
  ...ADMIN_KEYS,
  "release",
];

/** Keys that say more about some action, with those actions. */
const MODIFIERS = {
  tail: ["power-loss"],
  from: ["cut"],
  direction: ["cut"],
  to: ["reset", "clog", "slow-link"],
  by: ["slow-link", "slow-disk"],
  every: ["roll"],
  down: ["roll"],
} as const;

/** Actions that are over at once, so that `for` can't end them. */
const AT_ONCE: readonly FaultAction["do"][] = [
  "restart",
  "resume",
  "roll",
  "wipe",
  "heal",
  "reset",
  "corrupt",
  "sync",
  ...ADMIN_KEYS,
  "release",
  "repair-disk",
];

export function isUndoable(action: FaultAction): boolean {
  return !AT_ONCE.includes(action.do);
}

/** Complains about modifiers that modify nothing, or too much. */
export function checkModifiers(fault: WrittenFault, actions: readonly string[], path: Path, sink: ProblemSink): void {
  for (const [modifier, owners] of Object.entries(MODIFIERS) as [keyof typeof MODIFIERS, readonly string[]][]) {
    if (fault[modifier] === undefined) continue;
    const present = owners.filter((owner) => actions.includes(owner));
    const names = owners.map(quote).join(" and ");
    if (present.length === 0) {
      const others = actions.length === 0 ? "" : `, and this fault does ${actions.map(quote).join(" and ")}`;
      sink.add(
        [...path, modifier],
        { code: "CONTRADICTION", message: `${quote(modifier)} belongs to ${names}${others}`, hint: "leave it out" },
        "key",
      );
    } else if (present.length > 1) {
      sink.add(
        [...path, modifier],
        {
          code: "CONTRADICTION",
          message: `does ${quote(modifier)} belong to ${present.map(quote).join(" or to ")}?`,
          hint: "make two faults of it; the second with `after: 0`",
        },
        "key",
      );
    }
  }
}

export function readAction(key: string, fault: WrittenFault, index: number, around: FaultSurroundings): FaultAction | undefined {
  const { names } = around;
  const path: Path = ["faults", index];
  for (const name of ON_NODES)
    if (name === key) return { do: name, nodes: names.readSelectors(fault[name] ?? [], [...path, name]) };
  for (const name of ON_DISKS)
    if (name === key) return { do: name, nodes: names.readSelectors(fault[name] ?? [], [...path, name]) };
  for (const name of ON_MESSAGES) if (name === key) return readMessageAction(name, fault, index, around);
  switch (key) {
    case "power-loss":
      return { do: key, nodes: names.readSelectors(fault[key] ?? [], [...path, key]), tail: (fault.tail ?? "lost") as "lost" };
    case "roll":
      return readRoll(fault, path, names);
    case "cut":
    case "reset":
    case "clog":
    case "slow-link":
      return readLinkAction(key, fault, index, around);
    case "slow-disk": {
      const byUs = requireBy(key, fault, path, names.sink);
      return { do: key, nodes: names.readSelectors(fault[key] ?? [], [...path, key]), byUs };
    }
    case "corrupt":
      return readCorrupt(fault, index, around);
    case "clock":
      return readClock(fault, index, around);
    case "elect":
    case "create-topic":
    case "add-partitions":
    case "delete-topic":
    case "reassign":
    case "delete-znode":
      return readAdminAction(key, fault, index, around);
    default:
      return readRelease(fault.release ?? "", index, around);
  }
}

const DEFAULT_DOWN_US: Micros = 2_000_000;

function readRoll(fault: WrittenFault, path: Path, names: ScenarioNames): FaultAction {
  const { every, down = DEFAULT_DOWN_US } = fault;
  if (every === undefined) {
    const message = "how long after one comes the next?";
    names.sink.add([...path, "roll"], { code: "MISSING_KEY", message, hint: "add `every: 10s`" }, "key");
  }
  return { do: "roll", nodes: names.readSelectors(fault.roll ?? [], [...path, "roll"]), everyUs: every ?? 0, downUs: down };
}

const DIRECTIONS = { both: "both", outgoing: "from", incoming: "to" } as const;

function readLinkAction(
  key: "cut" | "reset" | "clog" | "slow-link",
  fault: WrittenFault,
  index: number,
  around: FaultSurroundings,
): FaultAction {
  const { names } = around;
  const path: Path = ["faults", index];
  const nodes = names.readSelectors(fault[key] ?? [], [...path, key]);
  const to = fault.to === undefined ? undefined : names.readSelectors(fault.to, [...path, "to"]);
  if (key === "slow-link") return { do: key, nodes, to, byUs: requireBy(key, fault, path, names.sink) };
  if (key !== "cut") return { do: key, nodes, to };
  if (fault.from === undefined) {
    names.sink.add(
      [...path, key],
      { code: "MISSING_KEY", message: "cut off from whom?", hint: "add `from: broker-2`, or write `isolate` for everyone" },
      "key",
    );
  }
  const direction = DIRECTIONS[(fault.direction ?? "both") as keyof typeof DIRECTIONS];
  return { do: key, nodes, from: names.readSelectors(fault.from ?? [], [...path, "from"]), direction };
}

function requireBy(key: string, fault: WrittenFault, path: Path, sink: ProblemSink): number {
  if (fault.by === undefined)
    sink.add([...path, key], { code: "MISSING_KEY", message: "slower by how much?", hint: "add `by: 100ms`" }, "key");
  return fault.by ?? 0;
}

function readMessageAction(
  key: (typeof ON_MESSAGES)[number],
  fault: WrittenFault,
  index: number,
  around: FaultSurroundings,
): MessageAction | undefined {
  const written = fault[key] as (WrittenMessage & { readonly by?: number }) | undefined;
  const pattern = written && readMessagePattern(written, ["faults", index, key], around.names);
  if (written === undefined || pattern === undefined) return undefined;
  const text = patternText(around.raw[index]?.[key]);
  return { do: key, pattern, nth: written.nth ?? 1, times: (written.times ?? 1) as number | "all", byUs: written.by ?? 0, text };
}

function readCorrupt(fault: WrittenFault, index: number, around: FaultSurroundings): FaultAction | undefined {
  const { names } = around;
  const path: Path = ["faults", index, "corrupt"];
  const { node, partition, file } = fault.corrupt ?? {};
  const nodes = names.readSelectors(node ?? [], [...path, "node"]);
  if ((partition === undefined) === (file === undefined)) {
    names.sink.add(
      path,
      { code: "CONTRADICTION", message: "corrupt needs either `partition` or `file`", hint: "such as `partition: orders-0`" },
      "key",
    );
    return undefined;
  }
  if (file !== undefined) return { do: "corrupt", nodes, path: file };
  const found = names.readPartition(partition ?? "", [...path, "partition"]);
  return found && { do: "corrupt", nodes, path: `${found.topic}-${found.partition}/` };
}

function readClock(fault: WrittenFault, index: number, around: FaultSurroundings): FaultAction {
  const path: Path = ["faults", index, "clock"];
  const { node, jump, drift } = fault.clock ?? {};
  if (jump === undefined && drift === undefined) {
    around.names.sink.add(
      path,
      { code: "MISSING_KEY", message: "what happens to the clock?", hint: "add `jump: 5s` or `drift: 100ppm`" },
      "key",
    );
  }
  return { do: "clock", nodes: around.names.readSelectors(node ?? [], [...path, "node"]), jumpUs: jump ?? 0, driftPpm: drift };
}

function readRelease(name: string, index: number, around: FaultSurroundings): FaultAction | undefined {
  if (name === "all") return { do: "release", of: 0 };
  const { written, names } = around;
  const nameOf = (fault: WrittenFault, i: number): string => fault.name ?? `fault ${i + 1}`;
  const holds = written.map(nameOf).filter((_, i) => written[i]?.hold !== undefined);
  const found = written.findIndex((fault, i) => fault.hold !== undefined && nameOf(fault, i) === name);
  if (found >= 0) return { do: "release", of: found + 1 };
  const exists = written.some((fault, i) => nameOf(fault, i) === name);
  const guess = nearest(name, holds);
  let hint = guess === undefined ? `the faults that hold something are ${holds.join(", ")}` : `did you mean ${guess}?`;
  if (holds.length === 0) hint = "no fault here holds anything";
  names.sink.add(["faults", index, "release"], {
    code: "UNKNOWN_NAME",
    message: exists ? `the fault ${quote(name)} holds nothing` : `no fault is called ${quote(name)}`,
    hint,
  });
  return undefined;
}
