/**
 * What the members of a group can't agree on, or their brokers would refuse for good: complained about before anything runs.
 *
 * Source: ConsumerConfig and Heartbeat (what a client refuses of its own settings), GroupCoordinator and GroupMetadataManager (what a
 * coordinator refuses), KIP-345, KIP-848.
 */

import { MODE_NAMES } from "../kafka/releases.ts";
import type { NodeName } from "../sim/host.ts";
import type { ScenarioNames } from "./names.ts";
import type { Complaint } from "./problem-sink.ts";
import { quote } from "./quantities.ts";
import type { MemberReading } from "./read-groups.ts";
import type { Path } from "./source.ts";
import type { ClusterSpec, GroupMemberSpec, ServerSpec } from "./spec.ts";

export interface GroupSurroundings {
  readonly release: string;
  readonly cluster: ClusterSpec;
  readonly names: ScenarioNames;
}

export function checkGroups(members: readonly MemberReading[], around: GroupSurroundings): void {
  checkCoordinators(around);
  for (const member of members) {
    if (isNew(member)) checkNewMember(member, around);
    else checkClassicMember(member, around);
  }
  for (const group of new Set(members.map((member) => member.group))) {
    const own = members.filter((member) => member.group === group);
    checkInstances(own, around);
    checkDeliveries(own, around);
    checkStrategies(own, around);
    checkMixture(own, around);
  }
}

function isNew({ spec }: MemberReading): boolean {
  return spec.config["group.protocol"] === "consumer";
}

/** At the setting itself, or else at the entry of the file. */
function complain(member: MemberReading, key: string, complaint: Complaint, { names }: GroupSurroundings): void {
  names.sink.add(member.settings.get(key) ?? member.path, complaint, "key");
}

const PROTOCOLS = "group.coordinator.rebalance.protocols";

/** Brokers that know nothing of KIP-848. */
function oldBrokers({ cluster }: GroupSurroundings): readonly NodeName[] {
  return cluster.nodes.filter((node) => node.broker && !node.config[PROTOCOLS].includes("consumer")).map(({ name }) => name);
}

function checkCoordinators({ cluster, names }: GroupSurroundings): void {
  if (cluster.mode !== "zookeeper" || cluster.config[PROTOCOLS] !== "classic,consumer") return;
  const message = "in ZooKeeper mode coordinators speak only the classic group protocol";
  names.sink.add(["cluster", "config", PROTOCOLS], { code: "CONTRADICTION", message, hint: "leave it out" }, "key");
}

// ---- each member by itself ----

/** Settings that a client refuses with the other protocol, and what to write instead. */
const REFUSED_BY_NEW: readonly (readonly [string, string])[] = [
  ["session.timeout.ms", "the brokers' group.consumer.session.timeout.ms decides"],
  ["heartbeat.interval.ms", "the brokers' group.consumer.heartbeat.interval.ms decides"],
  ["partition.assignment.strategy", "the brokers assign: write group.remote.assignor: uniform, or range"],
];

function checkNewMember(member: MemberReading, around: GroupSurroundings): void {
  const { release, cluster } = around;
  const old = oldBrokers(around);
  if (old.length > 0) {
    const isOld = cluster.mode === "zookeeper";
    const message = isOld
      ? `in ${MODE_NAMES.zookeeper} mode brokers know only the classic group protocol`
      : old.length < cluster.nodes.filter((node) => node.broker).length
        ? `${old.join(", ")} ${old.length === 1 ? "speaks" : "speak"} only the classic group protocol`
        : `the brokers of this cluster (Kafka ${release}) speak only the classic group protocol`;
    const hint = isOld
      ? "leave group.protocol out, or play it in KRaft mode"
      : `set ${PROTOCOLS}: "classic,consumer" on the cluster${release === "3.9" ? ', or write kafka: "4.0"' : ""}`;
    complain(member, "group.protocol", { code: "CONTRADICTION", message, hint }, around);
    return;
  }
  for (const [key, hint] of REFUSED_BY_NEW) {
    if (!member.settings.has(key)) continue;
    const message = `a consumer with group.protocol=consumer refuses ${quote(key)}`;
    complain(member, key, { code: "CONTRADICTION", message, hint }, around);
  }
  const assignor = member.spec.config["group.remote.assignor"];
  const known = (cluster.nodes.find((node) => node.broker) as ServerSpec).config["group.consumer.assignors"].split(",");
  if (known.includes(assignor)) return;
  const message = `the brokers have no assignor ${quote(assignor)}`;
  const hint = `write group.remote.assignor: ${known.join(" or ")}, or add it to group.consumer.assignors`;
  complain(member, "group.remote.assignor", { code: "CONTRADICTION", message, hint }, around);
}

function checkClassicMember(member: MemberReading, around: GroupSurroundings): void {
  if (member.settings.has("group.remote.assignor")) {
    const message = "a consumer with group.protocol=classic refuses `group.remote.assignor`";
    const hint = "write partition.assignment.strategy, or group.protocol: consumer";
    complain(member, "group.remote.assignor", { code: "CONTRADICTION", message, hint }, around);
  }
  const { "heartbeat.interval.ms": heartbeat, "session.timeout.ms": session } = member.spec.config;
  if (heartbeat < session) return;
  const key = member.settings.has("heartbeat.interval.ms") ? "heartbeat.interval.ms" : "session.timeout.ms";
  const message = `a consumer refuses a heartbeat every ${heartbeat} ms with a session of ${session} ms`;
  const hint = "heartbeat.interval.ms must be below session.timeout.ms, a third of it at most";
  complain(member, key, { code: "CONTRADICTION", message, hint }, around);
}

// ---- members of one group ----

function checkInstances(members: readonly MemberReading[], { names }: GroupSurroundings): void {
  const seen = new Map<string, MemberReading>();
  for (const member of members) {
    const { spec, path, consumer } = member;
    const standsInFor = consumer["stands-in-for"];
    if (standsInFor !== undefined) {
      const others = members.map((each) => each.spec.name).filter((name) => name !== spec.name);
      const other = members.find((each) => each.spec.name === standsInFor);
      if (other?.spec.instanceId !== undefined && other !== member) continue;
      const message =
        other === undefined ? `no member ${quote(standsInFor)} in this group` : `${standsInFor} is not a static member`;
      const hint = other === undefined ? `name one of ${others.join(", ")}` : "give it `static: true`";
      names.sink.add([...path, "stands-in-for"], { code: "UNKNOWN_NAME", message, hint });
      continue;
    }
    if (spec.instanceId === undefined) continue;
    const twin = seen.get(spec.instanceId);
    if (twin === undefined) {
      seen.set(spec.instanceId, member);
      continue;
    }
    const message = `the instance id ${quote(spec.instanceId)} belongs to ${twin.spec.name} already`;
    const index = consumer["instance-ids"]?.lastIndexOf(spec.instanceId) ?? -1;
    const hint = `give each member its own; a second process under the id of another is \`stands-in-for: ${twin.spec.name}\``;
    const at: Path = index < 0 ? [...path, "static"] : [...path, "instance-ids", index];
    names.sink.add(at, { code: "CONTRADICTION", message, hint });
  }
}

function checkDeliveries(members: readonly MemberReading[], { names }: GroupSurroundings): void {
  const [first] = members;
  for (const { consumer, path } of members) {
    if (consumer.delivery === first?.consumer.delivery) continue;
    const theirs = first?.consumer.delivery;
    const message = `${quote(String(first?.path.at(-1)))} of the same group ${theirs === undefined ? "names no `delivery`" : `has \`delivery: ${theirs}\``}`;
    const at = consumer.delivery === undefined ? path : [...path, "delivery"];
    names.sink.add(at, { code: "CONTRADICTION", message, hint: "say the same in every entry of a group" }, "key");
  }
}

function strategiesOf({ config }: GroupMemberSpec): readonly string[] {
  return config["partition.assignment.strategy"].split(",");
}

/** Of the members that there are at a time, some assignor must be known to all: else the coordinator refuses who comes last. */
function checkStrategies(members: readonly MemberReading[], around: GroupSurroundings): void {
  const classic = members.filter((member) => !isNew(member));
  for (const [index, member] of classic.entries()) {
    const company = classic.slice(0, index).filter((other) => areTogether(other.spec, member.spec));
    const own = strategiesOf(member.spec);
    const theirs = company.reduce<readonly string[]>(
      (common, { spec }) => common.filter((name) => strategiesOf(spec).includes(name)),
      strategiesOf((company[0] ?? member).spec),
    );
    if (theirs.length === 0 || own.some((name) => theirs.includes(name))) continue;
    const message = `${member.spec.name} has no assignor in common with ${(company[0] as MemberReading).spec.name} (${theirs.join(", ")})`;
    const hint = `name one of theirs as well: ${[...own, theirs[0]].join(",")}`;
    complain(member, "partition.assignment.strategy", { code: "CONTRADICTION", message, hint }, around);
    return;
  }
}

/** KIP-848: a group that changes its protocol while it lives needs the brokers' leave. */
function checkMixture(members: readonly MemberReading[], around: GroupSurroundings): void {
  const newer = members.filter(isNew);
  const together = newer.find((member) => members.some((other) => !isNew(other) && areTogether(member.spec, other.spec)));
  if (together === undefined || oldBrokers(around).length > 0) return;
  const policy = (around.cluster.nodes.find((node) => node.broker) as ServerSpec).config["group.consumer.migration.policy"];
  const classicFirst = members.some((other) => !isNew(other) && !other.spec.spare && other.spec.fromUs <= together.spec.fromUs);
  if (policy !== "disabled" && !(policy === "downgrade" && classicFirst)) return;
  complain(
    together,
    "group.protocol",
    {
      code: "CONTRADICTION",
      message: `no group may ${policy === "downgrade" ? "go over to" : "mix classic members and"} group.protocol=consumer with group.consumer.migration.policy=${policy}`,
      hint: "set it to bidirectional or upgrade, or let the classic members end first",
    },
    around,
  );
}

function areTogether(a: GroupMemberSpec, b: GroupMemberSpec): boolean {
  const end = ({ untilUs }: GroupMemberSpec): number => untilUs ?? Number.POSITIVE_INFINITY;
  return a.fromUs < end(b) && b.fromUs < end(a);
}
