/** Domain events of ZooKeeper mode in words. Part of event-words.ts. */
import { NONE, partitionName, type ZkServerId } from "./ids.ts";
import { zxidText } from "./zookeeper/zxid.ts";
import type { PartitionReassigned, ZooKeeperModeEvent } from "./zookeeper-events.ts";

/** What changes the course of a run. A session that ends as its client wants, or an order that is obeyed, does not. */
export function isNotableInZooKeeperMode(event: ZooKeeperModeEvent): boolean {
  switch (event.kind) {
    case "ZkLeaderEstablished":
    case "ZkLogTruncated":
    case "ZkSnapshotInstalled":
    case "BrokerUnregistered":
    case "ControllerChanged":
    case "ControllerEpochChanged":
    case "ControllerFailoverCompleted":
    case "TopicDeleted":
      return true;
    case "ZkSessionClosed":
      return event.reason === "expired";
    case "ZkClientStateChanged":
      return event.state === "EXPIRED";
    case "ControlRequestHandled":
      return event.error !== "NONE";
    default:
      return false;
  }
}

/** One line; undefined where the kind says it all. */
export function describeZooKeeperModeEvent(event: ZooKeeperModeEvent): string | undefined {
  return describeEnsembleEvent(event) ?? describeStoreEvent(event) ?? describeOrder(event);
}

function describeEnsembleEvent(event: ZooKeeperModeEvent): string | undefined {
  switch (event.kind) {
    case "ZkServerLoaded": {
      const { snapshotZxid, transactions } = event;
      const from = snapshotZxid === 0 ? "no snapshot" : `a snapshot up to ${zxidText(snapshotZxid)}`;
      return `${server(event.server)} loads ${from} and ${transactions.length} transactions after it`;
    }
    case "ZkServerStateChanged":
      if (event.state === "LOOKING") return `${server(event.server)} looks for a leader`;
      return event.state === "LEADING"
        ? `${server(event.server)} is to lead the ensemble`
        : `${server(event.server)} follows ${server(event.leader)}`;
    case "ZkLeaderEstablished":
      return `${server(event.server)} leads the ZooKeeper ensemble, epoch ${event.epoch}`;
    case "ZkTransactionLogged":
      return `${server(event.server)} logs transaction ${zxidText(event.transaction.zxid)}`;
    case "ZkTransactionCommitted":
      return `${server(event.server)} applies transaction ${zxidText(event.transaction.zxid)}`;
    case "ZkLogTruncated":
      return `${server(event.server)}: log cut back to ${zxidText(event.to)}`;
    case "ZkSnapshotInstalled":
      return `${server(event.server)} takes over its leader's state as of ${zxidText(event.zxid)}`;
    case "ZkSessionOpened":
      return `${event.client} has a new ZooKeeper session of ${event.timeoutMs / 1_000} s`;
    case "ZkSessionClosed":
      return event.reason === "expired"
        ? `the ZooKeeper session of ${event.client} expires`
        : `${event.client} closes its ZooKeeper session`;
    case "ZkClientStateChanged":
      return event.state === "EXPIRED"
        ? `${event.client} learns that its ZooKeeper session has expired`
        : `${event.client} is ${event.state} to ZooKeeper`;
    case "ZkClientSaw":
      return `${event.client} has seen ZooKeeper as of ${zxidText(event.zxid)}`;
    default:
      return undefined;
  }
}

function describeStoreEvent(event: ZooKeeperModeEvent): string | undefined {
  switch (event.kind) {
    case "BrokerUnregistered":
      return `broker-${event.broker} is gone from /brokers/ids`;
    case "ControllerChanged":
      return event.controller === NONE ? "/controller is gone" : `/controller names broker-${event.controller}`;
    case "ControllerEpochChanged":
      return `/controller_epoch is ${event.epoch}`;
    case "PartitionStateWritten": {
      const { leader, leaderEpoch, isr, controllerEpoch } = event;
      const who = leader === NONE ? "no leader" : `leader broker-${leader}`;
      return `state of ${partitionName(event.topic, event.partition)} is written: ${who}, epoch ${leaderEpoch}, ISR ${isr.join(" ")}, controller epoch ${controllerEpoch}`;
    }
    case "PartitionReassigned":
      return describeReassignment(event);
    case "TopicDeleted":
      return `topic ${event.topic} is deleted`;
    case "ControllerFailoverCompleted": {
      const { controller, epoch, partitions, tookUs } = event;
      const count = `${partitions} ${partitions === 1 ? "partition" : "partitions"}`;
      return `broker-${controller} has taken over as controller, epoch ${epoch}: ${count} in ${Math.round(tookUs / 1_000)} ms`;
    }
    case "ControllerCacheUpdated": {
      const { controller, leader, leaderEpoch, isr } = event;
      const name = partitionName(event.topic, event.partition);
      if (leaderEpoch === NONE) return `controller broker-${controller} forgets ${name}`;
      const who = leader === NONE ? "no leader" : `leader broker-${leader}`;
      return `controller broker-${controller} takes ${name} for: ${who}, epoch ${leaderEpoch}, ISR ${isr.join(" ")}`;
    }
    default:
      return undefined;
  }
}

function describeReassignment({ topic, partition, replicas, addingReplicas, removingReplicas }: PartitionReassigned): string {
  const parts = [
    `replicas ${replicas.join(" ")}`,
    ...(addingReplicas.length > 0 ? [`${addingReplicas.join(" ")} to come`] : []),
    ...(removingReplicas.length > 0 ? [`${removingReplicas.join(" ")} to go`] : []),
  ];
  return `${partitionName(topic, partition)}: ${parts.join(", ")}`;
}

function describeOrder(event: ZooKeeperModeEvent): string | undefined {
  switch (event.kind) {
    case "ControlRequestHandled": {
      const { broker, api, controller, controllerEpoch, error } = event;
      const from = `${api} of controller broker-${controller}, epoch ${controllerEpoch}`;
      return error === "NONE" ? `broker-${broker} takes ${from}` : `broker-${broker} refuses ${from}: ${error}`;
    }
    case "ControlOrderObeyed":
      return `broker-${event.broker} obeys ${event.api} for ${partitionName(event.topic, event.partition)}, controller epoch ${event.controllerEpoch}`;
    case "MetadataCacheUpdated":
      return `broker-${event.broker} hears that ${partitionName(event.topic, event.partition)} is led by ${event.leader < 0 ? "nobody" : `broker-${event.leader}`}, epoch ${event.leaderEpoch}`;
    default:
      return undefined;
  }
}

function server(id: ZkServerId): string {
  return id === NONE ? "nobody" : `zookeeper-${id}`;
}
