/**
 * LeaderInIsr, IsrSubsetOfReplicas and FencedNotInIsr: the shape of what the controller has committed about a partition.
 *
 * LeaderInIsr. leader = none or leader ∈ ISR.
 * IsrSubsetOfReplicas. ISR, ELR and last known ELR are without repetition and within the assignment; ISR and ELR are
 * disjoint; ISR ≥ min.insync.replicas ⇒ ELR empty; without KIP-966 the ISR is never empty (IsrNonEmpty).
 * FencedNotInIsr. No fenced broker, and none in controlled shutdown, is in an ISR.
 *
 * Legal: without KIP-966 the last member of an ISR stays in it when it is fenced, so there a single member is not judged.
 * One commit may say both halves of a change in either order: judged at the end of the step; and not between the death of
 * a controller that was just reporting a commit and the next one's report. In ZooKeeper mode assignment and ISR stand in two
 * nodes: who is no longer wanted by a reassignment is first out of the one, then out of the other.
 */

import type { PartitionChanged } from "../../kafka/events.ts";
import { type BrokerId, NONE } from "../../kafka/ids.ts";
import type { Ghost } from "../ghost/ghost.ts";
import type { GhostPartition } from "../ghost/ghost-partition.ts";
import type { Invariant, Reporter } from "../invariant.ts";
import type { Observation } from "../observation.ts";
import { Overdue } from "./overdue.ts";

export class LeaderInIsr implements Invariant {
  readonly name = "LeaderInIsr";
  readonly promise = "The leader that the controller has chosen is a member of the ISR.";
  readonly source = "hachikuji KafkaReplication.tla";
  readonly watches = ["PartitionChanged"] as const;

  observe({ event }: Observation, ghost: Ghost, reporter: Reporter): void {
    if (event.kind !== "PartitionChanged" || !ghost.isNews || ghost.partition === undefined) return;
    if (event.leader === NONE || event.isr.includes(event.leader)) return;
    reportShape(
      this,
      ghost,
      ghost.partition,
      event,
      `leader ${event.leader} is not in the ISR [${event.isr.join(", ")}]`,
      reporter,
    );
  }
}

export class IsrSubsetOfReplicas implements Invariant {
  readonly name = "IsrSubsetOfReplicas";
  readonly promise =
    "ISR and ELR are disjoint parts of the assignment, the ELR is used only below min.insync.replicas, and without it the ISR is never empty.";
  readonly source = "ValidControllerState, ValidControllerIsrAndElr (KIP-966 specification)";
  readonly watches = ["PartitionChanged"] as const;
  /** Partitions with members of the ISR that are no longer assigned (ZooKeeper mode). */
  private readonly leftOver = new Overdue<GhostPartition>();

  observe({ event }: Observation, ghost: Ghost, reporter: Reporter): void {
    const { partition } = ghost;
    if (event.kind !== "PartitionChanged" || !ghost.isNews || partition === undefined) return;
    const leftOver = ghost.ensemble.servers.length > 0 ? membersLeftOver(event, ghost.stateBefore) : [];
    if (leftOver.length > 0) this.leftOver.note(partition, reporter.step, reporter.timeUs);
    else this.leftOver.forget(partition);
    const fault = faultOf(event, partition.minIsr, ghost.options.eligibleLeaderReplicas, leftOver);
    if (fault !== undefined) reportShape(this, ghost, partition, event, fault, reporter);
  }

  everySecond(ghost: Ghost, reporter: Reporter): void {
    for (const [partition, since] of this.leftOver.due(ghost, reporter.timeUs)) {
      const { name, state } = partition;
      if (partition.forgotten || state === undefined) {
        this.leftOver.forget(partition);
        continue;
      }
      const what = `${name}: ISR [${state.isr.join(", ")}] is not within the assignment [${state.replicas.join(", ")}]`;
      reporter.report(this, {
        subject: name,
        partition: name,
        message: `${what}, and stays so`,
        facts: [{ step: since.step, timeUs: since.began, text: what }, reporter.now(`${what} still`)],
      });
    }
  }
}

/** Who was in the ISR when the assignment changed, and is in it still. */
function membersLeftOver({ replicas, isr }: PartitionChanged, before: PartitionChanged | undefined): readonly BrokerId[] {
  return before === undefined ? [] : isr.filter((id) => !replicas.includes(id) && before.isr.includes(id));
}

export class FencedNotInIsr implements Invariant {
  readonly name = "FencedNotInIsr";
  readonly promise = "No fenced or shutting-down broker is in an ISR.";
  readonly source = "KIP-841, KIP-966 (ValidControllerState)";
  readonly watches = [] as const;

  checkPartition(partition: GhostPartition, ghost: Ghost, reporter: Reporter): void {
    const { state } = partition;
    if (state === undefined || ghost.commitTorn) return;
    if (state.isr.length === 1 && ghost.options.eligibleLeaderReplicas !== true) return;
    for (const id of state.isr) {
      const broker = ghost.brokers.get(id);
      if (broker === undefined || (!broker.fenced && !broker.inControlledShutdown)) continue;
      const subject = `${partition.name}/${id}`;
      if (!reporter.isNew(this, subject)) continue;
      const what = broker.fenced ? "fenced" : "in controlled shutdown";
      reporter.report(this, {
        subject,
        partition: partition.name,
        message: `${partition.name}: broker ${id} is ${what} and in the ISR [${state.isr.join(", ")}]`,
        facts: [
          {
            step: broker.decidedStep,
            timeUs: broker.decidedTime,
            text: `broker ${id} was ${broker.fenced ? "fenced" : "put in controlled shutdown"}`,
          },
          {
            step: partition.stateStep,
            timeUs: partition.stateTime,
            text: `${partition.name}: the controller decided ISR [${state.isr.join(", ")}]`,
          },
        ],
      });
    }
  }
}

function faultOf(
  event: PartitionChanged,
  minIsr: number,
  elrOn: boolean | undefined,
  leftOver: readonly BrokerId[],
): string | undefined {
  const { replicas, isr, elr, lastKnownElr } = event;
  const isrText = `ISR [${isr.join(", ")}]`;
  const elrText = `ELR [${elr.join(", ")}]`;
  if (hasRepetition(isr) || hasRepetition(elr)) return `${isrText} or ${elrText} names a replica twice`;
  if (!isr.every((id) => replicas.includes(id) || leftOver.includes(id)))
    return `${isrText} is not within the assignment [${replicas.join(", ")}]`;
  if (!elr.every((id) => replicas.includes(id))) return `${elrText} is not within the assignment [${replicas.join(", ")}]`;
  if (!lastKnownElr.every((id) => replicas.includes(id)))
    return `last known ELR [${lastKnownElr.join(", ")}] is not within the assignment`;
  if (elr.some((id) => isr.includes(id))) return `${isrText} and ${elrText} overlap`;
  if (isr.length >= minIsr && elr.length > 0) return `${elrText} although ${isrText} is at least min.insync.replicas (${minIsr})`;
  if (elrOn === false && isr.length === 0) return "the ISR is empty";
  if (elrOn === false && elr.length > 0) return `${elrText} although there are no eligible leader replicas in this release`;
  return undefined;
}

function hasRepetition(ids: readonly number[]): boolean {
  for (let i = 1; i < ids.length; i++) if (ids.indexOf(ids[i] as number) < i) return true;
  return false;
}

/** The older fact is the state before; for a new partition there is only the one. */
function reportShape(
  invariant: Invariant,
  ghost: Ghost,
  partition: GhostPartition,
  event: PartitionChanged,
  fault: string,
  reporter: Reporter,
): void {
  const { stateBefore } = ghost;
  const { name } = partition;
  const before = stateBefore && {
    step: ghost.stateBeforeStep,
    timeUs: ghost.stateBeforeTime,
    text: `${name}: before, ISR [${stateBefore.isr.join(", ")}], leader ${stateBefore.leader}`,
  };
  const now = reporter.now(
    `${name}: the controller decided ISR [${event.isr.join(", ")}], ELR [${event.elr.join(", ")}], leader ${event.leader}, assignment [${event.replicas.join(", ")}]`,
  );
  reporter.report(invariant, {
    subject: name,
    partition: name,
    message: `${name}: ${fault}`,
    facts: before === undefined ? [now] : [before, now],
  });
}
