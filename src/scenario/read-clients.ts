/** Reads the clients of a scenario, and what connects all of its nodes. */

import type { Micros } from "../base/units.ts";
import { CONSUMER_CONFIG, PRODUCER_CONFIG } from "../kafka/config/client-config.ts";
import { effectiveConfig } from "../kafka/config/definition.ts";
import type { TopicPartition } from "../kafka/ids.ts";
import type { Release } from "../kafka/releases.ts";
import { RESERVED_NAMES, type ScenarioNames } from "./names.ts";
import type { ProblemSink } from "./problem-sink.ts";
import { durationText, quote } from "./quantities.ts";
import { clockOf } from "./read-cluster.ts";
import { NAME_PATTERN } from "./schema/kit.ts";
import type { WrittenScenario } from "./schema/scenario.ts";
import type { Path } from "./source.ts";
import type { ConsumerSpec, NetworkSpec, ProducerSpec, UnreliableSpec } from "./spec.ts";

/** Client names that can stand, in the order of the file; complains about the others. */
export function readClientNames(written: WrittenScenario, sink: ProblemSink): readonly string[] {
  const names: string[] = [];
  for (const section of ["producers", "consumers"] as const) {
    for (const name of Object.keys(written[section] ?? {})) {
      const path: Path = [section, name];
      if (!NAME_PATTERN.test(name)) {
        sink.add(
          path,
          {
            code: "WRONG_VALUE",
            message: `${quote(name)} can't be the name of a client`,
            hint: "use letters, digits, - and _, with a letter first",
          },
          "key",
        );
      } else if (RESERVED_NAMES.includes(name) || /^(broker|controller|zookeeper)-\d+$/.test(name)) {
        sink.add(
          path,
          {
            code: "WRONG_VALUE",
            message: `${quote(name)} has a meaning of its own and can't be the name of a client`,
            hint: `${quote(`my-${name}`)} could`,
          },
          "key",
        );
      } else if (names.includes(name)) {
        sink.add(
          path,
          {
            code: "CONTRADICTION",
            message: `a producer is called ${quote(name)} already`,
            hint: "each client is a node and needs a name of its own",
          },
          "key",
        );
      } else {
        names.push(name);
      }
    }
  }
  return names;
}

export function readProducers(written: WrittenScenario, release: Release, names: ScenarioNames): readonly ProducerSpec[] {
  return Object.entries(written.producers ?? {}).map(([name, producer]) => {
    const path: Path = ["producers", name];
    const topic = names.readTopic(producer.topic, [...path, "topic"]);
    const { partition } = producer;
    if (topic !== undefined && typeof partition === "number" && partition >= topic.partitions) {
      names.noPartition(topic, partition, [...path, "partition"]);
    }
    const times = readTimes(producer, written, path, names.sink);
    return {
      name,
      topic: producer.topic,
      rate: producer.rate,
      count: producer.count,
      ...times,
      key: producer.key ?? null,
      value: producer.value ?? `${name}-{n}`,
      partition,
      config: effectiveConfig(PRODUCER_CONFIG, release.producerDefaults, producer.config ?? {}),
      clock: clockOf(written, name),
      source: names.sink.source.positionOf(path),
    };
  });
}

export function readConsumers(written: WrittenScenario, names: ScenarioNames): readonly ConsumerSpec[] {
  return Object.entries(written.consumers ?? {}).map(([name, consumer]) => {
    const path: Path = ["consumers", name];
    const assignment = readAssignment(consumer, path, names);
    const times = readTimes(consumer, written, path, names.sink);
    return {
      name,
      assignment,
      handlerUs: consumer.handler ?? 0,
      ...times,
      config: effectiveConfig(CONSUMER_CONFIG, consumer.config ?? {}),
      clock: clockOf(written, name),
      source: names.sink.source.positionOf(path),
    };
  });
}

type WrittenConsumer = NonNullable<WrittenScenario["consumers"]>[string];

function readAssignment(consumer: WrittenConsumer, path: Path, names: ScenarioNames): readonly TopicPartition[] {
  const { topics, partitions } = consumer;
  if ((topics === undefined) === (partitions === undefined)) {
    const message =
      topics === undefined ? "this consumer has nothing to read" : "this consumer names both `topics` and `partitions`";
    const hint = topics === undefined ? "add `topics: [orders]`, or `partitions: [orders-0]`" : "keep one of them";
    names.sink.add(topics === undefined ? path : [...path, "partitions"], { code: "CONTRADICTION", message, hint }, "key");
  }
  const found: TopicPartition[] = [];
  const add = (each: TopicPartition): void => {
    if (!found.some(({ topic, partition }) => topic === each.topic && partition === each.partition)) found.push(each);
  };
  for (const { text, index } of topics ?? []) {
    const topic = names.readTopic(text, at([...path, "topics"], index));
    for (let partition = 0; partition < (topic?.partitions ?? 0); partition++) add({ topic: text, partition });
  }
  for (const { text, index } of partitions ?? []) {
    const partition = names.readPartition(text, at([...path, "partitions"], index));
    if (partition !== undefined) add(partition);
  }
  return found;
}

export const DEFAULT_RUN_US: Micros = 60_000_000;

function readTimes(
  client: { readonly from?: Micros | undefined; readonly until?: Micros | undefined },
  written: WrittenScenario,
  path: Path,
  sink: ProblemSink,
): { readonly fromUs: Micros; readonly untilUs: Micros | undefined } {
  const end = written.run?.for ?? DEFAULT_RUN_US;
  const fromUs = client.from ?? 0;
  if (fromUs >= end) {
    sink.add([...path, "from"], {
      code: "IMPOSSIBLE",
      message: `it begins at ${durationText(fromUs)}, when the run is over (run.for is ${durationText(end)})`,
    });
  }
  if (client.until !== undefined && client.until <= fromUs) {
    sink.add([...path, "until"], {
      code: "IMPOSSIBLE",
      message: `it ends at ${durationText(client.until)}, before it begins at ${durationText(fromUs)}`,
    });
  }
  return { fromUs, untilUs: client.until };
}

const DEFAULT_DELAY_UP_TO_US: Micros = 100_000;

export function readNetwork(written: WrittenScenario, names: ScenarioNames): NetworkSpec {
  const network = written.network ?? {};
  return {
    latency: network.latency ?? { kind: "uniform", low: 100, high: 500 },
    acrossRacks: network["across-racks"],
    bytesPerSecond: network.bandwidth ?? 0,
    unreliable: readUnreliable(network.unreliable),
    links: (network.links ?? []).map((link, index) => {
      const path: Path = ["network", "links", index];
      return {
        a: names.readFixedNodes(link.between, [...path, "between"]),
        b: names.readFixedNodes(link.and, [...path, "and"]),
        latency: link.latency,
        bytesPerSecond: link.bandwidth,
        unreliable: readUnreliable(link.unreliable),
        source: names.sink.source.positionOf(path),
      };
    }),
  };
}

type WrittenUnreliable = NonNullable<NonNullable<WrittenScenario["network"]>["unreliable"]>;

function readUnreliable(written: WrittenUnreliable | undefined): UnreliableSpec | undefined {
  if (written === undefined) return undefined;
  return {
    dropPpm: written.drop ?? 0,
    duplicatePpm: written.duplicate ?? 0,
    delayPpm: written.delay ?? 0,
    delayUpToUs: written["delay-up-to"] ?? DEFAULT_DELAY_UP_TO_US,
  };
}

function at(path: Path, index: number | undefined): Path {
  return index === undefined ? path : [...path, index];
}
