/**
 * The state machine of replicas: brings replicas to a state, takes them out of the ISR where that is part of it, and tells the brokers.
 * Source: ZkReplicaStateMachine.
 */
import { type BrokerId, partitionName } from "../ids.ts";
import { DONE, Procedure, type Step } from "../zk/procedure.ts";
import { ControlRequestBatch } from "./control-request-batch.ts";
import type { Leadership } from "./controller-context.ts";
import { type ControllerCore, workOn } from "./controller-core.ts";
import { type RemovedFromIsr, RemoveFromIsr } from "./remove-from-isr.ts";
import { canReplicaBecome, type PartitionReplica, type ReplicaState } from "./states.ts";

/** Replicas that may not make the step, and those of partitions that are not known, are left out. */
export class ChangeReplicaStates extends Procedure {
  readonly name = "ChangeReplicaStates";
  private readonly core: ControllerCore;
  private readonly replicas: readonly PartitionReplica[];
  private readonly target: ReplicaState;
  private readonly batch: ControlRequestBatch;
  /** Going offline takes one broker after the other: those that are still to come, and the one at work. */
  private goingOffline: [broker: BrokerId, replicas: readonly PartitionReplica[]][] = [];

  constructor(core: ControllerCore, replicas: readonly PartitionReplica[], target: ReplicaState) {
    super();
    this.core = core;
    this.replicas = replicas;
    this.target = target;
    this.batch = new ControlRequestBatch(core);
  }

  start(): Step {
    return this.replicas.length === 0 ? DONE : workOn(this.core, this.replicas.length);
  }

  override onRested(): Step {
    const { context } = this.core;
    const valid = this.replicas.filter(
      (replica) => context.hasPartition(replica) && canReplicaBecome(this.target, context.replicaState(replica)),
    );
    if (this.target === "OfflineReplica") {
      this.goingOffline = [...byBroker(valid)];
      return this.takeNextOffline();
    }
    for (const replica of valid) this.change(replica);
    return this.finish();
  }

  /** Somebody's replicas have been taken out of their ISRs. */
  override onReturned(result: unknown): Step {
    const [broker, replicas] = this.goingOffline.shift() as [BrokerId, readonly PartitionReplica[]];
    const removed = result as RemovedFromIsr;
    for (const replica of replicas) {
      const leadership = removed.get(partitionName(replica.topic, replica.partition));
      if (leadership !== undefined) this.tellOthers(replica, broker, leadership);
    }
    return this.takeNextOffline();
  }

  /** The source tells it before it knows whether the replica leaves the ISR. */
  private takeNextOffline(): Step {
    const { core } = this;
    const [next] = this.goingOffline;
    if (next === undefined) return this.finish();
    const [broker, replicas] = next;
    for (const replica of replicas) this.batch.addStopReplica(broker, replica, { deletePartition: false });
    const led = replicas.filter((replica) => core.context.leadership(replica) !== undefined);
    for (const replica of replicas) {
      if (core.context.leadership(replica) !== undefined) continue;
      this.batch.addUpdateMetadataForAll([replica]);
      core.context.setReplicaState(replica, "OfflineReplica");
    }
    return { kind: "call", procedure: new RemoveFromIsr(core, broker, led) };
  }

  private tellOthers(replica: PartitionReplica, broker: BrokerId, leadership: Leadership): void {
    const { context } = this.core;
    if (!context.topicsToBeDeleted.has(replica.topic)) {
      const recipients = context.replicas(replica).filter((id) => id !== broker);
      this.batch.addLeaderAndIsr(recipients, replica, leadership, { isNew: false });
    }
    context.setReplicaState(replica, "OfflineReplica");
  }

  private change(replica: PartitionReplica): void {
    const { context } = this.core;
    switch (this.target) {
      case "NewReplica":
        this.makeNew(replica);
        return;
      case "OnlineReplica":
        this.makeOnline(replica);
        return;
      case "ReplicaDeletionStarted":
        this.batch.addStopReplica(replica.replica, replica, { deletePartition: true });
        break;
      case "NonExistentReplica":
        this.unassign(replica);
        break;
    }
    context.setReplicaState(replica, this.target);
  }

  /** Not if it leads: what is new follows first. */
  private makeNew(replica: PartitionReplica): void {
    const { context } = this.core;
    const leadership = context.leadership(replica);
    if (leadership?.leader === replica.replica) return;
    if (leadership !== undefined) this.batch.addLeaderAndIsr([replica.replica], replica, leadership, { isNew: true });
    context.setReplicaState(replica, "NewReplica");
  }

  private makeOnline(replica: PartitionReplica): void {
    const { context } = this.core;
    const assignment = context.assignment(replica);
    const leadership = context.leadership(replica);
    if (context.replicaState(replica) !== "NewReplica") {
      if (leadership !== undefined) this.batch.addLeaderAndIsr([replica.replica], replica, leadership, { isNew: false });
    } else if (!assignment.replicas.includes(replica.replica)) {
      const replicas = Object.freeze([...assignment.replicas, replica.replica]);
      context.setAssignment(replica, Object.freeze({ ...assignment, replicas }));
    }
    context.setReplicaState(replica, "OnlineReplica");
  }

  private unassign(replica: PartitionReplica): void {
    const { context } = this.core;
    const { replicas, addingReplicas, removingReplicas } = context.assignment(replica);
    const without = (brokers: readonly BrokerId[]) => Object.freeze(brokers.filter((id) => id !== replica.replica));
    context.setAssignment(
      replica,
      Object.freeze({
        replicas: without(replicas),
        addingReplicas: without(addingReplicas),
        removingReplicas: without(removingReplicas),
      }),
    );
  }

  private finish(): Step {
    this.batch.send();
    return DONE;
  }
}

function byBroker(replicas: readonly PartitionReplica[]): Map<BrokerId, PartitionReplica[]> {
  const result = new Map<BrokerId, PartitionReplica[]>();
  for (const replica of replicas) {
    const known = result.get(replica.replica);
    if (known === undefined) result.set(replica.replica, [replica]);
    else known.push(replica);
  }
  return result;
}
