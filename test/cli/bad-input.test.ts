/**
 * Whatever is wrong with the input is told once, at its place, with the nearest right spelling; nothing runs, nothing is written.
 */
import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Workshop } from "./workshop.ts";

const workshop = new Workshop();

/** [what, the file's text, its mistake's line and column, what is said, what to write instead] */
const FILES: readonly [string, string, string, string | RegExp, string | RegExp][] = [
  ["an unknown key", "name: x\ntopics: { orders: { partitons: 3 } }", "2:21", "no key `partitons`", "did you mean `partitions`?"],
  ["an unknown key at the top", "name: x\nclustre: { brokers: 3 }", "2:1", "no key `clustre`", "did you mean `cluster`?"],
  ["a wrong type", "name: x\ncluster: { brokers: three }", "2:21", "this must be a number", ""],
  ["a duration without a unit", "name: x\nrun: { for: 60 }", "2:13", "60 of what?", "with its unit, such as"],
  [
    "a replication factor above the brokers",
    "name: x\ntopics: { o: { replication.factor: 5 } }",
    "2:36",
    "5 replicas need 5 brokers, and this cluster has 3",
    "",
  ],
  [
    "a broker that isn't there",
    "name: x\nfaults: [{ at: 1s, crash: broker-4 }]",
    "2:27",
    "no broker 4 in this cluster",
    "broker-3",
  ],
  ["a fault that nobody knows", "name: x\nfaults: [{ at: 1s, crsh: broker-1 }]", "2:20", "`crsh`", "`crash`"],
  ["an event that doesn't exist", "name: x\nfaults: [{ when: IsrChangd, crash: broker-1 }]", "2:18", "`IsrChangd`", "IsrChanged"],
  ["an invariant that doesn't exist", "name: x\nexpect: { violates: NoAkedLoss }", "2:21", "`NoAkedLoss`", "NoAckedLoss"],
  ["broken YAML", "name: x\ntopics: [orders", "2:16", "not closed", ""],
  ["a tab", "name: x\nrun:\n\tfor: 3s", "3:1", /[Tt]ab/, ""],
  ["a seed that isn't a number", "name: x\nseed: lucky", "2:7", "lucky", ""],
  [
    "a config that doesn't exist",
    "name: x\ncluster: { config: { min.insync.replica: 2 } }",
    "2:22",
    "`min.insync.replica`",
    "`min.insync.replicas`",
  ],
  ["a dial that doesn't exist", "name: x\ndials: { kraft.prevote: on }", "2:10", "`kraft.prevote`", "`kraft.preVote`"],
  ["a release that doesn't exist", 'name: x\nkafka: "9.9"', "2:8", "9.9", ""],
];

describe("in a file", () => {
  test.concurrent.each(FILES)("%s", async (what, text, place, said, instead) => {
    const file = `${what.replace(/\W+/g, "-")}.yaml`;
    workshop.write(file, text);
    const { status, stdout, stderr } = await workshop.kafkaSim([
      "run",
      file,
      "--junit",
      `${file}.xml`,
      "--trace",
      `${file}.jsonl`,
    ]);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr.split("\n")[0]).toMatch(new RegExp(`^${file}:${place}  `));
    expect(stderr.split("\n")[0]).toMatch(said);
    expect(stderr).toMatch(instead);
    expectOneError(stderr);
    expect([workshop.has(`${file}.xml`), workshop.has(`${file}.jsonl`)]).toEqual([false, false]);
  });
});

/** [what, arguments, what is said, what to write instead] */
const ARGUMENTS: readonly [string, readonly string[], string | RegExp, string | RegExp][] = [
  ["a file that isn't there", ["nowhere.yaml"], "no such file", ""],
  ["a bundled scenario, misspelt", ["failover/leader-crsh"], "no such file", "did you mean failover/leader-crash?"],
  ["a folder without a scenario", ["empty"], "no scenario in this directory", ".yaml"],
  ["a file that is no text", ["binary.yaml"], "not text", ""],
  ["a file that leads nowhere", ["dangling.yaml"], "no such file", ""],
  ["a seed that isn't a number", ["calm.yaml", "--seed", "lucky"], /^--seed {2}.*whole number/, ""],
  ["a negative seed", ["calm.yaml", "--seed", "-3"], /^--seed {2}.*whole number/, ""],
  ["a seed with a fraction", ["calm.yaml", "--seed", "1.5"], /^--seed {2}.*whole number/, ""],
  ["a seed beyond what can be counted", ["calm.yaml", "--seed", "99999999999999999999"], /^--seed {2}.*whole number/, ""],
  ["a range that is none", ["calm.yaml", "--seeds", "5"], "--seeds  ", "1..1000"],
  ["a range that is empty", ["calm.yaml", "--seeds", "5..1"], "the range is empty", "1..5"],
  ["seed and seeds", ["calm.yaml", "--seed", "1", "--seeds", "1..2"], "not together with --seed", "leave one of them out"],
  ["no jobs", ["calm.yaml", "--jobs", "0"], "--jobs  this must be a whole number from 1 up", ""],
  ["a setting that doesn't exist", ["calm.yaml", "--set", "aks=1"], "nothing called `aks`", "did you mean acks?"],
  ["a dial that doesn't exist", ["calm.yaml", "--set", "kraft.prevote=off"], "`kraft.prevote`", "did you mean kraft.preVote?"],
  ["a path that doesn't exist", ["calm.yaml", "--set", "cluster.broker=2"], "`cluster.broker`", "did you mean cluster.brokers?"],
  ["a value that can't be", ["calm.yaml", "--set", "acks=7"], "`7` is not a value of `acks`", "all, -1, 0, 1"],
  ["a setting without a value", ["calm.yaml", "--set", "acks"], "write --set key=value", ""],
  ["an option that doesn't exist", ["calm.yaml", "--sed", "1"], "unknown option '--sed'", /--seed/],
  ["no file at all", [], "missing required argument", ""],
  ["a report where none can be", ["calm.yaml", "--junit", "no/such/folder/x.xml"], "--junit  this can't be written", ""],
  ["a report that is a folder", ["calm.yaml", "--junit", "empty"], "--junit  this can't be written", ""],
  ["a trace where none can be", ["calm.yaml", "--trace", "no/such/folder/x.jsonl"], "--trace  this can't be written", ""],
];

describe("on the command line", () => {
  mkdirSync(join(workshop.folder, "empty"));
  symlinkSync("gone.yaml", join(workshop.folder, "dangling.yaml"));
  // A byte that begins no character of UTF-8.
  workshop.writeBytes("binary.yaml", [0x6e, 0x61, 0xff, 0xfe, 0x00]);

  test.concurrent.each(ARGUMENTS)("%s", async (_what, args, said, instead) => {
    const { status, stdout, stderr } = await workshop.kafkaSim(["run", ...args]);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(said);
    expect(stderr).toMatch(instead);
    expectOneError(stderr);
  });

  test("a command that doesn't exist", async () => {
    const { status, stdout, stderr } = await workshop.kafkaSim(["rnu", "calm.yaml"]);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/unknown command 'rnu'\n\(Did you mean run\?\)/);
  });

  test("a file that may not be read", async () => {
    workshop.write("secret.yaml", "name: x");
    chmodSync(join(workshop.folder, "secret.yaml"), 0);
    const { status, stderr } = await workshop.kafkaSim(["run", "secret.yaml"]);
    // Whoever may read everything reads this, too.
    if (process.getuid?.() === 0) expect(status).toBe(0);
    else expect([status, stderr]).toEqual([2, "secret.yaml  this file may not be read\n"]);
  });
});

test("a report of an earlier run stays as it is when the input is unusable", async () => {
  workshop.write("report.xml", "<earlier/>");
  workshop.write("run.jsonl", "earlier");
  workshop.write("broken.yaml", "name: x\nclustre: 1");
  const reports = ["--junit", "report.xml", "--trace", "run.jsonl"];
  const outcomes = [
    await workshop.kafkaSim(["run", "broken.yaml", ...reports]),
    await workshop.kafkaSim(["run", "calm.yaml", "--set", "aks=1", ...reports]),
    await workshop.kafkaSim(["run", "calm.yaml", "--seeds", "x", ...reports]),
    await workshop.kafkaSim(["run", "calm.yaml", ...reports, "--trace", "no/such/folder"]),
  ];
  expect(outcomes.map(({ status }) => status)).toEqual([2, 2, 2, 2]);
  expect([workshop.read("report.xml"), workshop.read("run.jsonl")]).toEqual(["<earlier/>", "earlier"]);
});

test("one broken file among many stops all of them before anything runs, in worker threads, too", async () => {
  workshop.write("many/one.yaml", workshop.read("calm.yaml"));
  workshop.write("many/three.yaml", "name: x\nseed: lucky");
  workshop.write("many/two.yaml", "name: x\nclustre: {}");
  const { status, stdout, stderr } = await workshop.kafkaSim(["run", "many", "--jobs", "2", "--seeds", "1..20"]);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr.match(/^many\/\w+\.yaml:\d+:\d+/gm)).toEqual(["many/three.yaml:2:7", "many/two.yaml:2:1"]);
  expect(stderr).not.toMatch(/^\s+at /m);
});

function expectOneError(stderr: string): void {
  expect(stderr.endsWith("\n")).toBe(true);
  // One message: no blank line parts it from a second one.
  expect(stderr.trimEnd()).not.toContain("\n\n");
  expect(stderr).not.toMatch(/^\s+at |node:internal|Error:|undefined|\[object/m);
}
