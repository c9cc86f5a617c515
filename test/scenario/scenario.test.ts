/** What a scenario means once it is loaded. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { test as property } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { parseScenario } from "../../src/scenario/loader.ts";
import { ScenarioError } from "../../src/scenario/scenario-error.ts";
import type { ScenarioSpec } from "../../src/scenario/spec.ts";

const [EVERYTHING, EVERYTHING_IN_ZOOKEEPER_MODE] = ["everything.yaml", "everything-in-zookeeper-mode.yaml"].map((file) =>
  readFileSync(fileURLToPath(new URL(file, import.meta.url)), "utf8"),
) as [string, string];

function load(text: string): ScenarioSpec {
  return parseScenario(text, "test.yaml", { invariants: ["NoAckedLoss"] });
}

test("a scenario that says nothing is three brokers and three controllers for a minute, of the newest release", () => {
  const { cluster, release, seed, run, expect: expected, turnedDials } = load("name: nothing");
  expect(cluster.nodes.map(({ name, id }) => `${name}=${id}`)).toEqual([
    ...["broker-1=1", "broker-2=2", "broker-3=3"],
    ...["controller-1=3001", "controller-2=3002", "controller-3=3003"],
  ]);
  expect({ release, seed, run, turnedDials }).toEqual({
    release: "4.1",
    seed: 1,
    run: { forUs: 60_000_000, maxEvents: undefined, settleUs: 0 },
    turnedDials: [],
  });
  expect(expected).toMatchObject({ violates: [], records: { lost: { min: 0, max: 0 }, failed: undefined } });
});

describe("of a scenario with everything in it", () => {
  const spec = load(EVERYTHING);

  test("a server's settings are Kafka's defaults, the cluster's, and then its own", () => {
    const lag = spec.cluster.nodes.map(({ config }) => config["replica.lag.time.max.ms"]);
    expect(lag).toEqual([10_000, 20_000, 10_000, 10_000, 10_000, 10_000]);
    expect(spec.cluster.nodes[0]?.config["broker.session.timeout.ms"]).toBe(9_000);
  });

  test("racks are dealt out in turn, and a node may stand elsewhere", () => {
    expect(spec.cluster.nodes.map(({ rack }) => rack)).toEqual(["a", "d", "c", "a", "b", "c"]);
  });

  test("disks and clocks are the node's own", () => {
    expect(spec.cluster.nodes[1]?.disk).toEqual({
      fsync: { kind: "constant", us: 20_000 },
      write: { kind: "constant", us: 0 },
      writebackUs: 20_000_000,
      capacityBytes: 1_073_741_824,
    });
    expect(spec.cluster.nodes[2]?.clock).toEqual({ offsetUs: -5_000_000, driftPpm: 100 });
    expect(spec.producers[0]?.clock).toEqual({ offsetUs: 0, driftPpm: -1_000 });
  });

  test("dials stand as in the release, but for those that are turned", () => {
    expect(spec.turnedDials).toEqual(["isr.hwUses", "election.eligibleLeaderReplicas"]);
    expect(spec.dials).toMatchObject({
      "isr.hwUses": "committed",
      "election.eligibleLeaderReplicas": true,
      "kraft.preVote": true,
    });
  });

  test("a topic keeps what is set on it, and its assignment gives partitions and replication", () => {
    expect(spec.topics).toMatchObject([
      { name: "orders", partitions: 2, replicationFactor: 3, assignment: undefined, config: { "min.insync.replicas": 2 } },
      {
        name: "audit",
        partitions: 3,
        replicationFactor: 2,
        assignment: [
          [1, 2],
          [2, 3],
          [3, 1],
        ],
      },
    ]);
  });

  test("a producer's rate is exact, and its acks are a word even when written as a number", () => {
    expect(spec.producers).toMatchObject([
      { name: "checkout", rate: { records: 15, perUs: 10_000_000 }, count: 100, fromUs: 1_000_000, config: { acks: "1" } },
      { name: "logger", rate: { records: 1, perUs: 250_000 }, key: null, value: "logger-{n}", partition: 2 },
    ]);
  });

  test("a consumer gets every partition of its topics, or those it names, in the order of the file", () => {
    const assigned = spec.consumers.map(({ assignment }) => assignment.map(({ topic, partition }) => `${topic}-${partition}`));
    expect(assigned).toEqual([
      ["orders-0", "orders-1"],
      ["audit-2", "audit-0"],
    ]);
  });

  test("what is known before the run is resolved to names", () => {
    expect(spec.network.links[0]).toMatchObject({
      a: ["broker-1", "controller-1"],
      b: ["controller-1", "controller-2", "controller-3", "checkout"],
      bytesPerSecond: 10_000_000,
      unreliable: { dropPpm: 10_000, duplicatePpm: 0, delayPpm: 0, delayUpToUs: 100_000 },
    });
    expect(spec.network).toMatchObject({ bytesPerSecond: 125_000_000, acrossRacks: { kind: "constant", us: 5_000 } });
  });

  test("a list of faults is a story: `after` and `when` begin with the fault before them, unless told otherwise", () => {
    expect(spec.faults.slice(0, 5).map(({ name, trigger }) => ({ name, trigger }))).toMatchObject([
      { name: "first", trigger: { kind: "at", atUs: 5_000_000 } },
      { name: "fault 2", trigger: { kind: "event", since: 0, nth: 2, delayUs: 1_000_000 } },
      { name: "fault 3", trigger: { kind: "after", since: 2, delayUs: 2_000_000 } },
      { name: "fault 4", trigger: { kind: "event", since: 1, nth: 1, delayUs: 0, text: "ControllerActivated" } },
      { name: "fault 5", trigger: { kind: "message", since: 4, nth: 3, moment: "delivered" } },
    ]);
    const [, when] = spec.faults;
    expect(when?.trigger).toMatchObject({ text: "IsrChanged partition=orders-0 isr=[leader] nth=2" });
  });

  test("a cut is between two sides only, in the direction seen from the first", () => {
    expect(spec.faults[0]?.actions).toEqual([
      {
        do: "cut",
        nodes: [
          { kind: "nodes", names: ["broker-2"] },
          { kind: "nodes", names: ["broker-3"] },
        ],
        from: [{ kind: "leader", topic: "orders", partition: 0 }],
        direction: "to",
      },
    ]);
  });

  test("the actions of a fault come in the author's order", () => {
    expect(spec.faults[2]?.actions.map((action) => action.do)).toEqual(["heal", "restart"]);
    expect(
      load("name: x\nfaults: [{ at: 1s, wipe: all, restart: all, heal: all }]").faults[0]?.actions.map((action) => action.do),
    ).toEqual([...["wipe", "restart", "heal"]]);
  });

  test("faults on messages say which, how many and by how much", () => {
    const actions = spec.faults.flatMap((fault) => fault.actions);
    expect(actions.find((action) => action.do === "drop")).toMatchObject({
      pattern: { kind: "AlterPartitionResponse" },
      nth: 2,
      times: "all",
    });
    expect(actions.find((action) => action.do === "delay")).toMatchObject({ nth: 1, times: 1, byUs: 100_000 });
    expect(actions.find((action) => action.do === "release")).toEqual({ do: "release", of: 27 });
  });

  test("faults and goals know where in the file they stand", () => {
    const lines = EVERYTHING.split("\n");
    const at = (text: string): string => `test.yaml:${lines.findIndex((line) => line.includes(text)) + 1}:${5}`;
    expect(spec.faults[0]?.source).toBe(at("- { name: first"));
    expect(spec.faults[1]?.source).toBe(at("- when: { event: IsrChanged"));
    expect(spec.expect.reaches[0]?.source).toBe(`test.yaml:${lines.indexOf("    - LeaderElected") + 1}:7`);
  });

  test("expectations are bounds, both ends included", () => {
    expect(spec.expect.records).toEqual({
      lost: { min: 0, max: 0 },
      legallyLost: { min: 1, max: 5 },
      duplicated: { min: 1, max: undefined },
      failed: { min: 0, max: 3 },
      delayed: { min: 10, max: undefined },
    });
    expect(spec.expect.longestOutage).toEqual({ min: 5_000_000, max: 20_000_000 });
    expect(spec.expect.reaches.map(({ text, times }) => [text, times])).toEqual([
      ["LeaderElected", 1],
      ["HighWatermarkAdvanced partition=orders-0 broker=broker-1 to=100.. nth=3", 3],
      ["ProcessCrashed node=leader(orders-0)", 1],
    ]);
  });

  test("it is plain data, frozen through and through, fit to be sent to a worker", () => {
    expect(structuredClone(spec)).toEqual(spec);
    const thawed: unknown[] = [];
    const visit = (value: unknown): void => {
      if (value === null || typeof value !== "object") return;
      if (!Object.isFrozen(value)) thawed.push(value);
      Object.values(value).forEach(visit);
    };
    visit(spec);
    expect(thawed).toEqual([]);
  });

  test("an exhibit is two runs that differ by one dial and by what is expected", () => {
    const { old, new: fixed, ...of } = exhibitIn(spec);
    expect(of).toEqual({ source: "KAFKA-15489", kind: "bug", key: "kraft.checkQuorum" });
    expect([old.value, fixed.value]).toEqual(["off", "on"]);
    expect([old, fixed].map(({ scenario }) => scenario.dials["kraft.checkQuorum"])).toEqual([false, true]);
    expect(old.scenario.expect).toMatchObject({ violates: ["NoAckedLoss"], records: { lost: { min: 1, max: undefined } } });
    expect(fixed.scenario.expect).toMatchObject({
      violates: [],
      records: { lost: { min: 0, max: 0 }, failed: { min: 0, max: 0 } },
    });
    expect(differences(old.scenario, fixed.scenario)).toEqual(["dials", "expect", "notes", "switched", "turnedDials"]);
    expect(differences(fixed.scenario, spec)).toEqual(["exhibit", "expect", "switched"]);
  });
});

function exhibitIn({ exhibit }: ScenarioSpec): NonNullable<ScenarioSpec["exhibit"]> {
  if (exhibit === undefined) throw new Error("this is no exhibit");
  return exhibit;
}

/** Keys whose values differ. */
function differences(a: ScenarioSpec, b: ScenarioSpec): string[] {
  return (Object.keys(a) as (keyof ScenarioSpec)[]).filter((key) => !isDeepStrictEqual(a[key], b[key])).sort();
}

describe("the switch of an exhibit", () => {
  const clients = "topics: { a: {} }\nproducers: { one: { topic: a, rate: 1/s }, two: { topic: a, rate: 1/s } }";

  test("needs no positions if it is a dial: they are those around the newest release", () => {
    const { old, new: fixed } = exhibitIn(
      load("name: x\nexhibit: { source: KIP-497, kind: control, dial: isr.hwUses, violates: NoAckedLoss }"),
    );
    expect([old.value, fixed.value]).toEqual(["committed", "maximal"]);
    expect(old.scenario.expect).toMatchObject({ violates: ["NoAckedLoss"], records: { lost: undefined } });
    expect(fixed.scenario.expect).toMatchObject({ violates: [], records: { lost: { min: 0, max: 0 } } });
  });

  test("may be a setting of Kafka: it is set wherever --set would set it, and nothing else differs", () => {
    const {
      key,
      old,
      new: fixed,
    } = exhibitIn(
      load(`name: x\n${clients}\nexhibit: { source: docs, kind: by-design, set: acks, old: 1, new: all, old-expect: {} }`),
    );
    expect(old.scenario.producers.map(({ config }) => config.acks)).toEqual(["1", "1"]);
    expect(fixed.scenario.producers.map(({ config }) => config.acks)).toEqual(["all", "all"]);
    expect([key, old.scenario.switched, fixed.scenario.switched]).toEqual([
      "acks",
      { key: "acks", value: "1" },
      { key: "acks", value: "all" },
    ]);
    expect(differences(old.scenario, fixed.scenario)).toEqual(["producers", "switched"]);
  });

  test("may be a path in the file, such as one producer's setting, the cluster's size or a fault's time", () => {
    const of = (set: string, old: string, fixed: string, more = ""): ScenarioSpec =>
      load(
        `name: x\n${clients}\n${more}exhibit: { source: s, kind: open, set: ${set}, old: ${old}, new: ${fixed}, violates: NoAckedLoss }`,
      );
    const one = exhibitIn(of("producers.one.config.acks", "1", "all"));
    expect(one.old.scenario.producers.map(({ config }) => config.acks)).toEqual(["1", "all"]);
    const size = exhibitIn(of("cluster.brokers", "2", "5"));
    expect(size.old.scenario.cluster.nodes.filter(({ broker }) => broker)).toHaveLength(2);
    const time = exhibitIn(of("faults.1.for", "1s", "20s", "faults: [{ at: 1s, crash: broker-1 }]\n"));
    expect(time.new.scenario.faults[0]?.forUs).toBe(20_000_000);
  });

  test("may lie with the release, which is the text that it was written as", () => {
    const { old, new: fixed } = exhibitIn(
      load('name: x\nexhibit: { source: s, kind: bug, set: kafka, old: 3.9, new: "4.1", violates: NoAckedLoss }'),
    );
    expect([old.scenario.release, fixed.scenario.release]).toEqual(["3.9", "4.1"]);
  });
});

test("what can't stand beside the rest of the format is a scenario, too", () => {
  const text = readFileSync(fileURLToPath(new URL("everything-else.yaml", import.meta.url)), "utf8");
  expect(exhibitIn(load(text)).old.scenario.expect.records.legallyLost).toEqual({ min: 1, max: undefined });
});

test("combined controllers live in the first brokers", () => {
  const roles = load("name: x\ncluster: { brokers: 4, combined: true }").cluster.nodes.map(({ name, controller }) => [
    name,
    controller,
  ]);
  expect(roles).toEqual([
    ["broker-1", true],
    ["broker-2", true],
    ["broker-3", true],
    ["broker-4", false],
  ]);
});

test("a release is read as it is written, with or without quotes", () => {
  expect(load("name: x\nkafka: 4.0").release).toBe("4.0");
  expect(load('name: x\nkafka: "4.0"').dials["election.eligibleLeaderReplicas"]).toBe(false);
});

test("a release brings its own defaults, which the scenario may override", () => {
  const text = (config: string): string =>
    `name: x\nkafka: 3.9\ntopics: { t: {} }\nproducers: { p: { topic: t, rate: 1/s, config: ${config} } }`;
  expect(load(text("{}")).producers[0]?.config["linger.ms"]).toBe(0);
  expect(load(text("{ linger.ms: 7 }")).producers[0]?.config["linger.ms"]).toBe(7);
});

test("min.insync.replicas above the replication factor is legal in Kafka, and so it is here", () => {
  expect(load("name: x\ntopics: { t: { replication.factor: 2, config: { min.insync.replicas: 3 } } }").topics[0]?.config).toEqual(
    {
      "min.insync.replicas": 3,
    },
  );
});

test("anchors and aliases repeat what was written once", () => {
  const { topics } = load("name: x\ntopics:\n  a: &t { partitions: 2, replication.factor: 2 }\n  b: *t");
  expect(topics.map(({ partitions }) => partitions)).toEqual([2, 2]);
});

test("the nemesis leaves the cluster alone before the end", () => {
  expect(load("name: x\nnemesis: { faults: [crash] }\nrun: { for: 90s }").nemesis).toMatchObject({
    fromUs: 5_000_000,
    untilUs: 70_000_000,
    atMost: 1,
  });
});

describe("whatever the file holds, there is a scenario or a ScenarioError", () => {
  const wholes = [EVERYTHING, EVERYTHING_IN_ZOOKEEPER_MODE].map((text) => parse(text) as object);
  const places = wholes.flatMap((whole, index) => pathsOf(whole).map((path) => [index, path] as const));

  /** Everything of either mode, with a few of its values replaced by anything: what a person might write by mistake, and worse. */
  const damaged = fc
    .array(
      fc.tuple(
        fc.constantFrom(...places),
        fc.oneof(fc.jsonValue(), fc.constantFrom("leader(x-0)", "broker-9", "5s", -1, 1e300, "{n}", ">0", "..", "a..b")),
        fc.boolean(),
      ),
      { minLength: 1, maxLength: 3 },
    )
    .map((changes) => {
      const copies = structuredClone(wholes);
      for (const [[index, path], value, rename] of changes) damage(copies[index] as object, path, value, rename);
      return stringify(copies[changes[0]?.[0][0] ?? 0]);
    });

  property.prop([damaged], { numRuns: 100 })("damaged scenarios", (text) => {
    expectSpecOrError(text);
  });

  property.prop([fc.string({ unit: "binary", maxLength: 200 })], { numRuns: 300 })("no scenarios at all", (text) => {
    expectSpecOrError(text);
  });
});

function expectSpecOrError(text: string): void {
  try {
    load(text);
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    expect(error.problems.length).toBeGreaterThan(0);
    for (const { line, column, message } of error.problems) {
      expect([line >= 1, column >= 1, message.length > 0]).toEqual([true, true, true]);
    }
  }
}

function pathsOf(value: unknown, above: readonly string[] = []): (readonly string[])[] {
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, child]) => [[...above, key], ...pathsOf(child, [...above, key])]);
}

function damage(copy: object, path: readonly string[], value: unknown, rename: boolean): void {
  let holder = copy as Record<string, unknown>;
  for (const step of path.slice(0, -1)) {
    const next = holder[step];
    if (next === null || typeof next !== "object") return;
    holder = next as Record<string, unknown>;
  }
  const key = path.at(-1) as string;
  if (rename && !Array.isArray(holder)) {
    holder[`${key}s`] = holder[key];
    delete holder[key];
  } else {
    holder[key] = value;
  }
}
