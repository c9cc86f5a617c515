/** Looks at the clients: at their processes for what they believe, at the observer's knowledge for what is acknowledged and committed. */
import type { Micros } from "../../base/units.ts";
import type { Ghost } from "../../checks/ghost/ghost.ts";
import type { AssignedPartition } from "../../kafka/consumer/assigned-partition.ts";
import { ConsumerProcess } from "../../kafka/consumer/consumer-process.ts";
import { MemberProcess } from "../../kafka/consumer/member-process.ts";
import { NONE, partitionName } from "../../kafka/ids.ts";
import { ProducerProcess } from "../../kafka/producer/producer-process.ts";
import type { Simulation } from "../../scenario/simulation/simulation.ts";
import type { ConsumerSpec, GroupMemberSpec, GroupSpec, ProducerSpec } from "../../scenario/spec.ts";
import type { NodeName } from "../../sim/host.ts";
import { machineOf } from "../cluster/machine.ts";
import type { Frame } from "../frame.ts";
import { holdingOf } from "./held-group.ts";
import type { ClientsScene, ConsumerScene, GroupScene, MemberScene, PositionScene, ProducerScene } from "./scene.ts";
import { rateText } from "./words.ts";

export function lookAtClients({ simulation, choice }: Frame): ClientsScene {
  const { producers, consumers, groups } = simulation.scenario;
  return {
    producers: producers.map((spec) => producerOf(simulation, spec)),
    consumers: consumers.map((spec) => consumerOf(simulation, spec)),
    groups: groups.map((spec) => groupOf(simulation, spec)),
    chosen: choice.partition,
  };
}

// ---- producers ----

function producerOf({ world, checker }: Simulation, spec: ProducerSpec): ProducerScene {
  const { name, topic, config, rate } = spec;
  const { process } = world.node(name);
  const ghost = checker.ghost.clients.get(name);
  const { waiting, inFlight, isBlocked, longestWait } =
    process instanceof ProducerProcess ? process.producer.unfinished : NOTHING_UNFINISHED;
  return {
    ...machineOf(world, name),
    topic,
    acks: config.acks,
    rate: rateText(rate),
    acknowledged: ghost?.acknowledged ?? 0,
    failed: ghost?.failed ?? 0,
    waiting,
    inFlight,
    isBlocked,
    longestWaitUs: longestWait,
  };
}

const NOTHING_UNFINISHED = { waiting: 0, inFlight: 0, isBlocked: false, longestWait: 0 };

// ---- consumers ----

function consumerOf({ world, checker }: Simulation, { name }: ConsumerSpec): ConsumerScene {
  const { process } = world.node(name);
  const assigned = process instanceof ConsumerProcess ? process.consumer.subscriptions.assigned() : [];
  const positions = assigned.map((each) => positionOf(checker.ghost, each, undefined, []));
  return { ...machineOf(world, name), positions };
}

function positionOf(
  { topics }: Ghost,
  assigned: AssignedPartition,
  committed: number | undefined,
  rivals: readonly NodeName[],
): PositionScene {
  const { topic, partition, offset: position } = assigned;
  const end = topics.find(topic, partition)?.committed.end ?? 0;
  return { topic, partition, position, committed, end, state: stateOf(assigned), rivals };
}

function stateOf({ state, paused, pendingRevocation }: AssignedPartition): PositionScene["state"] {
  if (pendingRevocation) return "gives up";
  if (state === "AWAIT_VALIDATION") return "validates";
  if (state !== "FETCHING") return "no position";
  return paused ? "paused" : "fetches";
}

// ---- groups ----

function groupOf(simulation: Simulation, spec: GroupSpec): GroupScene {
  const { world, checker } = simulation;
  const { coordinator, held, memberIds } = holdingOf(simulation, spec.group);
  const owners = new Map<string, NodeName[]>();
  for (const { name } of spec.members) {
    const { process } = world.node(name);
    if (!(process instanceof MemberProcess)) continue;
    for (const { topic, partition } of process.consumer.subscriptions.assigned()) {
      const known = owners.get(partitionName(topic, partition));
      if (known === undefined) owners.set(partitionName(topic, partition), [name]);
      else known.push(name);
    }
  }
  const members = spec.members.map((member) => memberOf(simulation, spec.group, member, owners, memberIds));
  const ghost = checker.ghost.groups.byId.get(spec.group);
  return {
    group: spec.group,
    members,
    coordinator,
    held,
    ...standOf(checker.ghost, spec, owners, (ghost?.beganAt ?? NONE) >= 0),
    contested: [...owners].filter(([, each]) => each.length > 1).map(([name]) => name),
  };
}

/** What is to be read, by whom. */
function standOf(
  ghost: Ghost,
  { group, members }: GroupSpec,
  owners: ReadonlyMap<string, readonly NodeName[]>,
  hasBegun: boolean,
): Pick<GroupScene, "lag" | "ownerless"> {
  const ownerless: string[] = [];
  let lag = 0;
  for (const topic of new Set(members.flatMap(({ topics }) => topics))) {
    for (let partition = 0; partition < ghost.topics.count(topic); partition++) {
      const log = ghost.topics.find(topic, partition);
      if (log?.state === undefined) continue;
      const committed = ghost.groups.byId.get(group)?.known(topic, partition)?.committed.offset ?? NONE;
      lag += Math.max(0, log.committed.end - Math.max(committed, log.legalStart));
      if (hasBegun && !owners.has(log.name)) ownerless.push(log.name);
    }
  }
  return { lag, ownerless };
}

function memberOf(
  { world, checker }: Simulation,
  group: string,
  { name, spare: isSpare }: GroupMemberSpec,
  owners: ReadonlyMap<string, readonly NodeName[]>,
  memberIds: ReadonlySet<string> | undefined,
): MemberScene {
  const { ghost } = checker;
  const { process, host } = world.node(name);
  const machine = machineOf(world, name);
  if (!(process instanceof MemberProcess)) return { ...machine, ...NO_MEMBER, isSpare };
  const { consumer, application } = process;
  const { membership } = consumer.group ?? {};
  const positions = consumer.subscriptions.assigned().map((each) => {
    const committed = ghost.groups.byId.get(group)?.known(each.topic, each.partition)?.committed.offset ?? NONE;
    const rivals = owners.get(partitionName(each.topic, each.partition))?.filter((owner) => owner !== name) ?? [];
    return positionOf(ghost, each, committed, rivals);
  });
  const pollTimeoutAt = membership?.pollTimeoutAt ?? Number.POSITIVE_INFINITY;
  return {
    ...machine,
    positions,
    state: membership?.memberState,
    generation: membership?.generation ?? NONE,
    isKnown: memberIds?.has(membership?.memberId ?? ""),
    activity: application.activity,
    pollDueInUs: host === undefined ? undefined : dueIn(pollTimeoutAt, host.steadyNow()),
    isSpare,
  };
}

const NO_MEMBER = {
  positions: [],
  state: undefined,
  generation: NONE,
  isKnown: undefined,
  activity: undefined,
  pollDueInUs: undefined,
} as const;

function dueIn(at: Micros, now: Micros): Micros | undefined {
  return at === Number.POSITIVE_INFINITY ? undefined : at - now;
}
