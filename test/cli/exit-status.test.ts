/** The exit status tells a script how it went, and whose fault it was. */
import { expect, test } from "vitest";
import { ROOT } from "./cli.ts";
import { Workshop } from "./workshop.ts";

const workshop = new Workshop();

test.concurrent("0: as expected", async () => {
  const { status, stdout, stderr } = await workshop.kafkaSim(["run", "calm.yaml"]);
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("as expected");
});

test.concurrent("1: a check failed; the report says which, and how to see it again", async () => {
  const { status, stdout } = await workshop.kafkaSim([
    "run",
    "loss.yaml",
    "--set",
    "min.insync.replicas=1",
    "--set",
    'expect.records.delayed=">0"',
  ]);
  expect(status).toBe(1);
  expect(stdout).toContain("NoAckedLoss");
  expect(stdout).toContain("not as expected");
  expect(stdout).toContain(`kafka-sim run loss.yaml --seed 1 --set min.insync.replicas=1 --set 'expect.records.delayed=">0"'`);
});

test.concurrent("1: an expectation was not met, though no check failed", async () => {
  const { status, stdout } = await workshop.kafkaSim(["run", "calm.yaml", "--set", "expect.violates=NoAckedLoss"]);
  expect(status).toBe(1);
  expect(stdout).toContain("NoAckedLoss held");
});

test.concurrent("2: unusable input; the mistake is told on standard error, and nothing else is printed", async () => {
  const { status, stdout, stderr } = await workshop.kafkaSim(["run", "clam.yaml"]);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toContain("clam.yaml");
});

test.concurrent("3: undecided, with the condition that never came true and its place in the file", async () => {
  const { status, stdout } = await workshop.kafkaSim(["run", "waits.yaml"]);
  expect(status).toBe(3);
  expect(stdout).toContain("waits.yaml:6:5: in vain never fired");
});

test.concurrent("3: undecided, since a limit was reached", async () => {
  const { status, stdout } = await workshop.kafkaSim(["run", "calm.yaml", "--set", "run.max-events=500"]);
  expect(status).toBe(3);
  expect(stdout).toContain("after 500 events");
});

test.concurrent("of many runs the worst counts: one that failed is worse than one that is undecided", async () => {
  const statuses = await Promise.all(
    [["calm.yaml", "waits.yaml"], ["waits.yaml", "loss.yaml", "calm.yaml"], ["."]].map((files) =>
      workshop.kafkaSim(["run", ...files]),
    ),
  );
  expect(statuses.map(({ status }) => status)).toEqual([3, 1, 1]);
});

// The simulator has no such mistake that anybody knows of, so one is made: before it starts, its world is broken.
const BROKEN = encodeURIComponent(`import { World } from "file://${ROOT}dist/sim/world.js";
import { SimulatorBug } from "file://${ROOT}dist/base/assert.js";
World.prototype.step = () => { throw new SimulatorBug("time runs backwards"); };`);
const env = { NODE_OPTIONS: `--import=data:text/javascript,${BROKEN}` };

test.concurrent("70: the simulator itself is wrong, and asks to be told so", async () => {
  const { status, stdout, stderr } = await workshop.kafkaSim(["run", "calm.yaml"], { env });
  expect([status, stdout]).toEqual([70, ""]);
  expect(stderr).toContain("kafka-sim itself is wrong");
  expect(stderr).toContain("time runs backwards");
});

test.concurrent("70: also when it was a worker thread that found out; scenario and seed are named", async () => {
  const { status, stderr } = await workshop.kafkaSim(["run", "calm.yaml", "--seeds", "3..20", "--jobs", "2"], { env });
  expect(status).toBe(70);
  expect(stderr).toMatch(/calm\.yaml, seed \d+/);
  expect(stderr).toContain("time runs backwards");
});
