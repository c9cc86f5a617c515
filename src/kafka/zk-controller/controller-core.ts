/**
 * What every part of the controller works with, and how its duties are plugged in.
 *
 * The core elects, takes over, follows the brokers' coming and going and moves states; a duty is anything else that the
 * controller does. Parts know this file, never each other. Source: KafkaController.
 */
import type { Host } from "../../sim/host.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { ServiceCosts } from "../config/service-costs.ts";
import type { Dials } from "../dials.ts";
import type { ErrorCode } from "../errors.ts";
import type { BrokerEpoch, BrokerId, TopicPartition } from "../ids.ts";
import type { AnyPendingRequest } from "../net/request-channel.ts";
import type { Procedure, Step } from "../zk/procedure.ts";
import type { ProcedureThread } from "../zk/procedure-thread.ts";
import type { ZkClient } from "../zk/zk-client.ts";
import type { WatchedEvent } from "../zookeeper/client-protocol.ts";
import type { ControlChannels } from "./control-channels.ts";
import type { ControllerContext } from "./controller-context.ts";
import type { PartitionReplica } from "./states.ts";

export interface ControllerCore {
  readonly host: Host;
  readonly config: BrokerConfig;
  readonly dials: Dials;
  readonly costs: ServiceCosts;
  readonly brokerId: BrokerId;
  readonly zk: ZkClient;
  /** The one thread that everything runs on, except what Kafka runs on request handlers. */
  readonly thread: ProcedureThread;
  readonly context: ControllerContext;
  /** Orders to the brokers. */
  readonly channels: ControlChannels;
  /** Of this broker's own registration; -1 before the first. */
  readonly brokerEpoch: BrokerEpoch;
  /** Whether this broker takes itself for the controller. A handler asks when it begins, as Kafka's do. */
  readonly isActive: boolean;
}

/** A step that takes the time which the controller needs for so many partitions. */
export function workOn({ costs }: ControllerCore, partitions: number): Step {
  return { kind: "rest", us: costs.controllerPartitionUs * partitions };
}

/** A duty says what it wants to be called for; duties are called in the order in which the controller has them. */
export interface ControllerDuty {
  /** While taking over, once the context has been read and before the brokers hear of anything. Source: TopicDeletionManager.init. */
  prepareFailover?(): Procedure;
  /** While taking over, when the state machines have started. */
  resumeAfterFailover?(): Procedure;
  /** This broker is no longer the controller; the context is still there. Timers end here. Must not wait. */
  onResigned?(): void;
  /** Brokers have come up, and their replicas are online again. */
  onBrokersStarted?(brokers: readonly BrokerId[]): Procedure;
  /** Replicas of topics that are queued for deletion have gone offline. Source: TopicDeletionManager.failReplicaDeletion. */
  onReplicasToDeleteOffline?(replicas: readonly PartitionReplica[]): Procedure;
  /** A broker has answered StopReplica requests with deletion, of topics that are being deleted. Comes as an event of its own. */
  onReplicaDeletionAnswered?(broker: BrokerId, errorCode: ErrorCode, replicas: readonly DeletedReplica[]): Procedure;
  /** What is to be done about an event at a znode; undefined if that is not this duty's. Asked whether the controller is active or not. */
  onWatchedEvent?(event: WatchedEvent): Procedure | undefined;
  /** True if the request is this duty's: it answers, now or later, NOT_CONTROLLER included. */
  onRequest?(request: AnyPendingRequest): boolean;
}

export interface DeletedReplica extends TopicPartition {
  readonly errorCode: ErrorCode;
}
