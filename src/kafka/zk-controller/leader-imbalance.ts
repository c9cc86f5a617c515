/**
 * Whether leaders have strayed so far from their preferred replicas that the controller brings them back by itself.
 *
 * Counted for each broker: of the partitions that it should lead, which share others lead. Only what exceeds
 * `leader.imbalance.per.broker.percentage` is acted upon. Source: KafkaController.checkAndTriggerAutoLeaderRebalance.
 */
import type { BrokerId } from "../ids.ts";

interface LedPartition<P> {
  readonly partition: P;
  /** The first replica of its assignment. */
  readonly preferred: BrokerId;
  /** Undefined while nobody has ever led it. */
  readonly leader: BrokerId | undefined;
}

/** By preferred leader, in the order in which those are met: the partitions that it should lead and does not, where there are too many. */
export function imbalancedPartitions<P>(partitions: Iterable<LedPartition<P>>, percentage: number): Map<BrokerId, P[]> {
  const counts = new Map<BrokerId, { total: number; readonly astray: P[] }>();
  for (const { partition, preferred, leader } of partitions) {
    let count = counts.get(preferred);
    if (count === undefined) {
      count = { total: 0, astray: [] };
      counts.set(preferred, count);
    }
    count.total += 1;
    if (leader !== undefined && leader !== preferred) count.astray.push(partition);
  }
  const imbalanced = new Map<BrokerId, P[]>();
  for (const [preferred, { total, astray }] of counts) {
    if (astray.length * 100 > percentage * total) imbalanced.set(preferred, astray);
  }
  return imbalanced;
}
