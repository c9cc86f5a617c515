import { expect, test } from "vitest";
import { seconds } from "../../../src/base/units.ts";
import { electionOutcome, topicOutcome } from "../../../src/kafka/admin/admin-outcome.ts";
import { AdminProcess } from "../../../src/kafka/admin/admin-process.ts";
import type { AdminRequest } from "../../../src/kafka/admin/admin-request.ts";
import { ScriptedCluster } from "../client/scripted-cluster.ts";

const ORDERS = { name: "orders", numPartitions: 1, replicationFactor: 3, assignments: [], configs: [] };
const PAYMENTS = { ...ORDERS, name: "payments" };

/** An administrator whose controllers are the cluster's brokers. */
function administer(c: ScriptedCluster, requests: AdminRequest[]): void {
  c.run("admin", (host) => new AdminProcess({ host, name: "admin", controllers: c.bootstrap, requests }));
}

test("topics are created with one request, at the time the script says", () => {
  const c = new ScriptedCluster();
  administer(c, [{ atUs: seconds(5), createTopics: [ORDERS, PAYMENTS] }]);
  c.runFor(seconds(100));
  expect(c.requestsOf("CreateTopics")).toMatchObject([
    { at: seconds(5) + 3_000, body: { topics: [{ name: "orders" }, { name: "payments" }] } },
  ]);
  expect(c.of("AdminRequestFailed")).toEqual([]);
});

test("NOT_CONTROLLER sends the request to the next controller, and later ones go there at once", () => {
  const c = new ScriptedCluster({ brokers: 3 }).answerWith("CreateTopics", "NOT_CONTROLLER", 2);
  administer(c, [{ createTopics: [ORDERS] }, { atUs: seconds(10), createTopics: [PAYMENTS] }]);
  c.runFor(seconds(20));
  const brokers = c.requestsOf("CreateTopics").map(({ broker }) => broker);
  expect(new Set(brokers.slice(0, 3)).size).toBe(3);
  expect(brokers[3]).toBe(brokers[2]);
});

test("INVALID_REPLICATION_FACTOR is tried again: the brokers may still be on their way", () => {
  const c = new ScriptedCluster().answerWith("CreateTopics", "INVALID_REPLICATION_FACTOR", 10);
  administer(c, [{ createTopics: [ORDERS] }]);
  c.runFor(seconds(20));
  expect(c.requestsOf("CreateTopics")).toHaveLength(11);
  expect(c.of("AdminRequestFailed")).toEqual([]);
});

test("after default.api.timeout.ms it is given up, with the last error in the message", () => {
  const c = new ScriptedCluster().answerWith("CreateTopics", "INVALID_REPLICATION_FACTOR", 10_000);
  administer(c, [{ createTopics: [ORDERS] }]);
  c.runFor(seconds(200));
  expect(c.of("AdminRequestFailed")).toMatchObject([{ api: "CreateTopics", error: "TIMEOUT", client: "admin" }]);
  expect(c.of("AdminRequestFailed")[0]?.message).toContain("orders: no success in time; last: INVALID_REPLICATION_FACTOR");
  expect(c.of("AdminRequestFailed")[0]?.at).toBeLessThanOrEqual(seconds(60));
});

test("a request that is refused for good is reported at once", () => {
  const c = new ScriptedCluster().answerWith("CreateTopics", "TOPIC_ALREADY_EXISTS", 1);
  administer(c, [{ createTopics: [ORDERS] }]);
  c.runFor(seconds(5));
  expect(c.of("AdminRequestFailed")).toMatchObject([{ error: "TOPIC_ALREADY_EXISTS" }]);
});

test("a topic that exists after an attempt without an answer counts as created", () => {
  const c = new ScriptedCluster().answerWith("CreateTopics", "silence", 1).answerWith("CreateTopics", "TOPIC_ALREADY_EXISTS", 1);
  administer(c, [{ createTopics: [ORDERS] }]);
  c.runFor(seconds(50));
  expect(c.requestsOf("CreateTopics")).toHaveLength(2);
  expect(c.of("AdminRequestFailed")).toEqual([]);
});

test("an election is asked for once, and one that finds no leader is reported with its partition", () => {
  const c = new ScriptedCluster().answerWith("ElectLeaders", "ELIGIBLE_LEADERS_NOT_AVAILABLE", 1);
  administer(c, [
    { atUs: seconds(1), electLeaders: { electionType: "UNCLEAN", topicPartitions: [{ topic: "orders", partitions: [0] }] } },
  ]);
  c.runFor(seconds(10));
  expect(c.requestsOf("ElectLeaders")).toMatchObject([{ body: { electionType: "UNCLEAN" } }]);
  expect(c.of("AdminRequestFailed")).toMatchObject([{ api: "ElectLeaders", error: "ELIGIBLE_LEADERS_NOT_AVAILABLE" }]);
  expect(c.of("AdminRequestFailed")[0]?.message).toContain("orders-0");
});

test("an election that is not needed is as good as one held", () => {
  expect(electionOutcome("ELECTION_NOT_NEEDED")).toBe("done");
  expect(topicOutcome("TOPIC_ALREADY_EXISTS", false)).toBe("refused");
});
