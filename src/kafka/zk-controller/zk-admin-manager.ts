/**
 * What administrators ask of the active controller's broker: topics are written to the store or marked for deletion there, elections
 * are handed to the controller, and the answer waits until this broker's own metadata cache shows the result.
 *
 * It works beside the controller's thread, on one of its own: Kafka's request handlers. Source: ZkAdminManager, KafkaApis.
 */
import { ms } from "../../base/units.ts";
import type { Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import { partitionName, type TopicPartition } from "../ids.ts";
import type { BrokerMetadataCache } from "../metadata/broker-metadata-cache.ts";
import type { PendingRequest } from "../net/request-channel.ts";
import { type ProcedureOwner, ProcedureThread } from "../zk/procedure-thread.ts";
import type { ControllerCore } from "./controller-core.ts";
import {
  type DelayedAdminOperation,
  DelayedCreatePartitions,
  DelayedDeleteTopics,
  DelayedElectLeader,
} from "./delayed-admin-operations.ts";
import { AdminLeaderElection, type ElectionRequester, type ElectionResult } from "./replica-leader-election.ts";
import { CreateTopics, type TopicCreationContext, type TopicCreationRequester, type WrittenTopic } from "./topic-creation.ts";
import { type MarkedTopic, MarkTopicsForDeletion, type TopicDeletionRequester } from "./topic-deletion-request.ts";
import { CreatePartitions, type TopicGrowthRequester } from "./topic-growth.ts";
import type { CreatableTopic } from "./topic-plan.ts";

export type AdminRequest =
  | PendingRequest<"CreateTopics">
  | PendingRequest<"CreatePartitions">
  | PendingRequest<"DeleteTopics">
  | PendingRequest<"ElectLeaders">;

interface AskedElection {
  readonly request: PendingRequest<"ElectLeaders">;
  /** Each once, in the order of the request. */
  readonly partitions: readonly TopicPartition[];
  /** On the steady clock. */
  readonly deadline: number;
}

interface ExpiryTimer extends Timer {
  readonly kind: "admin.request-timeout";
  readonly operation: DelayedAdminOperation;
}

export class ZkAdminManager
  implements
    ProcedureOwner,
    TimerTarget,
    TopicCreationRequester,
    TopicGrowthRequester,
    TopicDeletionRequester,
    ElectionRequester<AskedElection>
{
  private readonly core: ControllerCore;
  private readonly metadata: BrokerMetadataCache;
  private readonly thread: ProcedureThread;
  private makesInternalTopic = false;
  private readonly delayed = new Map<DelayedAdminOperation, TimerId>();

  constructor(core: ControllerCore, metadata: BrokerMetadataCache) {
    this.core = core;
    this.metadata = metadata;
    const { host, zk, dials } = core;
    this.thread = new ProcedureThread({ host, zk, owner: this, pipelined: dials["controller.pipelineZkRequests"] });
  }

  /** It is answered, now or later. */
  onRequest(request: AdminRequest): void {
    switch (request.api) {
      case "CreateTopics":
        this.createTopics(request);
        return;
      case "CreatePartitions":
        this.createPartitions(request);
        return;
      case "DeleteTopics":
        this.deleteTopics(request);
        return;
      case "ElectLeaders":
        this.electLeaders(request);
        return;
    }
  }

  /** The broker has taken over an UpdateMetadata. Source: tryCompleteDelayedTopicOperations, tryCompleteElection. */
  onMetadataUpdated(): void {
    for (const operation of [...this.delayed.keys()]) if (operation.isDone(this.metadata)) this.complete(operation);
  }

  onTimer(timer: Timer): void {
    this.complete((timer as ExpiryTimer).operation);
  }

  /** Whoever waited for the handler has been told by it. */
  onHandlerAborted(): void {}

  /**
   * A topic that the broker itself needs, unless it is being made already. Nobody waits for it: whether it is there the metadata
   * cache will show. Source: DefaultAutoTopicCreationManager.createTopicsInZk.
   */
  createInternalTopic(topic: CreatableTopic): void {
    if (this.makesInternalTopic) return;
    this.makesInternalTopic = true;
    this.thread.submit(new CreateTopics(this.creationContext(), [topic], undefined, this));
  }

  onTopicsWritten(request: PendingRequest<"CreateTopics"> | undefined, topics: readonly WrittenTopic[]): void {
    if (request === undefined) {
      this.makesInternalTopic = false;
      return;
    }
    const mayWait = topics.some(({ errorCode }) => errorCode === "NONE");
    this.answerWhenDone(new DelayedCreatePartitions(request, topics), mayWait ? request.body.timeoutMs : 0);
  }

  onPartitionsWritten(request: PendingRequest<"CreatePartitions">, topics: readonly WrittenTopic[]): void {
    const mayWait = topics.some(({ errorCode }) => errorCode === "NONE");
    this.answerWhenDone(new DelayedCreatePartitions(request, topics), mayWait ? request.body.timeoutMs : 0);
  }

  onTopicsMarked(request: PendingRequest<"DeleteTopics">, marked: readonly MarkedTopic[]): void {
    const byName = new Map(marked.map((topic) => [topic.name, topic]));
    const unknown = (name: string): MarkedTopic => ({ name, errorCode: "UNKNOWN_TOPIC_OR_PARTITION" });
    const topics = [...new Set(request.body.topicNames)].map((name) => byName.get(name) ?? unknown(name));
    const mayWait = marked.some(({ errorCode }) => errorCode === "NONE");
    this.answerWhenDone(new DelayedDeleteTopics(request, topics), mayWait ? request.body.timeoutMs : 0);
  }

  onLeadersElected(results: ReadonlyMap<string, ElectionResult>, { request, partitions, deadline }: AskedElection): void {
    const remainingMs = Math.max(0, (deadline - this.core.host.steadyNow()) / ms(1));
    this.answerWhenDone(new DelayedElectLeader(request, partitions, results), remainingMs);
  }

  private creationContext(): TopicCreationContext {
    const { host, config, dials } = this.core;
    return { host, config, dials, metadata: this.metadata };
  }

  private createTopics(request: PendingRequest<"CreateTopics">): void {
    if (this.core.isActive) {
      this.thread.submit(new CreateTopics(this.creationContext(), request.body.topics, request, this));
      return;
    }
    const names = new Set(request.body.topics.map((topic) => topic.name));
    const topics = [...names].map((name) => ({
      name,
      topicId: "",
      errorCode: "NOT_CONTROLLER" as const,
      errorMessage: null,
    }));
    request.respond({ topics });
  }

  private createPartitions(request: PendingRequest<"CreatePartitions">): void {
    if (this.core.isActive) {
      this.thread.submit(new CreatePartitions({ host: this.core.host, metadata: this.metadata }, request, this));
      return;
    }
    const names = new Set(request.body.topics.map((topic) => topic.name));
    const errorCode = "NOT_CONTROLLER" as const;
    request.respond({ results: [...names].map((name) => ({ name, errorCode, errorMessage: null })) });
  }

  private deleteTopics(request: PendingRequest<"DeleteTopics">): void {
    const { isActive, config } = this.core;
    const names = [...new Set(request.body.topicNames)];
    if (!isActive || !config["delete.topic.enable"]) {
      const errorCode = isActive ? "TOPIC_DELETION_DISABLED" : "NOT_CONTROLLER";
      request.respond({ responses: names.map((name) => ({ name, errorCode })) });
      return;
    }
    const known = names.filter((name) => this.metadata.topicByName(name) !== undefined);
    this.thread.submit(new MarkTopicsForDeletion(request, known, this));
  }

  private electLeaders(request: PendingRequest<"ElectLeaders">): void {
    const { electionType, timeoutMs } = request.body;
    const partitions = this.askedPartitions(request);
    const asked: AskedElection = { request, partitions, deadline: this.core.host.steadyNow() + ms(timeoutMs) };
    const answer = { requester: this, context: asked };
    this.core.thread.submit(new AdminLeaderElection(this.core, { partitions, electionType }, answer));
  }

  /** All that this broker knows of, if none is named. */
  private askedPartitions({ body }: PendingRequest<"ElectLeaders">): readonly TopicPartition[] {
    const topics =
      body.topicPartitions ??
      [...this.metadata.topics()].map(({ name, partitions }) => ({
        topic: name,
        partitions: partitions.flatMap((known, partition) => (known === undefined ? [] : [partition])),
      }));
    const byName = new Map<string, TopicPartition>();
    for (const { topic, partitions } of topics) {
      for (const partition of partitions) byName.set(partitionName(topic, partition), { topic, partition });
    }
    return [...byName.values()];
  }

  /** At once, if there is nothing to wait for, or no time to wait. */
  private answerWhenDone(operation: DelayedAdminOperation, timeoutMs: number): void {
    if (timeoutMs <= 0 || operation.isDone(this.metadata)) {
      operation.answer(this.metadata);
      return;
    }
    const timer: ExpiryTimer = { kind: "admin.request-timeout", target: this, operation };
    this.delayed.set(operation, this.core.host.setTimer(ms(timeoutMs), timer));
  }

  private complete(operation: DelayedAdminOperation): void {
    this.core.host.cancelTimer(this.delayed.get(operation) ?? 0);
    this.delayed.delete(operation);
    operation.answer(this.metadata);
  }
}
