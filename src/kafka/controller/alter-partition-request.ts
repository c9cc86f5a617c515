/** A leader asks for other ISRs. Every partition is answered on its own. Source: ReplicationControlManager.alterPartition, KIP-497. */
import { assert } from "../../base/assert.ts";
import type { ErrorCode } from "../errors.ts";
import { NONE } from "../ids.ts";
import type { AlterPartitionRequest, AlterPartitionResponse } from "../messages/broker-lifecycle.ts";
import { changedPartition, type PartitionRegistration, type TopicImage } from "../metadata/image.ts";
import type { MetadataRecord } from "../metadata/records.ts";
import { type AlterPartitionData, validateAlterPartition } from "./alter-partition.ts";
import type { ControllerContext, ControllerResult } from "./controller-context.ts";
import { changePartition } from "./leader-and-isr-updates.ts";

type PartitionResult = AlterPartitionResponse["topics"][number]["partitions"][number];

export function alterPartition(
  context: ControllerContext,
  request: AlterPartitionRequest,
): ControllerResult<AlterPartitionResponse> {
  const { image } = context.state;
  const sender = image.broker(request.brokerId);
  if (sender === undefined || sender.epoch !== request.brokerEpoch) {
    return { records: [], reply: { errorCode: "STALE_BROKER_EPOCH", topics: [] } };
  }
  const records: MetadataRecord[] = [];
  const topics = request.topics.map(({ topicId, topic: name, partitions }) => {
    const topic = image.topicById(topicId);
    return {
      topicId,
      topic: name,
      partitions: partitions.map((proposal) =>
        topic === undefined
          ? failed(proposal, "UNKNOWN_TOPIC_ID")
          : alterOnePartition(context, { brokerId: request.brokerId, topic, proposal, records }),
      ),
    };
  });
  return { records, reply: { errorCode: "NONE", topics } };
}

function alterOnePartition(
  context: ControllerContext,
  asked: {
    readonly brokerId: number;
    readonly topic: TopicImage;
    readonly proposal: AlterPartitionData;
    readonly records: MetadataRecord[];
  },
): PartitionResult {
  const { brokerId, topic, proposal, records } = asked;
  const { image } = context.state;
  const registration = topic.partitions[proposal.partitionIndex];
  const error = validateAlterPartition({
    brokerId,
    proposal,
    partition: registration,
    registrationOf: (id) => image.broker(id),
    dials: context.dials,
  });
  if (error !== "NONE" || registration === undefined) return failed(proposal, error);

  const record = changePartition(context, {
    topic,
    partition: proposal.partitionIndex,
    registration,
    targetIsr: proposal.newIsrWithEpochs.map((member) => member.brokerId),
    targetLeaderRecoveryState: proposal.leaderRecoveryState,
  });
  if (record === undefined) return succeeded(proposal, registration);
  records.push(record);
  // Only the end of a reassignment could take the lead from the sender (NEW_LEADER_ELECTED); there is none in the model.
  assert(record.leader === undefined, `an ISR proposal of leader ${brokerId} elects ${record.leader}`);
  return succeeded(proposal, changedPartition(registration, record));
}

function succeeded({ partitionIndex }: AlterPartitionData, partition: PartitionRegistration): PartitionResult {
  const { leader, leaderEpoch, isr, leaderRecoveryState, partitionEpoch } = partition;
  return { partitionIndex, errorCode: "NONE", leaderId: leader, leaderEpoch, isr, leaderRecoveryState, partitionEpoch };
}

function failed({ partitionIndex }: AlterPartitionData, errorCode: ErrorCode): PartitionResult {
  return {
    partitionIndex,
    errorCode,
    leaderId: NONE,
    leaderEpoch: NONE,
    isr: [],
    leaderRecoveryState: "RECOVERED",
    partitionEpoch: NONE,
  };
}
