/**
 * ConsistentRead and NoUncommittedRead: what a consumer was given is committed, and stays.
 *
 * ConsistentRead. Every record ever handed to a consumer is the committed one at its offset, now and later.
 * NoUncommittedRead. Its offset lies below the true high watermark at that instant. (The instant is the delivery to the
 * application, later than the broker's answer, so nothing legal is caught.)
 *
 * Legal: gaps between offsets; records that retention has removed since; what an excused loss took. An unclean election
 * that discards what was read breaks ConsistentRead, although it was configured.
 */
import type { RecordsRead } from "../../kafka/events.ts";
import type { RecordBatch } from "../../kafka/records.ts";
import type { Ghost } from "../ghost/ghost.ts";
import type { GhostPartition } from "../ghost/ghost-partition.ts";
import type { Invariant, Reporter } from "../invariant.ts";
import type { Observation } from "../observation.ts";

export class ConsistentRead implements Invariant {
  readonly name = "ConsistentRead";
  readonly promise = "What a consumer has read at an offset is what stays there.";
  readonly source = "ConsistentReadProperty (Vanlightly)";
  readonly watches = ["RecordsRead"] as const;

  observe({ event }: Observation, { partition }: Ghost, reporter: Reporter): void {
    if (event.kind === "RecordsRead" && partition !== undefined) this.compare(event, partition, reporter);
  }

  checkPartition({ name, freshLoss: loss }: GhostPartition, _ghost: Ghost, reporter: Reporter): void {
    if (loss === undefined || loss.excused || loss.readOffset < 0) return;
    reporter.report(this, {
      subject: `${name}@${loss.leaderEpoch}`,
      partition: name,
      message: `${name}: offset ${loss.readOffset} was read by a consumer and is discarded`,
      facts: [
        { step: loss.readStep, timeUs: loss.readTime, text: `${name}: a consumer read offset ${loss.readOffset}` },
        reporter.now(`broker ${loss.leader} took office in epoch ${loss.leaderEpoch} with a log that ends at ${loss.from}`),
      ],
    });
  }

  private compare(event: RecordsRead, partition: GhostPartition, reporter: Reporter): void {
    const { committed, name } = partition;
    for (let i = 0; i < event.batches.length; i++) {
      const batch = event.batches[i] as RecordBatch;
      const index = committed.indexOf(batch.baseOffset);
      if (index < 0 || batch.sameAs(committed.batches.at(index) as RecordBatch)) continue;
      if (partition.losses.some((loss) => loss.excused && loss.from <= batch.baseOffset && batch.baseOffset < loss.to)) continue;
      const subject = `${name}/${batch.baseOffset}`;
      if (!reporter.isNew(this, subject)) continue;
      reporter.report(this, {
        subject,
        partition: name,
        message: `${name}: ${event.client} read at offset ${batch.baseOffset} a batch of epoch ${batch.partitionLeaderEpoch} that is not the committed one`,
        facts: [
          {
            step: committed.stepOf(index),
            timeUs: committed.timeOf(index),
            text: `${name}: another batch was committed at offset ${batch.baseOffset}`,
          },
          reporter.now(`${event.client} read offset ${batch.baseOffset} from broker ${event.from}`),
        ],
      });
    }
  }
}

export class NoUncommittedRead implements Invariant {
  readonly name = "NoUncommittedRead";
  readonly promise = "A consumer is never given a record above the true high watermark.";
  readonly source = "Kafka's consumer contract";
  readonly watches = ["RecordsRead"] as const;

  observe({ event }: Observation, ghost: Ghost, reporter: Reporter): void {
    const { partition } = ghost;
    if (event.kind !== "RecordsRead" || partition === undefined || event.batches.length === 0) return;
    const last = event.batches[event.batches.length - 1] as RecordBatch;
    const { committed, name } = partition;
    if (last.nextOffset <= partition.highestEnd || !reporter.isNew(this, name)) return;
    const newest = committed.batches.length - 1;
    reporter.report(this, {
      subject: name,
      partition: name,
      message: `${name}: ${event.client} read up to offset ${last.nextOffset}, but committed is only up to ${partition.highestEnd}`,
      facts: [
        {
          step: committed.stepOf(newest),
          timeUs: committed.timeOf(newest),
          text: `${name}: the true high watermark reached ${committed.end}`,
        },
        reporter.now(`broker ${event.from} gave ${event.client} offsets up to ${last.nextOffset}`),
      ],
    });
  }
}
