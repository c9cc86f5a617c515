import { describe, expect, test } from "vitest";
import { ms } from "../../../src/base/units.ts";
import { forkOf } from "../../../src/sim/fork.ts";
import { ControllerFixture, OTHER_CONTROLLER, registration } from "./controller-fixture.ts";

const ORDERS = {
  timeoutMs: 1_000,
  topics: [{ name: "orders", numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
};

describe("becoming the active controller (coordination.md B3)", () => {
  test("a standby refuses every request with NOT_CONTROLLER", () => {
    const standby = new ControllerFixture();
    expect(standby.ask("BrokerRegistration", registration(1)).answer).toEqual({ errorCode: "NOT_CONTROLLER", brokerEpoch: -1 });
    const heartbeat = { brokerId: 1, brokerEpoch: 1, currentMetadataOffset: 0, wantFence: false, wantShutDown: false };
    expect(standby.ask("BrokerHeartbeat", heartbeat).answer?.errorCode).toBe("NOT_CONTROLLER");
    const alter = { brokerId: 1, brokerEpoch: 1, topics: [] };
    expect(standby.ask("AlterPartition", alter).answer?.errorCode).toBe("NOT_CONTROLLER");
    expect(standby.ask("CreateTopics", ORDERS).answer?.topics).toMatchObject([{ name: "orders", errorCode: "NOT_CONTROLLER" }]);
    const elect = { electionType: "PREFERRED", timeoutMs: 1, topicPartitions: null } as const;
    expect(standby.ask("ElectLeaders", elect).answer?.errorCode).toBe("NOT_CONTROLLER");
  });

  test("a Raft leader decides nothing before it has seen its own epoch's first record commit", () => {
    // Otherwise it could miss decisions of its predecessor that are in its log but not yet known to be committed.
    const fixture = new ControllerFixture();
    fixture.becomeRaftLeader();
    expect(fixture.ask("CreateTopics", ORDERS).answer?.topics[0]?.errorCode).toBe("NOT_CONTROLLER");
    expect(fixture.controller.isActive).toBe(false);
    fixture.commit();
    expect(fixture.controller.isActive).toBe(true);
    expect(fixture.events("ControllerActivated")).toEqual([{ kind: "ControllerActivated", replica: 3001, epoch: 1 }]);
  });

  test("the first controller of a cluster writes the bootstrap features, a later one does not", () => {
    const fixture = new ControllerFixture().activate();
    expect(fixture.lastBatch()).toEqual([{ type: "FeatureLevel", name: "metadata.version", featureLevel: 25 }]);
    fixture.loseRaftLeadership();
    fixture.activate();
    expect(fixture.lastBatch()).toMatchObject([{ type: "LeaderChange" }]);
  });

  test("eligible leader replicas are a feature of the cluster when they are on (KIP-966)", () => {
    const fixture = new ControllerFixture({ dials: { "election.eligibleLeaderReplicas": true } }).activate();
    expect(fixture.image().feature("eligible.leader.replicas.version")).toBe(1);
  });
});

describe("replies wait for what they rest on", () => {
  test("a reply comes when its records have committed, not before", () => {
    const fixture = new ControllerFixture().activate();
    const asked = fixture.ask("BrokerRegistration", registration(1));
    expect(asked.answer).toBeUndefined();
    fixture.commit();
    expect(asked.answer?.errorCode).toBe("NONE");
  });

  test("an answer without records waits too if it was made from uncommitted state", () => {
    const fixture = new ControllerFixture().activate();
    fixture.ask("BrokerRegistration", registration(1));
    const refused = fixture.ask("BrokerRegistration", registration(2, { clusterId: "another" }));
    expect(refused.answer).toBeUndefined();
    fixture.commit();
    expect(refused.answer?.errorCode).toBe("INCONSISTENT_CLUSTER_ID");
    expect(fixture.ask("BrokerRegistration", registration(2, { clusterId: "another" })).answer).toBeDefined();
  });

  test("a controller that can't commit even its no-op record answers no heartbeat", () => {
    const fixture = new ControllerFixture({ config: { "metadata.max.idle.interval.ms": 500 } }).activate().withBrokers(1);
    const alive = {
      brokerId: 1,
      brokerEpoch: fixture.brokerEpoch(1),
      currentMetadataOffset: 99,
      wantFence: false,
      wantShutDown: false,
    };
    expect(fixture.ask("BrokerHeartbeat", alive).answer?.errorCode).toBe("NONE");
    fixture.host.run(ms(500), () => undefined); // nothing commits
    const asked = fixture.ask("BrokerHeartbeat", alive);
    expect(asked.answer).toBeUndefined();
    fixture.commit();
    expect(asked.answer?.errorCode).toBe("NONE");
  });

  test("decisions build on each other before any has committed", () => {
    const fixture = new ControllerFixture().activate().withBrokers(1);
    const first = fixture.ask("CreateTopics", ORDERS);
    const second = fixture.ask("CreateTopics", ORDERS);
    fixture.commit();
    expect(first.answer?.topics[0]?.errorCode).toBe("NONE");
    expect(second.answer?.topics[0]?.errorCode).toBe("TOPIC_ALREADY_EXISTS");
  });
});

describe("losing leadership", () => {
  test("what waits fails with NOT_CONTROLLER, and what had not committed is forgotten", () => {
    const fixture = new ControllerFixture().activate().withBrokers(1);
    const asked = fixture.ask("CreateTopics", ORDERS);
    fixture.loseRaftLeadership();
    expect(asked.answer?.topics[0]?.errorCode).toBe("NOT_CONTROLLER");
    expect(fixture.events("ControllerRenounced")).toMatchObject([{ epoch: 1 }]);
    fixture.activate();
    expect(fixture.call("CreateTopics", ORDERS).topics[0]?.errorCode).toBe("NONE");
  });

  test("a controller that Raft no longer takes records from gives up by itself", () => {
    const fixture = new ControllerFixture().activate();
    fixture.log.isLeader = false;
    expect(fixture.ask("BrokerRegistration", registration(1)).answer?.errorCode).toBe("NOT_CONTROLLER");
    expect(fixture.controller.isActive).toBe(false);
    fixture.controller.onLeaderChange(OTHER_CONTROLLER, 2);
    expect(fixture.events("ControllerRenounced")).toHaveLength(1);
  });

  test("a claim that was not complete is dropped", () => {
    const fixture = new ControllerFixture();
    fixture.becomeRaftLeader();
    fixture.log.isLeader = false;
    fixture.controller.onLeaderChange(OTHER_CONTROLLER, 2);
    fixture.commit();
    expect(fixture.controller.isActive).toBe(false);
  });

  test("periodic work stops", () => {
    const fixture = new ControllerFixture({ config: { "metadata.max.idle.interval.ms": 500 } }).activate().withBrokers(2);
    fixture.loseRaftLeadership();
    const end = fixture.log.logEndOffset;
    fixture.runFor(60_000);
    expect(fixture.log.logEndOffset).toBe(end);
  });
});

describe("no-op records", () => {
  test("one every metadata.max.idle.interval.ms", () => {
    const fixture = new ControllerFixture({ config: { "metadata.max.idle.interval.ms": 500 } }).activate();
    const end = fixture.log.logEndOffset;
    fixture.runFor(499);
    expect(fixture.log.logEndOffset).toBe(end);
    fixture.runFor(1);
    expect(fixture.lastBatch()).toEqual([{ type: "NoOp" }]);
    fixture.runFor(5_000);
    expect(fixture.log.logEndOffset).toBe(end + 11);
  });

  test("none with an interval of 0", () => {
    const fixture = new ControllerFixture({ config: { "metadata.max.idle.interval.ms": 0 } }).activate();
    const end = fixture.log.logEndOffset;
    fixture.runFor(60_000);
    expect(fixture.log.logEndOffset).toBe(end);
  });
});

describe("what the quorum's leader reports as committed", () => {
  test("a created topic and the whole state of its partitions, with the offsets of their records", () => {
    const fixture = new ControllerFixture().activate().withBrokers(3);
    fixture.createTopic([[1, 2, 3]], { "min.insync.replicas": "5", "unclean.leader.election.enable": "true" });
    const created = fixture.events("TopicCreated")[0];
    const image = fixture.image();
    expect(created).toMatchObject({ topic: "orders", topicId: image.topicByName("orders")?.id });
    expect(fixture.events("PartitionChanged")).toEqual([
      {
        kind: "PartitionChanged",
        topic: "orders",
        partition: 0,
        ...fixture.partition(),
        minIsr: 3,
        uncleanElection: true,
        metadataOffset: image.nextOffset - 1,
      },
    ]);
    expect(created?.metadataOffset).toBe(image.nextOffset - 4);
  });

  test("nothing while it is not committed, and each decision once", () => {
    const fixture = new ControllerFixture().activate().withBrokers(2);
    fixture.createTopic([[1, 2]]);
    const seen = fixture.host.events.length;
    fixture.ask("BrokerHeartbeat", {
      brokerId: 1,
      brokerEpoch: fixture.brokerEpoch(1),
      currentMetadataOffset: fixture.log.logEndOffset,
      wantFence: true,
      wantShutDown: false,
    });
    expect(fixture.host.events).toHaveLength(seen);
    fixture.commit();
    expect(fixture.host.events.slice(seen).map((event) => event.kind)).toEqual([
      "PartitionChanged",
      "IsrChanged",
      "LeaderElected",
      "BrokerFenced",
    ]);
    expect(fixture.events("IsrChanged", seen)[0]).toMatchObject({ from: [1, 2], isr: [2], leader: 2, partitionEpoch: 1 });
    expect(fixture.events("LeaderElected", seen)[0]).toMatchObject({ from: 1, leader: 2, leaderEpoch: 1, unclean: false });
  });

  test("a follower of the quorum reports nothing and knows everything", () => {
    const leader = new ControllerFixture().activate().withBrokers(1);
    const follower = new ControllerFixture();
    follower.controller.onLeaderChange(OTHER_CONTROLLER, 1);
    follower.log.batches.push(...leader.log.batches);
    follower.commit();
    expect(follower.host.events).toEqual([]);
    follower.activate();
    expect(follower.register(1, { incarnationId: "another" }).errorCode).toBe("DUPLICATE_BROKER_REGISTRATION");
  });
});

test("a fork of an active controller goes on by itself", () => {
  const fixture = new ControllerFixture().activate().withBrokers(2);
  fixture.createTopic([[1, 2]]);
  const fork = forkOf(fixture);
  fork.fenceBySilence([1], [2]);
  expect(fork.partition().leader).toBe(2);
  expect(fixture.partition().leader).toBe(1);
  fixture.heartbeat(1);
  expect(fixture.image().broker(1)?.fenced).toBe(false);
});
