/** Answers the questions of selectors and patterns from the scenario and from what has been observed. */
import { type BrokerId, NONE } from "../../kafka/ids.ts";
import type { NodeName } from "../../sim/host.ts";
import type { ClusterFacts } from "../selectors.ts";
import type { ScenarioSpec } from "../spec.ts";
import type { ObservedCluster } from "./observed-cluster.ts";

export class ObservedFacts implements ClusterFacts {
  private readonly scenario: ScenarioSpec;
  private readonly cluster: ObservedCluster;

  constructor(scenario: ScenarioSpec, cluster: ObservedCluster) {
    this.scenario = scenario;
    this.cluster = cluster;
  }

  leader(topic: string, partition: number): BrokerId {
    return this.cluster.partition(topic, partition)?.leader ?? NONE;
  }

  replicas(topic: string, partition: number): readonly BrokerId[] {
    return this.cluster.partition(topic, partition)?.replicas ?? [];
  }

  isr(topic: string, partition: number): readonly BrokerId[] {
    return this.cluster.partition(topic, partition)?.isr ?? [];
  }

  activeController(): NodeName | undefined {
    const id = this.cluster.activeControllerId;
    return this.scenario.cluster.nodes.find((node) => node.controller && node.id === id)?.name;
  }

  controllers(): readonly NodeName[] {
    return this.scenario.cluster.nodes.filter((node) => node.controller).map((node) => node.name);
  }

  brokerNode(id: BrokerId): NodeName | undefined {
    return this.scenario.cluster.nodes.find((node) => node.broker && node.id === id)?.name;
  }
}
