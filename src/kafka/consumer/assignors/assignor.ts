/**
 * Who divides the partitions of a classic group among its members: the leader, by a strategy that all of them support.
 * Pure functions of what the members said and how many partitions there are. Source: ConsumerPartitionAssignor.
 */

import type { TopicPartition } from "../../ids.ts";
import type { ConsumerSubscription } from "../../messages/groups.ts";

export interface MemberSubscription extends ConsumerSubscription {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

export interface SubscribedTopic {
  readonly topic: string;
  /** Racks of the replicas of each partition, null where a broker has none; its length is the number of partitions. */
  readonly replicaRacks: readonly (readonly (string | null)[])[];
}

export interface AssignorOptions {
  /** The dial group.assignorUsesGeneration. */
  readonly usesGeneration: boolean;
}

export interface Assignor {
  /** The name that members agree on: `range`, `cooperative-sticky`. */
  readonly name: string;
  /** Whether members keep what they own while they rejoin (KIP-429). */
  readonly rebalanceProtocol: "EAGER" | "COOPERATIVE";
  /** By member id; every member is there. Topics that do not exist are not among `topics`. */
  assign(
    members: readonly MemberSubscription[],
    topics: readonly SubscribedTopic[],
    options: AssignorOptions,
  ): ReadonlyMap<string, readonly TopicPartition[]>;
}
