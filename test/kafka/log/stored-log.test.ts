/** A log looked at on its disk is the log that its broker has open, and what would be left of it without power. */
import { describe, expect, test } from "vitest";
import { NONE } from "../../../src/kafka/ids.ts";
import { StoredLog } from "../../../src/kafka/log/stored-log.ts";
import { KafkaServer } from "../../../src/kafka/server/kafka-server.ts";
import { Simulation } from "../../../src/scenario/simulation/simulation.ts";
import type { World } from "../../../src/sim/world.ts";
import { bundledSide } from "../../walk/walks.ts";

const { scenario } = bundledSide("museum/replication/kip-966-last-replica-standing");
const [topic] = scenario.topics;
const DIR = `${topic?.name}-0`;

function storedOn(world: World, node: string): StoredLog {
  return new StoredLog(world.node(node).disk, DIR);
}

function liveOn(world: World, node: string) {
  const { process } = world.node(node);
  return process instanceof KafkaServer ? process.replicaManager?.replicaOnDisk(topic?.name ?? "", 0)?.log : undefined;
}

function simulationAt(seconds: number): Simulation {
  const simulation = new Simulation({ scenario, seed: "1" });
  while (simulation.phase === "booting" || simulation.since(simulation.world.time) < seconds * 1_000_000)
    if (!simulation.step()) break;
  return simulation;
}

describe("a stored log", () => {
  test.for([1, 5, 20, 60])("is what the broker has open, %d s into the run", (seconds) => {
    const { world } = simulationAt(seconds);
    let compared = 0;
    for (const { name } of scenario.cluster.nodes) {
      const log = liveOn(world, name);
      if (log === undefined) continue;
      const stored = storedOn(world, name);
      expect(stored.endOffset).toBe(log.logEndOffset);
      for (let offset = log.logStartOffset; offset < log.logEndOffset; offset++) {
        expect(stored.batchContaining(offset)).toBe(log.batchContaining(offset));
        compared++;
      }
      expect(stored.batchContaining(log.logEndOffset)).toBeUndefined();
      expect(stored.epochAt(log.logEndOffset)).toBe(NONE);
    }
    expect(compared).toBeGreaterThan(0);
  });

  test.for([1, 5, 20, 45, 65])("ends where it said it was durable once the power is gone, %d s into the run", (seconds) => {
    const { world } = simulationAt(seconds);
    for (const { name } of scenario.cluster.nodes) {
      if (!world.node(name).running) continue;
      const { durableTo } = storedOn(world, name);
      world.losePower(name, "lost");
      expect(storedOn(world, name).endOffset).toBe(durableTo);
    }
  });

  test("that is not there has nothing, and is not made by looking", () => {
    const { world } = simulationAt(1);
    const { disk } = world.node("broker-1");
    const before = disk.list("");
    const log = new StoredLog(disk, "nowhere-0");
    expect([log.exists, log.endOffset, log.durableTo, log.batchContaining(0)]).toEqual([false, 0, 0, undefined]);
    expect(disk.list("")).toEqual(before);
  });
});
