/** The steps of one member towards its target (clients.md 6, reconciliation; KIP-848). */
import { describe, expect, test } from "vitest";
import { type ConsumerGroupMember, changed, newMember } from "../../../../src/kafka/group/consumer/consumer-group-member.ts";
import { nextAssignment, type Reconciliation } from "../../../../src/kafka/group/consumer/current-assignment-builder.ts";
import { type PartitionSet, partitionSet } from "../../../../src/kafka/group/consumer/partition-set.ts";

function of(...partitions: readonly number[]): PartitionSet {
  return partitionSet([{ topicId: "t", partitions }]);
}

/** At epoch 10 with 1 and 2; the target is of epoch 11, all other partitions are free. */
function step(
  member: Partial<ConsumerGroupMember>,
  to: Partial<Omit<Reconciliation, "member">> & { readonly taken?: readonly number[] },
): ConsumerGroupMember {
  const { taken = [], ...given } = to;
  return nextAssignment({
    member: changed(newMember("m"), { memberEpoch: 10, previousMemberEpoch: 9, assigned: of(1, 2), ...member }),
    targetEpoch: 11,
    target: of(1, 2),
    owned: null,
    partitionEpoch: (_topic, partition) => (taken.includes(partition) ? 10 : -1),
    waitForRevocationAck: true,
    ...given,
  });
}

describe("STABLE", () => {
  test("at the target epoch nothing changes", () => {
    const member = changed(newMember("m"), { memberEpoch: 11 });
    expect(nextAssignment({ ...reconciliationOf(member), targetEpoch: 11 })).toBe(member);
  });

  test("with the same target it takes the new epoch, and knows its previous one", () => {
    expect(step({}, {})).toMatchObject({ memberEpoch: 11, previousMemberEpoch: 10, state: "STABLE", assigned: of(1, 2) });
  });

  test("what is new and free is given at once", () => {
    expect(step({}, { target: of(1, 2, 3) })).toMatchObject({ memberEpoch: 11, state: "STABLE", assigned: of(1, 2, 3) });
  });

  test("what others have is withheld: UNRELEASED_PARTITIONS at the target epoch", () => {
    expect(step({}, { target: of(1, 2, 3, 4), taken: [4] })).toMatchObject({
      memberEpoch: 11,
      state: "UNRELEASED_PARTITIONS",
      assigned: of(1, 2, 3),
    });
  });

  test("what is to go goes first: it keeps its epoch, and gets nothing new", () => {
    expect(step({}, { target: of(2, 3) })).toMatchObject({
      memberEpoch: 10,
      previousMemberEpoch: 10,
      state: "UNREVOKED_PARTITIONS",
      assigned: of(2),
      pendingRevocation: of(1),
    });
  });

  test("what it says not to own need not be revoked", () => {
    expect(step({}, { target: of(2, 3), owned: of(2) })).toMatchObject({ memberEpoch: 11, state: "STABLE", assigned: of(2, 3) });
  });
});

describe("UNREVOKED_PARTITIONS", () => {
  const revoking = { state: "UNREVOKED_PARTITIONS", assigned: of(2), pendingRevocation: of(1) } as const;

  test("it stays while it owns, or does not say that it does not", () => {
    for (const owned of [null, of(1), of(1, 2)]) {
      expect(step(revoking, { target: of(2, 3), owned })).toMatchObject({ memberEpoch: 10, pendingRevocation: of(1) });
    }
  });

  test("when it has let go it takes up the target of that moment", () => {
    expect(step(revoking, { target: of(2, 3), owned: of(2) })).toMatchObject({
      memberEpoch: 11,
      previousMemberEpoch: 10,
      state: "STABLE",
      assigned: of(2, 3),
      pendingRevocation: [],
    });
  });

  test("a target that has moved on meanwhile may ask for more to be revoked, one epoch later", () => {
    expect(step(revoking, { targetEpoch: 13, target: of(3), owned: of(2) })).toMatchObject({
      memberEpoch: 11,
      state: "UNREVOKED_PARTITIONS",
      assigned: [],
      pendingRevocation: of(2),
    });
  });

  test("what it has just given up is not free yet, even for itself", () => {
    expect(step(revoking, { target: of(1, 2), taken: [1, 2], owned: of(2) })).toMatchObject({
      memberEpoch: 11,
      state: "UNRELEASED_PARTITIONS",
      assigned: of(2),
    });
  });
});

describe("UNRELEASED_PARTITIONS", () => {
  const waiting = { state: "UNRELEASED_PARTITIONS", memberEpoch: 11, previousMemberEpoch: 11 } as const;

  test("it gets what is released, bit by bit", () => {
    const target = of(1, 2, 3, 4);
    const some = step(waiting, { target, taken: [4] });
    expect(some).toMatchObject({ memberEpoch: 11, state: "UNRELEASED_PARTITIONS", assigned: of(1, 2, 3) });
    expect(step(some, { target })).toMatchObject({ memberEpoch: 11, state: "STABLE", assigned: of(1, 2, 3, 4) });
  });

  test("it is the very same as long as nothing is", () => {
    const member = changed(newMember("m"), { ...waiting, assigned: of(1, 2) });
    const reconciliation = { ...reconciliationOf(member), target: of(1, 2, 3), partitionEpoch: () => 10 };
    expect(nextAssignment(reconciliation)).toBe(member);
  });

  test("a newer target may take away what it had", () => {
    expect(step(waiting, { targetEpoch: 12, target: of(2, 3), taken: [3] })).toMatchObject({
      memberEpoch: 11,
      state: "UNREVOKED_PARTITIONS",
      pendingRevocation: of(1),
    });
  });
});

test("without the guard (dial group.waitForRevocationAck) a partition goes to its new owner while the old one has it", () => {
  expect(step({}, { target: of(1, 2, 3), taken: [3], waitForRevocationAck: false })).toMatchObject({
    memberEpoch: 11,
    state: "STABLE",
    assigned: of(1, 2, 3),
  });
});

function reconciliationOf(member: ConsumerGroupMember): Reconciliation {
  return { member, targetEpoch: 11, target: of(1, 2), owned: null, partitionEpoch: () => -1, waitForRevocationAck: true };
}
