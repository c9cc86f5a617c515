/** Where to go, as somebody types it. */
import { describe, expect, test } from "vitest";
import { parseDestination, type Terrain } from "../../src/view/destination.ts";
import { complete } from "../../src/walk/journey.ts";
import type { Walk } from "../../src/walk/walk.ts";
import { bundledWalk, writtenWalk } from "./walks.ts";

const CALM = `name: Calm
cluster: { brokers: 1, controllers: 1 }
topics: { orders: {} }
producers: { checkout: { topic: orders, rate: 20/s } }
run: { for: 3s }
`;

function calm(): Walk {
  const walk = writtenWalk(CALM);
  complete(walk.goTo(walk.start));
  return walk;
}

function stepOf(text: string, terrain: Terrain): number {
  const place = parseDestination(text, terrain);
  if (!place.ok) throw new Error(place.message);
  return place.value;
}

function complaintOf(text: string, terrain: Terrain): string {
  const place = parseDestination(text, terrain);
  return place.ok ? `step ${place.value}` : `${place.message} | ${place.hint}`;
}

describe("a step", () => {
  test.each(["17", "step 17", " Step 17 ", "1_7", "0017"])("%j is the 17th", (text) => {
    expect(stepOf(text, calm())).toBe(17);
  });

  test("may be counted from here", () => {
    const walk = calm();
    expect(stepOf("+10", walk)).toBe(walk.position + 10);
    expect(stepOf("-10", walk)).toBe(walk.position - 10);
  });

  test("that there isn't comes with those that there are", () => {
    const walk = calm();
    const steps = walk.end.toLocaleString("en-US");
    expect(complaintOf("20,114", walk)).toBe(`there is no step 20,114 | there are steps 0 to ${steps}, up to 3.0 s`);
    expect(complaintOf("-9000", walk)).toMatch(/^there is no step -8,\d+ \| there are steps 0 to /);
  });
});

describe("a time", () => {
  test.each(["1.5s", "1.5 s", "1500ms", "1.500"])("%j is 1.5 s after time 0", (text) => {
    const walk = calm();
    const { tape, ending } = walk.branch;
    const step = stepOf(text, walk);
    expect(tape.timeOf(step) - ending.readyAt).toBeLessThanOrEqual(1_500_000);
    expect(tape.timeOf(step + 1) - ending.readyAt).toBeGreaterThan(1_500_000);
  });

  test("may be counted from here, back into the boot of the cluster, too", () => {
    const walk = calm();
    const { tape, ending } = walk.branch;
    expect(tape.timeOf(stepOf("-100ms", walk))).toBeLessThanOrEqual(ending.readyAt - 100_000);
    complete(walk.goTo(stepOf("1s", walk)));
    expect(tape.timeOf(stepOf("+1s", walk)) - ending.readyAt).toBeGreaterThan(1_800_000);
  });

  test("at the very end of the run is its last step", () => {
    const walk = calm();
    expect(stepOf("3s", walk)).toBe(walk.end);
  });

  test("outside of the run comes with how long it is", () => {
    expect(complaintOf("99s", calm())).toMatch(/^99\.0 s is outside of the run \| there are steps 0 to [\d,]+, up to 3\.0 s$/);
  });

  test("of an unknown unit is told so", () => {
    expect(complaintOf("5 parsec", calm())).toMatch(/^there is no unit of time `parsec` \| write a step/);
  });
});

describe("a name", () => {
  test("start and end are what they say", () => {
    const walk = calm();
    expect([stepOf("start", walk), stepOf("END", walk)]).toEqual([walk.start, walk.end]);
  });

  test("violation is where that breaks which the scenario is about, not what breaks first", () => {
    const walk = bundledWalk("museum/replication/kip-966-last-replica-standing");
    const { violations } = walk.branch.tape;
    const step = stepOf("violation", walk);
    expect(step).toBe(violations.find(({ invariant }) => invariant === "NoAckedLoss")?.step);
    expect(violations[0]?.step).toBeLessThan(step);
    expect(stepOf("uncleanexclusion", walk)).toBe(violations.find(({ invariant }) => invariant === "UncleanExclusion")?.step);
  });

  test("violation where every promise holds leads nowhere", () => {
    expect(complaintOf("violation", calm())).toMatch(
      /^nothing is violated in this run \| every promise holds; there are steps 0 to/,
    );
  });

  test.each(["", "soon", "step", "12 13", "1e3", "∞"])("%j is told what would be right", (text) => {
    expect(complaintOf(text, calm())).toMatch(/\| write a step \(17902\), a time|/);
    expect(parseDestination(text, calm()).ok).toBe(false);
  });
});
