/** Requests and answers on a network that does what TCP never would. Source: NetworkClient, InFlightRequests. */
import { expect, test } from "vitest";
import { seconds } from "../../../src/base/units.ts";
import { ScriptedCluster } from "../client/scripted-cluster.ts";
import { produce } from "../producer/workload.ts";

test("an answer that comes twice is heard once", () => {
  const c = new ScriptedCluster().createTopic("orders");
  c.world.addEdit({ name: "twice", pattern: { kind: "ProduceResponse" }, action: { do: "duplicate" }, skip: 0, times: 5 });
  produce(c, {}, { count: 20 });
  c.runFor(seconds(10));
  expect(c.of("ProduceAcknowledged").reduce((sum, event) => sum + event.records.length, 0)).toBe(20);
  expect(c.of("ProduceRetried")).toHaveLength(0);
});

test("a connection on which an answer is missing is closed, and what was in flight on it fails with NETWORK_EXCEPTION", () => {
  const c = new ScriptedCluster().createTopic("orders");
  c.world.addEdit({ name: "lost", pattern: { kind: "ProduceResponse" }, action: { do: "drop" }, skip: 0, times: 1 });
  produce(c, { "linger.ms": 0 }, { count: 20 });
  c.runFor(seconds(10));
  expect(c.of("ProduceRetried").map(({ error }) => error)).toContain("NETWORK_EXCEPTION");
  expect(c.of("ProduceAcknowledged").reduce((sum, event) => sum + event.records.length, 0)).toBe(20);
});
