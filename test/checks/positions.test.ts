import { describe, expect, test } from "vitest";
import { Checker, type CheckerOptions } from "../../src/checks/checker.ts";
import { type RecordBatch, unstampedBatch } from "../../src/kafka/records.ts";
import { GroupHistory, owned } from "./group-history.ts";
import { batch, failOver, History, record, settled } from "./history.ts";

/** A consumer with an assignment of its own, in no group. */
function reader(): GroupHistory {
  return new GroupHistory().log(10);
}

describe("PositionMonotonic (Jepsen nonmonotonic-poll)", () => {
  test("a poll that goes back behind the last one breaks it", () => {
    expect(reader().polls("audit", 0, 5).polls("audit", 4, 8).end()).toEqual(["PositionMonotonic"]);
    expect(reader().polls("audit", 0, 5).polls("audit", 0, 5).end()).toEqual(["PositionMonotonic"]);
  });

  test("polls that follow on one another, of one consumer or of several, do not", () => {
    expect(reader().polls("audit", 0, 5).polls("other", 0, 3).polls("audit", 5, 8).polls("other", 3, 10).end()).toEqual([]);
  });

  test("a rebalance, a seek, a new process and another partition begin anew", () => {
    const rebalance = owned(10).polls("billing-1", 0, 5).revoked("billing-1", [0]).assigned("billing-1", [0]);
    expect(rebalance.polls("billing-1", 2, 5).end()).toEqual([]);
    const seek = owned(10).polls("billing-1", 0, 5).goesOnAt("billing-1", 1, "seek");
    expect(seek.polls("billing-1", 1, 5).end()).toEqual([]);
    const restarted = reader().polls("audit", 0, 5).node("ProcessCrashed", "audit").started("audit");
    expect(restarted.polls("audit", 0, 5).end()).toEqual([]);
    expect(reader().log(3, [], 1).polls("audit", 0, 5).polls("audit", 0, 3, undefined, 1).end()).toEqual([]);
  });

  test("a poll that goes elsewhere than a seek or a reset has said breaks it", () => {
    expect(reader().resets("audit", 0, 6, "initial").polls("audit", 5, 8).end()).toEqual(["PositionMonotonic"]);
  });

  test("KIP-232: a reset to the beginning while the position is in the log breaks it", () => {
    expect(reader().polls("audit", 0, 8).resets("audit", 8, 0, "out-of-range").end()).toEqual(["PositionMonotonic"]);
  });

  test("KAFKA-19902: so does one by a new owner whose committed position is valid", () => {
    const history = owned(10).processes("billing-1", 0, 8).committed("billing-1", 8).goesOnAt("billing-1", 8);
    expect(history.resets("billing-1", 8, 0, "truncation").end()).toEqual(["PositionMonotonic"]);
  });

  test("a reset because the position is gone is right: deleted, cut, or beyond the end", () => {
    expect(reader().polls("audit", 0, 3).logStart(1, 6).resets("audit", 3, 6, "out-of-range").end()).toEqual([]);
    expect(reader().resets("audit", 0, 12, "initial").resets("audit", 12, 0, "out-of-range").end()).toEqual([]);
    const cut = reader().polls("audit", 0, 10);
    failOver(cut.truncates(2, 10, 6));
    expect(cut.resets("audit", 10, 6, "truncation").end()).not.toContain("PositionMonotonic");
  });
});

describe("NoPollSkip (Jepsen poll-skip, int-poll-skip)", () => {
  test("a poll that begins behind records that the last one has not returned breaks it", () => {
    expect(reader().polls("audit", 0, 5).polls("audit", 6, 8).end()).toEqual(["NoPollSkip"]);
  });

  test("so does one that leaves records out in between", () => {
    const history = reader();
    const stored = history.stored.get(0) as RecordBatch[];
    expect(history.polls("audit", 0, 5, [stored[0], stored[1], stored[4]] as RecordBatch[]).end()).toEqual(["NoPollSkip"]);
  });

  test("where retention or compaction has been there is nothing to leave out", () => {
    expect(reader().polls("audit", 0, 2).logStart(1, 6).polls("audit", 6, 8).end()).toEqual([]);
    const compacted = { kind: "LogCompacted", topic: "orders", partition: 0, broker: 1, cleanTo: 6, removedRecords: 3 } as const;
    expect(reader().polls("audit", 0, 2).tell("broker-1", compacted).polls("audit", 6, 8).end()).toEqual([]);
  });

  test("a reset, a seek and a rebalance may go past records: that is for the group to answer for", () => {
    expect(reader().polls("audit", 0, 2).resets("audit", 2, 8, "out-of-range").polls("audit", 8, 10).end()).toEqual([]);
    expect(owned(10).polls("billing-1", 0, 2).goesOnAt("billing-1", 6, "seek").polls("billing-1", 6, 8).end()).toEqual([]);
    const rebalance = owned(10).polls("billing-1", 0, 2).revoked("billing-1", [0]).assigned("billing-1", [0]);
    expect(rebalance.polls("billing-1", 6, 8).end()).toEqual([]);
  });

  test("max.poll.records: a part of a batch, then the rest", () => {
    const { history } = settled(0);
    const two = batch(0, 0, 4);
    for (const broker of [1, 2, 3]) history.appends(broker, two, broker === 1 ? "leader" : "follower");
    history.highWatermark(1, 4, "leader");
    const part = (position: number, nextPosition: number) =>
      ({
        kind: "RecordsRead",
        client: "audit",
        topic: "orders",
        partition: 0,
        from: 1,
        highWatermark: 4,
        position,
        nextPosition,
        batches: [two],
      }) as const;
    expect(history.tell("audit", part(0, 2)).tell("audit", part(2, 4)).end()).toEqual([]);
  });

  test("KIP-320: reading on in a log that was cut below the position and has grown past it leaves records out", () => {
    const cut = () => {
      const history = reader().polls("audit", 0, 10);
      failOver(history.truncates(2, 10, 6));
      const grown: RecordBatch[] = [];
      for (let offset = 6; offset < 12; offset++) {
        history.grow(offset, 1);
        grown.push(history.lastBatch as RecordBatch);
      }
      return { history, grown };
    };
    const unaware = cut();
    expect(unaware.history.polls("audit", 10, 12, unaware.grown.slice(4)).end()).toContain("NoPollSkip");
    const idle = new GroupHistory().log(10).resets("audit", 0, 10, "initial");
    failOver(idle.truncates(2, 10, 6));
    for (let offset = 6; offset < 12; offset++) idle.grow(offset, 1);
    expect(idle.polls("audit", 10, 11, [unstampedBatch([record(9_000)]).stamped(10, 1)]).end()).not.toContain("NoPollSkip");
    const across = cut();
    across.history
      .resets("audit", 10, 4, "truncation")
      .polls("audit", 4, 8, [...(across.history.stored.get(0) as RecordBatch[]).slice(4, 6), ...across.grown.slice(0, 2)]);
    expect(across.history.polls("audit", 8, 12, across.grown.slice(2)).end()).not.toContain("NoPollSkip");
    const aware = cut();
    aware.history.resets("audit", 10, 6, "truncation").polls("audit", 6, 12, aware.grown);
    expect(aware.history.end()).not.toContain("NoPollSkip");
  });
});

describe("ProducerOrder (Jepsen nonmonotonic-send)", () => {
  const ordered: CheckerOptions = { orderedProducers: ["checkout"] };

  /** Two batches of one record each, in the log in this order of their sequences. */
  function stored(sequences: readonly number[], options?: CheckerOptions): { history: History; batches: RecordBatch[] } {
    const { history } = settled(0, options);
    const batches = sequences.map((sequence, offset) => batch(offset, 0, 1, sequence));
    for (const each of batches) {
      for (const broker of [1, 2, 3]) history.appends(broker, each, broker === 1 ? "leader" : "follower");
    }
    history.highWatermark(1, sequences.length, "leader");
    return { history, batches };
  }

  test("a later record that lies before an earlier one breaks it, if the producer can't overtake itself", () => {
    const { history, batches } = stored([1, 0], ordered);
    expect(
      history
        .acknowledged(batches[1] as RecordBatch)
        .acknowledged(batches[0] as RecordBatch)
        .end(),
    ).toEqual(["ProducerOrder"]);
  });

  test("with several requests on their way a retry may overtake; acks=1 says nothing of where a record stays", () => {
    const several = stored([1, 0]);
    expect(
      several.history
        .acknowledged(several.batches[1] as RecordBatch)
        .acknowledged(several.batches[0] as RecordBatch)
        .end(),
    ).toEqual([]);
    const weak = stored([1, 0], ordered);
    const [first, second] = weak.batches as [RecordBatch, RecordBatch];
    expect(weak.history.acknowledged(second, 1).acknowledged(first, 1).end()).toEqual([]);
  });

  test("in order it holds, acknowledged in whatever order", () => {
    const { history, batches } = stored([0, 1, 2], ordered);
    for (const index of [1, 0, 2]) history.acknowledged(batches[index] as RecordBatch);
    expect(history.end()).toEqual([]);
  });

  test("after a loss offsets begin anew", () => {
    const { history, batches } = stored([0, 1, 2], ordered);
    history.acknowledged(batches[2] as RecordBatch);
    failOver(history.truncates(2, 3, 1));
    const anew = batch(1, 1, 1, 3);
    history.appends(2, anew, "leader").truncates(3, 3, 1).appends(3, anew, "follower").highWatermark(2, 2, "leader", 1);
    expect(history.acknowledged(anew).end()).not.toContain("ProducerOrder");
  });
});

test("without groups and without consumers nothing of this is there to be asked", () => {
  expect(new Checker().groups).toEqual([]);
  expect(
    new History()
      .sent(0)
      .failed([record(0)])
      .end(),
  ).toEqual([]);
});
