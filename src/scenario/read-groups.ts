/** Reads the consumer groups of a scenario: their members, and what the checks hold them to. */
import { type Micros, ms, seconds } from "../base/units.ts";
import type { GroupContract } from "../checks/group-contract.ts";
import { CONSUMER_CONFIG } from "../kafka/config/client-config.ts";
import { effectiveConfig } from "../kafka/config/definition.ts";
import type { HandlerSpec } from "../kafka/consumer/handler-spec.ts";
import type { NodeName } from "../sim/host.ts";
import type { GroupSeat } from "./group-names.ts";
import { checkGroups } from "./group-rules.ts";
import { isGroup, membersOf, type WrittenConsumer } from "./group-seats.ts";
import type { ScenarioNames } from "./names.ts";
import { nearest } from "./nearest.ts";
import { quote } from "./quantities.ts";
import { readTimes } from "./read-clients.ts";
import { clockOf } from "./read-cluster.ts";
import { type ExpectSurroundings, readInvariants } from "./read-expect.ts";
import { readHandler } from "./read-handler.ts";
import type { WrittenScenario } from "./schema/scenario.ts";
import type { Path } from "./source.ts";
import type { ClusterSpec, ConfigOverrides, GroupMemberSpec, GroupSpec, ServerSpec } from "./spec.ts";

/** A member, and where in the file things are said of it. */
export interface MemberReading {
  readonly spec: GroupMemberSpec;
  readonly group: string;
  readonly consumer: WrittenConsumer;
  /** Of the entry that it belongs to. */
  readonly path: Path;
  /** Where a setting of its own is written, by Kafka's key. */
  readonly settings: ReadonlyMap<string, Path>;
}

const RESTART_AFTER_US: Micros = seconds(5);

type WrittenMember = NonNullable<WrittenConsumer["per-member"]>[string];

export function readGroups(
  written: WrittenScenario,
  release: string,
  cluster: ClusterSpec,
  around: ExpectSurroundings,
): readonly GroupSpec[] {
  const { names } = around;
  const entries = names.groups.filter(({ entry }) => isGroup(written.consumers?.[entry] ?? {}));
  const members = entries.flatMap((seat) => readEntry(seat, written, around));
  checkGroups(members, { release, cluster, names });
  return [...new Set(entries.map(({ group }) => group))].map((group): GroupSpec => {
    const own = members.filter((member) => member.group === group);
    return {
      group,
      members: own.map(({ spec }) => spec),
      store: entries.find((seat) => seat.group === group && seat.store !== undefined)?.store,
      contract: contractOf(group, own, cluster),
    };
  });
}

function readEntry(seat: GroupSeat, written: WrittenScenario, around: ExpectSurroundings): readonly MemberReading[] {
  const { names } = around;
  const consumer = written.consumers?.[seat.entry] as WrittenConsumer;
  const path: Path = ["consumers", seat.entry];
  checkShape(seat, consumer, path, names);
  for (const { text, index } of consumer.topics ?? [])
    names.readTopic(text, [...path, "topics", ...(index === undefined ? [] : [index])]);
  if (consumer["relies-on"] !== undefined) readInvariants(consumer["relies-on"], [...path, "relies-on"], around);
  return seat.members.map((name, index) => readMember(name, index, { seat, consumer, path, written, names }));
}

/** What can't be said of a group, or not of this one. */
function checkShape(seat: GroupSeat, consumer: WrittenConsumer, path: Path, { sink }: ScenarioNames): void {
  const { partitions, topics, "instance-ids": ids, static: isStatic, until, leave, racks } = consumer;
  const contradiction = (key: string, message: string, hint: string): void =>
    sink.add([...path, key], { code: "CONTRADICTION", message, hint }, "key");
  if (partitions !== undefined)
    contradiction(
      "partitions",
      "a group divides whole topics among its members",
      "write `topics`, or leave `members` and `group` out",
    );
  else if (topics === undefined)
    sink.add(path, { code: "MISSING_KEY", message: "this group has nothing to read", hint: "add `topics: [orders]`" }, "key");
  if (leave !== undefined && until === undefined)
    contradiction("leave", "`leave` says how far apart members stop, and nothing stops them", "add `until: 40s`");
  if (racks !== undefined && consumer.config?.["client.rack"] !== undefined)
    contradiction("racks", "`racks` and `client.rack` both say where members are", "keep one of them");
  if (ids !== undefined && isStatic === false) contradiction("static", "members with an instance id are static", "leave it out");
  const count = membersOf(consumer) + (consumer.spares ?? 0);
  if (ids !== undefined && ids.length !== count) {
    const message = `${ids.length} instance ${ids.length === 1 ? "id" : "ids"} for ${count} ${count === 1 ? "member" : "members"}`;
    contradiction("instance-ids", message, "name one for each member, spare ones included");
  }
  if (consumer["stands-in-for"] !== undefined && (count > 1 || ids !== undefined))
    contradiction(
      "stands-in-for",
      "one member stands in for one member, by that one's instance id",
      "leave `members` and `instance-ids` out",
    );
  for (const name of Object.keys(consumer["per-member"] ?? {})) {
    if (seat.members.includes(name)) continue;
    const guess = nearest(name, seat.members);
    const hint = guess === undefined ? `there are ${seat.members.slice(0, 12).join(", ")}` : `did you mean ${guess}?`;
    sink.add(
      [...path, "per-member", name],
      { code: "UNKNOWN_NAME", message: `no member ${quote(name)} in this group`, hint },
      "key",
    );
  }
}

interface OfEntry {
  readonly seat: GroupSeat;
  readonly consumer: WrittenConsumer;
  readonly path: Path;
  readonly written: WrittenScenario;
  readonly names: ScenarioNames;
}

function readMember(name: NodeName, index: number, entry: OfEntry): MemberReading {
  const { seat, consumer, path, written, names } = entry;
  const own: WrittenMember = consumer["per-member"]?.[name] ?? {};
  const ownPath: Path = [...path, "per-member", name];
  const settings = placesOf([consumer.config, [...path, "config"]], [own.config, [...ownPath, "config"]]);
  const given: ConfigOverrides = { ...consumer.config, ...own.config };
  const autoCommitPath = settings.get("enable.auto.commit");
  const handler = readHandler([consumer.handler, [...path, "handler"]], [own.handler, [...ownPath, "handler"]], {
    sink: names.sink,
    producers: Object.keys(written.producers ?? {}),
    consumer,
    path,
    autoCommit: autoCommitPath && { on: given["enable.auto.commit"] === true, path: autoCommitPath },
  });
  const rack = consumer.racks?.[index % consumer.racks.length];
  const config = effectiveConfig(CONSUMER_CONFIG, given, {
    "enable.auto.commit": handler.commit === "auto",
    ...(rack !== undefined && { "client.rack": rack }),
  });
  const rest = consumer["restart-after"] ?? RESTART_AFTER_US;
  const spec: GroupMemberSpec = {
    name,
    topics: (consumer.topics ?? []).map(({ text }) => text),
    handler,
    instanceId: instanceIdOf(name, index, consumer, written),
    rack: config["client.rack"] === "" ? null : config["client.rack"],
    spare: index >= membersOf(consumer),
    ...timesOf(index, own, entry),
    restartAfterUs: rest === "never" ? undefined : rest,
    config,
    clock: clockOf(written, name),
    source: names.sink.source.positionOf(path),
  };
  return { spec, group: seat.group, consumer, path, settings };
}

function placesOf(...layers: readonly (readonly [ConfigOverrides | undefined, Path])[]): ReadonlyMap<string, Path> {
  const places = new Map<string, Path>();
  for (const [config, path] of layers) {
    for (const [key, value] of Object.entries(config ?? {})) if (value !== undefined) places.set(key, [...path, key]);
  }
  return places;
}

function timesOf(index: number, own: WrittenMember, { consumer, path, written, names }: OfEntry) {
  const common = readTimes(consumer, written, path, names.sink);
  const nth = index * (consumer.join ?? 0);
  const last = index * (consumer.leave ?? 0);
  const fromUs = own.from ?? common.fromUs + nth;
  const untilUs = own.until ?? (common.untilUs === undefined ? undefined : common.untilUs + last);
  const isOwn = own.from !== undefined || own.until !== undefined;
  const hasJoin = consumer.join !== undefined && index > 0;
  if (!isOwn && !hasJoin) return { fromUs, untilUs };
  // Complained about where it is said.
  const at: Path = isOwn ? [...path, "per-member", `${path.at(-1) as string}-${index + 1}`] : path;
  const from = own.from === undefined && hasJoin ? "join" : "from";
  return readTimes({ from: fromUs, until: untilUs }, written, at, names.sink, {
    from,
    until: own.until === undefined && !isOwn ? "join" : "until",
  });
}

function instanceIdOf(name: NodeName, index: number, consumer: WrittenConsumer, written: WrittenScenario): string | undefined {
  const { "stands-in-for": other, "instance-ids": ids } = consumer;
  if (other === undefined) return ids?.[index] ?? (consumer.static === true ? name : undefined);
  const place = /^(.+)-(\d+)$/.exec(other);
  const theirs = written.consumers?.[place?.[1] ?? ""];
  if (place === null || theirs === undefined || theirs["stands-in-for"] !== undefined) return undefined;
  return instanceIdOf(other, Number(place[2]) - 1, theirs, written);
}

/** What comes of it whether or not the scenario says so. */
function deliveryOf({ commit, workers }: HandlerSpec): GroupContract["delivery"] {
  if (commit === "before") return "at-most-once";
  return commit === "auto" && workers > 0 ? undefined : "at-least-once";
}

/** Where members differ, the group may count on the least that one of them has. */
function contractOf(group: string, members: readonly MemberReading[], cluster: ClusterSpec): GroupContract {
  const specs = members.map(({ spec }) => spec);
  const broker = (cluster.nodes.find((node) => node.broker) as ServerSpec).config;
  const isNew = (spec: GroupMemberSpec): boolean => spec.config["group.protocol"] === "consumer";
  const session = (spec: GroupMemberSpec): number =>
    isNew(spec) ? broker["group.consumer.session.timeout.ms"] : spec.config["session.timeout.ms"];
  const deliveries = [...new Set(specs.map(({ handler }) => deliveryOf(handler)))];
  const resets = specs.map(({ config }) => config["auto.offset.reset"]);
  return {
    group,
    members: specs.map(({ name }) => name),
    topics: [...new Set(specs.flatMap(({ topics }) => topics))],
    protocol: specs.every(isNew) ? "consumer" : "classic",
    delivery: deliveries.length === 1 ? deliveries[0] : undefined,
    resetPolicy: resets.includes("latest") ? "latest" : resets.includes("none") ? "none" : "earliest",
    sessionTimeoutUs: ms(Math.max(...specs.map(session))),
    rebalanceTimeoutUs: ms(Math.max(...specs.map(({ config }) => config["max.poll.interval.ms"]))),
    finishesOldWork: specs.some(({ handler }) => handler.workers > 0 || handler.finishesLostWork),
    offsetsRetentionUs: seconds(broker["offsets.retention.minutes"] * 60),
    reliesOn: [...new Set(members.flatMap(({ consumer }) => (consumer["relies-on"] ?? []).map(({ text }) => text)))],
  };
}
