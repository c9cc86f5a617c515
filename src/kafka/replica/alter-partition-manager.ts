/**
 * Carries a broker's ISR proposals to the active controller: one request in flight, one proposal per partition, no deadline.
 *
 * While a request is out, further proposals gather and go with the next one. A proposal stays until the controller has
 * answered for its partition; whatever else goes wrong is tried again with the controller of the moment.
 * Source: AlterPartitionManager, KIP-497.
 */
import { ms } from "../../base/units.ts";
import type { NodeName, Timer, TimerTarget } from "../../sim/host.ts";
import type { ErrorCode } from "../errors.ts";
import type { TopicId } from "../ids.ts";
import type { AlterPartitionRequest, AlterPartitionResponse } from "../messages/broker-lifecycle.ts";
import { ByTopic } from "../messages/by-topic.ts";
import { type Completion, type CompletionHandler, NetworkClient } from "../net/network-client.ts";
import type { AfterRefusal, IsrManager, IsrProposal, IsrProposer } from "./isr-manager.ts";
import type { ReplicaContext } from "./replica-context.ts";

type RequestTopic = AlterPartitionRequest["topics"][number];
type RequestPartition = RequestTopic["partitions"][number];
type AnsweredPartition = AlterPartitionResponse["topics"][number]["partitions"][number];

const RETRY_MS = 50;

/** Refusals after which only new metadata can tell what the ISR is. */
const AWAIT_METADATA: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "UNKNOWN_TOPIC_OR_PARTITION",
  "UNKNOWN_TOPIC_ID",
  "FENCED_LEADER_EPOCH",
  "INVALID_UPDATE_VERSION",
  "INVALID_REQUEST",
  "NEW_LEADER_ELECTED",
]);

/** Refusals that say that nothing was changed and that the leader's partition epoch is the right one. */
const NOT_APPLIED: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["OPERATION_NOT_ATTEMPTED", "INELIGIBLE_REPLICA"]);

export class AlterPartitionManager implements IsrManager, CompletionHandler<readonly IsrProposal[]>, TimerTarget {
  private readonly context: ReplicaContext;
  private readonly client: NetworkClient<readonly IsrProposal[]>;
  /** Unanswered, in order of submission. */
  private readonly unanswered = new Map<IsrProposer, IsrProposal>();
  private inFlight = false;
  private retryScheduled = false;
  /**
   * Whom requests go to, until it says that it is not the controller, or the connection is lost: what this broker hears of
   * a newer one in the meantime changes nothing. Source: NodeToControllerRequestThread.
   */
  private node: NodeName | undefined;

  constructor(context: ReplicaContext) {
    this.context = context;
    const { host, config } = context;
    this.client = new NetworkClient(host, config, config["request.timeout.ms"], this);
  }

  hasProposalOf(proposer: IsrProposer): boolean {
    return this.unanswered.has(proposer);
  }

  submit(proposal: IsrProposal): void {
    this.unanswered.set(proposal.proposer, proposal);
    this.sendUnlessInFlight();
  }

  afterRefusal(error: ErrorCode): AfterRefusal {
    if (NOT_APPLIED.has(error)) return "take-back";
    return AWAIT_METADATA.has(error) ? "await-metadata" : "propose-again";
  }

  onTimer(_timer: Timer): void {
    this.retryScheduled = false;
    this.sendUnlessInFlight();
  }

  onCompletion(completion: Completion<readonly IsrProposal[]>): void {
    this.inFlight = false;
    const response = completion.response as AlterPartitionResponse | undefined;
    const deposed = response === undefined || saysNotController(response);
    if (deposed) this.node = undefined;
    if (deposed || response.errorCode !== "NONE") {
      this.retryLater();
      return;
    }
    const answers = new Map<string, AnsweredPartition>();
    for (const { topic, topicId, partitions } of response.topics) {
      for (const partition of partitions) answers.set(keyOf(topic, topicId, partition.partitionIndex), partition);
    }
    for (const proposal of completion.context) {
      const answer = answers.get(keyOf(proposal.topic, proposal.topicId, proposal.partition));
      // A partition that the response leaves out stays, and goes with the next request.
      if (answer !== undefined) this.answer(proposal, answer);
    }
    this.sendUnlessInFlight();
  }

  private sendUnlessInFlight(): void {
    if (this.inFlight || this.retryScheduled || this.unanswered.size === 0) return;
    const { controller, brokerId } = this.context;
    this.node ??= controller.activeController();
    if (this.node === undefined) {
      this.retryLater();
      return;
    }
    this.inFlight = true;
    const proposals = [...this.unanswered.values()];
    const topics = topicsOf(proposals);
    this.client.send(this.node, "AlterPartition", { brokerId, brokerEpoch: controller.brokerEpoch(), topics }, proposals);
  }

  private retryLater(): void {
    if (this.retryScheduled) return;
    this.retryScheduled = true;
    this.context.host.setTimer(ms(RETRY_MS), { kind: "alter-partition.retry", target: this });
  }

  private answer(proposal: IsrProposal, altered: AnsweredPartition): void {
    // Before the answer is handled, since that may make the next proposal.
    this.unanswered.delete(proposal.proposer);
    const { errorCode } = altered;
    proposal.proposer.onIsrAnswer(proposal.pending, errorCode, errorCode === "NONE" ? altered : undefined);
  }
}

/** Of the whole request, or of any partition in it. */
function saysNotController({ errorCode, topics }: AlterPartitionResponse): boolean {
  if (errorCode === "NOT_CONTROLLER") return true;
  return topics.some(({ partitions }) => partitions.some((partition) => partition.errorCode === "NOT_CONTROLLER"));
}

function topicsOf(proposals: readonly IsrProposal[]): RequestTopic[] {
  const byTopic = new ByTopic<RequestPartition>();
  for (const proposal of proposals) {
    const { partition: partitionIndex, leaderEpoch, partitionEpoch, members: newIsrWithEpochs } = proposal;
    const leaderRecoveryState = "RECOVERED";
    byTopic.add(proposal, { partitionIndex, leaderEpoch, newIsrWithEpochs, leaderRecoveryState, partitionEpoch });
  }
  return byTopic.topics;
}

/** By name and id: where topics have no ids, only the name tells them apart. */
function keyOf(topic: string, topicId: TopicId, partition: number): string {
  return `${topic}/${topicId}/${partition}`;
}
