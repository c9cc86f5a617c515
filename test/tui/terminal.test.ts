/** The whole program on a terminal: it opens, walks, changes, saves, fits every size, and leaves the terminal as it was, however it ends. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { kafkaSim } from "../cli/cli.ts";
import { Session, type Setting } from "./pty.ts";

const folder = mkdtempSync(join(tmpdir(), "kafka-sim-pty-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A replica that had fallen behind is elected uncleanly, and nobody expected it. */
writeFileSync(
  join(folder, "loss.yaml"),
  `name: Loss
about: A small loss.
cluster: { brokers: 2, controllers: 1, config: { replica.lag.time.max.ms: 2000 } }
topics: { orders: { assignment: [[1, 2]], config: { min.insync.replicas: 1, unclean.leader.election.enable: true } } }
producers: { checkout: { topic: orders, rate: 20/s, config: { acks: all } } }
faults:
  - { at: 1s, cut: broker-2, from: broker-1 }
  - { when: { event: IsrChanged, isr: [1] }, after: 1s, crash: broker-1 }
run: { for: 20s }
`,
);
/** Makes the program fail in the midst of its work, when it is told to. */
writeFileSync(
  join(folder, "crash.mjs"),
  'process.on("SIGUSR2", () => { setImmediate(() => { throw new Error("forced failure"); }); });\n',
);

function start(args: readonly string[], setting: Setting = {}): Session {
  return new Session(args, { cwd: folder, ...setting });
}

/** Opened, with the card closed. */
async function walk(setting: Setting = {}): Promise<Session> {
  const session = start(["step", "loss.yaml", "--at", "start"], setting);
  await session.see("A small loss.");
  session.press("escape");
  await session.until((screen) => !screen.includes("A small loss."), "no card");
  return session;
}

test.concurrent("it opens where a promise breaks, says so, and quits with the terminal as it was", async () => {
  const session = start(["step", "loss.yaml"]);
  const opened = await session.see("You stand just where it breaks");
  expect(opened).toMatch(/✗ \w+: /);
  expect(session.isAlternate).toBe(true);
  session.press("escape");
  await session.see("breaks here, and nobody expected it");
  session.press("q");
  expect(await session.end()).toMatchObject({ exitCode: 0, isAlternate: false, isCursorHidden: false });
});

test.concurrent("it walks, and fits the terminal while that changes its size", async () => {
  const session = await walk({ columns: 80, rows: 24 });
  session.press("right", "right");
  await session.see(/step +102 of/);
  for (const [columns, rows] of [
    [120, 40],
    [200, 60],
    [80, 24],
  ] as const) {
    session.resize(columns, rows);
    // The last line but one is the bottom line: keys on its right end.
    await session.until((screen) => {
      const lines = screen.split("\n");
      return (
        lines.length === rows &&
        (lines[rows - 2] ?? "").trimEnd().length >= columns - 2 &&
        (lines[rows - 2] ?? "").includes("quit")
      );
    }, `a screen of ${columns}×${rows}`);
  }
  session.press("left");
  await session.see(/step +101 of/);
  session.press("q");
  expect((await session.end()).exitCode).toBe(0);
});

test.concurrent("a branch is made by one key and saved; the file replays to the same trace", async () => {
  const session = await walk();
  session.press("4", "down", "down");
  session.press("k");
  await session.see("new branch:");
  session.press("q");
  await session.see("one branch is not saved");
  session.press("n", "S");
  await session.see("save as: loss-branch-2.yaml");
  session.press("enter");
  await session.see("saved: kafka-sim run loss-branch-2.yaml");
  session.press("q");
  const ending = await session.end();
  expect(ending).toMatchObject({ exitCode: 0, isAlternate: false, isCursorHidden: false });
  expect(ending.screen).toContain("saved  kafka-sim run loss-branch-2.yaml");
  const replayed = await kafkaSim(["replay", "loss-branch-2.yaml"], { cwd: folder });
  expect(replayed.stdout).toContain("the same run as recorded");
  expect(replayed.status).toBe(0);
});

test.concurrent.each([
  ["SIGTERM", 143],
  ["SIGHUP", 129],
  ["SIGINT", 130],
] as const)("%s ends it with the terminal as it was", async (signal, status) => {
  const session = await walk();
  session.kill(signal);
  expect(await session.end()).toMatchObject({ exitCode: status, isAlternate: false, isCursorHidden: false });
});

test.concurrent("Ctrl-C ends it, unless there is something to lose", async () => {
  const session = await walk();
  session.press("ctrl-c");
  expect(await session.end()).toMatchObject({ exitCode: 130, isAlternate: false, isCursorHidden: false });
});

test.concurrent("Ctrl-Z hands the terminal to the shell, and fg brings the walk back", async () => {
  const session = start(["step", "loss.yaml"], { isJob: true, env: { PS1: "shell> " } });
  await session.see("A small loss.");
  session.press("ctrl-z");
  await session.see("Stopped");
  expect(session.isAlternate).toBe(false);
  session.press("fg", "enter");
  await session.see("A small loss.");
  expect(session.isAlternate).toBe(true);
  session.press("escape", "q");
  // What is typed before the program is gone, it would get.
  await session.until((screen) => screen.trimEnd().endsWith("\nshell>") && !session.isAlternate, "the shell again");
  session.press("exit", "enter");
  expect(await session.end()).toMatchObject({ isAlternate: false, isCursorHidden: false });
});

test.concurrent("a crash of the screen is shown as a mistake of the simulator, on a terminal as it was", async () => {
  const session = await walk({ env: { NODE_OPTIONS: `--import ${join(folder, "crash.mjs")}` } });
  session.kill("SIGUSR2");
  const ending = await session.end();
  expect(ending).toMatchObject({ exitCode: 70, isAlternate: false, isCursorHidden: false });
  expect(ending.screen).toContain("forced failure");
  expect(ending.screen).toContain("Please report this");
});

test.concurrent("without a terminal it names the command that shows the same as text", async () => {
  const { status, stderr, stdout } = await kafkaSim(["step", "loss.yaml", "--at", "3s"], { cwd: folder });
  expect(status).toBe(2);
  expect(stderr).toContain("kafka-sim show loss.yaml --seed 1 --at 3s");
  expect(stdout).toBe("");
});

test.concurrent("a place that is none is refused, with the terminal as it was", async () => {
  const session = start(["step", "loss.yaml", "--at", "nowhere"]);
  const ending = await session.end();
  expect(ending).toMatchObject({ exitCode: 2, isAlternate: false, isCursorHidden: false });
  expect(ending.screen).toContain("is no place in the run");
});

test.concurrent("what is on the screen is recorded, as asciicast v2", async () => {
  const session = start(["step", "loss.yaml", "--asciicast", "walk.cast"]);
  await session.see("A small loss.");
  session.press("escape", "q");
  expect((await session.end()).exitCode).toBe(0);
  const [header, ...events] = readFileSync(join(folder, "walk.cast"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(header).toMatchObject({ version: 2, width: 120, height: 40 });
  expect(events.length).toBeGreaterThan(2);
  const times = events.map(([time]) => time);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(events.map(([, , text]) => text).join("")).toContain("A small loss.");
});

test.concurrent("run --step-on-failure opens the walk where a run went wrong; without a terminal it says how", async () => {
  const session = start(["run", "loss.yaml", "--step-on-failure"]);
  await session.see("You stand just where it breaks");
  session.press("escape", "q");
  const ending = await session.end();
  expect(ending).toMatchObject({ exitCode: 1, isAlternate: false });
  expect(ending.screen).toContain("NoAckedLoss");
  const { status, stderr } = await kafkaSim(["run", "loss.yaml", "--step-on-failure"], { cwd: folder });
  expect(status).toBe(1);
  expect(stderr).toContain("kafka-sim step loss.yaml --seed 1");
});

test.concurrent("at 80×24 an exhibit is walked back to the last change of the ISR, one key saves the records, and the file runs", async () => {
  const session = start(["step", "kip-966-last-replica-standing"], { columns: 80, rows: 24 });
  await session.see("You stand just where it breaks");
  session.press("escape", "1", "down");
  await session.see("▸leader");
  session.press("down");
  await session.see("▸ISR 1");
  session.press("r");
  await session.see("last change of ISR of orders-0");
  // The author asks, and says, something here.
  await session.see("question ·");
  session.press("2");
  await session.see("✓ right");
  session.press("escape");
  await session.see("note ·");
  session.press("escape", "4", "down", "down", "down");
  await session.see("▸broker-3");
  session.press("j");
  await session.see("new branch: broker-3 healed → ✓ to the end, 0 lost");
  session.press("S");
  await session.see("save as: kip-966-last-replica-standing-branch-2.yaml");
  session.press("enter");
  await session.see("✓ saved: kafka-sim run");
  session.press("q");
  expect((await session.end()).exitCode).toBe(0);
  const { status, stdout } = await kafkaSim(["run", "kip-966-last-replica-standing-branch-2.yaml"], { cwd: folder });
  expect(stdout).toContain("0 lost");
  expect(status).toBe(0);
});
