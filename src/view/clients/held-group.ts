/** A group as its coordinator holds it, and who else takes itself for the coordinator. */
import { ClassicGroup } from "../../kafka/group/classic/classic-group.ts";
import { ConsumerGroup } from "../../kafka/group/consumer/consumer-group.ts";
import { isReconciledTo } from "../../kafka/group/consumer/consumer-group-member.ts";
import type { CoordinatorShard } from "../../kafka/group/coordinator-shard.ts";
import type { Group } from "../../kafka/group/group.ts";
import { partitionForGroup } from "../../kafka/group/java-hash.ts";
import { OFFSETS_TOPIC } from "../../kafka/group/offsets-topic.ts";
import { KafkaServer } from "../../kafka/server/kafka-server.ts";
import { ZkKafkaServer } from "../../kafka/server/zk-kafka-server.ts";
import { offsetsTopic } from "../../scenario/read-topics.ts";
import type { Simulation } from "../../scenario/simulation/simulation.ts";
import type { NodeName } from "../../sim/host.ts";
import type { GroupScene, HeldGroup } from "./scene.ts";

/** Where a group is held; its members by id. */
interface Holding {
  readonly coordinator: GroupScene["coordinator"];
  readonly held: HeldGroup | undefined;
  readonly memberIds: ReadonlySet<string> | undefined;
}

export function holdingOf(simulation: Simulation, groupId: string): Holding {
  const { world, scenario, facts } = simulation;
  const partition = partitionForGroup(groupId, offsetsTopic(scenario.cluster).partitions);
  const leader = facts.brokerNode(facts.leader(OFFSETS_TOPIC, partition));
  const shards = new Map<NodeName, CoordinatorShard>();
  for (const { name } of scenario.cluster.nodes) {
    const shard = shardOf(world.node(name).process, partition);
    if (shard !== undefined && shard.state !== "closed") shards.set(name, shard);
  }
  const shard = leader === undefined ? undefined : shards.get(leader);
  const rivals = [...shards.keys()].filter((name) => name !== leader);
  const group = shard?.active === true ? shard.groups.get(groupId) : undefined;
  return {
    coordinator: { node: leader, state: stateOf(simulation, leader, shard), rivals },
    held: group === undefined ? undefined : heldOf(group),
    memberIds: group === undefined ? undefined : new Set(membersOf(group).map(({ memberId }) => memberId)),
  };
}

function stateOf(
  { world }: Simulation,
  leader: NodeName | undefined,
  shard: CoordinatorShard | undefined,
): GroupScene["coordinator"]["state"] {
  if (leader !== undefined && !world.node(leader).running) return "down";
  if (shard === undefined) return "not yet";
  return shard.active ? "coordinates" : "loads";
}

function shardOf(process: unknown, partition: number): CoordinatorShard | undefined {
  if (process instanceof KafkaServer) return process.broker?.groups.shard(partition);
  return process instanceof ZkKafkaServer ? process.broker.groups.shard(partition) : undefined;
}

function heldOf(group: Group): HeldGroup {
  const { protocol, state, generation } = group;
  return { protocol, state, generation, size: membersOf(group).length, awaited: awaitedOf(group) };
}

function membersOf(group: Group): readonly { readonly memberId: string }[] {
  if (group instanceof ClassicGroup) return group.allMembers();
  return group instanceof ConsumerGroup ? group.members() : [];
}

function awaitedOf(group: Group): NodeName[] {
  if (group instanceof ConsumerGroup) {
    return group
      .members()
      .filter((member) => !isReconciledTo(member, group.assignmentEpoch))
      .map(({ clientId }) => clientId);
  }
  if (!(group instanceof ClassicGroup)) return [];
  const members = group.allMembers();
  if (group.state === "PreparingRebalance")
    return members.filter(({ join }) => join === undefined).map(({ clientId }) => clientId);
  if (group.state !== "CompletingRebalance") return [];
  return members.filter(({ memberId }) => group.pendingSyncs.has(memberId)).map(({ clientId }) => clientId);
}
