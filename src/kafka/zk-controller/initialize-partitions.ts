/**
 * Gives new partitions their first state: all live replicas are in sync, the first of them leads. Those of which no replica is alive
 * stay new. Source: ZkPartitionStateMachine.initializeLeaderAndIsrForPartitions.
 */
import { assert } from "../../base/assert.ts";
import type { TopicPartition } from "../ids.ts";
import { DONE, Procedure, type Step } from "../zk/procedure.ts";
import { controllerMoved, createPartitionStates, writeResult } from "../zk/store-requests.ts";
import type { ZkRequest, ZkResponse } from "../zookeeper/client-protocol.ts";
import type { ControlRequestBatch } from "./control-request-batch.ts";
import type { Leadership } from "./controller-context.ts";
import type { ControllerCore } from "./controller-core.ts";
import { epochFence } from "./fenced-writes.ts";
import { initialLeadership } from "./leader-election.ts";
import { storedState } from "./stored-state.ts";

interface Initialization {
  readonly partition: TopicPartition;
  readonly leadership: Leadership;
}

export class InitializePartitions extends Procedure {
  readonly name = "InitializePartitions";
  private readonly core: ControllerCore;
  private readonly partitions: readonly TopicPartition[];
  private readonly batch: ControlRequestBatch;
  private initializations: readonly Initialization[] = [];
  /** Batches that are still to be sent. */
  private requests: readonly (readonly ZkRequest[])[] = [];

  constructor(core: ControllerCore, partitions: readonly TopicPartition[], batch: ControlRequestBatch) {
    super();
    this.core = core;
    this.partitions = partitions;
    this.batch = batch;
  }

  start(): Step {
    const { core } = this;
    const { context } = core;
    this.initializations = this.partitions.flatMap((partition) => {
      const isOnline = new Set(context.replicas(partition).filter((id) => context.isReplicaOnline(id, partition)));
      const leadership = initialLeadership(context.replicas(partition), isOnline, context.epoch);
      return leadership === undefined ? [] : [{ partition, leadership }];
    });
    if (this.initializations.length === 0) return DONE;
    const states = this.initializations.map(({ partition, leadership }) => ({ at: partition, state: storedState(leadership) }));
    this.requests = createPartitionStates(states, epochFence(core));
    return this.next();
  }

  /** What fails on the way to the states themselves shows there. */
  override onResponses(answers: readonly ZkResponse[]): Step {
    if (controllerMoved(answers)) return { kind: "abort", reason: "controller-moved" };
    if (this.requests.length > 0) return this.next();
    const { context } = this.core;
    for (const [i, { partition, leadership }] of this.initializations.entries()) {
      if (writeResult(answers[i] as ZkResponse).error !== "OK") continue;
      context.setLeadership(partition, leadership);
      this.batch.addLeaderAndIsr(leadership.isr, partition, leadership, { isNew: true });
      context.setPartitionState(partition, "OnlinePartition");
    }
    return DONE;
  }

  private next(): Step {
    const [requests, ...later] = this.requests;
    assert(requests !== undefined, "nothing left to ask");
    this.requests = later;
    return { kind: "ask", requests };
  }
}
