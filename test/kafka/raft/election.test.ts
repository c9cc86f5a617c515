import { describe, expect, test } from "vitest";
import { type Elector, EpochElection, grantsVote, isUpToDate } from "../../../src/kafka/raft/election.ts";

describe("logs are compared by last epoch, then by end offset (coordination.md B1, Vote)", () => {
  test.each([
    { candidate: [3, 10], own: [3, 10], upToDate: true },
    { candidate: [3, 11], own: [3, 10], upToDate: true },
    { candidate: [3, 9], own: [3, 10], upToDate: false },
    // A longer log of an older epoch may hold what was never committed; a shorter one of a newer epoch holds all that was.
    { candidate: [4, 5], own: [3, 10], upToDate: true },
    { candidate: [2, 99], own: [3, 10], upToDate: false },
    { candidate: [0, 0], own: [0, 0], upToDate: true },
  ])("candidate $candidate against $own: $upToDate", ({ candidate, own, upToDate }) => {
    const end = ([epoch, offset]: number[]) => ({ epoch: epoch as number, offset: offset as number });
    expect(isUpToDate(end(candidate), end(own))).toBe(upToDate);
  });
});

const elector = (changes: Partial<Elector>): Elector => ({
  role: "Unattached",
  leaderId: -1,
  votedFor: -1,
  hasFetchedFromLeader: false,
  ...changes,
});

/** Candidate 2 asks for the vote. */
const asked = (who: Elector, changes: { preVote: boolean; logIsUpToDate?: boolean; followersRejectPreVote?: boolean }): boolean =>
  grantsVote({ elector: who, candidateId: 2, logIsUpToDate: true, followersRejectPreVote: true, ...changes });

describe("a vote is granted once per epoch, by who knows of no leader (QuorumState.canGrantVote)", () => {
  test.each<[string, Elector, boolean]>([
    ["unattached, vote still free", elector({}), true],
    ["unattached, voted for this candidate before", elector({ votedFor: 2 }), true],
    ["unattached, voted for another", elector({ votedFor: 3 }), false],
    ["unattached, knows the epoch's leader", elector({ leaderId: 3 }), false],
    ["prospective, vote still free", elector({ role: "Prospective" }), true],
    ["prospective that keeps its leader in mind", elector({ role: "Prospective", leaderId: 3 }), false],
    ["candidate: its vote is its own", elector({ role: "Candidate", votedFor: 1 }), false],
    ["leader", elector({ role: "Leader", leaderId: 1, votedFor: 1 }), false],
    ["follower", elector({ role: "Follower", leaderId: 3 }), false],
    ["resigned: not in the epoch that it led", elector({ role: "Resigned", leaderId: 1, votedFor: 1 }), false],
  ])("%s: %s", (_, who, granted) => {
    expect(asked(who, { preVote: false })).toBe(granted);
  });

  test("a log that lacks what the voter has gets no vote, unless the voter has given it already", () => {
    expect(asked(elector({}), { preVote: false, logIsUpToDate: false })).toBe(false);
    // The answer to a repeated request must be the answer to the first.
    expect(asked(elector({ votedFor: 2 }), { preVote: false, logIsUpToDate: false })).toBe(true);
  });
});

describe("a pre-vote is granted by all who do not hear from a live leader (KIP-996)", () => {
  test.each<[string, Elector, boolean]>([
    ["unattached, even if its vote is gone", elector({ votedFor: 3 }), true],
    ["unattached, even if it knows of a leader", elector({ leaderId: 3 }), true],
    ["prospective", elector({ role: "Prospective", leaderId: 3 }), true],
    ["candidate", elector({ role: "Candidate", votedFor: 1 }), true],
    ["resigned", elector({ role: "Resigned", leaderId: 1 }), true],
    ["leader", elector({ role: "Leader", leaderId: 1 }), false],
    ["follower that never fetched from the leader", elector({ role: "Follower", leaderId: 3 }), true],
    ["follower of a live leader", elector({ role: "Follower", leaderId: 3, hasFetchedFromLeader: true }), false],
  ])("%s: %s", (_, who, granted) => {
    expect(asked(who, { preVote: true })).toBe(granted);
    expect(asked(who, { preVote: true, logIsUpToDate: false })).toBe(false);
  });

  test("with kraft.followersRejectPreVote off a live leader protects nobody (kip-996-link-loss-pingpong)", () => {
    const follower = elector({ role: "Follower", leaderId: 3, hasFetchedFromLeader: true });
    expect(asked(follower, { preVote: true, followersRejectPreVote: false })).toBe(true);
  });
});

describe("an election is won by a majority of all voters, and lost when that has become impossible", () => {
  test("the only voter has won as soon as it stands", () => {
    expect(new EpochElection([1], 1).isGranted).toBe(true);
  });

  test("of two voters both must grant", () => {
    const election = new EpochElection([1, 2], 1);
    expect([election.isGranted, election.isRejected]).toEqual([false, false]);
    election.record(2, false);
    expect([election.isGranted, election.isRejected]).toEqual([false, true]);
  });

  test("of five voters three decide", () => {
    const election = new EpochElection([1, 2, 3, 4, 5], 3);
    election.record(1, true);
    election.record(2, false);
    election.record(2, false);
    election.record(4, false);
    expect([election.isGranted, election.isRejected, election.unrecorded()]).toEqual([false, false, [5]]);
    election.record(5, true);
    expect([election.isGranted, election.isRejected]).toEqual([true, false]);
  });
});
