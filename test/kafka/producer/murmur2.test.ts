import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { murmur2 } from "../../../src/kafka/producer/murmur2.ts";
import { partitionOfKey } from "../../../src/kafka/producer/partitioner.ts";

const utf8 = new TextEncoder();

/** From Kafka's UtilsTest; they cover every length of the tail. */
test.each([
  ["21", -973932308],
  ["foobar", -790332482],
  ["abc", 479470107],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
])("murmur2 of %j is %i, as in Kafka", (text, hash) => {
  expect(murmur2(utf8.encode(text))).toBe(hash);
});

property.prop([fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 1000 })])(
  "a key's partition is always one of the topic's",
  (key, count) => {
    // A negative hash with a plain modulo would name a partition below 0.
    const partition = partitionOfKey(key, count);
    expect(partition).toBeGreaterThanOrEqual(0);
    expect(partition).toBeLessThan(count);
  },
);
