/** How what clients send, are told and read changes the ghost. */
import type { KafkaEvent, ProduceAcknowledged, ProduceSatisfied, RecordsRead } from "../../kafka/events.ts";
import type { KafkaRecord, RecordBatch } from "../../kafka/records.ts";
import type { Observation } from "../observation.ts";
import type { Ghost } from "./ghost.ts";
import { GhostClient, OUTCOME } from "./ghost-clients.ts";
import type { GhostPartition, Loss, UnconfirmedAck } from "./ghost-partition.ts";

type ClientEvent = Extract<
  KafkaEvent,
  { kind: "RecordSent" | "ProduceAcknowledged" | "ProduceFailed" | "ProduceSatisfied" | "RecordsRead" }
>;

export function applyClientEvent(ghost: Ghost, event: ClientEvent, o: Observation): void {
  switch (event.kind) {
    case "RecordSent":
      clientOf(ghost, event.client).onSent(event, o.timeUs);
      return;
    case "ProduceFailed":
      clientOf(ghost, event.client).onFailed(event, o.timeUs);
      return;
    case "ProduceAcknowledged":
      onAcknowledged(ghost, event, o);
      return;
    case "ProduceSatisfied":
      onSatisfied(ghost, event, o);
      return;
    case "RecordsRead":
      onRead(ghost, event, o);
  }
}

function clientOf(ghost: Ghost, name: string): GhostClient {
  let client = ghost.clients.get(name);
  if (client === undefined) {
    client = new GhostClient(name);
    ghost.clients.set(name, client);
  }
  return client;
}

/** Only what is out of the ordinary is kept: an acks=all success below min.insync.replicas is not under the contract. */
function onSatisfied(ghost: Ghost, event: ProduceSatisfied, o: Observation): void {
  const { partition } = ghost.replicaOf(event.topic, event.partition, event.broker, o);
  if (event.acks !== -1) return;
  if (event.isr.length < partition.minIsr) partition.weaklySatisfied.add(event.baseOffset);
  else if (partition.weaklySatisfied.size > 0) partition.weaklySatisfied.delete(event.baseOffset);
}

function onAcknowledged(ghost: Ghost, event: ProduceAcknowledged, o: Observation): void {
  const partition = ghost.partitionOf(event.topic, event.partition);
  const strong = event.acks === -1 && !partition.weaklySatisfied.has(event.baseOffset);
  clientOf(ghost, event.client).onAcknowledged(event, strong, o.timeUs, ghost.options.delayBoundUs);
  if (!strong || event.records.length === 0) return;
  const { committed } = partition;
  const index = committed.indexOf(event.baseOffset);
  const batch = index < 0 ? undefined : (committed.batches.at(index) as RecordBatch);
  if (batch !== undefined && holds(batch, event.baseOffset, event.records)) {
    if (partition.ackStep.at(index) > 0) return;
    partition.ackStep.set(index, o.step);
    partition.ackTime.set(index, o.timeUs);
    if (batch.nextOffset > partition.ackedTo) partition.ackedTo = batch.nextOffset;
    return;
  }
  partition.unconfirmed.push({ offset: event.baseOffset, records: event.records, step: o.step, timeUs: o.timeUs });
  ghost.touch(partition);
}

function onRead(ghost: Ghost, event: RecordsRead, o: Observation): void {
  const partition = ghost.partitionOf(event.topic, event.partition);
  ghost.readers.onRead(event, partition, o);
  for (let i = 0; i < event.batches.length; i++) {
    const index = partition.committed.indexOf((event.batches[i] as RecordBatch).baseOffset);
    if (index >= 0 && partition.readStep.at(index) === 0) {
      partition.readStep.set(index, o.step);
      partition.readTime.set(index, o.timeUs);
    }
  }
}

/** Whether `batch` has `records` from `offset` on. */
export function holds(batch: RecordBatch, offset: number, records: readonly KafkaRecord[]): boolean {
  if (batch.baseOffset === offset && batch.records === records) return true;
  const stored = batch.records[offset - batch.baseOffset]?.origin;
  const meant = records[0]?.origin;
  return stored !== undefined && meant !== undefined && stored.client === meant.client && stored.sequence === meant.sequence;
}

/** What an excused loss took was promised by nobody any more. */
export function forgiveLoss(ghost: Ghost, loss: Loss): void {
  for (const batch of loss.acked) forgive(ghost, batch.records);
}

/** What was in these partitions has been deleted with its topic. */
export function forgetRecords(ghost: Ghost, partitions: readonly GhostPartition[]): void {
  for (const { committed, unconfirmed } of partitions) {
    for (const { records } of [...committed.batches.slice(), ...unconfirmed]) {
      for (const { origin } of records) ghost.clients.get(origin.client)?.outcome.set(origin.sequence, OUTCOME.unknown);
    }
  }
}

/**
 * Goes over the acknowledgements that had no committed record to go with when they came. Returns the first that is refuted:
 * another record is committed at its offset.
 */
export function settleAcks(ghost: Ghost, partition: GhostPartition): UnconfirmedAck | undefined {
  const { unconfirmed, committed } = partition;
  let refuted: UnconfirmedAck | undefined;
  let kept = 0;
  for (const ack of unconfirmed) {
    const index = committed.indexOf(ack.offset);
    if (partition.losses.some((loss) => loss.excused && loss.from <= ack.offset && ack.offset < loss.to)) {
      forgive(ghost, ack.records);
    } else if (index < 0) {
      unconfirmed[kept++] = ack;
    } else if (holds(committed.batches.at(index) as RecordBatch, ack.offset, ack.records)) {
      if (partition.ackStep.at(index) === 0) {
        partition.ackStep.set(index, ack.step);
        partition.ackTime.set(index, ack.timeUs);
      }
      partition.ackedTo = Math.max(partition.ackedTo, (committed.batches.at(index) as RecordBatch).nextOffset);
    } else {
      refuted ??= ack;
    }
  }
  unconfirmed.length = kept;
  return refuted;
}

function forgive(ghost: Ghost, records: readonly KafkaRecord[]): void {
  for (const { origin } of records) ghost.clients.get(origin.client)?.outcome.set(origin.sequence, OUTCOME.acknowledgedWeakly);
}
