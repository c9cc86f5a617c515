/**
 * Elections that no broker's coming or going brings about: asked for, or found due when the controller looks.
 *
 * Source: ReplicationControlManager.electLeaders, maybeElectUncleanLeaders, maybeBalancePartitionLeaders; KIP-460.
 */
import type { ErrorCode } from "../errors.ts";
import { NONE } from "../ids.ts";
import type { ElectLeadersRequest, ElectLeadersResponse } from "../messages/metadata.ts";
import type { TopicImage } from "../metadata/image.ts";
import type { MetadataRecord } from "../metadata/records.ts";
import type { ControllerContext, ControllerResult } from "./controller-context.ts";
import { changePartition } from "./leader-and-isr-updates.ts";
import { uncleanElectionEnabled } from "./topic-settings.ts";

type ElectionType = ElectLeadersRequest["electionType"];

/** Elections of one pass; a pass that needs more goes on a moment later. Source: ReplicationControlManager.MAX_ELECTIONS_PER_IMBALANCE. */
export const MAX_ELECTIONS_PER_PASS = 1_000;

/** An administrator asks. With null for all partitions those that need nothing are left out of the answer. */
export function electLeaders(context: ControllerContext, request: ElectLeadersRequest): ControllerResult<ElectLeadersResponse> {
  const { image } = context.state;
  const records: MetadataRecord[] = [];
  const elect = (topic: TopicImage | undefined, partitionId: number) => ({
    partitionId,
    errorCode: electLeader(context, topic, partitionId, request.electionType, records),
  });
  const replicaElectionResults =
    request.topicPartitions === null
      ? [...image.topics()].map((topic) => ({
          topic: topic.name,
          partitionResult: topic.partitions
            .map((_, partition) => elect(topic, partition))
            .filter((result) => result.errorCode !== "ELECTION_NOT_NEEDED"),
        }))
      : request.topicPartitions.map(({ topic: name, partitions }) => ({
          topic: name,
          partitionResult: partitions.map((partition) => elect(image.topicByName(name), partition)),
        }));
  return { records, reply: { errorCode: "NONE", replicaElectionResults } };
}

function electLeader(
  context: ControllerContext,
  topic: TopicImage | undefined,
  partition: number,
  electionType: ElectionType,
  records: MetadataRecord[],
): ErrorCode {
  const registration = topic?.partitions[partition];
  if (topic === undefined || registration === undefined) return "UNKNOWN_TOPIC_OR_PARTITION";
  const hasWanted =
    electionType === "PREFERRED" ? registration.leader === registration.replicas[0] : registration.leader !== NONE;
  if (hasWanted) return "ELECTION_NOT_NEEDED";
  const record = changePartition(context, { topic, partition, registration, election: electionType });
  if (record === undefined) {
    return electionType === "PREFERRED" ? "PREFERRED_LEADER_NOT_AVAILABLE" : "ELIGIBLE_LEADERS_NOT_AVAILABLE";
  }
  records.push(record);
  return "NONE";
}

/** A pass over the partitions without a leader: those whose topic allows it get an unclean one. */
export function electUncleanLeaders(context: ControllerContext): MetadataRecord[] {
  const { image, index } = context.state;
  const records: MetadataRecord[] = [];
  for (const { topicId, partition } of index.partitionsWithNoLeader()) {
    if (records.length >= MAX_ELECTIONS_PER_PASS) break;
    const topic = image.topicById(topicId);
    if (topic === undefined || !uncleanElectionEnabled(image, context.config, topic.name)) continue;
    electLeader(context, topic, partition, "UNCLEAN", records);
  }
  return records;
}

/** A pass over the partitions that their preferred replica does not lead: it takes over where it is in the ISR and active. */
export function balancePartitionLeaders(context: ControllerContext): MetadataRecord[] {
  const { image, index } = context.state;
  const records: MetadataRecord[] = [];
  for (const { topicId, partition } of index.imbalancedPartitions()) {
    if (records.length >= MAX_ELECTIONS_PER_PASS) break;
    electLeader(context, image.topicById(topicId), partition, "PREFERRED", records);
  }
  return records;
}
