/**
 * Over any schedule of crashes, power losses, pauses, cuts and slow disks, and with any clients: nothing that must hold ever breaks, and
 * what clients are told is what one store would have told them. Once the faults have stopped, all servers serve the same tree.
 */
import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import { problemsOf } from "./store-model.ts";
import { Story } from "./story.ts";
import { nodeOf } from "./test-ensemble.ts";
import { watchProblems } from "./watch-model.ts";

const ROUNDS = 60;

test.prop([fc.nat(), fc.constantFrom(1, 3, 3, 3, 5)], { numRuns: 60 })(
  "under any faults what is committed stays and clients see one store; without faults all servers serve the same tree",
  (seed, servers) => {
    const story = new Story(String(seed), servers);
    const { e } = story;
    for (let round = 0; round < ROUNDS; round++) {
      story.round();
      expect(story.violations).toEqual([]);
    }
    story.repair();
    // A process that was asked to stop may stop only now; then it is started too.
    e.runFor(3);
    story.repair();
    e.elect(e.ids, 60);
    // Until sessions of clients that are gone have ended too.
    e.runFor(4);
    const dumps = e.ids.map((id) => story.dump(id));
    for (const dump of dumps) expect(dump).toEqual(dumps[0]);
    expect(story.violations).toEqual([]);
    const { history } = story;
    expect(problemsOf(history, story.asked)).toEqual([]);
    for (const arrivals of story.arrivals) expect(watchProblems(history, arrivals)).toEqual([]);
  },
);

const LUCK = {
  dropPpm: 3_000,
  duplicatePpm: 3_000,
  delayPpm: 20_000,
  delayUpToUs: 50_000,
  reorderPpm: 3_000,
  reorderUpToUs: 5_000,
};

test.prop([fc.nat()], { numRuns: 20 })(
  "what TCP would never let through between servers may stop them, but breaks nothing that was committed",
  (seed) => {
    const story = new Story(String(seed), 3);
    const { ids, world } = story.e;
    for (const a of ids) for (const b of ids) if (a < b) world.setChances(nodeOf(a), nodeOf(b), LUCK);
    for (let round = 0; round < ROUNDS; round++) story.round();
    expect(story.violations).toEqual([]);
  },
);
