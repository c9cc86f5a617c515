/** Client configuration: what producers and consumers share, and what each adds. Source: ProducerConfig, ConsumerConfig. */
import type { ConfigDefinitions, ConfigValues } from "./definition.ts";

const COMMON_CLIENT_CONFIG = {
  "request.timeout.ms": {
    type: "int",
    default: 30_000,
    min: 1,
    doc: "How long a request waits for its answer; then the connection is closed.",
  },
  "retry.backoff.ms": { type: "int", default: 100, min: 0, doc: "First rest before a request is made again." },
  "retry.backoff.max.ms": { type: "int", default: 1_000, min: 0, doc: "Longest rest before a request is made again." },
  "reconnect.backoff.ms": { type: "int", default: 50, min: 0, doc: "First rest before connecting again." },
  "reconnect.backoff.max.ms": { type: "int", default: 1_000, min: 0, doc: "Longest rest before connecting again." },
  "socket.connection.setup.timeout.ms": { type: "int", default: 10_000, min: 1, doc: "How long a handshake may take." },
  "metadata.max.age.ms": { type: "int", default: 300_000, min: 1, doc: "Age at which metadata is asked for again." },
} as const satisfies ConfigDefinitions;

export const PRODUCER_CONFIG = {
  ...COMMON_CLIENT_CONFIG,
  acks: {
    type: "string",
    default: "all",
    values: ["all", "-1", "0", "1"],
    doc: "Who must have a record before it is acknowledged.",
  },
  "batch.size": { type: "int", default: 16_384, min: 0, doc: "Bytes at which a batch is full." },
  "linger.ms": { type: "int", default: 5, min: 0, doc: "How long a batch waits for company." },
  "buffer.memory": { type: "int", default: 33_554_432, min: 0, doc: "Bytes that may wait to be sent." },
  "max.block.ms": { type: "int", default: 60_000, min: 0, doc: "How long send() waits for metadata or buffer space." },
  "max.request.size": { type: "int", default: 1_048_576, min: 0, doc: "Largest request, in bytes." },
  "max.in.flight.requests.per.connection": { type: "int", default: 5, min: 1, doc: "Unanswered requests per broker." },
  "delivery.timeout.ms": { type: "int", default: 120_000, min: 0, doc: "When a record not yet acknowledged is given up." },
  retries: { type: "int", default: 2_147_483_647, min: 0, doc: "How often a failed request is made again." },
  "enable.idempotence": {
    type: "boolean",
    default: false,
    doc: "Not modelled yet: the producer behaves as with false, so a retry may duplicate or reorder.",
  },
  "partitioner.class": {
    type: "string",
    default: "default",
    values: ["default", "RoundRobinPartitioner", "UniformStickyPartitioner"],
    doc: "How records without an explicit partition find theirs.",
  },
  "partitioner.ignore.keys": { type: "boolean", default: false, doc: "Whether keys are left out of the choice." },
  "partitioner.adaptive.partitioning.enable": { type: "boolean", default: true, doc: "Whether short queues are preferred." },
} as const satisfies ConfigDefinitions;

export type ProducerConfig = ConfigValues<typeof PRODUCER_CONFIG>;

export const CONSUMER_CONFIG = {
  ...COMMON_CLIENT_CONFIG,
  "auto.offset.reset": {
    type: "string",
    default: "latest",
    values: ["latest", "earliest", "none"],
    doc: "Where to begin without a valid position.",
  },
  "fetch.min.bytes": { type: "int", default: 1, min: 0, doc: "Bytes that end a fetch's wait." },
  "fetch.max.wait.ms": { type: "int", default: 500, min: 0, doc: "How long a broker may keep a fetch waiting." },
  "fetch.max.bytes": { type: "int", default: 52_428_800, min: 0, doc: "Bytes per response." },
  "max.partition.fetch.bytes": { type: "int", default: 1_048_576, min: 0, doc: "Bytes per partition and response." },
  "max.poll.records": { type: "int", default: 500, min: 1, doc: "Most records that one poll() returns." },
  "max.poll.interval.ms": {
    type: "int",
    default: 300_000,
    min: 1,
    doc: "Longest time between two calls of poll(); then the member leaves its group. Also how long a rebalance waits for it.",
  },
  "group.protocol": {
    type: "string",
    default: "classic",
    values: ["classic", "consumer"],
    doc: "How the members of a group divide the work: by the classic protocol, or by that of KIP-848.",
  },
  "group.remote.assignor": {
    type: "string",
    default: "uniform",
    values: ["uniform", "range"],
    doc: "Who assigns with group.protocol=consumer.",
  },
  "partition.assignment.strategy": {
    type: "string",
    default: "range,cooperative-sticky",
    doc: "Assignors with group.protocol=classic, the most wanted first: range, roundrobin, sticky, cooperative-sticky.",
  },
  "session.timeout.ms": {
    type: "int",
    default: 45_000,
    min: 1,
    doc: "Silence after which the coordinator removes a member of a classic group.",
  },
  "heartbeat.interval.ms": {
    type: "int",
    default: 3_000,
    min: 1,
    doc: "How often a member of a classic group says that it lives.",
  },
  "enable.auto.commit": { type: "boolean", default: true, doc: "Whether poll() commits by itself what it has returned before." },
  "auto.commit.interval.ms": { type: "int", default: 5_000, min: 0, doc: "How often it does." },
  "client.rack": { type: "string", default: "", doc: "Where the consumer is: it then reads from the nearest replica (KIP-392)." },
  "default.api.timeout.ms": {
    type: "int",
    default: 60_000,
    min: 0,
    doc: "How long a call that waits (commitSync) is tried.",
  },
} as const satisfies ConfigDefinitions;

export type ConsumerConfig = ConfigValues<typeof CONSUMER_CONFIG>;

export const ADMIN_CONFIG = {
  ...COMMON_CLIENT_CONFIG,
  "default.api.timeout.ms": {
    type: "int",
    default: 60_000,
    min: 0,
    doc: "How long a request is made again before it is given up.",
  },
} as const satisfies ConfigDefinitions;

export type AdminConfig = ConfigValues<typeof ADMIN_CONFIG>;
