/**
 * Topics are given more partitions: each gets its replicas, first leader and ISR as in a new topic, or the topic an error of its own.
 * What the topic has already stays as it is; keys that were hashed over fewer partitions do not. Source: ReplicationControlManager.createPartitions.
 */
import type { RandomStream } from "../../sim/random.ts";
import type { ErrorCode } from "../errors.ts";
import type { BrokerId } from "../ids.ts";
import type { CreatePartitionsRequest, CreatePartitionsResponse } from "../messages/metadata.ts";
import type { MetadataImage } from "../metadata/image.ts";
import type { MetadataRecord } from "../metadata/records.ts";
import { assignmentProblem } from "./assignments.ts";
import type { ControllerContext, ControllerResult } from "./controller-context.ts";
import { usableBrokers } from "./create-topics.ts";
import { placementProblem, placeReplicas } from "./replica-placer.ts";

type GrowingTopic = CreatePartitionsRequest["topics"][number];
type GrowthResult = CreatePartitionsResponse["results"][number];

export function createPartitions(
  { state }: ControllerContext,
  request: CreatePartitionsRequest,
  random: RandomStream,
): ControllerResult<CreatePartitionsResponse> {
  const records: MetadataRecord[] = [];
  const results = new Map<string, GrowthResult>();
  for (const topic of request.topics) {
    const { name } = topic;
    if (results.has(name)) continue;
    const twice = request.topics.filter((other) => other.name === name).length > 1;
    const refusal = refused(name, "INVALID_REQUEST", "duplicate topic name");
    results.set(name, twice ? refusal : grow(state.image, topic, random, records));
  }
  return { records, reply: { results: [...results.values()] } };
}

function grow(image: MetadataImage, topic: GrowingTopic, random: RandomStream, records: MetadataRecord[]): GrowthResult {
  const { name, count } = topic;
  const known = image.topicByName(name);
  if (known === undefined) return refused(name, "UNKNOWN_TOPIC_OR_PARTITION", `there is no topic '${name}'`);
  const existing = known.partitions.length;
  if (count <= existing) return refused(name, "INVALID_PARTITIONS", `the topic has ${existing} partition(s) already`);
  const replicationFactor = known.partitions[0]?.replicas.length ?? 0;
  const placed = placement(image, topic, { added: count - existing, replicationFactor, random });
  if (placed.assignments === undefined) return refused(name, placed.errorCode, placed.message);
  for (const [i, replicas] of placed.assignments.entries()) {
    const isr = replicas.filter((id) => image.isActive(id));
    records.push({
      type: "Partition",
      topicId: known.id,
      partitionId: existing + i,
      replicas,
      isr,
      leader: isr[0] as BrokerId,
      leaderEpoch: 0,
      partitionEpoch: 0,
      leaderRecoveryState: "RECOVERED",
      eligibleLeaderReplicas: [],
      lastKnownElr: [],
    });
  }
  return { name, errorCode: "NONE", errorMessage: null };
}

type Placement =
  | { readonly assignments: readonly (readonly BrokerId[])[] }
  | { readonly errorCode: ErrorCode; readonly message: string; readonly assignments?: undefined };

function placement(
  image: MetadataImage,
  { assignments }: GrowingTopic,
  wanted: { readonly added: number; readonly replicationFactor: number; readonly random: RandomStream },
): Placement {
  const { added, replicationFactor, random } = wanted;
  if (assignments === null) {
    const brokers = usableBrokers(image);
    const problem = placementProblem(replicationFactor, brokers);
    if (problem === undefined) return { assignments: placeReplicas({ partitions: added, replicationFactor, brokers, random }) };
    const message = `unable to replicate the partition ${replicationFactor} time(s): ${problem}`;
    return { errorCode: "INVALID_REPLICATION_FACTOR", message };
  }
  const byHand = assignments.map(({ brokerIds }, partitionIndex) => ({ partitionIndex, brokerIds }));
  const problem =
    byHand.length === added
      ? assignmentProblem(
          byHand,
          (id) => image.broker(id) !== undefined,
          (id) => image.isActive(id),
        )
      : `${added} partition(s) are to be added, and ${byHand.length} assignment(s) were given`;
  if (problem !== undefined) return { errorCode: "INVALID_REPLICA_ASSIGNMENT", message: problem };
  if (byHand.some(({ brokerIds }) => brokerIds.length !== replicationFactor)) {
    return { errorCode: "INVALID_REPLICA_ASSIGNMENT", message: `the topic's partitions have ${replicationFactor} replica(s)` };
  }
  return { assignments: byHand.map(({ brokerIds }) => [...brokerIds]) };
}

function refused(name: string, errorCode: ErrorCode, errorMessage: string): GrowthResult {
  return { name, errorCode, errorMessage };
}
