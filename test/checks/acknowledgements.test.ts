import { expect, test } from "vitest";
import { promisesOf } from "../../src/checks/promises.ts";
import { batch, settled } from "./history.ts";

const SATISFIED = { kind: "ProduceSatisfied", topic: "orders", partition: 0, broker: 1, leaderEpoch: 0, minIsr: 1 } as const;

function answering(isr: readonly number[], acks = -1): string[] {
  const { history } = settled(2);
  const last = batch(2, 0);
  history.appends(1, last, "leader");
  history.tell("broker-1", { ...SATISFIED, acks, baseOffset: 2, nextOffset: 3, isr });
  return history.end();
}

test("acks=all answered with success below min.insync.replicas breaks it, whatever the broker takes the minimum for", () => {
  expect(answering([1])).toContain("MinIsrRespected");
});

test("an ISR of exactly min.insync.replicas is enough, and acks=1 asks for none", () => {
  expect(answering([1, 2])).not.toContain("MinIsrRespected");
  expect(answering([1], 1)).not.toContain("MinIsrRespected");
});

test("a leader of the quorum that is left alone is promised since pre-vote, 4.0 (KIP-996)", () => {
  expect(promisesOf("4.1")).toContain("LeaderStability");
  expect(promisesOf("3.9")).not.toContain("LeaderStability");
  expect(promisesOf("3.9")).toContain("StaleLeaderBounded");
});
