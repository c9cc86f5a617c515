import { describe, expect, test } from "vitest";
import { forkOf } from "../../src/sim/fork.ts";
import { GroupHistory, owned } from "./group-history.ts";
import { failOver } from "./history.ts";

type Contract = Parameters<typeof owned>[1];

/** billing-1 is expired; billing-2 owns orders-0 in generation 2. */
function takenOver(history: GroupHistory): GroupHistory {
  return history
    .added("billing-2")
    .removed("m-billing-1")
    .rebalance("billing-2")
    .lost("billing-1", [0], [], { generation: 1 })
    .assigned("billing-2", [0]);
}

describe("ProcessedAtLeastOnce (failures.md 1.4; Jepsen unseen, lost-write)", () => {
  /** Auto-commit while workers have the records, and a crash (auto-commit-async-processing-loss). */
  const crashed = (contract: Contract) => {
    const history = owned(10, contract).polls("billing-1", 0, 10).committed("billing-1", 10).processes("billing-1", 0, 4);
    history.node("ProcessCrashed", "billing-1");
    return takenOver(history).goesOnAt("billing-2", 10);
  };

  test("what was committed and never processed is left out, where the application commits after processing or relies on it", () => {
    expect(crashed({ reliesOn: ["ProcessedAtLeastOnce"] }).end()).toEqual([
      "CommittedNeverAheadOfProcessed",
      "ProcessedAtLeastOnce",
    ]);
    expect(crashed({ delivery: undefined, reliesOn: ["ProcessedAtLeastOnce"] }).end()).toEqual(["ProcessedAtLeastOnce"]);
    expect(crashed({ delivery: undefined }).end()).toEqual([]);
    expect(crashed({ delivery: "at-most-once" }).end()).toEqual([]);
    expect(crashed({ delivery: undefined }).numbers()).toMatchObject({ processedOnce: 4, skipped: 6, unprocessed: 0 });
  });

  test("the violation says which records, and what went past them", () => {
    const history = crashed({ delivery: undefined, reliesOn: ["ProcessedAtLeastOnce"] });
    history.end();
    const [violation] = history.checker.violations;
    expect(violation?.message).toBe("orders-0: group billing left out 6 records from offset 4 on, that it could have had");
    expect(violation?.facts.map(({ text }) => text)).toEqual([
      "orders-0: the record at offset 4 was committed",
      "orders-0: group billing committed offset 10",
    ]);
  });

  test("what the owner has in hand, and what it has not come to, waits", () => {
    const history = owned(10, { delivery: undefined, reliesOn: ["ProcessedAtLeastOnce"] }).polls("billing-1", 0, 6);
    history.committed("billing-1", 6).processes("billing-1", 0, 4);
    expect(history.end()).toEqual([]);
    expect(history.numbers()).toMatchObject({ processedOnce: 4, skipped: 0, unprocessed: 6 });
  });

  test("a record that a zombie has processed is processed", () => {
    const history = crashed({ delivery: undefined, reliesOn: ["ProcessedAtLeastOnce"] });
    expect(history.processes("billing-1", 4, 10, { generation: 1 }).end()).toEqual([]);
  });

  test("what was there before the group began with `latest` is not owed", () => {
    const history = new GroupHistory({ resetPolicy: "latest", reliesOn: ["ProcessedAtLeastOnce"] }).log(10).coordinator(1, 0);
    history.stable("billing-1").assigned("billing-1", [0]).resets("billing-1", 0, 7).processes("billing-1", 7, 9);
    expect(history.committed("billing-1", 9).end()).toEqual([]);
    expect(history.numbers()).toMatchObject({ processedOnce: 2, skipped: 0, unprocessed: 1 });
  });

  test("what a later reset to `latest` goes past is skipped, and excused unless it is relied on", () => {
    const reset = (reliesOn: readonly string[]) =>
      owned(10, { resetPolicy: "latest", reliesOn }).processes("billing-1", 0, 3).resets("billing-1", 3, 8, "out-of-range");
    expect(reset([]).end()).toEqual([]);
    expect(reset([]).numbers()).toMatchObject({ skipped: 5, unprocessed: 2 });
    expect(reset(["ProcessedAtLeastOnce"]).end()).toEqual(["ProcessedAtLeastOnce"]);
  });

  test("KIP-1327: a partition that is younger than the group is owed from its beginning", () => {
    const history = owned(5, { resetPolicy: "latest", reliesOn: ["ProcessedAtLeastOnce"] }).processes("billing-1", 0, 5);
    history.log(5, [], 1).assigned("billing-1", [1], [0, 1]).resets("billing-1", 0, 5, "initial", 1);
    expect(history.end()).toEqual(["ProcessedAtLeastOnce"]);
    expect(history.numbers().skipped).toBe(5);
  });

  test("what retention has deleted before it was read is skipped, and excused unless it is relied on", () => {
    const overtaken = (reliesOn: readonly string[]) =>
      owned(10, { reliesOn }).processes("billing-1", 0, 2).logStart(1, 6).resets("billing-1", 2, 6, "out-of-range");
    expect(overtaken([]).end()).toEqual([]);
    expect(overtaken([]).numbers()).toMatchObject({ skipped: 4, unprocessed: 4 });
    const relied = overtaken(["ProcessedAtLeastOnce"]);
    expect(relied.end()).toEqual(["ProcessedAtLeastOnce"]);
    expect(relied.checker.violations[0]?.message).toContain("retention");
  });

  test("a follower that has deleted old records by itself may become the leader", () => {
    const history = owned(10)
      .processes("billing-1", 0, 2)
      .highWatermark(2, 10, "follower")
      .logStart(2, 6)
      .node("ProcessCrashed", "broker-1");
    history.decide({ leader: 2, isr: [2, 3] }).becomesLeader(2, 1, 10, [2, 3]);
    history.resets("billing-1", 2, 6, "out-of-range").processes("billing-1", 6, 10).committed("billing-1", 10);
    expect(history.end()).toEqual([]);
    expect(history.numbers()).toMatchObject({ skipped: 4, unprocessed: 0 });
  });

  test("what was given up is neither processed nor skipped", () => {
    const history = owned(3)
      .processes("billing-1", 0, 1)
      .givesUp("billing-1", 1)
      .processes("billing-1", 2, 3)
      .committed("billing-1", 3);
    expect(history.end()).toEqual([]);
    expect(history.numbers()).toMatchObject({ processedOnce: 2, givenUp: 1, skipped: 0, unprocessed: 0 });
  });

  test("compaction takes records that nobody needs to see", () => {
    const history = owned(10, { reliesOn: ["ProcessedAtLeastOnce"] });
    const compacted = { kind: "LogCompacted", topic: "orders", partition: 0, broker: 1, cleanTo: 6, removedRecords: 5 } as const;
    history.tell("broker-1", compacted).processes("billing-1", 5, 10).committed("billing-1", 10);
    expect(history.end()).toEqual([]);
    expect(history.numbers()).toMatchObject({ processedOnce: 5, skipped: 0 });
  });

  test("KIP-320: records that came into a log that was cut, below where the group went on, are left out", () => {
    const cut = (offset: number) => {
      const history = owned(10).processes("billing-1", 0, 10).committed("billing-1", 10);
      failOver(history.truncates(2, 10, 6));
      for (let at = 6; at < 12; at++) history.grow(at, 1);
      return takenOver(history).goesOnAt("billing-2", offset).processes("billing-2", offset, 12).committed("billing-2", 12).end();
    };
    expect(cut(10)).toContain("ProcessedAtLeastOnce");
    expect(cut(6)).not.toContain("ProcessedAtLeastOnce");
  });

  test("KIP-320: so are they if who has read there before the cut reads on", () => {
    const cut = () => {
      const history = owned(10).polls("billing-1", 0, 10).processes("billing-1", 0, 10).committed("billing-1", 10);
      failOver(history.truncates(2, 10, 6));
      for (let at = 6; at < 12; at++) history.grow(at, 1);
      return history;
    };
    const unaware = cut().polls("billing-1", 10, 12).processes("billing-1", 10, 12).committed("billing-1", 12);
    expect(unaware.end()).toContain("ProcessedAtLeastOnce");
    expect(unaware.numbers()).toMatchObject({ skipped: 4, unprocessed: 0 });
    const aware = cut().resets("billing-1", 10, 6, "truncation").polls("billing-1", 6, 12);
    expect(aware.processes("billing-1", 6, 8).committed("billing-1", 12).end()).not.toContain("ProcessedAtLeastOnce");
    expect(aware.numbers()).toMatchObject({ skipped: 0, unprocessed: 4 });
  });
});

describe("PerKeyOrder (failures.md 1.4)", () => {
  const keyed = (contract: Contract = {}) => {
    const history = owned(0, contract);
    return history.log(6, ["a", "b"], 0, 0);
  };

  test("a member that works on one partition out of its order breaks it", () => {
    const history = keyed().processes("billing-1", 2, 3).processes("billing-1", 0, 1);
    expect(history.end()).toEqual(["PerKeyOrder"]);
    expect(history.numbers().outOfOrder).toBe(1);
  });

  test("between different keys, or without keys, there is no order", () => {
    expect(keyed().processes("billing-1", 1, 2).processes("billing-1", 0, 1).end()).toEqual([]);
    expect(owned(6).processes("billing-1", 2, 3).processes("billing-1", 0, 1).end()).toEqual([]);
  });

  test("reading again after a rebalance is no disorder; what a zombie finishes late is counted, and excused unless it is relied on", () => {
    const again = takenOver(keyed().processes("billing-1", 0, 6))
      .goesOnAt("billing-2", 0)
      .processes("billing-2", 0, 6);
    expect(again.end()).toEqual([]);
    expect(again.numbers()).toMatchObject({ outOfOrder: 0, processedAgain: 6 });
    const zombie = (reliesOn: readonly string[]) =>
      takenOver(keyed({ reliesOn, delivery: undefined }).processes("billing-1", 0, 2))
        .goesOnAt("billing-2", 4)
        .processes("billing-2", 4, 6)
        .processes("billing-1", 2, 4, { generation: 1 });
    expect(zombie([]).end()).toEqual([]);
    expect(zombie([]).numbers().outOfOrder).toBe(2);
    expect(zombie(["PerKeyOrder"]).end()).toEqual(["PerKeyOrder"]);
  });

  test("a key that moves to a new partition is overtaken there, by design: counted, and judged where it is relied on", () => {
    const expanded = (reliesOn: readonly string[]) =>
      owned(0, { reliesOn })
        .log(2, ["a"], 0, 0)
        .log(2, ["a"], 1)
        .assigned("billing-1", [1], [0, 1])
        .resets("billing-1", 0, 0, "initial", 1)
        .processes("billing-1", 0, 1, { partition: 1 })
        .processes("billing-1", 0, 1);
    expect(expanded([]).end()).toEqual([]);
    expect(expanded([]).numbers().outOfOrder).toBe(1);
    expect(expanded(["PerKeyOrder"]).end()).toEqual(["PerKeyOrder"]);
  });
});

describe("ExactlyOnceEffects", () => {
  const twice = (reliesOn: readonly string[]) =>
    takenOver(owned(10, { reliesOn }).processes("billing-1", 0, 10))
      .resets("billing-2", 0, 0)
      .processes("billing-2", 0, 10);

  test("a second effect of a record breaks it, only where the application relies on it (commit-after-process-duplicate)", () => {
    expect(twice(["ExactlyOnceEffects"]).end()).toEqual(["ExactlyOnceEffects"]);
    expect(twice([]).end()).toEqual([]);
    expect(twice([]).numbers()).toMatchObject({ processedOnce: 10, processedAgain: 10 });
  });

  test("so does a record without any that the group has gone past", () => {
    const history = owned(10, { delivery: "at-most-once", reliesOn: ["ExactlyOnceEffects"] }).committed("billing-1", 10);
    expect(history.node("ProcessCrashed", "billing-1").end()).toEqual(["ExactlyOnceEffects"]);
  });

  test("one effect each is what it asks for", () => {
    expect(
      owned(10, { reliesOn: ["ExactlyOnceEffects"] })
        .processes("billing-1", 0, 10)
        .end(),
    ).toEqual([]);
  });
});

describe("what became of the records of a group", () => {
  test("ownership is told by partition and time, with how it ended", () => {
    const history = takenOver(owned());
    const [first, second] = history.numbers().ownership;
    expect(first).toMatchObject({ client: "billing-1", generation: 1, end: "lost" });
    expect(second).toMatchObject({ client: "billing-2", generation: 2, toUs: undefined, end: undefined });
    expect(history.numbers().rebalances).toBe(1);
  });

  test("the time without an owner counts from the first assignment, up to now", () => {
    const history = owned()
      .revoked("billing-1", [0])
      .wait(4_000_000)
      .assigned("billing-1", [0])
      .wait(1_000_000)
      .revoked("billing-1", [0]);
    expect(history.numbers().ownerlessUs).toBe(4_001_000);
    history.wait(2_000_000).sent(1);
    expect(history.numbers().ownerlessUs).toBe(6_002_000);
  });

  test("a partition that was there and that nobody was ever given is without an owner since the group began", () => {
    const history = owned(0).log(1, [], 0, 0);
    expect(history.numbers().ownerlessUs).toBe(0);
    const two = new GroupHistory().log(1).log(1, [], 1).coordinator(1, 0).stable("billing-1");
    expect(two.assigned("billing-1", [0]).wait(1_000_000).sent(1).numbers().ownerlessUs).toBe(1_001_000);
  });

  test("lag is what lies between what is committed and the end, once a second", () => {
    const history = owned(10).processes("billing-1", 0, 4).wait(1_000_000).committed("billing-1", 4).wait(1_000_000).sent(1);
    history.wait(1_000_000).committed("billing-1", 10).sent(2).end();
    const { lag } = history.numbers();
    expect(lag.highest).toBe(6);
    expect(lag.atEnd).toBe(0);
    expect(lag.samples.map(({ records }) => records)).toEqual([6, 6, 0, 0]);
  });

  test("a topic that is made anew under the same name begins with other records", () => {
    const history = owned(4).processes("billing-1", 0, 4);
    history.tell("controller-3001", { kind: "TopicCreated", topic: "orders", topicId: "a", metadataOffset: 1_000 });
    history.tell("controller-3001", { kind: "TopicCreated", topic: "orders", topicId: "b", metadataOffset: 1_001 });
    history.processes("billing-1", 0, 2);
    expect(history.numbers()).toMatchObject({ processedOnce: 6, processedAgain: 0 });
  });

  test("a forked checker counts on by itself", () => {
    const history = owned(10).processes("billing-1", 0, 4);
    const fork = forkOf(history.checker);
    history.processes("billing-1", 4, 8);
    expect(fork.groups[0]).toMatchObject({ processedOnce: 4, unprocessed: 6 });
    expect(history.numbers()).toMatchObject({ processedOnce: 8, unprocessed: 2 });
  });

  test("a group that nobody has described is not followed", () => {
    expect(owned(3, { group: "others" }).checker.groups).toMatchObject([{ group: "others", processedOnce: 0 }]);
  });
});
