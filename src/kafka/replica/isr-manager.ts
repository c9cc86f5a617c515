/** Carries a leader's ISR proposals to where they are decided: to the controller, or to the store itself. Source: AlterPartitionManager. */
import type { ErrorCode } from "../errors.ts";
import type { LeaderEpoch, PartitionEpoch, TopicId } from "../ids.ts";
import type { AlterPartitionRequest, AlterPartitionResponse } from "../messages/broker-lifecycle.ts";
import type { PendingIsr } from "./isr.ts";

type ProposedMembers = AlterPartitionRequest["topics"][number]["partitions"][number]["newIsrWithEpochs"];

/** A partition's state after a proposal was accepted. */
export type AlteredPartition = Pick<
  AlterPartitionResponse["topics"][number]["partitions"][number],
  "leaderEpoch" | "isr" | "partitionEpoch"
>;

/** Who made a proposal. */
export interface IsrProposer {
  /** `altered` is the partition's state when `error` is NONE. */
  onIsrAnswer(proposal: PendingIsr, error: ErrorCode, altered: AlteredPartition | undefined): void;
}

export interface IsrProposal {
  readonly topic: string;
  readonly topicId: TopicId;
  readonly partition: number;
  readonly leaderEpoch: LeaderEpoch;
  readonly partitionEpoch: PartitionEpoch;
  /** Of the controller that made this broker the leader; -1 in KRaft mode. */
  readonly controllerEpoch: number;
  readonly members: ProposedMembers;
  readonly pending: PendingIsr;
  readonly proposer: IsrProposer;
}

/** What a leader makes of a refusal. */
export type AfterRefusal =
  /** Nothing was changed, and what it took for committed is: it goes on from there. */
  | "take-back"
  /** Only the controller can tell what the ISR is now: until then the pending, stricter state stands. */
  | "await-metadata"
  | "propose-again";

export interface IsrManager {
  /** Whether a proposal of this partition has not been answered yet, be it one that the partition has forgotten since. */
  hasProposalOf(proposer: IsrProposer): boolean;
  submit(proposal: IsrProposal): void;
  afterRefusal(error: ErrorCode): AfterRefusal;
}
