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
} as const satisfies ConfigDefinitions;
