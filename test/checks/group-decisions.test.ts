import { describe, expect, test } from "vitest";
import { promisesOf } from "../../src/checks/promises.ts";
import { GroupHistory, owned } from "./group-history.ts";

const minutes = (count: number): number => count * 60_000_000;

function consumerGroup(): GroupHistory {
  return new GroupHistory({ protocol: "consumer" })
    .log(1)
    .coordinator(1, 0)
    .added("billing-1")
    .added("billing-2")
    .group("Reconciling", 3);
}

describe("LegalTargetAssignment (failures.md 1.4)", () => {
  const start = () => new GroupHistory().log(1).coordinator(1, 0).added("billing-1").added("billing-2");

  test("a partition that two members are given breaks it", () => {
    expect(
      start()
        .target(1, { a: [0, 1], b: [1, 2] })
        .end(),
    ).toEqual(["LegalTargetAssignment"]);
  });

  test("a partition that nobody is given, of a topic that is given out, breaks it", () => {
    expect(
      start()
        .target(1, { a: [0], b: [2] })
        .end(),
    ).toEqual(["LegalTargetAssignment"]);
  });

  test("so does one that is given to a member without a subscription to its topic", () => {
    expect(
      start()
        .target(1, { a: [0] }, "range", ["payments"])
        .end(),
    ).toEqual(["LegalTargetAssignment"]);
  });

  test("everything divided, a topic that nobody has heard of yet, and partitions that are too new are legal", () => {
    expect(
      start()
        .target(1, { a: [0, 2], b: [1] })
        .end(),
    ).toEqual([]);
    expect(start().target(1, { a: [], b: [] }).end()).toEqual([]);
    expect(
      start()
        .target(1, { a: [0], b: [1] })
        .end(),
    ).toEqual([]);
  });

  test("KIP-429: a cooperative assignor withholds what its owner has to give up first, and not for ever", () => {
    const withheld = () =>
      owned()
        .added("billing-2")
        .target(2, { a: [1], b: [2] }, "cooperative-sticky");
    expect(withheld().end()).toEqual([]);
    expect(
      withheld()
        .target(3, { a: [1], b: [2] }, "cooperative-sticky")
        .end(),
    ).toEqual([]);
    const free = withheld().revoked("billing-1", [0]);
    expect(free.target(3, { a: [1], b: [0, 2] }, "cooperative-sticky").end()).toEqual([]);
    const forgotten = owned()
      .added("billing-2")
      .revoked("billing-1", [0])
      .target(2, { a: [1] }, "cooperative-sticky");
    expect(forgotten.target(3, { a: [1] }, "cooperative-sticky").end()).toEqual(["LegalTargetAssignment"]);
  });

  test("a coordinator that was replaced may choose what it likes", () => {
    expect(
      start()
        .coordinator(2, 1)
        .target(1, { a: [0], b: [0] })
        .end(),
    ).toEqual([]);
  });
});

describe("ValidMemberEpoch and ValidPartitionEpoch (KIP-848)", () => {
  test("a member in the target's epoch that has what the target gives to another breaks ValidMemberEpoch", () => {
    const history = consumerGroup().target(3, { "m-billing-1": [], "m-billing-2": [0] });
    expect(history.reconciled("m-billing-1", 3, [0]).end()).toEqual(["ValidMemberEpoch"]);
  });

  test("before that epoch it may have it still; and in it what is its own", () => {
    const history = consumerGroup().target(3, { "m-billing-1": [1], "m-billing-2": [0] });
    history.reconciled("m-billing-1", 2, [1], [0]).reconciled("m-billing-1", 3, [1]).reconciled("m-billing-2", 3, [0]);
    expect(history.end()).toEqual([]);
  });

  test("a static member that has come back under another id has what its old id was given", () => {
    const history = consumerGroup().target(3, { "m-billing-1": [0], "m-billing-2": [] });
    history.reconciled("m-billing-1", 3, [0]).added("billing-1", "m-anew", "m-billing-1").reconciled("m-anew", 3, [0]);
    expect(history.end()).toEqual([]);
  });

  test("a partition that is given away before its owner has let go of it breaks ValidPartitionEpoch", () => {
    const history = consumerGroup()
      .reconciled("m-billing-1", 2, [0])
      .target(3, { "m-billing-1": [], "m-billing-2": [0] });
    expect(history.reconciled("m-billing-2", 3, [0]).end()).toEqual(["ValidPartitionEpoch"]);
    const pending = consumerGroup().reconciled("m-billing-1", 2, [], [0]);
    expect(pending.reconciled("m-billing-2", 3, [0]).end()).toEqual(["ValidPartitionEpoch"]);
  });

  test("once it has acknowledged, or was fenced, or another coordinator has taken over, it is free", () => {
    const acknowledged = consumerGroup().reconciled("m-billing-1", 2, [], [0]).reconciled("m-billing-1", 3, []);
    expect(acknowledged.reconciled("m-billing-2", 3, [0]).end()).toEqual([]);
    const fenced = consumerGroup().reconciled("m-billing-1", 2, [0]).removed("m-billing-1", "rebalance-timeout");
    expect(fenced.reconciled("m-billing-2", 3, [0]).end()).toEqual([]);
    const moved = consumerGroup().reconciled("m-billing-1", 2, [0]).coordinator(2, 1);
    expect(moved.reconciled("m-billing-2", 3, [0], [], "STABLE", 2).end()).toEqual([]);
  });
});

test("who held what before the group went back to the classic protocol is of no account when it is upgraded again (KIP-848)", () => {
  const history = consumerGroup().reconciled("m-billing-1", 2, [0]).reconciled("m-billing-2", 2, [1]);
  history.protocol = "classic";
  history.group("Stable", 3);
  history.protocol = "consumer";
  history.group("Reconciling", 4);
  expect(history.reconciled("m-billing-2", 4, [0]).reconciled("m-billing-1", 4, [1]).end()).toEqual([]);
});

describe("ValidStableGroupState (KIP-848)", () => {
  const stable = (tell: (history: GroupHistory) => void) => {
    const history = consumerGroup().target(3, { "m-billing-1": [0], "m-billing-2": [1] });
    history.reconciled("m-billing-1", 3, [0]);
    tell(history);
    return history.group("Stable", 3).end();
  };

  test("a member that is not done, in an older epoch, or without its target breaks it", () => {
    expect(stable((history) => history.reconciled("m-billing-2", 3, [], [], "UNRELEASED_PARTITIONS"))).toEqual([
      "ValidStableGroupState",
    ]);
    expect(stable((history) => history.reconciled("m-billing-2", 2, [1]))).toEqual(["ValidStableGroupState"]);
    expect(stable((history) => history.reconciled("m-billing-2", 3, []))).toEqual(["ValidStableGroupState"]);
  });

  test("everybody with its own is stable; what happens within one step is judged when it has ended", () => {
    expect(stable((history) => history.reconciled("m-billing-2", 3, [1]))).toEqual([]);
    const history = consumerGroup()
      .target(3, { "m-billing-1": [0] })
      .removed("m-billing-2", "left");
    history.together(() => history.group("Stable", 3).reconciled("m-billing-1", 3, [0]));
    expect(history.end()).toEqual([]);
  });

  test("of members that a new coordinator has found nothing is known yet", () => {
    const history = consumerGroup().reconciled("m-billing-2", 2, [1]).coordinator(2, 1);
    expect(history.group("Stable", 3, 2).end()).toEqual([]);
  });
});

describe("MemberEpochMonotonic (KIP-848)", () => {
  test("an epoch that falls at the coordinator breaks it", () => {
    expect(consumerGroup().reconciled("m-billing-1", 3, []).reconciled("m-billing-1", 2, []).end()).toEqual([
      "MemberEpochMonotonic",
    ]);
  });

  test("and one that falls as the member believes", () => {
    const history = consumerGroup().assigned("billing-1", [0], [0], { generation: 3 });
    expect(history.revoked("billing-1", [0], [], { generation: 2 }).end()).toEqual(["MemberEpochMonotonic"]);
  });

  test("who leaves for a while, joins anew, or is another member begins anew", () => {
    const away = consumerGroup().reconciled("m-billing-1", 3, []).reconciled("m-billing-1", -2, []);
    expect(away.end()).toEqual([]);
    const anew = consumerGroup().assigned("billing-1", [0], [0], { generation: 3 }).leaves("billing-1", "FENCED_MEMBER_EPOCH");
    anew.lost("billing-1", [0], [], { generation: 0 }).joins("billing-1", { generation: 1 });
    expect(anew.assigned("billing-1", [0], [0], { generation: 1 }).end()).toEqual([]);
    const other = consumerGroup().reconciled("m-billing-1", 3, []).removed("m-billing-1", "left").added("billing-1");
    expect(other.reconciled("m-billing-1", 1, []).end()).toEqual([]);
  });

  test("a classic generation may begin anew with a coordinator that has not heard of the last ones", () => {
    const history = owned().revoked("billing-1", [0], [], { generation: 5 });
    expect(history.assigned("billing-1", [0], [0], { generation: 2 }).end()).toEqual([]);
  });
});

describe("MemberCountBounded (KIP-394)", () => {
  const joinsAgain = (history: GroupHistory, times: number): GroupHistory => {
    for (let i = 0; i < times; i++) history.wait(1_000_000).added("billing-1", `ghost-${i}`);
    return history;
  };

  test("a client that leaves a member behind with each attempt breaks it", () => {
    expect(joinsAgain(new GroupHistory().started("billing-1"), 3).end()).toEqual(["MemberCountBounded"]);
  });

  test("one that was restarted, or has left, may have left some behind", () => {
    const restarted = new GroupHistory().started("billing-1").node("ProcessCrashed", "billing-1").started("billing-1");
    expect(joinsAgain(restarted, 3).end()).toEqual([]);
    const left = new GroupHistory().started("billing-1").leaves("billing-1", "max.poll.interval.ms");
    expect(joinsAgain(left, 3).end()).toEqual([]);
  });

  test("but not for ever", () => {
    const history = new GroupHistory().started("billing-1").leaves("billing-1", "max.poll.interval.ms").wait(minutes(5));
    expect(joinsAgain(history, 3).end()).toEqual(["MemberCountBounded"]);
  });

  test("members of several clients, and those that were removed, do not add up", () => {
    const history = new GroupHistory().added("billing-1").added("billing-2").added("billing-3");
    for (let i = 0; i < 5; i++) history.added("billing-1", `again-${i}`).removed(`again-${i}`);
    expect(history.end()).toEqual([]);
  });

  test("is a promise of every release that asks new members to come back with an id", () => {
    expect(promisesOf("3.9")).toContain("MemberCountBounded");
    expect(promisesOf("3.9", "zookeeper")).toContain("MemberCountBounded");
  });
});

describe("GroupConverges (KAFKA-12890)", () => {
  /** Something happens every ten seconds, so that time is looked at. */
  const pass = (history: GroupHistory, us: number): GroupHistory => {
    for (let passed = 0; passed < us; passed += 10_000_000) history.wait(10_000_000).sent(Math.round(passed / 1_000));
    return history;
  };
  const live = (contract = {}) =>
    new GroupHistory(contract).log(5).started("billing-1").coordinator(1, 0).stable("billing-1").assigned("billing-1", [0]);
  const done = () => live().resets("billing-1", 0, 0).processes("billing-1", 0, 5).committed("billing-1", 5);

  test("a group that waits for ever for a member breaks it", () => {
    expect(pass(live().group("CompletingRebalance", 2), minutes(3)).end()).toEqual(["GroupConverges"]);
  });

  test("so does a stable one that comes forward no more where records wait", () => {
    expect(pass(live(), minutes(3)).end()).toEqual(["GroupConverges"]);
    expect(pass(done().log(1, [], 0, 5), minutes(3)).end()).toEqual(["GroupConverges"]);
  });

  test("and one that has lost a live member for good", () => {
    expect(pass(done().removed("m-billing-1"), minutes(3)).end()).toEqual(["GroupConverges"]);
  });

  test("caught up, or on the way, it has converged", () => {
    expect(pass(done(), minutes(5)).end()).toEqual([]);
    const slow = live().resets("billing-1", 0, 0);
    for (let offset = 0; offset < 5; offset++) pass(slow.processes("billing-1", offset, offset + 1), minutes(1));
    expect(slow.end()).toEqual([]);
  });

  test("processing the same records again and again is no way forward", () => {
    const storm = live().resets("billing-1", 0, 0).processes("billing-1", 0, 1);
    for (let round = 0; round < 4; round++) pass(storm.processes("billing-1", 0, 1), minutes(1));
    expect(storm.end()).toEqual(["GroupConverges"]);
  });

  test("nothing is demanded while a member stands still, the coordinator moves, or a link is cut", () => {
    const paused = live().started("billing-2").group("CompletingRebalance", 2).node("Paused", "billing-2");
    expect(pass(paused, minutes(5)).end()).toEqual([]);
    const moving = live().group("CompletingRebalance", 2);
    for (let epoch = 1; epoch < 6; epoch++) pass(moving.coordinator(1, epoch), minutes(1));
    expect(moving.end()).toEqual([]);
    const cut = live().group("CompletingRebalance", 2);
    cut.tell(undefined, { kind: "LinkCut", a: "billing-1", b: "broker-1", direction: "both" });
    expect(pass(cut, minutes(5)).end()).toEqual([]);
  });

  test("nor of a group whose members are down, or were closed, or of a partition that nobody leads", () => {
    const down = live().node("ProcessCrashed", "billing-1").group("PreparingRebalance", 2);
    expect(pass(down, minutes(5)).end()).toEqual([]);
    const closed = live().leaves("billing-1", "closed").group("PreparingRebalance", 2);
    expect(pass(closed, minutes(5)).end()).toEqual([]);
    const leaderless = live()
      .node("ProcessCrashed", "broker-1")
      .decide({ leader: -1, isr: [1] });
    expect(pass(leaderless, minutes(5)).end()).toEqual([]);
  });
});
