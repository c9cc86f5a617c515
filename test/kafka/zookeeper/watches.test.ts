/** Watches fire once, before anything newer can be read, and again after a reconnection if something was missed. A1, WatchManager, DataTree.setWatches. */
import { describe, expect, test } from "vitest";
import type { ZkWriteOp } from "../../../src/kafka/zookeeper/client-protocol.ts";
import type { TestClient } from "./test-client.ts";
import { nodeOf, TestEnsemble } from "./test-ensemble.ts";

function create(path: string) {
  return { op: "create", path, data: null, mode: "PERSISTENT" } as const;
}

/** A client that watches, on a follower, and one that writes, on the leader. `/a` with child `/a/b` is there. */
function scene(): { e: TestEnsemble; watcher: TestClient; write(op: ZkWriteOp): void; events(): string[] } {
  const e = new TestEnsemble().start();
  const leader = e.elect();
  const watcher = e.client([e.follower]);
  const writer = e.client([leader]);
  for (const path of ["/a", "/a/b"]) e.do(writer, create(path));
  e.runFor(1);
  return {
    e,
    watcher,
    write: (op) => {
      expect(e.do(writer, op).error).toBe("OK");
      e.runFor(0.1);
    },
    events: () => watcher.events.splice(0).map(({ type, path }) => `${type} ${path}`),
  };
}

describe("a watch", () => {
  test("A1: on data fires once when the data is set, or the node deleted", () => {
    const { e, watcher, write, events } = scene();
    e.do(watcher, { op: "getData", path: "/a/b", watch: true });
    write({ op: "setData", path: "/a/b", data: 1, version: -1 });
    write({ op: "setData", path: "/a/b", data: 2, version: -1 });
    expect(events()).toEqual(["NodeDataChanged /a/b"]);
    e.do(watcher, { op: "exists", path: "/a/b", watch: true });
    write({ op: "delete", path: "/a/b", version: -1 });
    expect(events()).toEqual(["NodeDeleted /a/b"]);
  });

  test("A1: on what is not there fires when it is created, if it was set by exists", () => {
    const { e, watcher, write, events } = scene();
    e.do(watcher, { op: "exists", path: "/c", watch: true });
    e.do(watcher, { op: "getData", path: "/d", watch: true });
    e.do(watcher, { op: "getChildren", path: "/d", watch: true });
    for (const path of ["/c", "/d"]) write(create(path));
    expect(events()).toEqual(["NodeCreated /c"]);
  });

  test("A1: on children fires when one is created or deleted, not when one is changed, nor for a grandchild", () => {
    const { e, watcher, write, events } = scene();
    e.do(watcher, { op: "getChildren", path: "/a", watch: true });
    write({ op: "setData", path: "/a/b", data: 1, version: -1 });
    write(create("/a/b/x"));
    write({ op: "setData", path: "/a", data: 1, version: -1 });
    expect(events()).toEqual([]);
    write(create("/a/c"));
    write(create("/a/d"));
    expect(events()).toEqual(["NodeChildrenChanged /a"]);
    e.do(watcher, { op: "getChildren", path: "/a", watch: true });
    write({ op: "delete", path: "/a/c", version: -1 });
    expect(events()).toEqual(["NodeChildrenChanged /a"]);
  });

  test("on the data and the children of a node says only once that it is gone", () => {
    const { e, watcher, write, events } = scene();
    e.do(watcher, { op: "getData", path: "/a/b", watch: true });
    e.do(watcher, { op: "getChildren", path: "/a/b", watch: true });
    e.do(watcher, { op: "getChildren", path: "/a", watch: true });
    write({ op: "delete", path: "/a/b", version: -1 });
    expect(events()).toEqual(["NodeDeleted /a/b", "NodeChildrenChanged /a"]);
  });

  test("A1: is delivered before the client can read the newer data, and before the answer to its own write", () => {
    const { e, watcher } = scene();
    const asked = [
      watcher.ask({ op: "getData", path: "/a", watch: true }),
      watcher.ask({ op: "setData", path: "/a", data: 1, version: -1 }),
      watcher.ask({ op: "getData", path: "/a", watch: false }),
    ];
    for (const each of asked) e.answer(each);
    expect(watcher.seen.slice(-4)).toEqual(["#1 OK", "NodeDataChanged /a", "#2 OK", "#3 OK"]);
  });

  test("A1: tells that something changed, not how often: what happens before it is set again is collapsed", () => {
    const { e, watcher, write, events } = scene();
    e.do(watcher, { op: "getData", path: "/a", watch: true });
    for (let i = 0; i < 3; i++) write({ op: "setData", path: "/a", data: i, version: -1 });
    expect(events()).toEqual(["NodeDataChanged /a"]);
    expect(e.do(watcher, { op: "getData", path: "/a", watch: true }).stat?.version).toBe(3);
    write({ op: "setData", path: "/a", data: 3, version: -1 });
    expect(events()).toEqual(["NodeDataChanged /a"]);
  });

  test("fires for ephemeral nodes that go with their session", () => {
    const { e, watcher, events } = scene();
    const other = e.client();
    e.do(other, { op: "create", path: "/e", data: 1, mode: "EPHEMERAL" });
    e.runFor(1);
    e.do(watcher, { op: "exists", path: "/e", watch: true });
    e.do(other, { op: "closeSession" });
    e.runFor(1);
    expect(events()).toEqual(["NodeDeleted /e"]);
  });

  test("belongs to its connection: it is gone with it", () => {
    const { e, watcher, write, events } = scene();
    e.do(watcher, { op: "getData", path: "/a", watch: true });
    watcher.leave();
    e.runUntil(() => watcher.connected);
    write({ op: "setData", path: "/a", data: 1, version: -1 });
    expect(events()).toEqual([]);
  });
});

describe("after a reconnection (setWatches)", () => {
  test("A1: what changed meanwhile fires at once, what did not stands", () => {
    const { e, watcher, write, events } = scene();
    write(create("/same"));
    write(create("/gone"));
    const relativeZxid = e.do(watcher, { op: "getData", path: "/gone", watch: true }).zxid;
    watcher.reconnects = false;
    watcher.leave();
    write({ op: "setData", path: "/a", data: 1, version: -1 });
    write({ op: "delete", path: "/gone", version: -1 });
    write(create("/new"));
    write(create("/a/c"));
    watcher.reconnects = true;
    watcher.leave(nodeOf(e.leader));
    e.runUntil(() => watcher.connected);
    e.do(watcher, {
      op: "setWatches",
      relativeZxid,
      dataWatches: ["/a", "/gone", "/same"],
      existWatches: ["/new", "/never"],
      childWatches: ["/a", "/gone", "/same"],
    });
    expect(events()).toEqual([
      "NodeDataChanged /a",
      "NodeDeleted /gone",
      "NodeCreated /new",
      "NodeChildrenChanged /a",
      "NodeDeleted /gone",
    ]);
    write({ op: "setData", path: "/same", data: 1, version: -1 });
    write(create("/same/child"));
    write(create("/never"));
    expect(events()).toEqual(["NodeDataChanged /same", "NodeChildrenChanged /same", "NodeCreated /never"]);
  });

  test("a deleted child counts as a change (pzxid)", () => {
    const { e, watcher, write, events } = scene();
    const relativeZxid = e.do(watcher, { op: "getChildren", path: "/a", watch: false }).zxid;
    write({ op: "delete", path: "/a/b", version: -1 });
    e.do(watcher, { op: "setWatches", relativeZxid, dataWatches: ["/a"], existWatches: [], childWatches: ["/a"] });
    expect(events()).toEqual(["NodeChildrenChanged /a"]);
  });
});
