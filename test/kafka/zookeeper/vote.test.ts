/** Votes and what they come to: FastLeaderElection's pure rules. */
import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import {
  agree,
  beats,
  type Candidate,
  leaderIsBelievable,
  majorityOf,
  supporters,
  type Vote,
} from "../../../src/kafka/zookeeper/vote.ts";

const candidates = fc.record({ leader: fc.integer({ min: 1, max: 3 }), zxid: fc.nat(3), peerEpoch: fc.nat(2) });

function vote(fields: Partial<Vote> = {}): Vote {
  return { leader: 3, zxid: 7, peerEpoch: 1, electionEpoch: 1, state: "LOOKING", ...fields };
}

property.prop([candidates, candidates, candidates])(
  "A1: the better candidate is found by (peer epoch, last zxid, id), in one order",
  (a, b, c) => {
    const key = ({ peerEpoch, zxid, leader }: Candidate): number => peerEpoch * 100 + zxid * 10 + leader;
    expect(beats(a, b)).toBe(key(a) > key(b));
    if (beats(a, b) && beats(b, c)) expect(beats(a, c)).toBe(true);
  },
);

test("a newer epoch beats a longer history: what an older leader went on to log was never committed", () => {
  expect(beats({ leader: 1, zxid: 5, peerEpoch: 2 }, { leader: 3, zxid: 9, peerEpoch: 1 })).toBe(true);
});

test("while either voter still looks, two votes are the same only in all; later leader and epoch are enough (ZOOKEEPER-1805)", () => {
  expect(agree(vote(), vote())).toBe(true);
  expect(agree(vote(), vote({ electionEpoch: 2 }))).toBe(false);
  expect(agree(vote({ state: "LEADING" }), vote({ zxid: 8 }))).toBe(false);
  const leading = vote({ state: "LEADING", electionEpoch: 4, zxid: 1 });
  expect(agree(leading, vote({ state: "FOLLOWING" }))).toBe(true);
  expect(agree(leading, vote({ state: "FOLLOWING", peerEpoch: 2 }))).toBe(false);
});

test("a quorum is more than half of the ensemble", () => {
  expect([1, 3, 5, 7].map(majorityOf)).toEqual([1, 2, 3, 4]);
  const votes = new Map([
    [1, vote()],
    [2, vote({ leader: 2 })],
    [3, vote()],
  ]);
  expect(supporters(votes, vote())).toBe(2);
});

test("a leader that only others speak of is not believed: it may be gone", () => {
  const followers = new Map([
    [1, vote({ state: "FOLLOWING" })],
    [2, vote({ state: "FOLLOWING" })],
  ]);
  const about = { leader: 3, electionEpoch: 1, self: 4, logicalClock: 9 };
  expect(leaderIsBelievable({ ...about, votes: followers })).toBe(false);
  expect(leaderIsBelievable({ ...about, votes: new Map([...followers, [3, vote({ state: "LEADING" })]]) })).toBe(true);
  // Whom all others follow leads, but only in the round that it knows of.
  expect(leaderIsBelievable({ ...about, votes: followers, self: 3, logicalClock: 1 })).toBe(true);
  expect(leaderIsBelievable({ ...about, votes: followers, self: 3 })).toBe(false);
});
