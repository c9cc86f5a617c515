/**
 * What a partition's assignment says, and what it becomes when somebody wants other replicas.
 *
 * While a partition moves from O to T its replicas are T followed by what is left of O; adding is T without O, removing is O
 * without T. The order of O is lost where O and T share members. Source: ReplicaAssignment (KIP-455).
 */
import type { BrokerId } from "../ids.ts";
import type { ReplicaAssignment } from "../zk/znodes.ts";

const NOBODY: readonly BrokerId[] = Object.freeze([]);

/** Nobody joins, nobody leaves. */
export function settledAssignment(replicas: readonly BrokerId[]): ReplicaAssignment {
  return Object.freeze({ replicas, addingReplicas: NOBODY, removingReplicas: NOBODY });
}

export function isBeingReassigned({ addingReplicas, removingReplicas }: ReplicaAssignment): boolean {
  return addingReplicas.length > 0 || removingReplicas.length > 0;
}

/** Whom the partition had before: what a cancelled reassignment goes back to. */
export function originReplicas({ replicas, addingReplicas }: ReplicaAssignment): readonly BrokerId[] {
  return without(replicas, addingReplicas);
}

/** Whom it will have in the end. */
export function targetReplicas({ replicas, removingReplicas }: ReplicaAssignment): readonly BrokerId[] {
  return without(replicas, removingReplicas);
}

/** On the way to `target`, from wherever it is: one that is already on its way elsewhere starts from where that began. */
export function reassignedTo(current: ReplicaAssignment, target: readonly BrokerId[]): ReplicaAssignment {
  const origin = originReplicas(current);
  const replicas = [...new Set([...target, ...origin])];
  return Object.freeze({
    replicas: Object.freeze(replicas),
    addingReplicas: Object.freeze(without(replicas, origin)),
    removingReplicas: Object.freeze(without(replicas, target)),
  });
}

/** The way is over. */
export function completedAssignment(assignment: ReplicaAssignment): ReplicaAssignment {
  return settledAssignment(Object.freeze([...targetReplicas(assignment)]));
}

export function sameAssignment(a: ReplicaAssignment, b: ReplicaAssignment): boolean {
  return (
    sameBrokers(a.replicas, b.replicas) &&
    sameBrokers(a.addingReplicas, b.addingReplicas) &&
    sameBrokers(a.removingReplicas, b.removingReplicas)
  );
}

/** The same brokers in the same order. */
export function sameBrokers(a: readonly BrokerId[], b: readonly BrokerId[]): boolean {
  return a.length === b.length && a.every((broker, i) => broker === b[i]);
}

function without(brokers: readonly BrokerId[], gone: readonly BrokerId[]): BrokerId[] {
  return brokers.filter((broker) => !gone.includes(broker));
}
