/** What becomes of histories: Zab's discovery, synchronisation and broadcast, and what disks keep. A1, Leader, LearnerHandler, Learner, SyncRequestProcessor. */
import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import type { ZkServerId } from "../../../src/kafka/ids.ts";
import type { ZabAckEpoch } from "../../../src/kafka/zookeeper/quorum-messages.ts";
import { makeZxid } from "../../../src/kafka/zookeeper/zxid.ts";
import { constant } from "../../../src/sim/distribution.ts";
import type { TestClient } from "./test-client.ts";
import { nodeOf, TestEnsemble } from "./test-ensemble.ts";

function without(ids: readonly ZkServerId[], ...gone: ZkServerId[]): ZkServerId[] {
  return ids.filter((id) => !gone.includes(id));
}

/** So many nodes below `/`, one after the other, all asked for at once. */
function createMany(e: TestEnsemble, client: TestClient, count: number, prefix = "/n"): void {
  const asked = Array.from({ length: count }, (_, i) =>
    client.ask({ op: "create", path: `${prefix}${i}`, data: i, mode: "PERSISTENT" }),
  );
  for (const each of asked) expect(e.answer(each).error).toBe("OK");
}

describe("broadcast", () => {
  test("A1: a zxid is the leader's epoch and a counter, and all servers commit in zxid order", () => {
    const e = new TestEnsemble().start();
    e.elect();
    const client = e.client();
    createMany(e, client, 20);
    e.runFor(1);
    const expected = Array.from({ length: 21 }, (_, i) => makeZxid(1, i + 1));
    for (const id of e.ids) {
      const committed = e.journal.of("ZkTransactionCommitted").filter(({ server }) => server === id);
      expect(committed.map(({ transaction }) => transaction.zxid)).toEqual(expected);
      expect(e.heard(id).transactions.map(({ zxid }) => zxid)).toEqual(expected);
    }
  });

  test("A1: a write is answered only when a quorum has it on disk: it survives a loss of power everywhere", () => {
    const e = new TestEnsemble({ disk: { fsync: constant(ms(20)), writebackUs: seconds(1_000) } }).start();
    e.elect();
    const client = e.client();
    e.create(client, "/kept");
    e.losePower(...e.ids);
    e.start();
    e.elect();
    for (const id of e.ids) expect(e.read(id, "/kept").error).toBe("OK");
  });

  test("without a quorum of disks nothing is committed", () => {
    const e = new TestEnsemble().start();
    const leader = e.elect();
    const client = e.client([leader], 40_000);
    for (const id of without(e.ids, leader)) e.world.stallDisk(nodeOf(id), true);
    const write = client.ask({ op: "create", path: "/a", data: 1, mode: "PERSISTENT" });
    e.runFor(5);
    expect(write.response).toBeUndefined();
    e.world.stallDisk(nodeOf(without(e.ids, leader)[0] as number), false);
    expect(e.answer(write).error).toBe("OK");
  });

  test("while one fsync runs, what comes gathers, and goes with the next (group commit)", () => {
    const e = new TestEnsemble({ servers: 1, disk: { fsync: constant(ms(10)) } }).start();
    e.elect();
    const client = e.client();
    const since = e.world.time;
    createMany(e, client, 100);
    // The first alone, and the other 99 together; each 10 ms.
    expect(e.world.time - since).toBeGreaterThanOrEqual(ms(20));
    expect(e.world.time - since).toBeLessThan(ms(30));
  });

  test("a server that cannot write its log stops", () => {
    const e = new TestEnsemble().start();
    const leader = e.elect();
    e.world.node(nodeOf(leader)).disk.failIo(true);
    const client = e.client();
    e.runUntil(() => !e.isRunning(leader));
    expect(e.isRunning(leader)).toBe(false);
    e.elect(without(e.ids, leader));
    expect(e.create(client, "/a").error).toBe("OK");
  });
});

describe("synchronisation", () => {
  test("who missed little gets what is missing (DIFF)", () => {
    const e = new TestEnsemble().start();
    const leader = e.elect();
    const [late] = without(e.ids, leader) as [number];
    const client = e.client(without(e.ids, late));
    e.runFor(1);
    e.crash(late);
    createMany(e, client, 10);
    e.watch("ZabDiff");
    e.start(late);
    e.elect();
    expect(e.sent("ZabDiff")).toHaveLength(1);
    expect(e.read(late, "/n9").data).toBe(9);
    // What it is given with the DIFF it is told to be committed like everything else.
    const heard = e.heard(late).transactions.map(({ zxid }) => zxid);
    expect(heard).toEqual(
      e
        .heard(leader)
        .transactions.slice(0, heard.length)
        .map(({ zxid }) => zxid),
    );
  });

  test("who missed more than the leader remembers gets the whole state (SNAP), sessions and ephemeral nodes with it", () => {
    const e = new TestEnsemble().start();
    const leader = e.elect();
    const [late] = without(e.ids, leader) as [number];
    e.crash(late);
    const client = e.client(without(e.ids, late));
    e.do(client, { op: "create", path: "/mine", data: 1, mode: "EPHEMERAL" });
    createMany(e, client, 600);
    e.start(late);
    e.elect();
    expect(e.journal.of("ZkSnapshotInstalled")).toMatchObject([{ server: late }]);
    expect(e.read(late, "/n0").data).toBe(0);
    e.do(client, { op: "closeSession" });
    e.runFor(1);
    expect(e.read(late, "/mine").error).toBe("NONODE");
    // The state is on its disk.
    e.losePower(late);
    e.start(late);
    e.elect();
    expect(e.read(late, "/n599").data).toBe(599);
  });

  test("a restarted server shows nothing of what it has logged and no leader has committed: the leader has it cut (TRUNC)", () => {
    const e = new TestEnsemble().start();
    const leader = e.elect();
    const client = e.client([leader]);
    e.create(client, "/a");
    e.isolate(leader);
    client.ask({ op: "setData", path: "/a", data: "never", version: -1 });
    e.runFor(0.1);
    e.crash(leader);
    e.elect(without(e.ids, leader));
    e.heal();
    e.start(leader);
    e.elect();
    // In its tree it was, as in ZooKeeper, until then.
    expect(e.journal.of("ZkServerLoaded").at(-1)?.transactions).toHaveLength(3);
    expect(e.journal.of("ZkLogTruncated")).toEqual([{ kind: "ZkLogTruncated", server: leader, to: makeZxid(1, 2) }]);
    expect(e.read(leader, "/a")).toMatchObject({ data: 0, stat: { version: 0 } });
  });

  test("what a quorum has logged is committed by the next leader, though the last one came to tell nobody", () => {
    const e = new TestEnsemble().start();
    const leader = e.elect();
    const client = e.client([leader]);
    const others = without(e.ids, leader);
    e.world.addEdit({ name: "commits", pattern: { kind: "ZabCommit" }, action: { do: "hold" }, times: 100 });
    // It answers the client, and dies before a follower hears of the commit.
    const { zxid } = e.create(client, "/a");
    e.crash(leader);
    const second = e.elect(others);
    expect(e.heard(second).transactions.at(-1)?.zxid).toBe(zxid);
    for (const id of others) expect(e.heard(id).transactions.map((each) => each.zxid)).toContain(zxid);
    expect(e.read(second, "/a").error).toBe("OK");
  });

  test.each(["ZabDiff", "ZabSnap"])("a follower acknowledges the leader's history only when it has it on disk (%s)", (kind) => {
    const e = new TestEnsemble().start(...(kind === "ZabDiff" ? [1, 2, 3] : [1, 2]));
    e.elect(kind === "ZabDiff" ? e.ids : [1, 2]);
    const client = e.client([2], 40_000);
    e.runFor(1);
    e.crash(3);
    e.elect([1, 2], 60);
    e.runUntil(() => client.connected);
    e.create(client, "/a");
    e.runFor(1);
    e.crash(1, 2);
    const established = e.journal.of("ZkLeaderEstablished").length;
    e.watch(kind);
    e.world.stallDisk(nodeOf(3), true);
    e.start(2, 3);
    e.runFor(5);
    expect([e.server(2).state, e.server(3).state]).toEqual(["LEADING", "FOLLOWING"]);
    expect(e.sent(kind)).toHaveLength(1);
    expect(e.journal.of("ZkLeaderEstablished")).toHaveLength(established);
    e.world.stallDisk(nodeOf(3), false);
    e.elect([2, 3]);
    e.losePower(2, 3);
    e.start(3, 1);
    e.elect([3, 1], 60);
    expect(e.read(1, "/a").error).toBe("OK");
  });

  test("a follower that comes back to the same leader is not for a moment without what it has acknowledged", () => {
    const e = new TestEnsemble().start();
    const leader = e.elect();
    const [quick, slow] = without(e.ids, leader) as [number, number];
    const client = e.client([leader], 40_000);
    e.create(client, "/a");
    e.runFor(1);
    // Only one of the three has the next write on disk: it is not committed.
    for (const id of [leader, slow]) e.world.stallDisk(nodeOf(id), true);
    const write = client.ask({ op: "create", path: "/b", data: 1, mode: "PERSISTENT" });
    e.runFor(0.1);
    e.watch("ZabTrunc");
    e.world.resetConnections(nodeOf(quick), nodeOf(leader));
    e.runUntil(() => !e.server(quick).isServing);
    e.runUntil(() => e.server(quick).isServing);
    expect([e.leader, write.response, e.sent("ZabTrunc").length]).toEqual([leader, undefined, 1]);
    expect(e.journal.of("ZkLogTruncated")).toEqual([]);
    e.losePower(quick);
    e.start(quick);
    e.runFor(1);
    const last = e.journal.of("ZkServerLoaded").at(-1)?.transactions.at(-1);
    expect(last?.body).toMatchObject({ nodes: [{ path: "/b" }] });
    for (const id of [leader, slow]) e.world.stallDisk(nodeOf(id), false);
    expect(e.answer(write).error).toBe("OK");
  });

  test("a follower that is ahead of a leader that is not established is turned away: it does not count for it", () => {
    const e = new TestEnsemble().start();
    expect(e.elect()).toBe(3);
    const client = e.client([3]);
    e.isolate(3);
    client.ask({ op: "create", path: "/never", data: 1, mode: "PERSISTENT" });
    e.runFor(0.1);
    e.crash(...e.ids);
    e.heal();
    e.world.addEdit({ name: "ack", pattern: { kind: "ZabAckEpoch", from: [nodeOf(1)] }, action: { do: "hold" } });
    e.start(1, 2);
    e.runUntil(() => e.isRunning(2) && e.server(2).state === "LEADING");
    e.start(3);
    e.runFor(5);
    expect([e.server(2).isServing, e.server(3).state]).toEqual([false, "FOLLOWING"]);
    e.world.release("ack");
    e.elect();
    expect(e.leader).toBe(2);
    expect(e.read(3, "/never").error).toBe("NONODE");
  });

  test("followers are let in as the leader goes on committing", () => {
    const e = new TestEnsemble({ disk: { fsync: constant(ms(3)) } }).start();
    const leader = e.elect();
    const [late] = without(e.ids, leader) as [number];
    const client = e.client([leader]);
    for (let i = 0; i < 10; i++) {
      e.crash(late);
      const asked = Array.from({ length: 30 }, (_, n) =>
        client.ask({ op: "create", path: `/n${i}-${n}`, data: n, mode: "PERSISTENT" }),
      );
      e.start(late);
      e.runFor(0.011);
      for (const each of asked) expect(e.answer(each).error).toBe("OK");
    }
    e.elect();
    e.runFor(1);
    expect(e.read(late, "/n9-29").data).toBe(29);
    expect(e.leader).toBe(leader);
  });

  test("a server that has accepted an epoch does not help to begin it a second time", () => {
    const e = new TestEnsemble();
    e.watch("ZabAckEpoch");
    e.world.addEdit({ name: "acks", pattern: { kind: "ZabAckEpoch" }, action: { do: "hold" }, times: 2 });
    e.start();
    e.runUntil(() => e.sent("ZabAckEpoch").length === 2);
    // It loses its connection, and comes again.
    e.world.resetConnections(nodeOf(1), nodeOf(3));
    e.runFor(5);
    expect(
      e
        .sent("ZabAckEpoch")
        .map(({ from, message }) => [from, (message as ZabAckEpoch).currentEpoch])
        .slice(2),
    ).toEqual([[nodeOf(1), -1]]);
    expect(e.journal.of("ZkLeaderEstablished")).toEqual([]);
    e.world.release("acks");
    e.elect();
    expect(e.journal.of("ZkLeaderEstablished")).toMatchObject([{ server: 3, epoch: 1 }]);
  });
});

describe("disks", () => {
  test("a tail that was torn by a power loss is cut, and the leader sends it again", () => {
    const e = new TestEnsemble().start();
    const leader = e.elect();
    const [victim] = without(e.ids, leader) as [number];
    createMany(e, e.client([leader]), 5);
    e.runFor(1);
    e.crash(victim);
    e.world.node(nodeOf(victim)).disk.corruptTail("version-2");
    e.start(victim);
    e.elect();
    expect(e.journal.of("ZkServerLoaded").at(-1)?.transactions).toHaveLength(5);
    expect(e.read(victim, "/n4").data).toBe(4);
  });

  test("a log that has rotted in the middle is not started from", () => {
    const e = new TestEnsemble({ servers: 1 }).start();
    e.elect();
    createMany(e, e.client(), 5);
    e.crash(1);
    const { disk } = e.world.node(nodeOf(1));
    const [log] = disk.list("version-2/log.");
    disk.appendFile(log as string).corrupt(2);
    e.start(1);
    e.runFor(1);
    expect(e.isRunning(1)).toBe(false);
  });

  test("snapshots are taken now and then, and what they make superfluous goes from the log", () => {
    const e = new TestEnsemble({ servers: 1, config: { snapCount: 10 } }).start();
    e.elect();
    const client = e.client();
    e.do(client, { op: "create", path: "/mine", data: 1, mode: "EPHEMERAL" });
    for (let i = 0; i < 50; i++) e.create(client, `/n${i}`, i);
    e.losePower(1);
    e.start(1);
    e.elect();
    const loaded = e.journal.of("ZkServerLoaded").at(-1);
    expect(loaded?.snapshotZxid).toBeGreaterThan(makeZxid(1, 40));
    expect(loaded?.transactions.length).toBeLessThan(12);
    const again = e.client();
    for (let i = 0; i < 50; i++) expect(e.do(again, { op: "getData", path: `/n${i}`, watch: false }).data).toBe(i);
    expect(e.do(again, { op: "exists", path: "/mine", watch: false }).stat?.ephemeralOwner).toBe(client.session);
  });

  test("what only the page cache holds when a server starts is forced to disk before it counts for a quorum", () => {
    const e = new TestEnsemble({ disk: { fsync: constant(ms(500)) } }).start();
    e.elect();
    const client = e.client([e.leader], 40_000);
    e.runFor(2);
    const { zxid } = e.do(client, { op: "exists", path: "/", watch: false });
    client.ask({ op: "create", path: "/a", data: 1, mode: "PERSISTENT" });
    e.runFor(0.02);
    // Logged everywhere, and on no disk.
    e.crash(...e.ids);
    e.start();
    e.elect();
    expect(e.heard(e.leader).transactions.at(-1)?.zxid).toBe(zxid + 1);
    e.losePower(...e.ids);
    e.start();
    e.elect();
    expect(e.read(e.leader, "/a").error).toBe("OK");
  });

  test("epochs outlive a loss of power: an accepted one is never led again by another", () => {
    const e = new TestEnsemble().start();
    e.elect();
    e.losePower(...e.ids);
    e.start();
    e.elect();
    expect(e.journal.of("ZkLeaderEstablished").map(({ epoch }) => epoch)).toEqual([1, 2]);
  });
});

describe("what the listener hears", () => {
  test("after a restart of all the whole history again, each transaction with the tree as it was right after it", () => {
    const e = new TestEnsemble().start();
    e.elect();
    const client = e.client();
    e.create(client, "/a", 0);
    for (let i = 1; i <= 3; i++) e.do(client, { op: "setData", path: "/a", data: i, version: -1 });
    e.do(client, { op: "delete", path: "/a", version: -1 });
    e.runFor(1);
    const before = e.heard(1).transactions.map(({ zxid }) => zxid);
    e.crash(...e.ids);
    e.start();
    e.elect();
    for (const id of e.ids) {
      const { transactions, views } = e.heard(id);
      expect(transactions.slice(0, before.length).map(({ zxid }) => zxid)).toEqual(before);
      expect(views.slice(0, 6)).toEqual([undefined, ...[2, 3, 4, 5].map((counter) => makeZxid(1, counter)), undefined]);
    }
  });

  test("nothing before a leader is established", () => {
    const e = new TestEnsemble().start();
    e.elect();
    e.create(e.client(), "/a");
    e.runFor(1);
    e.crash(...e.ids);
    e.start(1);
    e.runFor(60);
    expect(e.heard(1).transactions).toEqual([]);
    e.start(2);
    e.elect([1, 2], 90);
    expect(e.heard(1).transactions).toHaveLength(2);
  });
});
