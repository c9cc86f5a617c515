/** A topic's settings as its replicas use them: what was set on the topic, over the broker's defaults. Source: LogConfig. */
import { type Micros, ms } from "../../base/units.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { LogConfig } from "../log/log.ts";

/** Changes in place when the topic's settings do: the log reads it at every append. */
export class ReplicaConfig implements LogConfig {
  minInsyncReplicas = 1;
  maxMessageBytes = 0;
  segmentBytes = 0;
  segmentUs: Micros = 0;
  flushMessages = 0;
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
  }
}

function numberOf(topic: ReadonlyMap<string, string>, key: string): number | undefined {
  const text = topic.get(key);
  return text === undefined ? undefined : Number(text);
}
