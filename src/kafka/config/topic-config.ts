/** Topic configuration. A topic's value wins over its broker's. Source: TopicConfig, LogConfig. */
import type { ConfigDefinitions } from "./definition.ts";

export const TOPIC_CONFIG = {
  "min.insync.replicas": { type: "int", default: 1, min: 1, doc: "Smallest ISR with which an acks=all write is accepted." },
  "unclean.leader.election.enable": {
    type: "boolean",
    default: false,
    doc: "Whether a replica outside the ISR may be elected when nobody in it is left, at the price of records.",
  },
  "max.message.bytes": { type: "int", default: 1_048_588, min: 0, doc: "Largest record batch, in bytes." },
  "segment.bytes": {
    type: "int",
    default: 1_073_741_824,
    min: 1_024,
    doc: "Size at which a new log segment is begun, in bytes.",
  },
  "segment.ms": { type: "int", default: 604_800_000, min: 1, doc: "Age at which a new log segment is begun, in milliseconds." },
  "flush.messages": {
    type: "int",
    default: Number.MAX_SAFE_INTEGER,
    min: 1,
    doc: "Records after which the log is forced to disk. By default the operating system decides.",
  },
  "retention.ms": {
    type: "int",
    default: 604_800_000,
    min: -1,
    doc: "Age at which a segment is deleted, by its newest record; -1 never.",
  },
  "retention.bytes": {
    type: "int",
    default: -1,
    min: -1,
    doc: "Size of a log beyond which its oldest segments are deleted; -1 any.",
  },
  "cleanup.policy": {
    type: "string",
    default: "delete",
    values: ["delete", "compact", "compact,delete", "delete,compact"],
    doc: "What becomes of old records: deleted with their segment, or compacted to the newest of each key.",
  },
  "min.cleanable.dirty.ratio": {
    type: "string",
    default: "0.5",
    doc: "Share of a log that is not compacted yet from which on the cleaner takes it up.",
  },
  "delete.retention.ms": {
    type: "int",
    default: 86_400_000,
    min: 0,
    doc: "How long a tombstone is kept after it has been compacted.",
  },
} as const satisfies ConfigDefinitions;
