/** What survives what: page cache and platter, and every way in which a disk can let its owner down. */
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../src/base/units.ts";
import { DEFAULT_DISK, type PowerLossTail, StoredDisk } from "../../src/sim/disk.ts";
import { constant } from "../../src/sim/distribution.ts";
import type { AppendFile } from "../../src/sim/host.ts";
import { RandomStream } from "../../src/sim/random.ts";
import { TestWorld, type TestWorldOptions } from "./test-world.ts";

const FSYNC_US = ms(1);
const TORN = { torn: true };

function isTorn(entry: unknown): boolean {
  return typeof entry === "object" && entry !== null && "torn" in entry;
}

/** One node, whose fsyncs take exactly {@link FSYNC_US}. */
function oneNode(disk: TestWorldOptions["disk"] = {}): TestWorld {
  const t = new TestWorld({ disk: { fsync: constant(FSYNC_US), ...disk } });
  t.hush();
  return t;
}

function file(t: TestWorld, path = "log"): AppendFile<string> {
  return t.host("a").disk.appendFile<string>(path);
}

function write(t: TestWorld, ...entries: string[]): void {
  for (const entry of entries) expect(file(t).append(entry, 10)).toBe(true);
}

function fsync(t: TestWorld, path = "log"): void {
  t.host("a").disk.fsync(file(t, path), { kind: "fsync", target: t.process("a") });
}

function powerCycle(t: TestWorld, tail?: PowerLossTail): void {
  t.world.losePower("a", tail);
  t.world.start("a");
  t.run(ms(1));
}

function content(t: TestWorld, path = "log"): unknown[] {
  const stored = file(t, path);
  return Array.from({ length: stored.length }, (_, i) => stored.at(i));
}

describe("a crash of the process", () => {
  test("loses nothing that was written", () => {
    const t = oneNode();
    write(t, "1", "2");
    t.host("a").disk.valueFile<string>("vote").write("for me");
    t.world.crash("a");
    t.world.start("a");
    t.run(ms(1));
    expect(content(t)).toEqual(["1", "2"]);
    expect(t.host("a").disk.valueFile("vote").read()).toBe("for me");
  });

  test("doesn't stop an fsync that is under way", () => {
    const t = oneNode();
    write(t, "1");
    fsync(t);
    t.world.crash("a");
    t.world.start("a");
    t.run(FSYNC_US);
    powerCycle(t);
    expect(content(t)).toEqual(["1"]);
    expect(t.heard("a")).not.toContain("fsync done");
  });
});

describe("a loss of power", () => {
  test("loses what was not forced, and keeps what was", () => {
    const t = oneNode();
    write(t, "1", "2");
    fsync(t);
    t.run(FSYNC_US);
    expect(t.heardAt("a")).toEqual([[FSYNC_US, "fsync done"]]);
    write(t, "3");
    expect(file(t).durableLength).toBe(2);
    powerCycle(t);
    expect(content(t)).toEqual(["1", "2"]);
  });

  test("an fsync covers what was written when it was asked for, not what came while it ran", () => {
    const t = oneNode();
    write(t, "1");
    fsync(t);
    write(t, "2");
    t.run(FSYNC_US);
    expect(file(t).durableLength).toBe(1);
    powerCycle(t);
    expect(content(t)).toEqual(["1"]);
  });

  test("an fsync that has not ended has forced nothing", () => {
    const t = oneNode();
    write(t, "1");
    fsync(t);
    t.run(FSYNC_US - 1);
    powerCycle(t);
    t.run(seconds(1));
    expect(content(t)).toEqual([]);
    expect(t.heard("a")).not.toContain("fsync done");
  });

  test("an fsync is about one file", () => {
    const t = oneNode();
    write(t, "1");
    file(t, "other").append("x", 10);
    fsync(t, "other");
    t.run(FSYNC_US);
    powerCycle(t);
    expect(content(t)).toEqual([]);
    expect(content(t, "other")).toEqual(["x"]);
  });

  test("a file can be forced at once, without any time passing", () => {
    const t = oneNode();
    write(t, "1");
    expect(file(t).force()).toBe(true);
    powerCycle(t);
    expect(content(t)).toEqual(["1"]);
  });

  test("the first entry that was lost may be torn", () => {
    const t = oneNode();
    write(t, "1");
    file(t).force();
    write(t, "2", "3");
    powerCycle(t, "torn");
    expect(content(t)).toEqual(["1", TORN]);
  });

  test("where nothing was unforced nothing is torn", () => {
    const t = oneNode();
    write(t, "1");
    file(t).force();
    powerCycle(t, "torn");
    expect(content(t)).toEqual(["1"]);
  });

  test("undoes a truncation that was not forced: the old entries are back", () => {
    const t = oneNode();
    write(t, "1", "2", "3");
    file(t).force();
    file(t).truncate(1);
    write(t, "new 2");
    powerCycle(t);
    expect(content(t)).toEqual(["1", "2", "3"]);
  });

  test("respects a truncation that was forced", () => {
    const t = oneNode();
    write(t, "1", "2", "3");
    file(t).force();
    file(t).truncate(1);
    fsync(t);
    t.run(FSYNC_US);
    powerCycle(t);
    expect(content(t)).toEqual(["1"]);
  });

  test("respects a truncation that the operating system had time to write back", () => {
    const t = oneNode({ writebackUs: seconds(5) });
    write(t, "1", "2", "3");
    file(t).force();
    file(t).truncate(1);
    t.run(seconds(5));
    powerCycle(t);
    expect(content(t)).toEqual(["1"]);
  });

  test("an fsync that was asked for before a truncation says nothing of what was written after it", () => {
    const t = oneNode();
    write(t, "1", "2", "3");
    fsync(t);
    file(t).truncate(1);
    write(t, "new 2", "new 3");
    t.run(FSYNC_US);
    expect(file(t).durableLength).toBe(1);
    powerCycle(t);
    expect(content(t)).toEqual(["1"]);
  });

  test("an fsync that was asked for before a truncation doesn't force the truncation", () => {
    const t = oneNode();
    write(t, "1", "2", "3");
    file(t).force();
    write(t, "4");
    fsync(t);
    file(t).truncate(1);
    t.run(FSYNC_US);
    powerCycle(t);
    expect(content(t)).toEqual(["1", "2", "3"]);
  });

  test("an fsync from before says nothing of what is written after it", () => {
    const t = oneNode();
    write(t, "lost");
    fsync(t);
    t.world.losePower("a");
    t.world.start("a");
    t.run(0);
    write(t, "new");
    t.run(seconds(1));
    expect(file(t).durableLength).toBe(0);
  });

  test("keeps what the operating system wrote back by itself, by age", () => {
    const t = oneNode({ writebackUs: seconds(30) });
    write(t, "old");
    t.host("a").disk.valueFile<string>("checkpoint").write("old");
    t.run(seconds(30));
    write(t, "young");
    powerCycle(t);
    expect(content(t)).toEqual(["old"]);
    expect(t.host("a").disk.valueFile("checkpoint").read()).toBe("old");
  });

  test("brings back the last durable value of a file that is replaced as a whole", () => {
    const t = oneNode();
    const value = t.host("a").disk.valueFile<number>("epoch");
    expect(value.read()).toBeUndefined();
    value.writeDurably(1);
    value.write(2);
    expect(value.read()).toBe(2);
    powerCycle(t);
    expect(t.host("a").disk.valueFile("epoch").read()).toBe(1);
  });
});

const fileOperations = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant("append" as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("force" as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("truncate" as const), keep: fc.nat(12) }) },
  ),
  { maxLength: 25 },
);
const tails = fc.constantFrom<PowerLossTail>("lost", "torn", "random");

property.prop({ operations: fileOperations, tail: tails, seed: fc.string() })(
  "whatever was appended, truncated and forced: a power loss leaves the forced entries or a later state's prefix, and at most one torn entry, at the end",
  ({ operations, tail, seed }) => {
    const disk = new StoredDisk(DEFAULT_DISK, { time: 0 }, new RandomStream(seed, "disk"));
    const log = disk.appendFile("log");
    let next = 0;
    let now: number[] = [];
    let forced: number[] = [];
    for (const operation of operations) {
      if (operation.do === "append") {
        now.push(next);
        log.append(next++, 1);
      } else if (operation.do === "truncate") {
        now = now.slice(0, operation.keep);
        log.truncate(operation.keep);
      } else {
        forced = [...now];
        log.force();
      }
    }
    disk.losePower(tail);
    const found = Array.from({ length: log.length }, (_, i) => log.at(i));
    const sound = found.filter((entry) => !isTorn(entry));
    expect(found.slice(0, sound.length)).toEqual(sound);
    expect(found.length - sound.length).toBeLessThanOrEqual(tail === "lost" ? 0 : 1);
    const isPrefix = (of: number[]): boolean => sound.every((entry, i) => entry === of[i]);
    expect(isPrefix(forced) || isPrefix(now)).toBe(true);
    // What was forced and not cut off since must be there.
    const kept = forced.findIndex((entry, i) => now[i] !== entry);
    expect(sound.length).toBeGreaterThanOrEqual(kept < 0 ? forced.length : kept);
    expect(log.durableLength).toBe(log.length);
  },
);

test("a random tail comes in every form: nothing, a part, everything, torn or not", () => {
  const forms = new Set<string>();
  for (let i = 0; i < 200; i++) {
    const disk = new StoredDisk(DEFAULT_DISK, { time: 0 }, new RandomStream(String(i), "disk"));
    const log = disk.appendFile("log");
    for (const entry of ["1", "2"]) log.append(entry, 1);
    disk.losePower("random");
    forms.add(Array.from({ length: log.length }, (_, k) => (isTorn(log.at(k)) ? "torn" : log.at(k))).join());
  }
  expect([...forms].sort()).toEqual(["", "1", "1,2", "1,torn", "torn"]);
});

describe("a disk in trouble", () => {
  test("with an I/O error refuses writes and fails fsyncs, until it is repaired", () => {
    const t = oneNode();
    write(t, "1");
    fsync(t);
    t.world.node("a").disk.failIo(true);
    expect(t.host("a").disk.failed).toBe(true);
    expect(file(t).append("2", 10)).toBe(false);
    expect(file(t).force()).toBe(false);
    expect(t.host("a").disk.valueFile("vote").write("x")).toBe(false);
    expect(t.host("a").disk.valueFile("vote").writeDurably("x")).toBe(false);
    t.run(seconds(1));
    expect(t.heard("a")).toEqual(["fsync failed"]);
    expect(file(t).durableLength).toBe(0);
    t.world.node("a").disk.failIo(false);
    fsync(t);
    t.run(FSYNC_US);
    expect(t.heard("a")).toEqual(["fsync done"]);
    expect(content(t)).toEqual(["1"]);
  });

  test("that is full refuses writes; truncating and deleting make room", () => {
    const t = oneNode({ capacityBytes: 25 });
    write(t, "1", "2");
    expect(file(t).append("3", 10)).toBe(false);
    file(t).truncate(1);
    write(t, "2 again");
    t.host("a").disk.delete("log");
    write(t, "1", "2");
    expect(content(t)).toEqual(["1", "2"]);
  });

  test("that is filled by someone else refuses every write, of checkpoints too", () => {
    const t = oneNode();
    t.world.node("a").disk.fill(true);
    expect(file(t).append("1", 1)).toBe(false);
    expect(t.host("a").disk.valueFile("checkpoint").write("x")).toBe(false);
    t.world.node("a").disk.fill(false);
    write(t, "1");
  });

  test("that is slow holds writers up, one behind the other; a healthy one doesn't", () => {
    const t = oneNode();
    const admit = (kind: string): boolean => t.host("a").disk.admit(100, { kind, target: t.process("a") });
    expect(admit("at once")).toBe(true);
    t.world.node("a").disk.slowDown(ms(10));
    expect(admit("first")).toBe(false);
    expect(admit("second")).toBe(false);
    fsync(t);
    t.run(seconds(1));
    expect(t.heardAt("a")).toEqual([
      [ms(10), "first done"],
      [ms(20), "second done"],
      [ms(30) + FSYNC_US, "fsync done"],
    ]);
  });

  test("that is stalled lets nothing through, and then everything", () => {
    const t = oneNode();
    fsync(t);
    t.world.stallDisk("a", true);
    expect(t.host("a").disk.admit(100, { kind: "write", target: t.process("a") })).toBe(false);
    t.run(seconds(60));
    expect(t.heard("a")).toEqual([]);
    t.world.stallDisk("a", false);
    t.run(0);
    expect(t.heard("a")).toEqual(["write done", "fsync done"]);
  });

  test("a stall on one node is nobody else's", () => {
    const t = oneNode();
    t.world.stallDisk("b", true);
    fsync(t);
    t.world.stallDisk("b", false);
    t.run(FSYNC_US);
    expect(t.heard("a")).toEqual(["fsync done"]);
  });

  test("that rots: the last entry of each file under a prefix turns to garbage, forced or not", () => {
    const t = oneNode();
    for (const path of ["orders-0/0", "orders-1/0", "payments-0/0"]) {
      file(t, path).append("1", 10);
      file(t, path).append("2", 10);
      file(t, path).force();
    }
    expect(t.world.node("a").disk.corruptTail("orders-")).toBe(true);
    expect(t.world.node("a").disk.corruptTail("nothing")).toBe(false);
    powerCycle(t);
    expect(content(t, "orders-0/0")).toEqual(["1", TORN]);
    expect(content(t, "orders-1/0")).toEqual(["1", TORN]);
    expect(content(t, "payments-0/0")).toEqual(["1", "2"]);
  });

  test("that is replaced is empty", () => {
    const t = oneNode({ capacityBytes: 25 });
    write(t, "1", "2");
    t.host("a").disk.valueFile("vote").writeDurably("x");
    expect(() => t.world.wipe("a")).toThrow();
    t.world.crash("a");
    t.world.wipe("a");
    t.world.start("a");
    t.run(ms(1));
    expect(t.host("a").disk.list("")).toEqual([]);
    write(t, "1", "2");
  });
});

test("files are listed by prefix, ascending, and only those that exist", () => {
  const t = oneNode();
  const { disk } = t.host("a");
  file(t, "orders-1/0");
  file(t, "orders-0/0");
  disk.valueFile("orders-checkpoint").write(1);
  disk.valueFile("orders-never-written").read();
  disk.valueFile("other").write(1);
  expect(disk.list("orders-")).toEqual(["orders-0/0", "orders-1/0", "orders-checkpoint"]);
  disk.delete("orders-0/0");
  disk.valueFile("orders-checkpoint").delete();
  expect(disk.list("orders-")).toEqual(["orders-1/0"]);
});

test("the files of one directory are listed without those of another whose name begins alike", () => {
  const t = oneNode();
  const { disk } = t.host("a");
  file(t, "orders-1/0");
  file(t, "orders-1/1");
  file(t, "orders-10/0");
  disk.valueFile("orders-1/partition.metadata").write(1);
  expect(disk.list("orders-1/")).toEqual(["orders-1/0", "orders-1/1", "orders-1/partition.metadata"]);
  expect(disk.list("orders-1/1")).toEqual(["orders-1/1"]);
  expect(disk.list("orders-2/")).toEqual([]);
  disk.delete("orders-10/0");
  expect(disk.list("orders-1")).toEqual(["orders-1/0", "orders-1/1", "orders-1/partition.metadata"]);
});
