import { expect, test } from "vitest";
import type { History } from "./history.ts";
import { metadataBatch, quorum } from "./history.ts";

test("two leaders in one epoch break election safety; a stale one of an older epoch does not", () => {
  expect(quorum().history.elected(3002, 1).end()).toContain("RaftElectionSafety");
  const { history } = quorum();
  history.raftState(3002, "Candidate", 2, -1, 3002).raftState(3002, "Leader", 2, 3002, 3002).elected(3002, 2);
  history.raftState(3001, "Leader", 1, 3001, 3001);
  expect(history.end()).toEqual([]);
});

test("a voter votes for one candidate per epoch", () => {
  expect(quorum().history.raftState(3003, "Unattached", 2, -1, 3001).raftState(3003, "Unattached", 2, -1, 3002).end()).toContain(
    "RaftElectionSafety",
  );
  expect(quorum().history.raftState(3003, "Unattached", 2, -1, 3001).raftState(3003, "Unattached", 3, -1, 3002).end()).toEqual(
    [],
  );
});

test("epochs are durable: a restart does not take a voter back, unless its disk was wiped", () => {
  const restart = (wipe: boolean): string[] => {
    const { history } = quorum();
    history.raftState(3003, "Unattached", 5).node("ProcessCrashed", "controller-3003");
    if (wipe) history.node("DiskWiped", "controller-3003");
    return history.started("controller-3003").raftLoaded(3003, [], 0).end();
  };
  expect(restart(false)).toContain("RaftMonotonicEpoch");
  expect(restart(true)).not.toContain("RaftMonotonicEpoch");
});

test("the newest leader must have all that is committed", () => {
  const { history, change } = quorum();
  const more = metadataBatch(1, 1);
  for (const voter of [3001, 3002]) history.raftAppends(voter, more);
  history.raftHighWatermark(3001, 2, "leader", 1);
  expect(history.raftState(3003, "Leader", 2, 3003, 3003).elected(3003, 2).end()).toContain("RaftLeaderCompleteness");
  expect(change.nextOffset).toBe(1);
});

test("the high watermark may not pass what a majority has", () => {
  const { history } = quorum();
  history.raftAppends(3001, metadataBatch(1, 1)).raftHighWatermark(3001, 2, "leader", 1);
  expect(history.end()).toContain("RaftMajorityReachedHighWatermark");
});

test("stopped voters' logs count for the majority", () => {
  const { history } = quorum();
  const more = metadataBatch(1, 1);
  history
    .raftAppends(3001, more)
    .raftAppends(3002, more)
    .node("ProcessCrashed", "controller-3002")
    .node("PowerLost", "controller-3002");
  expect(history.raftHighWatermark(3001, 2, "leader", 1).end()).toEqual([]);
});

test("a voter that acknowledged what it had not forced to disk takes the majority back (kafka-10533)", () => {
  const { history, change } = quorum();
  const more = metadataBatch(1, 1);
  for (const voter of [3001, 3002]) history.raftAppends(voter, more);
  history.raftHighWatermark(3001, 2, "leader", 1).node("PowerLost", "controller-3002").started("controller-3002");
  expect(history.raftLoaded(3002, [change], 1).end()).toContain("RaftMajorityReachedHighWatermark");
});

test("a voter that keeps all it acknowledged, and loses only what it had not, is right", () => {
  const { history, change } = quorum();
  history.raftAppends(3001, metadataBatch(1, 1)).raftAppends(3002, metadataBatch(1, 1)).node("PowerLost", "controller-3002");
  expect(history.started("controller-3002").raftLoaded(3002, [change], 1).end()).toEqual([]);
});

test("the high watermark never falls over an election, but a restarted follower begins without one", () => {
  const { history, change } = quorum();
  history.raftHighWatermark(3002, 1, "follower", 1).node("ProcessCrashed", "controller-3002").started("controller-3002");
  history.raftLoaded(3002, [change], 1).raftHighWatermark(3002, 0, "follower", 1);
  expect(history.end()).toEqual([]);
  const fallen = quorum().history.elected(3002, 2).raftHighWatermark(3002, 0, "leader", 2);
  expect(fallen.end()).toContain("RaftMonotonicHighWatermark");
});

test("voters may not differ below their high watermarks, nor cut below them", () => {
  const forked = quorum().history;
  forked.raftTruncates(3003, 0, 1).raftAppends(3003, metadataBatch(0, 1)).raftHighWatermark(3003, 1, "follower", 1);
  expect(forked.end()).toEqual(expect.arrayContaining(["RaftLogMatching", "ConsistentCommittedData"]));
  const cut = quorum().history.raftHighWatermark(3003, 1, "follower", 1).raftTruncates(3003, 0, 1);
  expect(cut.end()).toContain("RaftLogMatching");
});

test("an uncommitted suffix of an old leader may be cut", () => {
  const { history } = quorum();
  history
    .raftAppends(3001, metadataBatch(1, 1))
    .elected(3002, 2)
    .raftAppends(3002, metadataBatch(1, 2))
    .raftTruncates(3001, 1, 2);
  expect(history.end()).toEqual([]);
});

test("the newest leader may not write something else over what is committed", () => {
  const { history } = quorum();
  history
    .raftState(3002, "Leader", 2, 3002, 3002)
    .elected(3002, 2)
    .raftTruncates(3002, 0, 2)
    .raftAppends(3002, metadataBatch(0, 2));
  expect(history.end()).toContain("ConsistentCommittedData");
});

function observer(history: History): History {
  return history.tell("broker-1", { kind: "RaftLogLoaded", replica: 1, voter: false, epoch: 1, batches: [], highWatermark: 0 });
}

test("a broker applies only what is committed, as the controllers have it", () => {
  const { history, change } = quorum();
  observer(history).tell("broker-1", { kind: "RaftRecordsAppended", replica: 1, epoch: 1, batch: change });
  history.tell("broker-1", { kind: "MetadataApplied", replica: 1, to: 1 });
  expect(history.end()).toEqual([]);
  const ahead = quorum();
  observer(ahead.history).tell("broker-1", { kind: "RaftRecordsAppended", replica: 1, epoch: 1, batch: ahead.change });
  expect(ahead.history.tell("broker-1", { kind: "MetadataApplied", replica: 1, to: 2 }).end()).toEqual(["MetadataLogMatching"]);
  const other = quorum();
  observer(other.history).tell("broker-1", { kind: "RaftRecordsAppended", replica: 1, epoch: 1, batch: metadataBatch(0, 1) });
  expect(other.history.tell("broker-1", { kind: "MetadataApplied", replica: 1, to: 1 }).end()).toContain("MetadataLogMatching");
});

test("what a broker takes for committed is not committed for that", () => {
  // Else a broker that applies whatever it fetches would prove itself right.
  const { history, change } = quorum();
  const pending = metadataBatch(1, 1);
  observer(history.raftAppends(3001, pending));
  for (const batch of [change, pending]) history.tell("broker-1", { kind: "RaftRecordsAppended", replica: 1, epoch: 1, batch });
  history.tell("broker-1", { kind: "RaftHighWatermarkAdvanced", replica: 1, epoch: 1, role: "follower", to: 2 });
  expect(history.tell("broker-1", { kind: "MetadataApplied", replica: 1, to: 2 }).end()).toEqual(["MetadataLogMatching"]);
});

/** 3001 leads for `beats` half seconds; it and `followers` commit a no-op in each. */
function reign(beats: number, followers: readonly number[] = [3002, 3003], from = 1, told = quorum().history): History {
  for (let offset = from; offset < from + beats; offset++) {
    told.wait(500_000);
    const noOp = metadataBatch(offset, 1);
    told.raftAppends(3001, noOp);
    for (const voter of followers) told.raftAppends(voter, noOp);
    told.raftHighWatermark(3001, offset + 1, "leader", 1);
  }
  return told;
}

test("a voter that was away may not knock over a leader whom a majority hears (kip-996-partitioned-voter)", () => {
  const history = reign(20);
  reign(6, [3002], 21, history);
  history.raftState(3003, "Candidate", 2, -1, 3003);
  reign(4, [3002], 27, history);
  // It returns with a later epoch; the leader gives way; an election follows a second later.
  history
    .raftState(3003, "Candidate", 9, -1, 3003)
    .raftState(3001, "Unattached", 9)
    .wait(1_800_000)
    .raftState(3002, "Leader", 10, 3002, 3002);
  expect(history.elected(3002, 10).end()).toContain("LeaderStability");
});

test("a voter may not lure away the only follower of a healthy leader, however long the election then takes", () => {
  const lure = (follower: boolean): string[] => {
    const history = reign(20);
    reign(6, [3002], 21, history);
    history.raftState(3003, "Candidate", 2, -1, 3003);
    if (follower) history.raftState(3002, "Unattached", 2);
    history.wait(1_800_000).raftState(3002, "Candidate", 3, -1, 3002).raftState(3002, "Leader", 3, 3002, 3002);
    return history.elected(3002, 3).end();
  };
  expect(lure(true)).toContain("LeaderStability");
  // What 3003 does for itself takes nothing from the leader; then 3002 has not heard of it for too long.
  expect(lure(false)).toEqual([]);
});

test("a leader that its followers have not heard from for a fetch timeout may be replaced", () => {
  const history = reign(20).wait(2_000_000);
  expect(
    history.raftState(3002, "Candidate", 2, -1, 3002).raftState(3002, "Leader", 2, 3002, 3002).elected(3002, 2).end(),
  ).toEqual([]);
});

test("a leader that resigned, or died, may be replaced at once", () => {
  const resigned = reign(20).tell("controller-3001", { kind: "RaftLeaderResigned", replica: 3001, epoch: 1, reason: "shutdown" });
  expect(resigned.raftState(3002, "Leader", 2, 3002, 3002).elected(3002, 2).end()).toEqual([]);
  const died = reign(20).node("ProcessCrashed", "controller-3001");
  expect(died.raftState(3002, "Leader", 2, 3002, 3002).elected(3002, 2).end()).toEqual([]);
});

test("a voter that was in a later epoch from the start may depose the leader when it returns (KAFKA-17641)", () => {
  const { history } = quorum();
  history.raftState(3003, "Candidate", 2, -1, 3003);
  reign(20, [3002], 1, history).raftState(3001, "Unattached", 2).raftState(3002, "Leader", 3, 3002, 3002);
  expect(history.elected(3002, 3).end()).toEqual([]);
});

function isolated(waitUs: number, then: (history: History) => History): string[] {
  const history = reign(2);
  history.tell(undefined, { kind: "LinkCut", a: "controller-3001", b: "controller-3002", direction: "both" });
  history.tell(undefined, { kind: "LinkCut", a: "controller-3003", b: "controller-3001", direction: "from" });
  return then(history.wait(waitUs)).end();
}

test("a leader that no majority can reach resigns within 1.5 fetch timeouts (KAFKA-15489)", () => {
  expect(isolated(6_000_000, (h) => h)).toEqual(["StaleLeaderBounded"]);
  expect(isolated(3_000_000, (h) => h.raftState(3001, "Resigned", 1).wait(9_000_000))).toEqual([]);
});

test("one follower, a healed link or a standstill of its own excuse it", () => {
  const heal = (h: History): History =>
    h.tell(undefined, { kind: "LinkHealed", a: "controller-3001", b: "controller-3002", direction: "both" }).wait(9_000_000);
  expect(isolated(3_000_000, heal)).toEqual([]);
  expect(isolated(3_000_000, (h) => h.node("Paused", "controller-3001").wait(9_000_000))).toEqual([]);
});

test("a leader whose followers are dead or stand still is out of reach too", () => {
  const history = reign(2).node("ProcessCrashed", "controller-3002").node("Paused", "controller-3003").wait(6_000_000);
  expect(history.end()).toEqual(["StaleLeaderBounded"]);
});
