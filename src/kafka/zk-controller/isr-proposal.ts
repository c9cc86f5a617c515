/**
 * Whether the controller of ZooKeeper mode takes over an ISR that a leader proposes.
 *
 * Unlike in KRaft, a proposal that asks for what already is counts as done, even if it rests on an older partition epoch: the
 * answer is how a leader that missed the first one learns the new epoch. The order of the checks decides which error a leader
 * gets. Source: KafkaController.tryProcessAlterPartition, KIP-497, KIP-704, KIP-841, KAFKA-14144, KAFKA-14154.
 */
import type { Dials } from "../dials.ts";
import type { ErrorCode } from "../errors.ts";
import type { BrokerId, LeaderEpoch, PartitionEpoch } from "../ids.ts";
import type { LeaderRecoveryState } from "../messages/broker-lifecycle.ts";
import { sameBrokers } from "./replica-assignment.ts";

/** What leader and controller compare. Source: LeaderAndIsr. */
export interface LeaderAndIsr {
  readonly leader: BrokerId;
  readonly leaderEpoch: LeaderEpoch;
  readonly isr: readonly BrokerId[];
  readonly leaderRecoveryState: LeaderRecoveryState;
  readonly partitionEpoch: PartitionEpoch;
}

export type IsrVerdict = { readonly kind: "refuse"; readonly error: ErrorCode } | { readonly kind: "already" | "write" };

type ProposalDials = Pick<Dials, "controller.notControllerIfRequestAhead" | "isr.rejectIneligibleReplica">;

/** Pure. `proposed.leader` is who asks. */
export function judgeIsrProposal(options: {
  readonly proposed: LeaderAndIsr;
  /** Undefined if the controller knows no such partition. */
  readonly current: LeaderAndIsr | undefined;
  readonly isLive: (broker: BrokerId) => boolean;
  /** Whether the request names topics by their id: older ones know no INELIGIBLE_REPLICA. */
  readonly byTopicId: boolean;
  readonly dials: ProposalDials;
}): IsrVerdict {
  const { proposed, current, isLive, byTopicId, dials } = options;
  if (current === undefined) return refuse("UNKNOWN_TOPIC_OR_PARTITION");
  const ahead = proposed.partitionEpoch > current.partitionEpoch || proposed.leaderEpoch > current.leaderEpoch;
  // A leader that knows more than this controller has heard from a newer one.
  if (ahead && dials["controller.notControllerIfRequestAhead"]) return refuse("NOT_CONTROLLER");
  if (proposed.leaderEpoch !== current.leaderEpoch) return refuse("FENCED_LEADER_EPOCH");
  if (isAlreadySo(proposed, current)) return { kind: "already" };
  if (proposed.partitionEpoch !== current.partitionEpoch) return refuse("INVALID_UPDATE_VERSION");
  if (proposed.leaderRecoveryState === "RECOVERING") {
    if (proposed.isr.length > 1 || current.leaderRecoveryState === "RECOVERED") return refuse("INVALID_REQUEST");
  }
  if (dials["isr.rejectIneligibleReplica"] && !proposed.isr.every(isLive)) {
    return refuse(byTopicId ? "INELIGIBLE_REPLICA" : "OPERATION_NOT_ATTEMPTED");
  }
  return { kind: "write" };
}

/** Source: LeaderAndIsr.equalsAllowStalePartitionEpoch. */
function isAlreadySo(proposed: LeaderAndIsr, current: LeaderAndIsr): boolean {
  return (
    proposed.leader === current.leader &&
    proposed.leaderEpoch === current.leaderEpoch &&
    proposed.leaderRecoveryState === current.leaderRecoveryState &&
    proposed.partitionEpoch <= current.partitionEpoch &&
    sameBrokers(proposed.isr, current.isr)
  );
}

function refuse(error: ErrorCode): IsrVerdict {
  return { kind: "refuse", error };
}
