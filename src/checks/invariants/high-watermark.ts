/**
 * HighWatermarkBacked, HighWatermarkMonotonic and ReplicationQuorumSuperset: how far is committed, and who stands for it.
 *
 * HighWatermarkBacked. The high watermark of the committed leader, acting in its epoch, is at most the log end of every
 * running member of the committed ISR, and of every running member of its own maximal ISR that has lost nothing.
 * HighWatermarkMonotonic. The true high watermark never falls; and within one leader epoch neither does the leader's.
 * ReplicationQuorumSuperset. While such a leader acts: the committed ISR (and the ELR, when the leader's ISR is at least
 * min.insync.replicas) is contained in its maximal ISR, and its ISR is too.
 *
 * Legal: a follower's, and a new leader's, local high watermark may go back. A leader learns late that a member has come
 * back with less, so such a member (no longer in the committed ISR) is left out of the first. An older leader is not
 * judged. A loss that is excused by the number of disks that lost data does not count as a fall.
 */
import type { Ghost } from "../ghost/ghost.ts";
import type { GhostPartition, GhostReplica } from "../ghost/ghost-partition.ts";
import type { Invariant, Reporter } from "../invariant.ts";
import type { Observation } from "../observation.ts";
import { lastCut } from "./completeness.ts";

export class HighWatermarkBacked implements Invariant {
  readonly name = "HighWatermarkBacked";
  readonly promise = "A leader's high watermark never exceeds what every in-sync replica has.";
  readonly source = "KIP-497; ValidHighWatermark in hachikuji AsyncIsr.tla";
  readonly watches = [] as const;

  checkPartition(partition: GhostPartition, _ghost: Ghost, reporter: Reporter): void {
    const leader = partition.actingLeader();
    const { state } = partition;
    if (leader === undefined || state === undefined) return;
    for (const member of partition.replicas) {
      if (member.log.endOffset >= leader.highWatermark || !member.counts) continue;
      const { id } = member.broker;
      if (partition.isLeaving(id)) continue;
      if (!state.isr.includes(id) && (member.hasLost || !leader.maximalIsr.includes(id))) continue;
      if (partition.lossExcused(member.log.agreedTo)) continue;
      const subject = `${partition.name}/${id}@${state.leaderEpoch}`;
      if (!reporter.isNew(this, subject)) continue;
      reporter.report(this, {
        subject,
        partition: partition.name,
        message: `${partition.name}: leader ${leader.broker.id} has high watermark ${leader.highWatermark}, but in-sync broker ${id} ends at ${member.log.endOffset}`,
        facts: [
          lastCut(member),
          reporter.now(
            `broker ${leader.broker.id} holds ${leader.highWatermark} for committed, with ISR [${leader.isr.join(", ")}]`,
          ),
        ],
      });
    }
  }
}

export class HighWatermarkMonotonic implements Invariant {
  readonly name = "HighWatermarkMonotonic";
  readonly promise = "The true high watermark never falls: what was once committed stays committed.";
  readonly source = "Vanlightly, replication description 6.4; KIP-207";
  readonly watches = ["HighWatermarkAdvanced"] as const;

  observe({ event }: Observation, { replica }: Ghost, reporter: Reporter): void {
    if (event.kind !== "HighWatermarkAdvanced" || event.role !== "leader" || event.to >= event.from) return;
    if (replica?.leaderEpoch === event.leaderEpoch) this.reportFall(replica, event.from, event.to, reporter);
  }

  checkPartition({ name, freshLoss: loss }: GhostPartition, _ghost: Ghost, reporter: Reporter): void {
    if (loss === undefined || loss.excused) return;
    reporter.report(this, {
      subject: `${name}@${loss.leaderEpoch}`,
      partition: name,
      message: `${name}: the true high watermark fell from ${loss.to} to ${loss.from}`,
      facts: [
        { step: loss.committedStep, timeUs: loss.committedTime, text: `${name}: offset ${loss.from} was committed` },
        reporter.now(`broker ${loss.leader} took office in epoch ${loss.leaderEpoch} without it`),
      ],
    });
  }

  private reportFall(replica: GhostReplica, from: number, to: number, reporter: Reporter): void {
    const { name } = replica.partition;
    const subject = `${name}/${replica.broker.id}@${replica.leaderEpoch}`;
    if (!reporter.isNew(this, subject)) return;
    reporter.report(this, {
      subject,
      partition: name,
      message: `${name}: the high watermark of leader ${replica.broker.id} fell from ${from} to ${to} within epoch ${replica.leaderEpoch}`,
      facts: [
        {
          step: replica.roleStep,
          timeUs: replica.roleTime,
          text: `broker ${replica.broker.id} leads ${name} in epoch ${replica.leaderEpoch}`,
        },
        reporter.now(`its high watermark went from ${from} to ${to}`),
      ],
    });
  }
}

export class ReplicationQuorumSuperset implements Invariant {
  readonly name = "ReplicationQuorumSuperset";
  readonly promise = "The replicas that a leader waits for include every replica that may be elected after it.";
  readonly source = "KIP-497, KIP-966 (Vanlightly)";
  readonly watches = [] as const;

  checkPartition(partition: GhostPartition, _ghost: Ghost, reporter: Reporter): void {
    const leader = partition.actingLeader();
    const { state } = partition;
    if (leader === undefined || state === undefined) return;
    let missing = firstOutside(partition.candidateIsr, leader.maximalIsr) ?? firstOutside(leader.isr, leader.maximalIsr);
    if (missing === undefined && leader.isr.length >= partition.minIsr) missing = firstOutside(state.elr, leader.maximalIsr);
    if (missing === undefined) return;
    const subject = `${partition.name}/${missing}@${state.leaderEpoch}`;
    if (!reporter.isNew(this, subject)) return;
    reporter.report(this, {
      subject,
      partition: partition.name,
      message: `${partition.name}: broker ${missing} may be elected, but leader ${leader.broker.id} does not wait for it (maximal ISR [${leader.maximalIsr.join(", ")}])`,
      facts: [
        {
          step: partition.stateStep,
          timeUs: partition.stateTime,
          text: `${partition.name}: the controller decided ISR [${state.isr.join(", ")}], ELR [${state.elr.join(", ")}]`,
        },
        reporter.now(`broker ${leader.broker.id} waits for [${leader.maximalIsr.join(", ")}] only`),
      ],
    });
  }
}

function firstOutside(ids: readonly number[], of: readonly number[]): number | undefined {
  for (const id of ids) if (!of.includes(id)) return id;
  return undefined;
}
