/** Condenses Kafka's domain events to 32 bits each, so that the trace hash covers what happened and not only when. */
import { markImmutable } from "../base/immutable.ts";
import type { DomainEvent } from "../sim/host.ts";
import type { EventDigest } from "../sim/trace.ts";
import type { KafkaEvent } from "./events.ts";
import { RecordBatch } from "./records.ts";

export class KafkaEventDigest implements EventDigest {
  digest(event: DomainEvent): number {
    const known = event as KafkaEvent;
    switch (known.kind) {
      // The frequent ones, by what distinguishes them.
      case "RecordsAppended":
        return mix(mix(known.broker, known.partition), mix(known.batch.baseOffset, known.batch.partitionLeaderEpoch));
      case "HighWatermarkAdvanced":
        return mix(mix(known.broker, known.partition), mix(known.to, known.leaderEpoch));
      case "ProduceSatisfied":
        return mix(mix(known.broker, known.partition), mix(known.baseOffset, known.nextOffset));
      case "RecordSent":
        return known.record.origin.sequence | 0;
      case "ProduceAcknowledged":
        return mix(mix(known.partition, known.baseOffset), mix(known.records.length, known.latencyUs));
      case "RecordsRead":
        return mix(mix(known.partition, known.position), mix(known.from, known.highWatermark));
      case "RecordsProcessed":
        return mix(
          mix(known.partition, known.baseOffset),
          mix(known.nextOffset, known.generation + (known.accepted ? 0 : 1 << 30)),
        );
      default:
        return digestOf(event);
    }
  }
}
markImmutable(KafkaEventDigest);

function mix(a: number, b: number): number {
  return Math.imul(a ^ (b >>> 0), 0x9e3779b1) ^ (b | 0) ^ (a >>> 15);
}

function digestOf(value: unknown): number {
  switch (typeof value) {
    case "number":
      return value | 0;
    case "boolean":
      return value ? 3 : 5;
    case "string":
      return digestOfText(value);
    case "object":
      return value === null ? 7 : digestOfObject(value);
    default:
      return 11;
  }
}

function digestOfText(text: string): number {
  let hash = text.length;
  for (let i = 0; i < text.length; i++) hash = mix(hash, text.charCodeAt(i));
  return hash;
}

function digestOfObject(value: object): number {
  if (value instanceof RecordBatch) return mix(mix(value.baseOffset, value.partitionLeaderEpoch), value.records.length);
  let hash = 17;
  // Arrays and plain objects alike: own values in the order in which they were written.
  for (const item of Object.values(value)) hash = mix(hash, digestOf(item));
  return hash;
}
