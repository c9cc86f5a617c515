/**
 * Where the replicas of new partitions go when the controller may choose.
 *
 * Striping: racks are gone through in turn, and in each rack its brokers in turn; every partition starts one rack and one
 * broker further on. The first replica, which will lead, is always on an unfenced broker; for the others unfenced brokers of
 * a rack come before its fenced ones. Once as many partitions as there are unfenced brokers have been placed, racks and
 * brokers are shuffled, so that assignments do not repeat. No broker twice in a partition. Source: StripedReplicaPlacer.
 */
import { assert } from "../../base/assert.ts";
import type { RandomStream } from "../../sim/random.ts";
import { type BrokerId, NONE } from "../ids.ts";

export interface UsableBroker {
  readonly id: BrokerId;
  readonly rack: string | null;
  readonly fenced: boolean;
}

/** Why no placement is possible (Kafka answers INVALID_REPLICATION_FACTOR); undefined if one is. */
export function placementProblem(replicationFactor: number, brokers: readonly UsableBroker[]): string | undefined {
  if (replicationFactor <= 0) return `the replication factor ${replicationFactor} is not positive`;
  if (brokers.every((broker) => broker.fenced)) return "all brokers are fenced";
  if (replicationFactor > brokers.length) return `only ${brokers.length} broker(s) are registered`;
  return undefined;
}

/** One list of replicas per partition, the preferred leader first. The caller has ruled out a {@link placementProblem}. */
export function placeReplicas(options: {
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly brokers: readonly UsableBroker[];
  readonly random: RandomStream;
}): BrokerId[][] {
  const { partitions, replicationFactor, brokers, random } = options;
  const problem = placementProblem(replicationFactor, brokers);
  assert(problem === undefined, `placement is impossible: ${problem}`);
  const stripe = new Stripe(brokers, random);
  return Array.from({ length: partitions }, () => stripe.place(replicationFactor));
}

/** Brokers that are gone through in a ring, from a start that moves on with every partition that asks. */
class Ring {
  private brokers: BrokerId[];
  private start: number;
  private taken = 0;
  private lastPartition = 0;

  constructor(brokers: readonly BrokerId[], random: RandomStream) {
    this.brokers = [...brokers].sort((a, b) => a - b);
    this.start = brokers.length === 0 ? 0 : random.below(brokers.length);
  }

  /** The next broker for this partition, or -1 when all have been given to it. */
  next(partition: number): BrokerId {
    const size = this.brokers.length;
    if (size === 0) return NONE;
    if (this.lastPartition !== partition) {
      this.lastPartition = partition;
      this.taken = 0;
      this.start = (this.start + 1) % size;
    }
    if (this.taken === size) return NONE;
    return this.brokers[(this.start + this.taken++) % size] as BrokerId;
  }

  shuffle(random: RandomStream): void {
    this.brokers = random.shuffled(this.brokers);
  }
}

interface Rack {
  readonly unfenced: Ring;
  readonly fenced: Ring;
}

class Stripe {
  private racks: Rack[];
  private readonly random: RandomStream;
  private readonly unfencedBrokers: number;
  /** The rack that the current partition starts from. */
  private start: number;
  private partition = 0;
  private sinceShuffle = 0;

  constructor(brokers: readonly UsableBroker[], random: RandomStream) {
    this.random = random;
    this.unfencedBrokers = brokers.filter((broker) => !broker.fenced).length;
    const idsOf = (rack: string | null, fenced: boolean): BrokerId[] =>
      brokers.filter((broker) => broker.rack === rack && broker.fenced === fenced).map((broker) => broker.id);
    this.racks = rackNames(brokers).map((rack) => ({
      unfenced: new Ring(idsOf(rack, false), random),
      fenced: new Ring(idsOf(rack, true), random),
    }));
    this.start = random.below(this.racks.length);
  }

  place(replicationFactor: number): BrokerId[] {
    if (this.sinceShuffle === this.unfencedBrokers && this.unfencedBrokers > 1) this.shuffle();
    const { racks, partition } = this;
    const replicas: BrokerId[] = [];

    let leaderRack = this.start;
    for (let tried = 0; replicas.length === 0; tried++, leaderRack = (leaderRack + 1) % racks.length) {
      assert(tried < racks.length, "no rack has an unfenced broker");
      const leader = (racks[leaderRack] as Rack).unfenced.next(partition);
      if (leader === NONE) continue;
      replicas.push(leader);
      // It has given its replica in this first round.
      this.fill(replicas, replicationFactor, leaderRack);
    }

    this.partition++;
    this.sinceShuffle++;
    this.start = (this.start + 1) % racks.length;
    return replicas;
  }

  /** Goes round the racks until there are enough; in the first round `leaderRack` sits out. */
  private fill(replicas: BrokerId[], replicationFactor: number, leaderRack: number): void {
    const { racks, partition } = this;
    let idle = 0;
    let firstRound = true;
    for (let at = this.start; replicas.length < replicationFactor; at = (at + 1) % racks.length) {
      assert(idle <= racks.length, "the racks have fewer brokers than replicas are wanted");
      if (firstRound && at === leaderRack) {
        firstRound = false;
        continue;
      }
      const rack = racks[at] as Rack;
      const unfenced = rack.unfenced.next(partition);
      const broker = unfenced === NONE ? rack.fenced.next(partition) : unfenced;
      idle = broker === NONE ? idle + 1 : 0;
      if (broker !== NONE) replicas.push(broker);
    }
  }

  private shuffle(): void {
    this.racks = this.random.shuffled(this.racks);
    for (const rack of this.racks) {
      rack.unfenced.shuffle(this.random);
      rack.fenced.shuffle(this.random);
    }
    this.sinceShuffle = 0;
  }
}

/** Each once: brokers without a rack first, then by name. */
function rackNames(brokers: readonly UsableBroker[]): (string | null)[] {
  const names = [...new Set(brokers.map((broker) => broker.rack))];
  return names.sort((a, b) => {
    if (a === b) return 0;
    if (a === null || b === null) return a === null ? -1 : 1;
    return a < b ? -1 : 1;
  });
}
