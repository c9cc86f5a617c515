import { describe, expect, test } from "vitest";
import { ms } from "../../../src/base/units.ts";
import type { ReplicaId } from "../../../src/kafka/ids.ts";
import { nameOf, TestQuorum } from "./test-quorum.ts";

describe("kafka-10533-acks-before-fsync: the two voters that have a committed record lose power", () => {
  const afterPowerLoss = (flushBeforeAck: boolean): TestQuorum => {
    const q = new TestQuorum({ dials: { "kraft.flushBeforeAck": flushBeforeAck } }).start();
    const leader = q.electLeader();
    q.commit(leader);
    const [follower, absent] = q.voters.filter((id) => id !== leader) as [ReplicaId, ReplicaId];
    q.crash(absent);
    q.commit(leader, [leader, follower]);
    q.losePower(leader, follower);
    q.start(leader, follower);
    q.commit(q.electLeader([leader, follower]), [leader, follower]);
    return q;
  };

  test("voters that force their log to disk before they acknowledge have lost nothing", () => {
    const q = afterPowerLoss(true);
    expect(q.invariants.violations).toEqual([]);
    expect(q.values(q.leaders[0] as ReplicaId)).toEqual(["0", "1", "2"]);
  });

  test("without that, committed records are gone and their offsets are given again", () => {
    const { violations } = afterPowerLoss(false).invariants;
    expect(violations).toContainEqual(expect.stringMatching(/another record at committed offset/));
  });
});

describe("kafka-10527-resumes-leadership-in-same-epoch: a leader loses power before its last record is on disk", () => {
  /** c0 leads, c1 has fetched a record that c0 then loses; c0 is back before anybody has missed it. */
  const bounce = (resignOnRestart: boolean): { q: TestQuorum; c0: ReplicaId; c1: ReplicaId } => {
    const q = new TestQuorum({ fsyncMs: 100, dials: { "kraft.resignOnRestart": resignOnRestart } }).start();
    const c0 = q.electLeader();
    q.commit(c0);
    const [c1] = q.voters.filter((id) => id !== c0) as [ReplicaId];
    // Records go out while the leader's disk still works on them: 100 ms here.
    const lost = q.append(c0);
    q.runUntil(() => q.raft(c1).logEndOffset > lost);
    q.losePower(c0);
    q.start(c0);
    q.runFor(1);
    return { q, c0, c1 };
  };

  test("it resigns, a new epoch begins, and who has the record keeps it", () => {
    const { q, c0, c1 } = bounce(true);
    q.commit(q.electLeader());
    expect(q.invariants.violations).toEqual([]);
    expect(q.values(c0)).toEqual(q.values(c1));
  });

  test("if it went on in its epoch, one offset of one epoch would be two records", () => {
    const { q, c0, c1 } = bounce(false);
    expect(q.raft(c0).isLeader).toBe(true);
    expect(q.raft(c0).epoch).toBe(1);
    const offset = q.invariants.logOf(c1).findIndex((entry, i) => entry.record !== q.invariants.logOf(c0)[i]?.record);
    expect(q.invariants.logOf(c0)[offset]?.epoch).toBe(q.invariants.logOf(c1)[offset]?.epoch);
    expect(q.invariants.violations).toContainEqual(expect.stringMatching(/another record at committed offset/));
  });
});

test("a vote outlives a power loss: it is on disk before it is answered", () => {
  // Every voter loses power at a random moment of the first election, again and again: RaftInvariants sees a second vote.
  for (let i = 0; i < 50; i++) {
    const q = new TestQuorum({ seed: `votes-${i}` }).start();
    for (let round = 0; round < 6; round++) {
      q.runUntil(() => q.invariants.events.at(-1)?.kind === "RaftStateChanged", 5);
      q.world.runUntil(q.world.time + ms(1) * ((i * 7 + round) % 5));
      const victim = ((i + round) % 3) + 1;
      q.losePower(victim);
      q.start(victim);
    }
    q.commit(q.electLeader());
    expect(q.invariants.violations).toEqual([]);
  }
});

test("a truncation below the high watermark stops the process: Kafka's fatal fault", () => {
  const q = new TestQuorum({ dials: { "kraft.flushBeforeAck": false } }).start();
  const leader = q.electLeader();
  q.commit(leader);
  // Two voters forget everything; the third knows what was committed, and may not join them.
  const [witness, forgetful] = q.voters.filter((id) => id !== leader) as [ReplicaId, ReplicaId];
  q.partition([witness], [leader, forgetful]);
  q.losePower(leader, forgetful);
  q.start(leader, forgetful);
  q.commit(q.electLeader([leader, forgetful]), [leader, forgetful]);
  q.heal();
  expect(q.runUntil(() => !q.isRunning(witness))).toBe(true);
  expect(q.invariants.events as readonly object[]).toContainEqual(
    expect.objectContaining({
      kind: "ProcessExited",
      node: nameOf(witness),
      reason: expect.stringMatching(/below the high watermark|go back/),
    }),
  );
});
