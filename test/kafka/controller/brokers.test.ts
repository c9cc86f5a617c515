import { describe, expect, test } from "vitest";
import { ControllerFixture, registration } from "./controller-fixture.ts";

describe("registration (coordination.md B3, KIP-631)", () => {
  test("a broker's epoch is the offset of its registration record, and it starts fenced", () => {
    const fixture = new ControllerFixture().activate();
    const { brokerEpoch } = fixture.register(1);
    expect(brokerEpoch).toBe(fixture.log.logEndOffset - 1);
    expect(fixture.image().broker(1)).toMatchObject({ epoch: brokerEpoch, fenced: true, incarnationId: "broker-1/1" });
    expect(fixture.events("BrokerRegistered")).toMatchObject([{ broker: 1, brokerEpoch, metadataOffset: brokerEpoch }]);
  });

  test("a broker of another cluster is refused", () => {
    const fixture = new ControllerFixture().activate();
    expect(fixture.register(1, { clusterId: "another" })).toEqual({ errorCode: "INCONSISTENT_CLUSTER_ID", brokerEpoch: -1 });
  });

  test("another incarnation is refused while the session of the old one lives, and not a moment longer", () => {
    const fixture = new ControllerFixture({ config: { "broker.session.timeout.ms": 9_000 } }).activate().withBrokers(1);
    const again = { incarnationId: "broker-1/2" };
    fixture.runFor(9_000);
    expect(fixture.register(1, again).errorCode).toBe("DUPLICATE_BROKER_REGISTRATION");
    fixture.runFor(0.001);
    const { errorCode, brokerEpoch } = fixture.register(1, again);
    expect(errorCode).toBe("NONE");
    expect(fixture.image().broker(1)).toMatchObject({ epoch: brokerEpoch, fenced: true, incarnationId: "broker-1/2" });
  });

  test("another incarnation is welcome at once when the old one is fenced", () => {
    const fixture = new ControllerFixture().activate();
    fixture.register(1);
    expect(fixture.register(1, { incarnationId: "broker-1/2" }).errorCode).toBe("NONE");
  });

  test("the same incarnation keeps its epoch and its state, but must see the newer record", () => {
    const fixture = new ControllerFixture().activate();
    const first = fixture.register(1);
    const second = fixture.register(1);
    expect(second.brokerEpoch).toBe(first.brokerEpoch);
    expect(fixture.heartbeat(1, { currentMetadataOffset: first.brokerEpoch })).toMatchObject({
      isFenced: true,
      isCaughtUp: false,
    });
    expect(fixture.heartbeat(1)).toMatchObject({ isFenced: false, isCaughtUp: true });
    fixture.register(1);
    expect(fixture.image().broker(1)?.fenced).toBe(false);
    expect(fixture.events("BrokerRegistered")).toHaveLength(1);
  });
});

describe("heartbeats", () => {
  test("an unknown or an old broker epoch is stale", () => {
    const fixture = new ControllerFixture().activate();
    expect(fixture.heartbeat(1).errorCode).toBe("STALE_BROKER_EPOCH");
    fixture.register(1);
    expect(fixture.heartbeat(1, { brokerEpoch: fixture.brokerEpoch(1) - 1 }).errorCode).toBe("STALE_BROKER_EPOCH");
  });

  test("a broker is unfenced when it has seen its own registration", () => {
    const fixture = new ControllerFixture().activate();
    const { brokerEpoch } = fixture.register(1);
    expect(fixture.heartbeat(1, { currentMetadataOffset: brokerEpoch - 1 })).toMatchObject({ isCaughtUp: false, isFenced: true });
    expect(fixture.heartbeat(1, { currentMetadataOffset: brokerEpoch })).toMatchObject({ isCaughtUp: true, isFenced: false });
    expect(fixture.events("BrokerUnfenced")).toMatchObject([{ broker: 1 }]);
  });

  test("a broker that waits with being unfenced is told that it has caught up", () => {
    const fixture = new ControllerFixture().activate();
    fixture.register(1);
    expect(fixture.heartbeat(1, { wantFence: true })).toMatchObject({ isCaughtUp: true, isFenced: true });
  });
});

describe("fencing", () => {
  test("a silent broker is fenced when its session timeout is over, not before", () => {
    const fixture = new ControllerFixture({ config: { "broker.session.timeout.ms": 9_000 } }).activate().withBrokers(1);
    fixture.runFor(9_000);
    expect(fixture.image().broker(1)?.fenced).toBe(false);
    fixture.runFor(0.001);
    expect(fixture.image().broker(1)?.fenced).toBe(true);
    expect(fixture.events("BrokerFenced")).toMatchObject([{ broker: 1 }]);
  });

  test("heartbeats keep the session alive", () => {
    const fixture = new ControllerFixture().activate().withBrokers(2);
    fixture.fenceBySilence([2], [1]);
    expect(fixture.image().broker(1)?.fenced).toBe(false);
  });

  test("one broker a pass, the longest silent first; the second decision sees the first", () => {
    const fixture = new ControllerFixture().activate().withBrokers(3);
    fixture.createTopic([[1, 2, 3]]);
    fixture.heartbeat(2);
    fixture.runFor(1);
    fixture.heartbeat(1);
    fixture.heartbeat(3);
    fixture.runFor(8_999.5);
    expect(fixture.events("BrokerFenced").map((event) => event.broker)).toEqual([2]);
    fixture.runFor(60_000);
    expect(fixture.events("BrokerFenced").map((event) => event.broker)).toEqual([2, 1, 3]);
    // Each fencing is its own batch: partition first, registration last.
    const batches = fixture.log.batches.filter((batch) =>
      batch.records.some((record) => record.type === "BrokerRegistrationChange"),
    );
    for (const batch of batches.slice(-3)) {
      expect(batch.records.map((record) => record.type)).toEqual(["PartitionChange", "BrokerRegistrationChange"]);
    }
    expect(fixture.partition()).toMatchObject({ isr: [3], leader: -1 });
  });

  test("a new active controller gives every broker a full session", () => {
    const fixture = new ControllerFixture().activate().withBrokers(1);
    fixture.runFor(8_000);
    fixture.loseRaftLeadership();
    fixture.activate();
    fixture.runFor(9_000);
    expect(fixture.image().broker(1)?.fenced).toBe(false);
    fixture.runFor(1);
    expect(fixture.image().broker(1)?.fenced).toBe(true);
  });

  test("the fenced broker leaves ISRs and leadership moves; unfenced, it leads what nobody else could", () => {
    const fixture = new ControllerFixture().activate().withBrokers(2);
    fixture.createTopic([
      [1, 2],
      [1, 2],
    ]);
    fixture.alterIsr(1, [1]);
    fixture.fenceBySilence([1], [2]);
    expect(fixture.partition(0)).toMatchObject({ isr: [2], leader: 2, leaderEpoch: 1, partitionEpoch: 1 });
    expect(fixture.partition(1)).toMatchObject({ isr: [1], leader: -1, leaderEpoch: 1, partitionEpoch: 2 });
    fixture.heartbeat(1);
    expect(fixture.lastBatch().map((record) => record.type)).toEqual(["BrokerRegistrationChange", "PartitionChange"]);
    expect(fixture.partition(0)).toMatchObject({ isr: [2], leader: 2, partitionEpoch: 1 });
    expect(fixture.partition(1)).toMatchObject({ isr: [1], leader: 1, leaderEpoch: 2, partitionEpoch: 3 });
  });
});

describe("controlled shutdown", () => {
  test("leaders move first, and the broker goes when the others have seen it", () => {
    const fixture = new ControllerFixture().activate().withBrokers(3);
    fixture.createTopic([[1, 2, 3]]);
    const before = fixture.log.logEndOffset - 1;
    expect(fixture.heartbeat(1, { wantShutDown: true })).toMatchObject({ isFenced: false, shouldShutDown: false });
    expect(fixture.partition()).toMatchObject({ isr: [2, 3], leader: 2, leaderEpoch: 1 });
    expect(fixture.image().broker(1)).toMatchObject({ fenced: false, inControlledShutdown: true });
    expect(fixture.events("BrokerInControlledShutdown")).toMatchObject([{ broker: 1 }]);

    fixture.heartbeat(2);
    fixture.heartbeat(3, { currentMetadataOffset: before });
    expect(fixture.heartbeat(1, { wantShutDown: true }).shouldShutDown).toBe(false);
    fixture.heartbeat(3);
    expect(fixture.heartbeat(1, { wantShutDown: true })).toMatchObject({ isFenced: true, shouldShutDown: true });
    expect(fixture.image().broker(1)).toMatchObject({ fenced: true, inControlledShutdown: true });
  });

  test("a broker that leads nothing goes at once, and leaves its ISRs", () => {
    const fixture = new ControllerFixture().activate().withBrokers(2);
    fixture.createTopic([[1, 2]]);
    expect(fixture.heartbeat(2, { wantShutDown: true }).shouldShutDown).toBe(true);
    expect(fixture.partition()).toMatchObject({ isr: [1], leader: 1, leaderEpoch: 0 });
  });

  test("a broker on its way out is not taken back into the ISR (KIP-841)", () => {
    const fixture = new ControllerFixture().activate().withBrokers(3);
    fixture.createTopic([[1, 2, 3]]);
    fixture.heartbeat(1, { wantShutDown: true });
    expect(fixture.alterIsr(0, [2, 3, 1]).topics[0]?.partitions[0]?.errorCode).toBe("INELIGIBLE_REPLICA");
  });

  test("before KIP-841 it is, and stays there when it is gone (kip-841-shutting-down-replica-rejoins-isr)", () => {
    const fixture = new ControllerFixture({ dials: { "isr.rejectIneligibleReplica": false } }).activate().withBrokers(3);
    fixture.createTopic([[1, 2, 3]]);
    fixture.heartbeat(1, { wantShutDown: true });
    expect(fixture.alterIsr(0, [2, 3, 1]).topics[0]?.partitions[0]?.errorCode).toBe("NONE");
    expect(fixture.partition()).toMatchObject({ isr: [2, 3, 1], leader: 2 });
  });

  test("the next incarnation of it is an ordinary broker again", () => {
    const fixture = new ControllerFixture().activate().withBrokers(2);
    fixture.createTopic([[2]]);
    fixture.heartbeat(1, { wantShutDown: true });
    fixture.startBroker(1, { incarnationId: "broker-1/2", previousBrokerEpoch: fixture.brokerEpoch(1) });
    expect(fixture.image().isActive(1)).toBe(true);
  });
});

describe("a new incarnation after an unclean end (KIP-966)", () => {
  const elr = { dials: { "election.eligibleLeaderReplicas": true } };

  /** Broker 3 is the last in the ISR, 1 and 2 left it below its minimum; then 3 dies and 1 and 2 come back. */
  function lastReplicaStanding(options: ConstructorParameters<typeof ControllerFixture>[0]): ControllerFixture {
    const fixture = new ControllerFixture(options).activate().withBrokers(3);
    fixture.createTopic([[1, 2, 3]], { "min.insync.replicas": "2" });
    fixture.fenceBySilence([1], [2, 3]);
    fixture.fenceBySilence([2], [3]);
    fixture.fenceBySilence([3], []);
    return fixture;
  }

  test("without ELR the last replica standing is elected again, lost tail or not (kip-966-last-replica-standing)", () => {
    const fixture = lastReplicaStanding({});
    fixture.startBroker(2, { incarnationId: "broker-2/2" });
    expect(fixture.partition()).toMatchObject({ isr: [3], leader: -1 });
    fixture.startBroker(3, { incarnationId: "broker-3/2", previousBrokerEpoch: -1 });
    expect(fixture.partition()).toMatchObject({ isr: [3], leader: 3 });
  });

  test("with ELR a replica that left while data was safe is elected instead", () => {
    const fixture = lastReplicaStanding(elr);
    // ISR [2,3] still had its minimum when 1 left; 2 and 3 are eligible.
    expect(fixture.partition()).toMatchObject({ isr: [], elr: [2, 3], leader: -1, lastKnownElr: [3] });
    fixture.register(3, { incarnationId: "broker-3/2", previousBrokerEpoch: -1 });
    expect(fixture.lastBatch().map((record) => record.type)).toEqual(["PartitionChange", "RegisterBroker"]);
    expect(fixture.brokerEpoch(3)).toBe(fixture.log.logEndOffset - 1);
    expect(fixture.partition()).toMatchObject({ isr: [], elr: [2], leader: -1 });
    fixture.heartbeat(3);
    expect(fixture.partition().leader).toBe(-1);
    fixture.heartbeat(2);
    expect(fixture.partition()).toMatchObject({
      isr: [2],
      elr: [],
      leader: 2,
      leaderRecoveryState: "RECOVERED",
      lastKnownElr: [],
    });
  });

  test("a clean end costs no eligibility", () => {
    const fixture = lastReplicaStanding(elr);
    fixture.startBroker(3, { incarnationId: "broker-3/2", previousBrokerEpoch: fixture.brokerEpoch(3) });
    expect(fixture.partition()).toMatchObject({ isr: [3], elr: [2], leader: 3, leaderRecoveryState: "RECOVERED" });
  });

  test("when nobody eligible is left the last known leader takes over, uncleanly", () => {
    const fixture = lastReplicaStanding(elr);
    fixture.startBroker(2, { incarnationId: "broker-2/2", previousBrokerEpoch: -1 });
    expect(fixture.partition()).toMatchObject({ isr: [], elr: [3], leader: -1, lastKnownElr: [3] });
    const seen = fixture.host.events.length;
    fixture.startBroker(3, { incarnationId: "broker-3/2", previousBrokerEpoch: -1 });
    expect(fixture.partition()).toMatchObject({
      isr: [3],
      elr: [],
      leader: 3,
      leaderRecoveryState: "RECOVERING",
      lastKnownElr: [],
    });
    expect(fixture.events("LeaderElected", seen)).toMatchObject([{ from: -1, leader: 3, unclean: true }]);
  });
});

test("a registration is answered NOT_CONTROLLER when the quorum's leader is lost before it commits", () => {
  const fixture = new ControllerFixture().activate();
  const asked = fixture.ask("BrokerRegistration", registration(1));
  fixture.loseRaftLeadership();
  expect(asked.answer).toEqual({ errorCode: "NOT_CONTROLLER", brokerEpoch: -1 });
});
