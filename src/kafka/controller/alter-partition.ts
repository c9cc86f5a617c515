/**
 * Whether the controller accepts an ISR that a leader proposes.
 *
 * The proposal must be based on the partition as it is now (leader epoch, partition epoch), come from the leader, and name
 * only replicas that may be in the ISR. The order of the checks decides which error a leader gets, and with it what the
 * leader does next. Source: ReplicationControlManager.validateAlterPartitionData, KIP-497, KIP-704, KIP-841, KIP-903.
 */
import type { Dials } from "../dials.ts";
import type { ErrorCode } from "../errors.ts";
import { type BrokerEpoch, type BrokerId, NONE } from "../ids.ts";
import type { AlterPartitionRequest } from "../messages/broker-lifecycle.ts";
import type { BrokerRegistration, PartitionRegistration } from "../metadata/image.ts";

export type AlterPartitionData = AlterPartitionRequest["topics"][number]["partitions"][number];
type ProposedMember = AlterPartitionData["newIsrWithEpochs"][number];

/** The error to answer with, or NONE. Pure. */
export function validateAlterPartition(options: {
  /** Who asks. */
  readonly brokerId: BrokerId;
  readonly proposal: AlterPartitionData;
  /** Undefined if there is no such partition. */
  readonly partition: PartitionRegistration | undefined;
  readonly registrationOf: (broker: BrokerId) => BrokerRegistration | undefined;
  readonly dials: Pick<Dials, "isr.brokerEpochCheck" | "isr.rejectIneligibleReplica">;
}): ErrorCode {
  const { brokerId, proposal, partition, registrationOf, dials } = options;
  if (partition === undefined) return "UNKNOWN_TOPIC_OR_PARTITION";
  // A leader that knows more than this controller has heard from a newer one (KAFKA-14154).
  if (proposal.leaderEpoch > partition.leaderEpoch) return "NOT_CONTROLLER";
  if (proposal.partitionEpoch > partition.partitionEpoch) return "NOT_CONTROLLER";
  if (proposal.leaderEpoch < partition.leaderEpoch) return "FENCED_LEADER_EPOCH";
  if (brokerId !== partition.leader) return "INVALID_REQUEST";
  if (proposal.partitionEpoch < partition.partitionEpoch) return "INVALID_UPDATE_VERSION";

  const members = proposal.newIsrWithEpochs;
  if (!isSubsetWithoutDuplicates(members, partition.replicas)) return "INVALID_REQUEST";
  if (!members.some((member) => member.brokerId === partition.leader)) return "INVALID_REQUEST";
  if (proposal.leaderRecoveryState === "RECOVERING") {
    if (members.length > 1 || partition.leaderRecoveryState === "RECOVERED") return "INVALID_REQUEST";
  }
  const eligible = members.every((member) => isEligible(member.brokerEpoch, registrationOf(member.brokerId), dials));
  return eligible ? "NONE" : "INELIGIBLE_REPLICA";
}

function isSubsetWithoutDuplicates(members: readonly ProposedMember[], replicas: readonly BrokerId[]): boolean {
  return members.every(
    ({ brokerId }, i) => replicas.includes(brokerId) && members.findIndex((other) => other.brokerId === brokerId) === i,
  );
}

/** Before 3.3 any replica was; before 3.5 whichever incarnation of it. */
function isEligible(
  claimedEpoch: BrokerEpoch,
  registration: BrokerRegistration | undefined,
  dials: Pick<Dials, "isr.brokerEpochCheck" | "isr.rejectIneligibleReplica">,
): boolean {
  if (dials["isr.rejectIneligibleReplica"]) {
    if (registration === undefined || registration.inControlledShutdown || registration.fenced) return false;
  }
  return !dials["isr.brokerEpochCheck"] || claimedEpoch === NONE || registration?.epoch === claimedEpoch;
}
