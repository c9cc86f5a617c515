/** A cluster of three brokers and three controllers with one partition, orders-0, as selectors see it. */
import type { ClusterFacts } from "../../src/scenario/selectors.ts";

export function cluster(state: {
  readonly leader?: number;
  readonly replicas?: readonly number[];
  readonly isr?: readonly number[];
  readonly active?: string;
}): ClusterFacts {
  return {
    leader: () => state.leader ?? -1,
    replicas: () => state.replicas ?? [],
    isr: () => state.isr ?? [],
    activeController: () => state.active,
    controllers: () => ["controller-1", "controller-2", "controller-3"],
    brokerNode: (id) => `broker-${id}`,
  };
}
