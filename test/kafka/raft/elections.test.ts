import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import type { ReplicaId } from "../../../src/kafka/ids.ts";
import { nameOf, TestQuorum } from "./test-quorum.ts";

const without = (ids: readonly ReplicaId[], ...gone: ReplicaId[]): ReplicaId[] => ids.filter((id) => !gone.includes(id));

describe("a quorum elects a leader (KIP-595)", () => {
  test.each([1, 2, 3, 5])("of %i voters one leads, all know it, and its LeaderChange record opens the log", (voters) => {
    const q = new TestQuorum({ voters, observers: 1 }).start();
    const leader = q.electLeader();
    q.commit(leader, [...q.voters, ...q.observers]);
    expect(q.leaders).toEqual([leader]);
    expect(q.process(101).committed[0]?.records).toEqual([{ type: "LeaderChange", leaderId: leader, voters: q.voters }]);
    expect(q.process(101).committed[0]?.isControl).toBe(true);
    expect(q.raft(101).leaderId).toBe(leader);
    expect(q.invariants.violations).toEqual([]);
  });

  test("the leader's own state machine hears of it only after everything committed before (KafkaRaftClient.ListenerContext)", () => {
    const q = new TestQuorum().start();
    q.commit(q.electLeader());
    q.crash(q.leaders[0] as ReplicaId);
    const second = q.electLeader(without(q.voters, q.elected[0] as ReplicaId));
    // It leads, but its LeaderChange is not committed yet, nor what came before as far as it knows.
    expect(q.process(second).leaders.at(-1)).toEqual([-1, q.raft(second).epoch]);
    const known = q.process(second).committed.length;
    q.runUntil(() => q.process(second).leaders.at(-1)?.[0] === second);
    expect(q.process(second).committed.length).toBeGreaterThan(known);
    expect(q.values(second)).toEqual(["0"]);
  });

  test("the only voter leads at once, but commits nothing before it is on disk", () => {
    const q = new TestQuorum({ voters: 1 });
    q.world.stallDisk("controller-1", true);
    q.start();
    q.runFor(1);
    expect([q.raft(1).isLeader, q.raft(1).highWatermark]).toEqual([true, -1]);
    q.world.stallDisk("controller-1", false);
    q.commit(1);
    expect(q.raft(1).highWatermark).toBe(2);
  });
});

describe("when the leader goes", () => {
  test("a crashed leader is replaced in a higher epoch after the fetch timeout, and follows when it is back", () => {
    const q = new TestQuorum().start();
    const first = q.electLeader();
    q.commit(first);
    const crashedAt = q.world.time;
    q.crash(first);
    const others = without(q.voters, first);
    const second = q.electLeader(others);
    // The last fetch was answered at most 500 ms (the long poll) and a round trip before the crash.
    expect(q.world.time - crashedAt).toBeGreaterThan(seconds(2) - ms(600));
    q.commit(second, others);
    q.start(first);
    q.commit(second);
    expect(q.values(first)).toEqual(["0", "1", "2"]);
    expect(q.raft(second).isLeader).toBe(true);
    expect(q.invariants.violations).toEqual([]);
  });

  test("a leader that shuts down says so, stays until its successor is there, and costs no fetch timeout", () => {
    const q = new TestQuorum().start();
    const first = q.electLeader();
    q.commit(first);
    const askedAt = q.world.time;
    q.shutDown(first);
    q.runUntil(() => !q.isRunning(first));
    const second = q.electLeader(without(q.voters, first));
    // The preferred successor does not wait at all: a few round trips and an fsync or two.
    expect(q.world.time - askedAt).toBeLessThan(ms(50));
    q.commit(second, without(q.voters, first));
    expect(q.invariants.violations).toEqual([]);
  });

  test("a restarted leader does not go on in its epoch: it resigns (kraft.resignOnRestart)", () => {
    const q = new TestQuorum().start();
    const first = q.electLeader();
    q.commit(first);
    const { epoch } = q.raft(first);
    q.crash(first);
    q.start(first);
    q.runUntil(() => q.isRunning(first));
    expect([q.raft(first).isLeader, q.raft(first).leaderId, q.raft(first).epoch]).toEqual([false, first, epoch]);
    expect(q.invariants.events.findLast((event) => event.kind === "RaftLeaderResigned")).toMatchObject({
      replica: first,
      epoch,
      reason: "restart",
    });
    const second = q.electLeader();
    expect(q.raft(second).epoch).toBeGreaterThan(epoch);
    expect(q.invariants.violations).toEqual([]);
  });

  test("a leader whose disk stalls falls silent, for it has one thread, and is replaced", () => {
    const q = new TestQuorum().start();
    const first = q.electLeader();
    q.commit(first);
    q.world.stallDisk(nameOf(first), true);
    q.append(first);
    const second = q.electLeader(without(q.voters, first));
    q.commit(second, without(q.voters, first));
    q.world.stallDisk(nameOf(first), false);
    q.commit(second);
    expect(q.invariants.violations).toEqual([]);
  });
});

describe("kafka-15489-no-check-quorum-zombie-controller: a leader that was cut off", () => {
  const cutOff = (checkQuorum: boolean): { q: TestQuorum; first: ReplicaId } => {
    const q = new TestQuorum({ observers: 1, dials: { "kraft.checkQuorum": checkQuorum } }).start();
    const first = q.electLeader();
    q.commit(first, [...q.voters, 101]);
    // The broker is on the old leader's side.
    q.partition([first, 101], without(q.voters, first));
    q.electLeader(without(q.voters, first));
    return { q, first };
  };

  test("resigns within 1.5 fetch timeouts", () => {
    const { q, first } = cutOff(true);
    q.runFor(3);
    expect(q.raft(first).isLeader).toBe(false);
    expect(q.invariants.events).toContainEqual(
      expect.objectContaining({ kind: "RaftLeaderResigned", replica: first, reason: "check-quorum" }),
    );
    expect(q.process(first).leaders.at(-1)?.[0]).toBe(-1);
  });

  test("without check quorum leads its epoch for ever, and its broker sees nothing wrong", () => {
    const { q, first } = cutOff(false);
    q.runFor(120);
    expect(q.leaders).toHaveLength(2);
    expect(q.raft(101).leaderId).toBe(first);
    q.heal();
    q.electLeader();
    expect(q.invariants.violations).toEqual([]);
  });
});

describe("kip-996-partitioned-voter-disrupts-leader: a voter comes back after half a minute", () => {
  const comeBack = (kafka: string): { q: TestQuorum; leader: ReplicaId; epochBefore: number } => {
    const q = new TestQuorum({ kafka }).start();
    const leader = q.electLeader();
    const [away] = without(q.voters, leader) as [ReplicaId];
    q.partition([away], without(q.voters, away));
    for (let second = 0; second < 30; second++) {
      q.append(leader);
      q.runFor(1);
    }
    const { epoch: epochBefore } = q.raft(leader);
    q.heal();
    q.runFor(5);
    return { q, leader, epochBefore };
  };

  test("with pre-vote it has stayed in its epoch, and follows the leader again", () => {
    const { q, leader, epochBefore } = comeBack("4.1");
    expect(q.elected).toEqual([leader]);
    expect(q.voters.map((id) => q.raft(id).epoch)).toEqual([epochBefore, epochBefore, epochBefore]);
  });

  test("without, it has raised its epoch at each timeout, and the healthy leader falls over it", () => {
    const { q, epochBefore } = comeBack("3.9");
    expect(q.elected.length).toBeGreaterThan(1);
    // Each attempt takes an election timeout (1 to 2 s) and a backoff of up to 1 s.
    expect(q.raft(1).epoch).toBeGreaterThanOrEqual(epochBefore + 28 / 3);
    q.commit(q.electLeader());
    expect(q.invariants.violations).toEqual([]);
  });
});

describe("kip-996-link-loss-pingpong: two voters cannot see each other, the third sees both", () => {
  const linkLoss = (followersRejectPreVote: boolean): TestQuorum => {
    const q = new TestQuorum({ dials: { "kraft.followersRejectPreVote": followersRejectPreVote } }).start();
    const leader = q.electLeader();
    const [other] = without(q.voters, leader) as [ReplicaId];
    q.commit(leader);
    q.cut(leader, other);
    q.runFor(60);
    expect(q.invariants.violations).toEqual([]);
    return q;
  };

  test("the third refuses pre-votes, and the leader leads on", () => {
    expect(linkLoss(true).elected).toHaveLength(1);
  });

  test("if it granted them, the healthy leader would fall", () => {
    // Once, not for ever as the KIP has it: the LeaderChange of the new epoch makes the old leader's log too short to win.
    expect(linkLoss(false).elected).toHaveLength(2);
  });
});

describe("kip-996-prevote-without-check-quorum-stuck: a leader without a majority follows no one and is followed", () => {
  /** Leader c0 keeps only c1; c1, c3 and c4 are a connected majority; c2 is down. True if a leader among them is found in time. */
  const recovers = (checkQuorum: boolean): boolean => {
    const q = new TestQuorum({ voters: 5, dials: { "kraft.checkQuorum": checkQuorum } }).start();
    const c0 = q.electLeader();
    const [c1, c2, c3, c4] = without(q.voters, c0) as [ReplicaId, ReplicaId, ReplicaId, ReplicaId];
    q.commit(c0);
    q.crash(c2);
    q.partition([c0], [c3, c4]);
    return q.runUntil(() => [c1, c3, c4].some((id) => q.raft(id).isLeader), 60);
  };

  test("with check quorum it gives up, and the majority elects", () => {
    expect(recovers(true)).toBe(true);
  });

  test("without, its last follower refuses every pre-vote, and nobody is ever elected", () => {
    expect(recovers(false)).toBe(false);
  });
});
