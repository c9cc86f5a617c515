/** What a topic's znode says of one partition changes. Source: KafkaController.updateReplicaAssignmentForPartition. */
import type { TopicPartition } from "../ids.ts";
import { DONE, Procedure, type Step } from "../zk/procedure.ts";
import { fenced, setData } from "../zk/store-requests.ts";
import { type ReplicaAssignment, type TopicZnode, topicPath } from "../zk/znodes.ts";
import type { ZkResponse } from "../zookeeper/client-protocol.ts";
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
