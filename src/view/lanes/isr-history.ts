/** Since when a broker has been out of the ISR. The tape of a branch is read once for each partition that somebody looks at. */
import type { Micros } from "../../base/units.ts";
import type { KafkaEvent } from "../../kafka/events.ts";
import { type BrokerId, partitionName, type TopicPartition } from "../../kafka/ids.ts";
import type { Tape } from "../../walk/tape.ts";

interface IsrChange {
  readonly step: number;
  readonly isr: readonly BrokerId[];
}

interface Reading {
  /** So many events of the tape have been read. */
  readTo: number;
  readonly changes: IsrChange[];
}

const readings = new WeakMap<Tape, Map<string, Reading>>();

/** When it left, or was never in; undefined if it is in the ISR after `step`, or nobody knows. */
export function outOfIsrSince(tape: Tape, on: TopicPartition, broker: BrokerId, step: number): Micros | undefined {
  const changes = changesOf(tape, on);
  let [low, high] = [0, changes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((changes[middle] as IsrChange).step <= step) low = middle + 1;
    else high = middle;
  }
  let first: IsrChange | undefined;
  for (let i = low - 1; i >= 0; i--) {
    const change = changes[i] as IsrChange;
    if (change.isr.includes(broker)) break;
    first = change;
  }
  return first && tape.timeOf(first.step);
}

function changesOf(tape: Tape, { topic, partition }: TopicPartition): readonly IsrChange[] {
  let ofTape = readings.get(tape);
  if (ofTape === undefined) {
    ofTape = new Map();
    readings.set(tape, ofTape);
  }
  const name = partitionName(topic, partition);
  let reading = ofTape.get(name);
  if (reading === undefined) {
    reading = { readTo: 0, changes: [] };
    ofTape.set(name, reading);
  }
  const { events } = tape;
  for (; reading.readTo < events.length; reading.readTo++) {
    const { step, event } = events[reading.readTo] as (typeof events)[number];
    const known = event as KafkaEvent;
    if (known.kind !== "PartitionChanged" || known.topic !== topic || known.partition !== partition) continue;
    reading.changes.push({ step, isr: known.isr });
  }
  return reading.changes;
}
