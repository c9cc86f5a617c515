import { describe, expect, test } from "vitest";
import type { RequestOf } from "../../../src/kafka/messages/apis.ts";
import { ControllerFixture } from "./controller-fixture.ts";

const FIVE_MINUTES_MS = 300_000;

describe("AlterPartition (KIP-497)", () => {
  test("an accepted ISR is answered with the partition as it is then", () => {
    const fixture = new ControllerFixture().activate().withBrokers(3);
    fixture.createTopic([[1, 2, 3]]);
    const [partition] = fixture.alterIsr(0, [1, 3]).topics[0]?.partitions ?? [];
    expect(partition).toEqual({
      partitionIndex: 0,
      errorCode: "NONE",
      leaderId: 1,
      leaderEpoch: 0,
      isr: [1, 3],
      leaderRecoveryState: "RECOVERED",
      partitionEpoch: 1,
    });
    expect(fixture.partition()).toMatchObject({ isr: [1, 3], leaderEpoch: 0, partitionEpoch: 1 });
  });

  test("a stale broker epoch fails the whole request", () => {
    const fixture = new ControllerFixture().activate().withBrokers(1);
    const request = { brokerId: 1, brokerEpoch: fixture.brokerEpoch(1) - 1, topics: [] };
    expect(fixture.call("AlterPartition", request)).toEqual({ errorCode: "STALE_BROKER_EPOCH", topics: [] });
    expect(fixture.call("AlterPartition", { ...request, brokerId: 9 }).errorCode).toBe("STALE_BROKER_EPOCH");
  });

  test("an unknown topic id and an unknown partition are told apart, and the others go through", () => {
    const fixture = new ControllerFixture().activate().withBrokers(2);
    fixture.createTopic([[1, 2]]);
    const topicId = fixture.image().topicByName("orders")?.id ?? "";
    const proposal = (partitionIndex: number) => ({
      partitionIndex,
      leaderEpoch: 0,
      partitionEpoch: 0,
      leaderRecoveryState: "RECOVERED" as const,
      newIsrWithEpochs: [{ brokerId: 1, brokerEpoch: -1 }],
    });
    const { topics } = fixture.call("AlterPartition", {
      brokerId: 1,
      brokerEpoch: fixture.brokerEpoch(1),
      topics: [
        { topicId: "nobody-knows", topic: "gone", partitions: [proposal(0)] },
        { topicId, topic: "orders", partitions: [proposal(7), proposal(0)] },
      ],
    });
    expect(topics.map((topic) => topic.partitions.map((partition) => partition.errorCode))).toEqual([
      ["UNKNOWN_TOPIC_ID"],
      ["UNKNOWN_TOPIC_OR_PARTITION", "NONE"],
    ]);
  });

  /** kip-903-stale-alterpartition-readmits-wiped-broker: a proposal that names an incarnation of 2 that is gone. */
  function proposeFormerIncarnation(fixture: ControllerFixture): string | undefined {
    fixture.createTopic([[1, 2]]);
    fixture.alterIsr(0, [1]);
    const former = fixture.brokerEpoch(2);
    const { partitionEpoch } = fixture.partition();
    fixture.fenceBySilence([2], [1]);
    fixture.startBroker(2, { incarnationId: "broker-2/2" });
    expect(fixture.partition().partitionEpoch).toBe(partitionEpoch);
    const response = fixture.call("AlterPartition", {
      brokerId: 1,
      brokerEpoch: fixture.brokerEpoch(1),
      topics: [
        {
          topicId: fixture.image().topicByName("orders")?.id ?? "",
          topic: "orders",
          partitions: [
            {
              partitionIndex: 0,
              leaderEpoch: 0,
              partitionEpoch,
              leaderRecoveryState: "RECOVERED",
              newIsrWithEpochs: [
                { brokerId: 1, brokerEpoch: fixture.brokerEpoch(1) },
                { brokerId: 2, brokerEpoch: former },
              ],
            },
          ],
        },
      ],
    });
    return response.topics[0]?.partitions[0]?.errorCode;
  }

  test("a delayed proposal does not take a new incarnation into the ISR (KIP-903)", () => {
    const fixture = new ControllerFixture().activate().withBrokers(2);
    expect(proposeFormerIncarnation(fixture)).toBe("INELIGIBLE_REPLICA");
    expect(fixture.partition().isr).toEqual([1]);
  });

  test("before KIP-903 it does", () => {
    const fixture = new ControllerFixture({ dials: { "isr.brokerEpochCheck": false } }).activate().withBrokers(2);
    expect(proposeFormerIncarnation(fixture)).toBe("NONE");
    expect(fixture.partition().isr).toEqual([1, 2]);
  });
});

describe("ElectLeaders (KIP-460)", () => {
  function elect(
    fixture: ControllerFixture,
    electionType: RequestOf<"ElectLeaders">["electionType"],
    partitions: readonly number[] | null,
  ): unknown {
    const topicPartitions = partitions === null ? null : [{ topic: "orders", partitions }];
    const { replicaElectionResults } = fixture.call("ElectLeaders", { electionType, timeoutMs: 1_000, topicPartitions });
    return replicaElectionResults.flatMap((topic) =>
      topic.partitionResult.map((result) => [result.partitionId, result.errorCode]),
    );
  }

  /** orders-0 and orders-1 prefer broker 1, which was away; orders-2 lives on broker 3 alone, which is away. */
  function afterFailover(): ControllerFixture {
    const fixture = new ControllerFixture({ config: { "auto.leader.rebalance.enable": false } }).activate().withBrokers(3);
    fixture.createTopic([
      [1, 2],
      [1, 2],
      [3, 2],
    ]);
    fixture.alterIsr(2, [3]);
    fixture.fenceBySilence([1, 3], [2]);
    fixture.heartbeat(1);
    return fixture;
  }

  test("PREFERRED needs the preferred replica in the ISR", () => {
    const fixture = afterFailover();
    fixture.alterIsr(0, [2, 1]);
    expect(elect(fixture, "PREFERRED", [0, 1, 2, 7])).toEqual([
      [0, "NONE"],
      [1, "PREFERRED_LEADER_NOT_AVAILABLE"],
      [2, "PREFERRED_LEADER_NOT_AVAILABLE"],
      [7, "UNKNOWN_TOPIC_OR_PARTITION"],
    ]);
    expect(fixture.partition(0)).toMatchObject({ leader: 1, isr: [2, 1], leaderEpoch: 2 });
    expect(elect(fixture, "PREFERRED", [0])).toEqual([[0, "ELECTION_NOT_NEEDED"]]);
  });

  test("UNCLEAN elects outside the ISR whatever the topic's setting, and only where there is no leader", () => {
    const fixture = afterFailover();
    const seen = fixture.host.events.length;
    expect(elect(fixture, "UNCLEAN", [0, 2])).toEqual([
      [0, "ELECTION_NOT_NEEDED"],
      [2, "NONE"],
    ]);
    expect(fixture.partition(2)).toMatchObject({ leader: 2, isr: [2], leaderRecoveryState: "RECOVERING" });
    expect(fixture.events("LeaderElected", seen)).toMatchObject([{ partition: 2, leader: 2, unclean: true }]);
  });

  test("asked for all partitions, it leaves out those that need nothing", () => {
    const fixture = afterFailover();
    expect(elect(fixture, "UNCLEAN", null)).toEqual([[2, "NONE"]]);
    fixture.fenceBySilence([1, 2], []);
    expect(elect(fixture, "UNCLEAN", [2])).toEqual([[2, "ELIGIBLE_LEADERS_NOT_AVAILABLE"]]);
  });
});

describe("unclean election by setting (unclean-leader-election-loss)", () => {
  test("allowed by the topic, it happens with the fencing of the last ISR member", () => {
    const fixture = new ControllerFixture().activate().withBrokers(2);
    fixture.createTopic([[1, 2]], { "unclean.leader.election.enable": "true" });
    fixture.alterIsr(0, [1]);
    fixture.fenceBySilence([1], [2]);
    expect(fixture.partition()).toMatchObject({ isr: [2], leader: 2, leaderRecoveryState: "RECOVERING" });
  });

  test("allowed by the broker's setting, a topic may still forbid it, now and whenever the controller looks again", () => {
    const config = { "unclean.leader.election.enable": true, "unclean.leader.election.interval.ms": 3_000 };
    const fixture = new ControllerFixture({ config }).activate().withBrokers(2);
    fixture.createTopic([[1, 2]], { "unclean.leader.election.enable": "false" });
    fixture.alterIsr(0, [1]);
    fixture.fenceBySilence([1], [2]);
    fixture.fenceBySilence([1], [2]); // ten seconds more: three looks
    expect(fixture.partition()).toMatchObject({ isr: [1], leader: -1 });
    expect(fixture.events("PartitionChanged").at(-1)?.uncleanElection).toBe(false);
  });

  test("a leaderless partition is looked at every unclean.leader.election.interval.ms", () => {
    const partial = { "unclean.leader.election.enable": true, "unclean.leader.election.interval.ms": 20_000 };
    const forbidding = new ControllerFixture().activate().withBrokers(2);
    forbidding.createTopic([[1, 2]]);
    forbidding.alterIsr(0, [1]);
    forbidding.fenceBySilence([1], [2]);
    expect(forbidding.partition().leader).toBe(-1);
    // The same log under a controller whose configuration allows it.
    const allowing = new ControllerFixture({ config: partial });
    allowing.log.batches.push(...forbidding.log.batches);
    allowing.commit();
    allowing.activate();
    const keepAlive = (): void => {
      for (let i = 0; i < 9; i++) {
        allowing.runFor(2_000);
        allowing.heartbeat(2);
      }
    };
    keepAlive();
    expect(allowing.partition().leader).toBe(-1);
    allowing.runFor(2_000);
    expect(allowing.partition()).toMatchObject({ isr: [2], leader: 2, leaderRecoveryState: "RECOVERING" });
  });
});

describe("preferred leaders come back by themselves (replication.md 5.4)", () => {
  /** Broker 1 was away and is in the ISR again; broker 2 leads. */
  function imbalanced(config: ConstructorParameters<typeof ControllerFixture>[0]): ControllerFixture {
    const fixture = new ControllerFixture(config).activate().withBrokers(2);
    fixture.createTopic([[1, 2]]);
    fixture.fenceBySilence([1], [2]);
    fixture.heartbeat(1);
    fixture.alterIsr(0, [2, 1]);
    expect(fixture.partition().leader).toBe(2);
    return fixture;
  }

  function runWithHeartbeats(fixture: ControllerFixture, milliseconds: number): void {
    for (let elapsed = 0; elapsed < milliseconds; elapsed += 2_000) {
      fixture.runFor(2_000);
      for (const id of [1, 2]) fixture.heartbeat(id);
    }
  }

  test("within leader.imbalance.check.interval.seconds", () => {
    const fixture = imbalanced({});
    runWithHeartbeats(fixture, FIVE_MINUTES_MS);
    expect(fixture.partition()).toMatchObject({ leader: 1, leaderEpoch: 2, isr: [2, 1] });
  });

  test("not with auto.leader.rebalance.enable=false", () => {
    const fixture = imbalanced({ config: { "auto.leader.rebalance.enable": false } });
    runWithHeartbeats(fixture, 2 * FIVE_MINUTES_MS);
    expect(fixture.partition().leader).toBe(2);
  });
});

describe("eligible leader replicas across a whole failure (KIP-966)", () => {
  test("an ISR below its minimum keeps who left it eligible until it is whole again", () => {
    const fixture = new ControllerFixture({ dials: { "election.eligibleLeaderReplicas": true } }).activate().withBrokers(3);
    fixture.createTopic([[1, 2, 3]], { "min.insync.replicas": "2" });
    fixture.alterIsr(0, [1]);
    expect(fixture.partition()).toMatchObject({ isr: [1], elr: [2, 3] });
    fixture.fenceBySilence([1], [2, 3]);
    expect(fixture.partition()).toMatchObject({ isr: [2], elr: [1, 3], leader: 2, leaderRecoveryState: "RECOVERED" });
    fixture.alterIsr(0, [2, 3]);
    expect(fixture.partition()).toMatchObject({ isr: [2, 3], elr: [] });
    expect(fixture.events("PartitionChanged").at(-1)).toMatchObject({ elr: [], minIsr: 2 });
  });
});
