/**
 * Reads into the context all that a new controller has to know, and sets its watches on the way: what changes from here on comes as an
 * event. Notifications from before are deleted: what they tell is read anyway.
 * Source: KafkaController.onControllerFailover, initializeControllerContext.
 */
import { partitionName, type TopicPartition } from "../ids.ts";
import { DONE, Procedure, type Step } from "../zk/procedure.ts";
import {
  childrenOf,
  controllerMoved,
  dataOf,
  deleteNode,
  exists,
  fenced,
  getChildren,
  getData,
  readPartitionState,
  storedPartitionState,
} from "../zk/store-requests.ts";
import {
  ISR_CHANGE_NOTIFICATION_PATH,
  LOG_DIR_EVENT_NOTIFICATION_PATH,
  PREFERRED_ELECTION_PATH,
  REASSIGN_PARTITIONS_PATH,
  TOPICS_PATH,
  type TopicZnode,
  topicPath,
} from "../zk/znodes.ts";
import type { ZkResponse } from "../zookeeper/client-protocol.ts";
import type { LiveBroker } from "./controller-context.ts";
import { type ControllerCore, workOn } from "./controller-core.ts";
import { epochFence } from "./fenced-writes.ts";
import { ReadBrokers } from "./read-brokers.ts";
import { isBeingReassigned } from "./replica-assignment.ts";
import { readLeadership } from "./stored-state.ts";
import { withNewTopicId, writeTopicIds } from "./topic-assignment.ts";

type Phase = "notifications" | "old-notifications" | "topic-names" | "topics" | "topic-ids" | "states";

export class ReadCluster extends Procedure {
  readonly name = "ReadCluster";
  private readonly core: ControllerCore;
  private phase: Phase = "notifications";
  private topics: readonly string[] = [];
  private partitions: readonly TopicPartition[] = [];

  constructor(core: ControllerCore) {
    super();
    this.core = core;
  }

  start(): Step {
    return {
      kind: "ask",
      requests: [
        exists(PREFERRED_ELECTION_PATH, true),
        exists(REASSIGN_PARTITIONS_PATH, true),
        getChildren(LOG_DIR_EVENT_NOTIFICATION_PATH, true),
        getChildren(ISR_CHANGE_NOTIFICATION_PATH, true),
      ],
    };
  }

  override onResponses(answers: readonly ZkResponse[]): Step {
    if (controllerMoved(answers)) return { kind: "abort", reason: "controller-moved" };
    switch (this.phase) {
      case "notifications":
        return this.forgetNotifications(answers);
      case "old-notifications":
        return { kind: "call", procedure: new ReadBrokers() };
      case "topic-names":
        this.phase = "topics";
        this.topics = childrenOf(answers[0] as ZkResponse);
        return { kind: "ask", requests: this.topics.map((topic) => getData(topicPath(topic), true)) };
      case "topics":
        return this.onTopics(answers);
      case "topic-ids":
        this.phase = "states";
        this.partitions = this.core.context.allPartitions();
        return { kind: "ask", requests: this.partitions.map(readPartitionState) };
      case "states":
        return this.onStates(answers);
    }
  }

  override onReturned(brokers: unknown): Step {
    this.core.context.setLiveBrokers(brokers as readonly LiveBroker[]);
    this.phase = "topic-names";
    return { kind: "ask", requests: [getChildren(TOPICS_PATH, true)] };
  }

  override onRested(): Step {
    return DONE;
  }

  private forgetNotifications([, , logDirEvents, isrChanges]: readonly ZkResponse[]): Step {
    const fence = epochFence(this.core);
    const paths = [
      ...childrenOf(logDirEvents as ZkResponse).map((child) => `${LOG_DIR_EVENT_NOTIFICATION_PATH}/${child}`),
      ...childrenOf(isrChanges as ZkResponse).map((child) => `${ISR_CHANGE_NOTIFICATION_PATH}/${child}`),
    ];
    this.phase = "old-notifications";
    return { kind: "ask", requests: paths.map((path) => fenced(deleteNode(path), fence)) };
  }

  /** A topic from before ids gets one (KIP-516). */
  private onTopics(answers: readonly ZkResponse[]): Step {
    const { core } = this;
    const withNewIds = new Map<string, TopicZnode>();
    for (const [i, topic] of this.topics.entries()) {
      const stored = dataOf<TopicZnode>(answers[i] as ZkResponse);
      const withNewId = withNewTopicId(core, stored);
      if (withNewId !== undefined) withNewIds.set(topic, withNewId);
      core.context.addTopic(topic, (withNewId ?? stored)?.topicId ?? "");
      this.noteAssignments(topic, stored);
    }
    this.phase = "topic-ids";
    return { kind: "ask", requests: writeTopicIds(core, withNewIds) };
  }

  private noteAssignments(topic: string, stored: TopicZnode | undefined): void {
    const { context } = this.core;
    for (const [partition, assignment] of (stored?.partitions ?? []).entries()) {
      const at = Object.freeze({ topic, partition });
      context.setAssignment(at, assignment);
      if (isBeingReassigned(assignment)) context.partitionsBeingReassigned.set(partitionName(topic, partition), at);
    }
  }

  private onStates(answers: readonly ZkResponse[]): Step {
    for (const [i, partition] of this.partitions.entries()) {
      const stored = storedPartitionState(answers[i] as ZkResponse);
      if (stored !== undefined) this.core.context.setLeadership(partition, readLeadership(stored));
    }
    return workOn(this.core, this.partitions.length);
  }
}
