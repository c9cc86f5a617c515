/**
 * One partition moves to other replicas, as far as it can at the moment. With O the replicas that it had, T those that it is to have:
 *
 * U: the store, then the context, name O and T together, who joins and who leaves; who was joining, and no longer is, stops.
 * A: while T is not in the ISR: the next leader epoch for everybody, and the new replicas start.
 * B: when it is: T alone is the assignment, a leader outside of it is replaced, who leaves is taken from the ISR and deleted, and
 *    last the store says so too, since only there O can be read after a failover.
 *
 * Called again whenever it may get further. Source: KafkaController.onPartitionReassignment (KIP-455).
 */
import type { ErrorCode } from "../errors.ts";
import { type BrokerId, partitionName, type TopicPartition } from "../ids.ts";
import { DONE, Procedure, type Step } from "../zk/procedure.ts";
import { dataOf, deleteNode, exists, fenced, getData, setData, storedPartitionState } from "../zk/store-requests.ts";
import {
  partitionStatePath,
  REASSIGN_PARTITIONS_PATH,
  type ReassignPartitionsZnode,
  type ReplicaAssignment,
} from "../zk/znodes.ts";
import type { ZkReadOp, ZkResponse } from "../zookeeper/client-protocol.ts";
import { ChangePartitionStates } from "./change-partition-states.ts";
import { ChangeReplicaStates } from "./change-replica-states.ts";
import { sendUpdateMetadata } from "./control-request-batch.ts";
import type { ControllerCore } from "./controller-core.ts";
import { epochFence, writesRefused } from "./fenced-writes.ts";
import { InOrder } from "./in-order.ts";
import { BumpLeaderEpoch } from "./leader-epoch-bump.ts";
import {
  completedAssignment,
  isBeingReassigned,
  originReplicas,
  reassignedTo,
  sameAssignment,
  sameBrokers,
  targetReplicas,
} from "./replica-assignment.ts";
import { WriteAssignment } from "./topic-assignment.ts";
import { ResumeDeletions } from "./topic-deletion.ts";
import { markIneligibleForDeletion } from "./topic-deletion-queue.ts";

/** Asks for what {@link isReassignmentComplete} looks at. Where leaders write the ISR themselves, their next write is to be heard of. */
export function readReassignmentProgress({ dials }: ControllerCore, { topic, partition }: TopicPartition): ZkReadOp {
  return getData(partitionStatePath(topic, partition), !dials["isr.alterPartition"]);
}

/** Whether everybody who is to have the partition is in sync. */
export function isReassignmentComplete(assignment: ReplicaAssignment, answer: ZkResponse): boolean {
  if (!isBeingReassigned(assignment)) return true;
  const isr = storedPartitionState(answer)?.state.isr;
  return isr !== undefined && targetReplicas(assignment).every((broker) => isr.includes(broker));
}

/** Ends with `"failed"` if what the store holds makes no sense of it. */
export class ReassignPartition extends Procedure {
  readonly name = "PartitionReassignment";
  private readonly core: ControllerCore;
  private readonly partition: TopicPartition;
  private readonly assignment: ReplicaAssignment;
  private phase: "assignment" | "unneeded" | "progress" | "starting" | "completing" = "assignment";

  constructor(core: ControllerCore, partition: TopicPartition, assignment: ReplicaAssignment) {
    super();
    this.core = core;
    this.partition = partition;
    this.assignment = assignment;
  }

  start(): Step {
    const { core, partition, assignment } = this;
    markIneligibleForDeletion(core, [partition.topic]);
    const current = core.context.assignment(partition);
    if (sameAssignment(current, assignment)) return this.lookAtProgress();
    return { kind: "call", procedure: new WriteAssignment(core, partition, assignment) };
  }

  override onReturned(result: unknown): Step {
    switch (this.phase) {
      case "assignment":
        return result === "failed" ? { kind: "done", result } : this.stopUnneeded();
      case "unneeded":
        return this.lookAtProgress();
      case "starting":
        return result === "failed" ? { kind: "done", result } : this.startNext();
      default:
        return { kind: "done", result };
    }
  }

  override onResponses(answers: readonly ZkResponse[]): Step {
    const { core, partition, assignment } = this;
    if (isReassignmentComplete(assignment, answers[0] as ZkResponse)) {
      this.phase = "completing";
      return { kind: "call", procedure: new FinishReassignment(core, partition, assignment) };
    }
    this.phase = "starting";
    return { kind: "call", procedure: new BumpLeaderEpoch(core, partition) };
  }

  private stopUnneeded(): Step {
    const { core, partition, assignment } = this;
    const before = core.context.replicas(partition);
    core.context.setAssignment(partition, assignment);
    const unneeded = before.filter((broker) => !assignment.replicas.includes(broker));
    if (unneeded.length === 0) return this.lookAtProgress();
    this.phase = "unneeded";
    return { kind: "call", procedure: deleteReplicas(core, partition, unneeded) };
  }

  private lookAtProgress(): Step {
    const { core, partition } = this;
    core.context.partitionsBeingReassigned.set(partitionName(partition.topic, partition.partition), partition);
    this.phase = "progress";
    return { kind: "ask", requests: [readReassignmentProgress(core, partition)] };
  }

  private startNext(): Step {
    const { core, partition, assignment } = this;
    this.phase = "completing";
    const replicas = assignment.addingReplicas.map((replica) => ({ ...partition, replica }));
    const starts = replicas.map((replica) => new ChangeReplicaStates(core, [replica], "NewReplica"));
    return { kind: "call", procedure: new InOrder(this.name, starts) };
  }
}

/** Phase B. */
class FinishReassignment extends Procedure {
  readonly name = "FinishReassignment";
  private readonly core: ControllerCore;
  private readonly partition: TopicPartition;
  private readonly removing: readonly BrokerId[];
  private readonly adding: readonly BrokerId[];
  private readonly completed: ReplicaAssignment;
  private phase: "online" | "leader" | "removal" | "assignment" | "orders" | "deletions" = "online";

  constructor(core: ControllerCore, partition: TopicPartition, assignment: ReplicaAssignment) {
    super();
    this.core = core;
    this.partition = partition;
    this.adding = assignment.addingReplicas;
    this.removing = assignment.removingReplicas;
    this.completed = completedAssignment(assignment);
  }

  start(): Step {
    const { core, partition } = this;
    const replicas = this.adding.map((replica) => ({ ...partition, replica }));
    return { kind: "call", procedure: new ChangeReplicaStates(core, replicas, "OnlineReplica") };
  }

  override onReturned(result: unknown): Step {
    const { core, partition, completed } = this;
    if (result === "failed") return { kind: "done", result };
    switch (this.phase) {
      case "online":
        core.context.setAssignment(partition, completed);
        this.phase = "leader";
        return { kind: "call", procedure: moveLeaderIfRequired(core, partition) };
      case "leader":
        this.phase = "removal";
        return { kind: "call", procedure: deleteReplicas(core, partition, this.removing) };
      case "removal":
        this.phase = "assignment";
        return { kind: "call", procedure: new WriteAssignment(core, partition, completed) };
      case "assignment": {
        this.phase = "orders";
        const order = { ...partition, replicas: completed.replicas };
        return { kind: "call", procedure: new RemoveReassignmentOrders(core, [order]) };
      }
      case "orders":
        core.context.partitionsBeingReassigned.delete(partitionName(partition.topic, partition.partition));
        sendUpdateMetadata(core, core.context.liveOrShuttingDownBrokerIds(), [partition]);
        this.phase = "deletions";
        return { kind: "call", procedure: new ResumeDeletions(core, { of: new Set([partition.topic]) }) };
      case "deletions":
        return DONE;
    }
  }
}

/** The leader stays, with the next epoch, if it is one of the new replicas and lives. Source: moveReassignedPartitionLeaderIfRequired. */
function moveLeaderIfRequired(core: ControllerCore, partition: TopicPartition): Procedure {
  const { context } = core;
  const leader = context.leadership(partition)?.leader;
  const stays =
    leader !== undefined && context.replicas(partition).includes(leader) && context.isReplicaOnline(leader, partition);
  if (stays) return new BumpLeaderEpoch(core, partition);
  return new ChangePartitionStates(core, [partition], "OnlinePartition", { kind: "reassign" });
}

/** Nobody waits for their answers. Source: KafkaController.stopRemovedReplicasOfReassignedPartition. */
function deleteReplicas(core: ControllerCore, partition: TopicPartition, brokers: readonly BrokerId[]): Procedure {
  const replicas = brokers.map((replica) => ({ ...partition, replica }));
  return new InOrder("StopRemovedReplicas", [
    new ChangeReplicaStates(core, replicas, "OfflineReplica"),
    new ChangeReplicaStates(core, replicas, "ReplicaDeletionStarted"),
    new ChangeReplicaStates(core, replicas, "ReplicaDeletionSuccessful"),
    new ChangeReplicaStates(core, replicas, "NonExistentReplica"),
  ]);
}

export interface WantedReassignment {
  readonly partition: TopicPartition;
  readonly assignment: ReplicaAssignment;
}

/** Where `target` leads to from here; null asks for what was before. Undefined: nothing is under way that could be cancelled. */
export function wantedAssignment(current: ReplicaAssignment, target: readonly BrokerId[] | null): ReplicaAssignment | undefined {
  if (target !== null) return reassignedTo(current, target);
  return isBeingReassigned(current) ? reassignedTo(current, originReplicas(current)) : undefined;
}

/** By {@link partitionName}. */
export type ReassignmentErrors = ReadonlyMap<string, ErrorCode>;

/** One partition after the other. Ends with {@link ReassignmentErrors}, NONE included. Source: maybeTriggerPartitionReassignment. */
export class ReassignPartitions extends Procedure {
  readonly name = "ReassignPartitions";
  private readonly core: ControllerCore;
  /** The next one last. */
  private readonly wanted: WantedReassignment[];
  private readonly errors = new Map<string, ErrorCode>();
  private running: TopicPartition | undefined;

  constructor(core: ControllerCore, wanted: readonly WantedReassignment[]) {
    super();
    this.core = core;
    this.wanted = [...wanted].reverse();
  }

  start(): Step {
    const { context } = this.core;
    for (let next = this.wanted.pop(); next !== undefined; next = this.wanted.pop()) {
      const { partition, assignment } = next;
      const exists = context.replicas(partition).length > 0 && !context.topicsToBeDeleted.has(partition.topic);
      this.running = partition;
      if (exists) return { kind: "call", procedure: new ReassignPartition(this.core, partition, assignment) };
      this.end("UNKNOWN_TOPIC_OR_PARTITION");
    }
    return { kind: "done", result: this.errors };
  }

  override onReturned(result: unknown): Step {
    this.end(result === "failed" ? "UNKNOWN_SERVER_ERROR" : "NONE");
    return this.start();
  }

  private end(error: ErrorCode): void {
    const { topic, partition } = this.running as TopicPartition;
    this.errors.set(partitionName(topic, partition), error);
  }
}

/**
 * Carries out what `/admin/reassign_partitions` asks for: how it was done before there was an API (KIP-455, 2.4). Ends with
 * {@link ReassignmentErrors}. Source: processZkPartitionReassignment.
 */
export class ZkPartitionReassignment extends Procedure {
  readonly name = "ZkPartitionReassignment";
  private readonly core: ControllerCore;
  private phase: "looking" | "reading" | "reassigning" | "removing" = "looking";
  private errors: ReassignmentErrors = new Map();
  private orders: ReassignPartitionsZnode["partitions"] = [];

  constructor(core: ControllerCore) {
    super();
    this.core = core;
  }

  start(): Step {
    if (!this.core.isActive) return this.end();
    return { kind: "ask", requests: [exists(REASSIGN_PARTITIONS_PATH, true)] };
  }

  override onResponses(answers: readonly ZkResponse[]): Step {
    const [answer] = answers as readonly [ZkResponse];
    if (this.phase === "looking") {
      this.phase = "reading";
      return answer.error === "OK" ? { kind: "ask", requests: [getData(REASSIGN_PARTITIONS_PATH, true)] } : this.end();
    }
    this.phase = "reassigning";
    this.orders = dataOf<ReassignPartitionsZnode>(answer)?.partitions ?? [];
    const wanted = this.orders.map(({ topic, partition, replicas }) => {
      const at = { topic, partition };
      return { partition: at, assignment: reassignedTo(this.core.context.assignment(at), replicas) };
    });
    return { kind: "call", procedure: new ReassignPartitions(this.core, wanted) };
  }

  override onReturned(result: unknown): Step {
    if (this.phase === "removing") return this.end();
    this.phase = "removing";
    this.errors = result as ReassignmentErrors;
    const failed = this.orders.filter(({ topic, partition }) => this.errors.get(partitionName(topic, partition)) !== "NONE");
    if (failed.length === 0) return this.end();
    const orders = failed.map(({ topic, partition }) => ({ topic, partition }));
    return { kind: "call", procedure: new RemoveReassignmentOrders(this.core, orders) };
  }

  private end(): Step {
    return { kind: "done", result: this.errors };
  }
}

/** Whichever order there is for the partition; with `replicas`, only if it names those. */
interface OrderToRemove extends TopicPartition {
  readonly replicas?: readonly BrokerId[];
}

/**
 * Takes orders out that are done, or overruled. The node goes with the last of them.
 * Source: KafkaController.maybeRemoveFromZkReassignment.
 */
export class RemoveReassignmentOrders extends Procedure {
  readonly name = "RemoveReassignmentOrders";
  private readonly core: ControllerCore;
  /** By {@link partitionName}. */
  private readonly toRemove: ReadonlyMap<string, OrderToRemove>;
  private phase: "looking" | "reading" | "writing" | "deleting" = "looking";

  constructor(core: ControllerCore, toRemove: readonly OrderToRemove[]) {
    super();
    this.core = core;
    this.toRemove = new Map(toRemove.map((order) => [partitionName(order.topic, order.partition), order]));
  }

  start(): Step {
    // Watched, as every look at it: the next order comes as a node that is created.
    return { kind: "ask", requests: [exists(REASSIGN_PARTITIONS_PATH, true)] };
  }

  override onResponses(answers: readonly ZkResponse[]): Step {
    const [answer] = answers as readonly [ZkResponse];
    switch (this.phase) {
      case "looking":
        if (answer.error !== "OK") return DONE;
        this.phase = "reading";
        return { kind: "ask", requests: [getData(REASSIGN_PARTITIONS_PATH, true)] };
      case "reading":
        return this.remove(dataOf<ReassignPartitionsZnode>(answer));
      case "writing":
        return writesRefused(answers, "NONODE") ?? DONE;
      case "deleting":
        // Found again as soon as there is another one.
        this.core.thread.submit(new ZkPartitionReassignment(this.core));
        return writesRefused(answers, "NONODE") ?? DONE;
    }
  }

  private remove(stored: ReassignPartitionsZnode | undefined): Step {
    const { core } = this;
    const remaining = (stored?.partitions ?? []).filter(({ topic, partition, replicas }) => {
      const order = this.toRemove.get(partitionName(topic, partition));
      return order === undefined || (order.replicas !== undefined && !sameBrokers(order.replicas, replicas));
    });
    const fence = epochFence(core);
    if (remaining.length === 0) {
      this.phase = "deleting";
      return { kind: "ask", requests: [fenced(deleteNode(REASSIGN_PARTITIONS_PATH), fence)] };
    }
    this.phase = "writing";
    const znode: ReassignPartitionsZnode = Object.freeze({ partitions: Object.freeze(remaining) });
    return { kind: "ask", requests: [fenced(setData(REASSIGN_PARTITIONS_PATH, znode), fence)] };
  }
}
