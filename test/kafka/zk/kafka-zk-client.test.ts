/**
 * The client of ZooKeeper: sessions over connections, requests that survive them, watches that are set again.
 * Source: ClientCnxn, ZooKeeperClient, KafkaZkClient; coordination A1.
 */
import { expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { create, exists, getChildren, getData, setData } from "../../../src/kafka/zk/store-requests.ts";
import { LATENCY_US, ScriptedEnsemble } from "./scripted-ensemble.ts";

const CONNECTED_US = 4 * LATENCY_US;

/** An ensemble and a client that is connected, and has heard nothing since. */
function connected(options: { servers?: number; seed?: string; sessionTimeoutMs?: number } = {}) {
  const e = new ScriptedEnsemble(options);
  const user = e.addUser("broker-1", options);
  e.runFor(CONNECTED_US);
  expect(user.heard).toEqual(["connected fresh"]);
  user.heard = [];
  return { e, user, server: e.reached[0]?.server as string };
}

// ---- requests ----

test("a batch is answered once, when all of it has an answer, in the order in which it was asked", () => {
  const { e, user } = connected();
  user.ask("batch", [create("/a", 1), getData("/a"), getData("/b"), create("/a")]);
  expect(user.heard).toEqual([]);
  e.runFor(2 * LATENCY_US);
  expect(user.heard).toEqual(["batch: OK OK NONODE NODEEXISTS"]);
  expect(user.answers.get("batch")?.[1]?.data).toBe(1);
});

test("requests that are made before there is a session wait for it", () => {
  const e = new ScriptedEnsemble();
  const user = e.addUser("broker-1");
  user.ask("early", [create("/a")]);
  e.runFor(seconds(1));
  expect(user.heard).toEqual(["connected fresh", "early: OK"]);
});

test("a pipelined batch takes one round trip, a serial one a round trip for each request (KAFKA-5642)", () => {
  const { e, user } = connected();
  user.ask("pipelined", [create("/a"), create("/b"), create("/c")]);
  e.runFor(2 * LATENCY_US);
  expect(user.heard).toEqual(["pipelined: OK OK OK"]);
  user.ask("serial", [getData("/a"), getData("/b"), getData("/c")], "serially");
  e.runFor(6 * LATENCY_US - 1);
  expect(user.heard).toHaveLength(1);
  e.runFor(1);
  expect(user.heard[1]).toBe("serial: OK OK OK");
});

test("ten requests are on the wire at most, and a short batch does not wait for the end of a long one (zookeeper.max.in.flight.requests)", () => {
  const { e, user } = connected();
  user.ask(
    "long",
    Array.from({ length: 25 }, (_, i) => create(`/${i}`)),
  );
  user.ask("short", [create("/short")]);
  e.runFor(LATENCY_US);
  expect(e.arrived).toHaveLength(10);
  e.runFor(20 * LATENCY_US);
  expect(user.heard.map((line) => line.slice(0, 6))).toEqual(["short:", "long: "]);
  // The eleventh and twelfth turn: one more of the long batch, then the short one.
  expect(e.asked("create").indexOf("create /short")).toBe(11);
});

test("an empty batch is answered too, but not from within the call", () => {
  const { e, user } = connected();
  user.ask("nothing", []);
  expect(user.heard).toEqual([]);
  e.runFor(0);
  expect(user.heard).toEqual(["nothing: "]);
});

// ---- connections ----

test("a lost connection is followed by the next server in turn, with the same session and the newest zxid seen", () => {
  const { e, user, server } = connected({ servers: 3 });
  user.ask("write", [create("/a")]);
  e.runFor(ms(10));
  e.world.crash(server);
  e.runFor(seconds(1) + ms(10));
  expect(user.heard).toEqual(["write: OK", "disconnected", "connected"]);
  const again = e.reached.at(-1);
  expect(again?.server).not.toBe(server);
  expect(again).toMatchObject({ session: user.zk.session, lastZxidSeen: e.zxid });
});

test("each new session tries the servers in an order of its own", () => {
  const first = Array.from({ length: 20 }, (_, i) => connected({ servers: 3, seed: `order-${i}` }).server);
  expect(new Set(first)).toEqual(new Set(["zk-1", "zk-2", "zk-3"]));
});

test("it tries at once the first time, then rests up to a second, and a second more after each whole round", () => {
  const e = new ScriptedEnsemble({ servers: 2 });
  for (const server of e.servers) e.world.crash(server);
  e.runFor(0);
  for (const server of e.servers) e.world.crash(server);
  e.addUser("broker-1");
  e.runFor(ms(100));
  // Both have refused, and there is no rest as long as nobody has been reached; the third try comes after the round.
  for (const server of e.servers) e.world.start(server);
  e.runFor(ms(800));
  expect(e.reached).toHaveLength(0);
  e.runFor(ms(200));
  expect(e.reached).toHaveLength(1);
});

test("a server that is behind what the client has seen refuses it, and the client goes on to the next (A1)", () => {
  const { e, user, server } = connected({ servers: 3 });
  user.ask("write", [create("/a")]);
  e.runFor(ms(10));
  const others = e.servers.filter((name) => name !== server);
  for (const name of others) e.behind.set(name, e.zxid - 1);
  e.world.crash(server);
  e.world.start(server, ms(10));
  e.runFor(seconds(10));
  expect(e.reached.slice(1).map((each) => each.server)).toEqual(expect.arrayContaining([...others, server]));
  expect(e.reached.at(-1)?.server).toBe(server);
  expect(user.heard.at(-1)).toBe("connected");
});

test("a silent server is given up after two thirds of the session timeout, as negotiated (A1)", () => {
  const { e, user, server } = connected({ servers: 2, sessionTimeoutMs: 9_000 });
  e.silent.add(server);
  // The servers grant 6 s at most. The last word from this one was the session.
  e.runFor(ms(4_000) - 1);
  expect(user.heard).toEqual([]);
  e.runFor(1);
  expect(user.heard).toEqual(["disconnected"]);
});

test("a server that does not answer the handshake is given up after the session timeout divided by the number of servers (A1)", () => {
  const e = new ScriptedEnsemble({ servers: 3 });
  for (const server of e.servers) e.silent.add(server);
  const user = e.addUser("broker-1", { sessionTimeoutMs: 6_000 });
  e.runFor(seconds(2) + 2 * LATENCY_US - 1);
  expect(e.reached).toHaveLength(1);
  e.runFor(seconds(1) + 4 * LATENCY_US);
  expect(e.reached).toHaveLength(2);
  expect(user.zk.state).toBe("DISCONNECTED");
});

test("an idle client pings after half the read timeout, a busy one up to a second earlier (A1)", () => {
  const { e, user } = connected();
  e.runFor(seconds(20));
  const pings = e.arrived.map(({ at }) => at - LATENCY_US);
  expect(pings.slice(1).map((at, i) => at - (pings[i] as number))).toEqual(pings.slice(1).map(() => seconds(2)));
  expect(user.heard).toEqual([]);

  const busy = connected();
  busy.e.runFor(ms(100));
  busy.user.ask("read", [getData("/a")]);
  busy.e.runFor(seconds(4));
  const [read, ping] = busy.e.arrived.map(({ at }) => at) as [number, number];
  // It looks two seconds after its last word before the request, which was in the handshake. That is a second early enough.
  expect(ping - read).toBe(seconds(2) - ms(100) - 2 * LATENCY_US);
});

test("pings do not say that the client has seen anything", () => {
  const { e, user } = connected();
  e.zxid += 5;
  e.runFor(seconds(5));
  expect(e.asked("ping").length).toBeGreaterThan(0);
  expect(e.of("ZkClientSaw")).toEqual([]);
  user.ask("read", [getData("/a")]);
  e.runFor(ms(10));
  expect(e.of("ZkClientSaw")).toEqual([{ kind: "ZkClientSaw", client: "broker-1", session: user.zk.session, zxid: e.zxid }]);
});

// ---- lost answers ----

test("a server that answers pings but not a request is given up all the same: it would answer in order (A1)", () => {
  const { e, user } = connected({ servers: 2 });
  e.unanswered.add("create");
  e.runFor(ms(100));
  user.ask("stuck", [create("/a")]);
  e.runFor(seconds(4) - 1);
  expect(e.asked("ping").length).toBeGreaterThan(0);
  expect(user.heard).toEqual([]);
  e.runFor(1);
  expect(user.heard).toEqual(["disconnected"]);
  e.unanswered.clear();
  e.runFor(seconds(2));
  expect(user.heard.slice(1)).toEqual(["connected", "stuck: NODEEXISTS"]);
});

test("what was on the wire is sent again, done or not, before what came later: a create meets its own node (A1)", () => {
  const { e, user, server } = connected({ servers: 2 });
  e.unanswered.add("create");
  user.ask("mine", [getData("/x"), create("/a"), create("/b")]);
  e.runFor(ms(10));
  expect([...e.tree.keys()]).toEqual(["/a", "/b"]);
  e.unanswered.clear();
  e.world.crash(server);
  e.runFor(1);
  user.ask("later", [create("/c")]);
  e.runFor(seconds(2));
  // Only what had no answer is asked again.
  expect(e.asked("getData", "create")).toEqual(["getData /x", "create /a", "create /b", "create /a", "create /b", "create /c"]);
  expect(user.heard.slice(-2)).toEqual(["mine: NONODE NODEEXISTS NODEEXISTS", "later: OK"]);
});

test("a conditional set whose answer was lost meets its own version (A1)", () => {
  const { e, user, server } = connected({ servers: 2 });
  e.write(create("/a", "old"));
  e.unanswered.add("setData");
  user.ask("set", [setData("/a", "new", 0)]);
  e.runFor(ms(10));
  e.unanswered.clear();
  e.world.crash(server);
  e.runFor(seconds(2));
  expect(user.heard.at(-1)).toBe("set: BADVERSION");
  expect(e.tree.get("/a")?.data).toBe("new");
});

test("a connection on which an answer is missing is of no use: it is closed and everything unanswered is asked again", () => {
  const { e, user } = connected({ servers: 2 });
  e.world.addEdit({ name: "lost", pattern: { kind: "ZkCreateResponse" }, action: { do: "drop" }, skip: 1, times: 1 });
  user.ask("batch", [create("/a"), create("/b"), create("/c")]);
  e.runFor(seconds(3));
  expect(user.heard).toEqual(["disconnected", "connected", "batch: OK NODEEXISTS NODEEXISTS"]);
});

test("an answer that comes twice is heard once", () => {
  const { e, user } = connected();
  e.world.addEdit({ name: "twice", pattern: { kind: "ZkCreateResponse" }, action: { do: "duplicate" }, skip: 0, times: 5 });
  user.ask("one", [create("/a"), create("/b")]);
  user.ask("two", [create("/c")]);
  e.runFor(seconds(1));
  expect(user.heard).toEqual(["one: OK OK", "two: OK"]);
});

// ---- expiry ----

test("an expiry is learnt only from a server that is reached again, however long that takes (A1)", () => {
  const { e, user } = connected();
  const { session } = user.zk;
  e.world.cut("broker-1", "zk-1");
  e.expire(session);
  e.runFor(seconds(60));
  expect(user.heard).toEqual(["disconnected"]);
  expect(user.zk.state).toBe("DISCONNECTED");
  e.world.heal("broker-1", "zk-1");
  e.runFor(seconds(5));
  expect(user.heard).toEqual(["disconnected", "expired"]);
  expect(user.zk).toMatchObject({ state: "EXPIRED", session: 0 });
  expect(e.of("ZkClientStateChanged")).toMatchObject([
    { state: "CONNECTED", session },
    { state: "DISCONNECTED", session },
    { state: "EXPIRED", session },
  ]);
});

/** A client that waits for answers which will never come: its session has expired while it was away. */
function expired(reactions: (c: ReturnType<typeof connected>) => void = () => {}) {
  const c = connected({ servers: 2 });
  const { e, user, server } = c;
  reactions(c);
  e.unanswered.add("create");
  user.ask("half", [getData("/x"), create("/a")]);
  e.runFor(ms(10));
  e.world.crash(server);
  e.runFor(1);
  user.ask("waiting", [getData("/a")]);
  e.expire(user.zk.session);
  e.runFor(seconds(3));
  return c;
}

test("on expiry everything without an answer is answered SESSIONEXPIRED, the oldest first, and then the owner is told", () => {
  const { e, user } = expired();
  expect(user.heard).toEqual(["disconnected", "half: NONODE SESSIONEXPIRED", "waiting: SESSIONEXPIRED", "expired"]);
  // Nothing happens by itself.
  const reached = e.reached.length;
  e.runFor(seconds(60));
  expect(e.reached).toHaveLength(reached);
});

test("until a new session is asked for, requests are answered SESSIONEXPIRED, never from within the call", () => {
  const { e, user } = expired();
  user.heard = [];
  user.ask("refused", [getData("/a"), getData("/b")]);
  expect(user.heard).toEqual([]);
  e.runFor(0);
  expect(user.heard).toEqual(["refused: SESSIONEXPIRED SESSIONEXPIRED"]);
  user.zk.startNewSession();
  user.ask("new", [getData("/a")]);
  e.runFor(seconds(2));
  expect(user.heard.slice(1)).toEqual(["connected fresh", "new: OK"]);
  expect(e.of("ZkClientStateChanged").at(-1)).toMatchObject({ state: "CONNECTED", session: user.zk.session });
});

test("a handler that asks again when it hears of the expiry is answered after the owner was told", () => {
  const { user } = expired(({ user: asking }) => {
    asking.reactions.set("half: NONODE SESSIONEXPIRED", () => asking.ask("again", [getData("/a")]));
  });
  expect(user.heard.slice(-3)).toEqual(["waiting: SESSIONEXPIRED", "expired", "again: SESSIONEXPIRED"]);
});

test("a new session has seen nothing: a server that is behind takes it in", () => {
  const { e, user } = expired();
  for (const server of e.servers) e.behind.set(server, 1);
  user.zk.startNewSession();
  e.runFor(seconds(2));
  expect(e.reached.at(-1)).toMatchObject({ session: 0, lastZxidSeen: 0 });
  expect(user.heard.at(-1)).toBe("connected fresh");
});

// ---- watches ----

test("a watch fires once, before the answer that shows what it tells of (A1)", () => {
  const { e, user } = connected();
  e.write(create("/a", "old"));
  user.ask("watch", [getData("/a", true)]);
  e.runFor(ms(10));
  e.write(setData("/a", "new"));
  user.ask("read", [getData("/a")]);
  e.runFor(ms(10));
  e.write(setData("/a", "newer"));
  e.runFor(ms(10));
  expect(user.heard).toEqual(["watch: OK", "NodeDataChanged /a", "read: OK"]);
});

test("watches are set again after a reconnection, and fire for what has happened meanwhile (A1)", () => {
  const { e, user, server } = connected({ servers: 2 });
  e.write(create("/a"));
  e.write(create("/b"));
  user.ask("watch", [
    getData("/a", true),
    exists("/new", true),
    exists("/b", true),
    getData("/none", true),
    getChildren("/a", true),
  ]);
  e.runFor(ms(10));
  const seen = e.zxid;
  e.world.crash(server);
  e.write(create("/new"));
  e.runFor(seconds(2));
  const [again] = e.arrived.filter(({ request }) => request.op === "setWatches");
  // A getData that finds nothing leaves no watch.
  expect(again?.request).toEqual({
    op: "setWatches",
    relativeZxid: seen,
    dataWatches: ["/a", "/b"],
    existWatches: ["/new"],
    childWatches: ["/a"],
  });
  expect(user.heard).toEqual(["watch: OK NONODE OK NONODE OK", "disconnected", "connected", "NodeCreated /new"]);
  user.heard = [];
  e.write(create("/a/child"));
  e.write(setData("/b", 1));
  e.runFor(ms(10));
  expect(user.heard).toEqual(["NodeChildrenChanged /a", "NodeDataChanged /b"]);
});

test("watches are set again before anything is asked again, so that no change is read before it is told", () => {
  const { e, user, server } = connected({ servers: 2 });
  e.write(create("/a", "old"));
  user.ask("watch", [getData("/a", true)]);
  e.runFor(ms(10));
  e.world.crash(server);
  e.write(setData("/a", "new"));
  e.runFor(1);
  user.ask("read", [getData("/a")]);
  e.runFor(seconds(2));
  expect(user.heard.slice(-2)).toEqual(["NodeDataChanged /a", "read: OK"]);
});

test("watches end with the session", () => {
  const { e, user, server } = connected({ servers: 2 });
  e.write(create("/a"));
  user.ask("watch", [getData("/a", true)]);
  e.runFor(ms(10));
  e.expire(user.zk.session);
  e.world.crash(server);
  e.runFor(seconds(2));
  user.zk.startNewSession();
  e.runFor(seconds(2));
  expect(e.asked("setWatches")).toEqual([]);
  e.write(setData("/a", 1));
  e.runFor(ms(10));
  expect(user.heard.slice(-2)).toEqual(["expired", "connected fresh"]);
});

test("a watch event for what nobody watches any more is not heard", () => {
  const { e, user } = connected();
  e.write(create("/a"));
  user.ask("watch", [getData("/a", true)]);
  e.runFor(ms(10));
  e.world.addEdit({ name: "twice", pattern: { kind: "ZkWatchEvent" }, action: { do: "duplicate" }, skip: 0, times: 1 });
  e.write(setData("/a", 1));
  e.runFor(ms(10));
  expect(user.heard).toEqual(["watch: OK", "NodeDataChanged /a"]);
});

// ---- the end ----

test("closing ends the session at once, after what has been sent: its ephemeral nodes are gone", () => {
  const { e, user } = connected();
  user.ask("mine", [{ op: "create", path: "/me", data: null, mode: "EPHEMERAL" }]);
  e.runFor(ms(10));
  expect(e.tree.has("/me")).toBe(true);
  user.ask("last", [create("/last")]);
  user.zk.close();
  user.ask("late", [create("/late")]);
  expect(user.heard).toEqual(["mine: OK"]);
  e.runFor(ms(10));
  expect(user.heard).toEqual(["mine: OK", "late: SESSIONEXPIRED", "last: OK", "closed"]);
  expect([...e.tree.keys()]).toEqual(["/last"]);
  expect(e.of("ZkClientStateChanged").map(({ state }) => state)).toEqual(["CONNECTED", "CLOSED"]);
  e.runFor(seconds(60));
  expect(e.reached).toHaveLength(1);
});

test("closing without a server leaves the session to expire, and waits for nobody", () => {
  const { e, user } = connected();
  e.world.crash("zk-1");
  e.runFor(ms(1));
  user.ask("waiting", [getData("/a")]);
  user.zk.close();
  e.runFor(0);
  expect(user.heard).toEqual(["disconnected", "waiting: SESSIONEXPIRED", "closed"]);
  e.world.start("zk-1");
  e.runFor(seconds(60));
  expect(e.reached).toHaveLength(1);
  expect(e.alive).toEqual(new Set([user.zk.session]));
});

test("a server that dies while the session is closed ends the waiting", () => {
  const { e, user } = connected();
  e.unanswered.add("closeSession");
  user.zk.close();
  e.runFor(ms(10));
  expect(user.heard).toEqual([]);
  e.world.crash("zk-1");
  e.runFor(ms(10));
  expect(user.heard).toEqual(["closed"]);
});
