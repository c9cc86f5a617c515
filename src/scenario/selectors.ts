/**
 * Which nodes a selector means at this moment.
 *
 * Pure: the answer depends on the selector and on what is known of the cluster, nothing else. A role that nobody has just now
 * means no node.
 */
import { unreachable } from "../base/assert.ts";
import { type BrokerId, NONE } from "../kafka/ids.ts";
import type { NodeName } from "../sim/host.ts";
import type { ControllerRole, EnsembleRole, NodeSelector, PartitionRole } from "./patterns.ts";

/** What selectors and patterns ask of the cluster, as it is known from outside. */
export interface ClusterFacts {
  /** -1 when nobody leads, or there is no such partition yet. */
  leader(topic: string, partition: number): BrokerId;
  /** In assignment order: the first is the preferred leader. */
  replicas(topic: string, partition: number): readonly BrokerId[];
  isr(topic: string, partition: number): readonly BrokerId[];
  activeController(): NodeName | undefined;
  /** By ascending id. In ZooKeeper mode the brokers. */
  controllers(): readonly NodeName[];
  zookeeperLeader(): NodeName | undefined;
  /** By ascending id; none in KRaft mode. */
  zookeepers(): readonly NodeName[];
  brokerNode(id: BrokerId): NodeName | undefined;
  /** -1 while nobody leads the group's partition of __consumer_offsets. */
  coordinator(group: string): BrokerId;
  owner(group: string, topic: string, partition: number): NodeName | undefined;
}

/** All nodes that any of the selectors means, each once: in the order of the selectors, and within one by ascending id. */
export function resolveNodes(selectors: readonly NodeSelector[], facts: ClusterFacts): readonly NodeName[] {
  const [only] = selectors;
  if (selectors.length === 1 && only !== undefined) return resolveOne(only, facts);
  const names = new Set<NodeName>();
  for (const selector of selectors) for (const name of resolveOne(selector, facts)) names.add(name);
  return [...names];
}

/** The brokers that have a role for a partition, ascending. */
export function brokersInRole(role: PartitionRole, topic: string, partition: number, facts: ClusterFacts): readonly BrokerId[] {
  const leader = facts.leader(topic, partition);
  const replicas = facts.replicas(topic, partition);
  switch (role) {
    case "leader":
      return leader === NONE ? [] : [leader];
    case "follower":
      return followers(replicas, leader).slice(0, 1);
    case "followers":
      return followers(replicas, leader);
    case "replicas":
      return ascending(replicas);
    case "isr":
      return ascending(facts.isr(topic, partition));
    case "preferred":
      return replicas.slice(0, 1);
    default:
      return unreachable(role);
  }
}

function resolveOne(selector: NodeSelector, facts: ClusterFacts): readonly NodeName[] {
  switch (selector.kind) {
    case "nodes":
      return selector.names;
    case "active-controller":
    case "standby-controller":
    case "standby-controllers":
      return controllersInRole(selector.kind, facts);
    case "zookeeper-leader":
    case "zookeeper-follower":
    case "zookeeper-followers":
      return zookeepersInRole(selector.kind, facts);
    case "coordinator":
      return nodesOf([facts.coordinator(selector.group)], facts);
    case "owner": {
      const owner = facts.owner(selector.group, selector.topic, selector.partition);
      return owner === undefined ? [] : [owner];
    }
    default:
      return nodesOf(brokersInRole(selector.kind, selector.topic, selector.partition, facts), facts);
  }
}

function nodesOf(brokers: readonly BrokerId[], facts: ClusterFacts): readonly NodeName[] {
  return brokers.map((id) => (id === NONE ? undefined : facts.brokerNode(id))).filter((name) => name !== undefined);
}

function controllersInRole(role: ControllerRole, facts: ClusterFacts): readonly NodeName[] {
  const active = facts.activeController();
  if (role === "active-controller") return active === undefined ? [] : [active];
  const standby = facts.controllers().filter((name) => name !== active);
  return role === "standby-controller" ? standby.slice(0, 1) : standby;
}

function zookeepersInRole(role: EnsembleRole, facts: ClusterFacts): readonly NodeName[] {
  const leader = facts.zookeeperLeader();
  if (role === "zookeeper-leader") return leader === undefined ? [] : [leader];
  const others = facts.zookeepers().filter((name) => name !== leader);
  return role === "zookeeper-follower" ? others.slice(0, 1) : others;
}

function followers(replicas: readonly BrokerId[], leader: BrokerId): BrokerId[] {
  return ascending(replicas.filter((id) => id !== leader));
}

function ascending(ids: readonly BrokerId[]): BrokerId[] {
  return [...ids].sort((a, b) => a - b);
}
