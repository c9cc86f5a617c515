/**
 * NoAckedLoss and NoCommittedRecordLostGlobally: what was acknowledged stays.
 *
 * NoAckedLoss. For every record that a client was told is written, with acks=all, by a leader whose ISR was at least
 * min.insync.replicas at that moment: it is in the log of every later legitimate leader, at its offset. Judged when the
 * leader of the newest epoch takes office, when another record becomes committed at its offset, and at the end: against
 * the committed leader's log, or, if nobody leads, against what any replica that could still be elected has.
 *
 * NoCommittedRecordLostGlobally. Every such record is in the log of some replica, running or not.
 *
 * Legal, and counted as legally lost instead:
 *   - records acknowledged with acks=1 or acks=0, or below min.insync.replicas;
 *   - when as many replicas as min.insync.replicas, and at least two, have lost committed records from their disks: Kafka
 *     acknowledges from the page cache, and promises no more. (With min.insync.replicas=1 the loss of the one disk that
 *     mattered does break NoAckedLoss, as the catalogue has it; NoCommittedRecordLostGlobally is then not judged.)
 * An unclean election that discards acknowledged records breaks NoAckedLoss, although it was configured.
 * A replica without power may still have everything: it is given the benefit of the doubt.
 */
import type { RecordBatch } from "../../kafka/records.ts";
import { holds, settleAcks } from "../ghost/client-events.ts";
import type { Ghost } from "../ghost/ghost.ts";
import type { GhostPartition, Loss } from "../ghost/ghost-partition.ts";
import { electableAtEnd } from "../ghost/survivors.ts";
import type { Invariant, Reporter } from "../invariant.ts";

export class NoAckedLoss implements Invariant {
  readonly name = "NoAckedLoss";
  readonly promise = "A record acknowledged with acks=all, while the ISR was at least min.insync.replicas, is never lost.";
  readonly source = "KIP-966, LeaderCompletenessProperty; Jepsen lost-write";
  readonly watches = [] as const;

  checkPartition(partition: GhostPartition, ghost: Ghost, reporter: Reporter): void {
    if (partition.freshLoss !== undefined) this.judgeLoss(partition, partition.freshLoss, reporter);
    if (partition.unconfirmed.length > 0) this.judgeUnconfirmed(partition, ghost, reporter);
  }

  private judgeLoss(partition: GhostPartition, loss: Loss, reporter: Reporter): void {
    if (loss.excused || loss.ackedOffset < 0) return;
    const { name } = partition;
    const leader = `broker ${loss.leader} took office for ${name} in epoch ${loss.leaderEpoch} with a log that ends at ${loss.from}`;
    reporter.report(this, {
      subject: `${name}@${loss.leaderEpoch}`,
      partition: name,
      message: `${name}: ${count(loss.ackedRecords)} from offset ${loss.ackedOffset} on ${were(loss.ackedRecords)} lost: ${how(loss)}`,
      facts: [
        {
          step: loss.ackedStep,
          timeUs: loss.ackedTime,
          text: `${name}: offset ${loss.ackedOffset} was acknowledged with acks=all`,
        },
        reporter.now(leader),
      ],
    });
  }

  private judgeUnconfirmed(partition: GhostPartition, ghost: Ghost, reporter: Reporter): void {
    const refuted = settleAcks(ghost, partition);
    if (refuted === undefined) return;
    const { name, committed } = partition;
    const index = committed.indexOf(refuted.offset);
    reporter.report(this, {
      // One for all that this leader's epoch has overwritten, and the same one if its taking office was reported.
      subject: `${name}@${partition.state?.leaderEpoch}`,
      partition: name,
      message: `${name}: ${count(refuted.records.length)} acknowledged at offset ${refuted.offset} are not what is committed there`,
      facts: [
        { step: refuted.step, timeUs: refuted.timeUs, text: `${name}: offset ${refuted.offset} was acknowledged with acks=all` },
        {
          step: committed.stepOf(index),
          timeUs: committed.timeOf(index),
          text: `${name}: another record was committed at offset ${refuted.offset}`,
        },
      ],
    });
  }

  atEnd(ghost: Ghost, reporter: Reporter): void {
    for (const partition of ghost.partitions) this.judgeEnd(partition, reporter);
  }

  private judgeEnd(partition: GhostPartition, reporter: Reporter): void {
    const survivors = electableAtEnd(partition);
    if (survivors === undefined) return;
    const { name, committed } = partition;
    let agreed = 0;
    for (const replica of survivors) agreed = Math.max(agreed, replica.log.agreed);
    const who = survivors.map((replica) => replica.broker.id).join(", ");
    const atEnd = reporter.now(`${name}: the run ended, and no log that may serve it (broker ${who}) has that record`);
    for (let i = agreed; i < committed.batches.length; i++) {
      const batch = committed.batches.at(i) as RecordBatch;
      if (partition.ackStep.at(i) === 0) continue;
      if (partition.lossExcused(batch.baseOffset)) break;
      reporter.report(this, {
        subject: `${name}@end`,
        partition: name,
        message: `${name}: records from offset ${batch.baseOffset} on were acknowledged and are in no log that may serve them`,
        facts: [
          {
            step: partition.ackStep.at(i),
            timeUs: partition.ackTime.at(i),
            text: `${name}: offset ${batch.baseOffset} was acknowledged with acks=all`,
          },
          atEnd,
        ],
      });
      break;
    }
    for (const ack of partition.unconfirmed) {
      const held = survivors.some((replica) => {
        const batch = replica.log.batchAt(ack.offset);
        return batch !== undefined && holds(batch, ack.offset, ack.records);
      });
      if (held || partition.lossExcused(ack.offset)) continue;
      reporter.report(this, {
        subject: `${name}@end`,
        partition: name,
        message: `${name}: offset ${ack.offset} was acknowledged and is in no log that may serve it`,
        facts: [
          { step: ack.step, timeUs: ack.timeUs, text: `${name}: offset ${ack.offset} was acknowledged with acks=all` },
          atEnd,
        ],
      });
    }
  }
}

export class NoCommittedRecordLostGlobally implements Invariant {
  readonly name = "NoCommittedRecordLostGlobally";
  readonly promise = "Every record acknowledged with acks=all is in the log of at least one replica, running or not.";
  readonly source = "KIP-966 specification (Vanlightly)";
  readonly watches = [] as const;

  checkPartition(partition: GhostPartition, _ghost: Ghost, reporter: Reporter): void {
    if (partition.losses.length > 0) this.checkLosses(partition, reporter);
    const { ackedTo, name, committed } = partition;
    if (ackedTo === 0) return;
    let most = 0;
    for (const replica of partition.replicas) {
      if (!replica.known) return;
      if (replica.log.agreedTo > most) most = replica.log.agreedTo;
    }
    if (most >= ackedTo || partition.diskLosers(most) >= partition.minIsr || !reporter.isNew(this, name)) return;
    let index = committed.indexOf(most);
    while (index < committed.batches.length - 1 && partition.ackStep.at(index) === 0) index++;
    const offset = committed.batches.at(index)?.baseOffset ?? most;
    this.report(partition, name, offset, partition.ackStep.at(index), partition.ackTime.at(index), reporter);
  }

  private checkLosses(partition: GhostPartition, reporter: Reporter): void {
    for (const loss of partition.losses) {
      const first = loss.acked[0];
      if (first === undefined || loss.diskLosers >= partition.minIsr) continue;
      const held = partition.replicas.some((replica) => !replica.known || replica.log.batchAt(first.baseOffset)?.sameAs(first));
      if (held) continue;
      this.report(partition, `${partition.name}@${loss.leaderEpoch}`, first.baseOffset, loss.ackedStep, loss.ackedTime, reporter);
    }
  }

  private report(
    partition: GhostPartition,
    subject: string,
    offset: number,
    step: number,
    timeUs: number,
    reporter: Reporter,
  ): void {
    const { name } = partition;
    reporter.report(this, {
      subject,
      partition: name,
      message: `${name}: offset ${offset} was acknowledged, and no replica has it any more`,
      facts: [
        { step, timeUs, text: `${name}: offset ${offset} was acknowledged with acks=all` },
        reporter.now(`${name}: the last replica that had offset ${offset} lost it`),
      ],
    });
  }
}

function count(records: number): string {
  return records === 1 ? "1 acknowledged record" : `${records} acknowledged records`;
}

function were(records: number): string {
  return records === 1 ? "was" : "were";
}

function how(loss: Loss): string {
  const manner = loss.unclean ? "was elected uncleanly and " : "";
  return `broker ${loss.leader} ${manner}leads epoch ${loss.leaderEpoch} with nothing committed after offset ${loss.from}`;
}
