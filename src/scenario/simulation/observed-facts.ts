/** Answers the questions of selectors and patterns from the scenario and from what has been observed. */

import { partitionForGroup } from "../../kafka/group/java-hash.ts";
import { OFFSETS_TOPIC } from "../../kafka/group/offsets-topic.ts";
import { type BrokerId, NONE } from "../../kafka/ids.ts";
import type { NodeName } from "../../sim/host.ts";
import { offsetsTopic } from "../read-topics.ts";
import type { ClusterFacts } from "../selectors.ts";
import type { ScenarioSpec, ServerSpec } from "../spec.ts";
import type { ObservedCluster } from "./observed-cluster.ts";
import type { ObservedGroups } from "./observed-groups.ts";

export class ObservedFacts implements ClusterFacts {
  private readonly scenario: ScenarioSpec;
  private readonly cluster: ObservedCluster;
  private readonly groups: ObservedGroups;

  constructor(scenario: ScenarioSpec, cluster: ObservedCluster, groups: ObservedGroups) {
    this.scenario = scenario;
    this.cluster = cluster;
    this.groups = groups;
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
    return this.candidates().find((node) => node.id === id)?.name;
  }

  controllers(): readonly NodeName[] {
    return this.candidates().map((node) => node.name);
  }

  zookeeperLeader(): NodeName | undefined {
    const id = this.cluster.zookeeperLeaderId;
    return this.scenario.cluster.zookeeper.find((server) => server.id === id)?.name;
  }

  zookeepers(): readonly NodeName[] {
    return this.scenario.cluster.zookeeper.map((server) => server.name);
  }

  brokerNode(id: BrokerId): NodeName | undefined {
    return this.scenario.cluster.nodes.find((node) => node.broker && node.id === id)?.name;
  }

  coordinator(group: string): BrokerId {
    const { partitions } = offsetsTopic(this.scenario.cluster);
    return this.leader(OFFSETS_TOPIC, partitionForGroup(group, partitions));
  }

  owner(group: string, topic: string, partition: number): NodeName | undefined {
    return this.groups.owner(group, topic, partition);
  }

  /** Who may be the controller. */
  private candidates(): readonly ServerSpec[] {
    const { mode, nodes } = this.scenario.cluster;
    return nodes.filter((node) => (mode === "zookeeper" ? node.broker : node.controller));
  }
}
