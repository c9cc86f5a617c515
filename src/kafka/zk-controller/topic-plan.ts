/**
 * What a topic that is to be created will look like, or why it can't be: as far as that can be told without the store.
 *
 * Pure but for what it draws. Unlike in KRaft an assignment by hand may name brokers that nobody has seen.
 * Source: ZkAdminManager.createTopics, AdminZkClient.validateTopicCreate.
 */
import type { RandomStream } from "../../sim/random.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import { topicConfigProblem, topicNameProblem } from "../controller/topic-validation.ts";
import type { ErrorCode } from "../errors.ts";
import type { BrokerId } from "../ids.ts";
import type { CreateTopicsRequest } from "../messages/metadata.ts";
import { METADATA_TOPIC } from "../metadata/records.ts";
import { type PlaceableBroker, placementProblem, placeReplicas } from "./replica-placement.ts";

export type CreatableTopic = CreateTopicsRequest["topics"][number];

export interface TopicRefusal {
  readonly error: ErrorCode;
  readonly message: string;
}

/** By partition; undefined where an assignment by hand leaves a number out. */
type Assignments = readonly (readonly BrokerId[] | undefined)[];

const NOT_GIVEN = -1;

export function duplicateNames(request: { readonly topics: readonly { readonly name: string }[] }): ReadonlySet<string> {
  const seen = new Set<string>();
  const duplicates = new Set<string>();
  for (const { name } of request.topics) {
    if (seen.has(name)) duplicates.add(name);
    seen.add(name);
  }
  return duplicates;
}

/** Why the request itself rules the topic out. Source: KafkaApis.handleCreateTopicsRequest. */
export function requestProblem(name: string, duplicates: ReadonlySet<string>): TopicRefusal | undefined {
  if (name === METADATA_TOPIC) return { error: "INVALID_REQUEST", message: `creation of internal topic ${name} is prohibited` };
  return duplicates.has(name) ? { error: "INVALID_REQUEST", message: "found multiple entries for this topic" } : undefined;
}

/** The replicas of each partition, or why there are none. */
export function planAssignments(
  topic: CreatableTopic,
  options: { readonly brokers: readonly PlaceableBroker[]; readonly config: BrokerConfig; readonly random: RandomStream },
): { readonly assignments: Assignments; readonly refusal?: undefined } | { readonly refusal: TopicRefusal } {
  const { brokers, config, random } = options;
  const byHand = topic.assignments.length > 0;
  if (byHand && (topic.numPartitions !== NOT_GIVEN || topic.replicationFactor !== NOT_GIVEN)) {
    const message = "both numPartitions or replicationFactor and replicasAssignments were set";
    return { refusal: { error: "INVALID_REQUEST", message } };
  }
  if (byHand) {
    const assignments: (readonly BrokerId[] | undefined)[] = [];
    for (const { partitionIndex, brokerIds } of topic.assignments) {
      if (partitionIndex >= 0 && partitionIndex < topic.assignments.length) assignments[partitionIndex] = [...brokerIds];
    }
    return { assignments: Array.from({ length: topic.assignments.length }, (_, partition) => assignments[partition]) };
  }
  const partitions = topic.numPartitions === NOT_GIVEN ? config["num.partitions"] : topic.numPartitions;
  const replicationFactor =
    topic.replicationFactor === NOT_GIVEN ? config["default.replication.factor"] : topic.replicationFactor;
  const refusal = placementProblem(partitions, replicationFactor, brokers);
  return refusal === undefined ? { assignments: placeReplicas({ partitions, replicationFactor, brokers, random }) } : { refusal };
}

/** Topics whose names differ in these alone would share a metric. Source: Topic.hasCollisionChars. */
export function mayCollide(name: string): boolean {
  return name.includes(".") || name.includes("_");
}

/** Whether it may be called so, beside the topics that there are. */
export function nameProblem(name: string, existing: readonly string[] = []): TopicRefusal | undefined {
  const others = existing.map((other) => ({ name: other }));
  const message = topicNameProblem(name, others);
  return message === undefined ? undefined : { error: "INVALID_TOPIC_EXCEPTION", message };
}

/** Looked at last, when the store has nothing against the topic. */
export function contentProblem(topic: CreatableTopic, assignments: Assignments): TopicRefusal | undefined {
  const message = assignmentProblem(assignments);
  if (message !== undefined) return { error: "INVALID_REPLICA_ASSIGNMENT", message };
  const problem = topicConfigProblem(topic.configs);
  return problem === undefined ? undefined : { error: "INVALID_CONFIG", message: problem };
}

function assignmentProblem(assignments: Assignments): string | undefined {
  const given = assignments.filter((replicas) => replicas !== undefined);
  if (new Set(given.map((replicas) => replicas.length)).size !== 1)
    return "all partitions should have the same number of replicas";
  if (given.some((replicas) => new Set(replicas).size !== replicas.length)) return "duplicate replica assignment found";
  if (given.length !== assignments.length) return "partitions should be a consecutive 0-based integer sequence";
  return undefined;
}
