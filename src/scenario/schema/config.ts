/** Kafka's settings and the simulator's dials, as far as a scenario may set them. */
import { z } from "zod";
import { BROKER_CONFIG } from "../../kafka/config/broker-config.ts";
import { CONSUMER_CONFIG, PRODUCER_CONFIG } from "../../kafka/config/client-config.ts";
import type { ConfigDefinition, ConfigDefinitions } from "../../kafka/config/definition.ts";
import { TOPIC_CONFIG } from "../../kafka/config/topic-config.ts";
import { DIAL_DOCS, DIAL_VALUES, type DialName } from "../../kafka/dials.ts";
import { ZOOKEEPER_CONFIG } from "../../kafka/zookeeper/config.ts";
import { bad, good, quote, readWord } from "../quantities.ts";
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
  ..."retention.ms retention.bytes cleanup.policy delete.retention.ms min.compaction.lag.ms max.compaction.lag.ms".split(" "),
  ..."min.cleanable.dirty.ratio file.delete.delay.ms compression.type flush.ms index.interval.bytes segment.jitter.ms".split(" "),
  ..."message.timestamp.type message.timestamp.before.max.ms message.timestamp.after.max.ms remote.storage.enable".split(" "),
  ..."local.retention.ms preallocate".split(" "),
  ..."log.retention.ms log.retention.hours log.retention.bytes log.cleaner.enable log.cleanup.policy log.dirs".split(" "),
  ..."log.flush.interval.ms log.flush.scheduler.interval.ms num.io.threads num.network.threads num.replica.fetchers".split(" "),
  ..."auto.create.topics.enable replica.selector.class offsets.topic.replication.factor offsets.topic.num.partitions".split(" "),
  ..."transaction.state.log.replication.factor transaction.state.log.min.isr group.initial.rebalance.delay.ms".split(" "),
  ..."zookeeper.connect zookeeper.connection.timeout.ms zookeeper.set.acl zookeeper.metadata.migration.enable".split(" "),
  ..."queued.max.requests control.plane.listener.name".split(" "),
  ..."inter.broker.protocol.version replica.socket.receive.buffer.bytes connections.max.idle.ms".split(" "),
  ..."transactional.id transaction.timeout.ms interceptor.classes key.serializer value.serializer metadata.max.idle.ms".split(
    " ",
  ),
  ..."group.id group.instance.id group.protocol session.timeout.ms heartbeat.interval.ms max.poll.records".split(" "),
  ..."max.poll.interval.ms enable.auto.commit auto.commit.interval.ms isolation.level partition.assignment.strategy".split(" "),
  ..."client.rack check.crcs allow.auto.create.topics bootstrap.servers client.id default.api.timeout.ms".split(" "),
  ..."security.protocol sasl.mechanism quota.producer.default quota.consumer.default".split(" "),
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
      return reading(z.union([z.string(), z.number()], { error: () => "this must be a word" }), description, (written) =>
        values === undefined ? good(String(written)) : readWord(String(written), values, `a value of \`${key}\``),
      );
    }
  }
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
