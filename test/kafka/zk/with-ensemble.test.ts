/** Client and ensemble together: what a broker sees of ZooKeeper when servers die and links are cut. Source: coordination A1, A2. */
import { expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { create, exists, getChildren, getData, setData } from "../../../src/kafka/zk/store-requests.ts";
import {
  brokerIdPath,
  type PartitionStateZnode,
  PERSISTENT_PATHS,
  partitionStatePath,
  topicPath,
} from "../../../src/kafka/zk/znodes.ts";
import type { ZkRequest } from "../../../src/kafka/zookeeper/client-protocol.ts";
import { CommittedOnce } from "../../../src/scenario/simulation/committed-once.ts";
import { RealEnsemble } from "./real-ensemble.ts";

const ephemeral = (path: string): ZkRequest => ({ op: "create", path, data: null, mode: "EPHEMERAL" });

/** Three servers that have a leader, and clients that are connected and have heard nothing since. */
function running(...names: string[]) {
  const e = new RealEnsemble();
  const users = names.map((name) => e.addUser(name));
  e.runFor(seconds(10));
  for (const user of users) {
    expect(user.heard).toEqual(["connected fresh"]);
    user.heard = [];
  }
  return { e, users };
}

test("what one client writes another reads, once its own server has it", () => {
  const { e, users } = running("a", "b");
  const [a, b] = users as [(typeof users)[0], (typeof users)[0]];
  a.ask("write", [create("/x", "value"), create("/x/y"), create("/none/z"), setData("/x", "newer", 0), setData("/x", "late", 0)]);
  e.runFor(ms(500));
  b.ask("read", [{ op: "sync", path: "/" }, getData("/x"), getChildren("/x"), exists("/z")]);
  e.runFor(ms(500));
  expect(a.heard).toEqual(["write: OK OK NONODE OK BADVERSION"]);
  expect(b.heard).toEqual(["read: OK OK OK NONODE"]);
  expect(b.answers.get("read")?.[1]).toMatchObject({ data: "newer", stat: { version: 1 } });
  expect(b.answers.get("read")?.[2]?.children).toEqual(["y"]);
});

test("a session outlives the server that it was connected to, and so do its ephemeral nodes and its watches (A1)", () => {
  const { e, users } = running("a", "b");
  const [a, b] = users as [(typeof users)[0], (typeof users)[0]];
  a.ask("mine", [ephemeral("/me"), create("/x"), getData("/x", true)]);
  e.runFor(ms(500));
  const { session } = a.zk;
  e.world.crash(e.serverOf("a"));
  // Its successor elects, if it was the leader.
  e.runFor(seconds(15));
  expect(a.heard).toEqual(["mine: OK OK OK", "disconnected", "connected"]);
  expect(a.zk.session).toBe(session);
  b.ask("theirs", [exists("/me"), setData("/x", 1)]);
  e.runFor(seconds(1));
  expect(b.heard.at(-1)).toBe("theirs: OK OK");
  expect(a.heard.at(-1)).toBe("NodeDataChanged /x");
});

test("a batch that was under way when the leader died is answered in full: what had been done is met again", () => {
  const { e, users } = running("a");
  const [a] = users as [(typeof users)[0]];
  const paths = Array.from({ length: 200 }, (_, i) => `/n${i}`);
  a.ask(
    "batch",
    paths.map((path) => create(path)),
  );
  e.runFor(ms(20));
  expect(a.heard).toEqual([]);
  e.world.crash(e.leader);
  e.runFor(seconds(20));
  const errors = a.answers.get("batch")?.map(({ error }) => error) ?? [];
  expect(errors).toHaveLength(200);
  expect(errors.filter((error) => error !== "OK" && error !== "NODEEXISTS")).toEqual([]);
  a.ask(
    "check",
    paths.map((path) => exists(path)),
  );
  e.runFor(seconds(5));
  expect(new Set(a.answers.get("check")?.map(({ error }) => error))).toEqual(new Set(["OK"]));
});

test("a client that is cut off is expired by the ensemble, learns of it when it is back, and registers anew (A1, A4)", () => {
  const { e, users } = running("broker-1", "b");
  const [a, b] = users as [(typeof users)[0], (typeof users)[0]];
  a.ask(
    "paths",
    PERSISTENT_PATHS.map((path) => create(path)),
  );
  a.ask("register", [ephemeral(brokerIdPath(1))]);
  b.ask("watch", [exists(brokerIdPath(1), true)]);
  e.runFor(seconds(1));
  b.ask("watch again", [exists(brokerIdPath(1), true)]);
  e.runFor(seconds(1));
  const first = a.zk.session;
  for (const server of e.servers) e.world.cut("broker-1", server);
  const cutAt = e.world.time;
  e.runFor(seconds(60));
  expect(a.heard.at(-1)).toBe("disconnected");
  expect(b.heard.at(-1)).toBe(`NodeDeleted ${brokerIdPath(1)}`);
  const gone = e.of("BrokerUnregistered")[0];
  // The timeout, and a tick at most, and what a follower needs to report (A1).
  expect(gone?.at).toBeGreaterThanOrEqual(cutAt + seconds(4));
  expect(gone?.at).toBeLessThanOrEqual(cutAt + seconds(6) + seconds(2) + seconds(1) + ms(10));
  a.reactions.set("expired", () => a.zk.startNewSession());
  for (const server of e.servers) e.world.heal("broker-1", server);
  e.runFor(seconds(10));
  expect(a.heard.slice(-2)).toEqual(["expired", "connected fresh"]);
  expect(a.zk.session).not.toBe(first);
  a.ask("register again", [ephemeral(brokerIdPath(1))]);
  e.runFor(seconds(1));
  const epochs = new Set(e.of("BrokerRegistered").map(({ brokerEpoch }) => brokerEpoch));
  expect([...epochs]).toHaveLength(2);
  expect(a.answers.get("register again")?.[0]?.stat?.czxid).toBe([...epochs][1]);
});

test("closing a session ends its ephemeral nodes at once (A4)", () => {
  const { e, users } = running("a", "b");
  const [a, b] = users as [(typeof users)[0], (typeof users)[0]];
  a.ask("mine", [ephemeral("/me")]);
  e.runFor(ms(500));
  b.ask("watch", [{ op: "sync", path: "/" }, exists("/me", true)]);
  e.runFor(ms(500));
  a.zk.close();
  e.runFor(ms(500));
  expect(a.heard.at(-1)).toBe("closed");
  expect(b.heard).toEqual(["watch: OK OK", "NodeDeleted /me"]);
});

// ---- decisions ----

const STATE: PartitionStateZnode = {
  leader: 1,
  leaderEpoch: 0,
  isr: [1, 2],
  controllerEpoch: 1,
  leaderRecoveryState: "RECOVERED",
};

function decisionsOf(e: RealEnsemble): RealEnsemble["events"] {
  const kinds = ["BrokerRegistered", "TopicCreated", "PartitionChanged", "IsrChanged", "LeaderElected", "PartitionStateWritten"];
  return e.events.filter(({ kind }) => kinds.includes(kind));
}

test("every server reports the same decisions, also one that was away and has taken over what it missed", () => {
  const { e, users } = running("a");
  const [a] = users as [(typeof users)[0]];
  const state = partitionStatePath("orders", 0);
  const partitions = [{ replicas: [1, 2], addingReplicas: [], removingReplicas: [] }];
  a.ask(
    "paths",
    PERSISTENT_PATHS.map((path) => create(path)),
  );
  a.ask("topic", [create(topicPath("orders"), { topicId: "id", partitions })]);
  e.runFor(seconds(1));
  const away = e.servers.find((name) => name !== e.leader && name !== e.serverOf("a")) as string;
  e.world.crash(away);
  a.ask("state", [
    create(state.slice(0, state.lastIndexOf("/0/"))),
    create(state.slice(0, state.lastIndexOf("/"))),
    create(state, STATE),
  ]);
  e.runFor(seconds(1));
  e.world.start(away);
  e.runFor(seconds(10));
  a.ask("shrink", [setData(state, { ...STATE, isr: [1] }, 0)]);
  e.runFor(seconds(1));
  expect(a.heard).toEqual(["paths: OK OK OK OK OK OK OK OK OK", "topic: OK", "state: OK OK OK", "shrink: OK"]);

  const once = new CommittedOnce();
  const told = decisionsOf(e).filter((event, step) => once.isNews(event.node, stepOf(e, step), event));
  expect(told.map(({ kind }) => kind)).toEqual([
    "TopicCreated",
    "PartitionStateWritten",
    "PartitionChanged",
    "PartitionStateWritten",
    "PartitionChanged",
    "IsrChanged",
  ]);
  for (const server of e.servers) {
    const last = decisionsOf(e).filter(({ node, kind }) => node === server && kind === "IsrChanged");
    expect(last).toMatchObject([{ from: [1, 2], isr: [1], leader: 1, partitionEpoch: 1 }]);
  }
});

/** Decisions that one server tells at one moment belong to one step. */
function stepOf(e: RealEnsemble, index: number): number {
  const decisions = decisionsOf(e);
  const { at, node } = decisions[index] as (typeof decisions)[number];
  return decisions.findIndex((event) => event.at === at && event.node === node);
}
