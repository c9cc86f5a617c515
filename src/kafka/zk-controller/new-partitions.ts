/**
 * Topics that have appeared in the store, and partitions that have been added to one: the controller takes note of them and
 * brings them online. The first ISR is those replicas that live, the first leader the first of them.
 *
 * Source: KafkaController.processTopicChange, processPartitionModifications, onNewPartitionCreation.
 */

import type { TopicPartition } from "../ids.ts";
import { DONE, Procedure, type Step } from "../zk/procedure.ts";
import { childrenOf, dataOf, fenced, getChildren, getData, setData } from "../zk/store-requests.ts";
import { TOPICS_PATH, type TopicZnode, topicPartitionsPath, topicPath } from "../zk/znodes.ts";
import type { WatchedEvent, ZkResponse } from "../zookeeper/client-protocol.ts";
import { ChangePartitionStates } from "./change-partition-states.ts";
import { ChangeReplicaStates } from "./change-replica-states.ts";
import { type ControllerCore, type ControllerDuty, workOn } from "./controller-core.ts";
import { epochFence, writesRefused } from "./fenced-writes.ts";
import { InOrder } from "./in-order.ts";
import { withNewTopicId, writeTopicIds } from "./topic-assignment.ts";

export class NewPartitionsDuty implements ControllerDuty {
  private readonly core: ControllerCore;

  constructor(core: ControllerCore) {
    this.core = core;
  }

  onWatchedEvent({ type, path }: WatchedEvent): Procedure | undefined {
    if (type === "NodeChildrenChanged") return path === TOPICS_PATH ? new TopicChange(this.core) : undefined;
    const topic = type === "NodeDataChanged" ? topicOf(path) : undefined;
    return topic === undefined ? undefined : new PartitionModifications(this.core, topic);
  }
}

/** The topic whose znode is at `path`. */
function topicOf(path: string): string | undefined {
  if (!path.startsWith(`${TOPICS_PATH}/`)) return undefined;
  const topic = path.slice(TOPICS_PATH.length + 1);
  return topic.includes("/") ? undefined : topic;
}

/** The set of topics has changed. */
class TopicChange extends Procedure {
  readonly name = "TopicChange";
  private readonly core: ControllerCore;
  private phase: "children" | "assignments" | "ids" = "children";
  private newTopics: readonly string[] = [];
  private added: TopicPartition[] = [];

  constructor(core: ControllerCore) {
    super();
    this.core = core;
  }

  start(): Step {
    return this.core.isActive ? { kind: "ask", requests: [getChildren(TOPICS_PATH, true)] } : DONE;
  }

  override onResponses(answers: readonly ZkResponse[]): Step {
    switch (this.phase) {
      case "children":
        return this.onChildren(answers as readonly [ZkResponse]);
      case "assignments":
        return this.onAssignments(answers);
      case "ids":
        return writesRefused(answers) ?? workOn(this.core, this.added.length);
    }
  }

  override onRested(): Step {
    return { kind: "call", procedure: bringOnline(this.core, this.added) };
  }

  override onReturned(): Step {
    return DONE;
  }

  private onChildren([answer]: readonly [ZkResponse]): Step {
    const { context } = this.core;
    const topics = new Set(childrenOf(answer));
    for (const topic of [...context.allTopics()]) if (!topics.has(topic)) context.removeTopic(topic);
    this.newTopics = [...topics].filter((topic) => !context.hasTopic(topic));
    this.phase = "assignments";
    // Watched: partitions that are added later change the same znode.
    return { kind: "ask", requests: this.newTopics.map((topic) => getData(topicPath(topic), true)) };
  }

  private onAssignments(answers: readonly ZkResponse[]): Step {
    const { core } = this;
    const withNewIds = new Map<string, TopicZnode>();
    for (const [i, topic] of this.newTopics.entries()) {
      const stored = dataOf<TopicZnode>(answers[i] as ZkResponse);
      const withNewId = withNewTopicId(core, stored);
      if (withNewId !== undefined) withNewIds.set(topic, withNewId);
      core.context.addTopic(topic, (withNewId ?? stored)?.topicId ?? "");
      this.added.push(...noteNewPartitions(core, topic, stored));
    }
    this.phase = "ids";
    return { kind: "ask", requests: writeTopicIds(core, withNewIds) };
  }
}

/** A topic's assignment has been written, by somebody who adds partitions or by this controller itself. */
class PartitionModifications extends Procedure {
  readonly name = "PartitionModifications";
  private readonly core: ControllerCore;
  private readonly topic: string;
  private stored: TopicZnode | undefined;
  private phase: "assignment" | "partitions" | "restored" = "assignment";

  constructor(core: ControllerCore, topic: string) {
    super();
    this.core = core;
    this.topic = topic;
  }

  start(): Step {
    // Unknown: it has been deleted, and if it is there again that will be found as a new topic.
    if (!this.core.isActive || !this.core.context.hasTopic(this.topic)) return DONE;
    return { kind: "ask", requests: [getData(topicPath(this.topic), true)] };
  }

  override onResponses(answers: readonly ZkResponse[]): Step {
    const [answer] = answers as readonly [ZkResponse];
    switch (this.phase) {
      case "assignment":
        this.stored = dataOf<TopicZnode>(answer);
        return this.onAssignment(this.stored);
      case "partitions":
        return this.restore(childrenOf(answer), this.stored as TopicZnode);
      case "restored":
        return writesRefused(answers) ?? DONE;
    }
  }

  override onReturned(): Step {
    return DONE;
  }

  private onAssignment(stored: TopicZnode | undefined): Step {
    const { core, topic } = this;
    if (!core.context.topicsToBeDeleted.has(topic)) {
      const added = noteNewPartitions(core, topic, stored);
      return added.length === 0 ? DONE : { kind: "call", procedure: bringOnline(core, added) };
    }
    if (newPartitions(core, topic, stored).length === 0) return DONE;
    this.phase = "partitions";
    return { kind: "ask", requests: [getChildren(topicPartitionsPath(topic))] };
  }

  /** What is being deleted does not grow: the assignment goes back to the partitions that there are. */
  private restore(existing: readonly string[], stored: TopicZnode): Step {
    const { core, topic } = this;
    const partitions = stored.partitions
      .map((_, partition) => partition)
      .filter((partition) => existing.includes(String(partition)))
      .map((partition) => core.context.assignment({ topic, partition }));
    const restored: TopicZnode = Object.freeze({ topicId: core.context.topicId(topic), partitions: Object.freeze(partitions) });
    this.phase = "restored";
    return { kind: "ask", requests: [fenced(setData(topicPath(topic), restored), epochFence(core))] };
  }
}

function newPartitions({ context }: ControllerCore, topic: string, stored: TopicZnode | undefined): TopicPartition[] {
  const partitions = stored?.partitions.map((_, partition) => ({ topic, partition })) ?? [];
  return partitions.filter((partition) => context.replicas(partition).length === 0);
}

/** Takes the new ones among the stored partitions into the context. */
function noteNewPartitions(core: ControllerCore, topic: string, stored: TopicZnode | undefined): TopicPartition[] {
  const added = newPartitions(core, topic, stored);
  for (const at of added) {
    const assignment = stored?.partitions[at.partition];
    if (assignment !== undefined) core.context.setAssignment(at, assignment);
  }
  return added;
}

/** Source: KafkaController.onNewPartitionCreation. */
function bringOnline(core: ControllerCore, partitions: readonly TopicPartition[]): Procedure {
  const replicas = partitions.flatMap((at) => core.context.replicas(at).map((replica) => ({ ...at, replica })));
  return new InOrder("NewPartitionCreation", [
    new ChangePartitionStates(core, partitions, "NewPartition"),
    new ChangeReplicaStates(core, replicas, "NewReplica"),
    new ChangePartitionStates(core, partitions, "OnlinePartition", { kind: "offline", allowUnclean: false }),
    new ChangeReplicaStates(core, replicas, "OnlineReplica"),
  ]);
}
