/**
 * Topics are deleted: the brokers forget them, delete what they hold, and when all replicas are gone the topic leaves the store.
 *
 * A replica that can't be reached makes the topic wait until its broker is back; a controller that takes over finds the topic in
 * `/admin/delete_topics` and starts again. Source: TopicDeletionManager, KafkaController.processTopicDeletion.
 */
import type { ErrorCode } from "../errors.ts";
import type { BrokerId, TopicPartition } from "../ids.ts";
import { DONE, Procedure, type Step } from "../zk/procedure.ts";
import { DeleteRecursive } from "../zk/recursive.ts";
import { childrenOf, deleteNode, fenced, getChildren } from "../zk/store-requests.ts";
import { DELETE_TOPICS_PATH, deleteTopicPath, topicConfigPath, topicPath } from "../zk/znodes.ts";
import type { WatchedEvent, ZkRequest, ZkResponse } from "../zookeeper/client-protocol.ts";
import { ChangePartitionStates } from "./change-partition-states.ts";
import { ChangeReplicaStates } from "./change-replica-states.ts";
import { sendUpdateMetadata } from "./control-request-batch.ts";
import type { ControllerCore, ControllerDuty, DeletedReplica } from "./controller-core.ts";
import { epochFence, writesRefused } from "./fenced-writes.ts";
import { InOrder } from "./in-order.ts";
import type { PartitionReplica } from "./states.ts";
import {
  isDeletionDue,
  isRetryDue,
  markEligibleForDeletion,
  markIneligibleForDeletion,
  replicasToDelete,
} from "./topic-deletion-queue.ts";

export class TopicDeletionDuty implements ControllerDuty {
  private readonly core: ControllerCore;

  constructor(core: ControllerCore) {
    this.core = core;
  }

  prepareFailover(): Procedure {
    return new InitTopicDeletion(this.core);
  }

  resumeAfterFailover(): Procedure {
    return new ResumeDeletions(this.core);
  }

  onBrokersStarted(brokers: readonly BrokerId[]): Procedure {
    const partitions = brokers.flatMap((broker) => this.core.context.partitionsOnBroker(broker));
    return new ResumeDeletions(this.core, { of: new Set(partitions.map(({ topic }) => topic)) });
  }

  onReplicasToDeleteOffline(replicas: readonly PartitionReplica[]): Procedure {
    return new ReplicaDeletionEnded(this.core, { deleted: [], failed: replicas });
  }

  onReplicaDeletionAnswered(replica: BrokerId, errorCode: ErrorCode, answered: readonly DeletedReplica[]): Procedure {
    const isDeleted = (each: DeletedReplica): boolean => errorCode === "NONE" && each.errorCode === "NONE";
    const named = ({ topic, partition }: TopicPartition): PartitionReplica => ({ topic, partition, replica });
    return new ReplicaDeletionEnded(this.core, {
      deleted: answered.filter(isDeleted).map(named),
      failed: answered.filter((each) => !isDeleted(each)).map(named),
    });
  }

  onWatchedEvent({ type, path }: WatchedEvent): Procedure | undefined {
    return type === "NodeChildrenChanged" && path === DELETE_TOPICS_PATH ? new TopicDeletion(this.core) : undefined;
  }
}

/** Deletions that the controller before has left behind. Source: fetchTopicDeletionsInProgress, TopicDeletionManager.init. */
class InitTopicDeletion extends Procedure {
  readonly name = "InitTopicDeletion";
  private readonly core: ControllerCore;
  private queued: readonly string[] | undefined;

  constructor(core: ControllerCore) {
    super();
    this.core = core;
  }

  start(): Step {
    return { kind: "ask", requests: [getChildren(DELETE_TOPICS_PATH, true)] };
  }

  override onResponses(answers: readonly ZkResponse[]): Step {
    if (this.queued !== undefined) return writesRefused(answers, "NONODE") ?? DONE;
    const { core } = this;
    const { context } = core;
    this.queued = childrenOf(answers[0] as ZkResponse);
    if (!core.config["delete.topic.enable"]) return { kind: "ask", requests: dequeue(core, this.queued) };
    for (const topic of this.queued) context.topicsToBeDeleted.add(topic);
    const isOffline = (each: PartitionReplica): boolean => !context.isReplicaOnline(each.replica, each);
    markIneligibleForDeletion(
      core,
      this.queued.filter((topic) => context.replicasOfTopic(topic).some(isOffline)),
    );
    markIneligibleForDeletion(core, topicsBeingReassigned(core));
    return DONE;
  }
}

/** `/admin/delete_topics` has changed. */
class TopicDeletion extends Procedure {
  readonly name = "TopicDeletion";
  private readonly core: ControllerCore;
  /** What is to be deleted; undefined before it is known. */
  private topics: readonly string[] | undefined;

  constructor(core: ControllerCore) {
    super();
    this.core = core;
  }

  start(): Step {
    return this.core.isActive ? { kind: "ask", requests: [getChildren(DELETE_TOPICS_PATH, true)] } : DONE;
  }

  override onResponses(answers: readonly ZkResponse[]): Step {
    const { core } = this;
    const { context } = core;
    if (this.topics === undefined) {
      const asked = childrenOf(answers[0] as ZkResponse);
      this.topics = core.config["delete.topic.enable"] ? asked.filter((topic) => context.hasTopic(topic)) : [];
      const queued = new Set(this.topics);
      const refused = asked.filter((topic) => !queued.has(topic));
      return { kind: "ask", requests: dequeue(core, refused) };
    }
    const refused = writesRefused(answers, "NONODE");
    if (refused !== undefined) return refused;
    if (this.topics.length === 0) return DONE;
    for (const topic of this.topics) context.topicsToBeDeleted.add(topic);
    const reassigned = topicsBeingReassigned(core);
    markIneligibleForDeletion(
      core,
      this.topics.filter((topic) => reassigned.has(topic)),
    );
    return { kind: "call", procedure: new ResumeDeletions(core) };
  }

  override onReturned(): Step {
    return DONE;
  }
}

/** Replicas of topics that are being deleted are gone, or won't go for now. Source: completeReplicaDeletion, failReplicaDeletion. */
class ReplicaDeletionEnded extends Procedure {
  readonly name = "TopicDeletionStopReplicaResponseReceived";
  private readonly core: ControllerCore;
  private readonly replicas: { readonly deleted: readonly PartitionReplica[]; readonly failed: readonly PartitionReplica[] };

  constructor(
    core: ControllerCore,
    replicas: { readonly deleted: readonly PartitionReplica[]; readonly failed: readonly PartitionReplica[] },
  ) {
    super();
    this.core = core;
    this.replicas = replicas;
  }

  start(): Step {
    const { core, replicas } = this;
    if (!core.isActive) return DONE;
    const isQueued = ({ topic }: PartitionReplica): boolean => core.context.topicsToBeDeleted.has(topic);
    const failed = replicas.failed.filter(isQueued);
    const deleted = replicas.deleted.filter(isQueued);
    const steps: Procedure[] = [];
    if (failed.length > 0) {
      steps.push(new ChangeReplicaStates(core, failed, "ReplicaDeletionIneligible"));
      steps.push(new ResumeDeletions(core, { without: new Set(failed.map(({ topic }) => topic)) }));
    }
    if (deleted.length > 0) {
      steps.push(new ChangeReplicaStates(core, deleted, "ReplicaDeletionSuccessful"));
      steps.push(new ResumeDeletions(core));
    }
    return { kind: "call", procedure: new InOrder(this.name, steps) };
  }

  override onReturned(): Step {
    return DONE;
  }
}

/** Goes on with whatever deletion can go on. Source: TopicDeletionManager.resumeDeletions. */
export class ResumeDeletions extends Procedure {
  readonly name = "ResumeDeletions";
  private readonly core: ControllerCore;
  private readonly because: { readonly of?: ReadonlySet<string>; readonly without?: ReadonlySet<string> };
  /** Still to be looked at, the next one last. */
  private queued: string[] = [];
  private readonly due: string[] = [];
  private readonly toRetry: string[] = [];
  private phase: "completing" | "retrying" | "deleting" = "completing";

  /** `of`: nothing stands in the way of these topics any more, and if none of them is queued there is nothing to do. `without`: something does. */
  constructor(core: ControllerCore, because: { readonly of?: ReadonlySet<string>; readonly without?: ReadonlySet<string> } = {}) {
    super();
    this.core = core;
    this.because = because;
  }

  start(): Step {
    const { core, because } = this;
    if (because.without !== undefined) markIneligibleForDeletion(core, because.without);
    if (because.of !== undefined && !markEligibleForDeletion(core, because.of)) return DONE;
    this.queued = [...core.context.topicsToBeDeleted].reverse();
    return this.next();
  }

  override onReturned(): Step {
    return this.next();
  }

  private next(): Step {
    const { core } = this;
    const { context } = core;
    if (this.phase === "completing") {
      for (let topic = this.queued.pop(); topic !== undefined; topic = this.queued.pop()) {
        if (context.areAllReplicasInState(topic, "ReplicaDeletionSuccessful")) {
          return { kind: "call", procedure: completeDeletion(core, topic) };
        }
        if (isRetryDue(core, topic)) this.toRetry.push(topic);
        if (isDeletionDue(core, topic)) this.due.push(topic);
      }
      this.phase = "retrying";
      const failed = this.toRetry.flatMap((topic) => context.replicasInState(topic, "ReplicaDeletionIneligible"));
      if (failed.length > 0) return { kind: "call", procedure: new ChangeReplicaStates(core, failed, "OfflineReplica") };
    }
    if (this.phase === "retrying" && this.due.length > 0) {
      this.phase = "deleting";
      return { kind: "call", procedure: new DeleteTopics(core, this.due) };
    }
    return DONE;
  }
}

/** Brokers are told that the topics go, and to delete what they hold of them. Source: onTopicDeletion, onPartitionDeletion. */
class DeleteTopics extends Procedure {
  readonly name = "DeleteTopics";
  private readonly core: ControllerCore;
  private readonly topics: readonly string[];
  private phase: "partitions" | "replicas" = "partitions";

  constructor(core: ControllerCore, topics: readonly string[]) {
    super();
    this.core = core;
    this.topics = topics;
  }

  start(): Step {
    const { core } = this;
    const { context } = core;
    const unseen = this.topics.filter((topic) => !context.topicsWithDeletionStarted.has(topic));
    const partitions = unseen.flatMap((topic) => context.partitionsOfTopic(topic));
    const steps = [
      new ChangePartitionStates(core, partitions, "OfflinePartition"),
      new ChangePartitionStates(core, partitions, "NonExistentPartition"),
    ];
    return { kind: "call", procedure: new InOrder(this.name, steps) };
  }

  override onReturned(): Step {
    if (this.phase === "replicas") return DONE;
    const { core, topics } = this;
    const { context } = core;
    for (const topic of topics) context.topicsWithDeletionStarted.add(topic);
    const partitions = topics.flatMap((topic) => context.partitionsOfTopic(topic));
    sendUpdateMetadata(core, context.liveOrShuttingDownBrokerIds(), partitions);

    this.phase = "replicas";
    const { reachable, dead } = replicasToDelete(core, topics);
    const steps = [
      new ChangeReplicaStates(core, dead, "ReplicaDeletionIneligible"),
      new ChangeReplicaStates(core, reachable, "OfflineReplica"),
      new ChangeReplicaStates(core, reachable, "ReplicaDeletionStarted"),
    ];
    markIneligibleForDeletion(
      core,
      dead.map(({ topic }) => topic),
    );
    return { kind: "call", procedure: new InOrder(this.name, steps) };
  }
}

/** All replicas are gone: so is the topic. Source: TopicDeletionManager.completeDeleteTopic. */
function completeDeletion(core: ControllerCore, topic: string): Procedure {
  const replicas = core.context.replicasInState(topic, "ReplicaDeletionSuccessful");
  return new InOrder("CompleteDeleteTopic", [
    new ChangeReplicaStates(core, replicas, "NonExistentReplica"),
    new DeleteRecursive(topicPath(topic), epochFence(core)),
    new ForgetTopic(core, topic),
  ]);
}

/** What is left of the topic goes from the store, and then from the context. */
class ForgetTopic extends Procedure {
  readonly name = "ForgetTopic";
  private readonly core: ControllerCore;
  private readonly topic: string;
  private phase: "config" | "queue" = "config";

  constructor(core: ControllerCore, topic: string) {
    super();
    this.core = core;
    this.topic = topic;
  }

  start(): Step {
    return { kind: "ask", requests: [fenced(deleteNode(topicConfigPath(this.topic)), epochFence(this.core))] };
  }

  override onResponses(answers: readonly ZkResponse[]): Step {
    const refused = writesRefused(answers, "NONODE");
    if (refused !== undefined) return refused;
    if (this.phase === "config") {
      this.phase = "queue";
      return { kind: "ask", requests: dequeue(this.core, [this.topic]) };
    }
    this.core.context.removeTopic(this.topic);
    return DONE;
  }
}

function dequeue(core: ControllerCore, topics: readonly string[]): ZkRequest[] {
  const fence = epochFence(core);
  return topics.map((topic) => fenced(deleteNode(deleteTopicPath(topic)), fence));
}

function topicsBeingReassigned({ context }: ControllerCore): Set<string> {
  return new Set([...context.partitionsBeingReassigned.values()].map(({ topic }) => topic));
}
