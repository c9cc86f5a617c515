/** Kafka's settings and the simulator's dials, as far as a scenario may set them. */
import { z } from "zod";
import { BROKER_CONFIG } from "../../kafka/config/broker-config.ts";
import { CONSUMER_CONFIG, PRODUCER_CONFIG } from "../../kafka/config/client-config.ts";
import type { ConfigDefinition, ConfigDefinitions } from "../../kafka/config/definition.ts";
import { TOPIC_CONFIG } from "../../kafka/config/topic-config.ts";
import { ASSIGNORS } from "../../kafka/consumer/assignors/assignors.ts";
import { DIAL_DOCS, DIAL_VALUES, type DialName } from "../../kafka/dials.ts";
import { ZOOKEEPER_CONFIG } from "../../kafka/zookeeper/config.ts";
import { bad, good, quote, type Reading, readWord } from "../quantities.ts";
import type { ConfigOverrides } from "../spec.ts";
import { object, reading } from "./kit.ts";

export type ConfigKind = "broker" | "topic" | "producer" | "consumer" | "zookeeper";

export const CONFIG_DEFINITIONS: { readonly [K in ConfigKind]: ConfigDefinitions } = {
  broker: BROKER_CONFIG,
  topic: TOPIC_CONFIG,
  producer: PRODUCER_CONFIG,
  consumer: CONSUMER_CONFIG,
  zookeeper: ZOOKEEPER_CONFIG,
};

/** Settings that Kafka has and this simulator has not yet. */
export const NOT_MODELLED: ReadonlySet<string> = new Set([
  ..."min.compaction.lag.ms max.compaction.lag.ms file.delete.delay.ms compression.type flush.ms index.interval.bytes".split(" "),
  ..."segment.jitter.ms message.timestamp.type message.timestamp.before.max.ms message.timestamp.after.max.ms".split(" "),
  ..."remote.storage.enable local.retention.ms preallocate".split(" "),
  ..."log.retention.hours log.retention.minutes log.dirs".split(" "),
  ..."log.flush.interval.ms log.flush.scheduler.interval.ms num.io.threads num.network.threads num.replica.fetchers".split(" "),
  ..."auto.create.topics.enable offsets.load.buffer.size offsets.topic.compression.codec".split(" "),
  ..."group.consumer.min.session.timeout.ms group.consumer.max.session.timeout.ms".split(" "),
  ..."group.consumer.min.heartbeat.interval.ms group.consumer.max.heartbeat.interval.ms".split(" "),
  ..."group.coordinator.append.linger.ms group.coordinator.threads group.coordinator.new.enable".split(" "),
  ..."transaction.state.log.replication.factor transaction.state.log.min.isr".split(" "),
  ..."zookeeper.connect zookeeper.connection.timeout.ms zookeeper.set.acl zookeeper.metadata.migration.enable".split(" "),
  ..."queued.max.requests control.plane.listener.name".split(" "),
  ..."inter.broker.protocol.version replica.socket.receive.buffer.bytes connections.max.idle.ms".split(" "),
  ..."transactional.id transaction.timeout.ms interceptor.classes key.serializer value.serializer metadata.max.idle.ms".split(
    " ",
  ),
  ..."isolation.level exclude.internal.topics metadata.recovery.strategy".split(" "),
  ..."check.crcs allow.auto.create.topics bootstrap.servers client.id".split(" "),
  ..."security.protocol sasl.mechanism quota.producer.default quota.consumer.default".split(" "),
]);

/** Settings that the format has a key of its own for. */
export const WRITTEN_ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ["group.id", "write `group: …` on the consumer"],
  ["group.instance.id", "write `static: true` on the consumer, or `instance-ids: […]`"],
]);

/** The same of ZooKeeper. */
export const ZOOKEEPER_NOT_MODELLED: ReadonlySet<string> = new Set([
  ..."dataDir dataLogDir clientPort clientPortAddress maxClientCnxns globalOutstandingLimit preAllocSize forceSync".split(" "),
  ..."autopurge.snapRetainCount autopurge.purgeInterval fsync.warningthresholdms leaderServes cnxTimeout electionAlg".split(" "),
  ..."peerType quorumListenOnAllIPs standaloneEnabled reconfigEnabled connectToLearnerMasterLimit".split(" "),
]);

function setting(key: string, definition: ConfigDefinition) {
  const description = `${definition.doc} Default: ${definition.default}.`;
  if (key === "enable.idempotence") {
    return reading(z.boolean(), description, (on) =>
      on
        ? bad(
            "`enable.idempotence: true` is known to Kafka, but not modelled yet",
            "leave it out: the producer behaves as with false",
          )
        : good(false),
    );
  }
  switch (definition.type) {
    case "boolean":
      return z.boolean().describe(description);
    case "int":
      return z
        .int()
        .min(definition.min ?? Number.MIN_SAFE_INTEGER)
        .max(definition.max ?? Number.MAX_SAFE_INTEGER)
        .describe(description);
    case "string": {
      const { values } = definition;
      const assignors = ASSIGNORS_OF[key];
      if (assignors !== undefined) return assignorList(key, assignors, description);
      return reading(z.union([z.string(), z.number()], { error: () => "this must be a word" }), description, (written) =>
        values === undefined
          ? good(String(written))
          : readWord(withoutPackage(key, String(written)), values, `a value of \`${key}\``),
      );
    }
  }
}

/** Settings that list assignors, with those that there are. */
const ASSIGNORS_OF: Readonly<Record<string, readonly string[]>> = {
  "partition.assignment.strategy": [...ASSIGNORS.keys()],
  "group.consumer.assignors": ["uniform", "range"],
};

/** The most wanted first: a list, or names with commas between them; an assignor's class will do for its name. */
function assignorList(key: string, assignors: readonly string[], description: string) {
  const written = z.union([z.string(), z.array(z.string()).min(1)], { error: () => "this must be an assignor, or several" });
  return reading(written, description, (value): Reading<string> => {
    const names: string[] = [];
    for (const part of typeof value === "string" ? value.split(",") : value) {
      const plain = part.trim().replace(/^.*\./, "");
      const name = assignors.find((each) => `${each.replace("-", "")}assignor` === plain.toLowerCase()) ?? plain;
      const known = readWord(name, assignors, "an assignor");
      if (!known.ok) return known;
      if (names.includes(name)) return bad(`${quote(name)} is named twice in \`${key}\``, "name each assignor once");
      names.push(name);
    }
    return good(names.join(","));
  });
}

/** Where Kafka wants a class, its name alone will do. */
function withoutPackage(key: string, written: string): string {
  return key.endsWith(".class") ? written.replace(/^.*\./, "") : written;
}

function configSchema(kind: ConfigKind, description: string) {
  const shape = Object.entries(CONFIG_DEFINITIONS[kind]).map(([key, definition]) => [key, setting(key, definition).optional()]);
  const schema = object(
    `${kind} config`,
    description,
    Object.fromEntries(shape) as Record<string, z.ZodType<number | boolean | string | undefined>>,
  );
  return schema.transform((config) => config as ConfigOverrides).describe(description);
}

export const BROKER_CONFIG_SCHEMA = configSchema("broker", "Broker and controller settings by Kafka's names, in Kafka's units.");
export const TOPIC_CONFIG_SCHEMA = configSchema(
  "topic",
  "Topic settings by Kafka's names, in Kafka's units. They win over the broker's.",
);
export const PRODUCER_CONFIG_SCHEMA = configSchema("producer", "Producer settings by Kafka's names, in Kafka's units.");
export const CONSUMER_CONFIG_SCHEMA = configSchema("consumer", "Consumer settings by Kafka's names, in Kafka's units.");
export const ZOOKEEPER_CONFIG_SCHEMA = configSchema(
  "zookeeper",
  "Settings of the ZooKeeper servers by the names of zoo.cfg, in its units.",
);

/** Which kinds of config know the key. */
export function kindsThatKnow(key: string): ConfigKind[] {
  return (Object.keys(CONFIG_DEFINITIONS) as ConfigKind[]).filter((kind) => Object.hasOwn(CONFIG_DEFINITIONS[kind], key));
}

const SWITCH_WORDS: Readonly<Record<string, boolean>> = { on: true, off: false, true: true, false: false };

/** The value of a dial as written: on, off, or one of its words. */
function readDialValue(dial: DialName, written: boolean | string | number) {
  const values: readonly (boolean | string)[] = DIAL_VALUES[dial];
  const isSwitch = typeof values[0] === "boolean";
  const value = isSwitch && typeof written === "string" ? SWITCH_WORDS[written.toLowerCase()] : written;
  const found = values.find((each) => each === value);
  if (found !== undefined) return good(found);
  return bad(
    `${quote(String(written))} is not a position of the dial \`${dial}\``,
    `turn it to ${isSwitch ? "on or off" : values.join(" or ")}`,
  );
}

function dialSchema(dial: DialName) {
  const values: readonly (boolean | string)[] = DIAL_VALUES[dial];
  const words = typeof values[0] === "boolean" ? "on or off" : values.join(" or ");
  const written = z.union([z.boolean(), z.string(), z.number()], { error: () => `this must be ${words}` });
  return reading(written, `${DIAL_DOCS[dial]} ${words.charAt(0).toUpperCase()}${words.slice(1)}.`, (value) =>
    readDialValue(dial, value),
  ).optional();
}

export const DIAL_NAMES = Object.keys(DIAL_VALUES) as DialName[];

export const DIALS_SCHEMA = object(
  "dials",
  "Protocol changes to turn by hand, away from what the Kafka release has.",
  Object.fromEntries(DIAL_NAMES.map((dial) => [dial, dialSchema(dial)])) as Record<DialName, ReturnType<typeof dialSchema>>,
);
