import { describe, expect, test } from "vitest";
import { BATCH_BYTES, LogFixture } from "./log-fixture.ts";

describe("a leader's append (reference 1.3)", () => {
  test("gives the batch the log end offset and the leader's epoch, and leaves the records alone", () => {
    const f = new LogFixture();
    f.append(3, 0);
    const sent = f.batch(2);
    const { error, batch } = f.log.appendAsLeader(sent, 4);
    expect(error).toBe("NONE");
    expect(batch).toMatchObject({ baseOffset: 3, partitionLeaderEpoch: 4, sizeInBytes: BATCH_BYTES });
    expect(batch?.records).toBe(sent.records);
    expect(f.log.logEndOffset).toBe(5);
    expect(f.log.lastBatchEpoch).toBe(4);
  });

  test("notes a new epoch before the batch, and once only", () => {
    const f = new LogFixture();
    f.append(3, 1);
    f.append(2, 1);
    f.append(1, 2);
    expect(f.heard).toEqual(["epochs 1@0", "appended 0-2", "appended 3-4", "epochs 1@0 2@5", "appended 5-5"]);
  });

  test("does not move the high watermark: that takes the ISR", () => {
    const f = new LogFixture();
    f.append(3);
    expect(f.log.highWatermark).toBe(0);
  });

  test("refuses what is larger than max.message.bytes; at the limit it takes it", () => {
    const f = new LogFixture({ maxMessageBytes: 150 });
    expect(f.log.appendAsLeader(f.batch(1, { bytes: 151 }), 0)).toEqual({ error: "MESSAGE_TOO_LARGE", batch: undefined });
    expect(f.log.appendAsLeader(f.batch(1, { bytes: 150 }), 0).error).toBe("NONE");
  });

  test("refuses what is larger than a segment", () => {
    const f = new LogFixture({ segmentBytes: 150, maxMessageBytes: 1_000 });
    expect(f.log.appendAsLeader(f.batch(1, { bytes: 151 }), 0).error).toBe("RECORD_LIST_TOO_LARGE");
  });

  test("refuses a batch without records", () => {
    const f = new LogFixture();
    expect(f.log.appendAsLeader(f.batch(0), 0).error).toBe("INVALID_RECORD");
  });

  test("that was refused takes no offset: the next one gets it", () => {
    const f = new LogFixture({ maxMessageBytes: 150 });
    f.append(2);
    f.log.appendAsLeader(f.batch(5, { bytes: 151 }), 0);
    expect(f.append(1).baseOffset).toBe(2);
  });
});

describe("a follower's append (reference 1.3)", () => {
  test("keeps the leader's offset and epoch: the batch is the leader's own", () => {
    const leader = new LogFixture();
    const follower = new LogFixture();
    const first = leader.append(3, 1);
    const second = leader.append(2, 4);
    expect(follower.log.appendAsFollower(first)).toBe("NONE");
    expect(follower.log.appendAsFollower(second)).toBe("NONE");
    expect(follower.log.batches()).toEqual([first, second]);
    expect(follower.log.batches()[0]).toBe(first);
    expect(follower.epochs()).toBe("1@0 4@3");
  });

  test("fails when it does not start at the log end, and changes nothing", () => {
    const leader = new LogFixture();
    const follower = new LogFixture();
    const first = leader.append(3, 1);
    leader.append(2, 1);
    const third = leader.append(2, 2);
    follower.log.appendAsFollower(first);
    expect(follower.log.appendAsFollower(first)).toBe("UNKNOWN_SERVER_ERROR");
    expect(follower.log.appendAsFollower(third)).toBe("UNKNOWN_SERVER_ERROR");
    expect(follower.contents()).toBe("0-2");
    expect(follower.epochs()).toBe("1@0");
  });

  test("restarts an empty log at the start of a batch that reaches over it", () => {
    // The leader's log start may lie within a batch; a fetch from there brings the whole of it.
    const leader = new LogFixture();
    leader.append(4);
    const straddling = leader.append(4);
    const follower = new LogFixture();
    follower.log.truncateFullyAndStartAt(6);
    expect(follower.log.appendAsFollower(straddling)).toBe("NONE");
    expect(follower.log).toMatchObject({ logStartOffset: 4, logEndOffset: 8 });
  });
});

describe("rolling (reference 1.4)", () => {
  test("a segment that would grow beyond segment.bytes is followed by one that starts at the log end", () => {
    const f = new LogFixture({ segmentBytes: 2 * BATCH_BYTES });
    for (let i = 0; i < 3; i++) f.append(2);
    expect(f.segmentFiles()).toEqual(["orders-0/00000000000000000000.log", "orders-0/00000000000000000004.log"]);
    expect(f.contents()).toBe("0-1 2-3 4-5");
  });

  test("what is before the new segment goes to disk in the background", () => {
    const f = new LogFixture({ segmentBytes: 2 * BATCH_BYTES });
    for (let i = 0; i < 3; i++) f.append(2);
    expect(f.log.recoveryPoint).toBe(0);
    f.node.disk.completeFsyncs();
    // Up to the new base, not up to the log end: the batch that made it roll came after the flush was asked for.
    expect(f.log.recoveryPoint).toBe(4);
    expect(f.heard.at(-1)).toBe("flushed 4");
  });

  test("by segment.ms, on the records' own time: exactly at the limit it stays", () => {
    const f = new LogFixture({ segmentUs: 1_000_000 });
    f.append(1, 0, { timestamp: 5_000 });
    f.append(1, 0, { timestamp: 6_000 });
    expect(f.segmentFiles()).toHaveLength(1);
    f.append(1, 0, { timestamp: 6_001 });
    expect(f.segmentFiles()).toHaveLength(2);
  });

  test("by segment.ms since the segment was begun where records have no time", () => {
    const f = new LogFixture({ segmentUs: 1_000_000 });
    f.append(1);
    f.advance(1_000_000);
    f.append(1);
    expect(f.segmentFiles()).toHaveLength(1);
    f.advance(1);
    f.append(1);
    expect(f.segmentFiles()).toHaveLength(2);
  });

  test("an empty segment never rolls, however old", () => {
    const f = new LogFixture({ segmentUs: 1 });
    f.advance(100);
    f.append(1);
    expect(f.segmentFiles()).toHaveLength(1);
  });
});

describe("an I/O error (KIP-112)", () => {
  test("is answered with KAFKA_STORAGE_ERROR, told once, and takes the log offline even if the disk recovers", () => {
    const f = new LogFixture();
    f.append(2, 1);
    f.node.disk.failed = true;
    expect(f.log.appendAsLeader(f.batch(1), 1)).toEqual({ error: "KAFKA_STORAGE_ERROR", batch: undefined });
    f.node.disk.failed = false;
    expect(f.log.appendAsLeader(f.batch(1), 1).error).toBe("KAFKA_STORAGE_ERROR");
    expect(f.log.failed).toBe(true);
    expect(f.heard).toEqual(["epochs 1@0", "appended 0-1", "storage error"]);
    expect(f.log.logEndOffset).toBe(2);
  });

  test("while an epoch is noted takes the log offline too", () => {
    const f = new LogFixture();
    f.node.disk.failed = true;
    f.log.assignEpoch(1, 0);
    expect(f.log.failed).toBe(true);
  });
});
