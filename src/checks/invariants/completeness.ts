/**
 * LeaderCompleteness, LeaderCandidateCompleteness and UncleanExclusion: who leads, or may be elected, has all that is committed.
 *
 * LeaderCompleteness. The committed leader is none, or not running, or its log holds the whole committed log, unchanged.
 * LeaderCandidateCompleteness. No running member of the committed ISR or ELR has a log that ends below the true high watermark.
 * UncleanExclusion. A running replica whose disk gave back less than it had been given is in neither ISR nor ELR, and does
 * not lead, while its log lacks committed records.
 *
 * "Running" is this incarnation, once registered and caught up: a member that lost power stays in ISR or ELR until its
 * new incarnation registers, and that is legal; the same batch that registers it takes it out (KIP-966).
 * Legal too: what is excused by the number of disks that lost data (see no-acked-loss.ts); and, for the candidates, the
 * time from an unclean election until its winner takes office, when the controller has already declared the rest lost.
 * An unclean winner without the committed log does break LeaderCompleteness, although it was configured.
 */
import { NONE } from "../../kafka/ids.ts";
import type { RecordBatch } from "../../kafka/records.ts";
import type { Ghost } from "../ghost/ghost.ts";
import type { GhostPartition, GhostReplica, Loss } from "../ghost/ghost-partition.ts";
import type { Fact, Invariant, Reporter } from "../invariant.ts";

export class LeaderCompleteness implements Invariant {
  readonly name = "LeaderCompleteness";
  readonly promise = "The leader that the controller has chosen has every committed record.";
  readonly source = "Raft; KIP-966 specification (Vanlightly)";
  readonly watches = [] as const;

  checkPartition(partition: GhostPartition, _ghost: Ghost, reporter: Reporter): void {
    const { state, committed, freshLoss } = partition;
    if (freshLoss !== undefined) this.judgeLoss(partition, freshLoss, reporter);
    if (state === undefined || state.leader === NONE) return;
    const leader = partition.replica(state.leader);
    if (leader === undefined || !leader.counts || leader.log.agreedTo >= committed.end) return;
    if (partition.lossExcused(leader.log.agreedTo)) return;
    const subject = `${partition.name}@${state.leaderEpoch}`;
    if (!reporter.isNew(this, subject)) return;
    const chosen = `broker ${state.leader} was made leader of ${partition.name} in epoch ${state.leaderEpoch}`;
    reporter.report(this, {
      subject,
      partition: partition.name,
      message: `${partition.name}: the leader, broker ${state.leader}, lacks the committed records [${leader.log.agreedTo}, ${committed.end})`,
      facts: [firstMissing(leader), { step: partition.stateStep, timeUs: partition.stateTime, text: chosen }],
    });
  }

  /** It was chosen before it was known to lack them. */
  private judgeLoss({ name }: GhostPartition, loss: Loss, reporter: Reporter): void {
    const subject = `${name}@${loss.leaderEpoch}`;
    if (loss.excused || !reporter.isNew(this, subject)) return;
    reporter.report(this, {
      subject,
      partition: name,
      message: `${name}: broker ${loss.leader} leads epoch ${loss.leaderEpoch} without the committed records [${loss.from}, ${loss.to})`,
      facts: [
        { step: loss.committedStep, timeUs: loss.committedTime, text: `${name}: offset ${loss.from} was committed` },
        reporter.now(`broker ${loss.leader} took office in epoch ${loss.leaderEpoch} with nothing of it`),
      ],
    });
  }
}

export class LeaderCandidateCompleteness implements Invariant {
  readonly name = "LeaderCandidateCompleteness";
  readonly promise = "Every running replica that may be elected (ISR and ELR) has every committed record.";
  readonly source = "KIP-966 specification (Vanlightly)";
  readonly watches = [] as const;

  checkPartition(partition: GhostPartition, _ghost: Ghost, reporter: Reporter): void {
    const { state, committed } = partition;
    if (state === undefined || partition.uncleanPending) return;
    for (const replica of partition.replicas) {
      if (replica.log.endOffset >= committed.end || !replica.counts) continue;
      const { id } = replica.broker;
      const inIsr = partition.candidateIsr.includes(id);
      if (!inIsr && !state.elr.includes(id)) continue;
      if (partition.lossExcused(replica.log.agreedTo)) continue;
      const subject = `${partition.name}/${id}`;
      if (!reporter.isNew(this, subject)) continue;
      reporter.report(this, {
        subject,
        partition: partition.name,
        message: `${partition.name}: broker ${id} may be elected with a log that ends at ${replica.log.endOffset}; committed is up to ${committed.end}`,
        facts: [firstMissing(replica), membership(partition, id, inIsr ? "ISR" : "ELR"), lastCut(replica)],
      });
    }
  }
}

export class UncleanExclusion implements Invariant {
  readonly name = "UncleanExclusion";
  readonly promise =
    "A replica that came back from its disk with less than it had neither leads nor may be elected until it has caught up.";
  readonly source = "KIP-903, KIP-966 (Vanlightly, replication description 5.1 and 6.5.1)";
  readonly watches = [] as const;

  checkPartition(partition: GhostPartition, _ghost: Ghost, reporter: Reporter): void {
    const { state, committed, freshLoss } = partition;
    if (state === undefined) return;
    for (const replica of partition.replicas) {
      if (!replica.hasLost || !replica.counts) continue;
      // It may have taken office in this very step, which made its shorter log the truth.
      const tookOver = freshLoss !== undefined && !freshLoss.excused && freshLoss.leader === replica.broker.id;
      if (replica.log.agreedTo >= committed.end && !tookOver) continue;
      const { id } = replica.broker;
      if (state.leader !== id && !partition.candidateIsr.includes(id) && !state.elr.includes(id)) continue;
      if (partition.lossExcused(replica.log.agreedTo)) continue;
      const subject = `${partition.name}/${id}`;
      if (!reporter.isNew(this, subject)) continue;
      const role = state.leader === id ? "leads" : "may be elected";
      reporter.report(this, {
        subject,
        partition: partition.name,
        message: `${partition.name}: broker ${id} ${role}, but its disk has lost offset ${replica.log.agreedTo} and after`,
        facts: [
          lastCut(replica),
          membership(partition, id, state.leader === id ? "leader" : state.isr.includes(id) ? "ISR" : "ELR"),
        ],
      });
    }
  }
}

/** When the first committed record that this replica lacks became committed. */
export function firstMissing(replica: GhostReplica): Fact {
  const { committed, agreed } = replica.log;
  const batch = committed.batches.at(agreed) as RecordBatch;
  return {
    step: committed.stepOf(agreed),
    timeUs: committed.timeOf(agreed),
    text: `${replica.partition.name}: offset ${batch.baseOffset} was committed`,
  };
}

export function lastCut(replica: GhostReplica): Fact {
  return {
    step: replica.cutStep,
    timeUs: replica.cutTime,
    text: `the log of ${replica.partition.name} on broker ${replica.broker.id} was opened or cut; it ends at ${replica.log.endOffset} now`,
  };
}

export function membership(partition: GhostPartition, broker: number, where: "ISR" | "ELR" | "leader"): Fact {
  const { state } = partition;
  const text = `${partition.name}: the controller decided ISR [${state?.isr.join(", ")}], ELR [${state?.elr.join(", ")}], leader ${state?.leader}`;
  return {
    step: partition.stateStep,
    timeUs: partition.stateTime,
    text: `${text}: broker ${broker} is ${where === "leader" ? "the leader" : `in the ${where}`}`,
  };
}
