/** What the store says of some partitions' leaders and ISRs goes into the controller's context. Source: KafkaController.updateLeaderAndIsrCache. */
import type { TopicPartition } from "../ids.ts";
import { DONE, Procedure, type Step } from "../zk/procedure.ts";
import { readPartitionState, storedPartitionState } from "../zk/store-requests.ts";
import type { ZkResponse } from "../zookeeper/client-protocol.ts";
import { type ControllerCore, workOn } from "./controller-core.ts";
import { readLeadership } from "./stored-state.ts";

/** Partitions that the context does not know, or that have no state, are passed over. */
export class RefreshPartitionStates extends Procedure {
  readonly name = "RefreshPartitionStates";
  private readonly core: ControllerCore;
  private readonly partitions: readonly TopicPartition[];

  constructor(core: ControllerCore, partitions: readonly TopicPartition[]) {
    super();
    this.core = core;
    this.partitions = partitions.filter((partition) => core.context.hasPartition(partition));
  }

  start(): Step {
    return { kind: "ask", requests: this.partitions.map(readPartitionState) };
  }

  override onResponses(answers: readonly ZkResponse[]): Step {
    for (const [i, partition] of this.partitions.entries()) {
      const stored = storedPartitionState(answers[i] as ZkResponse);
      if (stored !== undefined) this.core.context.setLeadership(partition, readLeadership(stored));
    }
    return workOn(this.core, this.partitions.length);
  }

  override onRested(): Step {
    return DONE;
  }
}
