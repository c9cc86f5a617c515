import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import {
  type PlaceableBroker,
  placementProblem,
  placeReplicas,
  rackAlternated,
} from "../../../src/kafka/zk-controller/replica-placement.ts";
import { RandomStream } from "../../../src/sim/random.ts";

/** Brokers 0, 1, … in these racks. */
function brokersIn(...racks: (string | null)[]): PlaceableBroker[] {
  return racks.map((rack, id) => ({ id, rack }));
}

/** As if both draws had been 0. */
function placed(brokers: PlaceableBroker[], partitions: number, replicationFactor: number): number[][] {
  return placeReplicas({ partitions, replicationFactor, brokers, random: { below: () => 0 } });
}

const anyPlacement = fc
  .record({
    racks: fc.oneof(
      fc.array(fc.constant(null), { minLength: 1, maxLength: 12 }),
      fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 12 }),
    ),
    partitions: fc.integer({ min: 1, max: 60 }),
    wantedReplicas: fc.integer({ min: 1, max: 12 }),
    seed: fc.string(),
  })
  .map(({ racks, wantedReplicas, ...rest }) => ({
    ...rest,
    brokers: brokersIn(...racks),
    replicationFactor: Math.min(wantedReplicas, racks.length),
  }));

describe("placement in ZooKeeper mode (AdminUtils, replication.md 5.1)", () => {
  test("without racks: leaders go round, followers at a distance that grows with every round", () => {
    // The table that AdminUtils' own documentation shows.
    expect(placed(brokersIn(null, null, null, null, null), 10, 3)).toEqual([
      [0, 1, 2],
      [1, 2, 3],
      [2, 3, 4],
      [3, 4, 0],
      [4, 0, 1],
      [0, 2, 3],
      [1, 3, 4],
      [2, 4, 0],
      [3, 0, 1],
      [4, 1, 2],
    ]);
  });

  test("with racks: the round alternates between them, and the seventh partition does not repeat the first (KIP-36)", () => {
    const brokers = brokersIn("rack1", "rack3", "rack3", "rack2", "rack2", "rack1");
    expect(rackAlternated(brokers).map((broker) => broker.id)).toEqual([0, 3, 1, 5, 4, 2]);
    expect(placed(brokers, 7, 3)).toEqual([
      [0, 3, 1],
      [3, 1, 5],
      [1, 5, 4],
      [5, 4, 2],
      [4, 2, 0],
      [2, 0, 3],
      [0, 4, 2],
    ]);
  });

  property.prop([anyPlacement])("every partition has its replicas, none twice", ({ seed, ...placement }) => {
    const assignments = placeReplicas({ ...placement, random: new RandomStream(seed, "placement") });
    expect(assignments).toHaveLength(placement.partitions);
    for (const replicas of assignments) {
      expect(replicas).toHaveLength(placement.replicationFactor);
      expect(new Set(replicas).size).toBe(replicas.length);
    }
  });

  property.prop([anyPlacement])("replicas are spread over as many racks as there are", ({ seed, ...placement }) => {
    const rackOf = new Map(placement.brokers.map((broker) => [broker.id, broker.rack]));
    const racks = new Set(rackOf.values()).size;
    for (const replicas of placeReplicas({ ...placement, random: new RandomStream(seed, "placement") })) {
      expect(new Set(replicas.map((id) => rackOf.get(id))).size).toBe(Math.min(racks, placement.replicationFactor));
    }
  });

  property.prop([anyPlacement, fc.integer({ min: 1, max: 5 })])(
    "every whole round of partitions gives each broker one leader",
    ({ seed, ...placement }, rounds) => {
      const partitions = placement.brokers.length * rounds;
      const assignments = placeReplicas({ ...placement, partitions, random: new RandomStream(seed, "placement") });
      for (const { id } of placement.brokers) {
        expect(assignments.filter((replicas) => replicas[0] === id)).toHaveLength(rounds);
      }
    },
  );

  test("no placement: too few partitions, replicas or brokers, or racks that only some brokers have", () => {
    const brokers = brokersIn(null, null);
    expect(placementProblem(0, 0, brokers)?.error).toBe("INVALID_PARTITIONS");
    expect(placementProblem(1, 0, brokers)?.error).toBe("INVALID_REPLICATION_FACTOR");
    expect(placementProblem(1, 3, brokers)?.error).toBe("INVALID_REPLICATION_FACTOR");
    expect(placementProblem(1, 1, brokersIn("a", null))?.error).toBe("UNKNOWN_SERVER_ERROR");
    expect(placementProblem(1, 2, brokers)).toBeUndefined();
  });
});
