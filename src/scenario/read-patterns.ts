/** Reads patterns of events and messages, as they stand in `when`, in `reaches` and in faults on messages. */
import { API_NAMES } from "../kafka/messages/apis.ts";
import { type ClusterMode, MODE_NAMES } from "../kafka/releases.ts";
import { EVENT_KINDS, type FieldType, fieldsOf, isForeign } from "./event-fields.ts";
import { PARTITION_ROLES, type ScenarioNames } from "./names.ts";
import { nearest } from "./nearest.ts";
import type { EventKind, EventPattern, Expected, FieldPattern, MessageKind, MessagePattern, NodeTerm } from "./patterns.ts";
import { quote, readBounds, readWord } from "./quantities.ts";
import { MESSAGE_KINDS, type WrittenField, type WrittenGoal } from "./schema/faults.ts";
import type { Written } from "./schema/kit.ts";
import type { Path } from "./source.ts";

/** Keys of a condition that are not fields of an event. */
const NOT_FIELDS: readonly string[] = ["event", "node", "nth", "bare"];

type WrittenEvent = WrittenGoal & { readonly bare?: boolean };

/** Undefined if anything is wrong with it; it has been complained about then. */
export function readEventPattern(written: WrittenEvent, path: Path, names: ScenarioNames): EventPattern | undefined {
  const kindPath = written.bare === true ? path : [...path, "event"];
  const kind = readEventKind(written.event, kindPath, path, names);
  if (kind === undefined) return undefined;
  const nodes = written.node === undefined ? undefined : names.readSelectors(written.node, [...path, "node"]);
  const fields: FieldPattern[] = [];
  for (const [field, value] of Object.entries(written)) {
    if (NOT_FIELDS.includes(field) || value === undefined) continue;
    fields.push(...readField(kind, field, value as WrittenField, [...path, field], names));
  }
  return { kind, nodes, fields };
}

function readEventKind(written: string | undefined, path: Path, around: Path, names: ScenarioNames): EventKind | undefined {
  if (written === undefined) {
    names.sink.add(around, {
      code: "MISSING_KEY",
      message: "this needs the kind of an event",
      hint: "such as `event: IsrChanged`",
    });
    return undefined;
  }
  const kind = EVENT_KINDS.find((each) => each === written);
  if (kind !== undefined) {
    requireEventOfMode(kind, path, names);
    return kind;
  }
  const guess = nearest(written, EVENT_KINDS);
  const hint = guess === undefined ? "the JSON Schema (`kafka-sim schema`) lists them" : `did you mean ${guess}?`;
  names.sink.add(path, { code: "WRONG_VALUE", message: `there is no event ${quote(written)}`, hint });
  return undefined;
}

/** A condition that can't come true, and a goal that can't be reached, are mistakes. */
function requireEventOfMode(kind: EventKind, path: Path, names: ScenarioNames): void {
  const { mode } = names;
  const foreign = isForeign(kind, mode);
  if (foreign === undefined) return;
  const instead = foreign.nearest === undefined ? "" : `in ${MODE_NAMES[mode]} mode there is ${foreign.nearest}`;
  const goal =
    path[0] === "expect" ? `what only one mode reaches stands in expect.${mode === "kraft" ? "zookeeper" : "kraft"}` : "";
  const hint = [instead, goal].filter((part) => part !== "").join("; ");
  names.sink.add(path, {
    code: "CONTRADICTION",
    message: `no ${kind} is ever reported in ${MODE_NAMES[mode]} mode`,
    hint: hint === "" ? undefined : hint,
  });
}

function readField(
  kind: EventKind,
  field: string,
  value: WrittenField,
  path: Path,
  names: ScenarioNames,
): readonly FieldPattern[] {
  const fields = fieldsOf(kind);
  const type = Object.hasOwn(fields, field) ? fields[field] : undefined;
  if (type === undefined || type === "opaque") {
    const known = Object.keys(fields).filter((each) => fields[each] !== "opaque" && each !== "node");
    const guess = nearest(field, known);
    const hint = guess === undefined ? `it has ${["node", ...known].join(", ")}` : `did you mean ${quote(guess)}?`;
    names.sink.add(path, { code: "UNKNOWN_KEY", message: `${kind} has no field ${quote(field)} to compare with`, hint }, "key");
    return [];
  }
  if (field === "partition" && typeof value === "string") {
    const partition = names.readPartition(value, path);
    if (partition === undefined) return [];
    return [
      { field: "topic", expected: { is: "value", value: partition.topic } },
      { field: "partition", expected: { is: "value", value: partition.partition } },
    ];
  }
  const expected = readExpected(type, value, { kind, field, path, names });
  return expected === undefined ? [] : [{ field, expected }];
}

interface At {
  readonly kind: EventKind;
  readonly field: string;
  readonly path: Path;
  readonly names: ScenarioNames;
}

function readExpected(type: FieldType, value: WrittenField, at: At): Expected | undefined {
  if (type === "nodes") return readNodes(value, at);
  if (type === "partitions") return readPartitions(value, at);
  if (Array.isArray(value)) return wrong(at, `\`${at.field}\` of ${at.kind} is one value, not a list`);
  if (typeof type === "object") return readOneWord(type, value, at);
  switch (type) {
    case "node":
      return readNode(value, at);
    case "number":
    case "partition":
      return readNumber(value, at);
    case "boolean":
      return typeof value === "boolean"
        ? { is: "value", value }
        : wrong(at, `\`${at.field}\` of ${at.kind} is true or false`, "write true or false");
    case "topic":
      return at.names.readTopic(String(value), at.path) && { is: "value", value: String(value) };
    case "name":
      return readName(String(value), at);
    case "group":
      return at.names.readGroup(String(value), at.path) === undefined ? undefined : { is: "value", value: String(value) };
    case "zookeeper":
      return readZooKeeper(value, at);
    case "text":
    case "opaque":
      return { is: "value", value: String(value) };
  }
}

function readOneWord(words: readonly string[], value: string | number | boolean, at: At): Expected | undefined {
  const word = readWord(String(value), words, `a ${at.field} of ${at.kind}`);
  return word.ok ? { is: "value", value: word.value } : wrong(at, word.message, word.hint);
}

function readNumber(value: string | number | boolean, at: At): Expected | undefined {
  if (typeof value === "number") return { is: "value", value };
  if (typeof value === "string") {
    const bounds = readBounds(value);
    if (bounds.ok) return { is: "range", ...bounds.value };
  }
  return wrong(at, `\`${at.field}\` of ${at.kind} is a number`, 'write 7, 10.., ..3, 1..5 or ">0"');
}

function readNode(value: string | number | boolean, at: At): Expected | undefined {
  if (value === "none" || value === -1) return { is: "value", value: -1 };
  const node = readTerm(value, at);
  return node && { is: "node", node };
}

/** A name, or who may have it: `members(billing)`. */
function readName(value: string, at: At): Expected | undefined {
  if (at.names.everyone.includes(value)) return { is: "value", value };
  const selector = at.names.readSelector(value, at.path);
  return selector && { is: "names", nodes: [selector] };
}

function readPartitions(value: WrittenField, at: At): Expected | undefined {
  const items: readonly (string | number | boolean)[] = Array.isArray(value) ? value : [value as string];
  const partitions = items.map((item, index) =>
    at.names.readPartition(String(item), Array.isArray(value) ? [...at.path, index] : at.path),
  );
  return partitions.includes(undefined)
    ? undefined
    : { is: "partitions", partitions: partitions.filter((partition) => partition !== undefined) };
}

/** The id or the name of a ZooKeeper server. */
function readZooKeeper(value: string | number | boolean, at: At): Expected | undefined {
  if (value === "none" || value === -1) return { is: "value", value: -1 };
  const { zookeepers } = at.names;
  const name = typeof value === "number" || /^\d+$/.test(String(value)) ? `zookeeper-${value}` : String(value);
  if (zookeepers.includes(name)) return { is: "value", value: zookeepers.indexOf(name) + 1 };
  // In KRaft mode the whole event has been complained about.
  if (zookeepers.length === 0) return undefined;
  if (at.names.everyone.includes(name)) return wrong(at, `${name} is not a ZooKeeper server`, "write its name or its number");
  at.names.unknownNode(name, at.path, zookeepers);
  return undefined;
}

function readNodes(value: WrittenField, at: At): Expected | undefined {
  const items: readonly (string | number | boolean)[] = Array.isArray(value) ? value : [value as string];
  const nodes = items.map((item, index) => readTerm(item, Array.isArray(value) ? { ...at, path: [...at.path, index] } : at));
  return nodes.includes(undefined) ? undefined : { is: "nodes", nodes: nodes.filter((node) => node !== undefined) };
}

/** An id or a name, `leader`, or a role such as `preferred(orders-0)`. */
function readTerm(value: string | number | boolean, at: At): NodeTerm | undefined {
  const { names, path, kind } = at;
  if (typeof value === "number" || /^\d+$/.test(String(value))) {
    const id = Number(value);
    if (names.hasServer(id)) return { kind: "id", id };
    names.unknownNode(`broker-${value}`, path);
    return undefined;
  }
  const text = String(value);
  if (text === "leader") {
    if (Object.hasOwn(fieldsOf(kind), "leader") || Object.hasOwn(fieldsOf(kind), "partition")) return { kind: "own-leader" };
    return wrong(at, `${kind} is about no partition, so it has no leader`, "write leader(orders-0)");
  }
  const selector = names.readSelector(text, path);
  if (selector === undefined) return undefined;
  const role = PARTITION_ROLES.find((each) => each === selector.kind);
  if (role !== undefined && "topic" in selector)
    return { kind: "role", role, topic: selector.topic, partition: selector.partition };
  if (selector.kind === "coordinator") return selector;
  const id = selector.kind === "nodes" && selector.names.length === 1 ? names.idOf(selector.names[0] as string) : undefined;
  if (id !== undefined) return { kind: "id", id };
  return wrong(at, `${quote(text)} is not a broker or controller by itself`, "write a name, an id, leader, or leader(orders-0)");
}

function wrong(at: At, message: string, hint?: string): undefined {
  at.names.sink.add(at.path, { code: "WRONG_VALUE", message, hint });
  return undefined;
}

interface WrittenMessagePattern {
  readonly message: string;
  readonly from?: readonly Written[] | undefined;
  readonly to?: readonly Written[] | undefined;
  readonly partition?: string | undefined;
  readonly path?: string | undefined;
}

export function readMessagePattern(written: WrittenMessagePattern, path: Path, names: ScenarioNames): MessagePattern | undefined {
  const kind = MESSAGE_KINDS.find((each) => each === written.message);
  if (kind === undefined) {
    const guess = nearest(written.message, MESSAGE_KINDS);
    const hint = guess === undefined ? `the requests are ${API_NAMES.join(", ")}` : `did you mean ${guess}?`;
    names.sink.add([...path, "message"], { code: "WRONG_VALUE", message: `there is no message ${quote(written.message)}`, hint });
    return undefined;
  }
  const foreign = foreignMessage(kind, names.mode);
  if (foreign !== undefined) {
    const message = `no ${kind} is ever sent in ${MODE_NAMES[names.mode]} mode`;
    names.sink.add([...path, "message"], { code: "CONTRADICTION", message, hint: foreign });
  }
  return {
    kind,
    from: written.from === undefined ? undefined : names.readSelectors(written.from, [...path, "from"]),
    to: written.to === undefined ? undefined : names.readSelectors(written.to, [...path, "to"]),
    partition: written.partition === undefined ? undefined : names.readPartition(written.partition, [...path, "partition"]),
    path: written.path === undefined ? undefined : readZnodePath(kind, written.path, [...path, "path"], names),
  };
}

const OF_KRAFT = [
  "Vote",
  "BeginQuorumEpoch",
  "EndQuorumEpoch",
  "BrokerRegistration",
  "BrokerHeartbeat",
  "ConsumerGroupHeartbeat",
] as const;
const OF_ZOOKEEPER = [
  ...["LeaderAndIsr", "UpdateMetadata", "StopReplica", "ControlledShutdown"],
  ...["DeleteTopics", "AlterPartitionReassignments"],
] as const;

/** Why such a message is not sent in `mode`; undefined if it is. */
function foreignMessage(kind: MessageKind, mode: ClusterMode): string | undefined {
  const request = kind.replace(/Response$/, "");
  if (mode === "kraft" && /^(Zk|Zab)/.test(kind)) return "there is no ZooKeeper";
  const others: readonly string[] = mode === "kraft" ? OF_ZOOKEEPER : OF_KRAFT;
  return others.includes(request) ? `it belongs to ${MODE_NAMES[mode === "kraft" ? "zookeeper" : "kraft"]} mode` : undefined;
}

function readZnodePath(kind: MessageKind, written: string, path: Path, names: ScenarioNames): string | undefined {
  if (!/^(Zk|Zab)/.test(kind)) {
    const message = `${quote(kind)} is no message of ZooKeeper's, so it is about no path`;
    names.sink.add(path, { code: "CONTRADICTION", message, hint: "leave it out" }, "key");
  } else if (!/^\/$|^\/(?:[^/*]+\/)*(?:[^/*]+\*?|\*)$/.test(written)) {
    const hint = "such as /controller, or /brokers/ids/*";
    names.sink.add(path, { code: "WRONG_VALUE", message: `${quote(written)} is not the path of a znode`, hint });
  }
  return written;
}

/** For people: `IsrChanged partition=orders-0 isr=[leader]`. */
export function patternText(written: unknown): string {
  if (typeof written === "string") return written;
  const { event, message, ...rest } = written as Record<string, unknown>;
  const fields = Object.entries(rest).map(
    ([key, value]) => `${key}=${Array.isArray(value) ? `[${value.join(", ")}]` : String(value)}`,
  );
  // An event that has a field `message` keeps it.
  const all = event === undefined || message === undefined ? fields : [`message=${String(message)}`, ...fields];
  return [String(event ?? message), ...all].join(" ");
}
