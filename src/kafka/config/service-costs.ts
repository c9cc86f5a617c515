/**
 * What single pieces of work cost a node, in microseconds. They are what makes the time of a failover, a shutdown or a
 * restart grow with the number of partitions; everything else in a node takes no time.
 */
import type { Micros } from "../../base/units.ts";

export interface ServiceCosts {
  /** A ZooKeeper server answers a read. */
  readonly zookeeperReadUs: Micros;
  /** A ZooKeeper server takes up a write, each part of a multi for itself; the fsync of its log comes on top. */
  readonly zookeeperWriteUs: Micros;
  /** The controller of ZooKeeper mode works on one partition within one step of a handler. */
  readonly controllerPartitionUs: Micros;
  /** A broker carries out an order for one replica: LeaderAndIsr, StopReplica, or a metadata record that makes it lead or follow. */
  readonly brokerReplicaUs: Micros;
  /** The active controller of KRaft mode makes one metadata record. */
  readonly metadataRecordUs: Micros;
}

export const DEFAULT_SERVICE_COSTS: ServiceCosts = Object.freeze({
  zookeeperReadUs: 20,
  zookeeperWriteUs: 40,
  controllerPartitionUs: 5,
  brokerReplicaUs: 0,
  metadataRecordUs: 0,
});
