/** What the bundled scenarios say to somebody who walks through them comes up in the run, on its side, with its own seed. */
import { describe, expect, test } from "vitest";
import { complete } from "../../src/walk/journey.ts";
import { Walk } from "../../src/walk/walk.ts";
import { BUNDLED, BUNDLED_TURNED } from "./bundled.ts";

const SPOKEN = [...BUNDLED, ...BUNDLED_TURNED].filter(({ scenario }) => scenario.notes.length > 0);

describe("every note comes up, in the order of the file", () => {
  test.each(SPOKEN.map((side) => [side.title, side] as const))("%s", (_, side) => {
    const { notes } = side.scenario;
    const walk = complete(Walk.open({ side, seed: String(side.scenario.seed) }));
    const found = walk.branch.tape.notes;
    const silent = notes.filter((note) => !found.some((each) => each.note === note));
    expect(silent.map(({ source }) => source)).toEqual([]);
    expect(found.map(({ note }) => note.source)).toEqual(notes.map(({ source }) => source));
    // None belongs to the boot.
    for (const { step } of found) expect(step).toBeGreaterThanOrEqual(walk.start);
  });
});

test("a learner is asked something, with KRaft and with ZooKeeper, on brokers and in groups", () => {
  const asked = SPOKEN.filter(({ scenario }) => scenario.notes.some(({ question }) => question !== undefined));
  const themes = new Set(asked.map(({ name }) => name.replace(/\/[^/]+$/, "")));
  expect([...themes].sort()).toEqual([
    ...["disk", "failover", "groups", "healthy", "museum/replication", "museum/zookeeper", "network"],
  ]);
});
