/**
 * The state machine of partitions: brings partitions to a state, electing leaders where that takes one, and tells the brokers.
 * Source: ZkPartitionStateMachine.
 */
import { assert } from "../../base/assert.ts";
import type { TopicPartition } from "../ids.ts";
import { Procedure, type Step } from "../zk/procedure.ts";
import { ControlRequestBatch } from "./control-request-batch.ts";
import { type ControllerCore, workOn } from "./controller-core.ts";
import { type ElectionOutcomes, ElectLeaders } from "./elect-leaders.ts";
import { InitializePartitions } from "./initialize-partitions.ts";
import type { ElectionStrategy } from "./leader-election.ts";
import { canPartitionBecome, type PartitionState } from "./states.ts";

const NO_OUTCOMES: ElectionOutcomes = new Map();

/**
 * Ends with {@link ElectionOutcomes}. A target of OnlinePartition needs a strategy. Partitions that may not make the step, and those
 * that are not known, are left out.
 */
export class ChangePartitionStates extends Procedure {
  readonly name = "ChangePartitionStates";
  private readonly core: ControllerCore;
  private readonly partitions: readonly TopicPartition[];
  private readonly target: PartitionState;
  private readonly strategy: ElectionStrategy | undefined;
  private readonly batch: ControlRequestBatch;
  private phase: "marking" | "initializing" | "electing" = "marking";
  private toElect: readonly TopicPartition[] = [];

  constructor(core: ControllerCore, partitions: readonly TopicPartition[], target: PartitionState, strategy?: ElectionStrategy) {
    super();
    assert(target !== "OnlinePartition" || strategy !== undefined, "who leads is a matter of a strategy");
    this.core = core;
    this.partitions = partitions;
    this.target = target;
    this.strategy = strategy;
    this.batch = new ControlRequestBatch(core);
  }

  start(): Step {
    if (this.partitions.length === 0) return { kind: "done", result: NO_OUTCOMES };
    return workOn(this.core, this.partitions.length);
  }

  override onRested(): Step {
    const { core, target } = this;
    const { context } = core;
    const valid = this.partitions.filter(
      (partition) => context.hasPartition(partition) && canPartitionBecome(target, context.partitionState(partition)),
    );
    if (target !== "OnlinePartition") {
      for (const partition of valid) context.setPartitionState(partition, target);
      return { kind: "done", result: NO_OUTCOMES };
    }
    this.toElect = valid.filter((partition) => context.partitionState(partition) !== "NewPartition");
    const uninitialized = valid.filter((partition) => context.partitionState(partition) === "NewPartition");
    this.phase = "initializing";
    return { kind: "call", procedure: new InitializePartitions(core, uninitialized, this.batch) };
  }

  override onReturned(result: unknown): Step {
    if (this.phase === "initializing") {
      this.phase = "electing";
      const procedure = new ElectLeaders(this.core, this.toElect, this.strategy as ElectionStrategy, this.batch);
      return { kind: "call", procedure };
    }
    this.batch.send();
    return { kind: "done", result };
  }
}
