/** Reads the clients of a scenario, and what connects all of its nodes. */

import type { Micros } from "../base/units.ts";
import { CONSUMER_CONFIG, PRODUCER_CONFIG } from "../kafka/config/client-config.ts";
import { effectiveConfig } from "../kafka/config/definition.ts";
import type { TopicPartition } from "../kafka/ids.ts";
import type { Release } from "../kafka/releases.ts";
import type { NodeName } from "../sim/host.ts";
import type { GroupSeat } from "./group-names.ts";
import { groupSeatOf, isGroup, SETTINGS_OF_GROUPS } from "./group-seats.ts";
import { RESERVED_NAMES, type ScenarioNames } from "./names.ts";
import type { Complaint, ProblemSink } from "./problem-sink.ts";
import { durationText, quote } from "./quantities.ts";
import { clockOf } from "./read-cluster.ts";
import { NAME_PATTERN } from "./schema/kit.ts";
import type { WrittenScenario } from "./schema/scenario.ts";
import type { Path } from "./source.ts";
import type { ConsumerSpec, NetworkSpec, ProducerSpec, UnreliableSpec } from "./spec.ts";

/** The nodes that are clients, and the groups that some of them belong to. */
export interface ClientSeats {
  readonly clients: readonly NodeName[];
  readonly groups: readonly GroupSeat[];
}

/** Clients whose names can stand, in the order of the file; complains about the others. */
export function readClientSeats(written: WrittenScenario, sink: ProblemSink): ClientSeats {
  const taken: string[] = [];
  const clients: NodeName[] = [];
  const groups: GroupSeat[] = [];
  for (const section of ["producers", "consumers"] as const) {
    for (const name of Object.keys(written[section] ?? {})) {
      const seat = section === "consumers" ? groupSeatOf(name, written) : undefined;
      const nodes = seat?.members ?? [name];
      const complaint = complaintAbout(name, nodes, taken);
      if (complaint !== undefined) {
        sink.add([section, name], complaint, "key");
        continue;
      }
      taken.push(name, ...nodes);
      clients.push(...nodes);
      if (seat !== undefined) groups.push(seat);
    }
  }
  return { clients, groups };
}

/** What is wrong with the name of an entry, or with those that it gives its nodes. */
function complaintAbout(name: string, nodes: readonly NodeName[], taken: readonly string[]): Complaint | undefined {
  if (!NAME_PATTERN.test(name)) {
    const message = `${quote(name)} can't be the name of a client`;
    return { code: "WRONG_VALUE", message, hint: "use letters, digits, - and _, with a letter first" };
  }
  if (RESERVED_NAMES.includes(name) || [name, ...nodes].some((each) => /^(broker|controller|zookeeper)-\d+$/.test(each))) {
    const message = `${quote(name)} has a meaning of its own and can't be the name of a client`;
    return { code: "WRONG_VALUE", message, hint: `${quote(`my-${name}`)} could` };
  }
  const twin = [name, ...nodes].find((each) => taken.includes(each));
  if (twin === undefined) return undefined;
  const message = `${twin === name ? "a producer" : "another client"} is called ${quote(twin)} already`;
  return { code: "CONTRADICTION", message, hint: "each client is a node and needs a name of its own" };
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

/** Those that read partitions assigned by hand: of their topics those that there are without `add-partitions`. */
export function readConsumers(written: WrittenScenario, ungrown: ScenarioNames, names: ScenarioNames): readonly ConsumerSpec[] {
  const byHand = Object.entries(written.consumers ?? {}).filter(([, consumer]) => !isGroup(consumer));
  return byHand.map(([name, consumer]) => {
    const path: Path = ["consumers", name];
    checkByHand(consumer, path, names.sink);
    const assignment = readAssignment(consumer, path, ungrown, names);
    const times = readTimes(consumer, written, path, names.sink);
    return {
      name,
      assignment,
      handlerUs: readBatchHandler(consumer.handler, [...path, "handler"], names.sink),
      ...times,
      config: effectiveConfig(CONSUMER_CONFIG, consumer.config ?? {}),
      clock: clockOf(written, name),
      source: names.sink.source.positionOf(path),
    };
  });
}

type WrittenConsumer = NonNullable<WrittenScenario["consumers"]>[string];

const BY_HAND_HINT = "add `members: 1` to make it one, or leave this out";

/** What only means something to the member of a group. */
const OF_GROUPS = [
  ...["spares", "delivery", "commit", "static", "instance-ids", "stands-in-for", "racks", "join", "leave"],
  ...["restart-after", "per-member", "relies-on"],
] as const satisfies (keyof WrittenConsumer)[];

function checkByHand(consumer: WrittenConsumer, path: Path, sink: ProblemSink): void {
  const complain = (key: string, at: Path): void => {
    const message = `${quote(key)} belongs to a consumer group, and this consumer is in none`;
    sink.add(at, { code: "CONTRADICTION", message, hint: BY_HAND_HINT }, "key");
  };
  for (const key of OF_GROUPS) if (consumer[key] !== undefined) complain(key, [...path, key]);
  for (const [key, value] of Object.entries(consumer.config ?? {}))
    if (SETTINGS_OF_GROUPS.includes(key) && value !== undefined) complain(key, [...path, "config", key]);
}

function readBatchHandler(handler: WrittenConsumer["handler"], path: Path, sink: ProblemSink): Micros {
  if (handler === undefined) return 0;
  if ("kind" in handler && handler.kind === "constant") return handler.us;
  const message = "a consumer without a group takes one duration for each record batch";
  sink.add(path, { code: "CONTRADICTION", message, hint: "write a duration, such as 5ms, or add `members: 1`" });
  return 0;
}

function readAssignment(
  consumer: WrittenConsumer,
  path: Path,
  ungrown: ScenarioNames,
  names: ScenarioNames,
): readonly TopicPartition[] {
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
    const topic = ungrown.topic(names.readTopic(text, at([...path, "topics"], index))?.name ?? "");
    for (let partition = 0; partition < (topic?.partitions ?? 0); partition++) add({ topic: text, partition });
  }
  for (const { text, index } of partitions ?? []) {
    const partition = names.readPartition(text, at([...path, "partitions"], index));
    if (partition !== undefined) add(partition);
  }
  return found;
}

export const DEFAULT_RUN_US: Micros = 60_000_000;

/** When a client begins and stops; `keys` are those that say so. */
export function readTimes(
  client: { readonly from?: Micros | undefined; readonly until?: Micros | undefined },
  written: WrittenScenario,
  path: Path,
  sink: ProblemSink,
  keys: { readonly from: string; readonly until: string } = { from: "from", until: "until" },
): { readonly fromUs: Micros; readonly untilUs: Micros | undefined } {
  const end = written.run?.for ?? DEFAULT_RUN_US;
  const fromUs = client.from ?? 0;
  if (fromUs >= end) {
    sink.add([...path, keys.from], {
      code: "IMPOSSIBLE",
      message: `it begins at ${durationText(fromUs)}, when the run is over (run.for is ${durationText(end)})`,
    });
  }
  if (client.until !== undefined && client.until <= fromUs) {
    sink.add([...path, keys.until], {
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
