import { expect, test } from "vitest";
import { SETTLING_TIME } from "../../src/checks/invariants/overdue.ts";
import type { TxnBody, ZkTransaction } from "../../src/kafka/zookeeper/transaction.ts";
import { makeZxid } from "../../src/kafka/zookeeper/zxid.ts";
import { History } from "./history.ts";

const ORDERS = { topic: "orders", partition: 0 } as const;
const A_WRITE: TxnBody = { type: "nodes", nodes: [{ op: "setData", path: "/a", data: 1, version: 1 }] };

function txn(epoch: number, counter: number, session = 7, body: TxnBody = A_WRITE): ZkTransaction {
  return { zxid: makeZxid(epoch, counter), session, body };
}

class EnsembleHistory extends History {
  established(server: number, epoch: number, zxid = 0): this {
    return this.tell(`zookeeper-${server}`, { kind: "ZkLeaderEstablished", server, epoch, zxid });
  }

  logged(server: number, transaction: ZkTransaction): this {
    return this.tell(`zookeeper-${server}`, { kind: "ZkTransactionLogged", server, transaction });
  }

  committed(
    server: number,
    transaction: ZkTransaction,
    created: readonly { path: string; owner: number }[] = [],
    deleted: readonly string[] = [],
  ): this {
    return this.tell(`zookeeper-${server}`, { kind: "ZkTransactionCommitted", server, transaction, created, deleted });
  }

  /** Logged by all three, committed by all three. */
  agreed(transaction: ZkTransaction, created: readonly { path: string; owner: number }[] = []): this {
    for (const server of [1, 2, 3]) this.logged(server, transaction);
    for (const server of [1, 2, 3]) this.committed(server, transaction, created);
    return this;
  }

  truncated(server: number, to: number): this {
    return this.tell(`zookeeper-${server}`, { kind: "ZkLogTruncated", server, to });
  }

  controllerEpoch(epoch: number, metadataOffset: number): this {
    return this.tell("zookeeper-1", { kind: "ControllerEpochChanged", epoch, metadataOffset });
  }

  activated(broker: number, epoch: number): this {
    return this.tell(`broker-${broker}`, { kind: "ControllerActivated", replica: broker, epoch });
  }

  written(controllerEpoch: number, leader: number, leaderEpoch: number, partitionEpoch: number): this {
    return this.tell("zookeeper-1", {
      kind: "PartitionStateWritten",
      ...ORDERS,
      session: 7,
      leader,
      leaderEpoch,
      isr: [1, 2, 3],
      controllerEpoch,
      partitionEpoch,
      metadataOffset: partitionEpoch,
    });
  }

  cached(controller: number, epoch: number, leader: number, leaderEpoch: number, partitionEpoch: number): this {
    return this.tell(`broker-${controller}`, {
      kind: "ControllerCacheUpdated",
      controller,
      epoch,
      ...ORDERS,
      leader,
      leaderEpoch,
      isr: [1, 2, 3],
      partitionEpoch,
    });
  }

  running(broker: number): this {
    return this.lifecycle(broker, "RUNNING");
  }

  ordered(broker: number, controllerEpoch: number, brokerEpoch: number, leaderEpoch: number): this {
    return this.together(() => {
      this.tell(`broker-${broker}`, {
        kind: "ControlRequestHandled",
        broker,
        api: "StopReplica",
        controller: 1,
        controllerEpoch,
        brokerEpoch,
        error: "NONE",
      });
      this.tell(`broker-${broker}`, {
        kind: "ControlOrderObeyed",
        broker,
        api: "StopReplica",
        ...ORDERS,
        controllerEpoch,
        brokerEpoch,
        leaderEpoch,
      });
    });
  }

  registeredAs(broker: number, brokerEpoch: number): this {
    return this.tell("zookeeper-1", { kind: "BrokerRegistered", broker, brokerEpoch, metadataOffset: brokerEpoch });
  }

  unregistered(broker: number, brokerEpoch: number, metadataOffset: number): this {
    return this.tell("zookeeper-1", { kind: "BrokerUnregistered", broker, brokerEpoch, metadataOffset });
  }

  /** Longer than anything may take to settle; something that is watched happens on the way. */
  longAfter(): this {
    return this.wait(SETTLING_TIME + 1_000_000).sent(0);
  }
}

function history(): EnsembleHistory {
  return new EnsembleHistory();
}

// ---- the ensemble ----

test("two servers established in one epoch break election safety; in two epochs they do not", () => {
  expect(history().established(1, 1).established(2, 1).end()).toEqual(["ZkElectionSafety"]);
  expect(history().established(1, 1).established(2, 2).end()).toEqual([]);
});

test("a server that leads again begins another epoch, unless somebody's disk was wiped, which may have known better", () => {
  expect(history().established(1, 1).established(1, 1).end()).toEqual(["ZkElectionSafety"]);
  expect(history().established(1, 1).established(1, 2).end()).toEqual([]);
  const wiped = history().established(1, 1).logged(3, txn(1, 1)).node("DiskWiped", "zookeeper-3") as EnsembleHistory;
  expect(wiped.established(2, 1).end()).toEqual([]);
});

test("a leader that lacks an older transaction has lost it, whatever else it has", () => {
  const first = txn(1, 1);
  const base = (): EnsembleHistory => history().established(1, 1).logged(1, first).logged(2, first).committed(1, first);
  expect(base().logged(3, txn(2, 1)).established(3, 3).end()).toEqual(["ZkCommittedWritesKept"]);
  expect(base().logged(2, txn(2, 1)).established(2, 3).end()).toEqual([]);
});

test("a leader without a committed transaction has lost it", () => {
  const first = txn(1, 1);
  const lost = history().established(1, 1).logged(1, first).logged(2, first).committed(1, first);
  expect(lost.established(3, 2).end()).toEqual(["ZkCommittedWritesKept"]);
  const kept = history().established(1, 1).logged(1, first).logged(2, first).committed(1, first);
  expect(kept.established(2, 2, first.zxid).end()).toEqual([]);
});

test("a transaction that only its proposer has logged may be cut; a committed one may not", () => {
  const first = txn(1, 1);
  const second = txn(1, 2);
  const base = (): EnsembleHistory => history().established(1, 1).agreed(first).logged(1, second);
  expect(base().truncated(1, first.zxid).end()).toEqual([]);
  const committed = base().logged(2, second).committed(1, second);
  expect(committed.truncated(2, first.zxid).end()).toEqual(["ZkCommittedWritesKept"]);
});

test("after a wipe nothing is demanded of the ensemble's history", () => {
  const first = txn(1, 1);
  const wiped = history().established(1, 1).agreed(first).node("DiskWiped", "zookeeper-3");
  expect(wiped.established(3, 2).end()).toEqual([]);
});

test("a server that leaves a transaction out, or goes back, breaks the total order", () => {
  const base = (): EnsembleHistory => history().established(1, 1).agreed(txn(1, 1));
  const all = [txn(1, 2), txn(1, 3)] as const;
  const logged = base();
  for (const each of all) for (const server of [1, 2]) logged.logged(server, each);
  for (const each of all) logged.committed(1, each);
  expect(logged.committed(2, all[1]).end()).toEqual(["ZkTotalOrder"]);
  expect(base().committed(2, txn(1, 1)).end()).toEqual(["ZkTotalOrder"]);
});

test("what a new leader finds committed counts, whoever tells of it later: a node that was deleted so does not outlive its session", () => {
  const make = txn(1, 1, 7, { type: "nodes", nodes: [{ op: "create", path: "/e", data: 1, ephemeral: true }] });
  const remove = txn(1, 2, 7, { type: "nodes", nodes: [{ op: "delete", path: "/e" }] });
  const close = txn(2, 1, 7, { type: "closeSession", client: "broker-1", reason: "expired", paths: [] });
  const story = history()
    .established(1, 1)
    .agreed(make, [{ path: "/e", owner: 7 }]);
  for (const server of [1, 2]) story.logged(server, remove);
  story.established(2, 2, remove.zxid);
  for (const server of [1, 2, 3]) story.logged(server, close);
  expect(story.committed(2, close).end()).toEqual([]);
});

test("a restarted server goes on behind what its own log holds", () => {
  const first = txn(1, 1);
  const second = txn(1, 2);
  const story = history().established(1, 1).agreed(first);
  story.node("ProcessCrashed", "zookeeper-3").started("zookeeper-3");
  story.tell("zookeeper-3", { kind: "ZkServerLoaded", server: 3, currentEpoch: 1, snapshotZxid: 0, transactions: [first] });
  expect(story.agreed(second).end()).toEqual([]);
});

test("of the history that a server had when it started, or was established, it may tell later that it is committed", () => {
  const first = txn(1, 1);
  const second = txn(1, 2);
  const story = history().established(1, 1).agreed(first);
  for (const server of [2, 3]) story.logged(server, second);
  story.tell("zookeeper-3", {
    kind: "ZkServerLoaded",
    server: 3,
    currentEpoch: 1,
    snapshotZxid: 0,
    transactions: [first, second],
  });
  story.established(2, 2, second.zxid).committed(2, second).committed(3, second);
  expect(story.end()).toEqual([]);
});

test("two servers that apply different transactions under one zxid break the total order", () => {
  const one = txn(1, 1);
  const other = txn(1, 1, 8);
  const base = (): EnsembleHistory => history().established(1, 1).logged(1, one).logged(2, other).committed(1, one);
  expect(base().committed(2, other).end()).toEqual(["ZkTotalOrder"]);
  expect(base().committed(2, txn(1, 1)).end()).toEqual([]);
});

// ---- sessions ----

test("a session's view never goes back; another session's may be behind it", () => {
  const saw = (session: number, zxid: number) => ({ kind: "ZkClientSaw", client: "broker-1", session, zxid }) as const;
  expect(history().tell("broker-1", saw(7, 5)).tell("broker-1", saw(7, 4)).end()).toEqual(["ZkSessionMonotonic"]);
  expect(history().tell("broker-1", saw(7, 5)).tell("broker-1", saw(8, 4)).end()).toEqual([]);
});

test("ephemeral nodes go with their session in one transaction, and none is made for it later", () => {
  const close: TxnBody = { type: "closeSession", client: "broker-1", reason: "expired", paths: ["/e"] };
  const base = (): EnsembleHistory =>
    history()
      .established(1, 1)
      .agreed(txn(1, 1), [{ path: "/e", owner: 7 }]);
  const closed = (deleted: readonly string[]): EnsembleHistory => {
    const story = base();
    for (const server of [1, 2, 3]) story.logged(server, txn(1, 2, 7, close));
    return story.committed(1, txn(1, 2, 7, close), [], deleted);
  };
  expect(closed(["/e"]).end()).toEqual([]);
  expect(closed([]).end()).toEqual(["ZkEphemeralsGoWithSession"]);
  const late = closed(["/e"])
    .logged(1, txn(1, 3))
    .committed(1, txn(1, 3), [{ path: "/late", owner: 7 }]);
  expect(late.end()).toEqual(["ZkEphemeralsGoWithSession"]);
});

// ---- controllers and their orders ----

test("a write of a deposed controller breaks SingleActiveController; a leader's own, under the epoch it knows, does not", () => {
  const base = (): EnsembleHistory => history().controllerEpoch(5, 1).written(5, 1, 7, 8).controllerEpoch(6, 9);
  expect(base().written(5, 3, 8, 10).end()).toEqual(["SingleActiveController"]);
  expect(base().written(5, 1, 7, 10).end()).toEqual([]);
  expect(base().written(6, 1, 8, 10).written(5, 1, 8, 11).end()).toEqual(["SingleActiveController"]);
});

test("what a server that lags tells of a topic that has been deleted is no news", () => {
  const created = (topicId: string, metadataOffset: number) =>
    ({ kind: "TopicCreated", topic: "orders", topicId, metadataOffset }) as const;
  const story = history().controllerEpoch(5, 1).tell("zookeeper-1", created("a", 2)).written(5, 1, 0, 3).controllerEpoch(6, 4);
  story.tell("zookeeper-1", { kind: "TopicDeleted", topic: "orders", metadataOffset: 5 });
  const lagging = story.written(5, 1, 0, 3).activated(2, 6) as EnsembleHistory;
  lagging.tell("zookeeper-1", created("b", 6)).written(5, 1, 0, 3).written(6, 2, 0, 7).cached(2, 6, 2, 0, 7);
  expect(lagging.longAfter().end()).toEqual([]);
});

test("orders of an older controller, for an earlier incarnation, or of an older leader epoch must change nothing", () => {
  const base = (): EnsembleHistory =>
    history().running(2).registeredAs(2, 100).ordered(2, 6, 100, 3).follows(2, 1, 3) as EnsembleHistory;
  expect(base().ordered(2, 6, 100, 3).end()).toEqual([]);
  expect(base().ordered(2, 5, 100, 3).end()).toEqual(["StaleControlRequestIgnored"]);
  expect(base().ordered(2, 6, 100, 2).end()).toEqual(["StaleControlRequestIgnored"]);
  const bounced = base().node("ProcessCrashed", "broker-2").started("broker-2") as EnsembleHistory;
  expect(bounced.running(2).registeredAs(2, 200).ordered(2, 6, 100, 3).end()).toEqual(["StaleControlRequestIgnored"]);
});

test("an order for the former registration is right as long as the same incarnation may not know of its new one", () => {
  const story = history().running(2).registeredAs(2, 100).unregistered(2, 100, 150).registeredAs(2, 200);
  expect(story.ordered(2, 6, 100, 3).end()).toEqual([]);
});

// ---- what must come to agree ----

test("controller and store may differ for a while, not for ever, and not where the controller is gone", () => {
  const base = (): EnsembleHistory => history().controllerEpoch(6, 1).activated(2, 6).written(6, 1, 7, 2);
  expect(base().cached(2, 6, 1, 7, 2).longAfter().end()).toEqual([]);
  expect(base().cached(2, 6, 1, 6, 1).sent(1).end()).toEqual([]);
  expect(base().cached(2, 6, 1, 6, 1).longAfter().end()).toEqual(["ControllerViewMatchesStore"]);
  const crashed = base().cached(2, 6, 1, 6, 1).node("ProcessCrashed", "broker-2") as EnsembleHistory;
  expect(crashed.longAfter().end()).toEqual([]);
});

test("a live broker must take up the role that was decided; one that is down, or cut off, need not", () => {
  const base = (): EnsembleHistory => {
    const story = history();
    for (const broker of [1, 2, 3]) story.running(broker);
    story.decide({}).becomesLeader(1, 0, 0);
    for (const broker of [2, 3]) story.follows(broker, 1, 0);
    return story.decide({ leader: 2 }).becomesLeader(2, 1, 0).follows(3, 2, 1) as EnsembleHistory;
  };
  expect(base().longAfter().end()).toEqual(["ControllerViewMatchesBrokers"]);
  expect((base().follows(1, 2, 1) as EnsembleHistory).longAfter().end()).toEqual([]);
  expect((base().node("ProcessCrashed", "broker-1") as EnsembleHistory).longAfter().end()).toEqual([]);
  const cut = base().tell(undefined, { kind: "LinkCut", a: "broker-1", b: "zookeeper-1", direction: "both" });
  expect(cut.longAfter().end()).toEqual([]);
});

test("a replica that is no longer wanted may be in the ISR for a moment longer than in the assignment, not for ever", () => {
  const base = (): EnsembleHistory => history().established(1, 1).decide({ leader: 2 }) as EnsembleHistory;
  const moved = (): EnsembleHistory => base().decide({ replicas: [2, 3] }) as EnsembleHistory;
  expect(moved().end()).toEqual([]);
  expect((moved().decide({ isr: [2, 3] }) as EnsembleHistory).longAfter().end()).toEqual([]);
  expect(moved().longAfter().end()).toEqual(["IsrSubsetOfReplicas"]);
  expect(
    base()
      .decide({ isr: [1, 2, 4] })
      .end(),
  ).toEqual(["IsrSubsetOfReplicas"]);
  const kraft = history()
    .decide({ leader: 2 })
    .decide({ replicas: [2, 3] });
  expect(kraft.end()).toEqual(["IsrSubsetOfReplicas"]);
});

test("what a broker that stood still has missed it must still take up afterwards", () => {
  const story = history();
  for (const broker of [1, 2, 3]) story.running(broker);
  story.decide({}).becomesLeader(1, 0, 0);
  for (const broker of [2, 3]) story.follows(broker, 1, 0);
  story.node("Paused", "broker-1").decide({ leader: 2 }).becomesLeader(2, 1, 0).follows(3, 2, 1);
  const resumed = story.wait(SETTLING_TIME).node("Resumed", "broker-1") as EnsembleHistory;
  expect(resumed.longAfter().end()).toEqual(["ControllerViewMatchesBrokers"]);
});

test("nothing is demanded while most of the ensemble is down", () => {
  const base = (): EnsembleHistory => {
    const story = history().established(1, 1).agreed(txn(1, 1)).running(2).registeredAs(2, 100).unregistered(2, 100, 150);
    return story.node("ProcessCrashed", "zookeeper-3") as EnsembleHistory;
  };
  expect(base().longAfter().end()).toEqual(["BrokerEventuallyRegistered"]);
  expect((base().node("ProcessCrashed", "zookeeper-2") as EnsembleHistory).longAfter().end()).toEqual([]);
});

test("a broker that runs is registered, or soon will be", () => {
  const base = (): EnsembleHistory => history().established(1, 1).running(2).registeredAs(2, 100).unregistered(2, 100, 150);
  expect(base().longAfter().end()).toEqual(["BrokerEventuallyRegistered"]);
  expect(base().registeredAs(2, 200).longAfter().end()).toEqual([]);
  const paused = history().established(1, 1).running(2).registeredAs(2, 100).node("Paused", "broker-2") as EnsembleHistory;
  const resumed = paused.unregistered(2, 100, 150).node("Resumed", "broker-2") as EnsembleHistory;
  expect(resumed.longAfter().end()).toEqual(["BrokerEventuallyRegistered"]);
});

test("an ISR change that is asked for is answered for good", () => {
  const proposed = { kind: "IsrChangeProposed", ...ORDERS, broker: 1, change: "shrink", leaderEpoch: 0 } as const;
  const base = (leadersWriteIsr = false): EnsembleHistory => {
    const story = new EnsembleHistory({ leadersWriteIsr }).running(1).decide({}).becomesLeader(1, 0, 0) as EnsembleHistory;
    return story.tell("broker-1", { ...proposed, partitionEpoch: 0, isr: [1] });
  };
  const answered = (error: "NONE" | "FENCED_LEADER_EPOCH" | "INVALID_UPDATE_VERSION", leadersWriteIsr = false): EnsembleHistory =>
    base(leadersWriteIsr).tell("broker-1", { kind: "IsrChangeAnswered", ...ORDERS, broker: 1, error });
  expect(base().longAfter().end()).toContain("AlterPartitionSettles");
  expect(answered("FENCED_LEADER_EPOCH").longAfter().end()).toContain("AlterPartitionSettles");
  expect(answered("NONE").longAfter().end()).not.toContain("AlterPartitionSettles");
  // It was gone when its partition was moved away, and is never told (KIP-550).
  const stray = (
    answered("FENCED_LEADER_EPOCH").decide({ replicas: [2, 3], isr: [2, 3], leader: 2 }) as EnsembleHistory
  ).longAfter();
  expect(stray.end()).not.toContain("AlterPartitionSettles");
  // Who writes it to the store itself tries again when it is time to, or has no need to any more.
  expect(answered("INVALID_UPDATE_VERSION", true).longAfter().end()).not.toContain("AlterPartitionSettles");
  expect(base(true).longAfter().end()).toContain("AlterPartitionSettles");
});
