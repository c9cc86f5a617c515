/** Who leads, and when a server gives that up. A1, FastLeaderElection, Leader.lead, Follower.followLeader. */
import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import type { ZkServerId } from "../../../src/kafka/ids.ts";
import { nodeOf, TestEnsemble } from "./test-ensemble.ts";

const TICK = seconds(2);
const SYNC_LIMIT = 5 * TICK;

function without(ids: readonly ZkServerId[], ...gone: ZkServerId[]): ZkServerId[] {
  return ids.filter((id) => !gone.includes(id));
}

/** Server 3 has missed the write that 1 and 2 have; everybody is down. */
function laggingThird(): TestEnsemble {
  const e = new TestEnsemble().start();
  e.elect();
  e.crash(3);
  e.elect([1, 2]);
  e.create(e.client([1]), "/news");
  e.runFor(1);
  e.crash(1, 2);
  return e;
}

describe("an election", () => {
  test.each([1, 3, 5, 7])("of %i servers one leads, all serve, and all say the same", (servers) => {
    const e = new TestEnsemble({ servers }).start();
    const leader = e.elect();
    expect(e.ids.map((id) => e.server(id).leaderId)).toEqual(e.ids.map(() => leader));
    expect(e.journal.of("ZkLeaderEstablished")).toHaveLength(1);
  });

  test("a server that is alone leads at once", () => {
    const e = new TestEnsemble({ servers: 1 }).start();
    e.elect();
    expect(e.world.time).toBe(0);
    e.create(e.client(), "/a");
  });

  test("A1: a server waits 200 ms after it has seen a quorum for its pick", () => {
    const e = new TestEnsemble().start();
    e.runFor(0.1);
    e.runUntil(() => e.server(3).state === "LEADING");
    expect(e.world.time).toBeGreaterThanOrEqual(ms(200));
    expect(e.world.time).toBeLessThan(ms(210));
  });

  test("A1: who gets no answer asks again after 200 ms, and then twice as late each time, up to 60 s", () => {
    const e = new TestEnsemble({ servers: 5 });
    e.start(1, 2);
    e.runFor(0.05);
    e.world.cut(nodeOf(2), nodeOf(1), "from");
    e.runFor(0.01);
    e.watch("ZkNotification");
    e.runFor(250);
    const times = e
      .sent("ZkNotification")
      .filter(({ from, to }) => from === nodeOf(1) && to === nodeOf(2))
      .map(({ at }) => at);
    const gaps = times.slice(1).map((at, i) => (at - (times[i] as number)) / 1_000);
    expect(gaps).toEqual([400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200, 60_000, 60_000]);
    expect(times[0]).toBeLessThan(ms(260));
  });

  test("A1: the longer history wins over the higher id", () => {
    const e = laggingThird();
    e.start();
    expect(e.elect()).toBe(2);
    e.runFor(1);
    expect(e.read(3, "/news").error).toBe("OK");
  });

  test("A1: the newer epoch wins over the longer history", () => {
    const e = new TestEnsemble().start();
    const first = e.elect();
    // Only the old leader has logged this, and what was never committed must not come back.
    const client = e.client([first]);
    e.isolate(first);
    const lost = client.ask({ op: "create", path: "/lost", data: 1, mode: "PERSISTENT" });
    e.runFor(0.5);
    e.crash(first);
    const others = without(e.ids, first);
    e.elect(others);
    e.crash(...others);
    e.heal();
    e.start();
    const second = e.elect();
    expect(others).toContain(second);
    expect(lost.response).toBeUndefined();
    expect(e.journal.of("ZkLogTruncated")).toHaveLength(1);
    for (const id of e.ids) expect(e.read(id, "/lost").error).toBe("NONODE");
  });

  test("a follower too brings the epoch along that it took part in, though nothing was written in it", () => {
    const e = new TestEnsemble().start();
    const first = e.elect();
    const client = e.client([first]);
    e.isolate(first);
    client.ask({ op: "create", path: "/lost", data: 1, mode: "PERSISTENT" });
    e.runFor(0.5);
    e.crash(first);
    const others = without(e.ids, first);
    const second = e.elect(others);
    const follower = without(others, second)[0] as number;
    e.crash(...others);
    e.heal();
    e.start(first, follower);
    expect(e.elect([first, follower])).toBe(follower);
    expect(e.read(first, "/lost").error).toBe("NONODE");
  });

  test("a better candidate that turns up within the 200 ms is taken", () => {
    const e = new TestEnsemble();
    e.start(1, 2);
    e.runFor(0.1);
    e.start(3);
    expect(e.elect()).toBe(3);
  });

  test("who comes late follows the leader that there is, however good its own claim", () => {
    const e = new TestEnsemble();
    e.start(1, 2);
    expect(e.elect([1, 2])).toBe(2);
    e.start(3);
    const since = e.world.time;
    e.elect();
    expect(e.leader).toBe(2);
    // The answers of servers that are done are enough: no election, no wait.
    expect(e.world.time - since).toBeLessThan(ms(100));
  });

  test("servers start in any order and at any time", () => {
    const e = new TestEnsemble({ servers: 5 });
    for (const [i, id] of [4, 2, 5, 1, 3].entries()) {
      e.start(id);
      e.runFor(i * 7);
    }
    e.elect();
    expect(e.journal.of("ZkLeaderEstablished")).toHaveLength(1);
  });

  test("a minority elects nobody, and lets no client in", () => {
    const e = new TestEnsemble({ servers: 5 });
    e.start(1, 2);
    const name = e.addClient([1, 2]);
    e.world.start(name);
    e.runFor(60);
    expect([1, 2].map((id) => e.server(id).state)).toEqual(["LOOKING", "LOOKING"]);
    expect(e.clientNamed(name).connected).toBe(false);
  });

  test("a restarted leader and its epoch are not mistaken for the old one: every leader has an epoch of its own", () => {
    const e = new TestEnsemble().start();
    for (let i = 0; i < 5; i++) {
      const leader = e.elect();
      e.crash(leader);
      e.start(leader);
      e.runUntil(() => e.leader !== leader);
    }
    e.elect();
    const epochs = e.journal.of("ZkLeaderEstablished").map(({ epoch }) => epoch);
    expect(new Set(epochs).size).toBe(epochs.length);
  });
});

describe("when leader and followers lose each other", () => {
  test("A1: a leader that hears of no quorum steps down by the check after syncLimit ticks, and clients lose it", () => {
    const e = new TestEnsemble().start();
    const leader = e.elect();
    const client = e.client([leader], 40_000);
    const since = e.world.time;
    e.isolate(leader);
    expect(e.runUntil(() => e.server(leader).state === "LOOKING", 60)).toBe(true);
    const after = e.world.time - since;
    expect(after).toBeGreaterThan(SYNC_LIMIT - TICK);
    expect(after).toBeLessThanOrEqual(SYNC_LIMIT + 2 * TICK);
    e.runFor(0.1);
    expect(client.connected).toBe(false);
  });

  test("A1: meanwhile the others have another leader: an old one answers reads, but commits nothing", () => {
    const e = new TestEnsemble().start();
    const leader = e.elect();
    const client = e.client([leader], 40_000);
    e.create(client, "/a", 1);
    e.isolate(leader);
    // Followers give up after the same time of silence, so for a moment two servers lead.
    const others = without(e.ids, leader);
    const stale = client.ask({ op: "setData", path: "/a", data: 2, version: -1 });
    expect(e.runUntil(() => e.leader !== leader && e.leader > 0, 60)).toBe(true);
    e.elect(others);
    expect(stale.response).toBeUndefined();
    expect(e.read(others[0] as number, "/a").data).toBe(1);
  });

  test("a follower gives up a leader that is silent for syncLimit ticks", () => {
    const e = new TestEnsemble().start();
    const leader = e.elect();
    const follower = e.follower;
    e.isolate(follower);
    const since = e.world.time;
    e.runUntil(() => e.server(follower).state === "LOOKING", 60);
    expect(e.world.time - since).toBeGreaterThan(SYNC_LIMIT - TICK);
    expect(e.world.time - since).toBeLessThanOrEqual(SYNC_LIMIT);
    expect(e.leader).toBe(leader);
    e.heal();
    e.elect();
    expect(e.leader).toBe(leader);
  });

  test("a crashed leader is replaced as soon as its connections break", () => {
    const e = new TestEnsemble().start();
    const leader = e.elect();
    const since = e.world.time;
    e.crash(leader);
    e.elect(without(e.ids, leader));
    expect(e.world.time - since).toBeLessThan(ms(500));
  });

  test("a follower whose disk stands still goes on answering pings, and is dropped because it acknowledges nothing (SyncLimitCheck)", () => {
    const e = new TestEnsemble().start();
    const leader = e.elect();
    const follower = e.follower;
    e.world.stallDisk(nodeOf(follower), true);
    const client = e.client([leader], 40_000);
    e.create(client, "/a");
    expect(e.runUntil(() => !e.server(follower).isServing, 60)).toBe(true);
    expect(e.leader).toBe(leader);
    // It can't look for a leader before its log is on disk.
    e.runFor(10);
    expect(e.server(follower).state).toBe("FOLLOWING");
    e.world.stallDisk(nodeOf(follower), false);
    e.elect();
  });

  test("a leader whose disk stands still goes on leading: a quorum of others has on disk what it proposes", () => {
    const e = new TestEnsemble().start();
    const leader = e.elect();
    e.world.stallDisk(nodeOf(leader), true);
    const client = e.client([leader], 40_000);
    expect(e.create(client, "/a").error).toBe("OK");
    e.runFor(60);
    expect(e.leader).toBe(leader);
  });

  test("a paused leader finds itself replaced, and follows", () => {
    const e = new TestEnsemble().start();
    const leader = e.elect();
    e.world.pause(nodeOf(leader));
    const others = without(e.ids, leader);
    const second = e.elect(others, 60);
    expect(e.create(e.client(others), "/a").error).toBe("OK");
    e.world.resume(nodeOf(leader));
    e.elect();
    expect(e.leader).toBe(second);
    expect(e.read(leader, "/a").error).toBe("OK");
  });
});
