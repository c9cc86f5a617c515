/**
 * Where the replicas of new partitions go in ZooKeeper mode when nobody says it.
 *
 * First replicas go round the brokers from a random start; the others follow at a distance that grows by one with every round,
 * so that two brokers do not share all their partitions. With racks, the round alternates between them, and a rack takes no
 * second replica of a partition before each has one. Source: AdminUtils, KIP-36.
 */
import { assert } from "../../base/assert.ts";
import type { RandomStream } from "../../sim/random.ts";
import type { ErrorCode } from "../errors.ts";
import type { BrokerId } from "../ids.ts";

export interface PlaceableBroker {
  readonly id: BrokerId;
  readonly rack: string | null;
}

/** Why no placement is possible, in the order in which Kafka looks; undefined if one is. */
export function placementProblem(
  partitions: number,
  replicationFactor: number,
  brokers: readonly PlaceableBroker[],
): { readonly error: ErrorCode; readonly message: string } | undefined {
  if (partitions <= 0) return { error: "INVALID_PARTITIONS", message: "the number of partitions must be larger than 0" };
  if (replicationFactor <= 0) {
    return { error: "INVALID_REPLICATION_FACTOR", message: "the replication factor must be larger than 0" };
  }
  if (replicationFactor > brokers.length) {
    const message = `the replication factor ${replicationFactor} is larger than the number of available brokers, ${brokers.length}`;
    return { error: "INVALID_REPLICATION_FACTOR", message };
  }
  const withRack = brokers.filter((broker) => broker.rack !== null).length;
  if (withRack > 0 && withRack < brokers.length) {
    return { error: "UNKNOWN_SERVER_ERROR", message: "not all brokers have rack information" };
  }
  return undefined;
}

/** One list of replicas per partition, the preferred leader first. The caller has ruled out a {@link placementProblem}. */
export function placeReplicas(options: {
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly brokers: readonly PlaceableBroker[];
  readonly random: Pick<RandomStream, "below">;
  /** For partitions that are added: how many there are, and who leads the first of them by preference. */
  readonly after?: { readonly partitions: number; readonly firstLeader: BrokerId };
}): BrokerId[][] {
  const { partitions, replicationFactor, brokers, random, after } = options;
  const problem = placementProblem(partitions, replicationFactor, brokers);
  assert(problem === undefined, `placement is impossible: ${problem?.message}`);
  const byId = [...brokers].sort((a, b) => a.id - b.id);
  const racks = new Set(byId.map((broker) => broker.rack)).size;
  const hasRacks = byId[0]?.rack !== null;
  const round = hasRacks ? rackAlternated(byId) : byId;
  const fixed =
    after === undefined
      ? undefined
      : Math.max(
          0,
          byId.findIndex(({ id }) => id >= after.firstLeader),
        );
  const start = fixed ?? random.below(round.length);
  let shift = fixed ?? random.below(round.length);

  return Array.from({ length: partitions }, (_, added) => {
    const partition = (after?.partitions ?? 0) + added;
    if (partition > 0 && partition % round.length === 0) shift += 1;
    const first = (partition + start) % round.length;
    if (hasRacks) return rackAware(round, first, shift * racks, { replicationFactor, racks });
    return rackUnaware(round, first, shift, replicationFactor);
  });
}

/** Brokers by id, one of each rack in turn, racks by name. Source: AdminUtils.getRackAlternatedBrokerList. @internal */
export function rackAlternated<B extends PlaceableBroker>(brokers: readonly B[]): B[] {
  const byRack = new Map<string, B[]>();
  for (const broker of [...brokers].sort((a, b) => a.id - b.id)) {
    const rack = broker.rack ?? "";
    const members = byRack.get(rack);
    if (members === undefined) byRack.set(rack, [broker]);
    else members.push(broker);
  }
  const racks = [...byRack.keys()].sort().map((rack) => byRack.get(rack) as B[]);
  const result: B[] = [];
  for (let turn = 0; result.length < brokers.length; turn++) {
    for (const members of racks) {
      const broker = members[turn];
      if (broker !== undefined) result.push(broker);
    }
  }
  return result;
}

function rackUnaware(round: readonly PlaceableBroker[], first: number, shift: number, replicationFactor: number): BrokerId[] {
  const replicas = [at(round, first).id];
  for (let j = 0; j < replicationFactor - 1; j++) replicas.push(follower(round, first, shift + j).id);
  return replicas;
}

function rackAware(
  round: readonly PlaceableBroker[],
  first: number,
  shift: number,
  wanted: { readonly replicationFactor: number; readonly racks: number },
): BrokerId[] {
  const leader = at(round, first);
  const replicas = [leader.id];
  const racksUsed = new Set([leader.rack]);
  // Each step looks at the next broker in the round, so a partition without a second broker left would never end: it has been ruled out.
  for (let k = 0; replicas.length < wanted.replicationFactor; k++) {
    const broker = follower(round, first, shift + k);
    const rackIsDue = !racksUsed.has(broker.rack) || racksUsed.size === wanted.racks;
    if (!rackIsDue || replicas.includes(broker.id)) continue;
    replicas.push(broker.id);
    racksUsed.add(broker.rack);
  }
  return replicas;
}

/** The broker that is `distance` steps behind the first, which is never met again. Source: AdminUtils.replicaIndex. */
function follower(round: readonly PlaceableBroker[], first: number, distance: number): PlaceableBroker {
  return at(round, (first + 1 + (distance % (round.length - 1))) % round.length);
}

function at(round: readonly PlaceableBroker[], index: number): PlaceableBroker {
  return round[index] as PlaceableBroker;
}
