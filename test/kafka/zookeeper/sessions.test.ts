/** Sessions: how long they live, who may use them, and what goes with them. A1, SessionTrackerImpl, ZooKeeperServer. */
import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import type { ZkServerId } from "../../../src/kafka/ids.ts";
import { nodeOf, TestEnsemble } from "./test-ensemble.ts";

const TICK = seconds(2);

function without(ids: readonly ZkServerId[], ...gone: ZkServerId[]): ZkServerId[] {
  return ids.filter((id) => !gone.includes(id));
}

describe("a session", () => {
  test.each([
    { wanted: 100, given: 4_000 },
    { wanted: 6_000, given: 6_000 },
    { wanted: 100_000, given: 40_000 },
  ])("A1: of $wanted ms gets $given ms: between 2 and 20 ticks", ({ wanted, given }) => {
    const e = new TestEnsemble().start();
    e.elect();
    expect(e.client(e.ids, wanted).timeoutMs).toBe(given);
    expect(e.journal.of("ZkSessionOpened")[0]?.timeoutMs).toBe(given);
  });

  test("the bounds can be set", () => {
    const e = new TestEnsemble({ config: { minSessionTimeout: 1_000, maxSessionTimeout: 5_000 } }).start();
    e.elect();
    expect([e.client(e.ids, 500).timeoutMs, e.client(e.ids, 9_000).timeoutMs]).toEqual([1_000, 5_000]);
  });

  test("has an id that none ever had or will have, whatever becomes of the servers", () => {
    const e = new TestEnsemble().start();
    const ids = new Set<number>();
    for (let i = 0; i < 4; i++) {
      e.elect();
      for (const server of e.ids) ids.add(e.client([server]).session);
      e.crash(...e.ids);
      e.start();
    }
    expect(ids.size).toBe(12);
    expect(ids.has(0)).toBe(false);
  });

  test("is a transaction: every server knows it", () => {
    const e = new TestEnsemble().start();
    e.elect();
    const client = e.client([1]);
    e.runFor(1);
    const opened = e.journal.entries.filter(({ event }) => event.kind === "ZkSessionOpened");
    expect(opened.map(({ node }) => node).sort()).toEqual(e.ids.map(nodeOf));
    for (const { event } of opened) expect(event).toMatchObject({ session: client.session, client: "client-1" });
  });
});

describe("expiry", () => {
  test.each([0, 300, 900, 1_300, 1_700])(
    "A1: comes between the timeout and one tick and half a tick more, for a client on a follower (%i ms later)",
    (offset) => {
      const e = new TestEnsemble().start();
      e.elect();
      const client = e.client([e.follower]);
      e.runFor(5 + offset / 1_000);
      e.do(client, { op: "ping" });
      client.silent = true;
      const since = e.world.time;
      e.runUntil(() => e.journal.of("ZkSessionClosed").length > 0);
      expect(e.world.time - since).toBeGreaterThan(ms(6_000) - ms(1));
      expect(e.world.time - since).toBeLessThan(ms(6_000) + TICK + TICK / 2 + ms(10));
      expect(e.journal.of("ZkSessionClosed")[0]).toMatchObject({ session: client.session, reason: "expired" });
    },
  );

  test("does not come as long as the client is heard of, even if only a follower hears it", () => {
    const e = new TestEnsemble().start();
    e.elect();
    const client = e.client([e.follower], 4_000);
    e.runFor(60);
    expect(e.journal.of("ZkSessionClosed")).toEqual([]);
    expect(client.connected).toBe(true);
  });

  test("A1: is one transaction that takes all the session's ephemeral nodes with it, and nobody else's", () => {
    const e = new TestEnsemble().start();
    e.elect();
    const [mine, other] = [e.client(), e.client()];
    for (const path of ["/a", "/b"]) e.do(mine, { op: "create", path, data: 1, mode: "EPHEMERAL" });
    e.do(other, { op: "create", path: "/c", data: 1, mode: "EPHEMERAL" });
    mine.silent = true;
    e.runUntil(() => e.journal.of("ZkSessionClosed").length > 0);
    e.runFor(1);
    const closing = e.journal.of("ZkTransactionCommitted").filter(({ transaction }) => transaction.body.type === "closeSession");
    expect(closing.map(({ deleted }) => deleted)).toEqual(e.ids.map(() => ["/a", "/b"]));
    expect(e.do(other, { op: "getChildren", path: "/", watch: false }).children).toEqual(["c"]);
  });

  test("takes with it what the session had only just asked for", () => {
    const e = new TestEnsemble().start();
    const leader = e.elect();
    const client = e.client([leader]);
    const asked = [
      client.ask({ op: "create", path: "/a", data: 1, mode: "EPHEMERAL" }),
      client.ask({ op: "create", path: "/b", data: 1, mode: "EPHEMERAL" }),
      client.ask({ op: "delete", path: "/a", version: -1 }),
      client.ask({ op: "closeSession" }),
    ];
    for (const each of asked) expect(e.answer(each).error).toBe("OK");
    const closing = e.journal.of("ZkTransactionCommitted").find(({ transaction }) => transaction.body.type === "closeSession");
    expect(closing?.deleted).toEqual(["/b"]);
    expect(e.read(leader, "/").error).toBe("OK");
  });

  test("A1: a new leader starts all clocks anew", () => {
    const e = new TestEnsemble().start();
    const leader = e.elect();
    const client = e.client([leader]);
    client.silent = true;
    client.reconnects = false;
    e.runFor(5);
    e.crash(leader);
    e.elect(without(e.ids, leader));
    const since = e.world.time;
    e.runUntil(() => e.journal.of("ZkSessionClosed").length > 0);
    expect(e.world.time - since).toBeGreaterThan(ms(6_000) - ms(1));
  });

  test("A1: is decided by the leader alone, and learnt on reconnection: a client that is cut off believes in its session", () => {
    const e = new TestEnsemble().start();
    e.elect();
    const client = e.client();
    const { session } = client;
    e.cut(["client-1"], e.ids.map(nodeOf));
    e.runUntil(() => e.journal.of("ZkSessionClosed").length > 0);
    e.runFor(60);
    expect([client.connected, client.session, client.expired]).toEqual([false, session, []]);
    e.heal();
    e.runUntil(() => client.connected, 60);
    expect(client.expired).toEqual([session]);
    expect(client.session).not.toBe(session);
  });
});

describe("a client that comes back", () => {
  test("to another server keeps its session and its ephemeral nodes", () => {
    const e = new TestEnsemble().start();
    const leader = e.elect();
    const client = e.client([leader]);
    const { session } = client;
    e.do(client, { op: "create", path: "/mine", data: 1, mode: "EPHEMERAL" });
    for (const id of without(e.ids, leader)) {
      client.leave(nodeOf(id));
      e.runUntil(() => client.connected);
      expect(e.do(client, { op: "exists", path: "/mine", watch: false }).stat?.ephemeralOwner).toBe(session);
    }
    e.runFor(20);
    expect(e.journal.of("ZkSessionClosed")).toEqual([]);
  });

  test("with a session that has ended is told so, and loses its connection", () => {
    const e = new TestEnsemble().start();
    e.elect();
    for (const server of e.ids) {
      const client = e.client([server]);
      const { session } = client;
      client.reconnects = false;
      e.do(client, { op: "closeSession" });
      e.runUntil(() => !client.connected);
      client.session = session;
      client.reconnects = true;
      client.leave(nodeOf(server));
      e.runUntil(() => client.expired.length > 0);
      expect(client.expired).toEqual([session]);
    }
  });

  test("A1: is refused by a server that has seen less than it has: a leader that does not know yet that it has been replaced", () => {
    const e = new TestEnsemble().start();
    const old = e.elect();
    const others = without(e.ids, old);
    const client = e.client(others, 40_000);
    e.isolate(old);
    e.runUntil(() => others.includes(e.leader) && client.connected, 60);
    e.elect(others);
    e.runUntil(() => client.connected);
    e.create(client, "/a");
    expect([e.server(old).state, e.server(old).isServing]).toEqual(["LEADING", true]);
    // It would know the session, and show a tree without the node.
    client.leave(nodeOf(old));
    e.watch("ZkConnect");
    e.runUntil(() => client.connected || !e.server(old).isServing);
    expect(client.connected).toBe(false);
    expect(e.sent("ZkConnect").length).toBeGreaterThan(1);
    e.heal();
    e.elect();
    e.runUntil(() => client.connected);
    expect(e.do(client, { op: "exists", path: "/a", watch: false }).error).toBe("OK");
  });

  test("finds its session moved: what the former connection still sends is refused with SESSIONMOVED, and that connection ends", () => {
    const e = new TestEnsemble().start();
    const leader = e.elect();
    const [one, two] = without(e.ids, leader) as [number, number];
    const first = e.client([one], 40_000);
    const second = e.client([two], 40_000);
    const { session } = first;
    // The same session by way of another server: the first one does not know yet.
    second.session = session;
    second.leave(nodeOf(two));
    e.runUntil(() => second.connected);
    first.reconnects = false;
    expect(e.do(first, { op: "create", path: "/a", data: 1, mode: "PERSISTENT" }).error).toBe("SESSIONMOVED");
    e.runUntil(() => !first.connected);
    expect(first.connected).toBe(false);
    expect(e.create(second, "/a").error).toBe("OK");
  });

  test("to the same server ends its former connection there", () => {
    const e = new TestEnsemble().start();
    const leader = e.elect();
    const first = e.client([leader], 40_000);
    const second = e.client([leader], 40_000);
    first.reconnects = false;
    second.session = first.session;
    second.leave(nodeOf(leader));
    e.runUntil(() => second.connected && !first.connected);
    expect([first.connected, second.connected]).toEqual([false, true]);
  });
});

test("A1: servers without a quorum let go of their clients, and take none in", () => {
  const e = new TestEnsemble().start();
  const leader = e.elect();
  const [alone] = without(e.ids, leader) as [number];
  const client = e.client([alone], 40_000);
  e.crash(...without(e.ids, alone));
  e.runUntil(() => !client.connected);
  e.runFor(10);
  expect(client.connected).toBe(false);
  e.start();
  e.elect(e.ids, 60);
  expect(e.runUntil(() => client.connected)).toBe(true);
  expect(client.expired).toEqual([]);
});
