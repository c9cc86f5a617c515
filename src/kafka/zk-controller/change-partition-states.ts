/**
 * The state machine of partitions: brings partitions to a state, electing leaders where that takes one, and tells the brokers.
 * Source: ZkPartitionStateMachine; coordination.md A5.
 */
import { fail } from "../../base/assert.ts";
import type { TopicPartition } from "../ids.ts";
import { Procedure, type Step } from "../zk/procedure.ts";
import type { Leadership } from "./controller-context.ts";
import type { ControllerCore } from "./controller-core.ts";
import type { ElectionStrategy } from "./leader-election.ts";
import type { PartitionState } from "./states.ts";

/** How the election of one partition ended. */
export type ElectionOutcome =
  | { readonly elected: Leadership }
  /** StateChangeFailedException: nobody may lead, or the state is missing or a newer controller's. Otherwise the store refused. */
  | { readonly failed: "state-change" | "store" };

/** By {@link partitionName}: those for which an election was tried, which new partitions are not among. */
export type ElectionOutcomes = ReadonlyMap<string, ElectionOutcome>;

/** Ends with {@link ElectionOutcomes}. A target of OnlinePartition needs a strategy. Partitions that may not make the step are left out. */
export class ChangePartitionStates extends Procedure {
  readonly name = "ChangePartitionStates";
  private readonly core: ControllerCore;
  private readonly partitions: readonly TopicPartition[];
  private readonly target: PartitionState;
  private readonly strategy: ElectionStrategy | undefined;

  constructor(core: ControllerCore, partitions: readonly TopicPartition[], target: PartitionState, strategy?: ElectionStrategy) {
    super();
    this.core = core;
    this.partitions = partitions;
    this.target = target;
    this.strategy = strategy;
  }

  start(): Step {
    return fail(`${this.core.brokerId} ${this.partitions.length} ${this.target} ${this.strategy?.kind}`);
  }
}
