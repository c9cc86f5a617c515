import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { ReplicaWorld } from "./replica-world.ts";

function valuesOf(c: ReplicaWorld, id: number): readonly number[] {
  const { log } = c.partition(id).replica;
  return log.batches().flatMap((batch) => batch.records.map(({ origin }) => origin.sequence));
}

describe("following (replication 4.1, 4.2)", () => {
  test("a follower's high watermark is one fetch behind the leader's", () => {
    const c = new ReplicaWorld();
    c.produce(1);
    c.runUntil(() => c.offsets(1).hw === 1);
    expect(c.offsets(2)).toEqual({ leo: 1, hw: 0 });
    c.runFor(ms(501));
    expect(c.offsets(2)).toEqual({ leo: 1, hw: 1 });
  });

  test("it may go down when a new leader's own is behind", () => {
    const c = new ReplicaWorld({ config: { "replica.lag.time.max.ms": 1_000 } });
    c.produce(1);
    c.settle();
    c.isolate(2);
    c.change({ isr: [1, 3] });
    c.tellAll();
    c.runFor(seconds(2));
    c.produce(1);
    c.settle();
    expect([c.offsets(2).hw, c.offsets(3).hw]).toEqual([1, 2]);
    // An unclean choice: 2 lacks what was committed without it.
    c.world.crash("broker-1");
    c.rejoin(2);
    c.change({ leader: 2, isr: [2] });
    c.tell(2, 3);
    c.settle();
    expect(c.offsets(3)).toEqual({ leo: 1, hw: 1 });
    expect(c.events("HighWatermarkAdvanced", 3).at(-1)).toMatchObject({ role: "follower", leaderEpoch: 1, from: 2, to: 1 });
  });

  test("one request at a time, for all partitions of that leader", () => {
    const c = new ReplicaWorld({ brokers: 2, partitions: 3 });
    c.settle();
    for (const partition of [0, 1, 2]) c.produce(1, { partition, acks: 1 });
    c.settle();
    for (const index of [0, 1, 2]) expect(c.partition(2, index).replica.log.logEndOffset).toBe(1);
  });

  test("a leader that can't be reached is tried again and again", () => {
    const c = new ReplicaWorld();
    c.world.crash("broker-1");
    c.runFor(seconds(60));
    c.restart(1);
    c.tell(1);
    c.runFor(seconds(5));
    c.produce(1);
    c.settle();
    expect(c.offsets(3)).toEqual({ leo: 1, hw: 1 });
  });
});

describe("truncation by leader epoch (replication 2.5, KIP-101, KIP-279)", () => {
  /** 1 led and has a record that nobody else has; 2 led after it in epoch 1 and wrote another one at the same offset. */
  function forked(dials: ConstructorParameters<typeof ReplicaWorld>[0] = {}): ReplicaWorld {
    const c = new ReplicaWorld(dials);
    c.produce(1);
    c.settle();
    c.isolate(1);
    c.produce(1, { acks: 1, count: 3 });
    c.runFor(ms(5));
    c.change({ leader: 2, isr: [2, 3] });
    c.tell(2, 3);
    c.produce(2);
    c.settle();
    return c;
  }

  test("an old leader cuts what nobody copied, and takes the new leader's records", () => {
    const c = forked();
    expect(c.offsets(1).leo).toBe(4);
    c.rejoin(1);
    c.tell(1);
    c.settle();
    expect(valuesOf(c, 1)).toEqual(valuesOf(c, 2));
    expect(c.events("LogTruncated", 1)).toMatchObject([{ leaderEpoch: 1, from: 4, to: 1, fully: false }]);
    expect(c.offsets(1)).toEqual({ leo: 2, hw: 2 });
  });

  test("nothing that is committed is cut by a follower whose high watermark lags (KIP-101 scenario 1)", () => {
    const c = new ReplicaWorld({ brokers: 2 });
    const sent = c.produce(1);
    c.runUntil(() => c.produced(sent) !== undefined);
    expect(c.offsets(2)).toEqual({ leo: 1, hw: 0 });
    // 2 restarts and follows 1 again; before it has heard anything, 1 is gone and 2 leads.
    c.world.crash("broker-2");
    c.isolate(1);
    c.restart(2);
    c.tell(2);
    c.runFor(ms(50));
    expect(c.offsets(2)).toEqual({ leo: 1, hw: 0 });
    c.change({ leader: 2, isr: [2] });
    c.tell(2);
    expect(c.offsets(2)).toEqual({ leo: 1, hw: 1 });
  });

  test("several rounds, when the follower led an epoch that the leader has never seen", () => {
    const c = forked();
    // 1 comes back, does not hear of epoch 1, and is told of epoch 2 in which it leads, alone; then 2 leads again.
    c.change({ leader: 1, isr: [1] });
    c.tell(1);
    c.produce(1, { acks: 1, count: 2 });
    c.runFor(ms(20));
    c.change({ leader: 2, isr: [2] });
    c.tell(1, 2, 3);
    c.rejoin(1);
    c.produce(2, { acks: 1 });
    c.runFor(seconds(5));
    expect(valuesOf(c, 1)).toEqual(valuesOf(c, 2));
    expect(valuesOf(c, 3)).toEqual(valuesOf(c, 2));
  });

  test("a leader epoch without records is an epoch too: a follower that only noted it goes on where it is (KAFKA-7415)", () => {
    const c = new ReplicaWorld();
    c.produce(1);
    c.settle();
    c.isolate(2);
    c.change({ leader: 2 });
    c.tell(2);
    c.change({ leader: 1 });
    c.rejoin(2);
    c.tellAll();
    c.produce(1);
    c.runFor(seconds(3));
    expect(c.events("LogTruncated")).toEqual([]);
    expect(valuesOf(c, 2)).toEqual(valuesOf(c, 1));
    expect(c.partition(2).replica.log.epochs.entries()).toEqual([
      { epoch: 0, startOffset: 0 },
      { epoch: 2, startOffset: 1 },
    ]);
  });

  test("the leader does not take a fetch that must be cut for progress of the follower", () => {
    const c = new ReplicaWorld();
    c.produce(1);
    c.settle();
    c.isolate(3);
    c.produce(1, { acks: 1 });
    c.runFor(ms(10));
    const sent = c.fetchAs(3, 1, 5, { lastFetchedEpoch: 0 });
    c.runFor(ms(10));
    expect(c.fetched(sent)).toMatchObject({ errorCode: "NONE", divergingEpoch: { epoch: 0, endOffset: 2 }, records: [] });
    expect(c.partition(1).leading?.follower(3)?.logEndOffset).toBe(1);
  });

  test("out of the leader's range: it asks for the leader's end, and cuts there (2.6)", () => {
    // Without KAFKA-7415 a leader that lost its disk and has written nothing knows no epoch to answer with.
    const c = new ReplicaWorld({ brokers: 2, dials: { "replication.persistEpochOnBecomeLeader": false } });
    c.produce(1, { count: 3 });
    c.settle();
    c.world.crash("broker-1");
    c.world.wipe("broker-1");
    c.restart(1);
    c.change({ leader: 1, isr: [1] });
    c.tell(1, 2);
    c.runFor(seconds(5));
    expect(c.offsets(2)).toEqual({ leo: 0, hw: 0 });
    c.produce(1);
    c.runFor(seconds(2));
    expect(valuesOf(c, 2)).toEqual(valuesOf(c, 1));
  });
});

describe("epochs between leader and follower (replication 2.4)", () => {
  test("a follower ahead of its leader waits for it", () => {
    const c = new ReplicaWorld();
    c.change({ leader: 1 });
    c.tell(2, 3);
    c.produce(1, { acks: 1 });
    c.runFor(seconds(3));
    expect(c.offsets(2).leo).toBe(0);
    c.tell(1);
    c.runFor(seconds(2));
    expect(c.offsets(2)).toEqual({ leo: 1, hw: 1 });
  });

  test("a follower behind its leader stops until it hears more", () => {
    const c = new ReplicaWorld();
    c.change({ leader: 1 });
    c.tell(1);
    c.produce(1, { acks: 1 });
    c.runFor(seconds(100));
    expect(c.offsets(2).leo).toBe(0);
    c.tell(2);
    c.runFor(seconds(1));
    expect(c.offsets(2).leo).toBe(1);
  });

  test("without replication.fetchEpochFencing a follower copies from a leader of any epoch (before KIP-320)", () => {
    const c = new ReplicaWorld({ dials: { "replication.fetchEpochFencing": false } });
    c.change({ leader: 1 });
    c.tell(2, 3);
    c.produce(1, { acks: 1 });
    c.runFor(seconds(1));
    expect(c.offsets(2).leo).toBe(1);
  });

  test("an answer that comes when the state has changed meanwhile is not used", () => {
    const c = new ReplicaWorld();
    c.settle();
    c.world.clog("broker-1", "broker-2");
    c.produce(1, { acks: 1 });
    c.settle();
    // The answer with the record is under way. 2 leads for a moment and writes a record of its own there.
    c.change({ leader: 2, isr: [2, 3] });
    c.tell(2);
    c.produce(2, { acks: 1 });
    c.runFor(ms(5));
    c.world.unclog("broker-1", "broker-2");
    c.runFor(ms(50));
    expect(
      c
        .partition(2)
        .replica.log.batches()
        .map(({ partitionLeaderEpoch }) => partitionLeaderEpoch),
    ).toEqual([1]);
  });
});
