import { describe, expect, test } from "vitest";
import { GroupHistory, owned } from "./group-history.ts";

describe("GroupExclusiveOwnership (failures.md 1.4)", () => {
  test("two current members that own one partition break it", () => {
    const history = new GroupHistory().log(1).coordinator(1, 0).stable("billing-1", "billing-2").assigned("billing-1", [0]);
    expect(history.assigned("billing-2", [0]).end()).toEqual(["GroupExclusiveOwnership"]);
    const [violation] = history.checker.violations;
    expect(violation?.facts.map(({ text }) => text)).toEqual([
      "orders-0: billing-1 became its owner in generation 1",
      "orders-0: billing-2 became its owner in generation 1",
    ]);
  });

  test("a member that missed the new generation does not count: it has yet to hear of it", () => {
    const history = owned().added("billing-2").removed("m-billing-1").rebalance("billing-2");
    expect(history.assigned("billing-2", [0]).end()).toEqual([]);
  });

  test("a static member that is away keeps its seat, in the old generation, while another is given its partition", () => {
    const history = owned().added("billing-2").rebalance("billing-2");
    expect(history.assigned("billing-2", [0]).end()).toEqual([]);
  });

  test("once the first has revoked, or has died, the second may own it", () => {
    const revoked = owned().added("billing-2").revoked("billing-1", [0]).rebalance("billing-1", "billing-2");
    expect(revoked.assigned("billing-2", [0]).end()).toEqual([]);
    const died = owned().node("ProcessCrashed", "billing-1").added("billing-2").stable("billing-2");
    expect(died.assigned("billing-2", [0]).end()).toEqual([]);
  });

  test("KIP-848: a member counts in whatever epoch, until the coordinator has fenced it", () => {
    const start = () =>
      new GroupHistory({ protocol: "consumer" })
        .log(1)
        .coordinator(1, 0)
        .added("billing-1")
        .added("billing-2")
        .group("Reconciling", 2)
        .assigned("billing-1", [0], [0], { generation: 1 });
    expect(start().assigned("billing-2", [0], [0], { generation: 2 }).end()).toEqual(["GroupExclusiveOwnership"]);
    const fenced = start().removed("m-billing-1", "rebalance-timeout");
    expect(fenced.assigned("billing-2", [0], [0], { generation: 2 }).end()).toEqual([]);
  });

  test("a commit of a replaced static member, taken in while its successor owns the partition, breaks it (KIP-345)", () => {
    const replaced = () =>
      owned(10, { delivery: undefined })
        .added("billing-2", "m-billing-2", "m-billing-1")
        .joins("billing-2")
        .assigned("billing-2", [0])
        .goesOnAt("billing-2", 0);
    expect(replaced().committed("billing-1", 5).end()).toEqual(["GroupExclusiveOwnership"]);
    expect(replaced().committed("billing-2", 5).end()).toEqual([]);
  });

  test("a commit that a new coordinator found in the log and tells of late is none", () => {
    const history = owned(10, { delivery: undefined })
      .added("billing-2")
      .removed("m-billing-1", "left")
      .rebalance("billing-2")
      .coordinator(2, 1)
      .assigned("billing-2", [0]);
    expect(history.committed("billing-1", 5, { generation: 1 }, 2).end()).toEqual([]);
  });

  test("a zombie may finish its old batch, unless the application relies on it that it does not", () => {
    const zombie = (reliesOn: readonly string[]) =>
      owned(10, { reliesOn })
        .polls("billing-1", 0, 10)
        .processes("billing-1", 0, 5)
        .removed("m-billing-1")
        .added("billing-2")
        .rebalance("billing-2")
        .assigned("billing-2", [0])
        .resets("billing-2", 0, 0)
        .processes("billing-2", 0, 2)
        .processes("billing-1", 5, 6, { generation: 1 });
    expect(zombie([]).end()).toEqual([]);
    expect(zombie(["GroupExclusiveOwnership"]).end()).toEqual(["GroupExclusiveOwnership"]);
  });

  test("what a fencing token has kept out is no effect", () => {
    const history = owned(10, { reliesOn: ["GroupExclusiveOwnership", "ExactlyOnceEffects"] })
      .processes("billing-1", 0, 5)
      .removed("m-billing-1")
      .added("billing-2")
      .rebalance("billing-2")
      .assigned("billing-2", [0])
      .goesOnAt("billing-2", 0)
      .processes("billing-1", 0, 6, { generation: 1, accepted: false });
    expect(history.end()).toEqual([]);
  });

  test("a current member that goes on with what it has revoked breaks it, unless its worker threads may", () => {
    const late = (finishesOldWork: boolean) =>
      owned(10, { finishesOldWork })
        .polls("billing-1", 0, 10)
        .added("billing-2")
        .revoked("billing-1", [0])
        .rebalance("billing-1", "billing-2")
        .assigned("billing-2", [0])
        .goesOnAt("billing-2", 0)
        .processes("billing-1", 0, 1);
    expect(late(false).end()).toEqual(["GroupExclusiveOwnership"]);
    expect(late(true).end()).toEqual([]);
  });

  test("a static member that has missed a generation may own what went to another in it, until it is told what it has (KIP-345)", () => {
    const back = () =>
      owned()
        .added("billing-2")
        .rebalance("billing-2")
        .assigned("billing-2", [0])
        .rebalance("billing-1", "billing-2")
        .assigned("billing-2", [], [0]);
    expect(back().revoked("billing-1", [0]).end()).toEqual([]);
    expect(back().assigned("billing-1", [], [0]).end()).toEqual(["GroupExclusiveOwnership"]);
  });

  test("what a replaced coordinator decides does not count", () => {
    const history = owned().added("billing-2").coordinator(2, 1);
    // Broker 1 does not know yet that broker 2 has taken over: it puts billing-2 into the generation.
    expect(history.removed("m-billing-1", "left", 1).numbers().rebalances).toBe(0);
    expect(history.joins("billing-2").assigned("billing-2", [0]).end()).toEqual(["GroupExclusiveOwnership"]);
  });

  test("when the coordinator's log has lost committed records, nobody is current until the new coordinator says so", () => {
    const { checker } = owned();
    expect(checker.ghost.groups.byId.get("billing")?.members.size).toBe(1);
    checker.ghost.groups.byId.get("billing")?.onCoordinatorLoss(0);
    expect(checker.ghost.groups.byId.get("billing")?.members.size).toBe(0);
  });
});

describe("RebalancePause (KIP-429)", () => {
  const eager = (reliesOn: readonly string[]) =>
    owned(1, { reliesOn }).added("billing-2").revoked("billing-1", [0]).wait(3_000_000).rebalance("billing-1", "billing-2");

  test("a partition that was taken from its owner and given back breaks it, where the application relies on it", () => {
    expect(eager(["RebalancePause"]).assigned("billing-1", [0]).end()).toEqual(["RebalancePause"]);
    expect(eager([]).assigned("billing-1", [0]).end()).toEqual([]);
  });

  test("one that moves, or that its owner lost or died with, does not", () => {
    expect(eager(["RebalancePause"]).assigned("billing-2", [0]).end()).toEqual([]);
    const lost = owned(1, { reliesOn: ["RebalancePause"] })
      .lost("billing-1", [0])
      .rebalance("billing-1");
    expect(lost.assigned("billing-1", [0]).end()).toEqual([]);
    const died = owned(1, { reliesOn: ["RebalancePause"] })
      .node("ProcessCrashed", "billing-1")
      .started("billing-1");
    expect(died.rebalance("billing-1").assigned("billing-1", [0]).end()).toEqual([]);
  });

  test("cooperative: what stays is owned throughout", () => {
    const history = owned(1, { reliesOn: ["RebalancePause"] })
      .added("billing-2")
      .rebalance("billing-1", "billing-2");
    expect(history.assigned("billing-1", [], [0]).end()).toEqual([]);
  });
});
