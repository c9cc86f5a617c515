/** An administrator of ZooKeeper mode: brokers say who the controller is, and the store can be changed by hand. */
import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { deletionOutcome, reassignmentOutcome } from "../../../src/kafka/admin/admin-outcome.ts";
import { AdminProcess } from "../../../src/kafka/admin/admin-process.ts";
import type { AdminRequest } from "../../../src/kafka/admin/admin-request.ts";
import type { Host } from "../../../src/sim/host.ts";
import { ScriptedCluster } from "../client/scripted-cluster.ts";
import { ScriptedEnsemble } from "../zk/scripted-ensemble.ts";

const ORDERS = { name: "orders", numPartitions: 1, replicationFactor: 3, assignments: [], configs: [] };
const MOVE = [{ name: "orders", partitions: [{ partitionIndex: 0, replicas: [2, 3] }] }];

function administer(c: ScriptedCluster, requests: AdminRequest[]): ScriptedCluster {
  return c.run("admin", (host) => new AdminProcess({ host, name: "admin", brokers: c.bootstrap, zookeeper: [], requests }));
}

describe("what is asked of the controller", () => {
  test("goes to the broker that Metadata names", () => {
    const c = new ScriptedCluster({ brokers: 3 });
    c.controllerId = 3;
    administer(c, [{ createTopics: [ORDERS] }, { atUs: seconds(1), deleteTopics: ["payments"] }]).runFor(seconds(5));
    expect(c.requestsOf("Metadata")).toMatchObject([{ body: { topics: [] } }]);
    expect(c.requestsOf("CreateTopics").map(({ broker }) => broker)).toEqual([3]);
    expect(c.requestsOf("DeleteTopics")).toMatchObject([{ broker: 3, body: { topicNames: ["payments"] } }]);
    expect(c.of("AdminRequestFailed")).toEqual([]);
  });

  test("NOT_CONTROLLER makes it ask again who that is", () => {
    const c = new ScriptedCluster({ brokers: 3 }).answerWith("AlterPartitionReassignments", "NOT_CONTROLLER", 1);
    administer(c, [{ reassign: MOVE }]);
    c.runFor(ms(10));
    c.controllerId = 2;
    c.runFor(seconds(5));
    expect(c.requestsOf("AlterPartitionReassignments").map(({ broker }) => broker)).toEqual([1, 2]);
    expect(c.requestsOf("Metadata")).toHaveLength(2);
    expect(c.of("AdminRequestFailed")).toEqual([]);
  });

  test("NOT_CONTROLLER for each partition is no different: so an election is answered", () => {
    const c = new ScriptedCluster({ brokers: 2 }).answerWith("ElectLeaders", "NOT_CONTROLLER", 1);
    administer(c, [{ electLeaders: { electionType: "PREFERRED", topicPartitions: null } }]).runFor(seconds(5));
    expect(c.requestsOf("ElectLeaders")).toHaveLength(2);
    expect(c.of("AdminRequestFailed")).toEqual([]);
  });

  test("while no broker knows of a controller it goes on asking, one broker after the other, until its time is up", () => {
    const c = new ScriptedCluster({ brokers: 3 });
    c.controllerId = -1;
    administer(c, [{ createTopics: [ORDERS] }]).runFor(seconds(100));
    expect(new Set(c.requestsOf("Metadata").map(({ broker }) => broker))).toEqual(new Set([1, 2, 3]));
    expect(c.requestsOf("CreateTopics")).toEqual([]);
    expect(c.of("AdminRequestFailed")).toMatchObject([{ api: "CreateTopics", error: "TIMEOUT" }]);
    expect(c.of("AdminRequestFailed")[0]?.message).toContain("orders: no success in time; last: BROKER_NOT_AVAILABLE");
  });

  test("a controller that says nothing is looked for again", () => {
    const c = new ScriptedCluster({ brokers: 2 }).answerWith("DeleteTopics", "silence", 1);
    c.answerWith("DeleteTopics", "UNKNOWN_TOPIC_OR_PARTITION", 1);
    administer(c, [{ deleteTopics: ["orders"] }]).runFor(seconds(59));
    expect(c.requestsOf("DeleteTopics")).toHaveLength(2);
    // The first attempt may have been carried out: that the topic is gone is success.
    expect(c.of("AdminRequestFailed")).toEqual([]);
  });

  test("a reassignment that is refused is reported with its partition", () => {
    const c = new ScriptedCluster().answerWith("AlterPartitionReassignments", "INVALID_REPLICA_ASSIGNMENT", 1);
    administer(c, [{ reassign: MOVE }]).runFor(seconds(5));
    expect(c.of("AdminRequestFailed")).toMatchObject([
      {
        api: "AlterPartitionReassignments",
        error: "INVALID_REPLICA_ASSIGNMENT",
        message: "orders-0: INVALID_REPLICA_ASSIGNMENT",
      },
    ]);
  });

  test("a topic that was never there can't be deleted, and a partition that does not exist can't be moved", () => {
    expect(deletionOutcome("UNKNOWN_TOPIC_OR_PARTITION", false)).toBe("refused");
    expect(deletionOutcome("NOT_CONTROLLER", false)).toBe("retry");
    expect(reassignmentOutcome("UNKNOWN_TOPIC_OR_PARTITION")).toBe("refused");
  });
});

describe("what is done to the store by hand", () => {
  function atStore(requests: AdminRequest[]): ScriptedEnsemble {
    const c = new ScriptedEnsemble();
    for (const path of ["/admin", "/controller"]) c.write({ op: "create", path, data: null, mode: "PERSISTENT" });
    const create = (host: Host) =>
      new AdminProcess({ host, name: "admin", brokers: ["broker-1"], zookeeper: c.servers, requests });
    c.world.addNode({ name: "admin", factory: Object.freeze({ create }) });
    c.world.start("admin");
    return c;
  }

  test("/controller is deleted, in a session that is closed at once: the documented way to have another one elected", () => {
    const c = atStore([{ atUs: seconds(1), deleteZnode: "/controller" }]);
    c.runFor(ms(900));
    expect(c.tree.has("/controller")).toBe(true);
    c.runFor(ms(200));
    expect(c.tree.has("/controller")).toBe(false);
    expect(c.alive.size).toBe(0);
    expect(c.asked("delete", "closeSession")).toEqual(["delete /controller", "closeSession"]);
  });

  test("what is gone already need not be deleted", () => {
    const c = atStore([{ deleteZnode: "/controller" }, { atUs: seconds(1), deleteZnode: "/controller" }]);
    c.runFor(seconds(2));
    expect(c.asked("delete")).toHaveLength(2);
    expect(c.of("AdminRequestFailed")).toEqual([]);
  });

  test("a work order is written, and refused while there is one", () => {
    const path = "/admin/preferred_replica_election";
    const data = Object.freeze({ partitions: [{ topic: "orders", partition: 0 }] });
    const c = atStore([{ writeZnode: { path, data } }, { atUs: seconds(1), writeZnode: { path, data } }]);
    c.runFor(seconds(2));
    expect(c.tree.get(path)?.data).toEqual(data);
    expect(c.of("AdminRequestFailed")).toMatchObject([
      { api: "zookeeper-shell", error: "NODEEXISTS", message: `${path}: NODEEXISTS` },
    ]);
  });

  test("without a server it is given up in time", () => {
    const c = atStore([{ atUs: seconds(1), deleteZnode: "/controller" }]);
    c.silent.add("zk-1");
    c.runFor(seconds(62));
    expect(c.of("AdminRequestFailed")).toMatchObject([{ api: "zookeeper-shell", error: "TIMEOUT" }]);
    expect(c.tree.has("/controller")).toBe(true);
  });
});
