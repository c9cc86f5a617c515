/** What is known of a cluster from its own reports, and who is meant by a role. */
import { describe, expect, test } from "vitest";
import type { PartitionChanged } from "../../../src/kafka/events.ts";
import { CommittedOnce } from "../../../src/scenario/simulation/committed-once.ts";
import { ObservedCluster } from "../../../src/scenario/simulation/observed-cluster.ts";
import { play, playUntil, simulationOf } from "./story.ts";

function changed(change: Partial<PartitionChanged>): PartitionChanged {
  return {
    ...{ kind: "PartitionChanged", topic: "orders", partition: 0, metadataOffset: 1, replicas: [1, 2, 3], isr: [1, 2, 3] },
    ...{ elr: [], lastKnownElr: [], leader: 1, leaderEpoch: 0, partitionEpoch: 0, leaderRecoveryState: "RECOVERED" },
    ...{ minIsr: 2, uncleanElection: false },
    ...change,
  } as PartitionChanged;
}

describe("a partition", () => {
  test("is as the controller last committed it; before that it is unknown", () => {
    const cluster = new ObservedCluster();
    expect(cluster.partition("orders", 0)).toBeUndefined();
    cluster.observe(changed({}));
    cluster.observe(changed({ isr: [2, 3], leader: 2, leaderEpoch: 1 }));
    expect(cluster.partition("orders", 0)).toMatchObject({ isr: [2, 3], leader: 2 });
    expect(cluster.partition("orders", 1)).toBeUndefined();
    expect(cluster.partition("audit", 0)).toBeUndefined();
  });

  test("is served when its ISR is full and its leader acts in the very epoch that was committed", () => {
    const cluster = new ObservedCluster();
    const acts = (leaderEpoch: number): void =>
      cluster.observe({
        ...{ kind: "BecameLeader", topic: "orders", partition: 0, broker: 1, leaderEpoch, partitionEpoch: 0 },
        ...{ epochStartOffset: 0, highWatermark: 0, isr: [1, 2, 3] },
      } as never);
    cluster.observe(changed({ leaderEpoch: 1 }));
    expect(cluster.isServing("orders", 1)).toBe(false);
    acts(0);
    expect(cluster.isServing("orders", 1)).toBe(false);
    acts(1);
    expect(cluster.isServing("orders", 1)).toBe(true);
    expect(cluster.isServing("orders", 2)).toBe(false);
    cluster.observe(changed({ leaderEpoch: 1, isr: [1, 2] }));
    expect(cluster.isServing("orders", 1)).toBe(false);
  });

  test("without a leader, or with a smaller ISR, keeps the cluster from being whole", () => {
    const cluster = new ObservedCluster();
    cluster.observe(changed({}));
    cluster.observe(changed({ partition: 1 }));
    expect(cluster.isWhole).toBe(true);
    cluster.observe(changed({ partition: 1, leader: -1 }));
    expect(cluster.isWhole).toBe(false);
    cluster.observe(changed({ partition: 1, isr: [1] }));
    expect(cluster.isWhole).toBe(false);
    cluster.observe(changed({ partition: 1 }));
    expect(cluster.isWhole).toBe(true);
  });

  test("that is deleted with its topic is missing nowhere", () => {
    const cluster = new ObservedCluster();
    cluster.observe(changed({}));
    cluster.observe(changed({ topic: "audit", isr: [1] }));
    expect(cluster.isWhole).toBe(false);
    cluster.observe({ kind: "TopicDeleted", topic: "audit", metadataOffset: 2 } as never);
    expect(cluster.isWhole).toBe(true);
    expect(cluster.partition("audit", 0)).toBeUndefined();
    expect(cluster.isServing("audit", 1)).toBe(false);
  });

  test("is not whole while a broker that was started again does not take part yet, though its ISR has not changed", () => {
    const cluster = new ObservedCluster();
    const isNow = (state: string): void => cluster.observe({ kind: "BrokerStateChanged", broker: 1, state } as never);
    cluster.observe(changed({}));
    isNow("STARTING");
    expect(cluster.isWhole).toBe(false);
    isNow("RUNNING");
    expect(cluster.isWhole).toBe(true);
  });
});

test("the active controller is the leader of the newest epoch, whoever reports later", () => {
  const cluster = new ObservedCluster();
  const elected = (replica: number, epoch: number): void =>
    cluster.observe({ kind: "RaftLeaderElected", replica, epoch, epochStartOffset: 0 } as never);
  expect(cluster.activeControllerId).toBe(-1);
  elected(3001, 1);
  elected(3002, 3);
  elected(3003, 2);
  expect(cluster.activeControllerId).toBe(3002);
});

test("brokers are unfenced from when the controller says so until it fences them", () => {
  const cluster = new ObservedCluster();
  cluster.observe({ kind: "BrokerUnfenced", broker: 1, metadataOffset: 5 } as never);
  expect([cluster.isLive(1), cluster.isLive(2)]).toEqual([true, false]);
  cluster.observe({ kind: "BrokerFenced", broker: 1, metadataOffset: 6 } as never);
  expect(cluster.isLive(1)).toBe(false);
});

describe("in ZooKeeper mode", () => {
  function observed(...events: readonly object[]): ObservedCluster {
    const cluster = new ObservedCluster("zookeeper");
    for (const event of events) cluster.observe(event as never);
    return cluster;
  }

  test("brokers live while they are registered; in KRaft mode a registration is not enough", () => {
    const registered = { kind: "BrokerRegistered", broker: 1, brokerEpoch: 5, metadataOffset: 5 };
    expect(observed(registered).isLive(1)).toBe(true);
    expect(observed(registered, { kind: "BrokerUnregistered", broker: 1 }).isLive(1)).toBe(false);
    const kraft = new ObservedCluster();
    kraft.observe(registered as never);
    expect(kraft.isLive(1)).toBe(false);
  });

  test("the active controller is whom the store names, and works once it has taken over", () => {
    const named = { kind: "ControllerChanged", controller: 2, metadataOffset: 7 };
    const done = { kind: "ControllerFailoverCompleted", controller: 2, epoch: 1, partitions: 0, tookUs: 5 };
    expect([observed(named).activeControllerId, observed(named).hasWorkingController]).toEqual([2, false]);
    expect(observed(named, done).hasWorkingController).toBe(true);
    const gone = observed(named, done, { kind: "ControllerChanged", controller: -1, metadataOffset: 8 });
    expect([gone.activeControllerId, gone.hasWorkingController]).toEqual([-1, false]);
    // A controller that was deposed meanwhile may still believe that it has been elected.
    const late = observed(named, { kind: "ControllerActivated", replica: 1, epoch: 1 });
    expect(late.activeControllerId).toBe(2);
  });

  test("the ensemble's leader is the one established last, by epoch", () => {
    const established = (server: number, epoch: number) => ({ kind: "ZkLeaderEstablished", server, epoch, zxid: 0 });
    expect(observed().zookeeperLeaderId).toBe(-1);
    expect(observed(established(1, 1), established(3, 2), established(2, 1)).zookeeperLeaderId).toBe(3);
  });

  test("the cluster is not whole while a broker is gone from the store, or a server looks for a leader", () => {
    const state = (state: string) => ({ kind: "ZkServerStateChanged", server: 1, state, leader: 2, epoch: 1 });
    expect(observed(state("LOOKING")).isWhole).toBe(false);
    expect(observed(state("LOOKING"), state("FOLLOWING")).isWhole).toBe(true);
    expect(observed({ kind: "BrokerUnregistered", broker: 1 }).isWhole).toBe(false);
    expect(observed({ kind: "BrokerUnregistered", broker: 1 }, { kind: "BrokerRegistered", broker: 1 }).isWhole).toBe(true);
  });

  test("a topic that is deleted is no longer part of the cluster", () => {
    const cluster = observed(changed({ leader: -1 }), { kind: "TopicDeleted", topic: "orders", metadataOffset: 9 });
    expect([cluster.partition("orders", 0), cluster.isWhole]).toEqual([undefined, true]);
  });
});

describe("a committed decision is let through once", () => {
  const at = (metadataOffset?: number): never => ({ kind: "IsrChanged", metadataOffset }) as never;

  test("several facts may stem from one record, but only from one reporter in one step", () => {
    const once = new CommittedOnce();
    expect(once.isNews("controller-1", 10, at(5))).toBe(true);
    expect(once.isNews("controller-1", 10, at(5))).toBe(true);
    expect(once.isNews("controller-2", 11, at(5))).toBe(false);
    expect(once.isNews("controller-1", 12, at(5))).toBe(false);
  });

  test("a new leader that tells the past once more is not news, what is beyond it is", () => {
    const once = new CommittedOnce();
    once.isNews("controller-1", 10, at(5));
    expect(once.isNews("controller-2", 20, at(4))).toBe(false);
    expect(once.isNews("controller-2", 20, at(6))).toBe(true);
  });

  test("what was never a record of the metadata log is always news", () => {
    const once = new CommittedOnce();
    once.isNews("controller-1", 10, at(5));
    expect(once.isNews("broker-1", 20, at())).toBe(true);
  });
});

describe("the boot", () => {
  test("ends, and time 0 comes, when every partition has its full ISR and a leader that acts", () => {
    const story = play("run: { for: 2s }");
    const served = story.events("BecameLeader").map(({ step }) => step.number);
    const started = story.events("ProcessStarted", { node: "checkout" })[0];
    expect(started?.at).toBe(0);
    expect(started?.step.number).toBeGreaterThan(served[0] as number);
  });

  test("servers start within 0.2 s of each other, in another order with another seed", () => {
    const order = (seed: string): string[] =>
      play("run: { for: 1s }", { seed })
        .events("ProcessStarted")
        .filter(({ node }) => /^(broker|controller)/.test(node))
        .map(({ node }) => node);
    expect(order("1")).toHaveLength(4);
    expect(order("1")).not.toEqual(order("2"));
  });

  test("a cluster that never gets its full ISRs is given up after two minutes, and no fault is blamed", () => {
    const background = `
name: never ready
cluster: { brokers: 2, controllers: 1 }
topics: { orders: { assignment: [[1, 2]] } }
network: { links: [{ between: broker-1, and: broker-2, unreliable: { drop: 100% } }, { between: broker-2, and: controller-1, unreliable: { drop: 100% } }] }
`;
    const story = play("faults: [{ at: 1s, crash: broker-1 }]\nrun: { for: 10s }", { background });
    expect(story.simulation.phase).toBe("unready");
    expect(story.simulation.unfiredFaults()).toEqual([]);
  });

  test("without topics, time 0 comes when every broker may take part", () => {
    const story = play("run: { for: 5s }", { background: "name: bare\ncluster: { brokers: 3, controllers: 1 }" });
    expect(story.simulation.phase).toBe("over");
    expect(story.moments("BrokerUnfenced").at(-1)).toBe(0);
  });
});

describe("the end", () => {
  test("comes when the time of the run has passed", () => {
    const story = play("run: { for: 3s }");
    expect(story.simulation.phase).toBe("over");
    expect(story.at(story.steps.at(-1) as never)).toBeLessThanOrEqual(3);
    expect(story.at(story.steps.at(-1) as never)).toBeGreaterThan(2.5);
  });

  test("`settle` adds time in which no producer sends and what is on its way arrives", () => {
    const story = play("faults: [{ at: 2.5s, slow-link: checkout, to: broker-1, by: 800ms }]\nrun: { for: 3s, settle: 5s }");
    const sent = story.moments("RecordSent");
    expect(sent.at(-1)).toBeLessThanOrEqual(3);
    expect(story.simulation.checker.records.acknowledged).toBe(sent.length);
    const cutShort = play("faults: [{ at: 2.5s, slow-link: checkout, to: broker-1, by: 800ms }]\nrun: { for: 3s }");
    expect(cutShort.simulation.checker.records.acknowledged).toBeLessThan(sent.length);
  });

  test("comes early when there have been too many steps", () => {
    const story = play("run: { for: 60s, max-events: 1500 }");
    expect(story.simulation.phase).toBe("out-of-events");
    expect(story.steps).toHaveLength(1_500);
  });

  test("clients start and stop when they are told to", () => {
    const background = `
name: clients
cluster: { brokers: 1, controllers: 1 }
topics: { orders: { partitions: 1, replication.factor: 1 } }
producers: { checkout: { topic: orders, rate: 10/s, from: 1s, until: 4s } }
consumers: { billing: { topics: [orders], from: 2s, until: 3s, config: { auto.offset.reset: earliest } } }
`;
    const story = play("run: { for: 6s }", { background });
    const sent = story.moments("RecordSent");
    expect([Math.min(...sent) >= 1, Math.max(...sent) <= 4]).toEqual([true, true]);
    const read = story.moments("RecordsRead");
    expect([Math.min(...read) >= 2, Math.max(...read) <= 3.001]).toEqual([true, true]);
    expect(story.events("ProcessExited", { node: "billing" })).toHaveLength(1);
  });
});

test("goals are counted from time 0 on", () => {
  const simulation = simulationOf(
    "faults: [{ at: 1s, crash: broker-2 }]\nrun: { for: 3s }\nexpect: { reaches: [ProcessCrashed, { event: ProcessStarted, node: broker-1 }, PowerLost] }",
  );
  playUntil(simulation, 2);
  expect(simulation.reached()).toEqual([1, 0, 0]);
});
