/** Any history of a member of KIP-848: what it says to own it owns, callbacks make sense, and in the end it owns what it is to own. */
import { test as property } from "@fast-check/vitest";
import fc from "fast-check";
import { expect } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { byTopicId, ConsumerGroupWorld } from "./consumer-group-world.ts";
import type { MemberOptions } from "./test-member.ts";

const assignment = fc.subarray(["orders-0", "orders-1", "orders-2", "orders-3"]).map((names) => names.join(" "));

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("assign" as const), to: assignment }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("fail" as const),
      api: fc.constantFrom("ConsumerGroupHeartbeat" as const, "OffsetCommit" as const),
      error: fc.constantFrom(
        "FENCED_MEMBER_EPOCH" as const,
        "UNKNOWN_MEMBER_ID" as const,
        "COORDINATOR_LOAD_IN_PROGRESS" as const,
        "NOT_COORDINATOR" as const,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("coordinator" as const), broker: fc.constantFrom(0, 1, 2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cut" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("append" as const), partition: fc.nat({ max: 3 }) }) },
);

const member: fc.Arbitrary<MemberOptions> = fc.record({
  handlerUs: fc.constantFrom(0, ms(300), seconds(2)),
  callbackUs: fc.record({
    onPartitionsAssigned: fc.constantFrom(0, ms(200)),
    onPartitionsRevoked: fc.constantFrom(0, ms(700), seconds(5)),
    onPartitionsLost: fc.constantFrom(0, ms(400)),
  }),
  config: fc.record({
    "enable.auto.commit": fc.boolean(),
    "max.poll.interval.ms": fc.constant(4_000),
    "request.timeout.ms": fc.constant(2_000),
  }),
});

interface Owned {
  readonly topic: string;
  readonly partition: number;
}

function text(partitions: readonly Owned[]): string {
  return partitions
    .map(({ topic, partition }) => `${topic}-${partition}`)
    .sort()
    .join(" ");
}

/** Follows what the member reports, and what it says in heartbeats. */
function check(w: ConsumerGroupWorld): void {
  let owned = new Set<string>();
  /** What it owned, by time: a heartbeat may have been sent a little before it arrives. */
  const owns: { at: number; owned: string }[] = [{ at: 0, owned: "" }];
  let joined = false;
  for (const { at, event } of w.cluster.events) {
    if (event.kind === "ConsumerJoined") {
      expect(joined).toBe(false);
      joined = true;
    } else if (event.kind === "ConsumerLeft") {
      expect(joined).toBe(true);
      joined = false;
    } else if (event.kind === "PartitionsAssigned" || event.kind === "PartitionsRevoked" || event.kind === "PartitionsLost") {
      const names = event.partitions.map(({ topic, partition }) => `${topic}-${partition}`);
      const isNew = event.kind === "PartitionsAssigned";
      for (const name of names) expect(owned.has(name)).toBe(!isNew);
      owned = new Set(isNew ? [...owned, ...names] : [...owned].filter((name) => !names.includes(name)));
      expect([...owned].sort().join(" ")).toBe(text(event.owned));
      owns.push({ at, owned: text(event.owned) });
    }
  }
  for (const { at, memberEpoch, topicPartitions } of w.heartbeats()) {
    if (memberEpoch <= 0 || topicPartitions === null) continue;
    const said = text(
      topicPartitions.flatMap(({ partitions }) => partitions.map((partition) => ({ topic: "orders", partition }))),
    );
    // Within the last acknowledged assignment and a step towards the next one, at the moment at which it was sent.
    expect(owns.filter((each) => each.at <= at).map((each) => each.owned)).toContain(said);
  }
}

property.prop([fc.array(fc.tuple(fc.integer({ min: 10, max: 2_500 }), step), { maxLength: 12 }), member], {
  numRuns: 60,
})("a member ends up with what it is to own, and has never said to own what it did not", (steps, options) => {
  const w = new ConsumerGroupWorld({ records: 2, brokers: 2 }).assign("billing-1", "orders-0 orders-1", false);
  w.join("billing-1", options).runFor(seconds(1));
  let target = "orders-0 orders-1";
  for (const [wait, action] of steps) {
    if (action.kind === "assign") {
      target = action.to;
      w.assign("billing-1", target);
    } else if (action.kind === "fail") w.fail(action.api, action.error);
    else if (action.kind === "coordinator") w.broker = action.broker;
    else if (action.kind === "append") w.append(action.partition, 1);
    else w.cluster.world.cut("billing-1", "broker-1");
    w.runFor(ms(wait));
    if (action.kind === "cut") w.cluster.world.heal("billing-1", "broker-1");
  }
  w.broker = 1;
  w.runFor(seconds(60));
  check(w);
  expect(text(w.member("billing-1").consumer.groupMetadata.generation > 0 ? lastOwned(w) : [])).toBe(target);
  const acknowledged = w.heartbeats().findLast(({ memberEpoch, topicPartitions }) => memberEpoch > 0 && topicPartitions !== null);
  expect(acknowledged?.topicPartitions).toEqual(byTopicId(target));
});

function lastOwned(w: ConsumerGroupWorld): readonly Owned[] {
  for (const { event } of w.cluster.events.toReversed()) {
    if (event.kind === "PartitionsAssigned" || event.kind === "PartitionsRevoked" || event.kind === "PartitionsLost") {
      return event.owned;
    }
  }
  return [];
}
