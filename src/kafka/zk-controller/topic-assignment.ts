/**
 * What a topic's znode says changes: of one partition, or its id.
 * Source: KafkaController.updateReplicaAssignmentForPartition, processTopicIds.
 */
import { randomTopicId } from "../controller/topic-id.ts";
import type { TopicPartition } from "../ids.ts";
import { DONE, Procedure, type Step } from "../zk/procedure.ts";
import { fenced, setData } from "../zk/store-requests.ts";
import { type ReplicaAssignment, type TopicZnode, topicPath } from "../zk/znodes.ts";
import type { ZkRequest, ZkResponse } from "../zookeeper/client-protocol.ts";
import type { ControllerCore } from "./controller-core.ts";
import { epochFence, writesRefused } from "./fenced-writes.ts";

/** The other partitions are written as the context has them. Ends with `"failed"` if the topic is gone. */
export class WriteAssignment extends Procedure {
  readonly name = "WriteAssignment";
  private readonly core: ControllerCore;
  private readonly partition: TopicPartition;
  private readonly assignment: ReplicaAssignment;

  constructor(core: ControllerCore, partition: TopicPartition, assignment: ReplicaAssignment) {
    super();
    this.core = core;
    this.partition = partition;
    this.assignment = assignment;
  }

  start(): Step {
    const { core, assignment } = this;
    const { topic, partition } = this.partition;
    const partitions: ReplicaAssignment[] = [];
    for (const at of core.context.partitionsOfTopic(topic)) partitions[at.partition] = core.context.assignment(at);
    partitions[partition] = assignment;
    const znode: TopicZnode = Object.freeze({ topicId: core.context.topicId(topic), partitions: Object.freeze(partitions) });
    return { kind: "ask", requests: [fenced(setData(topicPath(topic), znode), epochFence(core))] };
  }

  override onResponses(answers: readonly ZkResponse[]): Step {
    const refused = writesRefused(answers);
    if (refused === undefined) return DONE;
    const moved = refused.kind === "abort" && refused.reason === "controller-moved";
    return moved ? refused : { kind: "done", result: "failed" };
  }
}

/** `stored` with an id, if it is from before topics had any and they are told apart by it (KIP-516); undefined if it stays as it is. */
export function withNewTopicId({ dials, host }: ControllerCore, stored: TopicZnode | undefined): TopicZnode | undefined {
  if (stored === undefined || stored.topicId !== "" || !dials["topic.identifyById"]) return undefined;
  return Object.freeze({ ...stored, topicId: randomTopicId(host.random("topic-id")) });
}

/** Source: KafkaZkClient.setTopicIds. */
export function writeTopicIds(core: ControllerCore, znodes: ReadonlyMap<string, TopicZnode>): ZkRequest[] {
  const fence = epochFence(core);
  return [...znodes].map(([topic, znode]) => fenced(setData(topicPath(topic), znode), fence));
}
