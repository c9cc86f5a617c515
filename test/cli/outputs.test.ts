/** What `run` prints and writes: JSON, JUnit, traces; and what --set, --seed and --seeds change. */
import { describe, expect, test } from "vitest";
import { type ContractRun, JSON_CONTRACT } from "../report/json-contract.ts";
import { elements, parseXml } from "../report/xml.ts";
import { Workshop, withoutProgress } from "./workshop.ts";

const workshop = new Workshop();

/** The runs of `run … --json`, held against the contract. */
async function runs(...args: string[]): Promise<ContractRun[]> {
  const { stdout, stderr } = await workshop.kafkaSim(["run", ...args, "--json"]);
  expect(withoutProgress(stderr)).toBe("");
  return JSON_CONTRACT.parse(JSON.parse(stdout)).runs;
}

async function hash(...args: string[]): Promise<string | undefined> {
  return (await runs(...args))[0]?.traceHash;
}

describe("--json", () => {
  test.concurrent("is the contract, and nothing else is on standard output", async () => {
    const found = await runs("calm.yaml", "loss.yaml", "waits.yaml", "exhibit.yaml");
    expect(found.map(({ file, side, verdict, undecided }) => [file, side, verdict, undecided])).toEqual([
      ["calm.yaml", undefined, "as-expected", false],
      ["loss.yaml", undefined, "unexpected", false],
      ["waits.yaml", undefined, "unexpected", true],
      ["exhibit.yaml", "old rule", "as-expected", false],
      ["exhibit.yaml", "new rule", "as-expected", false],
    ]);
    const [calm, loss, , old] = found;
    expect(calm?.records).toEqual({ acknowledged: 60, lost: 0, legallyLost: 0, duplicated: 0, failed: 0, delayed: 0 });
    expect(loss?.violations.map(({ invariant }) => invariant)).toContain("NoAckedLoss");
    expect(loss?.violations[0]?.cause.length).toBeGreaterThan(0);
    expect(old?.violations.map(({ invariant }) => invariant)).toContain("LeaderStability");
  });

  test.concurrent("tells the story of every run", async () => {
    const [loss] = await runs("loss.yaml", "calm.yaml");
    expect(loss?.timeline.map(({ text }) => text)).toContain("broker-1 crashes");
  });
});

describe("the same run", () => {
  test.concurrent("twice in two processes has the same trace; another seed has another", async () => {
    const [first, second, other] = await Promise.all([hash("calm.yaml"), hash("calm.yaml"), hash("calm.yaml", "--seed", "2")]);
    expect(second).toBe(first);
    expect(other).not.toBe(first);
  });

  test.concurrent("a seed of the file, of --seed, of --seeds and of --set is one and the same", async () => {
    const [seed, seeds, set] = await Promise.all([
      hash("calm.yaml", "--seed", "7"),
      hash("calm.yaml", "--seeds", "7..7"),
      hash("calm.yaml", "--set", "seed=7"),
    ]);
    expect([seeds, set]).toEqual([seed, seed]);
  });

  test.concurrent("--seeds runs them all, in order", async () => {
    const found = await runs("calm.yaml", "--seeds", "5..17", "--jobs", "2");
    expect(found.map(({ seed }) => seed)).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]);
    expect(new Set(found.map(({ traceHash }) => traceHash)).size).toBe(13);
  });
});

describe("--set", () => {
  test.concurrent("changes a setting of Kafka, a dial, or a path of the file", async () => {
    const args = ["acks=1", "kraft.preVote=off", "cluster.brokers=3", "producers.checkout.rate=10/s", "run.for=2s"];
    const { stdout, status } = await workshop.kafkaSim(["run", "calm.yaml", ...args.flatMap((arg) => ["--set", arg])]);
    expect(status).toBe(0);
    for (const part of ["acks=1", "kraft.preVote=off", "3 brokers", "10/s", "2 s"]) expect(stdout).toContain(part);
    expect(stdout).toContain("20 acknowledged");
  });

  test.concurrent("of an exhibit's dial plays that side only, with what is expected of it", async () => {
    const [old, ...others] = await runs("exhibit.yaml", "--set", "kraft.preVote=off");
    expect(others).toEqual([]);
    expect(old?.verdict).toBe("as-expected");
    expect(old?.violations.map(({ invariant }) => invariant)).toContain("LeaderStability");
  });
});

describe("--junit", () => {
  test.concurrent("writes well-formed XML with the right counts, beside what is printed", async () => {
    const { status, stdout } = await workshop.kafkaSim([
      "run",
      "calm.yaml",
      "loss.yaml",
      "waits.yaml",
      "exhibit.yaml",
      "--junit",
      "report.xml",
    ]);
    expect(status).toBe(1);
    expect(stdout).toContain("Calm");
    const root = parseXml(workshop.read("report.xml"));
    const { tests, failures, errors } = root.attributes;
    expect([root.name, tests, failures, errors]).toEqual(["testsuites", "5", "1", "1"]);
    expect(elements(root, "testcase")).toHaveLength(5);
    expect(elements(root, "failure")[0]?.text).toContain("kafka-sim run loss.yaml --seed 1");
  });

  test.concurrent("takes the place of an earlier report", async () => {
    workshop.write("old.xml", "x".repeat(100_000));
    await workshop.kafkaSim(["run", "calm.yaml", "--junit", "old.xml", "--set", "acks=1"]);
    expect(elements(parseXml(workshop.read("old.xml")), "testcase")).toHaveLength(1);
  });
});

describe("--trace", () => {
  test.concurrent("writes every step of every run as JSON lines; each cause is an earlier step, the hash is the run's", async () => {
    const [result] = await runs("calm.yaml", "--seed", "3", "--trace", "run.jsonl");
    const [head, ...steps] = workshop
      .read("run.jsonl")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(head).toEqual({
      run: { file: "calm.yaml", scenario: "Calm", seed: "3", traceHash: result?.traceHash, steps: result?.events },
    });
    expect(steps).toHaveLength(result?.events ?? 0);
    for (const [index, { step, cause, time }] of steps.entries()) {
      expect(step).toBe(index + 1);
      expect(cause).toBeLessThan(step);
      expect(cause).toBeGreaterThanOrEqual(0);
      expect(time).toBeLessThanOrEqual(3);
    }
  });

  test.concurrent("of several runs has them one after another, in the order of the results", async () => {
    const found = await runs("exhibit.yaml", "calm.yaml", "--seeds", "1..2", "--trace", "all.jsonl");
    const heads = workshop
      .read("all.jsonl")
      .split("\n")
      .filter((line) => line.startsWith('{"run"'))
      .map((line) => JSON.parse(line).run);
    expect(heads.map(({ file, side, seed, traceHash }) => [file, side, Number(seed), traceHash])).toEqual(
      found.map(({ file, side, seed, traceHash }) => [file, side, seed, traceHash]),
    );
  });
});
