/** What a scenario means in the one mode and in the other. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parseScenario } from "../../src/scenario/loader.ts";
import { ScenarioError } from "../../src/scenario/scenario-error.ts";
import type { ScenarioSpec } from "../../src/scenario/spec.ts";

const EVERYTHING = readFileSync(fileURLToPath(new URL("everything-in-zookeeper-mode.yaml", import.meta.url)), "utf8");

function load(text: string, overrides: readonly string[] = []): ScenarioSpec {
  return parseScenario(text, "test.yaml", { overrides, invariants: ["NoAckedLoss", "LeaderCompleteness"] });
}

function complaint(text: string, overrides: readonly string[] = []): string {
  try {
    load(text, overrides);
  } catch (error) {
    if (error instanceof ScenarioError) return error.message;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("a cluster of ZooKeeper mode", () => {
  test("is three brokers and an ensemble of three, of the last release that knows it", () => {
    const { cluster, release, turnedDials } = load("name: x\ncluster: { mode: zookeeper }");
    expect(cluster.nodes.map(({ name, broker, controller }) => [name, broker, controller])).toEqual([
      ["broker-1", true, false],
      ["broker-2", true, false],
      ["broker-3", true, false],
    ]);
    expect(cluster.zookeeper.map(({ name, id }) => `${name}=${id}`)).toEqual(["zookeeper-1=1", "zookeeper-2=2", "zookeeper-3=3"]);
    expect([release, turnedDials]).toEqual(["3.9", []]);
  });

  test("knows neither eligible leader replicas nor broker epochs in an ISR: its preset has both off", () => {
    const { dials } = load("name: x\ncluster: { mode: zookeeper }");
    expect([dials["election.eligibleLeaderReplicas"], dials["isr.brokerEpochCheck"]]).toEqual([false, false]);
    // As the same release has it in the other mode, where KIP-903 has come by then.
    const kraft = load('name: x\nkafka: "3.9"').dials;
    expect([kraft["election.eligibleLeaderReplicas"], kraft["isr.brokerEpochCheck"]]).toEqual([false, true]);
  });

  test("its producers have the defaults of that release", () => {
    const text = "topics: { t: {} }\nproducers: { p: { topic: t, rate: 1/s } }";
    expect(load(`name: x\n${text}\ncluster: { mode: zookeeper }`).producers[0]?.config["linger.ms"]).toBe(0);
    expect(load(`name: x\n${text}`).producers[0]?.config["linger.ms"]).toBe(5);
  });
});

describe("of a scenario with everything in it", () => {
  const { cluster, faults, nemesis, expect: expected } = load(EVERYTHING);

  test("servers of the ensemble have settings, racks, disks and clocks of their own", () => {
    expect(cluster.zookeeper.map(({ config }) => [config.tickTime, config.syncLimit])).toEqual([
      ...[[1_000, 3]],
      ...[[1_000, 2]],
      ...[[1_000, 3]],
      ...[[1_000, 3]],
      ...[[1_000, 3]],
    ]);
    expect(cluster.zookeeper.map(({ rack }) => rack)).toEqual(["a", "c", "a", "b", "a"]);
    expect(cluster.zookeeper[0]?.disk.fsync).toEqual({ kind: "constant", us: 20_000 });
    expect(cluster.zookeeper[2]?.clock).toEqual({ offsetUs: 0, driftPpm: 100 });
  });

  test("what belongs to KRaft mode is left aside: controllers, combined, and what is said of a controller", () => {
    expect([cluster.combined, cluster.nodes.map(({ name }) => name)]).toEqual([
      false,
      ["broker-1", "broker-2", "broker-3", "broker-4"],
    ]);
  });

  test("costs and the rest before a restart are durations", () => {
    expect(cluster.costs).toEqual({
      zookeeperReadUs: 30,
      zookeeperWriteUs: 1_000,
      controllerPartitionUs: 10,
      brokerReplicaUs: 50,
      metadataRecordUs: 5,
    });
    expect(cluster.restartAfterUs).toBe(2_000_000);
    expect(load("name: x").cluster.restartAfterUs).toBe(5_000_000);
    expect(load("name: x\ncluster: { restart-after: never }").cluster.restartAfterUs).toBe(undefined);
  });

  test("a topic that a fault creates is as in `topics`, unless it says otherwise", () => {
    const created = faults.flatMap(({ actions }) =>
      actions.flatMap((action) => (action.do === "create-topic" ? [action.topic] : [])),
    );
    expect(created).toMatchObject([
      {
        name: "audit",
        partitions: 2,
        assignment: [
          [1, 2],
          [2, 3],
        ],
      },
      { name: "billing", partitions: 3, replicationFactor: 2, assignment: undefined, config: { "min.insync.replicas": 1 } },
      { name: "orders", partitions: 3, assignment: [[1], [2], [3]], config: { "min.insync.replicas": 2 } },
    ]);
  });

  test("administrators ask for other things, too", () => {
    const asked = faults.slice(3, 7).flatMap(({ actions }) => actions);
    expect(asked).toEqual([
      { do: "delete-topic", topic: "billing" },
      { do: "reassign", topic: "orders", partition: 2, replicas: [2, 3, 4] },
      { do: "reassign", topic: "orders", partition: 0, replicas: null },
      { do: "delete-znode", path: "/controller" },
    ]);
  });

  test("any broker may be the controller, and `zookeepers` is the ensemble", () => {
    expect(nemesis?.on).toEqual([
      { kind: "nodes", names: cluster.zookeeper.map(({ name }) => name) },
      { kind: "nodes", names: ["broker-1", "broker-2", "broker-3", "broker-4"] },
    ]);
  });

  test("what is expected in this mode stands instead of what is expected in both, and goals are added", () => {
    expect(expected).toMatchObject({
      violates: ["NoAckedLoss"],
      records: { lost: { min: 2, max: 2 }, failed: { min: 0, max: 3 }, delayed: { min: 5 } },
      longestOutage: { min: 5_000_000, max: 20_000_000 },
    });
    expect(expected.reaches.map(({ text }) => text)).toEqual(["LeaderElected", "BrokerUnregistered broker=4"]);
  });
});

test("what is expected in the other mode is not looked at", () => {
  const text = "name: x\nexpect: { longest-outage: ..1s, kraft: { longest-outage: ..2s }, zookeeper: { longest-outage: ..3s } }";
  const bounds = (overrides: readonly string[]) => load(text, overrides).expect.longestOutage?.max;
  expect([bounds([]), bounds(["cluster.mode=zookeeper"])]).toEqual([2_000_000, 3_000_000]);
  // Of a scenario that expects a violation in one mode, nothing may be lost in the other.
  const loss = "name: x\nexpect: { zookeeper: { violates: NoAckedLoss } }";
  expect(load(loss).expect).toMatchObject({ violates: [], records: { lost: { min: 0, max: 0 } } });
  expect(load(loss, ["cluster.mode=zookeeper"]).expect).toMatchObject({
    violates: ["NoAckedLoss"],
    records: { lost: undefined },
  });
});

describe("--set cluster.mode=zookeeper", () => {
  const TURNED = ["cluster.mode=zookeeper"];

  test("turns a scenario that names controllers only where they are counted", () => {
    const { cluster } = load("name: x\ncluster: { brokers: 4, controllers: 5, combined: true }", TURNED);
    expect([cluster.mode, cluster.nodes.length, cluster.zookeeper.length]).toEqual(["zookeeper", 4, 3]);
    const back = load("name: x\ncluster: { mode: zookeeper, zookeeper: 5 }", ["cluster.mode=kraft"]);
    expect([back.cluster.mode, back.cluster.nodes.length, back.release]).toEqual(["kraft", 6, "4.1"]);
  });

  test("over a release without it is one mistake, that names the last one and how to ask for it", () => {
    const message = complaint('name: x\nkafka: "4.1"', TURNED);
    expect(message).toBe(
      [
        "--set cluster.mode=zookeeper  Kafka 4.1 has no ZooKeeper mode",
        "      | cluster.mode=zookeeper",
        "      |              ^^^^^^^^^ 3.9 is the last with it: add --set kafka=3.9",
      ].join("\n"),
    );
    expect(load('name: x\nkafka: "4.1"', [...TURNED, "kafka=3.9"]).release).toBe("3.9");
    expect(complaint("name: x\ncluster: { mode: zookeeper }", ["kafka=4.0"])).toMatch(/3\.9 is the last with it: write "3\.9"/);
  });

  test("over a dial that is KRaft's says that there is nothing to compare", () => {
    expect(complaint("name: x\ndials: { kraft.preVote: off }", TURNED)).toMatch(
      /the dial `kraft.preVote` decides nothing in ZooKeeper mode[\s\S]*a scenario that turns it runs in KRaft mode only/,
    );
    expect(complaint("name: x", [...TURNED, "kraft.preVote=off"])).toMatch(/decides nothing in ZooKeeper mode/);
    expect(complaint("name: x", ["zk.detectBouncedBroker=off"])).toMatch(/decides nothing in KRaft mode/);
  });

  test("settings of the ensemble may be set by their names, on every server that has its own", () => {
    const text = "name: x\ncluster: { mode: zookeeper, per-node: { zookeeper-2: { zookeeper-config: { tickTime: 1000 } } } }";
    const ticks = load(text, ["tickTime=500"]).cluster.zookeeper.map(({ config }) => config.tickTime);
    expect(ticks).toEqual([500, 500, 500]);
  });
});

test("a client can't be called as a server of either mode", () => {
  for (const name of ["zookeeper-1", "zookeepers", "zookeeper-leader", "controller-9"]) {
    const text = `name: x\ntopics: { t: {} }\nproducers: { ${name}: { topic: t, rate: 1/s } }`;
    expect(complaint(text), name).toMatch(/has a meaning of its own/);
  }
});
