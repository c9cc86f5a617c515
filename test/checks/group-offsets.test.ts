import { describe, expect, test } from "vitest";
import { type GroupHistory, owned } from "./group-history.ts";
import { failOver } from "./history.ts";

const MINUTE = 60_000_000;

/** billing-1 has processed and committed `to` of ten records. */
function committed(to = 5, contract: Parameters<typeof owned>[1] = {}): GroupHistory {
  return owned(10, contract).processes("billing-1", 0, to).committed("billing-1", to);
}

/** billing-2 is the owner instead, in generation 2, and goes on at `offset`. */
function takenOver(history: GroupHistory, offset: number): GroupHistory {
  return history
    .added("billing-2")
    .removed("m-billing-1")
    .rebalance("billing-2")
    .lost("billing-1", [0], [], { generation: 1 })
    .assigned("billing-2", [0])
    .goesOnAt("billing-2", offset);
}

describe("CommittedOffsetMonotonic (failures.md 1.4)", () => {
  test("a commit of an older generation that goes back breaks it", () => {
    const history = takenOver(committed(5), 5).processes("billing-2", 5, 8).committed("billing-2", 8);
    expect(history.committed("billing-1", 5, { generation: 1 }).end()).toContain("CommittedOffsetMonotonic");
  });

  test("so does a member that goes back behind where it began", () => {
    const history = takenOver(committed(5), 5).processes("billing-2", 5, 8).committed("billing-2", 8);
    expect(history.committed("billing-2", 4).end()).toEqual(["CommittedOffsetMonotonic"]);
  });

  test("and one that was never told where to go on, whether it owns the partition or not", () => {
    const history = takenOver(committed(5), 5).processes("billing-2", 5, 8).committed("billing-2", 8);
    const owner = history.assigned("billing-3", [0]);
    expect(owner.committed("billing-3", 6).end()).toContain("CommittedOffsetMonotonic");
    const nobody = takenOver(committed(5), 5).processes("billing-2", 5, 8).committed("billing-2", 8);
    expect(nobody.committed("billing-3", 6).end()).toEqual(["CommittedOffsetMonotonic"]);
  });

  test("a member that was told to go on at a lower offset may commit from there", () => {
    const sought = committed(8).goesOnAt("billing-1", 2, "seek");
    expect(sought.committed("billing-1", 3).end()).toEqual([]);
    const reset = committed(8).resets("billing-1", 8, 2, "initial");
    expect(reset.committed("billing-1", 3).end()).toEqual([]);
  });

  test("the same offset again, a higher one, and an operator who puts it back are legal", () => {
    expect(committed(5).committed("billing-1", 5).processes("billing-1", 5, 7).committed("billing-1", 7).end()).toEqual([]);
    expect(committed(5).committed("", 1, { member: "", generation: -1 }).end()).toEqual([]);
  });

  test("where the log was cut, it may follow", () => {
    const history = committed(8);
    failOver(history.truncates(2, 10, 6));
    history.resets("billing-1", 8, 6, "truncation");
    expect(history.committed("billing-1", 6).end()).not.toContain("CommittedOffsetMonotonic");
  });

  test("what a replaced coordinator takes in does not count", () => {
    const history = committed(8).coordinator(2, 1).committed("billing-1", 3, {}, 1);
    expect(history.end()).toEqual([]);
    expect(history.checker.ghost.groups.byId.get("billing")?.known("orders", 0)?.committed.offset).toBe(8);
  });
});

describe("CommittedOffsetDurable (KIP-211)", () => {
  const empty = (history: GroupHistory): GroupHistory =>
    history.revoked("billing-1", [0]).removed("m-billing-1", "left").group("Empty", 2);

  test("an offset that is removed while the group is subscribed to the topic breaks it, however long that has lasted", () => {
    const history = owned(10)
      .target(1, { "m-billing-1": [0] })
      .processes("billing-1", 0, 5)
      .committed("billing-1", 5);
    expect(
      history
        .wait(3 * MINUTE)
        .offsetRemoved(5, "expired", "Stable")
        .end(),
    ).toEqual(["CommittedOffsetDurable"]);
  });

  test("KAFKA-8069: one that is removed as soon as the group is empty breaks it; after the retention it is legal", () => {
    expect(empty(committed()).offsetRemoved(5, "expired", "Empty").end()).toEqual(["CommittedOffsetDurable"]);
    expect(
      empty(committed())
        .wait(2 * MINUTE)
        .offsetRemoved(5, "expired", "Empty")
        .end(),
    ).toEqual([]);
  });

  test("KAFKA-8069: a commit long ago does not help when the group has been empty for a moment only", () => {
    const history = empty(committed().wait(5 * MINUTE)).coordinator(2, 1);
    expect(history.wait(1_000_000).group("Empty", 2, 2).end()).toEqual([]);
    const removed = empty(committed().wait(5 * MINUTE)).wait(1_000_000);
    expect(removed.offsetRemoved(5, "expired", "Empty").end()).toEqual(["CommittedOffsetDurable"]);
  });

  test("what a group is not subscribed to any more may expire while it lives", () => {
    const history = committed().target(1, { "m-billing-1": [] }, "range", ["payments"]);
    expect(
      history
        .wait(2 * MINUTE)
        .offsetRemoved(5, "expired", "Stable")
        .end(),
    ).toEqual([]);
  });

  test("an offset goes with its topic, and only with it", () => {
    expect(committed().offsetRemoved(5, "topic-deleted", "Stable").end()).toEqual(["CommittedOffsetDurable"]);
    const history = committed();
    history.tell("controller-3001", { kind: "TopicCreated", topic: "orders", topicId: "id", metadataOffset: 1_000 });
    history.tell("controller-3001", { kind: "TopicDeleted", topic: "orders", metadataOffset: 1_001 });
    expect(history.offsetRemoved(5, "topic-deleted", "Stable").end()).toEqual([]);
  });

  test("a new owner that begins below what was committed, or as if there were nothing, breaks it", () => {
    expect(takenOver(committed(5), 3).end()).toEqual(["CommittedOffsetDurable"]);
    const history = committed(5).added("billing-2").removed("m-billing-1").rebalance("billing-2").lost("billing-1", [0]);
    expect(history.assigned("billing-2", [0]).resets("billing-2", 0, 0).end()).toEqual(["CommittedOffsetDurable"]);
  });

  test("one that begins where it was committed, or below a commit that was made since, is right", () => {
    expect(takenOver(committed(5), 5).end()).toEqual([]);
    const late = committed(5).added("billing-2").removed("m-billing-1").rebalance("billing-2").assigned("billing-2", [0]);
    late.committed("", 7, { member: "", generation: -1 });
    expect(late.goesOnAt("billing-2", 5).end()).toEqual([]);
  });

  test("a member that has been expired, and does not know, may be told something old", () => {
    const history = takenOver(committed(5), 5).processes("billing-2", 5, 8).committed("billing-2", 8);
    expect(
      history.assigned("billing-1", [0], [0], { generation: 1 }).goesOnAt("billing-1", 5, "committed", { generation: 1 }).end(),
    ).toEqual([]);
  });

  test("an application that is told of a commit that there never was breaks it", () => {
    expect(committed(5).told("billing-1", 6).end()).toEqual(["CommittedOffsetDurable"]);
    expect(committed(5).told("billing-1", 5).end()).toEqual([]);
    expect(committed(5).told("billing-1", 3).end()).toEqual([]);
  });

  test("a commit that a replaced coordinator had finished counts", () => {
    const history = committed(5).processes("billing-1", 5, 7).coordinator(2, 1).committed("billing-1", 7, {}, 1);
    expect(history.told("billing-1", 7).end()).toEqual([]);
  });

  test("when the coordinator's log has lost committed records nothing of it is promised, unless it is relied on", () => {
    const lost = (reliesOn: readonly string[]) => {
      const history = committed(5, { reliesOn });
      offsetsLogIsCut(history);
      return history
        .added("billing-2", "m-billing-2", null, 2)
        .group("PreparingRebalance", 1, 2)
        .group("CompletingRebalance", 1, 2)
        .joins("billing-2")
        .group("Stable", 1, 2)
        .assigned("billing-2", [0])
        .goesOnAt("billing-2", 2);
    };
    expect(lost([]).end()).not.toContain("CommittedOffsetDurable");
    expect(lost(["CommittedOffsetDurable"]).end()).toContain("CommittedOffsetDurable");
  });
});

/** Broker 2 takes over __consumer_offsets-0 without what broker 1 had committed there. */
function offsetsLogIsCut(history: GroupHistory): void {
  const at = { topic: "__consumer_offsets", partition: 0 };
  const { state, stored } = history;
  const batch = stored.get(0)?.[0];
  if (state === undefined || batch === undefined) throw new Error("the history has no log");
  history.tell("controller-3001", { ...state, ...at, metadataOffset: 500, isr: [1], leader: 1 });
  const leads = { kind: "BecameLeader", partitionEpoch: 0, epochStartOffset: 0, highWatermark: 0 } as const;
  history.tell("broker-1", { ...leads, ...at, broker: 1, leaderEpoch: 0, isr: [1] });
  history.tell("broker-1", { kind: "RecordsAppended", ...at, broker: 1, role: "leader", leaderEpoch: 0, batch });
  history.tell("broker-1", { kind: "HighWatermarkAdvanced", ...at, broker: 1, role: "leader", leaderEpoch: 0, from: 0, to: 1 });
  history.node("PowerLost", "broker-1");
  history.tell("controller-3001", { ...state, ...at, metadataOffset: 501, isr: [2], leader: 2, leaderEpoch: 1 });
  history.tell("broker-2", { ...leads, ...at, broker: 2, leaderEpoch: 1, isr: [2] });
  history.coordinator(2, 1);
}

describe("CommittedNeverAheadOfProcessed (Jepsen committed-too-far)", () => {
  test("a commit beyond a record that is not processed breaks it", () => {
    expect(owned().processes("billing-1", 0, 4).committed("billing-1", 6).end()).toContain("CommittedNeverAheadOfProcessed");
    const gap = owned().processes("billing-1", 0, 2).processes("billing-1", 3, 6);
    expect(gap.committed("billing-1", 6).end()).toContain("CommittedNeverAheadOfProcessed");
  });

  test("a commit of what is processed, or was given up, is right", () => {
    expect(owned().processes("billing-1", 0, 4).committed("billing-1", 4).end()).toEqual([]);
    const poison = owned().processes("billing-1", 0, 4).givesUp("billing-1", 4).processes("billing-1", 5, 6);
    expect(poison.committed("billing-1", 6).end()).toEqual([]);
  });

  test("who commits before processing, or leaves it to auto-commit and workers, is ahead by its own will, unless it relies on it", () => {
    const ahead = (contract: Parameters<typeof owned>[1]) =>
      owned(10, contract).polls("billing-1", 0, 10).committed("billing-1", 10).processes("billing-1", 0, 4).end();
    expect(ahead({ delivery: "at-most-once" })).toEqual([]);
    expect(ahead({ delivery: undefined })).toEqual([]);
    expect(ahead({ delivery: undefined, reliesOn: ["CommittedNeverAheadOfProcessed"] })).toEqual([
      "CommittedNeverAheadOfProcessed",
    ]);
  });

  test("what retention has taken, a seek, and the reset policy went past is not ahead", () => {
    const retained = owned().logStart(1, 6).resets("billing-1", 0, 6, "out-of-range").processes("billing-1", 6, 8);
    expect(retained.committed("billing-1", 8).end()).toEqual([]);
    const sought = owned().goesOnAt("billing-1", 5, "seek").processes("billing-1", 5, 8);
    expect(sought.committed("billing-1", 8).end()).toEqual([]);
  });
});
