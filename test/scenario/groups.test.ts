/** What a consumer group means once it is loaded. */
import { describe, expect, test } from "vitest";
import { parseScenario } from "../../src/scenario/loader.ts";
import type { GroupMemberSpec, GroupSpec } from "../../src/scenario/spec.ts";

function groups(consumers: string, rest = ""): readonly GroupSpec[] {
  const text = `name: x
topics: { orders: { partitions: 3, replication.factor: 3 }, audit: { partitions: 1, replication.factor: 3 } }
producers: { checkout: { topic: orders, rate: 1/s } }
consumers:
${consumers
  .split("\n")
  .map((line) => `  ${line}`)
  .join("\n")}
${rest}`;
  return parseScenario(text, "x.yaml", { invariants: ["GroupExclusiveOwnership", "PerKeyOrder"] }).groups;
}

function members(billing: string): readonly GroupMemberSpec[] {
  return groups(`billing: { topics: orders, ${billing} }`)[0]?.members ?? [];
}

function member(billing: string): GroupMemberSpec {
  return members(billing)[0] as GroupMemberSpec;
}

describe("members", () => {
  test("are nodes that are numbered, the spare ones last", () => {
    expect(members("members: 2, spares: 1").map(({ name, spare }) => [name, spare])).toEqual([
      ["billing-1", false],
      ["billing-2", false],
      ["billing-3", true],
    ]);
    expect(members("group: g").map(({ name }) => name)).toEqual(["billing-1"]);
    expect(members("instance-ids: [x, y], group: g").map(({ name, instanceId }) => [name, instanceId])).toEqual([
      ["billing-1", "x"],
      ["billing-2", "y"],
    ]);
  });

  test("of several entries belong to one group, which counts on the least that they have in common", () => {
    const [group, ...others] = groups(`billing: { topics: orders, members: 2, config: { auto.offset.reset: earliest } }
newer: { topics: [orders, audit], group: billing, config: { session.timeout.ms: 60000, max.poll.interval.ms: 1000 } }`);
    expect(others).toEqual([]);
    expect(group?.contract).toEqual({
      group: "billing",
      members: ["billing-1", "billing-2", "newer-1"],
      topics: ["orders", "audit"],
      protocol: "classic",
      delivery: "at-least-once",
      resetPolicy: "latest",
      sessionTimeoutUs: 60_000_000,
      rebalanceTimeoutUs: 300_000_000,
      finishesOldWork: false,
      offsetsRetentionUs: 10_080 * 60 * 1_000_000,
      reliesOn: [],
    });
  });

  test("of KIP-848 have the session that their brokers give them", () => {
    const config = "cluster: { config: { group.consumer.session.timeout.ms: 9000, offsets.retention.minutes: 2 } }";
    const [group] = groups("billing: { topics: orders, members: 1, config: { group.protocol: consumer } }", config);
    expect(group?.contract).toMatchObject({
      ...{ protocol: "consumer", sessionTimeoutUs: 9_000_000, offsetsRetentionUs: 120_000_000 },
    });
  });

  test("begin and stop one after the other, where the scenario says so, and each at its own time where it says that", () => {
    const times = members(
      "members: 3, from: 5s, join: every 10s, until: 40s, leave: every 1s, per-member: { billing-2: { from: 7s, until: 8s } }",
    );
    expect(times.map(({ fromUs, untilUs = 0 }) => [fromUs / 1e6, untilUs / 1e6])).toEqual([
      [5, 40],
      [7, 8],
      [25, 42],
    ]);
  });

  test("are static under their node's name, and a second process may take the place of one", () => {
    const [group] = groups(`billing: { topics: orders, members: 2, static: true }
double: { topics: orders, group: billing, stands-in-for: billing-2 }`);
    expect(group?.members.map(({ name, instanceId }) => [name, instanceId])).toEqual([
      ["billing-1", "billing-1"],
      ["billing-2", "billing-2"],
      ["double-1", "billing-2"],
    ]);
  });

  test("take settings of their own over those of their entry", () => {
    const [first, second] = members(
      "members: 2, handler: { takes: 5ms, workers: 2 }, config: { max.poll.records: 10, fetch.min.bytes: 7 }, per-member: { billing-2: { handler: 1s, config: { max.poll.records: 1 } } }",
    );
    expect(first?.config["max.poll.records"]).toBe(10);
    expect(second?.config).toMatchObject({ "max.poll.records": 1, "fetch.min.bytes": 7 });
    expect(second?.handler).toMatchObject({ takes: { kind: "constant", us: 1_000_000 }, workers: 2 });
  });

  test("are started again after 5 s, or as the scenario says", () => {
    expect(member("members: 1").restartAfterUs).toBe(5_000_000);
    expect(member("members: 1, restart-after: never").restartAfterUs).toBeUndefined();
  });
});

describe("commits", () => {
  test.each([
    ["delivery: at-least-once", "after-poll", false, true],
    ["delivery: at-most-once", "before", false, false],
    ["delivery: at-least-once, commit: async", "async", false, true],
    ["delivery: at-least-once, commit: auto", "auto", true, false],
    ["delivery: at-least-once, handler: { commit-on-revoke: false }", "after-poll", false, false],
    ["commit: per-record", "per-record", false, false],
    ["commit: per-record, handler: { commit-on-revoke: true }", "per-record", false, true],
    ["commit: none", "none", false, false],
    ["config: { enable.auto.commit: false }", "none", false, false],
    ["config: { enable.auto.commit: true }", "auto", true, false],
    ["spares: 0", "auto", true, false],
  ])("%s: %s", (written, commit, auto, onRevoke) => {
    const { handler, config } = member(`members: 1, ${written}`);
    expect([handler.commit, config["enable.auto.commit"], handler.commitOnRevoke]).toEqual([commit, auto, onRevoke]);
  });

  test.each([
    ["commit: auto", "at-least-once"],
    ["commit: auto, handler: { workers: 4 }", undefined],
    ["commit: after-poll, handler: { workers: 4 }", "at-least-once"],
    ["commit: before", "at-most-once"],
  ])("what comes of it is held to whether or not it is named (%s)", (written, delivery) => {
    const [group] = groups(`billing: { topics: orders, members: 1, ${written} }`);
    expect(group?.contract.delivery).toBe(delivery);
  });
});

test("a handler is a duration, or all that an application does", () => {
  expect(member("members: 1").handler).toEqual({
    ...{ takes: { kind: "constant", us: 0 }, poison: undefined, workers: 0, commit: "auto", onRevokeTakes: 0 },
    ...{ commitOnRevoke: false, fencingToken: false, finishesLostWork: false },
  });
  expect(member("members: 1, handler: 2ms..8ms").handler.takes).toEqual({ kind: "uniform", low: 2_000, high: 8_000 });
  expect(member("members: 1, handler: 1ms..4ms..50ms..2s").handler.takes).toEqual({
    ...{ kind: "tailed", low: 1_000, median: 4_000, p99: 50_000, max: 2_000_000 },
  });
  const poison = "poison: { producer: checkout, record: 3, attempts: 2 }";
  expect(member(`members: 1, handler: { ${poison}, on-revoke: 1s, finishes-lost-work: true }`).handler).toMatchObject({
    ...{ poison: { producer: "checkout", sequence: 3, takes: 0, attempts: 2 }, onRevokeTakes: 1_000_000, finishesLostWork: true },
  });
});

test("only a group with a fencing token has a store, whichever of its entries brings it", () => {
  const [billing, shipping] = groups(`billing: { topics: orders, members: 1 }
tokens: { topics: orders, group: billing, handler: { fencing-token: true } }
shipping: { topics: orders, members: 1 }`);
  expect([billing?.store, shipping?.store]).toEqual(["billing-store", undefined]);
});

test("assignors go by the name of the protocol, however they are written", () => {
  const strategy = (written: string): unknown =>
    member(`members: 1, config: { partition.assignment.strategy: ${written} }`).config["partition.assignment.strategy"];
  expect(strategy("sticky")).toBe("sticky");
  expect(strategy('"range, roundrobin"')).toBe("range,roundrobin");
  expect(strategy("[CooperativeStickyAssignor, org.apache.kafka.clients.consumer.RangeAssignor]")).toBe(
    "cooperative-sticky,range",
  );
});

test("what an application relies on is held against its group", () => {
  const [group] = groups("billing: { topics: orders, members: 1, relies-on: [GroupExclusiveOwnership, PerKeyOrder] }");
  expect(group?.contract.reliesOn).toEqual(["GroupExclusiveOwnership", "PerKeyOrder"]);
});

test("members that have nothing in common with those that are gone by then are no contradiction", () => {
  const [group] =
    groups(`old: { topics: orders, group: g, members: 2, until: 20s, config: { partition.assignment.strategy: range } }
new: { topics: orders, group: g, members: 2, from: 20s, config: { partition.assignment.strategy: sticky } }`);
  expect(group?.members).toHaveLength(4);
});

test("a group that goes from one protocol to the other is taken, where the brokers let it", () => {
  const [group] = groups(`old: { topics: orders, group: g, members: 2 }
new: { topics: orders, group: g, members: 2, from: 20s, config: { group.protocol: consumer } }`);
  expect(group?.contract.protocol).toBe("classic");
  const opted = 'cluster: { config: { group.coordinator.rebalance.protocols: "classic,consumer" } }\nkafka: "3.9"';
  expect(groups("a: { topics: orders, members: 1, config: { group.protocol: consumer } }", opted)).toHaveLength(1);
});

test("the nemesis leaves groups alone for as long as their sessions last, and the run need not be longer for it", () => {
  const until = (rest: string): number | undefined =>
    parseScenario(
      `name: x
topics: { orders: { partitions: 1, replication.factor: 3 } }
consumers: { billing: { topics: orders, members: 1 } }
nemesis: { faults: [crash]${rest} }
run: { for: 120s, settle: 10s }`,
      "x.yaml",
    ).nemesis?.untilUs;
  expect(until("")).toBe((120 - 20 - 45 + 10) * 1_000_000);
  expect(until(", quiet: 5s")).toBe(115_000_000);
  expect(until(", until: 100s")).toBe(100_000_000);
});
