/**
 * The names of one scenario: nodes, topics, partitions; and what a person writes to mean them.
 *
 * Everything that names something is read here, so that an unknown name is complained about in one way.
 */
import { assert } from "../base/assert.ts";
import type { BrokerId, ReplicaId, TopicPartition } from "../kafka/ids.ts";
import type { ClusterMode } from "../kafka/releases.ts";
import type { NodeName } from "../sim/host.ts";
import { GROUP_ROLES, type GroupSeat, mayBeMember, notANode, readGroupRole } from "./group-names.ts";
import { nearest } from "./nearest.ts";
import type { ControllerRole, EnsembleRole, NodeSelector, PartitionRole } from "./patterns.ts";
import type { ProblemSink } from "./problem-sink.ts";
import { quote } from "./quantities.ts";
import { ENSEMBLE_MAX } from "./schema/cluster.ts";
import type { Written } from "./schema/kit.ts";
import type { Path } from "./source.ts";
import type { ClusterSpec, ServerSpec, TopicSpec, ZooKeeperSpec } from "./spec.ts";

export const PARTITION_ROLES = [
  "leader",
  "follower",
  "followers",
  "replicas",
  "isr",
  "preferred",
] as const satisfies PartitionRole[];
const CONTROLLER_ROLES = ["active-controller", "standby-controller", "standby-controllers"] as const satisfies ControllerRole[];
const ENSEMBLE_ROLES = ["zookeeper-leader", "zookeeper-follower", "zookeeper-followers"] as const satisfies EnsembleRole[];
const GROUPS = ["brokers", "controllers", "zookeepers", "clients", "servers", "all"] as const;

/** The node from which topics are created and elections asked for. No scenario declares it. */
export const ADMIN_NODE: NodeName = "admin";

/** Words that can't be the name of a client. */
export const RESERVED_NAMES: readonly string[] = [
  ...PARTITION_ROLES,
  ...CONTROLLER_ROLES,
  ...ENSEMBLE_ROLES,
  ...GROUPS,
  ...GROUP_ROLES,
  "rack",
  ADMIN_NODE,
  "previous",
  "start",
  "none",
];

type KnownTopic = Pick<TopicSpec, "name" | "partitions">;

export class ScenarioNames {
  readonly brokers: readonly NodeName[];
  /** In ZooKeeper mode the brokers, for any of them may be elected. */
  readonly controllers: readonly NodeName[];
  readonly zookeepers: readonly NodeName[];
  readonly clients: readonly NodeName[];
  readonly groups: readonly GroupSeat[];
  readonly sink: ProblemSink;
  readonly mode: ClusterMode;
  private readonly kafka: readonly ServerSpec[];
  private readonly servers: readonly (ServerSpec | ZooKeeperSpec)[];
  private readonly topics: readonly KnownTopic[];

  constructor(
    sink: ProblemSink,
    known: {
      readonly cluster: ClusterSpec;
      readonly topics: readonly KnownTopic[];
      readonly clients: readonly NodeName[];
      readonly groups: readonly GroupSeat[];
    },
  ) {
    this.sink = sink;
    const { mode, nodes, zookeeper } = known.cluster;
    this.mode = mode;
    this.kafka = nodes;
    this.servers = [...nodes, ...zookeeper];
    this.topics = widest(known.topics);
    this.clients = known.clients;
    this.groups = known.groups;
    this.brokers = nodes.filter((server) => server.broker).map((server) => server.name);
    this.zookeepers = zookeeper.map((server) => server.name);
    this.controllers =
      mode === "zookeeper" ? this.brokers : nodes.filter((server) => server.controller).map((server) => server.name);
  }

  get everyone(): readonly NodeName[] {
    const stores = this.groups.map(({ store }) => store).filter((store) => store !== undefined);
    return [...this.servers.map((server) => server.name), ...this.clients, ...new Set(stores)];
  }

  /** Whether it means nodes by what they are: `all`, `brokers`, `active-controller`. */
  isWordForNodes(text: string): boolean {
    return [...GROUPS, ...CONTROLLER_ROLES, ...ENSEMBLE_ROLES].some((word) => word === text);
  }

  /** Of a broker or controller. */
  idOf(node: NodeName): ReplicaId | undefined {
    return this.kafka.find((server) => server.name === node)?.id;
  }

  hasServer(id: ReplicaId): boolean {
    return this.kafka.some((server) => server.id === id);
  }

  topic(name: string): KnownTopic | undefined {
    return this.topics.find((topic) => topic.name === name);
  }

  /** A topic by its name; complains if there is none. */
  readTopic(name: string, path: Path): KnownTopic | undefined {
    const topic = this.topic(name);
    if (topic === undefined)
      this.unknown(
        `no topic ${quote(name)} in this scenario`,
        name,
        this.topics.map((each) => each.name),
        "topics",
        path,
      );
    return topic;
  }

  /** `orders-0`; complains if there is no such partition. */
  readPartition(text: string, path: Path): TopicPartition | undefined {
    const parts = /^(.+)-(\d+)$/.exec(text);
    if (parts === null) {
      const topic = this.topic(text);
      const hint =
        topic === undefined
          ? "write a topic and a partition, such as orders-0"
          : `write ${text}-0${topic.partitions > 1 ? ` to ${text}-${topic.partitions - 1}` : ""}`;
      this.sink.add(path, { code: "WRONG_VALUE", message: `${quote(text)} is not a partition`, hint });
      return undefined;
    }
    const topic = this.readTopic(parts[1] as string, path);
    if (topic === undefined) return undefined;
    const partition = Number(parts[2]);
    if (partition < topic.partitions) return { topic: topic.name, partition };
    this.noPartition(topic, partition, path);
    return undefined;
  }

  noPartition(topic: KnownTopic, partition: number, path: Path): void {
    const { name, partitions } = topic;
    const has = partitions === 1 ? "it has one, 0" : `it has ${partitions}, 0 to ${partitions - 1}`;
    const hint = `raise topics.${name}.partitions to ${partition + 1}, or name ${name}-0${partitions > 1 ? ` to ${name}-${partitions - 1}` : ""}`;
    this.sink.add(path, { code: "UNKNOWN_NAME", message: `no partition ${partition} in topic ${name} (${has})`, hint });
  }

  /** Selectors as written, each with its own place. */
  readSelectors(written: readonly Written[], path: Path): readonly NodeSelector[] {
    return written
      .map(({ text, index }) => this.readSelector(text.trim(), index === undefined ? path : [...path, index]))
      .filter((selector) => selector !== undefined);
  }

  /** As {@link readSelectors}, for what must be known before the run. */
  readFixedNodes(written: readonly Written[], path: Path): readonly NodeName[] {
    const names = new Set<NodeName>();
    for (const { text, index } of written) {
      const at = index === undefined ? path : [...path, index];
      const selector = this.readSelector(text.trim(), at);
      if (selector?.kind === "nodes") for (const name of selector.names) names.add(name);
      else if (selector !== undefined) {
        this.sink.add(at, {
          code: "WRONG_VALUE",
          message: `who ${quote(text)} is, is not known before the run`,
          hint: "name nodes here, such as broker-1, brokers or rack(a)",
        });
      }
    }
    return [...names];
  }

  readSelector(text: string, path: Path): NodeSelector | undefined {
    const called = /^([a-z-]+)\s*\((.*)\)$/.exec(text);
    if (called !== null) return this.readCall(called[1] as string, (called[2] as string).trim(), path);
    const role = CONTROLLER_ROLES.find((each) => each === text);
    if (role !== undefined) return { kind: role };
    const ensembleRole = ENSEMBLE_ROLES.find((each) => each === text);
    if ((ensembleRole !== undefined || text === "zookeepers") && this.mode !== "zookeeper") {
      this.noEnsemble(text, path);
      return undefined;
    }
    if (ensembleRole !== undefined) return { kind: ensembleRole };
    const group = GROUPS.find((each) => each === text);
    if (group !== undefined) return { kind: "nodes", names: this.members(group) };
    if (this.everyone.includes(text)) return { kind: "nodes", names: [text] };
    if (mayBeMember(text, this.groups)) return { kind: "nodes", names: [] };
    this.unknownNode(text, path);
    return undefined;
  }

  /** A broker by name or id; complains if there is none. */
  readBroker(written: string | number, path: Path): BrokerId | undefined {
    const name = typeof written === "number" || /^\d+$/.test(written) ? `broker-${written}` : written;
    if (this.brokers.includes(name)) return this.idOf(name);
    this.unknownNode(name, path, this.brokers);
    return undefined;
  }

  /** A group by its group.id; complains if there is none. */
  readGroup(text: string, path: Path, part: "key" | "value" = "value"): string | undefined {
    if (this.groups.some(({ group }) => group === text)) return text;
    const known = [...new Set(this.groups.map(({ group }) => group))];
    this.unknown(`no consumer group ${quote(text)} in this scenario`, text, known, "consumers, with `members: 3`", path, {
      part,
    });
    return undefined;
  }

  unknownNode(text: string, path: Path, among: readonly NodeName[] = this.everyone): void {
    const numbered = /^(broker|controller|zookeeper)-(\d+)$/.exec(text);
    if (numbered === null) this.unknownWord(text, path, among);
    else if (numbered[1] === "zookeeper" && this.mode !== "zookeeper") this.noEnsemble(text, path);
    else if (numbered[1] === "controller" && this.controllers[0]?.startsWith("broker-") === true) {
      const why =
        this.mode === "zookeeper" ? "in ZooKeeper mode a broker is the controller" : "its controllers live in the brokers";
      const role = this.mode === "zookeeper" ? "active-controller, or name " : "";
      const hint = `${role === "" ? "name" : "write"} ${role}${range(this.controllers)}`;
      this.sink.add(path, { code: "UNKNOWN_NAME", message: `no ${text} in this cluster: ${why}`, hint });
    } else this.unknownNumber(numbered[1] as "broker" | "controller" | "zookeeper", Number(numbered[2]), path);
  }

  private unknownWord(text: string, path: Path, among: readonly NodeName[]): void {
    if ((PARTITION_ROLES as readonly string[]).includes(text)) {
      const partition = this.topics[0] === undefined ? "orders-0" : `${this.topics[0].name}-0`;
      this.sink.add(path, {
        code: "WRONG_VALUE",
        message: `${quote(text)} of which partition?`,
        hint: `write ${text}(${partition})`,
      });
      return;
    }
    const ofGroup = notANode(text, this.groups);
    if (ofGroup !== undefined) {
      this.sink.add(path, ofGroup);
      return;
    }
    const roles =
      this.mode === "zookeeper" ? [...CONTROLLER_ROLES, ...ENSEMBLE_ROLES, ...GROUPS] : [...CONTROLLER_ROLES, ...GROUPS];
    const words = among.length > this.brokers.length ? [...among, ...roles] : among;
    const broker = /^\d+$/.test(text) && this.brokers.includes(`broker-${text}`) ? `broker-${text}` : undefined;
    this.unknown(`no node ${quote(text)} in this scenario`, text, words, undefined, path, { better: broker });
  }

  private unknownNumber(kind: "broker" | "controller" | "zookeeper", number: number, path: Path): void {
    const all = { broker: this.brokers, controller: this.controllers, zookeeper: this.zookeepers }[kind];
    const numbers = all.map((name) => name.slice(name.lastIndexOf("-") + 1));
    const [noun, key] = kind === "zookeeper" ? ["ZooKeeper server", "zookeeper"] : [kind, `${kind}s`];
    const are =
      all.length === 1
        ? `the only one is ${numbers[0]}`
        : `${noun}s are ${all.length > 8 ? `${numbers[0]} to ${numbers.at(-1)}` : numbers.join(", ")}`;
    const most = kind === "zookeeper" ? ENSEMBLE_MAX : 1_000;
    const needed = kind === "zookeeper" && number % 2 === 0 ? number + 1 : number;
    const raise = number > 0 && needed <= most ? `raise cluster.${key} to ${needed}, or name ` : "name ";
    this.sink.add(path, {
      code: "UNKNOWN_NAME",
      message: `no ${noun} ${number} in this cluster (${are})`,
      hint: `${raise}${all.length === 1 ? "" : "one of "}${range(all)}`,
    });
  }

  private noEnsemble(text: string, path: Path): void {
    this.sink.add(path, {
      code: "UNKNOWN_NAME",
      message: `no ${text} in this cluster: in KRaft mode there is no ZooKeeper`,
      hint: `name ${range(this.controllers)}, or write cluster.mode: zookeeper`,
    });
  }

  private readCall(word: string, inside: string, path: Path): NodeSelector | undefined {
    if (word === "rack") return this.readRack(inside, path);
    const groupRole = GROUP_ROLES.find((each) => each === word);
    if (groupRole !== undefined) return readGroupRole(groupRole, inside, path, this);
    const role = PARTITION_ROLES.find((each) => each === word);
    if (role === undefined) {
      this.unknown(
        `nothing is called ${quote(`${word}(…)`)}`,
        word,
        [...PARTITION_ROLES, ...GROUP_ROLES, "rack"],
        undefined,
        path,
      );
      return undefined;
    }
    const partition = this.readPartition(inside, path);
    return partition === undefined ? undefined : { kind: role, ...partition };
  }

  private readRack(rack: string, path: Path): NodeSelector | undefined {
    const names = this.servers.filter((server) => server.rack === rack).map((server) => server.name);
    if (names.length > 0) return { kind: "nodes", names };
    const racks = [...new Set(this.servers.map((server) => server.rack).filter((each) => each !== null))];
    this.unknown(`no rack ${quote(rack)} in this cluster`, rack, racks, "cluster.racks", path);
    return undefined;
  }

  members(group: (typeof GROUPS)[number]): readonly NodeName[] {
    switch (group) {
      case "brokers":
        return this.brokers;
      case "controllers":
        return this.controllers;
      case "zookeepers":
        return this.zookeepers;
      case "clients":
        return this.clients;
      case "servers":
        return this.servers.map((server) => server.name);
      case "all":
        return this.everyone;
    }
  }

  /** `section` is where such a name would be declared. */
  private unknown(
    message: string,
    name: string,
    candidates: readonly string[],
    section: string | undefined,
    path: Path,
    { better, part = "value" }: { readonly better?: string | undefined; readonly part?: "key" | "value" } = {},
  ): void {
    const guess = better ?? nearest(name, candidates);
    let hint =
      guess === undefined
        ? `there ${candidates.length === 1 ? "is" : "are"} ${candidates.slice(0, 12).join(", ")}${candidates.length > 12 ? ", …" : ""}`
        : `did you mean ${guess}?`;
    if (candidates.length === 0) {
      assert(section !== undefined, "no candidates and nowhere to declare one");
      hint = `none is declared: add it to ${section}`;
    }
    this.sink.add(path, { code: "UNKNOWN_NAME", message, hint }, part);
  }
}

/** Each topic once: one that is created again may have more partitions. */
function widest(topics: readonly KnownTopic[]): readonly KnownTopic[] {
  const byName = new Map<string, KnownTopic>();
  for (const topic of topics) {
    const known = byName.get(topic.name);
    if (known === undefined || known.partitions < topic.partitions) byName.set(topic.name, topic);
  }
  return [...byName.values()];
}

/** `broker-1, broker-2, broker-3`, or `broker-1 to broker-20`. */
function range(names: readonly NodeName[]): string {
  return names.length > 8 ? `${names[0]} to ${names.at(-1)}` : names.join(", ");
}
