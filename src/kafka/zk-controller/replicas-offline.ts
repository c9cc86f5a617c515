/**
 * Replicas are no longer there: because their broker died, or a log directory failed. What they led gets new leaders, then they leave
 * their ISRs. Source: KafkaController.onReplicasBecomeOffline.
 */
import { DONE, Procedure, type Step } from "../zk/procedure.ts";
import { ChangePartitionStates } from "./change-partition-states.ts";
import { ChangeReplicaStates } from "./change-replica-states.ts";
import { sendUpdateMetadata } from "./control-request-batch.ts";
import type { ControllerSelf } from "./controller-self.ts";
import type { ElectionOutcomes } from "./elect-leaders.ts";
import { bringPartitionsOnline } from "./failover.ts";
import { InOrder } from "./in-order.ts";
import type { PartitionReplica } from "./states.ts";

export class ReplicasOffline extends Procedure {
  readonly name = "ReplicasOffline";
  private readonly self: ControllerSelf;
  /** Those of topics that are queued for deletion, and the rest. */
  private readonly toDelete: readonly PartitionReplica[];
  private readonly others: readonly PartitionReplica[];
  private phase: "leaderless" | "elections" | "replicas" | "deletions" = "leaderless";
  private someElected = false;

  constructor(self: ControllerSelf, replicas: readonly PartitionReplica[]) {
    super();
    this.self = self;
    const { topicsToBeDeleted } = self.context;
    this.toDelete = replicas.filter(({ topic }) => topicsToBeDeleted.has(topic));
    this.others = replicas.filter(({ topic }) => !topicsToBeDeleted.has(topic));
  }

  start(): Step {
    const leaderless = this.self.context.partitionsWithOfflineLeader();
    return { kind: "call", procedure: new ChangePartitionStates(this.self, leaderless, "OfflinePartition") };
  }

  override onReturned(result: unknown): Step {
    const { self } = this;
    switch (this.phase) {
      case "leaderless":
        this.phase = "elections";
        return { kind: "call", procedure: bringPartitionsOnline(self) };
      case "elections":
        this.phase = "replicas";
        this.someElected = [...(result as ElectionOutcomes).values()].some((outcome) => "elected" in outcome);
        return { kind: "call", procedure: new ChangeReplicaStates(self, this.others, "OfflineReplica") };
      case "replicas": {
        this.phase = "deletions";
        const failed = this.toDelete;
        const procedures =
          failed.length === 0 ? [] : self.duties.flatMap((duty) => duty.onReplicasToDeleteOffline?.(failed) ?? []);
        return { kind: "call", procedure: new InOrder("ReplicasToDeleteOffline", procedures) };
      }
      case "deletions":
        // Otherwise the state machines have told the brokers.
        if (this.others.length === 0 && !this.someElected) {
          sendUpdateMetadata(self, self.context.liveOrShuttingDownBrokerIds(), []);
        }
        return DONE;
    }
  }
}
