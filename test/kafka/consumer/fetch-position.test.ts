import { expect, test } from "vitest";
import {
  decideValidation,
  epochToCommit,
  type FetchPosition,
  onLeaderKnown,
  stateAt,
} from "../../../src/kafka/consumer/fetch-position.ts";
import { newestRelease } from "../../../src/kafka/releases.ts";

const DIALS = newestRelease("kraft").dials;

const leader1 = { leaderId: 1, node: "broker-1", epoch: 4 };
const leader2 = { leaderId: 2, node: "broker-2", epoch: 5 };
/** At offset 100, the last batch consumed being of epoch 4, fetching from broker 1. */
const position: FetchPosition = { offset: 100, offsetEpoch: 4, leader: leader1 };

test("a new leader makes a position with an epoch await validation; one without is fetched on", () => {
  expect(onLeaderKnown(position, leader2, true)).toEqual({
    state: "AWAIT_VALIDATION",
    position: { ...position, leader: leader2 },
  });
  const fresh = { ...position, offsetEpoch: -1 };
  expect(onLeaderKnown(fresh, leader2, true)).toEqual({ state: "FETCHING", position: { ...fresh, leader: leader2 } });
});

test("the same leader in the same epoch changes nothing; a new epoch of the same leader does", () => {
  expect(onLeaderKnown(position, { ...leader1 }, true)).toBeUndefined();
  expect(onLeaderKnown(position, { ...leader1, epoch: 5 }, true)?.state).toBe("AWAIT_VALIDATION");
});

test("while nobody is known to lead, the consumer keeps on with the leader it knew", () => {
  expect(onLeaderKnown(position, { leaderId: -1, node: undefined, epoch: 5 }, true)).toBeUndefined();
});

test("an epoch that ends exactly at the position is valid; one offset below it is truncation (KIP-320)", () => {
  expect(decideValidation(position, { leaderEpoch: 4, endOffset: 100 }, true)).toEqual({ kind: "valid" });
  expect(decideValidation(position, { leaderEpoch: 4, endOffset: 99 }, true)).toEqual({
    kind: "truncated",
    offset: 99,
    epoch: 4,
  });
});

test("an undefined answer begins anew by the reset policy", () => {
  expect(decideValidation(position, { leaderEpoch: -1, endOffset: -1 }, true)).toEqual({ kind: "reset" });
});

test("without a reset policy truncation is the application's to hear of", () => {
  expect(decideValidation(position, { leaderEpoch: 4, endOffset: 99 }, false)).toEqual({ kind: "raise" });
  expect(decideValidation(position, { leaderEpoch: -1, endOffset: -1 }, false)).toEqual({ kind: "raise" });
});

test("a committed position with an epoch is validated first, whichever the leader's epoch is (SubscriptionState.seekUnvalidated)", () => {
  expect(stateAt(position, true)).toBe("AWAIT_VALIDATION");
  expect(stateAt({ ...position, offsetEpoch: -1 }, true)).toBe("FETCHING");
  expect(stateAt({ ...position, leader: { ...leader1, epoch: -1 } }, true)).toBe("FETCHING");
});

test("clients before 2.3 believe every new leader, and every committed position (consumer.validateOffsetEpoch)", () => {
  expect(onLeaderKnown(position, leader2, false)?.state).toBe("FETCHING");
  expect(stateAt(position, false)).toBe("FETCHING");
});

test("committed is the epoch of the last record consumed, or with consumer.commitEpoch the newest known (KAFKA-19902)", () => {
  const behind = { ...position, leader: leader2 };
  expect(epochToCommit(behind, DIALS)).toBe(4);
  expect(epochToCommit(behind, { ...DIALS, "consumer.commitEpoch": "newest" })).toBe(5);
  expect(epochToCommit({ ...behind, offsetEpoch: -1 }, { ...DIALS, "consumer.commitEpoch": "newest" })).toBe(5);
});
