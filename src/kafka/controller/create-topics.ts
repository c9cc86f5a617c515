/**
 * Topics are created: each gets its id, settings, and partitions with their first leader and ISR, or an error of its own.
 *
 * The records of a topic come in the order topic, settings, partitions, and all topics of a request in one unit. The first ISR
 * is those replicas that are active, the first leader the first of them (KIP-841). Source: ReplicationControlManager.createTopics.
 */
import type { RandomStream } from "../../sim/random.ts";
import type { ErrorCode } from "../errors.ts";
import type { BrokerId } from "../ids.ts";
import type { CreateTopicsRequest, CreateTopicsResponse } from "../messages/metadata.ts";
import type { MetadataImage } from "../metadata/image.ts";
import type { MetadataRecord } from "../metadata/records.ts";
import { assignmentProblem } from "./assignments.ts";
import type { ControllerContext, ControllerResult } from "./controller-context.ts";
import { placementProblem, placeReplicas, type UsableBroker } from "./replica-placer.ts";
import { randomTopicId } from "./topic-id.ts";
import { topicConfigProblem, topicNameProblem } from "./topic-validation.ts";

type CreatableTopic = CreateTopicsRequest["topics"][number];
type CreatableTopicResult = CreateTopicsResponse["topics"][number];

interface CreationStreams {
  readonly placement: RandomStream;
  readonly topicId: RandomStream;
}

/** The replicas of each partition, or why there is no assignment. */
type AssignmentResult =
  | { readonly errorCode: "NONE"; readonly assignments: readonly (readonly BrokerId[])[] }
  | { readonly errorCode: ErrorCode; readonly message: string; readonly assignments?: undefined };

/** Nothing is drawn for a topic that is refused before it is placed. */
export function createTopics(
  context: ControllerContext,
  request: CreateTopicsRequest,
  random: CreationStreams,
): ControllerResult<CreateTopicsResponse> {
  const records: MetadataRecord[] = [];
  const results = new Map<string, CreatableTopicResult>();
  for (const topic of request.topics) {
    const duplicate = results.has(topic.name);
    if (!duplicate) results.set(topic.name, refusedTwice(request, topic.name) ?? createTopic(context, topic, random, records));
  }
  return { records, reply: { topics: [...results.values()] } };
}

/** A name that occurs twice in a request is created not even once. */
function refusedTwice(request: CreateTopicsRequest, name: string): CreatableTopicResult | undefined {
  const count = request.topics.reduce((n, topic) => (topic.name === name ? n + 1 : n), 0);
  return count > 1 ? refused(name, "INVALID_REQUEST", "duplicate topic name") : undefined;
}

function createTopic(
  context: ControllerContext,
  topic: CreatableTopic,
  random: CreationStreams,
  records: MetadataRecord[],
): CreatableTopicResult {
  const { image } = context.state;
  const { name } = topic;
  if (image.topicByName(name) !== undefined) return refused(name, "TOPIC_ALREADY_EXISTS", `topic '${name}' already exists`);
  const nameProblem = topicNameProblem(name, image.topics());
  if (nameProblem !== undefined) return refused(name, "INVALID_TOPIC_EXCEPTION", nameProblem);
  const configProblem = topicConfigProblem(topic.configs);
  if (configProblem !== undefined) return refused(name, "INVALID_CONFIG", configProblem);

  const result = topic.assignments.length > 0 ? manualAssignment(image, topic) : placement(context, topic, random.placement);
  if (result.assignments === undefined) return refused(name, result.errorCode, result.message);

  const topicId = randomTopicId(random.topicId);
  records.push({ type: "Topic", name, topicId });
  for (const config of topic.configs) {
    records.push({ type: "Config", resourceType: "TOPIC", resourceName: name, name: config.name, value: config.value });
  }
  for (const [partitionId, replicas] of result.assignments.entries()) {
    const isr = replicas.filter((id) => image.isActive(id));
    records.push({
      type: "Partition",
      topicId,
      partitionId,
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
  return { name, topicId, errorCode: "NONE", errorMessage: null };
}

function manualAssignment(image: MetadataImage, topic: CreatableTopic): AssignmentResult {
  if (topic.replicationFactor !== -1 || topic.numPartitions !== -1) {
    return { errorCode: "INVALID_REQUEST", message: "with a manual assignment, partitions and replication factor must be -1" };
  }
  const problem = assignmentProblem(
    topic.assignments,
    (id) => image.broker(id) !== undefined,
    (id) => image.isActive(id),
  );
  if (problem !== undefined) return { errorCode: "INVALID_REPLICA_ASSIGNMENT", message: problem };
  const byPartition = [...topic.assignments].sort((a, b) => a.partitionIndex - b.partitionIndex);
  return { errorCode: "NONE", assignments: byPartition.map((assignment) => [...assignment.brokerIds]) };
}

function placement({ state, config }: ControllerContext, topic: CreatableTopic, random: RandomStream): AssignmentResult {
  if (topic.replicationFactor < -1 || topic.replicationFactor === 0) {
    return { errorCode: "INVALID_REPLICATION_FACTOR", message: "the replication factor must be positive, or -1 for the default" };
  }
  if (topic.numPartitions < -1 || topic.numPartitions === 0) {
    return { errorCode: "INVALID_PARTITIONS", message: "the number of partitions must be positive, or -1 for the default" };
  }
  const partitions = topic.numPartitions === -1 ? config["num.partitions"] : topic.numPartitions;
  const replicationFactor = topic.replicationFactor === -1 ? config["default.replication.factor"] : topic.replicationFactor;
  const unable = (why: string): AssignmentResult => ({
    errorCode: "INVALID_REPLICATION_FACTOR",
    message: `unable to replicate the partition ${replicationFactor} time(s): ${why}`,
  });
  const brokers = usableBrokers(state.image);
  const problem = placementProblem(replicationFactor, brokers);
  if (problem !== undefined) return unable(problem);
  return { errorCode: "NONE", assignments: placeReplicas({ partitions, replicationFactor, brokers, random }) };
}

/** All but those in controlled shutdown; one that has ended it is fenced, and counts again. Source: BrokerHeartbeatManager.usableBrokers. */
export function usableBrokers(image: MetadataImage): UsableBroker[] {
  const usable: UsableBroker[] = [];
  for (const { id, rack, fenced, inControlledShutdown } of image.brokers()) {
    if (fenced || !inControlledShutdown) usable.push({ id, rack, fenced });
  }
  return usable;
}

function refused(name: string, errorCode: ErrorCode, errorMessage: string): CreatableTopicResult {
  return { name, topicId: "", errorCode, errorMessage };
}
