import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { INVARIANT_NAMES, INVARIANTS } from "../../src/checks/catalogue.ts";
import { Checker } from "../../src/checks/checker.ts";
import type { RecordBatch } from "../../src/kafka/records.ts";
import { forkOf } from "../../src/sim/fork.ts";
import { batch, failOver, History, record, settled } from "./history.ts";

test("the longest outage runs from acknowledgement to acknowledgement while something waits, over failures too", () => {
  const { history, batches } = settled(3);
  history.sent(0).acknowledged(batches[0] as RecordBatch);
  // Nothing to send: no outage, however long.
  history.wait(60_000_000).sent(1);
  const from = history.timeUs;
  history
    .wait(4_000_000)
    .failed([record(1)])
    .wait(1_000_000)
    .sent(2)
    .wait(2_000_000)
    .acknowledged(batches[2] as RecordBatch);
  expect(history.checker.longestOutage).toEqual({ client: "checkout", fromUs: from, toUs: history.timeUs });
});

test("an outage that is still open counts up to now; one in which nothing is left to send ended with the last failure", () => {
  const open = new History().sent(0).wait(5_000_000);
  open.end();
  expect(open.checker.longestOutage).toMatchObject({ fromUs: 1_000, toUs: 5_001_000 });
  const given = new History()
    .sent(0)
    .failed([record(0)])
    .wait(5_000_000);
  given.end();
  expect(given.checker.longestOutage).toMatchObject({ fromUs: 1_000, toUs: 2_000 });
});

test("an acknowledgement later than the bound is delayed, record by record", () => {
  const { history } = settled(0);
  const two = batch(0, 0, 2);
  history.sent(0).wait(900_000).sent(1).wait(200_000).acknowledged(two, 1, 1_103_000);
  expect(history.checker.records).toMatchObject({ acknowledged: 2, delayed: 1, longestDelayUs: 1_103_000 });
});

test("every invariant has a name of its own, a promise in a sentence, and a source", () => {
  expect(new Set(INVARIANT_NAMES).size).toBe(INVARIANTS.length);
  for (const { promise, source } of INVARIANTS) {
    expect(promise).toMatch(/^[A-Z].*\.$/);
    expect(source).not.toBe("");
  }
});

test("only the enabled invariants judge, and an unknown name is refused", () => {
  const { history } = settled(0, { enabled: ["LeaderInIsr"] });
  expect(history.decide({ leader: 1, isr: [2, 9] }).end()).toEqual(["LeaderInIsr"]);
  expect(() => new Checker({ enabled: ["NoSuchThing"] })).toThrow("NoSuchThing");
});

test("a forked checker goes on by itself, and finds what the original does not", () => {
  const { history, batches } = settled(3);
  for (const each of batches) history.acknowledged(each);
  const fork = forkOf(history);
  fork.truncates(2, 3, 1);
  expect(failOver(fork).end()).toContain("NoAckedLoss");
  expect(failOver(history).end()).toEqual([]);
});

/**
 * Legal replication in small: followers copy in any order, the leader commits what its in-sync replicas have, leadership
 * moves among those with everything, old leaders come back and cut. Whatever the order, nothing may alarm.
 */
property.prop([
  fc.array(fc.record({ act: fc.integer({ min: 0, max: 5 }), who: fc.integer({ min: 1, max: 3 }) }), { maxLength: 120 }),
])("no legal interleaving of appends, copies, commits and clean elections raises an alarm", (acts) => {
  const { history } = settled(0);
  const logs = new Map<number, RecordBatch[]>([1, 2, 3].map((id) => [id, []]));
  const logOf = (id: number): RecordBatch[] => logs.get(id) as RecordBatch[];
  let leader = 1;
  let epoch = 0;
  let committed = 0;
  let sequence = 0;
  for (const { act, who } of acts) {
    const leading = logOf(leader);
    if (act <= 1) {
      const next = batch(leading.length, epoch, 1, sequence++);
      leading.push(next);
      history.appends(leader, next, "leader");
    } else if (act === 2 && who !== leader) {
      const own = logOf(who);
      const shared = own.findIndex((each, i) => each !== leading[i]);
      if (shared >= 0) {
        history.truncates(who, own.length, shared, epoch);
        own.length = shared;
      } else if (own.length < leading.length) {
        const next = leading[own.length] as RecordBatch;
        own.push(next);
        history.appends(who, next, "follower", epoch);
      }
    } else if (act === 3) {
      const shared = [1, 2, 3].map((id) => {
        const fork = logOf(id).findIndex((each, i) => each !== leading[i]);
        return fork < 0 ? logOf(id).length : fork;
      });
      const to = Math.min(...shared);
      if (to > committed) {
        history.highWatermark(leader, to, "leader", epoch, committed);
        for (const each of leading.slice(committed, to)) history.acknowledged(each).reads(leader, to, each);
        committed = to;
      }
    } else if (act === 4 && who !== leader) {
      history.decide({ leader: who });
      leader = who;
      epoch++;
      history.becomesLeader(who, epoch, Math.min(committed, 1));
      for (const id of [1, 2, 3]) if (id !== who) history.follows(id, who, epoch);
    } else if (act === 5 && who !== leader) {
      history
        .node("ProcessCrashed", `broker-${who}`)
        .started(`broker-${who}`)
        .loaded(who, logOf(who))
        .lifecycle(who, "RUNNING")
        .follows(who, leader, epoch);
    }
  }
  expect(history.end()).toEqual([]);
  expect(history.checker.records).toMatchObject({ acknowledged: committed, lost: 0, legallyLost: 0 });
});

test("an application that dies waits for nothing any more; its next incarnation begins anew", () => {
  const history = new History().sent(0).wait(5_000_000);
  const died = history.timeUs + 1_000;
  history.node("ProcessCrashed", "checkout").wait(60_000_000).end();
  expect(history.checker.longestOutage).toEqual({ client: "checkout", fromUs: 1_000, toUs: died });
});

test("records of later incarnations, which count from far up, are counted like the others", () => {
  const { history } = settled(0);
  history
    .sent(0)
    .sent(7_000_000_000)
    .failed([record(7_000_000_000)])
    .end();
  expect(history.checker.records).toMatchObject({ failed: 1, lost: 0, duplicated: 0 });
});
