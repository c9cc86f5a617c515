/**
 * Where consumers read on, in a group or without: PositionMonotonic, NoPollSkip. And where producers' records go: ProducerOrder.
 *
 * PositionMonotonic. A consumer's poll goes on where the last one ended, and not before (Jepsen: nonmonotonic-poll); and a
 * reset takes it back only if its position was really not in the log any more.
 * NoPollSkip. A poll does not begin behind committed records that the last one has not returned, nor leave any out in between
 * (Jepsen: poll-skip, int-poll-skip). A log that was cut and has grown past a position since counts, too, where the consumer knows
 * the epoch of its position: right after a reset it doesn't (KIP-320).
 * ProducerOrder. Of two acknowledged requests of one producer to a partition the later one is behind the other in the log (Jepsen:
 * nonmonotonic-send).
 *
 * Legal: a rebalance, a seek and a reset move a consumer where they like; retention and compaction remove records. A producer that
 * has several requests on their way, without idempotence, may overtake itself when it tries one again: it is not judged. An
 * acknowledgement with acks=1 or 0 says nothing about where the record stays.
 */
import type { ConsumerPositionReset, ProduceAcknowledged, RecordsRead } from "../../kafka/events.ts";
import type { Offset } from "../../kafka/ids.ts";
import type { RecordBatch } from "../../kafka/records.ts";
import type { Ghost } from "../ghost/ghost.ts";
import type { GhostPartition } from "../ghost/ghost-partition.ts";
import type { Fact, Invariant, Reporter } from "../invariant.ts";
import type { Observation } from "../observation.ts";

export class PositionMonotonic implements Invariant {
  readonly name = "PositionMonotonic";
  readonly promise = "A consumer's position goes back only by a seek, a rebalance, or because the log has lost it.";
  readonly source = "KIP-232, KIP-320; Jepsen nonmonotonic-poll";
  readonly watches = ["RecordsRead", "ConsumerPositionReset"] as const;

  observe({ event }: Observation, { partition, readers }: Ghost, reporter: Reporter): void {
    if (partition === undefined || readers.expected < 0) return;
    if (event.kind === "RecordsRead") {
      if (event.position < readers.expected) this.report(event.client, partition, event.position, readers, reporter);
    } else if (
      event.kind === "ConsumerPositionReset" &&
      event.to < readers.expected &&
      !isGone(event, partition, readers.expected)
    ) {
      this.report(event.client, partition, event.to, readers, reporter);
    }
  }

  private report(client: string, partition: GhostPartition, to: Offset, readers: Ghost["readers"], reporter: Reporter): void {
    const { name } = partition;
    const subject = `${client}/${name}`;
    if (!reporter.isNew(this, subject)) return;
    reporter.report(this, {
      subject,
      partition: name,
      message: `${name}: ${client} went back from offset ${readers.expected} to ${to}, although the log had that offset all the time`,
      facts: [wasAt(client, partition, readers), reporter.now(`${name}: ${client} goes on at offset ${to}`)],
    });
  }
}

/** Whether the position was not in the log any more, or was another record's. */
function isGone({ reason }: ConsumerPositionReset, partition: GhostPartition, position: Offset): boolean {
  if (reason === "initial" || position < partition.legalStart || position > partition.committed.end) return true;
  return partition.losses.some(({ from }) => from < position);
}

export class NoPollSkip implements Invariant {
  readonly name = "NoPollSkip";
  readonly promise = "A consumer's poll leaves out no committed record between its position and what it returns.";
  readonly source = "Jepsen poll-skip, int-poll-skip; KIP-320";
  readonly watches = ["RecordsRead"] as const;

  observe({ event }: Observation, { partition, readers }: Ghost, reporter: Reporter): void {
    if (event.kind !== "RecordsRead" || partition === undefined) return;
    const { expected } = readers;
    if (expected >= 0) {
      if (event.position > expected) this.judge(event, partition, { from: expected, to: event.position }, readers, reporter);
      if (readers.couldNotice && readers.lossesSeen < partition.losses.length) this.judgeCut(event, partition, readers, reporter);
    }
    let next = event.position;
    for (let i = 0; i < event.batches.length; i++) {
      const batch = event.batches[i] as RecordBatch;
      if (batch.baseOffset > next) this.judge(event, partition, { from: next, to: batch.baseOffset }, readers, reporter);
      next = batch.nextOffset;
    }
  }

  /** The log was cut below the position, has grown past it since, and the consumer has not noticed. */
  private judgeCut(event: RecordsRead, partition: GhostPartition, readers: Ghost["readers"], reporter: Reporter): void {
    let from = event.position;
    for (let i = readers.lossesSeen; i < partition.losses.length; i++) from = Math.min(from, partition.losses[i]?.from ?? from);
    const first = event.batches[0];
    const newest = partition.losses[partition.losses.length - 1];
    if (from === event.position || first === undefined || newest === undefined) return;
    if (first.partitionLeaderEpoch < newest.leaderEpoch) return;
    this.judge(event, partition, { from, to: event.position }, readers, reporter);
  }

  private judge(
    event: RecordsRead,
    partition: GhostPartition,
    gap: { readonly from: Offset; readonly to: Offset },
    readers: Ghost["readers"],
    reporter: Reporter,
  ): void {
    const left = partition.firstRecordIn(gap.from, gap.to);
    const { name, committed } = partition;
    const subject = `${event.client}/${name}`;
    if (left < 0 || !reporter.isNew(this, subject)) return;
    const index = committed.indexOf(left);
    reporter.report(this, {
      subject,
      partition: name,
      message: `${name}: ${event.client} read on at offset ${gap.to} and left out the record at offset ${left}`,
      facts: [
        {
          step: committed.stepOf(index),
          timeUs: committed.timeOf(index),
          text: `${name}: the record at offset ${left} was committed`,
        },
        readers.expected < 0 ? reporter.now(`${event.client} polled`) : wasAt(event.client, partition, readers),
        reporter.now(`${name}: ${event.client} read on at offset ${gap.to}`),
      ],
    });
  }
}

function wasAt(client: string, { name }: GhostPartition, { expected, expectedStep, expectedTime }: Ghost["readers"]): Fact {
  return { step: expectedStep, timeUs: expectedTime, text: `${name}: ${client} was at offset ${expected}` };
}

interface Sent {
  sequence: number;
  offset: Offset;
  step: number;
  timeUs: number;
}

export class ProducerOrder implements Invariant {
  readonly name = "ProducerOrder";
  readonly promise =
    "Records of one producer are in each partition in the order in which it sent them, if no retry can overtake.";
  readonly source = "max.in.flight.requests.per.connection in Kafka's documentation; Jepsen nonmonotonic-send";
  readonly watches = ["ProduceAcknowledged"] as const;
  private readonly last = new Map<string, Map<GhostPartition, Sent>>();

  observe({ event, step, timeUs }: Observation, { partition, options }: Ghost, reporter: Reporter): void {
    if (event.kind !== "ProduceAcknowledged" || event.acks !== -1 || partition === undefined) return;
    if (!options.orderedProducers.includes(event.client)) return;
    const first = event.records[0];
    if (first === undefined) return;
    const { sequence } = first.origin;
    const offset = event.baseOffset;
    const last = this.lastOf(event.client, partition);
    if (last.offset >= 0 && !isCut(partition, last.offset) && sequence > last.sequence !== offset > last.offset) {
      this.report(event, partition, last, reporter);
    }
    last.sequence = sequence;
    last.offset = offset;
    last.step = step;
    last.timeUs = timeUs;
  }

  private lastOf(client: string, partition: GhostPartition): Sent {
    let partitions = this.last.get(client);
    if (partitions === undefined) {
      partitions = new Map();
      this.last.set(client, partitions);
    }
    let sent = partitions.get(partition);
    if (sent === undefined) {
      sent = { sequence: 0, offset: -1, step: 0, timeUs: 0 };
      partitions.set(partition, sent);
    }
    return sent;
  }

  private report(event: ProduceAcknowledged, partition: GhostPartition, last: Sent, reporter: Reporter): void {
    const { name } = partition;
    const subject = `${event.client}/${name}`;
    if (!reporter.isNew(this, subject)) return;
    const sequence = event.records[0]?.origin.sequence;
    reporter.report(this, {
      subject,
      partition: name,
      message: `${name}: record ${sequence} of ${event.client} is at offset ${event.baseOffset}, its record ${last.sequence} at offset ${last.offset}`,
      facts: [
        {
          step: last.step,
          timeUs: last.timeUs,
          text: `${name}: record ${last.sequence} of ${event.client} was acknowledged at offset ${last.offset}`,
        },
        reporter.now(`${name}: record ${sequence} of ${event.client} was acknowledged at offset ${event.baseOffset}`),
      ],
    });
  }
}

/** The log was cut at or below `offset`: what was there is there no more. */
function isCut({ losses }: GhostPartition, offset: Offset): boolean {
  return losses.some(({ from }) => from <= offset);
}
