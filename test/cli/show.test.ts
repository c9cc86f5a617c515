/** `kafka-sim show`. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import stringWidth from "string-width";
import { describe, expect, test } from "vitest";
import { Workshop } from "./workshop.ts";

const workshop = new Workshop();
const show = (...args: string[]) => workshop.kafkaSim(["show", ...args]);

describe("one moment", () => {
  test("in a pipe is 120 columns and 36 lines, in plain text, at the step where a promise breaks", async () => {
    const { status, stdout, stderr } = await show("loss.yaml");
    expect([status, stderr]).toEqual([0, ""]);
    const lines = stdout.split("\n").slice(0, -1);
    expect(lines.length).toBe(36);
    for (const line of lines) expect(stringWidth(line), line).toBeLessThanOrEqual(120);
    expect(stdout).not.toContain("\u001b");
    expect(lines[0]).toMatch(/^ Loss · seed 1 · Kafka .* ✗ \d/);
    expect(stdout).toMatch(/▶.*✗ /);
    expect(lines.at(-1)).toMatch(/^ walk on from here {2}kafka-sim step loss\.yaml --at \d+$/);
  });

  test("is at time 0 where nothing breaks, or wherever somebody wants to be", async () => {
    expect((await show("calm.yaml")).stdout.split("\n")[0]).toContain(" 0.000 s · step ");
    expect((await show("calm.yaml", "--at", "17")).stdout.split("\n")[0]).toMatch(/ -[\d.]+ s · step +17 of /);
    expect((await show("calm.yaml", "--at", "end")).stdout.split("\n")[0]).toMatch(/ 3\.000 s · step +(\d+) of \1 /);
  });

  test("has the size, the pane and the detail that are asked for", async () => {
    const { stdout } = await show("calm.yaml", "--size", "80x20", "--pane", "timeline", "--detail", "everything", "--at", "1s");
    const lines = stdout.split("\n").slice(0, -1);
    expect(lines.length).toBe(20);
    expect(lines[1]).toMatch(/^┏━ timeline · everything .*━ 2 ━┓$/);
    expect(lines.at(-2)).toBe(`┗${"━".repeat(78)}┛`);
  });

  test("of an exhibit is one of its old side, unless the new one is asked for", async () => {
    expect((await show("exhibit.yaml")).stdout.split("\n")[0]).toContain("old rule");
    const { status, stdout } = await show("exhibit.yaml", "--side", "new", "--at", "10s");
    expect(status).toBe(0);
    expect(stdout.split("\n")[0]).toContain("new rule");
    expect(stdout).toContain("--side new --at ");
  });

  test("takes settings and seeds, and says how to get there again", async () => {
    const { stdout } = await show("calm.yaml", "--seed", "7", "--set", "cluster.brokers=3", "--at", "1s");
    expect(stdout.split("\n")[0]).toContain("seed 7");
    expect(stdout).toContain("broker-3");
    expect(stdout).toContain("kafka-sim step calm.yaml --set cluster.brokers=3 --seed 7 --at ");
  });

  test("is painted where somebody insists on it", async () => {
    const { stdout } = await workshop.kafkaSim(["show", "calm.yaml"], { env: { FORCE_COLOR: "1" } });
    expect(stdout).toContain("\u001b[");
  });
});

describe("what can't be shown", () => {
  test.each<[string, string[], RegExp]>([
    [
      "a step that there isn't",
      ["calm.yaml", "--at", "999999"],
      /^--at {2}there is no step 999,999\n[\s\S]*there are steps 0 to [\d,]+, up to 3\.0 s/,
    ],
    ["a time after the end", ["calm.yaml", "--at", "70s"], /70\.0 s is outside of the run\n[\s\S]*up to 3\.0 s/],
    ["a violation where there is none", ["calm.yaml", "--at", "violation"], /nothing is violated in this run\n/],
    ["no place at all", ["calm.yaml", "--at", "soon"], /`soon` is no place in the run\n[\s\S]*write a step/],
    ["a size that is none", ["calm.yaml", "--size", "wide"], /a size is written in columns and lines\n[\s\S]*120x36/],
    ["too small a size", ["calm.yaml", "--size", "20x5"], /so little room\n[\s\S]*from 60x14 on/],
    ["an unknown pane", ["calm.yaml", "--pane", "lane"], /one of lanes, timeline, [\s\S]*did you mean lanes\?/],
    ["an unknown detail", ["calm.yaml", "--detail", "all"], /it is one of story, partition, everything/],
    ["a side of what has none", ["calm.yaml", "--side", "old"], /--side {2}/],
    ["a speed without a recording", ["calm.yaml", "--speed", "2"], /add --asciicast FILE/],
    ["a recording of one moment", ["calm.yaml", "--at", "1s", "--asciicast", "x.cast"], /leave out --at or --asciicast/],
    ["a standing still recording", ["calm.yaml", "--asciicast", "x.cast", "--speed", "0"], /a speed is a number over 0/],
    ["a recording that can't be written", ["calm.yaml", "--asciicast", "nowhere/x.cast"], /--asciicast {2}.*folder/],
  ])("%s: status 2, and what would be right", async (_what, args, complaint) => {
    const { status, stdout, stderr } = await show(...args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(complaint);
  });
});

describe("a recording", () => {
  test("is a whole file of asciicast version 2, the same every time, and leaves nothing else behind", async () => {
    const { status, stdout } = await show("loss.yaml", "--asciicast", "loss.cast", "--size", "80x24");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^loss\.cast: \d+ screens\n$/);
    const [header, ...events] = workshop
      .read("loss.cast")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(header).toMatchObject({ version: 2, width: 80, height: 24, title: "Loss · seed 1" });
    let last = 0;
    for (const [at, kind, text] of events) {
      expect(at).toBeGreaterThanOrEqual(last);
      expect([kind, typeof text]).toEqual(["o", "string"]);
      last = at;
    }
    await show("loss.yaml", "--asciicast", "again.cast", "--size", "80x24");
    expect(workshop.read("again.cast")).toBe(workshop.read("loss.cast"));
    expect(readdirSync(workshop.folder).filter((name) => /part|new/.test(name))).toEqual([]);
  });

  test("takes the place of an older one only when it is finished", async () => {
    workshop.write("old.cast", "old");
    expect((await show("calm.yaml", "--asciicast", "old.cast", "--speed", "3")).status).toBe(0);
    expect(workshop.read("old.cast")).toMatch(/^\{"version":2/);
    expect((await show("calm.yaml", "--asciicast", "old.cast", "--speed", "x")).status).toBe(2);
    expect(existsSync(join(workshop.folder, "old.cast"))).toBe(true);
  });
});
