/** What a controller decides about a partition, as far as its replicas have to know. Source: LeaderAndIsrPartitionState. */
import type { PartitionRegistration } from "../metadata/image.ts";

export type PartitionState = Pick<PartitionRegistration, "replicas" | "isr" | "leader" | "leaderEpoch" | "partitionEpoch">;
