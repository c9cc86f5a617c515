/**
 * A broker has answered a LeaderAndIsr. Replicas whose log directory has failed are offline from then on, until an answer says otherwise.
 * Source: KafkaController.processLeaderAndIsrResponseReceived (KIP-112).
 */
import { type BrokerId, partitionName } from "../ids.ts";
import type { LeaderAndIsrResponse } from "../messages/control.ts";
import { DONE, Procedure, type Step } from "../zk/procedure.ts";
import type { ControllerSelf } from "./controller-self.ts";
import { ReplicasOffline } from "./replicas-offline.ts";
import type { PartitionReplica } from "./states.ts";

export class LeaderAndIsrResponseReceived extends Procedure {
  readonly name = "LeaderAndIsrResponseReceived";
  private readonly self: ControllerSelf;
  private readonly broker: BrokerId;
  private readonly response: LeaderAndIsrResponse;

  constructor(self: ControllerSelf, broker: BrokerId, response: LeaderAndIsrResponse) {
    super();
    this.self = self;
    this.broker = broker;
    this.response = response;
  }

  start(): Step {
    if (!this.self.isActive || this.response.errorCode !== "NONE") return DONE;
    const offline = this.noteOfflineReplicas();
    return offline.length === 0 ? DONE : { kind: "call", procedure: new ReplicasOffline(this.self, offline) };
  }

  override onReturned(): Step {
    return DONE;
  }

  /** Those that were online until now. */
  private noteOfflineReplicas(): PartitionReplica[] {
    const { replicasOnOfflineDirs } = this.self.context;
    const offline = new Set(replicasOnOfflineDirs.get(this.broker));
    const fresh: PartitionReplica[] = [];
    for (const { topicName: topic, partitionErrors } of this.response.topics) {
      for (const { partitionIndex: partition, errorCode } of partitionErrors) {
        const name = partitionName(topic, partition);
        if (errorCode === "NONE") offline.delete(name);
        if (errorCode !== "KAFKA_STORAGE_ERROR" || offline.has(name)) continue;
        offline.add(name);
        fresh.push({ topic, partition, replica: this.broker });
      }
    }
    if (offline.size > 0) replicasOnOfflineDirs.set(this.broker, offline);
    else replicasOnOfflineDirs.delete(this.broker);
    return fresh;
  }
}
