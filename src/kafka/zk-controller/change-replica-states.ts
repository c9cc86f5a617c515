/**
 * The state machine of replicas: brings replicas to a state, takes them out of the ISR where that is part of it, and tells the brokers.
 * Source: ZkReplicaStateMachine; coordination.md A5.
 */
import { fail } from "../../base/assert.ts";
import { Procedure, type Step } from "../zk/procedure.ts";
import type { ControllerCore } from "./controller-core.ts";
import type { PartitionReplica, ReplicaState } from "./states.ts";

/** Replicas that may not make the step are left out. */
export class ChangeReplicaStates extends Procedure {
  readonly name = "ChangeReplicaStates";
  private readonly core: ControllerCore;
  private readonly replicas: readonly PartitionReplica[];
  private readonly target: ReplicaState;

  constructor(core: ControllerCore, replicas: readonly PartitionReplica[], target: ReplicaState) {
    super();
    this.core = core;
    this.replicas = replicas;
    this.target = target;
  }

  start(): Step {
    return fail(`${this.core.brokerId} ${this.replicas.length} ${this.target}`);
  }
}
