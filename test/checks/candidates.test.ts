import { expect, test } from "vitest";
import { batch, failOver, settled } from "./history.ts";

test("an ISR member that lost power stays in the ISR until its new incarnation registers: legal", () => {
  // KIP-966: the batch that registers it takes it out. Between restart and that commit it does not take part.
  const { history, batches } = settled(3);
  history.node("PowerLost", "broker-3").started("broker-3").lifecycle(3, "STARTING").loaded(3, batches.slice(0, 1));
  const more = batch(3, 0);
  for (const broker of [1, 2]) history.appends(broker, more, broker === 1 ? "leader" : "follower");
  history.highWatermark(1, 4, "leader");
  history.together(() => history.decide({ isr: [1, 2] }).registered(3));
  history.isrUpdated(1, [1, 2]).lifecycle(3, "RECOVERY").lifecycle(3, "RUNNING");
  expect(history.end()).toEqual([]);
});

test("a leader that has not yet heard of it still waits for such a member, and may raise its high watermark on what it heard before", () => {
  const { history, batches } = settled(3);
  const more = batch(3, 0);
  for (const broker of [1, 2, 3]) history.appends(broker, more, broker === 1 ? "leader" : "follower");
  history.node("PowerLost", "broker-3").started("broker-3").lifecycle(3, "STARTING").loaded(3, batches);
  history.together(() => history.decide({ isr: [1, 2] }).registered(3));
  history.lifecycle(3, "RUNNING").highWatermark(1, 4, "leader");
  expect(history.end()).toEqual([]);
});

test("one that came back with less and is still in the ISR once it runs may be elected: the promise is broken", () => {
  const { history, batches } = settled(3);
  history.node("PowerLost", "broker-3").started("broker-3").loaded(3, batches.slice(0, 1)).registered(3).lifecycle(3, "RUNNING");
  expect(history.end()).toEqual(
    expect.arrayContaining(["UncleanExclusion", "LeaderCandidateCompleteness", "StrongIsr", "HighWatermarkBacked"]),
  );
});

test("in ZooKeeper mode it stays in the ISR until the controller looks at its registration: its first order says so", () => {
  const back = () => {
    const { history, batches } = settled(3);
    history.tell("zookeeper-1", {
      kind: "ZkServerLoaded",
      server: 1,
      currentEpoch: 1,
      snapshotZxid: 0,
      transactions: [],
    });
    history.node("PowerLost", "broker-3").started("broker-3").loaded(3, batches.slice(0, 1));
    return history.lifecycle(3, "RUNNING");
  };
  const order = { kind: "ControlRequestHandled", broker: 3, api: "UpdateMetadata", controller: 1, controllerEpoch: 1 } as const;
  const ordered = { ...order, brokerEpoch: 9, error: "NONE" } as const;
  expect(
    back()
      .decide({ isr: [1, 2] })
      .isrUpdated(1, [1, 2])
      .tell("broker-3", ordered)
      .end(),
  ).toEqual([]);
  expect(back().tell("broker-3", ordered).end()).toContain("UncleanExclusion");
});

test("a wiped broker that a late AlterPartition readmits breaks UncleanExclusion (kip-903)", () => {
  const { history } = settled(3);
  history.decide({ isr: [1, 2] }).isrUpdated(1, [1, 2]);
  history
    .node("ProcessCrashed", "broker-3")
    .node("DiskWiped", "broker-3")
    .started("broker-3")
    .loaded(3)
    .registered(3)
    .lifecycle(3, "RUNNING");
  history.decide({ isr: [1, 2, 3] });
  expect(history.end()).toContain("UncleanExclusion");
});

test("a wiped broker may rejoin once it has caught up", () => {
  const { history, batches } = settled(3);
  history.decide({ isr: [1, 2] }).isrUpdated(1, [1, 2]);
  history
    .node("ProcessCrashed", "broker-3")
    .node("DiskWiped", "broker-3")
    .started("broker-3")
    .loaded(3)
    .registered(3)
    .lifecycle(3, "RUNNING");
  for (const each of batches) history.appends(3, each, "follower");
  history
    .broker("BrokerUnfenced", 3)
    .isrUpdated(1, [1, 2], [1, 2, 3])
    .decide({ isr: [1, 2, 3] })
    .isrUpdated(1, [1, 2, 3]);
  expect(history.end()).toEqual([]);
});

test("an ELR member must be complete too", () => {
  const { history } = settled(3);
  history.decide({ isr: [1], elr: [2] }).truncates(2, 3, 2);
  expect(history.end()).toContain("LeaderCandidateCompleteness");
});

test("a replica outside ISR and ELR may lack anything", () => {
  const { history } = settled(3);
  history
    .decide({ isr: [1, 2] })
    .isrUpdated(1, [1, 2])
    .truncates(3, 3, 0);
  expect(history.end()).toEqual([]);
});

test("an ISR member that forked at the same length is caught by its content (kafka-6880)", () => {
  // LEO alone would not tell: LeaderCandidateCompleteness compares lengths only.
  const { history, batches } = settled(2);
  history
    .decide({ isr: [1, 2] })
    .isrUpdated(1, [1, 2])
    .truncates(3, 2, 1)
    .appends(3, batch(1, 0, 1, 99), "follower");
  history.decide({ isr: [1, 2, 3] }).isrUpdated(1, [1, 2, 3]);
  expect(batches).toHaveLength(2);
  expect(history.end()).toContain("StrongIsr");
});

test("the old leader's uncommitted tail may differ until it is cut", () => {
  const { history, batches } = settled(2);
  const own = batch(2, 0);
  history.appends(1, own, "leader");
  failOver(history);
  const other = batch(2, 1, 1, 50);
  history.appends(2, other, "leader").appends(3, other, "follower", 1).highWatermark(2, 3, "leader", 1, 2);
  history
    .started("broker-1")
    .loaded(1, [...batches, own], { highWatermark: 2 })
    .lifecycle(1, "RUNNING")
    .follows(1, 2, 1);
  history.truncates(1, 3, 2, 1).appends(1, other, "follower", 1).highWatermark(1, 3, "follower", 1, 2);
  expect(history.end()).toEqual([]);
});

test("two replicas with different records below their high watermarks break LogMatching (kip-101-power-outage-divergence)", () => {
  const { history } = settled(2);
  history
    .decide({ isr: [1, 2] })
    .isrUpdated(1, [1, 2])
    .truncates(3, 2, 1)
    .appends(3, batch(1, 0, 1, 99), "follower");
  history.highWatermark(3, 2, "follower");
  expect(history.end()).toContain("LogMatching");
});

test("a stale leader may still raise its high watermark with fetches that were on their way, if those who may be elected have it", () => {
  const { history } = settled(2);
  const more = batch(2, 0);
  for (const broker of [1, 2, 3]) history.appends(broker, more, broker === 1 ? "leader" : "follower");
  history
    .decide({ leader: 2, isr: [2, 3] })
    .highWatermark(1, 3, "leader", 0, 2)
    .satisfied(1, more, [1, 2, 3])
    .acknowledged(more);
  history.reads(1, 3, more).becomesLeader(2, 1, 2, [2, 3]);
  expect(history.end()).toEqual([]);
});

test("a stale leader that calls committed what nobody else has breaks StrongIsr, and its reads are uncommitted", () => {
  const { history } = settled(2);
  history.decide({ leader: 2, isr: [2, 3] }).becomesLeader(2, 1, 2, [2, 3]);
  const zombie = batch(2, 0);
  history.appends(1, zombie, "leader").highWatermark(1, 3, "leader", 0, 2).reads(1, 3, zombie);
  expect(history.end()).toEqual(expect.arrayContaining(["StrongIsr", "NoUncommittedRead"]));
});

test("a starting broker may find itself named leader in metadata from before its death: it serves nobody yet", () => {
  // BrokerServer.startup publishes metadata before the controller acknowledges the broker, and accepts requests last.
  const { history, batches } = settled(3);
  for (const each of batches) history.acknowledged(each);
  history.node("PowerLost", "broker-1").started("broker-1").loaded(1, []).lifecycle(1, "STARTING").becomesLeader(1, 0, 0);
  history.decide({ leader: 2, isr: [2, 3] }).becomesLeader(2, 1, 3, [2, 3]);
  history.registered(1).lifecycle(1, "RECOVERY").lifecycle(1, "RUNNING").follows(1, 2, 1);
  expect(history.end()).toEqual([]);
});

test("if it is still the leader once it takes part, what it lacks is lost", () => {
  const { history, batches } = settled(3);
  for (const each of batches) history.acknowledged(each);
  history.node("PowerLost", "broker-1").started("broker-1").loaded(1, []).lifecycle(1, "STARTING").becomesLeader(1, 0, 0);
  expect(history.checker.violations).toEqual([]);
  expect(history.lifecycle(1, "RUNNING").end()).toEqual(
    expect.arrayContaining(["NoAckedLoss", "LeaderCompleteness", "UncleanExclusion"]),
  );
});
