/** A topic's settings as its replicas use them: what was set on the topic, over the broker's defaults. Source: LogConfig. */
import { type Micros, ms } from "../../base/units.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { LogConfig } from "../log/log-options.ts";
import type { RetentionPolicy } from "../log/retention.ts";

/** Changes in place when the topic's settings do: the log reads it at every append. */
export class ReplicaConfig implements LogConfig, RetentionPolicy {
  minInsyncReplicas = 1;
  maxMessageBytes = 0;
  segmentBytes = 0;
  segmentUs: Micros = 0;
  flushMessages = 0;
  deletes = true;
  compacts = false;
  retentionMs = 0;
  retentionBytes = 0;
  minCleanableDirtyRatio = 0;
  deleteRetentionMs = 0;
  private readonly broker: BrokerConfig;
  private source: ReadonlyMap<string, string> | undefined = undefined;

  constructor(broker: BrokerConfig) {
    this.broker = broker;
    this.update(new Map());
  }

  /** `topic` is what was set, as text. Cheap when it is the same map as before. */
  update(topic: ReadonlyMap<string, string>): void {
    if (topic === this.source) return;
    this.source = topic;
    const { broker } = this;
    this.minInsyncReplicas = numberOf(topic, "min.insync.replicas") ?? broker["min.insync.replicas"];
    this.maxMessageBytes = numberOf(topic, "max.message.bytes") ?? broker["message.max.bytes"];
    this.segmentBytes = numberOf(topic, "segment.bytes") ?? broker["log.segment.bytes"];
    this.segmentUs = ms(numberOf(topic, "segment.ms") ?? broker["log.roll.ms"]);
    this.flushMessages = numberOf(topic, "flush.messages") ?? broker["log.flush.interval.messages"];
    const policies = (topic.get("cleanup.policy") ?? broker["log.cleanup.policy"]).split(",");
    this.deletes = policies.includes("delete");
    this.compacts = policies.includes("compact");
    this.retentionMs = numberOf(topic, "retention.ms") ?? broker["log.retention.ms"];
    this.retentionBytes = numberOf(topic, "retention.bytes") ?? broker["log.retention.bytes"];
    this.minCleanableDirtyRatio =
      numberOf(topic, "min.cleanable.dirty.ratio") ?? Number(broker["log.cleaner.min.cleanable.ratio"]);
    this.deleteRetentionMs = numberOf(topic, "delete.retention.ms") ?? broker["log.cleaner.delete.retention.ms"];
  }
}

function numberOf(topic: ReadonlyMap<string, string>, key: string): number | undefined {
  const text = topic.get(key);
  return text === undefined ? undefined : Number(text);
}
