import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { CONTROLLER_PATH, deleteTopicPath, PREFERRED_ELECTION_PATH } from "../../../src/kafka/zk/znodes.ts";
import type { Leadership } from "../../../src/kafka/zk-controller/controller-context.ts";
import { ControllerCluster } from "./controller-cluster.ts";

const ORDERS_0 = { topic: "orders", partition: 0 };

/**
 * Brokers 1 to 3, one of which has just become the controller; as many partitions of orders as `leaders`, all on 2, 3 and 1 by
 * preference, each led by whom it says, all in sync.
 */
function clusterLedBy(leaders: readonly number[], config: Readonly<Record<string, number | boolean>> = {}): ControllerCluster {
  const cluster = new ControllerCluster({ config }).addBrokers(1, 2, 3);
  cluster.putTopic("orders", { assignment: leaders.map(() => [2, 3, 1]) });
  cluster.runFor(ms(200));
  for (const [partition, leader] of leaders.entries()) cluster.setState("orders", partition, { leader });
  return cluster.deleteController();
}

function controllerOf(cluster: ControllerCluster) {
  return cluster.broker(cluster.controllerId as number).controller;
}

function leadersIn(cluster: ControllerCluster, partitions: number): (number | undefined)[] {
  return Array.from({ length: partitions }, (_, partition) => cluster.state("orders", partition)?.leader);
}

function orderElection(cluster: ControllerCluster, ...partitions: number[]): void {
  cluster.put(PREFERRED_ELECTION_PATH, { partitions: partitions.map((partition) => ({ topic: "orders", partition })) });
  cluster.runFor(ms(300));
}

describe("orders in /admin/preferred_replica_election", () => {
  test("are carried out and removed, and the next one is heard of", () => {
    const cluster = clusterLedBy([3, 3, 3]);
    orderElection(cluster, 0, 1);
    expect(leadersIn(cluster, 3)).toEqual([2, 2, 3]);
    expect(cluster.state("orders", 0)).toMatchObject({ leaderEpoch: 1, isr: [2, 3, 1] });
    expect(cluster.dataAt(PREFERRED_ELECTION_PATH)).toBeUndefined();
    orderElection(cluster, 2);
    expect(leadersIn(cluster, 3)).toEqual([2, 2, 2]);
    expect(cluster.dataAt(PREFERRED_ELECTION_PATH)).toBeUndefined();
  });

  test("are removed also where nobody can be elected: a preferred replica out of sync, a topic that goes, a partition that nobody knows", () => {
    const cluster = clusterLedBy([3]);
    cluster.setState("orders", 0, { isr: [3, 1] });
    orderElection(cluster, 0, 7);
    expect(leadersIn(cluster, 1)).toEqual([3]);
    expect(cluster.dataAt(PREFERRED_ELECTION_PATH)).toBeUndefined();
    cluster.setState("orders", 0, { isr: [3, 1, 2] });
    cluster.broker(1).mute = true;
    cluster.put(deleteTopicPath("orders"), null);
    cluster.runFor(ms(200));
    orderElection(cluster, 0);
    expect(leadersIn(cluster, 1)).not.toEqual([2]);
    expect(cluster.dataAt(PREFERRED_ELECTION_PATH)).toBeUndefined();
  });

  test("are found by a new controller", () => {
    const cluster = clusterLedBy([3]);
    const order = { partitions: [{ topic: "orders", partition: 0 }] };
    // Written in the same moment: nobody is left who would hear of it.
    cluster.write({ op: "delete", path: CONTROLLER_PATH, version: -1 });
    cluster.write({ op: "create", path: PREFERRED_ELECTION_PATH, data: order, mode: "PERSISTENT" });
    cluster.runFor(ms(300));
    expect(leadersIn(cluster, 1)).toEqual([2]);
    expect(cluster.dataAt(PREFERRED_ELECTION_PATH)).toBeUndefined();
  });
});

describe("automatic preferred-leader rebalance in ZooKeeper mode (5.4)", () => {
  const ON = { "auto.leader.rebalance.enable": true };

  test("looks first 5 s after the controller has taken over", () => {
    const cluster = clusterLedBy([3, 3], ON);
    cluster.runFor(seconds(4));
    expect(leadersIn(cluster, 2)).toEqual([3, 3]);
    cluster.runFor(seconds(2));
    expect(leadersIn(cluster, 2)).toEqual([2, 2]);
  });

  test("and then again after each interval", () => {
    const cluster = clusterLedBy([2], { ...ON, "leader.imbalance.check.interval.seconds": 20 });
    cluster.runFor(seconds(6));
    const { context } = controllerOf(cluster);
    cluster.setState("orders", 0, { leader: 3 });
    context.setLeadership(ORDERS_0, { ...(context.leadership(ORDERS_0) as Leadership), leader: 3 });
    cluster.runFor(seconds(18));
    expect(leadersIn(cluster, 1)).toEqual([3]);
    cluster.runFor(seconds(2));
    expect(leadersIn(cluster, 1)).toEqual([2]);
  });

  test("puts up with ten in a hundred", () => {
    const cluster = clusterLedBy([3, 2, 2, 2, 2, 2, 2, 2, 2, 2], ON);
    cluster.runFor(seconds(6));
    expect(leadersIn(cluster, 1)).toEqual([3]);
    const worse = clusterLedBy([3, 3, 2, 2, 2, 2, 2, 2, 2, 2], ON);
    worse.runFor(seconds(6));
    expect(leadersIn(worse, 2)).toEqual([2, 2]);
  });

  test("leaves partitions alone whose preferred replica is not in sync", () => {
    const cluster = clusterLedBy([3, 3], ON);
    cluster.setState("orders", 0, { isr: [3, 1] });
    cluster.deleteController();
    cluster.runFor(seconds(6));
    expect(leadersIn(cluster, 2)).toEqual([3, 2]);
  });

  test("a controller that has resigned looks no more, its successor begins anew", () => {
    const cluster = clusterLedBy([3], ON);
    cluster.runFor(seconds(4));
    cluster.deleteController();
    cluster.runFor(seconds(4));
    expect(leadersIn(cluster, 1)).toEqual([3]);
    cluster.runFor(seconds(2));
    expect(leadersIn(cluster, 1)).toEqual([2]);
    expect(cluster.state("orders")?.leaderEpoch).toBe(1);
  });

  test("does nothing where it is switched off", () => {
    const cluster = clusterLedBy([3], { "auto.leader.rebalance.enable": false });
    cluster.runFor(seconds(400));
    expect(leadersIn(cluster, 1)).toEqual([3]);
  });
});
