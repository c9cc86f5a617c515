/**
 * StrongIsr and LogMatching: committed prefixes are the same everywhere.
 *
 * LogMatching. For every replica: below its local high watermark (and the true one) its log is the committed log, value and
 * epoch. Any two replicas then agree below the smaller of their high watermarks.
 * StrongIsr. For every replica that believes it leads, and every running member of the committed ISR: below the believed
 * leader's high watermark both have the same records.
 *
 * Legal: an old leader's, or any, tail above its high watermark may differ. After a loss the high watermarks of older
 * epochs are void, and so are checkpoints from before it; the loss itself is another invariant's to report. From an
 * unclean election until its winner takes office the ISR names a replica that may lack anything.
 */
import type { RecordBatch } from "../../kafka/records.ts";
import type { Ghost } from "../ghost/ghost.ts";
import type { GhostPartition, GhostReplica } from "../ghost/ghost-partition.ts";
import type { Fact, Invariant, Reporter } from "../invariant.ts";
import { firstMissing, lastCut, membership } from "./completeness.ts";

export class LogMatching implements Invariant {
  readonly name = "LogMatching";
  readonly promise = "Below their high watermarks all replicas hold the same records, appended in the same epochs.";
  readonly source = "Raft; KIP-101, KIP-279";
  readonly watches = [] as const;

  checkPartition(partition: GhostPartition, _ghost: Ghost, reporter: Reporter): void {
    const { committed, name } = partition;
    for (const replica of partition.replicas) {
      const { log, highWatermark } = replica;
      if (log.agreesUpTo(highWatermark) || !replica.known || log.endOffset <= log.agreedTo) continue;
      const subject = `${name}/${replica.broker.id}`;
      if (!reporter.isNew(this, subject)) continue;
      const own = log.batchAt(log.agreedTo);
      const truth = committed.batches.at(log.agreed) as RecordBatch;
      reporter.report(this, {
        subject,
        partition: name,
        message: `${name}: at offset ${log.agreedTo} broker ${replica.broker.id} has ${told(own)}, below its high watermark ${highWatermark}; committed is ${told(truth)}`,
        facts: [firstMissing(replica), reporter.now(`broker ${replica.broker.id} holds ${told(own)} there`)],
      });
    }
  }
}

export class StrongIsr implements Invariant {
  readonly name = "StrongIsr";
  readonly promise = "What lies below the high watermark of any broker that believes it leads is on every member of the ISR.";
  readonly source = "hachikuji KafkaReplication.tla; KIP-320";
  readonly watches = [] as const;

  checkPartition(partition: GhostPartition, _ghost: Ghost, reporter: Reporter): void {
    const { state } = partition;
    if (state === undefined || partition.uncleanPending) return;
    for (const leader of partition.replicas) {
      if (leader.role !== "leader") continue;
      if (leader.highWatermark > partition.committed.end || !leader.log.agreesUpTo(leader.highWatermark)) {
        this.reportUnbacked(partition, leader, reporter);
        continue;
      }
      for (const member of partition.replicas) {
        if (member.log.agreesUpTo(leader.highWatermark) || !member.counts || !partition.candidateIsr.includes(member.broker.id))
          continue;
        if (partition.lossExcused(member.log.agreedTo)) continue;
        const subject = `${partition.name}/${member.broker.id}`;
        if (!reporter.isNew(this, subject)) continue;
        reporter.report(this, {
          subject,
          partition: partition.name,
          message: `${partition.name}: broker ${member.broker.id} is in the ISR, but from offset ${member.log.agreedTo} on it does not have what leader ${leader.broker.id} has below its high watermark ${leader.highWatermark}`,
          facts: [firstMissing(member), membership(partition, member.broker.id, "ISR"), lastCut(member)],
        });
      }
    }
  }

  /** It takes for committed what nobody else does. */
  private reportUnbacked(partition: GhostPartition, leader: GhostReplica, reporter: Reporter): void {
    const subject = `${partition.name}/leader ${leader.broker.id}@${leader.leaderEpoch}`;
    if (partition.lossExcused(leader.log.agreedTo) || !reporter.isNew(this, subject)) return;
    const { state } = partition;
    const decided: Fact = {
      step: partition.stateStep,
      timeUs: partition.stateTime,
      text: `${partition.name}: the controller decided leader ${state?.leader}, epoch ${state?.leaderEpoch}, ISR [${state?.isr.join(", ")}]`,
    };
    reporter.report(this, {
      subject,
      partition: partition.name,
      message: `${partition.name}: broker ${leader.broker.id} leads epoch ${leader.leaderEpoch} with high watermark ${leader.highWatermark}, but the ISR shares its log only up to ${leader.log.agreedTo}`,
      facts: [decided, reporter.now(`broker ${leader.broker.id} has high watermark ${leader.highWatermark}`)],
    });
  }
}

function told(batch: RecordBatch | undefined): string {
  if (batch === undefined) return "nothing";
  return `the batch [${batch.baseOffset}, ${batch.nextOffset}) of epoch ${batch.partitionLeaderEpoch}`;
}
