/** The examples that Kafka's own documentation of its assignors works out, and those of the bugs that they had. */
import { describe, expect, test } from "vitest";
import { ASSIGNORS, assignorNamed } from "../../../../src/kafka/consumer/assignors/assignors.ts";
import { member, named, racked, shares, topics } from "./group.ts";

const range = named("range");
const roundRobin = named("roundrobin");
const sticky = named("sticky");
const cooperative = named("cooperative-sticky");

test("the assignors are known by the names that members agree on; only one is cooperative", () => {
  expect([...ASSIGNORS.values()].map(({ name, rebalanceProtocol }) => [name, rebalanceProtocol])).toEqual([
    ["range", "EAGER"],
    ["roundrobin", "EAGER"],
    ["sticky", "EAGER"],
    ["cooperative-sticky", "COOPERATIVE"],
  ]);
  expect(assignorNamed("uniform")).toBeUndefined();
});

describe.each([...ASSIGNORS.values()])("$name", (assignor) => {
  test("a topic that does not exist gives nobody anything, nor does one that nobody wants", () => {
    expect(shares(assignor, [member("C0", "gone")], topics({ t0: 3 }))).toEqual({ C0: "" });
  });

  test("with more members than partitions some get nothing", () => {
    expect(shares(assignor, [member("C0", "t0"), member("C1", "t0")], topics({ t0: 1 }))).toEqual({ C0: "t0p0", C1: "" });
  });
});

describe("range", () => {
  const two = topics({ t0: 3, t1: 3 });

  test("two members and two topics of three partitions: the first gets two of each (RangeAssignor)", () => {
    expect(shares(range, [member("C1", "t0 t1"), member("C0", "t0 t1")], two)).toEqual({
      C0: "t0p0 t0p1 t1p0 t1p1",
      C1: "t0p2 t1p2",
    });
  });

  test("static members are ordered by instance id, before dynamic ones, whatever their member ids (KIP-345)", () => {
    const members = [member("C3", "t0 t1", { instance: "I0" }), member("C2", "t0 t1", { instance: "I1" }), member("A", "t0 t1")];
    expect(shares(range, members, two)).toEqual({ C3: "t0p0 t1p0", C2: "t0p1 t1p1", A: "t0p2 t1p2" });
  });

  test("each topic is divided among its own subscribers", () => {
    const members = [member("C0", "t0"), member("C1", "t0 t1"), member("C2", "t0")];
    expect(shares(range, members, topics({ t0: 3, t1: 2 }))).toEqual({ C0: "t0p0", C1: "t0p1 t1p0 t1p1", C2: "t0p2" });
  });

  test("where racks matter, members get what is near, within the same quotas (KIP-881)", () => {
    const members = [member("C0", "t0", { rack: "a" }), member("C1", "t0", { rack: "b" }), member("C2", "t0", { rack: "c" })];
    expect(shares(range, members, [racked("t0", "c b a c b a")])).toEqual({ C0: "t0p2 t0p5", C1: "t0p1 t0p4", C2: "t0p0 t0p3" });
  });

  test("what is near to nobody is dealt out as ever", () => {
    const members = [member("C0", "t0", { rack: "a" }), member("C1", "t0", { rack: "b" })];
    expect(shares(range, members, [racked("t0", "b z a z")])).toEqual({ C0: "t0p1 t0p2", C1: "t0p0 t0p3" });
  });

  test("racks are not looked at where every partition is in all of them, nor where no member is in one of them", () => {
    const near = [member("C0", "t0", { rack: "b" }), member("C1", "t0", { rack: "a" })];
    expect(shares(range, near, [racked("t0", "ab ba")])).toEqual({ C0: "t0p0", C1: "t0p1" });
    const far = [member("C0", "t0", { rack: "y" }), member("C1", "t0", { rack: "z" })];
    expect(shares(range, far, [racked("t0", "a b")])).toEqual({ C0: "t0p0", C1: "t0p1" });
  });

  test("topics with equally many partitions and the same subscribers stay co-partitioned: that goes before racks", () => {
    const members = [member("C0", "t0 t1", { rack: "a" }), member("C1", "t0 t1", { rack: "b" })];
    const alike = [racked("t0", "b a"), racked("t1", "b a")];
    expect(shares(range, members, alike)).toEqual({ C0: "t0p1 t1p1", C1: "t0p0 t1p0" });
    // Taken alone, t1 would go the other way round than t0.
    const contrary = [racked("t0", "b a"), racked("t1", "a b")];
    expect(shares(range, members, contrary)).toEqual({ C0: "t0p0 t1p0", C1: "t0p1 t1p1" });
  });
});

describe("roundrobin", () => {
  test("two members and two topics of three partitions (RoundRobinAssignor)", () => {
    const members = [member("C0", "t0 t1"), member("C1", "t0 t1")];
    expect(shares(roundRobin, members, topics({ t0: 3, t1: 3 }))).toEqual({ C0: "t0p0 t0p2 t1p1", C1: "t0p1 t1p0 t1p2" });
  });

  test("who does not subscribe is passed over, which can be uneven", () => {
    const members = [member("C0", "t0"), member("C1", "t0 t1"), member("C2", "t0 t1 t2")];
    const expected = { C0: "t0p0", C1: "t1p0", C2: "t1p1 t2p0 t2p1 t2p2" };
    expect(shares(roundRobin, members, topics({ t0: 1, t1: 2, t2: 3 }))).toEqual(expected);
  });

  test("static members keep their places when their member ids change", () => {
    const before = ["C0", "C1", "C2"].map((id, i) => member(id, "t0 t1", { instance: `I${i}` }));
    const after = ["C5", "C3", "C4"].map((id, i) => member(id, "t0 t1", { instance: `I${i}` }));
    expect(shares(roundRobin, before, topics({ t0: 3, t1: 3 }))).toEqual({ C0: "t0p0 t1p0", C1: "t0p1 t1p1", C2: "t0p2 t1p2" });
    expect(shares(roundRobin, after, topics({ t0: 3, t1: 3 }))).toEqual({ C5: "t0p0 t1p0", C3: "t0p1 t1p1", C4: "t0p2 t1p2" });
  });
});

describe("sticky", () => {
  const four = topics({ t0: 2, t1: 2, t2: 2, t3: 2 });
  const all = "t0 t1 t2 t3";

  test("a fresh group gets what round robin would give it (StickyAssignor, example 1)", () => {
    const members = ["C0", "C1", "C2"].map((id) => member(id, all));
    expect(shares(sticky, members, four)).toEqual({ C0: "t0p0 t1p1 t3p0", C1: "t0p1 t2p0 t3p1", C2: "t1p0 t2p1" });
  });

  test("when a member leaves, only what it had moves (example 1)", () => {
    const left = [
      member("C0", all, { owns: "t0p0 t1p1 t3p0", generation: 1 }),
      member("C2", all, { owns: "t1p0 t2p1", generation: 1 }),
    ];
    // The example, written for an older way of dealing out what is free, gives t2p0 to C0 and t0p1 to C2.
    expect(shares(sticky, left, four)).toEqual({ C0: "t0p0 t0p1 t1p1 t3p0", C2: "t1p0 t2p0 t2p1 t3p1" });
  });

  test("different subscriptions: as even as they allow (example 2)", () => {
    const members = [member("C0", "t0"), member("C1", "t0 t1"), member("C2", "t0 t1 t2")];
    expect(shares(sticky, members, topics({ t0: 1, t1: 2, t2: 3 }))).toEqual({
      C0: "t0p0",
      C1: "t1p0 t1p1",
      C2: "t2p0 t2p1 t2p2",
    });
  });

  test("different subscriptions: when a member leaves, the others keep what they have (example 2)", () => {
    const members = [
      member("C1", "t0 t1", { owns: "t1p0 t1p1", generation: 1 }),
      member("C2", "t0 t1 t2", { owns: "t2p0 t2p1 t2p2", generation: 1 }),
    ];
    expect(shares(sticky, members, topics({ t0: 1, t1: 2, t2: 3 }))).toEqual({ C1: "t0p0 t1p0 t1p1", C2: "t2p0 t2p1 t2p2" });
  });

  test("a member keeps the lowest numbers, so that what it gives up does not come from one topic alone (KAFKA-16277)", () => {
    const members = [member("C0", "t0 t1", { owns: "t0p0 t0p1 t1p0 t1p1", generation: 1 }), member("C1", "t0 t1")];
    expect(shares(sticky, members, topics({ t0: 2, t1: 2 }))).toEqual({ C0: "t0p0 t1p0", C1: "t0p1 t1p1" });
  });

  test("where racks matter, what is in the wrong one moves, and balance goes first (KIP-881)", () => {
    const members = [
      member("C0", "t0", { owns: "t0p0 t0p1", generation: 1, rack: "a" }),
      member("C1", "t0", { owns: "t0p2 t0p3", generation: 1, rack: "b" }),
    ];
    expect(shares(sticky, members, [racked("t0", "a b a b")])).toEqual({ C0: "t0p0 t0p2", C1: "t0p1 t0p3" });
    expect(shares(sticky, members, [racked("t0", "a a a b")])).toEqual({ C0: "t0p0 t0p1", C1: "t0p2 t0p3" });
  });

  test("different subscriptions and racks: near ones first, then as even as possible", () => {
    const members = [member("C0", "t0", { rack: "a" }), member("C1", "t0 t1", { rack: "b" })];
    expect(shares(sticky, members, [racked("t0", "b a"), racked("t1", "b")])).toEqual({ C0: "t0p1", C1: "t0p0 t1p0" });
  });

  test("the older generation of two claims loses, whatever the dial says: sticky members always named it (KIP-341)", () => {
    const members = [
      member("C0", "t0", { owns: "t0p0 t0p1", generation: 1 }),
      member("C1", "t0", { owns: "t0p1", generation: 2 }),
    ];
    expect(shares(sticky, members, topics({ t0: 2 }), false)).toEqual({ C0: "t0p0", C1: "t0p1" });
  });
});

describe("cooperative-sticky", () => {
  test("what moves is withheld from its new owner until the old one has given it up (KIP-429)", () => {
    const first = [member("C0", "t0", { owns: "t0p0 t0p1", generation: 1 }), member("C1", "t0")];
    expect(shares(cooperative, first, topics({ t0: 2 }))).toEqual({ C0: "t0p0", C1: "" });
    const second = [member("C0", "t0", { owns: "t0p0", generation: 2 }), member("C1", "t0", { generation: 2 })];
    expect(shares(cooperative, second, topics({ t0: 2 }))).toEqual({ C0: "t0p0", C1: "t0p1" });
  });

  test("different subscriptions: what moves is withheld, too", () => {
    const members = [member("C0", "t0 t1", { owns: "t0p0 t0p1 t1p0", generation: 1 }), member("C1", "t0", { generation: 1 })];
    expect(shares(cooperative, members, topics({ t0: 2, t1: 1 }))).toEqual({ C0: "t0p1 t1p0", C1: "" });
  });

  const t0 = topics({ t0: 4 });

  test("a member that missed a generation loses what the later one gave away (KAFKA-13419)", () => {
    const members = [
      member("A", "t0", { owns: "t0p0 t0p1", generation: 1 }),
      member("B", "t0", { owns: "t0p1 t0p2", generation: 2 }),
    ];
    expect(shares(cooperative, members, t0)).toEqual({ A: "t0p0 t0p3", B: "t0p1 t0p2" });
  });

  test("what two claim in the same generation is taken from both, and for now nobody gets it (KAFKA-12984)", () => {
    const members = [
      member("A", "t0", { owns: "t0p0 t0p1", generation: 2 }),
      member("B", "t0", { owns: "t0p1 t0p2", generation: 2 }),
    ];
    expect(shares(cooperative, members, t0)).toEqual({ A: "t0p0", B: "t0p2 t0p3" });
    const next = [member("A", "t0", { owns: "t0p0", generation: 3 }), member("B", "t0", { owns: "t0p2 t0p3", generation: 3 })];
    expect(shares(cooperative, next, t0)).toEqual({ A: "t0p0 t0p1", B: "t0p2 t0p3" });
  });

  test("before the fix both claims are trusted, and the next round sees nothing wrong with that (dial group.assignorUsesGeneration)", () => {
    const members = [
      member("A", "t0", { owns: "t0p0 t0p1", generation: 1 }),
      member("B", "t0", { owns: "t0p1 t0p2", generation: 2 }),
      member("C", "t0"),
    ];
    const both = { A: "t0p0 t0p1", B: "t0p1 t0p2", C: "t0p3" };
    expect(shares(cooperative, members, t0, false)).toEqual(both);
    const next = Object.entries(both).map(([id, owns]) => member(id, "t0", { owns, generation: 3 }));
    expect(shares(cooperative, next, t0, false)).toEqual(both);
    // With the fix the same claims come to an end: nobody keeps t0p1.
    expect(shares(cooperative, next, t0)).toEqual({ A: "t0p0", B: "t0p2", C: "t0p3" });
  });

  test("before the fix, with different subscriptions, the last claim counts", () => {
    const members = [
      member("A", "t0 t1", { owns: "t0p0 t0p1", generation: 2 }),
      member("B", "t0", { owns: "t0p1", generation: 1 }),
    ];
    const two = topics({ t0: 2, t1: 1 });
    expect(shares(cooperative, members, two, false)).toEqual({ A: "t0p0 t1p0", B: "t0p1" });
    expect(shares(cooperative, members, two)).toEqual({ A: "t0p1 t1p0", B: "" });
  });
});
