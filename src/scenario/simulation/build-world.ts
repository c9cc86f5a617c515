/** Builds the world of a scenario: its nodes with their disks and clocks, and the links between them. Nothing runs yet. */
import { KafkaEventDigest } from "../../kafka/event-digest.ts";
import type { ClusterTopology } from "../../kafka/server/topology.ts";
import type { NodeName } from "../../sim/host.ts";
import type { ProcessFactory } from "../../sim/node.ts";
import type { TraceLevel } from "../../sim/trace.ts";
import { World } from "../../sim/world.ts";
import { ADMIN_NODE } from "../names.ts";
import type { ClockSpec, GroupSpec, ScenarioSpec, ServerSpec, UnreliableSpec, ZooKeeperSpec } from "../spec.ts";
import {
  AdminFactory,
  ConsumerFactory,
  EffectStoreFactory,
  MemberFactory,
  ProducerFactory,
  ServerFactory,
  ZkServerFactory,
  ZooKeeperFactory,
} from "./processes.ts";

export function buildWorld(scenario: ScenarioSpec, seed: string, traceLevel: TraceLevel): World {
  const { network, cluster } = scenario;
  const world = new World({
    seed,
    traceLevel,
    eventDigest: new KafkaEventDigest(),
    latency: { default: network.latency, ...(network.acrossRacks && { acrossZones: [network.acrossRacks] }) },
  });
  const topology = topologyOf(scenario);
  const Factory = cluster.mode === "zookeeper" ? ZkServerFactory : ServerFactory;
  for (const server of cluster.nodes) addServer(world, server, new Factory(scenario, server, topology));
  for (const server of cluster.zookeeper) addServer(world, server, new ZooKeeperFactory(scenario, server, topology));
  world.addNode({ name: ADMIN_NODE, factory: new AdminFactory(scenario, topology) });
  const brokers = topology.brokers.map(({ node }) => node);
  for (const producer of scenario.producers) {
    world.addNode({ name: producer.name, factory: new ProducerFactory(scenario, producer, brokers) });
    setClock(world, producer.name, producer.clock);
  }
  for (const consumer of scenario.consumers) {
    world.addNode({ name: consumer.name, factory: new ConsumerFactory(scenario, consumer, brokers) });
    setClock(world, consumer.name, consumer.clock);
  }
  for (const group of scenario.groups) addGroup(world, scenario, group, brokers);
  setLinks(world, scenario);
  return world;
}

function addServer(world: World, { name, rack, disk, clock }: ServerSpec | ZooKeeperSpec, factory: ProcessFactory): void {
  world.addNode({ name, factory, zones: rack === null ? [] : [rack] }, disk);
  setClock(world, name, clock);
}

function addGroup(world: World, scenario: ScenarioSpec, group: GroupSpec, brokers: readonly NodeName[]): void {
  if (group.store !== undefined) world.addNode({ name: group.store, factory: new EffectStoreFactory() });
  for (const member of group.members) {
    const { name, rack, clock } = member;
    const factory = new MemberFactory(scenario, group, member, brokers);
    world.addNode({ name, factory, zones: rack === null ? [] : [rack] });
    setClock(world, name, clock);
  }
}

function topologyOf(scenario: ScenarioSpec): ClusterTopology {
  const { nodes } = scenario.cluster;
  return Object.freeze({
    clusterId: "kafka-sim",
    voters: nodes.filter((node) => node.controller).map(({ id, name }) => ({ id, node: name })),
    zookeeper: scenario.cluster.zookeeper.map(({ id, name }) => ({ id, node: name })),
    brokers: nodes.filter((node) => node.broker).map(({ id, name, rack }) => ({ id, node: name, rack })),
  });
}

function setClock(world: World, name: NodeName, { offsetUs, driftPpm }: ClockSpec): void {
  if (offsetUs !== 0 || driftPpm !== 0) world.adjustClock(name, { jump: offsetUs, driftPpm });
}

function setLinks(world: World, { network }: ScenarioSpec): void {
  const names = [...world.nodes()].map((node) => node.name);
  if (network.bytesPerSecond > 0 || network.unreliable !== undefined) {
    for (const [a, b] of unorderedPairs(names)) setLink(world, a, b, network.bytesPerSecond, network.unreliable);
  }
  for (const { a, b, latency, bytesPerSecond, unreliable } of network.links) {
    for (const from of a) {
      for (const to of b) {
        if (from === to) continue;
        if (latency !== undefined) world.setLatency(from, to, latency);
        setLink(world, from, to, bytesPerSecond, unreliable);
      }
    }
  }
}

function setLink(
  world: World,
  a: NodeName,
  b: NodeName,
  bytesPerSecond: number | undefined,
  unreliable: UnreliableSpec | undefined,
): void {
  if (bytesPerSecond !== undefined) world.limitBandwidth(a, b, bytesPerSecond);
  if (unreliable !== undefined) world.setChances(a, b, unreliable);
}

function unorderedPairs(names: readonly NodeName[]): [NodeName, NodeName][] {
  return names.flatMap((a, i) => names.slice(i + 1).map((b): [NodeName, NodeName] => [a, b]));
}
