/** Who `leader(orders-0)` and its like are at a given moment. */
import { expect, test } from "vitest";
import type { NodeSelector } from "../../src/scenario/patterns.ts";
import { resolveNodes } from "../../src/scenario/selectors.ts";
import { cluster } from "./cluster-facts.ts";

const ORDERS = { topic: "orders", partition: 0 };

test("roles of a partition follow its leader, its replicas and its ISR", () => {
  const facts = cluster({ leader: 2, replicas: [3, 1, 2], isr: [2, 3] });
  const who = (kind: "leader" | "follower" | "followers" | "replicas" | "isr" | "preferred") =>
    resolveNodes([{ kind, ...ORDERS }], facts);
  expect(who("leader")).toEqual(["broker-2"]);
  expect(who("follower")).toEqual(["broker-1"]);
  expect(who("followers")).toEqual(["broker-1", "broker-3"]);
  expect(who("replicas")).toEqual(["broker-1", "broker-2", "broker-3"]);
  expect(who("isr")).toEqual(["broker-2", "broker-3"]);
  // The preferred leader is the first of the assignment, not the lowest id.
  expect(who("preferred")).toEqual(["broker-3"]);
});

test("a role that nobody has means no node", () => {
  const leaderless = cluster({ leader: -1, replicas: [1, 2], isr: [] });
  expect(resolveNodes([{ kind: "leader", ...ORDERS }], leaderless)).toEqual([]);
  expect(resolveNodes([{ kind: "isr", ...ORDERS }], leaderless)).toEqual([]);
  expect(resolveNodes([{ kind: "active-controller" }], cluster({}))).toEqual([]);
});

test("without a leader, every replica is a follower", () => {
  expect(resolveNodes([{ kind: "followers", ...ORDERS }], cluster({ leader: -1, replicas: [2, 1] }))).toEqual([
    "broker-1",
    "broker-2",
  ]);
});

test("standby controllers are those that are not active", () => {
  const facts = cluster({ active: "controller-1" });
  expect(resolveNodes([{ kind: "active-controller" }], facts)).toEqual(["controller-1"]);
  expect(resolveNodes([{ kind: "standby-controller" }], facts)).toEqual(["controller-2"]);
  expect(resolveNodes([{ kind: "standby-controllers" }], facts)).toEqual(["controller-2", "controller-3"]);
});

test("several selectors give each node once, in their order", () => {
  const selectors: NodeSelector[] = [
    { kind: "nodes", names: ["checkout", "broker-3"] },
    { kind: "replicas", ...ORDERS },
  ];
  expect(resolveNodes(selectors, cluster({ leader: 1, replicas: [1, 2, 3] }))).toEqual([
    "checkout",
    "broker-3",
    "broker-1",
    "broker-2",
  ]);
});

test("roles of the ensemble follow its leader; without one, every server is a follower", () => {
  const who = (kind: "zookeeper-leader" | "zookeeper-follower" | "zookeeper-followers", zookeeperLeader?: string) =>
    resolveNodes([{ kind }], cluster(zookeeperLeader === undefined ? {} : { zookeeperLeader }));
  expect(who("zookeeper-leader", "zookeeper-1")).toEqual(["zookeeper-1"]);
  expect(who("zookeeper-follower", "zookeeper-1")).toEqual(["zookeeper-2"]);
  expect(who("zookeeper-followers", "zookeeper-2")).toEqual(["zookeeper-1", "zookeeper-3"]);
  expect([who("zookeeper-leader"), who("zookeeper-followers").length]).toEqual([[], 3]);
});

test("who coordinates a group is a broker, who owns a partition is a member; while nobody does, it is no node", () => {
  const facts = cluster({ coordinator: 2, owner: "billing-3" });
  expect(resolveNodes([{ kind: "coordinator", group: "billing" }], facts)).toEqual(["broker-2"]);
  expect(resolveNodes([{ kind: "owner", group: "billing", ...ORDERS }], facts)).toEqual(["billing-3"]);
  expect(resolveNodes([{ kind: "coordinator", group: "billing" }], cluster({}))).toEqual([]);
  expect(resolveNodes([{ kind: "owner", group: "billing", ...ORDERS }], cluster({}))).toEqual([]);
});
