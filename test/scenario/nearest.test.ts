import { test as property } from "@fast-check/vitest";
import fc from "fast-check";
import { expect, test } from "vitest";
import { damerauLevenshtein, nearest } from "../../src/scenario/nearest.ts";

test("a swapped, a missing, an additional and a wrong letter are one step each", () => {
  for (const typo of ["rpelication", "replicaion", "repplication", "replicatiom"])
    expect(damerauLevenshtein(typo, "replication")).toBe(1);
});

test("case and separators don't count", () => {
  expect(nearest("replication-factor", ["partitions", "replication.factor"])).toBe("replication.factor");
  expect(nearest("PowerLoss", ["power-loss"])).toBe("power-loss");
});

test("what is too far away is not suggested", () => {
  expect(nearest("zebra", ["acks", "partitions"])).toBeUndefined();
  expect(nearest("2", ["0", "1"])).toBeUndefined();
});

test("the end of a longer word is enough, if there is only one", () => {
  expect(nearest("brokers", ["cluster.brokers", "cluster.controllers"])).toBe("cluster.brokers");
  expect(nearest("max.ms", ["replica.lag.max.ms", "retry.backoff.max.ms"])).toBeUndefined();
});

const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 8 });

property.prop([word, word])("the distance is symmetric, and 0 only between equals", (a, b) => {
  const distance = damerauLevenshtein(a, b);
  expect(distance).toBe(damerauLevenshtein(b, a));
  expect(distance === 0).toBe(a === b);
  expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
});

property.prop([word, word, fc.integer({ min: 1, max: 5 })])("a limit only cuts off what reaches it", (a, b, limit) => {
  const distance = damerauLevenshtein(a, b);
  expect(Math.min(damerauLevenshtein(a, b, limit), limit)).toBe(Math.min(distance, limit));
});
