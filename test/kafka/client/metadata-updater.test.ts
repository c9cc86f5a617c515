import { expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { produce } from "../producer/workload.ts";
import { ScriptedCluster } from "./scripted-cluster.ts";

/** Times between the Metadata requests that reached brokers. */
function gaps(c: ScriptedCluster): number[] {
  const at = c.requestsOf("Metadata").map((request) => request.at);
  return at.slice(1).map((time, index) => time - (at[index] as number));
}

test("while answers say nothing new, refreshes come retry.backoff.ms apart, doubling up to the longest", () => {
  const c = new ScriptedCluster();
  produce(c, { "max.block.ms": 60_000 }, { count: 1 });
  c.runFor(seconds(20));
  // Two rests at the first value: the first answer counts as the first of a row.
  const nominal = [100, 200, 400, 800, 1_000, 1_000].map(ms);
  for (const [index, expected] of nominal.entries()) {
    const rest = (gaps(c)[index] as number) - 2 * ms(1);
    expect(rest).toBeGreaterThanOrEqual(expected * 0.8);
    expect(rest).toBeLessThanOrEqual(Math.min(expected * 1.2, ms(1_000)));
  }
  expect(gaps(c).every((gap) => gap <= ms(1_002))).toBe(true);
});

test("a refresh that succeeded is repeated after metadata.max.age.ms, and not before", () => {
  const c = new ScriptedCluster().createTopic("orders");
  produce(c, { "metadata.max.age.ms": 10_000 }, { count: 1 });
  c.runFor(seconds(35));
  expect(c.requestsOf("Metadata")).toHaveLength(4);
  expect(gaps(c).every((gap) => gap >= seconds(10))).toBe(true);
});

test("a broker that does not answer is left for another one after request.timeout.ms", () => {
  const c = new ScriptedCluster({ brokers: 3 }).createTopic("orders").answerWith("Metadata", "silence", 1);
  produce(c, { "request.timeout.ms": 1_000 }, { count: 1 });
  c.runFor(seconds(3));
  expect(c.of("ProduceAcknowledged")).toHaveLength(1);
  const [first, second] = c.requestsOf("Metadata");
  expect(second?.broker).not.toBe(first?.broker);
});

test("bootstrap brokers that are down are passed over", () => {
  const c = new ScriptedCluster({ brokers: 3 }).createTopic("orders", 3);
  c.runFor(ms(1));
  c.world.crash("broker-1");
  c.world.crash("broker-2");
  for (const partition of [0, 1, 2]) c.partition("orders", partition).leader = 3;
  produce(c, {}, { count: 1 });
  c.runFor(seconds(5));
  expect(c.of("ProduceAcknowledged")).toHaveLength(1);
});

test("when the whole cluster was away the client comes back to it by itself (KIP-899)", () => {
  const c = new ScriptedCluster({ brokers: 2 }).createTopic("orders", 2);
  produce(c, {}, { count: 3, rate: { intervalUs: seconds(10) } });
  c.runFor(seconds(5));
  for (const node of c.bootstrap) c.world.crash(node);
  c.runFor(seconds(10));
  for (const node of c.bootstrap) c.world.start(node);
  c.runFor(seconds(20));
  expect(c.of("ProduceAcknowledged")).toHaveLength(3);
});

test("a lost connection makes the client refresh, since its leader may have moved", () => {
  const c = new ScriptedCluster({ brokers: 2 }).createTopic("orders");
  produce(c, {}, { count: 2, rate: { intervalUs: seconds(10) } });
  c.runFor(seconds(5));
  const before = c.requestsOf("Metadata").length;
  c.world.crash("broker-1");
  c.runFor(seconds(1));
  expect(c.requestsOf("Metadata").length).toBeGreaterThan(before);
});

test("a handshake that nobody answers ends after socket.connection.setup.timeout.ms", () => {
  const c = new ScriptedCluster({ brokers: 2 }).createTopic("orders");
  c.runFor(ms(1));
  produce(c, { "socket.connection.setup.timeout.ms": 500, "max.block.ms": 10_000 }, { count: 1 });
  c.cutOff("checkout", 1);
  c.runFor(ms(400));
  // Whichever broker was chosen first, the leader can't be reached before the link has been healed.
  expect(c.of("ProduceAcknowledged")).toEqual([]);
  c.runFor(seconds(3));
  expect(c.requestsOf("Metadata").some(({ broker }) => broker === 2)).toBe(true);
  c.world.heal("checkout", "broker-1");
  c.runFor(seconds(3));
  expect(c.of("ProduceAcknowledged")).toHaveLength(1);
});
