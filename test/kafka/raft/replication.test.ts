import { expect, test } from "vitest";
import { ms } from "../../../src/base/units.ts";
import type { ReplicaId } from "../../../src/kafka/ids.ts";
import { TestQuorum } from "./test-quorum.ts";

const others = (q: TestQuorum, leader: ReplicaId): ReplicaId[] => q.voters.filter((id) => id !== leader);

test("an observer that starts late finds the leader and catches up from offset 0, in order and once", () => {
  const q = new TestQuorum({ observers: 2 }).start(1, 2, 3);
  const leader = q.electLeader();
  for (let i = 0; i < 5; i++) q.commit(leader);
  q.start(101, 102);
  q.commit(leader, [101, 102]);
  expect(q.values(101)).toEqual(["0", "1", "2", "3", "4", "5"]);
  expect(q.process(101).committed.map((batch) => batch.baseOffset)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  // A new incarnation is told everything again.
  q.crash(101);
  q.start(101);
  q.commit(leader, [101]);
  expect(q.values(101)).toEqual(["0", "1", "2", "3", "4", "5", "6"]);
});

test("an observer cut off from the leader finds the next one by asking the other voters", () => {
  const q = new TestQuorum({ observers: 1 }).start();
  const first = q.electLeader();
  q.commit(first, [101]);
  q.partition([first], [...others(q, first), 101]);
  const second = q.electLeader(others(q, first));
  q.commit(second, [101]);
  expect(q.raft(101).leaderId).toBe(second);
});

test("what a cut-off leader appended is cut back by epoch, and never committed (KIP-595 divergence)", () => {
  const q = new TestQuorum().start();
  const first = q.electLeader();
  const committed = q.commit(first);
  q.partition([first], others(q, first));
  q.append(first);
  q.append(first);
  const second = q.electLeader(others(q, first));
  q.commit(second, others(q, first));
  expect(q.raft(first).logEndOffset).toBe(committed + 3);
  q.heal();
  q.commit(second);
  expect(q.invariants.events).toContainEqual(
    expect.objectContaining({ kind: "RaftLogTruncated", replica: first, to: committed + 1 }),
  );
  // 1 and 2 were appended by the old leader alone.
  for (const id of q.voters) expect(q.values(id)).toEqual(["0", "3", "4"]);
  expect(q.invariants.logOf(first)).toEqual(q.invariants.logOf(second));
  expect(q.invariants.violations).toEqual([]);
});

test("appends linger 25 ms and become one batch; offsets are known at once", () => {
  const q = new TestQuorum().start();
  const leader = q.electLeader();
  const before = q.commit(leader);
  const askedAt = q.world.time;
  expect([q.append(leader), q.append(leader), q.append(leader)]).toEqual([before + 1, before + 2, before + 3]);
  expect(q.raft(leader).logEndOffset).toBe(before + 1);
  q.runUntil(() => q.raft(leader).highWatermark === before + 4);
  // The linger, and at least one way to a follower and back (100 us each at the shortest).
  expect(q.world.time - askedAt).toBeGreaterThanOrEqual(ms(25) + 200);
  expect(q.process(leader).committed.at(-1)?.records).toHaveLength(3);
});

test("only the leader of the epoch can append", () => {
  const q = new TestQuorum().start();
  const leader = q.electLeader();
  const [follower] = others(q, leader) as [ReplicaId];
  const { epoch } = q.raft(leader);
  expect(q.raft(follower).scheduleAppend(epoch, [{ type: "NoOp" }])).toBeUndefined();
  expect(q.raft(leader).scheduleAppend(epoch - 1, [{ type: "NoOp" }])).toBeUndefined();
});

test("KIP-1166: a follower hears of the commit at once from 4.1 on, before with its next fetch, up to 500 ms later", () => {
  const delay = (kafka: string): number => {
    const q = new TestQuorum({ observers: 1, kafka }).start();
    const leader = q.electLeader();
    q.commit(leader, [...q.voters, 101]);
    const offset = q.append(leader);
    q.runUntil(() => q.raft(leader).highWatermark > offset);
    const committedAt = q.world.time;
    q.runUntil(() => q.raft(101).highWatermark > offset);
    return q.world.time - committedAt;
  };
  expect(delay("4.1")).toBeLessThan(ms(3));
  // Its fetch was there before the commit: it waits out the 500 ms, less the few it had waited, and even then gets the answer of before.
  expect(delay("4.0")).toBeGreaterThan(ms(490));
});

test("an idle quorum is quiet: a no-op each 500 ms costs a replica two fetches", () => {
  const q = new TestQuorum({ observers: 3 }).start();
  const leader = q.electLeader();
  q.commit(leader, [...q.voters, ...q.observers]);
  const before = q.world.trace.step;
  for (let i = 0; i < 40; i++) {
    q.append(leader);
    q.runFor(0.5);
  }
  // 2 a second x 5 followers x 2 fetches x 2 messages = 40; the rest are a dozen timers and three fsyncs.
  expect((q.world.trace.step - before) / 20).toBeLessThan(60);
});
