import { expect, test } from "vitest";
import type { RecordBatch } from "../../src/kafka/records.ts";
import { batch, failOver, record, settled } from "./history.ts";

test("a failover to a complete replica loses nothing, and a new leader's lower local high watermark is legal", () => {
  // failures.md, section 0: only the true high watermark is monotonic. A check on local ones would alarm here.
  const { history, batches } = settled(3);
  for (const each of batches) history.acknowledged(each);
  expect(failOver(history).highWatermark(2, 3, "leader", 1).end()).toEqual([]);
});

test("acknowledged records that the newest leader does not have are lost (kip-101-hw-truncation-loss)", () => {
  const { history, batches } = settled(3);
  for (const each of batches) history.acknowledged(each);
  history.truncates(2, 3, 1);
  failOver(history);
  const names = history.end();
  expect(names).toEqual(
    expect.arrayContaining(["NoAckedLoss", "LeaderCandidateCompleteness", "LeaderCompleteness", "HighWatermarkMonotonic"]),
  );
  const found = history.checker.violations.find(({ invariant }) => invariant === "NoAckedLoss");
  expect(found?.message).toContain("2 acknowledged records from offset 1");
  expect(found?.facts.map(({ step }) => step)).toEqual([...(found?.facts ?? [])].map(({ step }) => step).sort((a, b) => a - b));
  expect(found?.facts).toHaveLength(2);
});

test("a loss is reported once, however long the run goes on with the shorter log", () => {
  const { history, batches } = settled(3);
  for (const each of batches) history.acknowledged(each);
  history.truncates(2, 3, 1);
  failOver(history).follows(3, 2, 1).truncates(3, 3, 1, 1);
  // Nobody has the records any more: that is told once too. Then all is well with what is left.
  history.isrUpdated(2, [2, 3], [2, 3], 1);
  const before = history.checker.violations.length;
  for (let offset = 1; offset < 50; offset++) {
    const next = batch(offset, 1, 1, 1_000 + offset);
    history
      .appends(2, next, "leader")
      .appends(3, next, "follower")
      .highWatermark(2, offset + 1, "leader", 1, offset);
  }
  history.end();
  expect(before).toBeGreaterThan(0);
  const names = history.checker.violations.map(({ invariant, subject }) => `${invariant} ${subject}`);
  expect(new Set(names).size).toBe(names.length);
  expect(history.checker.violations.length).toBe(before);
});

test("an unclean election that discards acknowledged records breaks the promise although it was configured", () => {
  const { history, batches } = settled(2);
  const late = batch(2, 0);
  for (const broker of [1, 2]) history.appends(broker, late, broker === 1 ? "leader" : "follower");
  history
    .decide({ isr: [1, 2] })
    .isrUpdated(1, [1, 2])
    .highWatermark(1, 3, "leader");
  for (const each of [...batches, late]) history.acknowledged(each);
  history.reads(1, 3, late);
  history.node("ProcessCrashed", "broker-1").node("ProcessCrashed", "broker-2");
  history.decide({ leader: 3, isr: [3], elr: [], leaderRecoveryState: "RECOVERING" }).becomesLeader(3, 1, 2, [3]);
  const names = history.end();
  expect(names).toEqual(expect.arrayContaining(["NoAckedLoss", "HighWatermarkMonotonic", "ConsistentRead"]));
  // It is the leader that is incomplete; the ISR it brings with it is not a second failure.
  expect(names).not.toContain("LeaderCandidateCompleteness");
  expect(names).not.toContain("StrongIsr");
});

test("after an unclean loss the old leader may come back with its tail and high watermark, and cut them", () => {
  const { history, batches } = settled(2);
  const late = batch(2, 0);
  history
    .appends(1, late, "leader")
    .decide({ isr: [1, 2] })
    .isrUpdated(1, [1, 2])
    .appends(2, late, "follower")
    .highWatermark(1, 3, "leader");
  history.node("ProcessCrashed", "broker-1").node("ProcessCrashed", "broker-2");
  history.decide({ leader: 3, isr: [3] }).becomesLeader(3, 1, 2, [3]);
  const other = batch(2, 1, 1, 77);
  history.appends(3, other, "leader").highWatermark(3, 3, "leader", 1);
  const before = history.checker.violations.length;
  history
    .started("broker-1")
    .loaded(1, [...batches, late], { highWatermark: 3 })
    .lifecycle(1, "RUNNING")
    .follows(1, 3, 1);
  history.truncates(1, 3, 2, 1).appends(1, other, "follower", 1).highWatermark(1, 3, "follower", 1);
  history.end();
  expect(history.checker.violations.slice(before).filter(({ invariant }) => invariant === "LogMatching")).toEqual([]);
});

test("a record acknowledged with acks=1 may die with its leader: a legal loss, and no violation", () => {
  const { history } = settled(1);
  const alone = batch(1, 0);
  history.appends(1, alone, "leader").acknowledged(alone, 1);
  failOver(history);
  history.appends(2, batch(1, 1, 1, 9), "leader").appends(3, batch(1, 1, 1, 9), "follower");
  expect(history.end()).toEqual([]);
  expect(history.checker.records).toMatchObject({ acknowledged: 1, lost: 0, legallyLost: 1 });
});

test("an acknowledgement for an offset at which something else is committed is a loss", () => {
  const { history } = settled(2);
  history.acknowledged(batch(1, 0, 1, 500));
  expect(history.end()).toEqual(["NoAckedLoss"]);
  expect(history.checker.records.lost).toBe(1);
});

test("at the end a record in the log of no replica that could still be elected is lost, even if nobody ever led without it", () => {
  const { history, batches } = settled(2);
  for (const each of batches) history.acknowledged(each);
  history.node("ProcessCrashed", "broker-1").node("ProcessCrashed", "broker-2").node("ProcessCrashed", "broker-3");
  history.decide({ leader: -1, isr: [], elr: [3] }).truncates(3, 2, 1);
  expect(history.end()).toContain("NoAckedLoss");
  expect(history.checker.records.lost).toBe(1);
});

test("a candidate without power may still have everything: nothing is called lost", () => {
  const { history, batches } = settled(2);
  for (const each of batches) history.acknowledged(each);
  for (const broker of [1, 2, 3]) history.node("PowerLost", `broker-${broker}`);
  history.decide({ leader: -1, isr: [], elr: [1, 2, 3] });
  expect(history.end()).toEqual([]);
  expect(history.checker.records.lost).toBe(0);
});

test("when as many disks as min.insync.replicas lose the record, the contract is over: counted as a legal loss", () => {
  const { history, batches } = settled(3);
  for (const each of batches) history.acknowledged(each);
  const kept = batches.slice(0, 2);
  for (const broker of [1, 2, 3]) history.node("PowerLost", `broker-${broker}`);
  for (const broker of [1, 2, 3]) history.started(`broker-${broker}`).loaded(broker, kept);
  history.decide({ leader: -1, isr: [], elr: [], lastKnownElr: [1] });
  for (const broker of [1, 2, 3]) history.lifecycle(broker, "RUNNING");
  history.decide({ leader: 1, isr: [1], lastKnownElr: [] }).becomesLeader(1, 2, 2, [1]);
  expect(history.end()).toEqual([]);
  expect(history.checker.records).toMatchObject({ acknowledged: 3, lost: 0, legallyLost: 1 });
});

test("one disk's loss is not excused: the last replica standing (kip-966)", () => {
  const { history, batches } = settled(3);
  for (const each of batches) history.acknowledged(each);
  history
    .decide({ isr: [1] })
    .isrUpdated(1, [1])
    .node("PowerLost", "broker-1")
    .decide({ leader: -1 });
  history.started("broker-1").loaded(1, batches.slice(0, 1)).registered(1).lifecycle(1, "RUNNING");
  history.decide({ leader: 1 }).becomesLeader(1, 2, 1, [1]);
  for (const broker of [2, 3]) history.follows(broker, 1, 2);
  expect(history.checker.violations.map(({ invariant }) => invariant)).not.toContain("NoCommittedRecordLostGlobally");
  for (const broker of [2, 3]) history.truncates(broker, 3, 1, 2);
  expect(history.end()).toEqual(expect.arrayContaining(["UncleanExclusion", "NoAckedLoss", "NoCommittedRecordLostGlobally"]));
});

test("a retry without idempotence may write a record twice: counted, and legal", () => {
  const { history, batches } = settled(2);
  const again = batch(2, 0, 1, 1);
  for (const broker of [1, 2, 3]) history.appends(broker, again, broker === 1 ? "leader" : "follower");
  history
    .highWatermark(1, 3, "leader")
    .acknowledged(batches[0] as RecordBatch)
    .acknowledged(again);
  expect(history.end()).toEqual([]);
  expect(history.checker.records).toMatchObject({ acknowledged: 2, lost: 0, duplicated: 1 });
});

test("a record the client was told has failed may be in the log nevertheless", () => {
  const { history } = settled(1);
  history.sent(0).failed([record(0)]);
  expect(history.end()).toEqual([]);
  expect(history.checker.records).toMatchObject({ acknowledged: 0, failed: 1, duplicated: 0 });
});

test("acknowledgements that arrive after the loss belong to it: one report for all", () => {
  const { history, batches } = settled(3);
  history
    .acknowledged(batches[0] as RecordBatch)
    .acknowledged(batches[1] as RecordBatch)
    .truncates(2, 3, 1);
  failOver(history).follows(3, 2, 1).truncates(3, 3, 1, 1).isrUpdated(2, [2, 3], [2, 3], 1);
  for (const offset of [1, 2]) {
    const next = batch(offset, 1, 1, 70 + offset);
    history
      .appends(2, next, "leader")
      .appends(3, next, "follower")
      .highWatermark(2, offset + 1, "leader", 1, offset);
  }
  history.acknowledged(batches[2] as RecordBatch).end();
  expect(history.checker.violations.filter(({ invariant }) => invariant === "NoAckedLoss")).toHaveLength(1);
  expect(history.checker.records.lost).toBe(2);
});
