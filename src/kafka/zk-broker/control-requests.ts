/**
 * ZooKeeper mode: the orders of the controller, one after the other, as they come: LeaderAndIsr, UpdateMetadata, StopReplica.
 *
 * An order that was meant for an earlier registration of this broker is refused as it arrives (KIP-380), one of an older
 * controller than has been heard of when its turn comes. Source: KafkaApis, ReplicaManager.replicaStateChangeLock.
 */
import type { Micros } from "../../base/units.ts";
import type { Timer, TimerTarget } from "../../sim/host.ts";
import type { ErrorCode } from "../errors.ts";
import { report } from "../events.ts";
import { NONE, type TopicPartition } from "../ids.ts";
import type { AnyPendingRequest, PendingRequest } from "../net/request-channel.ts";
import type { ReplicaContext } from "../replica/replica-context.ts";
import type { LockedRequests } from "./locked-requests.ts";
import type { OrderedReplicas } from "./ordered-replicas.ts";
import type { TopicConfigs, TopicConfigsReader } from "./topic-configs.ts";
import type { ZkMetadataCache } from "./zk-metadata-cache.ts";

export type ControlRequestPending =
  | PendingRequest<"LeaderAndIsr">
  | PendingRequest<"UpdateMetadata">
  | PendingRequest<"StopReplica">;

/** Hears that the metadata cache has changed: what waits for a topic to appear there may go on. */
export interface MetadataListener {
  /** `deleted`: partitions that are no more. */
  onMetadataUpdated(deleted: readonly TopicPartition[]): void;
}

export class ControlRequests implements TimerTarget, TopicConfigsReader {
  private readonly context: ReplicaContext;
  private readonly metadata: ZkMetadataCache;
  private readonly replicas: OrderedReplicas;
  private readonly configs: TopicConfigs;
  private readonly locks: LockedRequests | undefined;
  private readonly replicaCost: Micros;
  private readonly listener: MetadataListener;
  /** The newest controller's, as far as its orders have told. Source: ReplicaManager.controllerEpoch. */
  private controllerEpoch = 0;
  private readonly waiting: ControlRequestPending[] = [];
  /** Taken up, but not carried out yet. */
  private current: ControlRequestPending | undefined = undefined;
  /** All that it still waits for is the lock of a partition. */
  private waitsForLock = false;

  constructor(options: {
    readonly context: ReplicaContext;
    readonly metadata: ZkMetadataCache;
    readonly replicas: OrderedReplicas;
    readonly configs: TopicConfigs;
    readonly locks: LockedRequests | undefined;
    /** What each replica takes that an order is about. */
    readonly replicaCost: Micros;
    readonly listener: MetadataListener;
  }) {
    this.context = options.context;
    this.metadata = options.metadata;
    this.replicas = options.replicas;
    this.configs = options.configs;
    this.locks = options.locks;
    this.replicaCost = options.replicaCost;
    this.listener = options.listener;
  }

  onRequest(request: ControlRequestPending): void {
    if (this.isForEarlierRegistration(request)) {
      this.refuse(request, "STALE_BROKER_EPOCH");
      return;
    }
    this.waiting.push(request);
    if (this.current === undefined) this.takeUpNext();
  }

  /** The controller may know this broker's newest epoch before the broker itself does: only an older one is stale (KAFKA-9839). */
  private isForEarlierRegistration({ body }: ControlRequestPending): boolean {
    const { dials, controller } = this.context;
    return dials["broker.checkBrokerEpoch"] && body.brokerEpoch !== NONE && body.brokerEpoch < controller.brokerEpoch();
  }

  private takeUpNext(): void {
    const next = this.waiting.shift();
    this.current = next;
    if (next === undefined) return;
    const { controllerEpoch } = next.body;
    if (this.context.dials["broker.checkControllerEpoch"] && controllerEpoch < this.controllerEpoch) {
      this.refuse(next, "STALE_CONTROLLER_EPOCH");
      this.takeUpNext();
      return;
    }
    this.controllerEpoch = Math.max(this.controllerEpoch, controllerEpoch);
    const cost = this.replicaCost * replicasIn(next);
    if (cost > 0) this.context.host.setTimer(cost, { kind: "broker.control-request", target: this });
    else this.readConfigs(next);
  }

  onTimer(_timer: Timer): void {
    if (this.current !== undefined) this.readConfigs(this.current);
  }

  /** What has been set on a topic is read whenever a log of it is created. */
  private readConfigs(request: ControlRequestPending): void {
    const topics = request.api === "LeaderAndIsr" ? this.replicas.topicsToCreate(request.body) : [];
    if (topics.length > 0) this.configs.read(topics, this);
    else this.carryOut(request);
  }

  onTopicConfigsRead(): void {
    if (this.current !== undefined) this.carryOut(this.current);
  }

  onUnlocked(): void {
    if (this.waitsForLock && this.current !== undefined) this.carryOut(this.current);
  }

  private carryOut(request: ControlRequestPending): void {
    this.waitsForLock = this.locks?.touchesLocked(request) === true;
    if (this.waitsForLock) return;
    this.reportHandled(request, "NONE");
    switch (request.api) {
      case "LeaderAndIsr":
        request.respond({ errorCode: "NONE", topics: this.replicas.leaderAndIsr(request.body) });
        break;
      case "StopReplica":
        request.respond({ errorCode: "NONE", partitionErrors: this.replicas.stopReplica(request.body) });
        break;
      case "UpdateMetadata": {
        const deleted = this.metadata.update(request.body);
        request.respond({ errorCode: "NONE" });
        this.listener.onMetadataUpdated(deleted);
      }
    }
    this.takeUpNext();
  }

  private refuse(request: ControlRequestPending, errorCode: ErrorCode): void {
    this.reportHandled(request, errorCode);
    if (request.api === "LeaderAndIsr") request.respond({ errorCode, topics: [] });
    else if (request.api === "StopReplica") request.respond({ errorCode, partitionErrors: [] });
    else request.respond({ errorCode });
  }

  private reportHandled({ api, body }: ControlRequestPending, error: ErrorCode): void {
    const { host, brokerId: broker } = this.context;
    const { controllerId: controller, controllerEpoch, brokerEpoch } = body;
    report(host, { kind: "ControlRequestHandled", broker, api, controller, controllerEpoch, brokerEpoch, error });
  }
}

export function isControlRequest(request: AnyPendingRequest): request is ControlRequestPending {
  return request.api === "LeaderAndIsr" || request.api === "UpdateMetadata" || request.api === "StopReplica";
}

function replicasIn(request: ControlRequestPending): number {
  if (request.api === "UpdateMetadata") return 0;
  const topics: readonly { readonly partitionStates: readonly unknown[] }[] = request.body.topicStates;
  return topics.reduce((sum, { partitionStates }) => sum + partitionStates.length, 0);
}
