/**
 * What became of the clients' records: the four numbers, never mixed up.
 *
 * Lost and duplicated are counted against the log that speaks for each partition now: the committed leader's, or, if
 * nobody leads, those of the replicas that could still be elected. Where nothing can be said, because one of those has no
 * power, the committed log stands in. One pass over the logs: for the end of a run, not for every step.
 */
import type { Micros } from "../base/units.ts";
import type { RecordBatch } from "../kafka/records.ts";
import type { NodeName } from "../sim/host.ts";
import type { Ghost } from "./ghost/ghost.ts";
import { OUTCOME } from "./ghost/ghost-clients.ts";
import type { GhostPartition } from "./ghost/ghost-partition.ts";
import { SequenceVector } from "./ghost/sequence-vector.ts";
import { electableAtEnd } from "./ghost/survivors.ts";

export interface RecordNumbers {
  /** Told to the application as written. */
  readonly acknowledged: number;
  /** Acknowledged, then lost, against the promise. */
  readonly lost: number;
  /** Acknowledged, then lost, where the configuration, or the number of disks that lost data, leaves no promise. */
  readonly legallyLost: number;
  /** Extra copies in the log. */
  readonly duplicated: number;
  /** The application was told that they failed. They may be in the log nevertheless. */
  readonly failed: number;
  /** Acknowledged, but later than the bound (one second by default) after they were sent. */
  readonly delayed: number;
  /** The longest time from send to acknowledgement. */
  readonly longestDelayUs: Micros;
}

export function fourNumbers(ghost: Ghost): RecordNumbers {
  const copies = countCopies(ghost);
  let acknowledged = 0;
  let lost = 0;
  let legallyLost = 0;
  let duplicated = 0;
  let failed = 0;
  let delayed = 0;
  let longestDelayUs = 0;
  for (const client of ghost.clients.values()) {
    acknowledged += client.acknowledged;
    failed += client.failed;
    delayed += client.delayed;
    longestDelayUs = Math.max(longestDelayUs, client.longestDelay);
    const found = copies.get(client.name);
    for (const sequence of client.outcome.sequences()) {
      if (found !== undefined && found.at(sequence) > 0) continue;
      const outcome = client.outcome.at(sequence);
      if (outcome === OUTCOME.acknowledged) lost++;
      else if (outcome === OUTCOME.acknowledgedWeakly) legallyLost++;
    }
  }
  for (const found of copies.values()) {
    for (const sequence of found.sequences()) duplicated += Math.max(0, found.at(sequence) - 1);
  }
  return { acknowledged, lost, legallyLost, duplicated, failed, delayed, longestDelayUs };
}

/** How often each client's record, by its sequence, is in the log that speaks for its partition. */
function countCopies(ghost: Ghost): Map<NodeName, SequenceVector> {
  const copies = new Map<NodeName, SequenceVector>();
  for (const partition of ghost.partitions) {
    for (const batch of batchesThatCount(partition)) {
      for (const { origin } of batch.records) {
        let ofClient = copies.get(origin.client);
        if (ofClient === undefined) {
          ofClient = new SequenceVector();
          copies.set(origin.client, ofClient);
        }
        ofClient.set(origin.sequence, ofClient.at(origin.sequence) + 1);
      }
    }
  }
  return copies;
}

function batchesThatCount(partition: GhostPartition): Iterable<RecordBatch> {
  const survivors = electableAtEnd(partition);
  if (survivors === undefined) return partition.committed.batches.slice();
  let agreed = 0;
  for (const replica of survivors) agreed = Math.max(agreed, replica.log.agreed);
  const batches = new Set(partition.committed.batches.slice(0, agreed));
  const first = survivors[0];
  if (survivors.length === 1 && first !== undefined) for (const batch of first.log.ownTail()) batches.add(batch);
  else addTails(batches, survivors);
  return batches;
}

/** Where several may still be elected, a record counts as kept if any of them has it, once. */
function addTails(batches: Set<RecordBatch>, survivors: readonly { readonly log: { ownTail(): RecordBatch[] } }[]): void {
  const payloads = new Set([...batches].map((batch) => batch.records));
  for (const replica of survivors) {
    for (const batch of replica.log.ownTail()) {
      if (payloads.has(batch.records)) continue;
      payloads.add(batch.records);
      batches.add(batch);
    }
  }
}
