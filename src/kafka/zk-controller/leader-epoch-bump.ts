/**
 * A partition's leader stays, but gets the next leader epoch, so that it and its followers take note of another assignment.
 * Source: KafkaController.updateLeaderEpochAndSendRequest.
 */
import type { TopicPartition } from "../ids.ts";
import { DONE, Procedure, type Step } from "../zk/procedure.ts";
import {
  controllerMoved,
  readPartitionState,
  setPartitionState,
  storedPartitionState,
  writeResult,
} from "../zk/store-requests.ts";
import type { ZkResponse } from "../zookeeper/client-protocol.ts";
import { ControlRequestBatch } from "./control-request-batch.ts";
import type { Leadership } from "./controller-context.ts";
import type { ControllerCore } from "./controller-core.ts";
import { epochFence } from "./fenced-writes.ts";
import { withLeader } from "./leader-election.ts";
import { originReplicas } from "./replica-assignment.ts";
import { readLeadership, storedState, writtenLeadership } from "./stored-state.ts";

/** Ends with `"failed"` if the state is missing, or a newer controller's. */
export class BumpLeaderEpoch extends Procedure {
  readonly name = "BumpLeaderEpoch";
  private readonly core: ControllerCore;
  private readonly partition: TopicPartition;
  /** What is being written; undefined while the state is read. */
  private next: Leadership | undefined;

  constructor(core: ControllerCore, partition: TopicPartition) {
    super();
    this.core = core;
    this.partition = partition;
  }

  start(): Step {
    this.next = undefined;
    return { kind: "ask", requests: [readPartitionState(this.partition)] };
  }

  override onResponses(answers: readonly ZkResponse[]): Step {
    const [answer] = answers as readonly [ZkResponse];
    if (this.next === undefined) return this.write(answer);
    if (controllerMoved(answers)) return { kind: "abort", reason: "controller-moved" };
    const { error, stat } = writeResult(answer);
    if (error === "BADVERSION") return this.start();
    if (error !== "OK" || stat === undefined) return { kind: "done", result: "failed" };
    this.tellReplicas(writtenLeadership(this.next, stat.version));
    return DONE;
  }

  private write(answer: ZkResponse): Step {
    const { core, partition } = this;
    const stored = storedPartitionState(answer);
    if (stored === undefined || stored.state.controllerEpoch > core.context.epoch) return { kind: "done", result: "failed" };
    const current = readLeadership(stored);
    const next = Object.freeze({ ...withLeader(current, {}), controllerEpoch: core.context.epoch });
    this.next = next;
    return { kind: "ask", requests: [setPartitionState(partition, storedState(next), current.partitionEpoch, epochFence(core))] };
  }

  private tellReplicas(leadership: Leadership): void {
    const { core, partition } = this;
    core.context.setLeadership(partition, leadership);
    const assignment = core.context.assignment(partition);
    const batch = new ControlRequestBatch(core);
    batch.addLeaderAndIsr(originReplicas(assignment), partition, leadership, { isNew: false });
    batch.addLeaderAndIsr(assignment.addingReplicas, partition, leadership, { isNew: true });
    batch.send();
  }
}
