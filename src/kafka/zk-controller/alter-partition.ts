/**
 * A leader asks for other ISRs: what holds is written to the store, told to all brokers by UpdateMetadata, and answered. The leader
 * itself learns its new partition epoch from the answer; nobody gets a LeaderAndIsr. Source: KafkaController.processAlterPartition,
 * KIP-497.
 */
import type { ErrorCode } from "../errors.ts";
import { NONE, partitionName, type TopicPartition } from "../ids.ts";
import type { AlterPartitionRequest, AlterPartitionResponse } from "../messages/broker-lifecycle.ts";
import type { AnyPendingRequest, PendingRequest } from "../net/request-channel.ts";
import { type AbortReason, DONE, Procedure, type Step } from "../zk/procedure.ts";
import { controllerMoved, setPartitionState, writeResult } from "../zk/store-requests.ts";
import type { ZkResponse } from "../zookeeper/client-protocol.ts";
import { sendUpdateMetadata } from "./control-request-batch.ts";
import type { Leadership } from "./controller-context.ts";
import { type ControllerCore, type ControllerDuty, workOn } from "./controller-core.ts";
import { epochFence } from "./fenced-writes.ts";
import { judgeIsrProposal, type LeaderAndIsr } from "./isr-proposal.ts";
import { RefreshPartitionStates } from "./partition-state-refresh.ts";
import { CompleteReassignments } from "./reassignment.ts";

type TopicData = AlterPartitionRequest["topics"][number];
type PartitionData = TopicData["partitions"][number];
type PartitionResult = AlterPartitionResponse["topics"][number]["partitions"][number];

export class AlterPartitionDuty implements ControllerDuty {
  private readonly core: ControllerCore;

  constructor(core: ControllerCore) {
    this.core = core;
  }

  onRequest(request: AnyPendingRequest): boolean {
    if (request.api !== "AlterPartition") return false;
    this.core.thread.submit(new AlterPartitionReceived(this.core, request));
    return true;
  }
}

interface Proposal {
  readonly at: TopicPartition;
  readonly wanted: LeaderAndIsr;
}

class AlterPartitionReceived extends Procedure {
  readonly name = "AlterPartitionReceived";
  private readonly core: ControllerCore;
  private readonly request: PendingRequest<"AlterPartition">;
  /** By {@link partitionName}: what to answer. */
  private readonly results = new Map<string, ErrorCode | LeaderAndIsr>();
  /** What is written to the store. */
  private readonly accepted: Proposal[] = [];
  private known: TopicPartition[] = [];
  private phase: "waiting" | "asked" | "answered" = "waiting";

  constructor(core: ControllerCore, request: PendingRequest<"AlterPartition">) {
    super();
    this.core = core;
    this.request = request;
  }

  start(): Step {
    const { core, request } = this;
    this.phase = "asked";
    if (!core.isActive) return this.refuse("NOT_CONTROLLER");
    const sender = core.context.liveOrShuttingDownBroker(request.body.brokerId);
    if (sender?.epoch !== request.body.brokerEpoch) return this.refuse("STALE_BROKER_EPOCH");
    for (const topic of request.body.topics) this.judge(topic);
    return workOn(core, this.known.length);
  }

  override onRested(): Step {
    const { core } = this;
    const fence = epochFence(core);
    const requests = this.accepted.map(({ at, wanted: { partitionEpoch, ...state } }) =>
      setPartitionState(at, { ...state, controllerEpoch: core.context.epoch }, partitionEpoch, fence),
    );
    return { kind: "ask", requests };
  }

  override onResponses(answers: readonly ZkResponse[]): Step {
    // Kafka answers so, and does not resign here: it learns of its successor in other ways.
    if (controllerMoved(answers)) return this.refuse("UNKNOWN_SERVER_ERROR");
    const written: TopicPartition[] = [];
    for (const [i, { at, wanted }] of this.accepted.entries()) {
      const { error, stat } = writeResult(answers[i] as ZkResponse);
      if (error === "OK") written.push(at);
      this.results.set(
        partitionName(at.topic, at.partition),
        error === "OK"
          ? { ...wanted, partitionEpoch: stat?.version as number }
          : error === "BADVERSION"
            ? "INVALID_UPDATE_VERSION"
            : "UNKNOWN_SERVER_ERROR",
      );
    }
    return { kind: "call", procedure: new RefreshPartitionStates(this.core, written) };
  }

  override onReturned(): Step {
    if (this.phase === "answered") return DONE;
    const { core } = this;
    sendUpdateMetadata(core, core.context.liveOrShuttingDownBrokerIds(), this.known);
    this.respond({ errorCode: "NONE", topics: this.request.body.topics.map((topic) => this.resultOf(topic)) });
    // What the answer has made complete is looked at after it.
    const succeeded = this.known.filter(
      ({ topic, partition }) => typeof this.results.get(partitionName(topic, partition)) === "object",
    );
    return { kind: "call", procedure: new CompleteReassignments(core, succeeded) };
  }

  /** What only waited for its turn is dropped without an answer, as Kafka does it: the leader asks again when its request times out. */
  override onAborted(_reason: AbortReason): void {
    if (this.phase === "asked") this.refuse("UNKNOWN_SERVER_ERROR");
  }

  /** Since 3.3 requests name topics by their id. */
  private judge(topic: TopicData): void {
    const { core, request } = this;
    const { context, dials } = core;
    const byTopicId = topic.topicId !== "";
    if (byTopicId && context.topicId(topic.topic) !== topic.topicId) return;
    for (const data of topic.partitions) {
      const at = { topic: topic.topic, partition: data.partitionIndex };
      const wanted = wantedState(request.body.brokerId, data);
      const current = context.leadership(at);
      const verdict = judgeIsrProposal({
        proposed: wanted,
        current,
        isLive: (broker) => context.isLiveBroker(broker),
        byTopicId,
        dials,
      });
      this.known.push(at);
      if (verdict.kind === "write") this.accepted.push({ at, wanted });
      else {
        const result = verdict.kind === "refuse" ? verdict.error : (current as Leadership);
        this.results.set(partitionName(at.topic, at.partition), result);
      }
    }
  }

  private resultOf({ topicId, topic, partitions }: TopicData): AlterPartitionResponse["topics"][number] {
    return {
      topicId,
      topic,
      partitions: partitions.map(({ partitionIndex }) =>
        partitionResult(partitionIndex, this.results.get(partitionName(topic, partitionIndex)) ?? "UNKNOWN_TOPIC_ID"),
      ),
    };
  }

  private refuse(errorCode: ErrorCode): Step {
    this.respond({ errorCode, topics: [] });
    return DONE;
  }

  private respond(body: AlterPartitionResponse): void {
    this.phase = "answered";
    this.request.respond(body);
  }
}

function wantedState(leader: number, data: PartitionData): LeaderAndIsr {
  const { leaderEpoch, leaderRecoveryState, partitionEpoch } = data;
  const isr = Object.freeze(data.newIsrWithEpochs.map((member) => member.brokerId));
  return { leader, leaderEpoch, isr, leaderRecoveryState, partitionEpoch };
}

function partitionResult(partitionIndex: number, result: ErrorCode | LeaderAndIsr): PartitionResult {
  if (typeof result !== "string") {
    const { leader, leaderEpoch, isr, leaderRecoveryState, partitionEpoch } = result;
    return { partitionIndex, errorCode: "NONE", leaderId: leader, leaderEpoch, isr, leaderRecoveryState, partitionEpoch };
  }
  return {
    partitionIndex,
    errorCode: result,
    leaderId: NONE,
    leaderEpoch: NONE,
    isr: [],
    leaderRecoveryState: "RECOVERED",
    partitionEpoch: NONE,
  };
}
