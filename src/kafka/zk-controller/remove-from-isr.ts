/**
 * Takes a broker's replicas out of their ISRs: reads the states, writes conditionally with the next leader epoch, and starts again with
 * those that have changed in between. The last member stays; nobody leads what it led.
 * Source: ZkReplicaStateMachine.removeReplicasFromIsr.
 */
import { type BrokerId, partitionName, type TopicPartition } from "../ids.ts";
import { Procedure, type Step } from "../zk/procedure.ts";
import {
  controllerMoved,
  readPartitionState,
  setPartitionState,
  storedPartitionState,
  writeResult,
} from "../zk/store-requests.ts";
import type { ZkResponse } from "../zookeeper/client-protocol.ts";
import type { Leadership } from "./controller-context.ts";
import { type ControllerCore, workOn } from "./controller-core.ts";
import { epochFence } from "./fenced-writes.ts";
import { withoutReplica } from "./leader-election.ts";
import { readLeadership, storedState, writtenLeadership } from "./stored-state.ts";

/** By {@link partitionName}: what is in the store now, of all those that could be dealt with, whether they had the replica in their ISR or not. */
export type RemovedFromIsr = ReadonlyMap<string, Leadership>;

interface Removal {
  readonly partition: TopicPartition;
  readonly adjusted: Leadership;
}

/** Ends with {@link RemovedFromIsr}. */
export class RemoveFromIsr extends Procedure {
  readonly name = "RemoveFromIsr";
  private readonly core: ControllerCore;
  private readonly replica: BrokerId;
  private readonly results = new Map<string, Leadership>();
  private remaining: readonly TopicPartition[];
  private phase: "reading" | "writing" = "reading";
  private removals: readonly Removal[] = [];

  constructor(core: ControllerCore, replica: BrokerId, partitions: readonly TopicPartition[]) {
    super();
    this.core = core;
    this.replica = replica;
    this.remaining = partitions;
  }

  start(): Step {
    this.phase = "reading";
    if (this.remaining.length === 0) return { kind: "done", result: this.results };
    return { kind: "ask", requests: this.remaining.map(readPartitionState) };
  }

  override onResponses(answers: readonly ZkResponse[]): Step {
    return this.phase === "reading" ? this.onStates(answers) : this.onWritten(answers);
  }

  override onRested(): Step {
    const fence = epochFence(this.core);
    const requests = this.removals.map(({ partition, adjusted }) =>
      setPartitionState(partition, storedState(adjusted), adjusted.partitionEpoch, fence),
    );
    this.phase = "writing";
    return { kind: "ask", requests };
  }

  /** What is missing, or a newer controller's, is left alone. */
  private onStates(answers: readonly ZkResponse[]): Step {
    const { context } = this.core;
    const removals: Removal[] = [];
    for (const [i, partition] of this.remaining.entries()) {
      const stored = storedPartitionState(answers[i] as ZkResponse);
      if (stored === undefined || stored.state.controllerEpoch > context.epoch) continue;
      const current = readLeadership({ ...stored, state: { ...stored.state, controllerEpoch: context.epoch } });
      if (current.isr.includes(this.replica)) removals.push({ partition, adjusted: withoutReplica(current, this.replica) });
      else this.end(partition, current);
    }
    this.removals = removals;
    return workOn(this.core, this.remaining.length);
  }

  private onWritten(answers: readonly ZkResponse[]): Step {
    if (controllerMoved(answers)) return { kind: "abort", reason: "controller-moved" };
    const retries: TopicPartition[] = [];
    for (const [i, { partition, adjusted }] of this.removals.entries()) {
      const { error, stat } = writeResult(answers[i] as ZkResponse);
      if (error === "BADVERSION") retries.push(partition);
      else if (error === "OK" && stat !== undefined) this.end(partition, writtenLeadership(adjusted, stat.version));
    }
    this.remaining = retries;
    return this.start();
  }

  private end(partition: TopicPartition, leadership: Leadership): void {
    this.core.context.setLeadership(partition, leadership);
    this.results.set(partitionName(partition.topic, partition.partition), leadership);
  }
}
