import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { placementProblem, placeReplicas, type UsableBroker } from "../../../src/kafka/controller/replica-placer.ts";
import { RandomStream } from "../../../src/sim/random.ts";

function brokersIn(...racks: (string | null)[]): UsableBroker[] {
  return racks.map((rack, i) => ({ id: i + 1, rack, fenced: false }));
}

function count(ids: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

/** Any cluster that can take a topic, and how the topic is wanted. */
const anyPlacement = fc
  .record({
    brokers: fc.array(fc.record({ rack: fc.constantFrom("a", "b", "c", null), fenced: fc.boolean() }), {
      minLength: 1,
      maxLength: 12,
    }),
    partitions: fc.integer({ min: 1, max: 60 }),
    wantedReplicas: fc.integer({ min: 1, max: 12 }),
    seed: fc.string(),
  })
  .map(({ brokers, partitions, wantedReplicas, seed }) => {
    const usable = brokers.map((broker, i) => ({ ...broker, id: i + 1, fenced: i > 0 && broker.fenced }));
    return { brokers: usable, partitions, replicationFactor: Math.min(wantedReplicas, usable.length), seed };
  });

describe("placement (StripedReplicaPlacer, replication.md 5.2)", () => {
  property.prop([anyPlacement])("no broker twice in a partition, and an unfenced broker leads", ({ seed, ...placement }) => {
    const assignments = placeReplicas({ ...placement, random: new RandomStream(seed, "placement") });
    expect(assignments).toHaveLength(placement.partitions);
    for (const replicas of assignments) {
      expect(replicas).toHaveLength(placement.replicationFactor);
      expect(new Set(replicas).size).toBe(replicas.length);
      expect(placement.brokers.find((broker) => broker.id === replicas[0])?.fenced).toBe(false);
    }
  });

  property.prop([anyPlacement])("replicas are spread over as many racks as there are", ({ seed, ...placement }) => {
    const rackOf = new Map(placement.brokers.map((broker) => [broker.id, broker.rack]));
    const racks = new Set(rackOf.values()).size;
    for (const replicas of placeReplicas({ ...placement, random: new RandomStream(seed, "placement") })) {
      const used = new Set(replicas.map((id) => rackOf.get(id)));
      expect(used.size).toBe(Math.min(racks, placement.replicationFactor));
    }
  });

  property.prop([fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 6 }), fc.string()])(
    "without racks, every round of partitions gives each broker one leader",
    (size, wantedReplicas, rounds, seed) => {
      const brokers = brokersIn(...Array.from({ length: size }, () => null));
      const assignments = placeReplicas({
        partitions: size * rounds,
        replicationFactor: Math.min(size, wantedReplicas),
        brokers,
        random: new RandomStream(seed, "placement"),
      });
      const leaders = count(assignments.map((replicas) => replicas[0] as number));
      expect([...leaders.values()]).toEqual(Array.from({ length: size }, () => rounds));
      const replicas = count(assignments.flat());
      expect(Math.max(...replicas.values()) - Math.min(...replicas.values())).toBeLessThanOrEqual(rounds);
    },
  );

  property.prop([fc.integer({ min: 1, max: 4 }), fc.integer({ min: 2, max: 4 }), fc.string()])(
    "with even racks, a round of partitions gives each rack equally many leaders",
    // Not each broker: the rings of all racks turn with every partition, so two racks of two meet the same pair again.
    (perRack, racks, seed) => {
      const rackOf = (id: number): number => (id - 1) % racks;
      const brokers = brokersIn(...Array.from({ length: perRack * racks }, (_, i) => `rack-${rackOf(i + 1)}`));
      const assignments = placeReplicas({
        partitions: perRack * racks,
        replicationFactor: Math.min(racks, 3),
        brokers,
        random: new RandomStream(seed, "placement"),
      });
      const leaders = count(assignments.map((replicas) => rackOf(replicas[0] as number)));
      expect([...leaders.values()]).toEqual(Array.from({ length: racks }, () => perRack));
    },
  );

  test("unfenced brokers of a rack come before its fenced ones", () => {
    const brokers = [...brokersIn("a", "a", "a"), { id: 4, rack: "a", fenced: true }];
    const random = new RandomStream("42", "placement");
    const assignments = placeReplicas({ partitions: 9, replicationFactor: 3, brokers, random });
    expect(assignments.flat()).not.toContain(4);
  });

  test("a single unfenced broker leads everything", () => {
    const brokers = [...brokersIn("a"), { id: 2, rack: "b", fenced: true }, { id: 3, rack: "c", fenced: true }];
    const random = new RandomStream("42", "placement");
    for (const replicas of placeReplicas({ partitions: 5, replicationFactor: 3, brokers, random })) {
      expect(replicas[0]).toBe(1);
    }
  });

  test("the same stream gives the same placement", () => {
    const place = () =>
      placeReplicas({
        partitions: 20,
        replicationFactor: 3,
        brokers: brokersIn("a", "b", "c", "a", "b", "c"),
        random: new RandomStream("7", "placement"),
      });
    expect(place()).toEqual(place());
  });

  test.each([
    { replicationFactor: 4, brokers: brokersIn(null, null, null), problem: "only 3 broker(s) are registered" },
    { replicationFactor: 0, brokers: brokersIn(null), problem: "the replication factor 0 is not positive" },
    { replicationFactor: 1, brokers: [{ id: 1, rack: null, fenced: true }], problem: "all brokers are fenced" },
    { replicationFactor: 1, brokers: [], problem: "all brokers are fenced" },
    { replicationFactor: 3, brokers: brokersIn(null, null, null), problem: undefined },
  ])("replication factor $replicationFactor: $problem", ({ replicationFactor, brokers, problem }) => {
    expect(placementProblem(replicationFactor, brokers)).toBe(problem);
  });
});
