/** Reads the servers and the topics of a scenario. */
import { BROKER_CONFIG } from "../kafka/config/broker-config.ts";
import { effectiveConfig } from "../kafka/config/definition.ts";
import { DEFAULT_DISK, type DiskSpec } from "../sim/disk.ts";
import type { NodeName } from "../sim/host.ts";
import type { ScenarioNames } from "./names.ts";
import type { ProblemSink } from "./problem-sink.ts";
import { quote } from "./quantities.ts";
import type { WrittenScenario } from "./schema/scenario.ts";
import type { Path } from "./source.ts";
import type { ClockSpec, ClusterSpec, ConfigOverrides, ServerSpec, TopicSpec } from "./spec.ts";

const FIRST_CONTROLLER_ID = 3_000;
const TRUE_CLOCK: ClockSpec = { offsetUs: 0, driftPpm: 0 };

type WrittenDisk = Omit<NonNullable<WrittenScenario["disks"]>, "on">;

/** A server without its details: who there is must be known before names in the rest can be read. */
interface Seat {
  readonly name: NodeName;
  readonly id: number;
  readonly broker: boolean;
  readonly controller: boolean;
  readonly rack: string | null;
}

export function readCluster(written: WrittenScenario, sink: ProblemSink): ClusterSpec {
  const { cluster = {}, disks = {} } = written;
  const config = cluster.config ?? {};
  const seats = takeSeats(cluster, sink);
  const names = seats.map((seat) => seat.name);
  const perNode = cluster["per-node"] ?? {};
  for (const name of Object.keys(perNode)) requireServer(name, names, ["cluster", "per-node", name], sink);
  for (const name of Object.keys(disks.on ?? {})) requireServer(name, names, ["disks", "on", name], sink);
  const nodes = seats.map((seat): ServerSpec => {
    const own = perNode[seat.name];
    return {
      ...seat,
      rack: own?.rack ?? seat.rack,
      config: effectiveConfig(BROKER_CONFIG, config, own?.config ?? {}),
      disk: diskOf(disks.on?.[seat.name] ?? {}, diskOf(disks, DEFAULT_DISK)),
      clock: clockOf(written, seat.name),
    };
  });
  return { mode: "kraft", combined: cluster.combined ?? false, nodes, config };
}

export function clockOf(written: WrittenScenario, node: NodeName): ClockSpec {
  const clock = written.clocks !== undefined && Object.hasOwn(written.clocks, node) ? written.clocks[node] : undefined;
  return clock === undefined ? TRUE_CLOCK : { offsetUs: clock.offset ?? 0, driftPpm: clock.drift ?? 0 };
}

function takeSeats(cluster: NonNullable<WrittenScenario["cluster"]>, sink: ProblemSink): readonly Seat[] {
  const { brokers = 3, combined = false, racks } = cluster;
  const controllers = cluster.controllers ?? (combined ? Math.min(3, brokers) : 3);
  if (combined && controllers > brokers) {
    const hint = `raise cluster.brokers to ${controllers}, or lower controllers to ${brokers}`;
    sink.add(["cluster", "controllers"], {
      code: "IMPOSSIBLE",
      message: `${controllers} controllers can't live in ${brokers} ${brokers === 1 ? "broker" : "brokers"}`,
      hint,
    });
  }
  const rackOf = (index: number): string | null => racks?.[index % racks.length] ?? null;
  const seats: Seat[] = [];
  for (let i = 0; i < brokers; i++) {
    seats.push({ name: `broker-${i + 1}`, id: i + 1, broker: true, controller: combined && i < controllers, rack: rackOf(i) });
  }
  for (let i = 0; i < controllers && !combined; i++) {
    seats.push({
      name: `controller-${i + 1}`,
      id: FIRST_CONTROLLER_ID + i + 1,
      broker: false,
      controller: true,
      rack: rackOf(i),
    });
  }
  return seats;
}

function requireServer(name: string, servers: readonly NodeName[], path: Path, sink: ProblemSink): void {
  if (servers.includes(name)) return;
  const hint = `there are ${servers.slice(0, 12).join(", ")}${servers.length > 12 ? ", …" : ""}`;
  sink.add(path, { code: "UNKNOWN_NAME", message: `no server ${quote(name)} in this cluster`, hint }, "key");
}

function diskOf(written: WrittenDisk, base: DiskSpec): DiskSpec {
  const capacityBytes = written.capacity ?? base.capacityBytes;
  return {
    fsync: written.fsync ?? base.fsync,
    write: written.write ?? base.write,
    writebackUs: written.writeback ?? base.writebackUs,
    ...(capacityBytes !== undefined && { capacityBytes }),
  };
}

const TOPIC_NAME_MAX = 249;

/** The topics, with replication checked against the brokers there are. */
export function readTopics(
  written: WrittenScenario,
  cluster: ClusterSpec,
  names: ScenarioNames,
  sink: ProblemSink,
): readonly TopicSpec[] {
  // A controller fills in what a topic does not say from its own settings.
  const defaults = effectiveConfig(BROKER_CONFIG, cluster.config);
  const topics: TopicSpec[] = [];
  for (const [name, topic] of Object.entries(written.topics ?? {})) {
    const path: Path = ["topics", name];
    checkTopicName(name, topics, path, sink);
    const assignment =
      topic.assignment === undefined ? undefined : readAssignment(topic.assignment, names, [...path, "assignment"]);
    const partitions = topic.partitions ?? assignment?.length ?? defaults["num.partitions"];
    const replicationFactor = topic["replication.factor"] ?? assignment?.[0]?.length ?? defaults["default.replication.factor"];
    const config: ConfigOverrides = topic.config ?? {};
    const spec = { name, partitions, replicationFactor, assignment, config, source: sink.source.positionOf(path) };
    checkReplication(spec, names.brokers.length, path, sink);
    topics.push(spec);
  }
  return topics;
}

function checkTopicName(name: string, others: readonly TopicSpec[], path: Path, sink: ProblemSink): void {
  if (!/^[A-Za-z0-9._-]+$/.test(name) || name === "." || name === ".." || name.length > TOPIC_NAME_MAX) {
    const hint = `letters, digits, ".", "_" and "-", at most ${TOPIC_NAME_MAX} of them`;
    sink.add(path, { code: "WRONG_VALUE", message: `Kafka refuses the topic name ${quote(name)}`, hint }, "key");
  }
  if (name.startsWith("__")) {
    sink.add(
      path,
      {
        code: "WRONG_VALUE",
        message: `${quote(name)} would be one of Kafka's own topics`,
        hint: "begin its name with something else",
      },
      "key",
    );
  }
  // Kafka's metric names make no difference between "." and "_".
  const twin = others.find((other) => other.name.replaceAll(".", "_") === name.replaceAll(".", "_"));
  if (twin !== undefined) {
    sink.add(
      path,
      {
        code: "IMPOSSIBLE",
        message: `Kafka takes ${quote(name)} and ${quote(twin.name)} for the same topic`,
        hint: 'it makes no difference between "." and "_"',
      },
      "key",
    );
  }
}

function readAssignment(
  written: readonly (readonly (string | number)[])[],
  names: ScenarioNames,
  path: Path,
): readonly (readonly number[])[] {
  return written.map((replicas, partition) => {
    const ids: number[] = [];
    for (const [index, replica] of replicas.entries()) {
      const at = [...path, partition, index];
      const id = names.readBroker(replica, at);
      if (id === undefined) continue;
      if (ids.includes(id))
        names.sink.add(at, { code: "IMPOSSIBLE", message: `broker ${id} can't hold two replicas of one partition` });
      ids.push(id);
    }
    if (replicas.length !== written[0]?.length) {
      names.sink.add([...path, partition], {
        code: "IMPOSSIBLE",
        message: `partition ${partition} has ${replicas.length} replicas and partition 0 has ${written[0]?.length}`,
        hint: "Kafka wants the same number for all",
      });
    }
    return ids;
  });
}

function checkReplication(topic: TopicSpec, brokers: number, path: Path, sink: ProblemSink): void {
  const { replicationFactor, assignment, partitions } = topic;
  if (assignment === undefined) {
    if (replicationFactor <= brokers) return;
    sink.add([...path, "replication.factor"], {
      code: "IMPOSSIBLE",
      message: `${replicationFactor} replicas need ${replicationFactor} brokers, and this cluster has ${brokers}`,
      hint: `raise cluster.brokers to ${replicationFactor}, or lower replication.factor to ${brokers}`,
    });
    return;
  }
  if (partitions !== assignment.length) {
    sink.add([...path, "partitions"], {
      code: "CONTRADICTION",
      message: `\`partitions\` says ${partitions} and \`assignment\` lists ${assignment.length}`,
      hint: "leave `partitions` out",
    });
  }
  const listed = assignment[0]?.length;
  if (listed !== undefined && listed > 0 && replicationFactor !== listed) {
    sink.add([...path, "replication.factor"], {
      code: "CONTRADICTION",
      message: `\`replication.factor\` says ${replicationFactor} and \`assignment\` lists ${listed}`,
      hint: "leave `replication.factor` out",
    });
  }
}
