/** Requests of the store: what is fenced, and who knows his own work again. Source: KafkaZkClient; coordination A3, replication 3.8. */
import { expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { type ConditionalUpdateOutcome, ConditionalUpdates } from "../../../src/kafka/zk/conditional-update.ts";
import {
  controllerMoved,
  create,
  createPartitionStates,
  fenced,
  readPartitionState,
  setData,
  setPartitionState,
  storedPartitionState,
  writeResult,
} from "../../../src/kafka/zk/store-requests.ts";
import { CONTROLLER_EPOCH_PATH, type PartitionStateZnode, partitionStatePath } from "../../../src/kafka/zk/znodes.ts";
import type { ZkResponse } from "../../../src/kafka/zookeeper/client-protocol.ts";
import { ScriptedEnsemble } from "./scripted-ensemble.ts";

const AT = { topic: "orders", partition: 0 };
const STATE: PartitionStateZnode = Object.freeze({
  leader: 1,
  leaderEpoch: 0,
  isr: Object.freeze([1, 2]),
  controllerEpoch: 1,
  leaderRecoveryState: "RECOVERED",
});

function store(servers = 1) {
  const e = new ScriptedEnsemble({ servers });
  const user = e.addUser("broker-1");
  e.runFor(ms(10));
  e.write(create(CONTROLLER_EPOCH_PATH, 1));
  for (const path of ["/brokers", "/brokers/topics", "/brokers/topics/orders"]) e.write(create(path));
  const ask = (requests: Parameters<typeof user.ask>[1]): readonly ZkResponse[] => {
    user.ask("it", requests);
    e.runFor(ms(10));
    return user.answers.get("it") as readonly ZkResponse[];
  };
  return { e, user, ask };
}

test("partition states are created after the nodes above them, written by version and read with it", () => {
  const { ask } = store();
  const batches = createPartitionStates(
    [
      { at: AT, state: STATE },
      { at: { topic: "orders", partition: 1 }, state: STATE },
    ],
    0,
  );
  expect(batches.map((batch) => ask(batch).map((answer) => writeResult(answer).error))).toEqual([
    ["OK"],
    ["OK", "OK"],
    ["OK", "OK"],
  ]);
  const next = { ...STATE, leader: 2, leaderEpoch: 1 };
  const [written] = ask([setPartitionState(AT, next, 0, 0)]) as [ZkResponse];
  expect(writeResult(written).stat?.version).toBe(1);
  const [late] = ask([setPartitionState(AT, STATE, 0, 0)]) as [ZkResponse];
  expect([writeResult(late).error, controllerMoved([late])]).toEqual(["BADVERSION", false]);
  const [read, none] = ask([readPartitionState(AT), readPartitionState({ topic: "orders", partition: 9 })]) as [
    ZkResponse,
    ZkResponse,
  ];
  expect(storedPartitionState(read)).toEqual({ state: next, partitionEpoch: 1 });
  expect(storedPartitionState(none)).toBeUndefined();
});

test("a controller's write is fenced by the version that /controller_epoch had when it was elected (KAFKA-6082, 2.1)", () => {
  const { e, ask } = store();
  e.write(setData(CONTROLLER_EPOCH_PATH, 2));
  const answers = ask([fenced(create("/a"), 0), fenced(create("/b"), 1), fenced(create("/c"), undefined)]);
  expect(answers.map((answer) => controllerMoved([answer]))).toEqual([true, false, false]);
  expect(controllerMoved(answers)).toBe(true);
  // Before 2.1 nothing stops a controller that has been replaced.
  expect(["/a", "/b", "/c"].map((path) => e.tree.has(path))).toEqual([false, true, true]);
});

test("a fenced write that fails for its own reasons says them, as a bare one does", () => {
  const { ask } = store();
  const op = setData("/none", 1, 3);
  for (const fence of [0, undefined]) {
    const [answer] = ask([fenced(op, fence)]) as [ZkResponse];
    expect([controllerMoved([answer]), writeResult(answer).error]).toEqual([false, "NONODE"]);
  }
});

/** A leader that writes its ISR itself. */
class Leader {
  readonly outcomes: ConditionalUpdateOutcome[] = [];

  onConditionalUpdate(outcome: ConditionalUpdateOutcome): void {
    this.outcomes.push(outcome);
  }
}

function leaderAt(servers = 1) {
  const s = store(servers);
  for (const batch of createPartitionStates([{ at: AT, state: STATE }], undefined)) s.ask(batch);
  const leader = new Leader();
  const updates = new ConditionalUpdates<undefined>(s.user.zk, leader);
  const shrink = () => updates.update(partitionStatePath("orders", 0), { ...STATE, isr: [1] }, 0, undefined);
  return { ...s, leader, shrink };
}

test("a leader's write over the version that it knows succeeds, with one more (3.8)", () => {
  const { e, leader, shrink } = leaderAt();
  shrink();
  expect(leader.outcomes).toEqual([]);
  e.runFor(ms(10));
  expect(leader.outcomes).toEqual([{ kind: "written", version: 1 }]);
});

test("a leader whose version is not the newest is refused: somebody else has written (3.8)", () => {
  const { e, leader, shrink } = leaderAt();
  e.write(setData(partitionStatePath("orders", 0), { ...STATE, leader: 2, leaderEpoch: 1, isr: [2] }));
  shrink();
  e.runFor(ms(10));
  expect(leader.outcomes).toEqual([{ kind: "refused", error: "BADVERSION" }]);
});

test("a leader whose first answer was lost knows its own write again, and takes its version (3.8)", () => {
  const { e, leader, shrink } = leaderAt(2);
  e.unanswered.add("setData");
  shrink();
  e.runFor(ms(10));
  e.unanswered.clear();
  e.world.crash(e.reached[0]?.server as string);
  e.runFor(seconds(2));
  expect(leader.outcomes).toEqual([{ kind: "written", version: 1 }]);
});

test("a node that is gone is refused, a session that is gone is a failure", () => {
  const { e, user, leader, shrink } = leaderAt(2);
  e.write({ op: "delete", path: partitionStatePath("orders", 0), version: -1 });
  shrink();
  e.runFor(ms(10));
  e.world.crash(e.reached[0]?.server as string);
  e.expire(user.zk.session);
  e.runFor(1);
  shrink();
  e.runFor(seconds(3));
  expect(leader.outcomes).toEqual([
    { kind: "refused", error: "NONODE" },
    { kind: "failed", error: "SESSIONEXPIRED" },
  ]);
});
