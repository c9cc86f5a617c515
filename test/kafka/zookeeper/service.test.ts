/** An ensemble in calm weather: it elects, replicates, serves clients, and ends sessions. */
import { expect, test } from "vitest";
import { TestEnsemble } from "./test-ensemble.ts";

test("A1: servers with equal histories elect the one with the highest id, after 200 ms in which nothing better was heard of", () => {
  const e = new TestEnsemble().start();
  expect(e.elect()).toBe(3);
  expect(e.world.time).toBeGreaterThanOrEqual(200_000);
  expect(e.journal.of("ZkLeaderEstablished")).toEqual([{ kind: "ZkLeaderEstablished", server: 3, epoch: 1, zxid: 0 }]);
});

test("a write through a follower is on all servers, and answered with its zxid and what it has become", () => {
  const e = new TestEnsemble().start();
  e.elect();
  const client = e.client([e.follower]);
  const { error, path, stat, zxid } = e.create(client, "/a", 7);
  expect({ error, path }).toEqual({ error: "OK", path: "/a" });
  expect(stat).toEqual({ czxid: zxid, mzxid: zxid, version: 0, ephemeralOwner: 0 });
  e.runFor(1);
  for (const id of e.ids) {
    const other = e.client([id]);
    expect(e.do(other, { op: "getData", path: "/a", watch: false })).toMatchObject({ error: "OK", data: 7 });
  }
});
