/** A cluster of three brokers, three controllers and three ZooKeeper servers with one partition, orders-0, as selectors see it. */
import type { ClusterFacts } from "../../src/scenario/selectors.ts";

export function cluster(state: {
  readonly leader?: number;
  readonly replicas?: readonly number[];
  readonly isr?: readonly number[];
  readonly active?: string;
  readonly zookeeperLeader?: string;
  /** Of the only group, billing. */
  readonly coordinator?: number;
  readonly owner?: string;
}): ClusterFacts {
  return {
    leader: () => state.leader ?? -1,
    replicas: () => state.replicas ?? [],
    isr: () => state.isr ?? [],
    activeController: () => state.active,
    controllers: () => ["controller-1", "controller-2", "controller-3"],
    zookeeperLeader: () => state.zookeeperLeader,
    zookeepers: () => ["zookeeper-1", "zookeeper-2", "zookeeper-3"],
    coordinator: () => state.coordinator ?? -1,
    owner: () => state.owner,
    brokerNode: (id) => `broker-${id}`,
  };
}
