import { describe, expect, test } from "vitest";
import { forkOf } from "../../../src/sim/fork.ts";
import type { DiskOperation, DiskTarget } from "../../../src/sim/host.ts";
import { BATCH_BYTES, LogFixture } from "./log-fixture.ts";

/** Writes down how what it asked for ended, and where the recovery point stood. */
class Waiter implements DiskTarget {
  readonly ended: [ok: boolean, recoveryPoint: number][] = [];
  private readonly fixture: LogFixture;

  constructor(fixture: LogFixture) {
    this.fixture = fixture;
  }

  get operation(): DiskOperation {
    return { kind: "raft.flush", target: this };
  }

  onDiskDone(_operation: DiskOperation, ok: boolean): void {
    this.ended.push([ok, this.fixture.log.recoveryPoint]);
  }
}

describe("a flush (reference 1.3, 1.4)", () => {
  test("moves the recovery point when it ends, to where the log ended when it was asked for", () => {
    const f = new LogFixture();
    f.append(3);
    f.log.flush();
    f.append(2);
    expect(f.log.recoveryPoint).toBe(0);
    f.node.disk.completeFsyncs();
    expect(f.log.recoveryPoint).toBe(3);
    expect(f.heard.at(-1)).toBe("flushed 3");
  });

  test("tells whoever asked for it, after the recovery point has moved", () => {
    const f = new LogFixture();
    const waiter = new Waiter(f);
    f.append(3);
    f.log.flush(waiter.operation);
    expect(waiter.ended).toEqual([]);
    f.node.disk.completeFsyncs();
    expect(waiter.ended).toEqual([[true, 3]]);
  });

  test("of a log that has nothing to flush still ends for whoever asked, and is nothing at all otherwise", () => {
    const f = new LogFixture();
    const waiter = new Waiter(f);
    f.log.flush();
    expect(f.node.disk.fsyncs).toHaveLength(0);
    f.log.flush(waiter.operation);
    f.node.disk.completeFsyncs();
    expect(waiter.ended).toEqual([[true, 0]]);
    expect(f.heard).toEqual([]);
  });

  test("over several segments ends when the last of them is on the platter", () => {
    const f = new LogFixture({ segmentBytes: BATCH_BYTES });
    f.append(1);
    f.append(1);
    f.append(1);
    f.node.disk.crash(); // what rolling asked for
    const waiter = new Waiter(f);
    f.log.flush(waiter.operation);
    expect(f.node.disk.fsyncs).toHaveLength(3);
    f.node.disk.completeFsyncs(2);
    expect(f.log.recoveryPoint).toBe(0);
    f.node.disk.completeFsyncs(1);
    expect(waiter.ended).toEqual([[true, 3]]);
  });

  test("touches only what is not on the platter yet", () => {
    const f = new LogFixture({ segmentBytes: BATCH_BYTES });
    for (let i = 0; i < 5; i++) f.append(1);
    f.node.disk.completeFsyncs();
    expect(f.log.recoveryPoint).toBe(4);
    f.log.flush();
    expect(f.node.disk.fsyncs).toHaveLength(1);
  });

  test("that a truncation overtook claims nothing that was written afterwards", () => {
    const f = new LogFixture();
    f.append(4, 1);
    f.append(4, 1);
    f.log.flush();
    f.log.truncateTo(4);
    f.append(4, 2);
    f.node.disk.completeFsyncs();
    expect(f.log.recoveryPoint).toBe(4);
  });

  test("that fails says so, leaves the recovery point, and takes the log offline", () => {
    const f = new LogFixture();
    const waiter = new Waiter(f);
    f.append(3);
    f.log.flush(waiter.operation);
    f.node.disk.failed = true;
    f.node.disk.completeFsyncs();
    expect(waiter.ended).toEqual([[false, 0]]);
    expect(f.log.failed).toBe(true);
    expect(f.heard.at(-1)).toBe("storage error");
  });
});

describe("flush.messages", () => {
  test("forces the log to disk within the append that reaches it, so that an acknowledgement comes after", () => {
    const f = new LogFixture({ flushMessages: 5 });
    f.append(4);
    expect(f.log.recoveryPoint).toBe(0);
    f.append(1);
    expect(f.log.recoveryPoint).toBe(5);
    f.restartAfterPowerLoss();
    expect(f.log.logEndOffset).toBe(5);
  });

  test("of 1 loses nothing to a power loss", () => {
    const f = new LogFixture({ flushMessages: 1, segmentBytes: 2 * BATCH_BYTES });
    for (let i = 0; i < 5; i++) f.append(2);
    f.restartAfterPowerLoss();
    expect(f.log.logEndOffset).toBe(10);
  });
});

describe("closing", () => {
  test("makes everything durable, epochs included", () => {
    const f = new LogFixture({ segmentBytes: BATCH_BYTES });
    f.append(2, 1);
    f.append(2, 3);
    expect(f.log.close()).toBe(true);
    f.checkpoint();
    f.node.disk.losePower();
    f.log = f.open({ cleanShutdown: true });
    expect(f.contents()).toBe("0-1 2-3");
    expect(f.epochs()).toBe("1@0 3@2");
  });

  test("on a broken disk says that the shutdown was not clean", () => {
    const f = new LogFixture();
    f.append(2);
    f.node.disk.failed = true;
    expect(f.log.close()).toBe(false);
  });
});

test("a forked log goes on by itself, flushes under way included", () => {
  const f = new LogFixture({ segmentBytes: 2 * BATCH_BYTES });
  for (let i = 0; i < 5; i++) f.append(2, 1);
  f.log.flush();
  const fork = forkOf({ node: f.node, log: f.log });
  fork.node.disk.completeFsyncs();
  fork.log.truncateTo(4);
  expect(fork.log).toMatchObject({ logEndOffset: 4, recoveryPoint: 4 });
  expect(f.log).toMatchObject({ logEndOffset: 10, recoveryPoint: 0 });
  f.append(2, 2);
  f.node.disk.completeFsyncs();
  expect(f.log.recoveryPoint).toBe(10);
  expect(f.log.batches()[0]).toBe(fork.log.batches()[0]);
});
