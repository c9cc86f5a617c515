/** A1: deadlines are rounded up to the next tick multiple and buckets expired together. Source: ExpiryQueue. */
import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { ExpiryQueue, roundToNextInterval } from "../../../src/kafka/zookeeper/expiry-queue.ts";

test("a time that is a multiple already goes to the next one", () => {
  expect([0, 1, 1_999, 2_000, 2_001].map((time) => roundToNextInterval(time, 2_000))).toEqual([
    2_000, 2_000, 2_000, 4_000, 4_000,
  ]);
});

test("sessions of one bucket go together; who was heard of meanwhile, or has ended, does not", () => {
  const queue = new ExpiryQueue(2_000, 500);
  queue.update(1, 500, 3_000);
  queue.update(2, 900, 3_000);
  queue.update(3, 900, 3_000);
  queue.update(4, 900, 3_000);
  queue.update(3, 2_100, 3_000);
  queue.remove(4);
  expect(queue.nextExpiration).toBe(2_000);
  expect(queue.poll(1_999)).toEqual([]);
  expect(queue.nextExpiration).toBe(2_000);
  expect([queue.poll(2_000), queue.poll(4_000), queue.poll(6_000)]).toEqual([[], [1, 2], [3]]);
});

property.prop([fc.integer({ min: 1, max: 5_000 }), fc.nat(100_000), fc.nat(20_000)])(
  "A1: the delay lies between the timeout and one tick more",
  (tick, now, timeout) => {
    const queue = new ExpiryQueue(tick, now);
    queue.update(1, now, timeout);
    let expiredAt = 0;
    for (let time = queue.nextExpiration; expiredAt === 0; time = queue.nextExpiration)
      if (queue.poll(time).length > 0) expiredAt = time;
    expect(expiredAt - now).toBeGreaterThan(timeout);
    expect(expiredAt - now).toBeLessThanOrEqual(timeout + tick);
  },
);
