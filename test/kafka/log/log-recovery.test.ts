import { describe, expect, test } from "vitest";
import { BATCH_BYTES, LogFixture } from "./log-fixture.ts";

const FIRST_SEGMENT = "orders-0/00000000000000000000.log";

/** Batches 0-1 2-3 (epoch 1), 4-5 6-7 (epoch 2), 8-9 (epoch 3); two per segment. Nothing is on the platter. */
function fiveBatches(): LogFixture {
  const f = new LogFixture({ segmentBytes: 2 * BATCH_BYTES });
  for (const epoch of [1, 1, 2, 2, 3]) f.append(2, epoch);
  f.log.updateHighWatermark(8);
  f.node.disk.crash();
  f.heard;
  return f;
}

test("a log that is not there yet begins at its log start offset, empty", () => {
  const f = new LogFixture();
  expect(f.log).toMatchObject({ shutdown: "new", logStartOffset: 0, highWatermark: 0, logEndOffset: 0, recoveryPoint: 0 });
  expect(f.log).toMatchObject({ lastBatchEpoch: -1, latestEpoch: -1 });
});

test("the logs of partitions 1 and 10 are not mixed up", () => {
  const f = new LogFixture();
  f.open({ dir: "orders-10" }).appendAsLeader(f.batch(3), 1);
  expect(f.open({ dir: "orders-1" }).shutdown).toBe("new");
  expect(f.open({ dir: "orders-10" }).logEndOffset).toBe(3);
});

describe("after a clean shutdown (reference 1.8)", () => {
  test("the log is as it was, and all of it is known to be on the platter", () => {
    const f = fiveBatches();
    f.restartAfterCleanShutdown();
    expect(f.log).toMatchObject({ shutdown: "clean", highWatermark: 8, logEndOffset: 10, recoveryPoint: 10, lastBatchEpoch: 3 });
    expect(f.contents()).toBe("0-1 2-3 4-5 6-7 8-9");
    expect(f.epochs()).toBe("1@0 2@4 3@8");
  });

  test("nothing is read again: rot inside the log stays where it is", () => {
    const f = fiveBatches();
    f.log.close();
    f.checkpoint();
    f.node.disk.file(FIRST_SEGMENT).rot(1);
    f.log = f.open({ cleanShutdown: true });
    expect(f.log.logEndOffset).toBe(10);
    expect(f.contents()).toBe("0-1");
  });

  test("a rotted end is cut off even so: the next append has to follow on something", () => {
    const f = fiveBatches();
    f.log.close();
    f.checkpoint();
    f.node.disk.file(f.segmentFiles().at(-1) as string).rot(0);
    f.log = f.open({ cleanShutdown: true });
    expect(f.log).toMatchObject({ logEndOffset: 8, recoveryPoint: 8 });
    expect(f.append(1, 4).baseOffset).toBe(8);
    expect(f.contents()).toBe("0-1 2-3 4-5 6-7 8-8");
  });

  test("the checkpointed recovery point does not matter", () => {
    const f = fiveBatches();
    f.log.close();
    f.log = f.open({ cleanShutdown: true, recoveryPoint: 3 });
    expect(f.log.recoveryPoint).toBe(10);
  });

  test("a log that lost its files all the same starts at its log start, with nothing on the platter", () => {
    const f = fiveBatches();
    f.log.close();
    f.log = f.open({ cleanShutdown: true, recoveryPoint: 3, logStartOffset: 12 });
    expect(f.log).toMatchObject({ logStartOffset: 12, logEndOffset: 12, recoveryPoint: 3 });
  });

  test("an epoch that the leader noted but never wrote in is forgotten: it starts at the log end (KAFKA-7415)", () => {
    const f = fiveBatches();
    f.log.assignEpoch(9, 10);
    f.restartAfterCleanShutdown();
    expect(f.epochs()).toBe("1@0 2@4 3@8");
  });
});

describe("after a crash of the process (reference 1.3)", () => {
  test("the page cache lives: nothing is lost, though nothing was flushed", () => {
    const f = fiveBatches();
    f.restartAfterCrash();
    expect(f.log).toMatchObject({ shutdown: "unclean", logEndOffset: 10, recoveryPoint: 0 });
    expect(f.contents()).toBe("0-1 2-3 4-5 6-7 8-9");
  });

  test("the recovery point is what the checkpoint said, not the log end: nobody has flushed the rest", () => {
    const f = fiveBatches();
    f.checkpointed.recoveryPoint = 4;
    f.restartAfterCrash();
    expect(f.log.recoveryPoint).toBe(4);
  });

  test("the high watermark is as old as its checkpoint", () => {
    const f = fiveBatches();
    f.checkpointed.highWatermark = 6;
    f.restartAfterCrash();
    expect(f.log.highWatermark).toBe(6);
  });

  test("a flush that was under way has no effect on the log that comes after it", () => {
    const f = fiveBatches();
    f.log.flush();
    f.restartAfterCrash();
    expect(f.log.recoveryPoint).toBe(0);
  });
});

describe("after a power loss (reference 1.3, 1.8)", () => {
  test("what was not flushed is gone, with its offsets and epochs", () => {
    const f = fiveBatches();
    f.log.truncateTo(6);
    f.flushAll();
    f.append(2, 2);
    f.append(2, 3);
    f.node.disk.crash();
    f.checkpoint();
    f.restartAfterPowerLoss();
    expect(f.log).toMatchObject({ shutdown: "unclean", logEndOffset: 6, recoveryPoint: 6, highWatermark: 6, lastBatchEpoch: 2 });
    expect(f.contents()).toBe("0-1 2-3 4-5");
    expect(f.epochs()).toBe("1@0 2@4");
  });

  test("the log ends at the first torn batch", () => {
    const f = new LogFixture();
    f.append(2, 1);
    f.flushAll();
    f.append(2, 1);
    f.append(2, 2);
    f.checkpoint();
    f.restartAfterPowerLoss({ survivors: 1, torn: true });
    expect(f.contents()).toBe("0-1 2-3");
    expect(f.log).toMatchObject({ logEndOffset: 4, recoveryPoint: 2 });
    expect(f.epochs()).toBe("1@0");
    expect(f.append(1, 4).baseOffset).toBe(4);
    expect(f.contents()).toBe("0-1 2-3 4-4");
  });

  test("segments after the first torn batch are deleted, whole as they may be", () => {
    const f = fiveBatches();
    for (const path of f.segmentFiles()) f.node.disk.file(path).force();
    f.node.disk.file(FIRST_SEGMENT).rot(1);
    f.restartAfterCrash();
    expect(f.contents()).toBe("0-1");
    expect(f.segmentFiles()).toEqual([FIRST_SEGMENT]);
    expect(f.epochs()).toBe("1@0");
  });

  test("a segment that does not follow on the one before it is deleted, with all later ones", () => {
    // The disk had taken the second segment, but not the end of the first.
    const f = fiveBatches();
    const [first, second] = f.segmentFiles() as [string, string];
    f.node.disk.file(second).force();
    f.node.disk.file(first).truncate(1);
    f.restartAfterCrash();
    expect(f.contents()).toBe("0-1");
    expect(f.log.logEndOffset).toBe(2);
  });

  test("a batch that does not follow on the one before it ends the log", () => {
    const f = new LogFixture();
    f.append(2, 1);
    f.node.disk.file(FIRST_SEGMENT).append(f.batch(2).stamped(5, 1));
    f.restartAfterCrash();
    expect(f.contents()).toBe("0-1");
    expect(f.log.logEndOffset).toBe(2);
  });

  test("garbage behind the last batch of a segment ends the log there, even if the next segment would follow on", () => {
    // LogLoader deletes later segments whenever it had to cut any bytes.
    const f = fiveBatches();
    f.node.disk.file(FIRST_SEGMENT).append({ torn: true });
    f.restartAfterCrash();
    expect(f.log.logEndOffset).toBe(4);
  });

  test("segments wholly below the recovery point are not read again", () => {
    const f = fiveBatches();
    f.checkpointed.recoveryPoint = 8;
    f.node.disk.file(FIRST_SEGMENT).rot(0);
    f.restartAfterCrash();
    expect(f.log.logEndOffset).toBe(10);
  });

  test("the segment that the recovery point lies in is: its end may be torn", () => {
    const f = fiveBatches();
    f.checkpointed.recoveryPoint = 6;
    f.node.disk.file(f.segmentFiles()[1] as string).rot(1);
    f.restartAfterCrash();
    expect(f.log.logEndOffset).toBe(6);
  });

  test("epochs that the cache lost are found again in the batches", () => {
    const f = fiveBatches();
    f.node.disk.valueFile("orders-0/leader-epoch-checkpoint").delete();
    f.restartAfterCrash();
    expect(f.epochs()).toBe("1@0 2@4 3@8");
    f.restartAfterCrash();
    expect(f.epochs()).toBe("1@0 2@4 3@8");
  });

  test("a recovery point beyond what is left comes down to it", () => {
    const f = fiveBatches();
    f.checkpointed.recoveryPoint = 10;
    f.restartAfterPowerLoss();
    expect(f.log).toMatchObject({ logEndOffset: 0, recoveryPoint: 0, highWatermark: 0 });
  });

  test("a log that ends before its checkpointed start is wiped and begins there", () => {
    const f = fiveBatches();
    f.log.advanceLogStartOffset(5);
    f.checkpoint();
    f.restartAfterPowerLoss();
    expect(f.log).toMatchObject({ logStartOffset: 5, highWatermark: 5, logEndOffset: 5, recoveryPoint: 0, lastBatchEpoch: -1 });
    expect(f.epochs()).toBe("");
    expect(f.segmentFiles()).toEqual(["orders-0/00000000000000000005.log"]);
    expect(f.append(1, 4).baseOffset).toBe(5);
  });

  test("a log start that was never checkpointed falls back to the first segment's, and the epochs are found again", () => {
    const f = fiveBatches();
    f.log.advanceLogStartOffset(5);
    f.checkpointed.recoveryPoint = 10;
    f.restartAfterCrash();
    expect(f.log.logStartOffset).toBe(0);
    expect(f.epochs()).toBe("1@0 2@4 3@8");
  });

  test("the epoch that a log start lies in starts there", () => {
    const f = fiveBatches();
    f.log.advanceLogStartOffset(5);
    f.checkpoint();
    f.restartAfterCrash();
    expect(f.log).toMatchObject({ logStartOffset: 5, logEndOffset: 10 });
    expect(f.epochs()).toBe("2@5 3@8");
  });
});

describe("a truncation that the disk had not taken", () => {
  test("is made again where later epochs were noted: what came back is not what they speak of", () => {
    const f = new LogFixture();
    f.append(2, 1);
    f.append(2, 1);
    f.flushAll();
    f.log.truncateTo(2);
    f.append(2, 3);
    f.checkpoint();
    f.restartAfterPowerLoss({ undoTruncations: true });
    expect(f.contents()).toBe("0-1");
    expect(f.log).toMatchObject({ logEndOffset: 2, lastBatchEpoch: 1 });
    expect(f.epochs()).toBe("1@0");
  });

  test("otherwise brings the old end back, with the epochs that were cut with it", () => {
    const f = new LogFixture();
    f.append(2, 1);
    f.append(2, 2);
    f.flushAll();
    f.log.truncateTo(2);
    f.checkpoint();
    f.restartAfterPowerLoss({ undoTruncations: true });
    expect(f.contents()).toBe("0-1 2-3");
    expect(f.epochs()).toBe("1@0 2@2");
  });

  test("leaves what was written after it alone, though in an epoch below one that was cut", () => {
    // The leader of epoch 3 had only records of epoch 1; were the cut of epoch 2 lost, recovery would throw these away.
    const f = new LogFixture();
    f.append(2, 1);
    f.append(2, 2);
    f.flushAll();
    f.log.truncateTo(2);
    f.append(3, 1);
    f.flushAll();
    f.checkpoint();
    f.restartAfterPowerLoss();
    expect(f.contents()).toBe("0-1 2-4");
    expect(f.epochs()).toBe("1@0");
  });
});
