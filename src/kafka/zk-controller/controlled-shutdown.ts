/**
 * A broker asks to be relieved before it stops: what it leads gets another leader, what it follows goes on without it.
 *
 * All partitions at once, or one after the other before requests to the store went out in batches (KAFKA-5642, 1.1): then a broker
 * with thousands of partitions takes minutes. Source: KafkaController.doControlledShutdown.
 */
import type { ErrorCode } from "../errors.ts";
import { type BrokerId, NONE, type TopicPartition } from "../ids.ts";
import type { AnyPendingRequest, PendingRequest } from "../net/request-channel.ts";
import { type AbortReason, DONE, Procedure, type Step } from "../zk/procedure.ts";
import { ChangePartitionStates } from "./change-partition-states.ts";
import { ChangeReplicaStates } from "./change-replica-states.ts";
import { ControlRequestBatch } from "./control-request-batch.ts";
import { type ControllerCore, type ControllerDuty, workOn } from "./controller-core.ts";

export class ControlledShutdownDuty implements ControllerDuty {
  private readonly core: ControllerCore;

  constructor(core: ControllerCore) {
    this.core = core;
  }

  onRequest(request: AnyPendingRequest): boolean {
    if (request.api !== "ControlledShutdown") return false;
    this.core.thread.submit(new ControlledShutdown(this.core, request));
    return true;
  }
}

class ControlledShutdown extends Procedure {
  readonly name = "ControlledShutdown";
  private readonly core: ControllerCore;
  private readonly request: PendingRequest<"ControlledShutdown">;
  private partitions: readonly TopicPartition[] = [];
  /** Still to be relieved, a batch at a time, the next one last. */
  private batches: (readonly TopicPartition[])[] = [];

  constructor(core: ControllerCore, request: PendingRequest<"ControlledShutdown">) {
    super();
    this.core = core;
    this.request = request;
  }

  start(): Step {
    const { context, isActive } = this.core;
    const { brokerId, brokerEpoch } = this.request.body;
    if (!isActive) return this.fail("STALE_CONTROLLER_EPOCH");
    const broker = context.liveOrShuttingDownBroker(brokerId);
    if (broker === undefined) return this.fail("BROKER_NOT_AVAILABLE");
    if (brokerEpoch !== NONE && brokerEpoch < broker.epoch) return this.fail("STALE_BROKER_EPOCH");
    context.shuttingDownBrokers.add(brokerId);
    this.partitions = context.partitionsOnBroker(brokerId).filter((at) => this.mustBeHandedOver(at));
    return workOn(this.core, this.partitions.length);
  }

  override onRested(): Step {
    const atOnce = this.core.dials["controller.pipelineZkRequests"];
    this.batches = atOnce ? [this.partitions] : this.partitions.map((at) => [at]).reverse();
    return this.next();
  }

  override onReturned(): Step {
    return this.next();
  }

  override onAborted(reason: AbortReason): void {
    this.fail(reason === "failed" ? "UNKNOWN_SERVER_ERROR" : "STALE_CONTROLLER_EPOCH");
  }

  private next(): Step {
    const batch = this.batches.pop();
    const { brokerId } = this.request.body;
    if (batch !== undefined) return { kind: "call", procedure: new RelieveBroker(this.core, brokerId, batch) };
    const remaining = this.core.context.partitionsLedBy(brokerId).filter((at) => this.mustBeHandedOver(at));
    this.request.respond({
      errorCode: "NONE",
      remainingPartitions: remaining.map(({ topic, partition }) => ({ topicName: topic, partitionIndex: partition })),
    });
    return DONE;
  }

  /** A partition with one replica has nobody to go to. */
  private mustBeHandedOver(at: TopicPartition): boolean {
    const { context } = this.core;
    return context.replicas(at).length > 1 && context.leadership(at) !== undefined && !context.topicsToBeDeleted.has(at.topic);
  }

  private fail(errorCode: ErrorCode): Step {
    this.request.respond({ errorCode, remainingPartitions: [] });
    return DONE;
  }
}

/** New leaders first, then what the broker follows. */
class RelieveBroker extends Procedure {
  readonly name = "RelieveBroker";
  private readonly core: ControllerCore;
  private readonly broker: BrokerId;
  private readonly led: readonly TopicPartition[];
  private readonly followed: readonly TopicPartition[];
  private phase: "led" | "followed" = "led";

  constructor(core: ControllerCore, broker: BrokerId, partitions: readonly TopicPartition[]) {
    super();
    this.core = core;
    this.broker = broker;
    const leads = (at: TopicPartition): boolean => core.context.leadership(at)?.leader === broker;
    this.led = partitions.filter(leads);
    this.followed = partitions.filter((at) => !leads(at));
  }

  start(): Step {
    const strategy = { kind: "controlled-shutdown" } as const;
    return { kind: "call", procedure: new ChangePartitionStates(this.core, this.led, "OnlinePartition", strategy) };
  }

  override onReturned(): Step {
    if (this.phase === "followed") return DONE;
    this.phase = "followed";
    const { core, broker, followed } = this;
    // Stopped first: until the store has been written, the broker will mostly have obeyed.
    const batch = new ControlRequestBatch(core);
    for (const at of followed) batch.addStopReplica(broker, at, { deletePartition: false });
    batch.send();
    const replicas = followed.map((at) => ({ ...at, replica: broker }));
    return { kind: "call", procedure: new ChangeReplicaStates(core, replicas, "OfflineReplica") };
  }
}
