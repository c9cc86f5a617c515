/** `kafka-sim compare`: the same runs over several settings. */
import { describe, expect, test } from "vitest";
import { COMPARISON_CONTRACT } from "../report/json-contract.ts";
import { Workshop, withoutProgress } from "./workshop.ts";

const workshop = new Workshop();

async function compare(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await workshop.kafkaSim(["compare", ...args]);
  expect([status, withoutProgress(stderr)]).toEqual([0, ""]);
  return stdout;
}

async function rowsOf(...args: string[]) {
  return COMPARISON_CONTRACT.parse(JSON.parse(await compare(...args, "--json"))).rows;
}

/** A loss under acks=all that unclean election allows; `loss.yaml` of the workshop expects none. */
const LOSS = ["loss.yaml", "--seeds", "3", "--vary", "unclean.leader.election.enable=true,false"];

test.concurrent("a row for each value, with the numbers, what they mean, and how long it took", async () => {
  const table = await compare("calm.yaml", "--vary", "acks=1,all", "--seeds", "4", "--jobs", "2");
  expect(table).toMatch(/^ acks +p50 +p95 +lost +duplicated +failed +delayed +after +elections +violations$/m);
  expect(table).toMatch(/^ 1 +\d+ ms .* 0 +0 +0 +0 +– +0 +0$/m);
  expect(table).toMatch(/^ all +\d+ ms .* 0 +0 +0 +0 +– +0 +0$/m);
  expect(table).toMatch(/4 seeds each · 0 lost means: less than 53 % of runs, with 95 % confidence · \d+\.\d s/);
});

test.concurrent("what the file expects does not decide the exit status; violations are shown, with a run to look at", async () => {
  const table = await compare(...LOSS);
  expect(table).toMatch(/✗ unclean\.leader\.election\.enable=true: records were lost in 3 of 3 runs/);
  expect(table).toMatch(/✗ unclean\.leader\.election\.enable=true: .*NoAckedLoss/);
  expect(table).toContain("kafka-sim run loss.yaml --seed 1 --set unclean.leader.election.enable=true");
  expect(table).not.toContain("✗ unclean.leader.election.enable=false");
});

describe("--json", () => {
  test.concurrent("has quantiles and every seed's own values, with null for never", async () => {
    const [loses, waits] = await rowsOf(...LOSS);
    expect([loses?.settings, waits?.settings]).toEqual([
      { "unclean.leader.election.enable": "true" },
      { "unclean.leader.election.enable": "false" },
    ]);
    expect([loses?.runs, loses?.counted, loses?.runsWithLoss, loses?.lossBelow]).toEqual([3, 3, 3, null]);
    expect(loses?.violations).toMatchObject({ NoAckedLoss: 3 });
    expect([waits?.runsWithLoss, waits?.runsWithViolations, waits?.violations]).toEqual([0, 0, {}]);
    expect(waits?.lossBelow).toBeCloseTo(1 - 0.05 ** (1 / 3));
    // The leader never comes back.
    expect(waits?.perSeed.map(({ seed, fullIsrAfterSeconds }) => [seed, fullIsrAfterSeconds])).toEqual([
      [1, null],
      [2, null],
      [3, null],
    ]);
    expect(loses?.perSeed.every(({ elections, lost }) => elections === 1 && lost > 0)).toBe(true);
  });

  test.concurrent("has the runs that `run` has, whoever does the work", async () => {
    const args = ["calm.yaml", "--vary", "acks=1,all", "--seeds", "7"];
    const [inline, threads] = await Promise.all([rowsOf(...args, "--jobs", "1"), rowsOf(...args, "--jobs", "2")]);
    expect(threads).toEqual(inline);
    const { stdout } = await workshop.kafkaSim(["run", "calm.yaml", "--set", "acks=1", "--seeds", "1..7", "--json"]);
    expect(inline[0]?.perSeed.map(({ traceHash }) => traceHash)).toEqual(
      (JSON.parse(stdout) as { runs: { traceHash: string }[] }).runs.map(({ traceHash }) => traceHash),
    );
  });
});

test.concurrent("several keys are every combination, the first the slowest to change; --set holds for all of them", async () => {
  const rows = await rowsOf("calm.yaml", "--vary", "acks=0,1", "--vary", "kafka=3.9,4.1", "--set", "run.for=2s", "--seeds", "1");
  expect(rows.map(({ settings }) => Object.values(settings))).toEqual([
    ["0", "3.9"],
    ["0", "4.1"],
    ["1", "3.9"],
    ["1", "4.1"],
  ]);
  expect(new Set(rows.map(({ perSeed }) => perSeed[0]?.traceHash)).size).toBe(4);
});

test.concurrent("a value may be a list or a text in quotes: only commas outside part values", async () => {
  const rows = await rowsOf(
    "calm.yaml",
    "--vary",
    "topics.orders.assignment=[[1, 2]],[[2, 1]]",
    "--vary",
    'producers.checkout.value="a,b","c"',
    "--seeds",
    "1",
  );
  expect(rows.map(({ settings }) => Object.values(settings))).toEqual([
    ["[[1, 2]]", '"a,b"'],
    ["[[1, 2]]", '"c"'],
    ["[[2, 1]]", '"a,b"'],
    ["[[2, 1]]", '"c"'],
  ]);
});

test.concurrent("an exhibit has a row for each of its sides, or one for each position if its switch is varied", async () => {
  const sides = await rowsOf("exhibit.yaml", "--vary", "cluster.brokers=1,2", "--seeds", "1");
  expect(sides.map(({ settings, side }) => [settings["cluster.brokers"], side])).toEqual([
    ["1", "old rule"],
    ["1", "new rule"],
    ["2", "old rule"],
    ["2", "new rule"],
  ]);
  const positions = await rowsOf("exhibit.yaml", "--vary", "kraft.preVote=off,on", "--seeds", "1");
  expect(positions.map(({ side, runsWithViolations }) => [side, runsWithViolations])).toEqual([
    [undefined, 1],
    [undefined, 0],
  ]);
});

test.concurrent("3: undecided, if not one run of some row got to its end; the others are told all the same", async () => {
  const { status, stdout } = await workshop.kafkaSim([
    "compare",
    "calm.yaml",
    "--vary",
    "run.max-events=500,900000",
    "--seeds",
    "2",
  ]);
  expect(status).toBe(3);
  expect(stdout).toContain(
    "? run.max-events=500: 2 of 2 runs did not get to their end, and are not counted: the run was given up",
  );
  expect(stdout).toMatch(/^ 900000 +\d+ ms/m);
});

/** [what, arguments, what is said, what to do instead] */
const WRONG: readonly [string, readonly string[], string | RegExp, string][] = [
  ["nothing to vary", ["calm.yaml"], "what is to be compared?", "--vary acks=1,all"],
  ["a key without values", ["calm.yaml", "--vary", "acks"], "write --vary key=a,b", "acks=1,all"],
  ["one value", ["calm.yaml", "--vary", "acks=1"], "compared with nothing", "acks=1,all"],
  ["a value twice", ["calm.yaml", "--vary", "acks=1,all,1"], "`1` stands here twice", "leave one"],
  ["a key twice", ["calm.yaml", "--vary", "acks=0,1", "--vary", "acks=1,all"], "`acks` is varied twice", "at once"],
  ["the seed", ["calm.yaml", "--vary", "seed=1,2"], "the same seeds", "--seeds"],
  ["what is no list", ["calm.yaml", "--vary", "acks=[1,all"], "no list of values", ""],
  ["a gap in the list", ["calm.yaml", "--vary", "acks=1,,all"], /no list of values|missing/, ""],
  [
    "an unknown key",
    ["calm.yaml", "--vary", "aks=1,all"],
    /^--vary aks=1,all {2}there is nothing called `aks`/,
    "did you mean acks?",
  ],
  ["a wrong value", ["calm.yaml", "--vary", "acks=1,7"], /^--vary acks=1,7 {2}`7` is not a value/, "all, -1, 0, 1"],
  [
    "an impossible value",
    ["calm.yaml", "--vary", "cluster.brokers=2,1"],
    /^calm\.yaml:3:\d+ {2}.*\(with cluster\.brokers=1\)$/m,
    "brokers",
  ],
  ["a broken file", ["broken.yaml", "--vary", "acks=1,all"], /^broken\.yaml:2:1 {2}.*`clustre`$/m, "did you mean `cluster`?"],
  ["a wrong --set", ["calm.yaml", "--vary", "acks=1,all", "--set", "run.for=60"], /^--set run\.for=60 {2}60 of what\?/, "unit"],
  ["several files", [".", "--vary", "acks=1,all"], "this is a directory", "name a file"],
  ["a file that isn't there", ["clam.yaml", "--vary", "acks=1,all"], /^compare {2}no such file/, ""],
  ["no file", [], "missing required argument", ""],
  ["no seeds", ["calm.yaml", "--vary", "acks=1,all", "--seeds", "0"], "from 1 up", ""],
];

describe("unusable input is told once, before anything runs", () => {
  workshop.write("broken.yaml", "name: x\nclustre: 1");

  test.concurrent.each(WRONG)("%s", async (_what, args, said, instead) => {
    const { status, stdout, stderr } = await workshop.kafkaSim(["compare", ...args]);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(said);
    expect(stderr).toContain(instead);
    expect(stderr.trimEnd()).not.toContain("\n\n");
    expect(stderr).not.toMatch(/^\s+at |Error:|undefined/m);
  });

  test.concurrent("and a wrong value is shown where it stands in the list", async () => {
    const { stderr } = await workshop.kafkaSim(["compare", "calm.yaml", "--vary", "acks=1,all,7"]);
    expect(stderr).toBe(
      "--vary acks=1,all,7  `7` is not a value of `acks`\n      | acks=1,all,7\n      |            ^ it is one of all, -1, 0, 1\n",
    );
  });
});
