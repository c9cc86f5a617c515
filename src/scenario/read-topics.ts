/** Reads the topics of a scenario, and holds them against the brokers that there are. */
import { BROKER_CONFIG } from "../kafka/config/broker-config.ts";
import { effectiveConfig } from "../kafka/config/definition.ts";
import { OFFSETS_TOPIC } from "../kafka/group/offsets-topic.ts";
import type { ScenarioNames } from "./names.ts";
import type { ProblemSink } from "./problem-sink.ts";
import { quote } from "./quantities.ts";
import type { WrittenScenario } from "./schema/scenario.ts";
import type { Path } from "./source.ts";
import type { ClusterSpec, ConfigOverrides, ServerSpec, TopicSpec } from "./spec.ts";

const TOPIC_NAME_MAX = 249;

type WrittenTopic = NonNullable<WrittenScenario["topics"]>[string];

/** The topics that are there from the start, with replication checked against the brokers there are. */
export function readTopics(written: WrittenScenario, cluster: ClusterSpec, names: ScenarioNames): readonly TopicSpec[] {
  const topics: TopicSpec[] = [];
  for (const [name, topic] of Object.entries(written.topics ?? {})) {
    const path: Path = ["topics", name];
    checkTopicName(name, topics, path, "key", names.sink);
    topics.push(readTopic(name, topic, path, cluster, names));
  }
  return topics;
}

/** The topics that faults create, by the index of the fault. What one does not say of itself is as in `topics`. */
export function readCreatedTopics(
  written: WrittenScenario,
  topics: readonly TopicSpec[],
  cluster: ClusterSpec,
  names: ScenarioNames,
): ReadonlyMap<number, TopicSpec> {
  const created = new Map<number, TopicSpec>();
  for (const [index, fault] of (written.faults ?? []).entries()) {
    const asked = fault["create-topic"];
    if (asked === undefined) continue;
    const { topic: name, ...own } = asked;
    const path: Path = ["faults", index, "create-topic"];
    const others = [...topics, ...created.values()].filter((other) => other.name !== name);
    checkTopicName(name, others, [...path, "topic"], "value", names.sink);
    created.set(index, readTopic(name, inherit(own, written.topics?.[name]), path, cluster, names));
  }
  return created;
}

/** Topics to which faults add partitions, as large as they become. */
export function grownTopics(written: WrittenScenario): readonly Pick<TopicSpec, "name" | "partitions">[] {
  const asked = (written.faults ?? []).map((fault) => fault["add-partitions"]).filter((each) => each !== undefined);
  const names = [...Object.keys(written.topics ?? {}), ...(written.faults ?? []).map((fault) => fault["create-topic"]?.topic)];
  return asked.filter(({ topic }) => names.includes(topic)).map(({ topic, to }) => ({ name: topic, partitions: to }));
}

/** It is made when the first group asks for its coordinator. */
export function offsetsTopic({ nodes }: ClusterSpec): Pick<TopicSpec, "name" | "partitions"> {
  const broker = nodes.find((node) => node.broker) as ServerSpec;
  return { name: OFFSETS_TOPIC, partitions: broker.config["offsets.topic.num.partitions"] };
}

function inherit(own: WrittenTopic, from: WrittenTopic = {}): WrittenTopic {
  const isPlacedAnew = own.partitions !== undefined || own["replication.factor"] !== undefined || own.assignment !== undefined;
  return isPlacedAnew ? { ...own, config: own.config ?? from.config } : { ...from, ...own };
}

function readTopic(name: string, topic: WrittenTopic, path: Path, cluster: ClusterSpec, names: ScenarioNames): TopicSpec {
  // A controller fills in what a topic does not say from its own settings.
  const defaults = effectiveConfig(BROKER_CONFIG, cluster.config);
  const assignment =
    topic.assignment === undefined ? undefined : readAssignment(topic.assignment, names, [...path, "assignment"]);
  const partitions = topic.partitions ?? assignment?.length ?? defaults["num.partitions"];
  const replicationFactor = topic["replication.factor"] ?? assignment?.[0]?.length ?? defaults["default.replication.factor"];
  const config: ConfigOverrides = topic.config ?? {};
  const spec = { name, partitions, replicationFactor, assignment, config, source: names.sink.source.positionOf(path) };
  checkReplication(spec, names.brokers.length, path, names.sink);
  return spec;
}

function checkTopicName(name: string, others: readonly TopicSpec[], path: Path, part: "key" | "value", sink: ProblemSink): void {
  if (!/^[A-Za-z0-9._-]+$/.test(name) || name === "." || name === ".." || name.length > TOPIC_NAME_MAX) {
    const hint = `letters, digits, ".", "_" and "-", at most ${TOPIC_NAME_MAX} of them`;
    sink.add(path, { code: "WRONG_VALUE", message: `Kafka refuses the topic name ${quote(name)}`, hint }, part);
  }
  if (name.startsWith("__")) {
    sink.add(
      path,
      {
        code: "WRONG_VALUE",
        message: `${quote(name)} would be one of Kafka's own topics`,
        hint: "begin its name with something else",
      },
      part,
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
      part,
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
