/** Every bundled scenario, with its own seed: it ends as it should, and is the same run everywhere. */
import { beforeAll, describe, expect, test } from "vitest";
import type { JsonReport } from "../../src/report/json-report.ts";
import type { RunResult } from "../../src/run/result.ts";
import { runSide } from "../../src/run/run-scenario.ts";
import { kafkaSim } from "../cli/cli.ts";
import { BUNDLED, BUNDLED_TURNED, bundled, TURNED, whyNotTurned } from "./bundled.ts";

/** By title. */
const results = new Map<string, RunResult>();

function result(title: string): RunResult {
  return results.get(title) ?? runSide(bundled(title), String(bundled(title).scenario.seed), { withTimeline: true });
}

describe("with its own seed", () => {
  test.each([...BUNDLED, ...BUNDLED_TURNED].map((side) => [side.title, side] as const))("%s ends as expected", (title, side) => {
    const found = runSide(side, String(side.scenario.seed), { withTimeline: true });
    results.set(title, found);
    expect(found.expectations.filter(({ met }) => !met)).toEqual([]);
    expect(found.verdict).toBe("as-expected");
  });
});

describe("in ZooKeeper mode", () => {
  test("every scenario is played that is not about KRaft's own ways", () => {
    const turned = new Set(BUNDLED_TURNED.map(({ name }) => name));
    const left = BUNDLED.filter(({ name, scenario }) => !turned.has(name) && scenario.cluster.mode === "kraft");
    // Brokers of ZooKeeper mode do not speak KIP-848.
    expect(left.map(({ name }) => name).filter((name) => !name.startsWith("museum/"))).toEqual([
      "groups/deploy-three-ways",
      "nemesis/groups-of-kip-848",
    ]);
    // Each is turned down with a reason: its release, its dial, or what it waits for.
    for (const { name } of left) expect(whyNotTurned(name)).toMatch(/ZooKeeper mode/);
    expect(turned.size).toBeGreaterThan(8);
  });

  test("a dead broker costs the session of 18 seconds, counted from when it was last heard of, in ticks of 3 seconds", () => {
    // Pings come every 6 s at most, and followers tell the leader of them at every half tick.
    const seconds = outageSeconds(result("failover/dead-broker in ZooKeeper mode"));
    expect(seconds).toBeGreaterThanOrEqual(12);
    expect(seconds).toBeLessThanOrEqual(23.5);
  });
});

test("a dead broker costs 7 to 10 seconds without an acknowledgement: its session has to end first", () => {
  // broker.session.timeout.ms is 9 s, counted from a heartbeat up to 2 s old; then clients have to hear of the new leader.
  expect(outageSeconds(result("failover/dead-broker"))).toBeGreaterThanOrEqual(7);
  expect(outageSeconds(result("failover/dead-broker"))).toBeLessThanOrEqual(10);
});

test("a follower that is cut off from its leader only costs 30 to 45 seconds, longer than a dead one", () => {
  // It leaves the ISR after replica.lag.time.max.ms (30 s), which is looked at every half of that.
  expect(outageSeconds(result("network/follower-cut-off-from-leader"))).toBeGreaterThanOrEqual(30);
  expect(outageSeconds(result("network/follower-cut-off-from-leader"))).toBeLessThanOrEqual(45);
});

describe("it is one run, wherever it is played", () => {
  let report: JsonReport;

  beforeAll(async () => {
    const { stdout, status } = await kafkaSim(["run", "scenarios", "--json", "--jobs", "2"]);
    expect(status).toBe(0);
    report = JSON.parse(stdout) as JsonReport;
  });

  test("another process, other threads, the build instead of the source: the same traces", () => {
    const elsewhere = report.runs.map(({ file, side, traceHash }) => [titleOf(file, side), traceHash]);
    expect(elsewhere).toEqual(BUNDLED.map(({ title }) => [title, result(title).traceHash]));
  });

  test("every number and every violation is the same there, too", () => {
    for (const run of report.runs) {
      const here = result(titleOf(run.file, run.side));
      expect([run.events, run.records, run.virtualSeconds]).toEqual([here.events, here.records, here.virtualUs / 1_000_000]);
      expect(run.violations.map(({ invariant, step }) => [invariant, step])).toEqual(
        here.violations.map(({ invariant, step }) => [invariant, step]),
      );
      expect(run.timeline.map(({ text }) => text)).toEqual(here.timeline.map(({ text }) => text));
    }
  });

  test("so are those in ZooKeeper mode", async () => {
    const names = [...new Set(BUNDLED_TURNED.map(({ name }) => name))];
    const { stdout, status } = await kafkaSim(["run", ...names, "--set", TURNED, "--json", "--jobs", "2"]);
    expect(status).toBe(0);
    const elsewhere = (JSON.parse(stdout) as JsonReport).runs.map(({ traceHash }) => traceHash);
    expect(elsewhere).toEqual(BUNDLED_TURNED.map(({ title }) => result(title).traceHash));
  });

  // `vitest -u` writes the table anew. A line that changes is a seed whose meaning changes: say so in the commit.
  test("the traces are those of the table", async () => {
    const table = Object.fromEntries([...BUNDLED, ...BUNDLED_TURNED].map(({ title }) => [title, result(title).traceHash]));
    await expect(`${JSON.stringify(table, undefined, 2)}\n`).toMatchFileSnapshot("../run/trace-hashes.json");
  });

  test("no two of them are the same run", () => {
    const all = [...BUNDLED, ...BUNDLED_TURNED];
    expect(new Set(all.map(({ title }) => result(title).traceHash)).size).toBe(all.length);
  });
});

test("each says what it is about, in words that a learner understands, and has a name of its own", () => {
  const scenarios = new Map(BUNDLED.map(({ name, scenario }) => [name, scenario]));
  for (const [name, { about }] of scenarios) expect(about.length, name).toBeGreaterThan(100);
  expect(new Set([...scenarios.values()].map(({ name }) => name)).size).toBe(scenarios.size);
});

test("every condition of a fault comes true, on one side of an exhibit at least", () => {
  for (const { name } of BUNDLED) {
    const sides = BUNDLED.filter((side) => side.name === name).map(({ title }) =>
      result(title).notes.filter((note) => /never fired|found no message/.test(note)),
    );
    expect(
      sides.some((notes) => notes.length === 0),
      `${name}: ${sides.flat().join("; ")}`,
    ).toBe(true);
  }
});

function outageSeconds({ longestOutage }: RunResult): number {
  return longestOutage === undefined ? 0 : (longestOutage.toUs - longestOutage.fromUs) / 1_000_000;
}

function titleOf(file: string, side: string | undefined): string {
  const name = file.replace(/^scenarios\//, "").replace(/\.yaml$/, "");
  return side === undefined ? name : `${name} (${side})`;
}
