import { expect, test } from "vitest";
import { decideValidation, type FetchPosition, onLeaderKnown } from "../../../src/kafka/consumer/fetch-position.ts";

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
