/**
 * Replica assignments that somebody wrote by hand: whether they can stand. Source: ReplicationControlManager.createTopic,
 * validateManualPartitionAssignment.
 */
import type { BrokerId } from "../ids.ts";
import type { CreateTopicsRequest } from "../messages/metadata.ts";

export type ManualAssignments = CreateTopicsRequest["topics"][number]["assignments"];

/** What is wrong with them (Kafka answers INVALID_REPLICA_ASSIGNMENT), or undefined. */
export function assignmentProblem(
  assignments: ManualAssignments,
  isRegistered: (broker: BrokerId) => boolean,
  isActive: (broker: BrokerId) => boolean,
): string | undefined {
  const replicationFactor = assignments[0]?.brokerIds.length;
  const seen = new Set<number>();
  for (const { partitionIndex, brokerIds } of assignments) {
    if (seen.has(partitionIndex)) return `partition ${partitionIndex} is assigned more than once`;
    seen.add(partitionIndex);
    if (brokerIds.length === 0) return `partition ${partitionIndex} has no replica`;
    for (const [i, broker] of brokerIds.entries()) {
      if (!isRegistered(broker)) return `broker ${broker} is not registered`;
      if (brokerIds.indexOf(broker) !== i) return `partition ${partitionIndex} names broker ${broker} more than once`;
    }
    if (brokerIds.length !== replicationFactor) {
      return `partition ${partitionIndex} has ${brokerIds.length} replica(s), earlier ones have ${replicationFactor}`;
    }
    if (!brokerIds.some(isActive)) return `all brokers of partition ${partitionIndex} are fenced or in controlled shutdown`;
  }
  for (let partition = 0; partition < assignments.length; partition++) {
    if (!seen.has(partition)) return "partitions should be a consecutive 0-based sequence";
  }
  return undefined;
}
