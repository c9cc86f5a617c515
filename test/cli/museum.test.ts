/** `kafka-sim museum`: the table, the stories, and what is asked for by name. */
import { describe, expect, test } from "vitest";
import { bundledNames } from "../../src/cli/scenario-files.ts";
import { MUSEUM_CONTRACT, TALE_CONTRACT } from "../report/json-contract.ts";
import { Workshop, withoutProgress } from "./workshop.ts";

const workshop = new Workshop();

async function museum(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await workshop.kafkaSim(["museum", ...args]);
  expect([status, withoutProgress(stderr)]).toEqual([0, ""]);
  return stdout;
}

const PREVOTE = "kip-996-partitioned-voter-disrupts-leader";

test.concurrent("a theme: each exhibit with its source, what breaks, both verdicts and the steps to the break", async () => {
  const table = await museum("quorum", "--seeds", "2", "--jobs", "2");
  expect(table).toMatch(/^ exhibit {2,}source {2,}what breaks {2,}old rule {2,}new rule {2,}events$/m);
  expect(table).toMatch(
    new RegExp(`^ ${PREVOTE} {2,}KIP-996 {2,}LeaderStability {2,}✗ as recorded {2,}✓ holds {2,}\\d,\\d{3}$`, "m"),
  );
  const slugs = [...table.matchAll(/^ (\S+) {2,}\S.*[✗✓]/gm)].map(([, slug]) => slug);
  expect(slugs).toEqual(bundledNames().flatMap((name) => (/^museum\/quorum\/(.+)$/.exec(name)?.[1] ?? []) as string[]));
  expect(table).toMatch(/ \d+ of \d+ reproduced on both sides · 2 seeds each · \d+\.\d s {2,}kafka-sim museum SLUG --tell/);
});

test.concurrent("--json has every run of both sides, with the seeds from 1 on", async () => {
  const { exhibits } = MUSEUM_CONTRACT.parse(JSON.parse(await museum("quorum", "--seeds", "2", "--json")));
  expect(exhibits.map(({ slug, theme }) => `museum/${theme}/${slug}`)).toEqual(
    bundledNames().filter((name) => name.startsWith("museum/quorum/")),
  );
  for (const { slug, reproduced, old, new: fixed, source, switch: key } of exhibits) {
    expect([slug, reproduced, old.runs.map(({ seed }) => seed), fixed?.runs.length]).toEqual([slug, true, [1, 2], 2]);
    expect([source, key].every((each) => typeof each === "string")).toBe(true);
  }
});

test.concurrent("an exhibit goes by the beginning of its name, with its theme or as a path, too", async () => {
  const named = async (name: string): Promise<unknown> => {
    const { exhibits } = MUSEUM_CONTRACT.parse(JSON.parse(await museum(name, "--seeds", "3..3", "--json")));
    return exhibits.map(({ slug, old }) => [slug, old.runs.map(({ seed }) => seed)]);
  };
  const names = ["kip-996", `quorum/${PREVOTE}`, `scenarios/museum/quorum/${PREVOTE}.yaml`];
  for (const found of await Promise.all(names.map(named))) expect(found).toEqual([[PREVOTE, [3]]]);
});

describe("--tell", () => {
  test.concurrent("tells the story of one exhibit, named before or behind it", async () => {
    const [behind, before] = await Promise.all([museum("--tell", "kip-996"), museum("kip-996", "--tell")]);
    expect(before).toBe(behind);
    for (const part of ["KIP-996", "fixed since", "seed 1", "pre-vote", "kraft.preVote = off at the old rule"])
      expect(before).toContain(part);
    expect(before).toMatch(/✗ LeaderStability {3}While a majority/);
    expect(before).toMatch(/ {3}fact 1 .*\n {3}fact 2 /);
    expect(before).toMatch(/because {2}step/);
    expect(before).toMatch(/promises broken {2,}1 {2,}0$/m);
    expect(before).toContain(`kafka-sim run museum/quorum/${PREVOTE} --seed 1 --set kraft.preVote=off`);
  });

  test.concurrent("of a setting says what the setting does, and what was lost without a promise", async () => {
    const story = await museum("acks-1", "--tell", "--seed", "2");
    expect(story).toContain("by design: nothing better is promised · seed 2");
    expect(story).toContain("acks = 1 at the old rule, all at the new one");
    expect(story).toMatch(/✗ \d+ of 5,000 acknowledged records are lost: no promise covered them/);
  });

  test.concurrent("--json has both runs in full", async () => {
    const { runs, about, source } = TALE_CONTRACT.parse(JSON.parse(await museum("kip-996", "--tell", "--json", "--seed", "4")));
    expect(runs.map(({ side, seed, timeline }) => [side, seed, timeline.length > 0])).toEqual([
      ["old rule", 4, true],
      ["new rule", 4, true],
    ]);
    expect([about.length > 100, source]).toEqual([true, "KIP-996"]);
  });

  test.concurrent("gives the command that plays the very run that it tells of", async () => {
    const { runs } = TALE_CONTRACT.parse(JSON.parse(await museum("acks-1", "--tell", "--json")));
    const args = ["run", "museum/replication/acks-1-leader-crash-loss", "--seed", "1", "--json", "--set"];
    for (const [index, set] of ["acks=1", "acks=all"].entries()) {
      const { stdout } = await workshop.kafkaSim([...args, set]);
      expect(JSON.parse(stdout).runs[0].traceHash).toBe(runs[index]?.traceHash);
    }
  });
});

/** [what, arguments, what is said, what to do instead] */
const WRONG: readonly [string, readonly string[], string, string][] = [
  ["a name that nothing has", ["nothing-like-this"], "there is no such exhibit or theme", "kafka-sim museum"],
  ["a theme, misspelt", ["quorm"], "there is no such exhibit or theme", "did you mean quorum?"],
  ["the beginning of several", ["kip-9"], "exhibits begin like this", PREVOTE],
  ["no seeds", ["--seeds", "0"], "from 1 up", ""],
  ["seeds that are none", ["--seeds", "many"], "from 1 up", ""],
  ["an empty range", ["--seeds", "5..2"], "the range is empty", "2..5"],
  ["no jobs", ["--jobs", "0"], "from 1 up", ""],
  ["one seed for the table", ["--seed", "3"], "the table is over many seeds", "--tell"],
  ["several seeds for a story", ["kip-996", "--tell", "--seeds", "3"], "a story is told of one seed", "--seed 7"],
  ["the story of nothing", ["--tell"], "a story is told of one exhibit", "such as"],
  ["the story of a theme", ["quorum", "--tell"], "a story is told of one exhibit", "such as"],
  ["two stories", ["kip-996", "--tell", "kip-966"], "a story is told of one exhibit", "leave out"],
];

test.concurrent.each(WRONG)("refuses %s", async (_what, args, said, instead) => {
  const { status, stdout, stderr } = await workshop.kafkaSim(["museum", ...args]);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(said);
  expect(stderr).toContain(instead);
  expect(stderr).not.toMatch(/^\s+at |Error:/m);
});
