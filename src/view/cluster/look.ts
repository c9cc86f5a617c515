/** Looks at the cluster: at its processes for what they believe, at the observer's knowledge for what is true. */
import type { Ghost } from "../../checks/ghost/ghost.ts";
import { NONE } from "../../kafka/ids.ts";
import { KafkaServer } from "../../kafka/server/kafka-server.ts";
import { ZkKafkaServer } from "../../kafka/server/zk-kafka-server.ts";
import { ZooKeeperServer } from "../../kafka/zookeeper/zookeeper-server.ts";
import type { Simulation } from "../../scenario/simulation/simulation.ts";
import type { ServerSpec } from "../../scenario/spec.ts";
import type { NodeName } from "../../sim/host.ts";
import type { Frame } from "../frame.ts";
import { isolatedOf, linksOf } from "./links.ts";
import { machineOf } from "./machine.ts";
import type { BrokerScene, ClusterScene, ClusterTruth, ControllerScene, QuorumScene, ZooKeeperScene } from "./scene.ts";

export function lookAtCluster({ simulation, choice }: Frame): ClusterScene {
  const { world, scenario, checker } = simulation;
  const { mode, nodes, zookeeper } = scenario.cluster;
  const led = leadershipsOf(checker.ghost, nodes);
  const chosen = checker.ghost.topics.find(choice.partition.topic, choice.partition.partition)?.state?.leader;
  const order = new Map([...world.nodes()].map(({ name }, index) => [name, index]));
  const brokers = nodes.filter(({ broker }) => broker).map((server) => brokerOf(simulation, server, led, chosen));
  const controllers = nodes.filter(({ broker }) => !broker).map(({ name }) => controllerOf(simulation, name));
  const zookeepers = zookeeper.map(({ name }) => zookeeperOf(simulation, name));
  const links = linksOf(world.troubledLinks(), order);
  return {
    mode,
    brokers,
    controllers,
    zookeepers,
    truth: { ...truthOf(simulation, brokers, controllers, zookeepers), ...partitionsOf(checker.ghost) },
    links,
    isolated: isolatedOf(links, [...brokers, ...controllers, ...zookeepers]),
    nodes: [...order.keys()],
  };
}

// ---- what is decided ----

type Deciders = Omit<ClusterTruth, "partitions" | "leaderless">;

function truthOf(
  simulation: Simulation,
  brokers: readonly BrokerScene[],
  controllers: readonly ControllerScene[],
  zookeepers: readonly ZooKeeperScene[],
): Deciders {
  const { facts, checker, scenario } = simulation;
  const controller = facts.activeController();
  const controllerPaused = [...brokers, ...controllers].some(
    ({ node, condition }) => node === controller && condition === "paused",
  );
  const zookeeperLeader = facts.zookeeperLeader();
  const leader = zookeepers.find(({ node }) => node === zookeeperLeader)?.ensemble;
  const zookeeper = { zookeeperLeader, zookeeperLeaderActs: leader?.state === "LEADING" && leader.serves };
  if (scenario.cluster.mode === "zookeeper") {
    const controllerActs = brokers.some(({ node, controllerEpoch }) => node === controller && controllerEpoch !== undefined);
    return { controller, controllerActs, controllerPaused, epoch: NONE, committedEnd: 0, ...zookeeper };
  }
  const { leaderEpoch: epoch, committed } = checker.ghost.quorum;
  const own = [...brokers, ...controllers].find(({ node }) => node === controller)?.quorum;
  const controllerActs = own?.role === "Leader" && own.epoch === epoch;
  return { controller, controllerActs, controllerPaused, epoch, committedEnd: committed.end, ...zookeeper };
}

function partitionsOf({ partitions }: Ghost): { readonly partitions: number; readonly leaderless: number } {
  let leaderless = 0;
  for (const { state } of partitions) if (state !== undefined && state.leader === NONE) leaderless++;
  return { partitions: partitions.size, leaderless };
}

/** By broker: of how many partitions it is the leader, and of how many others it only takes itself for it. */
class Leaderships {
  readonly committed = new Map<number, number>();
  readonly besides = new Map<number, number>();
}

function leadershipsOf({ partitions, brokers }: Ghost, nodes: readonly ServerSpec[]): Leaderships {
  const led = new Leaderships();
  for (const { state } of partitions) {
    if (state !== undefined) led.committed.set(state.leader, (led.committed.get(state.leader) ?? 0) + 1);
  }
  for (const { id } of nodes) {
    let besides = 0;
    for (const { role, partition } of brokers.get(id)?.replicas ?? []) {
      if (role === "leader" && partition.state !== undefined && partition.state.leader !== id) besides++;
    }
    led.besides.set(id, besides);
  }
  return led;
}

// ---- servers ----

function brokerOf(simulation: Simulation, server: ServerSpec, led: Leaderships, chosen: number | undefined): BrokerScene {
  const { world, checker } = simulation;
  const { id, name, rack, controller: isVoter } = server;
  const ghost = checker.ghost.brokers.get(id);
  const { process } = world.node(name);
  const inZooKeeperMode = process instanceof ZkKafkaServer;
  return {
    ...machineOf(world, name),
    id,
    rack,
    isVoter,
    // Whoever has not been heard of says nothing.
    state: process === undefined ? undefined : (ownStateOf(process) ?? ghost?.state),
    registered: ghost?.registered === true,
    fenced: ghost?.fenced === true && simulation.scenario.cluster.mode === "kraft",
    inControlledShutdown: ghost?.inControlledShutdown === true,
    leads: led.committed.get(id) ?? 0,
    leadsBesides: process === undefined ? 0 : (led.besides.get(id) ?? 0),
    leadsChosen: chosen === id,
    quorum: quorumOf(process),
    controllerEpoch: inZooKeeperMode && process.controller.isActive ? process.controller.controllerEpoch : undefined,
  };
}

function ownStateOf(process: unknown): BrokerScene["state"] {
  return process instanceof KafkaServer ? process.broker?.state : undefined;
}

function controllerOf({ world }: Simulation, name: NodeName): ControllerScene {
  return { ...machineOf(world, name), quorum: quorumOf(world.node(name).process) };
}

function quorumOf(process: unknown): QuorumScene | undefined {
  if (!(process instanceof KafkaServer)) return undefined;
  const { role, epoch, leaderId, logEndOffset: logEnd } = process.raft;
  return { role, epoch, leader: leaderId === NONE ? undefined : process.raft.nodeOf(leaderId), logEnd };
}

function zookeeperOf({ world, scenario }: Simulation, name: NodeName): ZooKeeperScene {
  const { process } = world.node(name);
  const machine = machineOf(world, name);
  if (!(process instanceof ZooKeeperServer)) return { ...machine, ensemble: undefined };
  const { state, epoch, leaderId, lastZxid, isServing: serves } = process;
  const leader = scenario.cluster.zookeeper.find(({ id }) => id === leaderId)?.name;
  return { ...machine, ensemble: { state, epoch, leader, lastZxid, serves } };
}
