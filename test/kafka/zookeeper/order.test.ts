/** In which order things happen on one server, and how long they take. A1, CommitProcessor, Leader.processSync, service costs. */
import { describe, expect, test } from "vitest";
import { ms } from "../../../src/base/units.ts";
import type { ZkServerId } from "../../../src/kafka/ids.ts";
import { constant } from "../../../src/sim/distribution.ts";
import { nodeOf, TestEnsemble } from "./test-ensemble.ts";

function without(ids: readonly ZkServerId[], ...gone: ZkServerId[]): ZkServerId[] {
  return ids.filter((id) => !gone.includes(id));
}

function set(data: number) {
  return { op: "setData", path: "/a", data, version: -1 } as const;
}

const READ = { op: "getData", path: "/a", watch: false } as const;

describe("order", () => {
  test.each(["leader", "follower"] as const)(
    "A1: a session sees its own writes, in the order in which it made its requests (on a %s)",
    (where) => {
      const e = new TestEnsemble({ costs: { zookeeperReadUs: 300, zookeeperWriteUs: 200 } }).start();
      e.elect();
      const client = e.client([e[where]]);
      e.create(client, "/a");
      const asked = Array.from({ length: 12 }, (_, i) => client.ask(i % 3 === 0 ? set(i) : READ));
      const answers = asked.map((each) => e.answer(each));
      for (const [i, { data }] of answers.entries()) if (i % 3 !== 0) expect(data).toBe(i - (i % 3));
      expect(client.seen.slice(-12)).toEqual(asked.map(({ xid }) => `#${xid} OK`));
    },
  );

  test("A1: a read is answered by the server that the client is connected to, from its own state, which may be stale", () => {
    const e = new TestEnsemble().start();
    const leader = e.elect();
    const [behind] = without(e.ids, leader) as [number];
    const writer = e.client([leader]);
    e.create(writer, "/a", 1);
    e.runFor(1);
    const reader = e.client([behind]);
    e.world.slowLink(nodeOf(leader), nodeOf(behind), ms(500));
    e.do(writer, set(2));
    expect(e.do(reader, READ).data).toBe(1);
    // Another session's own order is not disturbed by that.
    expect(e.do(writer, READ).data).toBe(2);
  });

  test("A1: sync brings a server up to what the leader had committed", () => {
    const e = new TestEnsemble().start();
    const leader = e.elect();
    const [behind] = without(e.ids, leader) as [number];
    const writer = e.client([leader]);
    e.create(writer, "/a", 1);
    e.runFor(1);
    const reader = e.client([behind]);
    e.world.slowLink(nodeOf(leader), nodeOf(behind), ms(500));
    e.do(writer, set(2));
    const sync = reader.ask({ op: "sync", path: "/a" });
    const read = reader.ask(READ);
    expect(e.answer(sync).error).toBe("OK");
    expect(e.answer(read).data).toBe(2);
  });

  test("a sync keeps its place between the writes around it, though they are committed together", () => {
    const e = new TestEnsemble({ disk: { fsync: constant(ms(5)) } }).start();
    e.elect();
    const client = e.client([e.follower]);
    e.create(client, "/a");
    const asked = [set(1), set(2), { op: "sync", path: "/a" } as const, set(3), { op: "sync", path: "/a" } as const, READ].map(
      (op) => client.ask(op),
    );
    for (const each of asked) expect(e.answer(each).error).toBe("OK");
    expect(asked.at(-1)?.response?.data).toBe(3);
  });
});

describe("service costs", () => {
  test("reads are served one after the other by the server that is asked, each in its time", () => {
    const e = new TestEnsemble({ costs: { zookeeperReadUs: 2_000 } }).start();
    e.elect();
    const client = e.client([e.follower]);
    e.create(client, "/a");
    const since = e.world.time;
    const asked = Array.from({ length: 100 }, () => client.ask(READ));
    for (const each of asked) e.answer(each);
    expect(e.world.time - since).toBeGreaterThanOrEqual(ms(200));
    expect(e.world.time - since).toBeLessThan(ms(202));
  });

  test("reads at one server don't delay another", () => {
    const e = new TestEnsemble({ costs: { zookeeperReadUs: 2_000 } }).start();
    const leader = e.elect();
    const [busy, idle] = without(e.ids, leader) as [number, number];
    const [one, two] = [e.client([busy]), e.client([idle])];
    e.create(one, "/a");
    for (let i = 0; i < 100; i++) one.ask(READ);
    const since = e.world.time;
    e.do(two, READ);
    expect(e.world.time - since).toBeLessThan(ms(4));
  });

  test("writes are taken up one after the other by the leader, a multi part by part", () => {
    const e = new TestEnsemble({ costs: { zookeeperWriteUs: 1_000 } }).start();
    e.elect();
    const clients = e.ids.map((id) => e.client([id]));
    e.create(clients[0] as NonNullable<(typeof clients)[0]>, "/a");
    const since = e.world.time;
    const asked = clients.flatMap((client) => Array.from({ length: 10 }, (_, i) => client.ask(set(i))));
    for (const each of asked) e.answer(each);
    expect(e.world.time - since).toBeGreaterThanOrEqual(ms(30));
    const then = e.world.time;
    const ops = Array.from({ length: 50 }, (_, i) => set(i));
    e.do(clients[0] as NonNullable<(typeof clients)[0]>, { op: "multi", ops });
    expect(e.world.time - then).toBeGreaterThanOrEqual(ms(50));
    expect(e.world.time - then).toBeLessThan(ms(56));
  });

  test("without costs nothing but network and disk takes time", () => {
    const e = new TestEnsemble({ servers: 1, disk: { fsync: constant(0) } }).start();
    e.elect();
    const client = e.client();
    e.create(client, "/a");
    const since = e.world.time;
    const asked = Array.from({ length: 1_000 }, () => client.ask(READ));
    for (const each of asked) e.answer(each);
    // A round trip: nothing waits for anything else.
    expect(e.world.time - since).toBeLessThanOrEqual(ms(1));
  });
});
