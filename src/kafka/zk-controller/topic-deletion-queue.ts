/**
 * Which topics wait for their deletion, and which of them could go on with it now. Changes the controller's context, never waits.
 *
 * A topic waits while one of its replicas is out of reach, or while its partitions are being reassigned. Nothing is queued where
 * `delete.topic.enable` is off. Source: TopicDeletionManager.
 */

import type { ControllerCore } from "./controller-core.ts";
import type { PartitionReplica, ReplicaState } from "./states.ts";

/** No effect on topics that are not queued. */
export function markIneligibleForDeletion({ context }: ControllerCore, topics: Iterable<string>): void {
  for (const topic of topics) if (context.topicsToBeDeleted.has(topic)) context.topicsIneligibleForDeletion.add(topic);
}

/** What stood in the way of these topics is gone. True if any of them is queued. */
export function markEligibleForDeletion({ context }: ControllerCore, topics: Iterable<string>): boolean {
  let queued = false;
  for (const topic of topics) {
    if (!context.topicsToBeDeleted.has(topic)) continue;
    context.topicsIneligibleForDeletion.delete(topic);
    queued = true;
  }
  return queued;
}

/** Whether the brokers are to be told to delete: not while they are at it, nor while something stands in the way. */
export function isDeletionDue({ context }: ControllerCore, topic: string): boolean {
  return (
    context.topicsToBeDeleted.has(topic) &&
    !context.topicsIneligibleForDeletion.has(topic) &&
    !context.isAnyReplicaInState(topic, "ReplicaDeletionStarted")
  );
}

/** Some replicas could not be deleted, and nothing is under way: those start over. */
export function isRetryDue({ context }: ControllerCore, topic: string): boolean {
  return (
    !context.isAnyReplicaInState(topic, "ReplicaDeletionStarted") &&
    context.isAnyReplicaInState(topic, "ReplicaDeletionIneligible")
  );
}

/** What is to become of the replicas of topics whose deletion is due. Source: TopicDeletionManager.onPartitionDeletion. */
export function replicasToDelete(
  { context }: ControllerCore,
  topics: readonly string[],
): { readonly reachable: readonly PartitionReplica[]; readonly dead: readonly PartitionReplica[] } {
  const reachable: PartitionReplica[] = [];
  const dead: PartitionReplica[] = [];
  const done: ReplicaState = "ReplicaDeletionSuccessful";
  for (const replica of topics.flatMap((topic) => context.replicasOfTopic(topic))) {
    if (!context.isReplicaOnline(replica.replica, replica)) dead.push(replica);
    else if (context.replicaState(replica) !== done) reachable.push(replica);
  }
  return { reachable, dead };
}
