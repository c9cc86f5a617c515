/**
 * Takes over, in this order: reads the store (setting watches on the way), gets ready for topic deletions, tells all brokers who lives, brings
 * replicas and then partitions to their states, resumes what the last controller has left undone.
 * Source: KafkaController.onControllerFailover.
 */
import { fail } from "../../base/assert.ts";
import { DONE, Procedure, type Step } from "../zk/procedure.ts";
import { ChangePartitionStates } from "./change-partition-states.ts";
import { ChangeReplicaStates } from "./change-replica-states.ts";
import { sendUpdateMetadata } from "./control-request-batch.ts";
import { type ControllerCore, workOn } from "./controller-core.ts";
import type { ControllerSelf } from "./controller-self.ts";
import { InOrder } from "./in-order.ts";
import { ReadCluster } from "./read-cluster.ts";
import type { PartitionReplica } from "./states.ts";

const STAGES = ["read", "prepare", "replicas", "partitions", "resume", "completed"] as const;

export class Failover extends Procedure {
  readonly name = "Failover";
  private readonly self: ControllerSelf;
  private stage = 0;

  constructor(self: ControllerSelf) {
    super();
    this.self = self;
  }

  start(): Step {
    const { self } = this;
    const stage = STAGES[this.stage++];
    switch (stage) {
      case "read":
        return { kind: "call", procedure: new ReadCluster(self) };
      case "prepare":
        for (const { id, host } of self.context.liveOrShuttingDownBrokers()) self.channels.addBroker(id, host);
        return this.callDuties("prepareFailover");
      case "replicas":
        // Brokers have to know who lives before they are told whom to follow.
        sendUpdateMetadata(self, self.context.liveOrShuttingDownBrokerIds(), []);
        return { kind: "call", procedure: new StartReplicaStates(self) };
      case "partitions":
        return { kind: "call", procedure: new StartPartitionStates(self) };
      case "resume":
        return this.callDuties("resumeAfterFailover");
      case "completed":
        self.onFailoverCompleted();
        return DONE;
    }
    return fail("a failover goes on after its end");
  }

  override onReturned(): Step {
    return this.start();
  }

  private callDuties(hook: "prepareFailover" | "resumeAfterFailover"): Step {
    const procedures = this.self.duties.flatMap((duty) => duty[hook]?.() ?? []);
    return { kind: "call", procedure: new InOrder(hook, procedures) };
  }
}

/** Replicas on live brokers are online. The others go offline by way of a state that keeps their topic from being deleted. Source: ReplicaStateMachine.startup. */
class StartReplicaStates extends Procedure {
  readonly name = "StartReplicaStates";
  private readonly core: ControllerCore;
  private online: PartitionReplica[] = [];
  private offline: PartitionReplica[] = [];

  constructor(core: ControllerCore) {
    super();
    this.core = core;
  }

  start(): Step {
    return workOn(this.core, this.core.context.partitionCount);
  }

  override onRested(): Step {
    const { core } = this;
    const { context } = core;
    for (const { topic, partition } of context.allPartitions()) {
      for (const id of context.replicas({ topic, partition })) {
        const replica: PartitionReplica = Object.freeze({ topic, partition, replica: id });
        const isOnline = context.isReplicaOnline(id, replica);
        context.setReplicaState(replica, isOnline ? "OnlineReplica" : "ReplicaDeletionIneligible");
        (isOnline ? this.online : this.offline).push(replica);
      }
    }
    const procedures = [
      new ChangeReplicaStates(core, this.online, "OnlineReplica"),
      new ChangeReplicaStates(core, this.offline, "OfflineReplica"),
    ];
    return { kind: "call", procedure: new InOrder("ReplicaStates", procedures) };
  }

  override onReturned(): Step {
    return DONE;
  }
}

/** Without a state in the store a partition is new; without a live leader it is offline: both are brought online. Source: PartitionStateMachine.startup. */
class StartPartitionStates extends Procedure {
  readonly name = "StartPartitionStates";
  private readonly core: ControllerCore;

  constructor(core: ControllerCore) {
    super();
    this.core = core;
  }

  start(): Step {
    return workOn(this.core, this.core.context.partitionCount);
  }

  override onRested(): Step {
    const { context } = this.core;
    for (const partition of context.allPartitions()) {
      const leadership = context.leadership(partition);
      if (leadership === undefined) context.setPartitionState(partition, "NewPartition");
      else {
        const isOnline = context.isReplicaOnline(leadership.leader, partition);
        context.setPartitionState(partition, isOnline ? "OnlinePartition" : "OfflinePartition");
      }
    }
    return { kind: "call", procedure: bringPartitionsOnline(this.core) };
  }

  override onReturned(): Step {
    return DONE;
  }
}

/** Tries an election for every partition that is new or offline. Source: PartitionStateMachine.triggerOnlinePartitionStateChange. */
export function bringPartitionsOnline(core: ControllerCore): ChangePartitionStates {
  const strategy = { kind: "offline", allowUnclean: false } as const;
  return new ChangePartitionStates(core, core.context.partitionsToBringOnline(), "OnlinePartition", strategy);
}
