/**
 * RaftEventSimulationTest's idea, over any schedule of crashes, power losses, pauses, stalls and cuts: nothing that must
 * hold ever breaks; and once the faults have stopped, a leader is elected, and everybody gets everything.
 */
import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import { RandomStream } from "../../../src/sim/random.ts";
import { nameOf, TestQuorum } from "./test-quorum.ts";

const ROUNDS = 40;

/** One fault, or a repair, drawn from `random`. */
function disturb(q: TestQuorum, random: RandomStream): void {
  const everybody = [...q.voters, ...q.observers];
  const victim = random.pick(everybody);
  const other = random.pick(everybody);
  switch (random.below(9)) {
    case 0:
      q.crash(victim);
      break;
    case 1:
      q.world.losePower(nameOf(victim), random.pick(["lost", "torn", "random"]));
      break;
    case 2:
    case 3:
      if (!q.isRunning(victim)) q.start(victim);
      break;
    case 4:
      if (victim !== other) q.world.cut(nameOf(victim), nameOf(other), random.pick(["both", "from", "to"]));
      break;
    case 5:
      q.heal();
      break;
    case 6:
      if (q.isRunning(victim)) q.shutDown(victim);
      break;
    case 7:
      q.world.pause(nameOf(victim));
      break;
    case 8:
      for (const id of everybody) q.world.resume(nameOf(id));
      q.world.stallDisk(nameOf(victim), random.chance(1, 2));
      break;
  }
}

function repair(q: TestQuorum): void {
  q.heal();
  for (const id of [...q.voters, ...q.observers]) {
    q.world.resume(nameOf(id));
    q.world.stallDisk(nameOf(id), false);
    if (!q.isRunning(id)) q.start(id);
  }
}

test.prop([fc.nat(), fc.constantFrom(1, 2, 3, 3, 3, 4, 5), fc.nat({ max: 2 }), fc.constantFrom("4.1", "4.0", "3.9")], {
  numRuns: 60,
})(
  "under any faults committed data stays, epochs have one leader; without faults the quorum recovers",
  (seed, voters, observers, kafka) => {
    const q = new TestQuorum({ voters, observers, kafka, seed: String(seed) }).start();
    const random = new RandomStream(String(seed), "nemesis");
    for (let round = 0; round < ROUNDS; round++) {
      q.runFor(random.below(1_500) / 1_000);
      for (const leader of q.leaders) q.append(leader);
      if (random.chance(1, 2)) disturb(q, random);
      expect(q.invariants.violations).toEqual([]);
    }
    // A process that was asked to stop may stop only now; then it is started too.
    repair(q);
    q.runFor(6);
    repair(q);
    const everybody = [...q.voters, ...q.observers];
    const leader = q.electLeader(q.voters, 60);
    q.commit(leader, everybody);
    expect(q.invariants.violations).toEqual([]);
    for (const id of everybody) expect(q.values(id)).toEqual(q.values(leader));
  },
);
