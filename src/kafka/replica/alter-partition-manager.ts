/**
 * Carries a broker's ISR proposals to the active controller: one request in flight, one proposal per partition, no deadline.
 *
 * While a request is out, further proposals gather and go with the next one. A proposal stays until the controller has
 * answered for its partition; whatever else goes wrong is tried again with the controller of the moment.
 * Source: AlterPartitionManager, KIP-497.
 */
import { ms } from "../../base/units.ts";
import type { Timer, TimerTarget } from "../../sim/host.ts";
import type { ErrorCode } from "../errors.ts";
import type { LeaderEpoch, PartitionEpoch, TopicId } from "../ids.ts";
import type { AlterPartitionRequest, AlterPartitionResponse } from "../messages/broker-lifecycle.ts";
import { type Completion, type CompletionHandler, NetworkClient } from "../net/network-client.ts";
import type { PendingIsr } from "./isr.ts";
import type { ReplicaContext } from "./replica-context.ts";

type RequestTopic = AlterPartitionRequest["topics"][number];
type RequestPartition = RequestTopic["partitions"][number];
export type AlteredPartition = AlterPartitionResponse["topics"][number]["partitions"][number];

/** Who made a proposal. */
export interface IsrProposer {
  /** `altered` is the partition's state when `error` is NONE. */
  onAlterPartitionAnswer(proposal: PendingIsr, error: ErrorCode, altered: AlteredPartition | undefined): void;
}

export interface IsrProposal {
  readonly topic: string;
  readonly topicId: TopicId;
  readonly partition: number;
  readonly leaderEpoch: LeaderEpoch;
  readonly partitionEpoch: PartitionEpoch;
  readonly members: RequestPartition["newIsrWithEpochs"];
  readonly pending: PendingIsr;
  readonly proposer: IsrProposer;
}

const RETRY_MS = 50;

export class AlterPartitionManager implements CompletionHandler<readonly IsrProposal[]>, TimerTarget {
  private readonly context: ReplicaContext;
  private readonly client: NetworkClient<readonly IsrProposal[]>;
  /** Unanswered, in order of submission. */
  private readonly unanswered = new Map<IsrProposer, IsrProposal>();
  private inFlight = false;
  private retryScheduled = false;

  constructor(context: ReplicaContext) {
    this.context = context;
    const { host, config } = context;
    this.client = new NetworkClient(host, config, config["request.timeout.ms"], this);
  }

  /** Whether a proposal of this partition has not been answered yet, be it one that the partition has forgotten since. */
  hasProposalOf(proposer: IsrProposer): boolean {
    return this.unanswered.has(proposer);
  }

  submit(proposal: IsrProposal): void {
    this.unanswered.set(proposal.proposer, proposal);
    this.sendUnlessInFlight();
  }

  onTimer(_timer: Timer): void {
    this.retryScheduled = false;
    this.sendUnlessInFlight();
  }

  onCompletion(completion: Completion<readonly IsrProposal[]>): void {
    this.inFlight = false;
    const response = completion.response as AlterPartitionResponse | undefined;
    if (response === undefined || response.errorCode !== "NONE") {
      this.retryLater();
      return;
    }
    for (const proposal of completion.context) this.answer(proposal, response);
    this.sendUnlessInFlight();
  }

  private sendUnlessInFlight(): void {
    if (this.inFlight || this.retryScheduled || this.unanswered.size === 0) return;
    const { controller, brokerId } = this.context;
    const node = controller.activeController();
    if (node === undefined) {
      this.retryLater();
      return;
    }
    this.inFlight = true;
    const proposals = [...this.unanswered.values()];
    const topics = topicsOf(proposals);
    this.client.send(node, "AlterPartition", { brokerId, brokerEpoch: controller.brokerEpoch(), topics }, proposals);
  }

  private retryLater(): void {
    if (this.retryScheduled) return;
    this.retryScheduled = true;
    this.context.host.setTimer(ms(RETRY_MS), { kind: "alter-partition.retry", target: this });
  }

  /** A partition that the response leaves out stays, and goes with the next request. */
  private answer(proposal: IsrProposal, response: AlterPartitionResponse): void {
    const altered = response.topics
      .find((topic) => topic.topicId === proposal.topicId)
      ?.partitions.find((partition) => partition.partitionIndex === proposal.partition);
    if (altered === undefined) return;
    // Before the answer is handled, since that may make the next proposal.
    this.unanswered.delete(proposal.proposer);
    const { errorCode } = altered;
    proposal.proposer.onAlterPartitionAnswer(proposal.pending, errorCode, errorCode === "NONE" ? altered : undefined);
  }
}

function topicsOf(proposals: readonly IsrProposal[]): RequestTopic[] {
  const byTopic = new Map<TopicId, { topicId: TopicId; topic: string; partitions: RequestPartition[] }>();
  for (const { topic, topicId, partition, leaderEpoch, partitionEpoch, members } of proposals) {
    let entry = byTopic.get(topicId);
    if (entry === undefined) {
      entry = { topicId, topic, partitions: [] };
      byTopic.set(topicId, entry);
    }
    entry.partitions.push({
      partitionIndex: partition,
      leaderEpoch,
      newIsrWithEpochs: members,
      leaderRecoveryState: "RECOVERED",
      partitionEpoch,
    });
  }
  return [...byTopic.values()];
}
