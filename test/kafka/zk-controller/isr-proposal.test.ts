import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { judgeIsrProposal, type LeaderAndIsr } from "../../../src/kafka/zk-controller/isr-proposal.ts";

const CURRENT: LeaderAndIsr = { leader: 1, leaderEpoch: 5, isr: [1, 2], leaderRecoveryState: "RECOVERED", partitionEpoch: 9 };
const DIALS = { "controller.notControllerIfRequestAhead": true, "isr.rejectIneligibleReplica": true };
/** Before 3.3. */
const OLD_DIALS = { "controller.notControllerIfRequestAhead": false, "isr.rejectIneligibleReplica": false };

/** Broker 1 leads with ISR {1, 2} at leader epoch 5 and partition epoch 9, brokers 1 to 3 live; it proposes {1, 2, 3}, but for `change`. */
function judged(
  change: Partial<LeaderAndIsr>,
  options: { current?: LeaderAndIsr; byTopicId?: boolean; dials?: typeof DIALS } = {},
) {
  return judgeIsrProposal({
    proposed: { ...CURRENT, isr: [1, 2, 3], ...change },
    current: "current" in options ? options.current : CURRENT,
    isLive: (broker) => broker <= 3,
    byTopicId: options.byTopicId ?? true,
    dials: options.dials ?? DIALS,
  });
}

const refused = (error: string) => ({ kind: "refuse", error });

describe("ISR proposals in ZooKeeper mode (coordination.md A7)", () => {
  test("a proposal on top of what is known is written", () => {
    expect(judged({})).toEqual({ kind: "write" });
  });

  test("nobody knows the partition", () => {
    expect(judged({}, { current: undefined } as never)).toEqual(refused("UNKNOWN_TOPIC_OR_PARTITION"));
  });

  test("a leader that is ahead has heard of a newer controller (KAFKA-14154)", () => {
    expect(judged({ leaderEpoch: 6 })).toEqual(refused("NOT_CONTROLLER"));
    expect(judged({ partitionEpoch: 10 })).toEqual(refused("NOT_CONTROLLER"));
    // Even one with an older leader epoch: the partition epoch is looked at as well.
    expect(judged({ leaderEpoch: 4, partitionEpoch: 10 })).toEqual(refused("NOT_CONTROLLER"));
  });

  test("before 3.3 such a leader is told, with authority, that it is wrong (KAFKA-14154)", () => {
    expect(judged({ leaderEpoch: 6 }, { dials: OLD_DIALS })).toEqual(refused("FENCED_LEADER_EPOCH"));
    expect(judged({ partitionEpoch: 10 }, { dials: OLD_DIALS })).toEqual(refused("INVALID_UPDATE_VERSION"));
  });

  test("an older leader epoch is fenced, before anything else is looked at", () => {
    expect(judged({ leaderEpoch: 4, partitionEpoch: 8, isr: [9] })).toEqual(refused("FENCED_LEADER_EPOCH"));
  });

  test("what is already so is answered as done, even on an older partition epoch (KAFKA-14144)", () => {
    expect(judged({ isr: [1, 2], partitionEpoch: 7 })).toEqual({ kind: "already" });
    expect(judged({ isr: [1, 2] })).toEqual({ kind: "already" });
  });

  test("any other proposal on an older partition epoch is refused", () => {
    expect(judged({ partitionEpoch: 8 })).toEqual(refused("INVALID_UPDATE_VERSION"));
    // The lists are compared as lists.
    expect(judged({ isr: [2, 1], partitionEpoch: 8 })).toEqual(refused("INVALID_UPDATE_VERSION"));
  });

  test("a recovering leader has no company, and nobody falls back into recovery (KIP-704)", () => {
    const recovering: LeaderAndIsr = { ...CURRENT, isr: [1], leaderRecoveryState: "RECOVERING" };
    expect(judged({ leaderRecoveryState: "RECOVERING" }, { current: recovering })).toEqual(refused("INVALID_REQUEST"));
    expect(judged({ leaderRecoveryState: "RECOVERING", isr: [1] })).toEqual(refused("INVALID_REQUEST"));
    expect(judged({}, { current: recovering })).toEqual({ kind: "write" });
  });

  test("a member that does not live is refused, in the word that the request's version has (KIP-841)", () => {
    expect(judged({ isr: [1, 4] })).toEqual(refused("INELIGIBLE_REPLICA"));
    expect(judged({ isr: [1, 4] }, { byTopicId: false })).toEqual(refused("OPERATION_NOT_ATTEMPTED"));
    expect(judged({ isr: [1, 4] }, { dials: OLD_DIALS })).toEqual({ kind: "write" });
  });

  const anyState = fc.record({
    leader: fc.constantFrom(1, 2),
    leaderEpoch: fc.integer({ min: 3, max: 6 }),
    isr: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { minLength: 1 }),
    leaderRecoveryState: fc.constantFrom("RECOVERED" as const, "RECOVERING" as const),
    partitionEpoch: fc.integer({ min: 7, max: 10 }),
  });

  property.prop([anyState, anyState, fc.boolean(), fc.boolean()])(
    "what is written rests on exactly what the controller knows",
    (proposed, current, notControllerIfAhead, rejectIneligible) => {
      const dials = {
        "controller.notControllerIfRequestAhead": notControllerIfAhead,
        "isr.rejectIneligibleReplica": rejectIneligible,
      };
      const verdict = judgeIsrProposal({ proposed, current, isLive: (broker) => broker <= 3, byTopicId: true, dials });
      if (verdict.kind === "refuse") return;
      expect(proposed.leaderEpoch).toBe(current.leaderEpoch);
      if (verdict.kind === "already") expect(proposed).toEqual({ ...current, partitionEpoch: proposed.partitionEpoch });
      else expect(proposed.partitionEpoch).toBe(current.partitionEpoch);
    },
  );
});
