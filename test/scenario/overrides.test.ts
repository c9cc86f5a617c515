/** `--set key=value`: dials, settings, paths in the file. */
import { describe, expect, test } from "vitest";
import { type LoadOptions, parseScenario, parseSeed } from "../../src/scenario/loader.ts";
import { ScenarioError } from "../../src/scenario/scenario-error.ts";
import type { ScenarioSpec } from "../../src/scenario/spec.ts";

const TEXT = `
name: base
cluster: { brokers: 3, per-node: { broker-2: { config: { replica.lag.time.max.ms: 1 } } } }
topics:
  orders: &topic { partitions: 1, replication.factor: 3, config: { min.insync.replicas: 1 } }
  a.b: *topic
producers:
  checkout: { topic: orders, rate: 1/s, config: { acks: all } }
  logger: { topic: a.b, rate: 1/s }
faults:
  - { name: one, at: 5s, crash: broker-1 }
exhibit: { source: KIP-966, kind: bug, dial: election.eligibleLeaderReplicas, violates: NoAckedLoss }
`;

function set(...overrides: string[]): ScenarioSpec {
  const options: LoadOptions = { overrides, invariants: ["NoAckedLoss"] };
  return parseScenario(TEXT, "base.yaml", options);
}

function refused(...overrides: string[]): string {
  try {
    set(...overrides);
  } catch (error) {
    if (error instanceof ScenarioError) return error.message;
    throw error;
  }
  throw new Error(`${overrides.join(" ")} was accepted`);
}

test("a path names a place in the file, there or not", () => {
  expect(set("cluster.brokers=5").cluster.nodes.filter((node) => node.broker)).toHaveLength(5);
  expect(set("run.for=90s").run.forUs).toBe(90_000_000);
  expect(set("run={ for: 90s, settle: 5s }").run).toMatchObject({ forUs: 90_000_000, settleUs: 5_000_000 });
});

test("keys with dots are taken whole", () => {
  expect(set("topics.orders.replication.factor=2").topics[0]?.replicationFactor).toBe(2);
  expect(set("topics.a.b.config.min.insync.replicas=2").topics.map(({ config }) => config["min.insync.replicas"])).toEqual([
    1, 2,
  ]);
});

test("what an alias repeats is changed at the one place that is named", () => {
  expect(set("topics.a.b.partitions=4").topics.map(({ partitions }) => partitions)).toEqual([1, 4]);
});

test("items of a list are counted from 1, as in the verdict", () => {
  expect(set("faults.1.at=7s").faults[0]?.trigger).toEqual({ kind: "at", atUs: 7_000_000 });
});

test("a producer's setting goes to every producer", () => {
  expect(set("acks=1").producers.map(({ config }) => config.acks)).toEqual(["1", "1"]);
  expect(set("producers.logger.config.acks=0").producers.map(({ config }) => config.acks)).toEqual(["all", "0"]);
});

test("a broker's setting wins even where a node has its own", () => {
  const lag = set("replica.lag.time.max.ms=5000").cluster.nodes.map(({ config }) => config["replica.lag.time.max.ms"]);
  expect(new Set(lag)).toEqual(new Set([5_000]));
});

test("min.insync.replicas is the brokers' and the topics', and is set on both: the topic's would win otherwise", () => {
  const { cluster, topics } = set("min.insync.replicas=2");
  expect(cluster.config).toEqual({ "min.insync.replicas": 2 });
  expect(topics.map(({ config }) => config["min.insync.replicas"])).toEqual([2, 2]);
});

test("a dial is turned by its name", () => {
  expect(set("kraft.preVote=off").turnedDials).toEqual(["kraft.preVote"]);
});

test("whoever turns an exhibit's dial gets that one side, with what it is expected to do", () => {
  expect(set().exhibit).toBeDefined();
  const old = set("election.eligibleLeaderReplicas=off");
  expect(old).toMatchObject({ exhibit: undefined, expect: { violates: ["NoAckedLoss"] } });
  expect(set("election.eligibleLeaderReplicas=on").expect.violates).toEqual([]);
});

describe("whoever sets the switch of an exhibit that is a setting", () => {
  const exhibit = (...overrides: string[]): ScenarioSpec =>
    parseScenario(
      TEXT.replace("config: { acks: all }", "config: {}").replace(
        /exhibit: .*/,
        "exhibit: { source: docs, kind: by-design, set: acks, old: 1, new: all, old-expect: { records: { legally-lost: 5 } } }",
      ),
      "base.yaml",
      { overrides, invariants: ["NoAckedLoss"] },
    );

  test("gets that one side, with what it is expected to do", () => {
    expect(exhibit().exhibit?.key).toBe("acks");
    // As the file writes it, or in other words.
    for (const set of ["acks=1", 'acks="1"'])
      expect(exhibit(set)).toMatchObject({ exhibit: undefined, expect: { records: { legallyLost: { min: 5, max: 5 } } } });
    expect(exhibit("acks=all").expect.records).toMatchObject({ lost: { min: 0, max: 0 }, legallyLost: undefined });
  });

  test("gets one run of a third position, or of one client's, with what the file expects", () => {
    for (const set of ["acks=0", "producers.checkout.config.acks=1"]) {
      const { exhibit: sides, expect: expected } = exhibit(set);
      expect(sides).toBeUndefined();
      expect(expected.records).toMatchObject({ lost: { min: 0, max: 0 }, legallyLost: undefined });
    }
    expect(exhibit("producers.checkout.config.acks=1").producers.map(({ config }) => config.acks)).toEqual(["1", "all"]);
  });

  test("still gets two runs by setting something else, or where one position stands", () => {
    const both = (spec: ScenarioSpec): (string | undefined)[] =>
      [spec.exhibit?.old, spec.exhibit?.new].map((side) => side?.scenario.producers[0]?.config.acks);
    expect(both(exhibit("linger.ms=7"))).toEqual(["1", "all"]);
    expect(both(exhibit("exhibit.old=0"))).toEqual(["0", "all"]);
  });
});

test("later overrides win, and the file stays as it was", () => {
  expect(set("run.for=90s", "run.for=70s").run.forUs).toBe(70_000_000);
  expect(set().run.forUs).toBe(60_000_000);
});

test("a wrong value is shown in the override that brought it", () => {
  expect(refused("acks=2")).toMatchInlineSnapshot(`
    "--set acks=2  \`2\` is not a value of \`acks\`
          | acks=2
          |      ^ it is one of all, -1, 0, 1"
  `);
  expect(refused("replica.lag.time.max.ms=5s")).toMatchInlineSnapshot(`
    "--set replica.lag.time.max.ms=5s  this must be a number, not \`5s\`
          | replica.lag.time.max.ms=5s
          |                         ^^ Kafka counts replica.lag.time.max.ms in milliseconds: 5000"
  `);
  expect(refused("cluster.brokers=2")).toMatchInlineSnapshot(`
    "base.yaml:5:55  3 replicas need 3 brokers, and this cluster has 2
        4 | topics:
        5 |   orders: &topic { partitions: 1, replication.factor: 3, config: { min.insync.replicas: 1 } }
          |                                                       ^ raise cluster.brokers to 3, or lower replication.factor to 2"
  `);
});

test("an unknown key comes with the nearest that there is", () => {
  expect(refused("replica.lag.time.max=5")).toContain("did you mean replica.lag.time.max.ms?");
  expect(refused("brokers=5")).toContain("did you mean cluster.brokers?");
  expect(refused("topics.order.partitions=5")).toContain("did you mean topics.orders.partitions?");
  expect(refused("kraft.prevote=off")).toContain("did you mean kraft.preVote?");
  expect(refused("compression.type=lz4")).toContain("known to Kafka, but not modelled yet");
  expect(refused("auto.offset.reset=earliest")).toContain("the scenario has no consumer to set it on");
});

test("an override that is none is refused", () => {
  for (const text of ["acks", "acks=", "=1"]) expect(refused(text)).toContain("write --set key=value");
  expect(refused("acks=[")).toContain("`[` is not a value");
});

test("a seed from the command line is a whole number", () => {
  expect(parseSeed("42")).toBe(42);
  expect(() => parseSeed("abc")).toThrowErrorMatchingInlineSnapshot(`
    [ScenarioError: --seed  a seed is a whole number, and \`abc\` is not
          | --seed abc
          |        ^^^ write a number from 0 up, such as 42]
  `);
});

describe("of consumers", () => {
  const CONSUMERS = `
name: groups
topics: { orders: { partitions: 1, replication.factor: 3 } }
producers: { checkout: { topic: orders, rate: 1/s } }
consumers:
  tail: { topics: orders }
  billing: { topics: orders, members: 2, handler: { takes: 5ms }, per-member: { billing-2: { config: { session.timeout.ms: 9000 } } } }
  shipping: { topics: orders, group: shipping, handler: 1ms }
`;
  const load = (...overrides: string[]): ScenarioSpec => parseScenario(CONSUMERS, "groups.yaml", { overrides });
  const settings = (spec: ScenarioSpec, key: "session.timeout.ms" | "fetch.min.bytes"): unknown[] =>
    [...spec.consumers, ...spec.groups.flatMap(({ members }) => members)].map(({ config }) => config[key]);

  test("a setting goes to every one, and wins where a member has its own", () => {
    expect(settings(load("fetch.min.bytes=7"), "fetch.min.bytes")).toEqual([7, 7, 7, 7]);
    expect(settings(load("session.timeout.ms=8000"), "session.timeout.ms")).toEqual([45_000, 8_000, 8_000, 8_000]);
  });

  test("a path leads to a group, and into its handler", () => {
    expect(load("consumers.billing.members=5").groups[0]?.members).toHaveLength(5);
    expect(load("consumers.shipping.delivery=at-most-once").groups[1]?.contract.delivery).toBe("at-most-once");
    expect(load("consumers.billing.handler.takes=1s").groups[0]?.members[0]?.handler.takes).toEqual({
      kind: "constant",
      us: 1_000_000,
    });
    expect(load("consumers.shipping.handler=1s").groups[1]?.members[0]?.handler.takes).toEqual({
      kind: "constant",
      us: 1_000_000,
    });
    expect(load("consumers.shipping.handler.workers=3").groups[1]?.members[0]?.handler.workers).toBe(3);
  });

  test("an exhibit may switch what a group is made of", () => {
    const exhibit = (set: string, rest: string): ScenarioSpec =>
      parseScenario(
        `${CONSUMERS.replace(", per-member: { billing-2: { config: { session.timeout.ms: 9000 } } }", "")}
exhibit: { source: KIP-848, kind: by-design, set: ${set}, ${rest}, old-expect: { records: { lost: 0 } } }`,
        "groups.yaml",
      );
    const { exhibit: protocols } = exhibit("group.protocol", "old: classic, new: consumer");
    expect(protocols?.new.scenario.groups.map(({ contract }) => contract.protocol)).toEqual(["consumer", "consumer"]);
    expect(protocols?.old.scenario.groups.map(({ contract }) => contract.protocol)).toEqual(["classic", "classic"]);
    const { exhibit: commits } = exhibit("consumers.billing.commit", "old: auto, new: after-poll");
    const policies = [commits?.old, commits?.new].map((side) => side?.scenario.groups[0]?.members[0]?.handler.commit);
    expect(policies).toEqual(["auto", "after-poll"]);
  });
});
