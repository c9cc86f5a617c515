import { expect, test } from "vitest";
import { batch, failOver, History, settled } from "./history.ts";

test("the high watermark of a leader may not pass an in-sync replica (kip-497)", () => {
  const { history } = settled(1);
  const more = batch(1, 0);
  for (const broker of [1, 2]) history.appends(broker, more, broker === 1 ? "leader" : "follower");
  history.highWatermark(1, 2, "leader");
  expect(history.end()).toContain("HighWatermarkBacked");
});

test("a member that the committed ISR has already dropped holds nothing back", () => {
  const { history } = settled(1);
  const more = batch(1, 0);
  history.decide({ isr: [1, 2] }).isrUpdated(1, [1, 2]);
  for (const broker of [1, 2]) history.appends(broker, more, broker === 1 ? "leader" : "follower");
  expect(history.highWatermark(1, 2, "leader").end()).toEqual([]);
});

test("a leader's high watermark does not fall within its epoch", () => {
  const { history } = settled(3);
  expect(history.highWatermark(1, 2, "leader", 0, 3).end()).toContain("HighWatermarkMonotonic");
});

test("a follower's high watermark may go back", () => {
  const { history } = settled(3);
  history.highWatermark(2, 3, "follower").highWatermark(2, 2, "follower", 0, 3);
  expect(history.end()).toEqual([]);
});

test("a leader must wait for everybody whom the controller might elect", () => {
  const { history } = settled(1);
  history
    .decide({ isr: [1, 2] })
    .isrUpdated(1, [1, 2])
    .decide({ isr: [1, 2, 3] });
  expect(history.end()).toContain("ReplicationQuorumSuperset");
});

test("while an expansion is pending the leader waits for the newcomer already", () => {
  const { history } = settled(1);
  history
    .decide({ isr: [1, 2] })
    .isrUpdated(1, [1, 2])
    .isrUpdated(1, [1, 2], [1, 2, 3])
    .decide({ isr: [1, 2, 3] });
  expect(history.end()).toEqual([]);
});

test("a shrink by the controller that the leader has not heard of leaves it waiting for more than needed: legal", () => {
  const { history } = settled(1);
  history.decide({ isr: [1], elr: [2] });
  expect(history.end()).toEqual([]);
});

test("the leader must be in the ISR, or nobody", () => {
  expect(
    settled(0)
      .history.decide({ leader: 1, isr: [2, 3] })
      .end(),
  ).toContain("LeaderInIsr");
  expect(
    settled(0)
      .history.decide({ leader: -1, isr: [2, 3] })
      .end(),
  ).toEqual([]);
});

test.each([
  ["an ISR outside of the assignment", { isr: [1, 4] }],
  ["an ELR that overlaps the ISR", { isr: [1], elr: [1, 2] }],
  ["an ELR although the ISR is large enough", { isr: [1, 2], elr: [3] }],
  ["an ELR outside of the assignment", { isr: [1], elr: [9] }],
  ["a replica named twice", { isr: [1, 1] }],
])("the controller's state is malformed by %s", (_, change) => {
  expect(settled(0).history.decide(change).end()).toContain("IsrSubsetOfReplicas");
});

test("an ISR below min.insync.replicas with an ELR is what KIP-966 is for; without it the ISR is never empty", () => {
  expect(
    settled(0)
      .history.decide({ isr: [1], elr: [2, 3] })
      .end(),
  ).toEqual([]);
  expect(
    settled(0)
      .history.decide({ leader: -1, isr: [], elr: [1] })
      .end(),
  ).toEqual([]);
  expect(settled(0, { eligibleLeaderReplicas: false }).history.decide({ leader: -1, isr: [] }).end()).toContain(
    "IsrSubsetOfReplicas",
  );
});

test("a fenced or shutting-down broker may not be in an ISR (kip-841)", () => {
  expect(settled(0).history.broker("BrokerFenced", 3).end()).toEqual(["FencedNotInIsr"]);
  expect(settled(0).history.broker("BrokerInControlledShutdown", 3).end()).toEqual(["FencedNotInIsr"]);
});

test("a commit may fence a broker and take it out of the ISR in either order", () => {
  const { history } = settled(0);
  history.together(() => history.broker("BrokerInControlledShutdown", 3).decide({ isr: [1, 2] }));
  history.together(() => history.decide({ isr: [1] }).broker("BrokerFenced", 2));
  history.isrUpdated(1, [1]);
  expect(history.end()).toEqual([]);
});

test("the last member of an ISR stays in it when fenced, unless there is an ELR to go to", () => {
  const lastOne = (elr: boolean): string[] => {
    const { history } = settled(0, { eligibleLeaderReplicas: elr });
    return history
      .decide({ isr: [1] })
      .isrUpdated(1, [1])
      .together(() => history.decide({ leader: -1 }).broker("BrokerFenced", 1))
      .end();
  };
  expect(lastOne(false)).toEqual([]);
  expect(lastOne(true)).toEqual(["FencedNotInIsr"]);
});

test("a controller that dies while it reports a commit leaves half of it untold: not a violation", () => {
  const { history } = settled(0);
  history.together(() => history.broker("BrokerInControlledShutdown", 3).node("ProcessCrashed", "controller-3001"));
  history.tell("controller-3002", {
    ...(history.state as NonNullable<typeof history.state>),
    isr: [1, 2],
    partitionEpoch: 1,
    metadataOffset: 2,
  });
  history.isrUpdated(1, [1, 2]);
  expect(history.end()).toEqual([]);
});

test("what a new controller reports again is old news", () => {
  const { history } = settled(0);
  const before = history.state as NonNullable<typeof history.state>;
  history.decide({ leader: 2, isr: [2, 3] }).tell("controller-3002", before);
  expect(history.end()).toEqual([]);
});

test("two brokers may not lead in one epoch, but may in different ones", () => {
  expect(settled(0).history.becomesLeader(2, 0, 0).end()).toContain("SingleLeaderPerEpoch");
  const { history } = settled(0);
  expect(history.decide({ leader: 2 }).becomesLeader(2, 1, 0).end()).toEqual([]);
});

test("leader epochs grow on a replica and at the controller, but a restarted broker learns them anew", () => {
  expect(settled(0).history.follows(2, 1, 5).follows(2, 1, 4).end()).toContain("LeaderEpochMonotonic");
  expect(
    settled(0).history.follows(2, 1, 5).node("ProcessCrashed", "broker-2").started("broker-2").loaded(2).follows(2, 1, 4).end(),
  ).toEqual([]);
  expect(settled(0).history.decide({ leader: 2, leaderEpoch: 0 }).end()).toContain("LeaderEpochMonotonic");
});

test("what a consumer has read may not turn out to be another record", () => {
  const { history } = settled(2);
  expect(history.reads(1, 2, batch(1, 0, 1, 60)).end()).toEqual(["ConsistentRead"]);
});

test("what a consumer has read may not be discarded later", () => {
  const { history, batches } = settled(2);
  history.reads(1, 2, ...batches).truncates(2, 2, 1);
  expect(failOver(history).end()).toContain("ConsistentRead");
});

test("a consumer may read up to the true high watermark, from a leader that is already replaced too", () => {
  const { history, batches } = settled(2);
  failOver(history).reads(1, 2, ...batches);
  expect(history.end()).toEqual([]);
});

test("a batch above the true high watermark may not reach a consumer", () => {
  const { history } = settled(1);
  const more = batch(1, 0);
  expect(history.appends(1, more, "leader").reads(1, 2, more).end()).toEqual(["NoUncommittedRead"]);
});

test.each([
  ["skips an offset", (h: History) => h.appends(1, batch(3, 0), "leader")],
  ["goes back in epoch", (h: History) => h.appends(2, batch(2, 2), "follower", 3).appends(2, batch(3, 1), "follower", 3)],
  ["appends as leader what another epoch's leader wrote", (h: History) => h.appends(1, batch(2, 0), "leader", 1)],
  ["appends as follower a batch of a later epoch than its own", (h: History) => h.appends(2, batch(2, 4), "follower", 3)],
  ["cuts from elsewhere than its end", (h: History) => h.truncates(2, 5, 1)],
  ["is opened with a hole", (h: History) => h.loaded(3, [batch(0, 0), batch(2, 0)])],
])("a log that %s is not well formed", (_, harm) => {
  const { history } = settled(2);
  harm(history);
  expect(history.end()).toContain("LogIntegrity");
});

test("a follower that starts anew at the leader's log start, and goes on from there, is well formed", () => {
  const { history } = settled(3);
  history
    .decide({ isr: [1, 2] })
    .isrUpdated(1, [1, 2])
    .logStart(1, 2);
  history.together(() => history.truncates(3, 3, 2, 0, true)).appends(3, batch(2, 0), "follower");
  expect(history.end().filter((name) => name !== "LogMatching")).toEqual([]);
});

test("a follower's high watermark may not pass its own log end", () => {
  // Everything committed is there, so no other check would look at this follower.
  expect(settled(2).history.highWatermark(2, 3, "follower").end()).toEqual(["LogStartBelowHw"]);
  expect(settled(2).history.highWatermark(2, 2, "follower").end()).toEqual([]);
});

test("the log start may not pass the high watermark", () => {
  const { history } = settled(2);
  history.highWatermark(2, 1, "follower");
  expect(history.logStart(2, 2).end()).toEqual(["LogStartBelowHw"]);
  expect(settled(2).history.logStart(1, 2).end()).toEqual([]);
});

test.each([
  [
    "an entry beyond the log end",
    [
      [0, 0],
      [1, 9],
    ],
  ],
  ["an entry in the midst of its epoch", [[0, 1]]],
  [
    "an entry for a later epoch than the log has there",
    [
      [0, 0],
      [3, 1],
    ],
  ],
  [
    "entries that do not grow",
    [
      [1, 0],
      [0, 1],
    ],
  ],
] as const)("the epoch cache may not have %s", (_, entries) => {
  expect(
    settled(2)
      .history.epochCache(1, ...entries)
      .end(),
  ).toEqual(["EpochCacheConsistent"]);
});

test("a new leader notes its epoch at the log end before it appends (KAFKA-7415), and before the append that follows in the same step", () => {
  const { history } = settled(2);
  failOver(history).epochCache(2, [0, 0], [1, 2]);
  history.together(() => history.epochCache(3, [0, 0], [1, 2]).appends(3, batch(2, 1), "follower", 1));
  expect(history.end()).toEqual([]);
});

test("an empty history raises nothing", () => {
  const history = new History();
  expect(history.end()).toEqual([]);
});
