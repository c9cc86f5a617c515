import { expect, test } from "vitest";
import { CleanShutdownMarker, HIGH_WATERMARK_CHECKPOINT, OffsetCheckpoint } from "../../../src/kafka/log/checkpoints.ts";
import { forkOf } from "../../../src/sim/fork.ts";
import { FakeHost } from "./fake-host.ts";

test("a checkpoint that was never written is empty: the high watermark of a new replica is 0 (reference 1.8)", () => {
  expect(new OffsetCheckpoint(new FakeHost().host, HIGH_WATERMARK_CHECKPOINT).read().size).toBe(0);
});

test("a checkpoint is forced to disk, and a later change of the map does not reach it", () => {
  const node = new FakeHost();
  const offsets = new Map([["orders-0", 42]]);
  expect(new OffsetCheckpoint(node.host, HIGH_WATERMARK_CHECKPOINT).write(offsets)).toBe(true);
  offsets.set("orders-0", 43);
  node.disk.losePower();
  expect([...new OffsetCheckpoint(node.host, HIGH_WATERMARK_CHECKPOINT).read()]).toEqual([["orders-0", 42]]);
});

test("a checkpoint that the disk refuses says so and keeps the old content", () => {
  const node = new FakeHost();
  const checkpoint = new OffsetCheckpoint(node.host, HIGH_WATERMARK_CHECKPOINT);
  checkpoint.write(new Map([["orders-0", 42]]));
  node.disk.failed = true;
  expect(checkpoint.write(new Map())).toBe(false);
  expect(checkpoint.read().get("orders-0")).toBe(42);
});

test("forks share what a checkpoint holds, and write apart", () => {
  const checkpoint = new OffsetCheckpoint(new FakeHost().host, HIGH_WATERMARK_CHECKPOINT);
  checkpoint.write(new Map([["orders-0", 1]]));
  const fork = forkOf(checkpoint);
  expect(fork.read()).toBe(checkpoint.read());
  fork.write(new Map([["orders-0", 2]]));
  expect(checkpoint.read().get("orders-0")).toBe(1);
});

test("the clean-shutdown marker names the broker epoch and counts for one start only (KIP-966)", () => {
  const node = new FakeHost();
  expect(new CleanShutdownMarker(node.host).take()).toBeUndefined();
  expect(new CleanShutdownMarker(node.host).write(17)).toBe(true);
  node.disk.losePower();
  expect(new CleanShutdownMarker(node.host).take()).toBe(17);
  node.disk.losePower();
  expect(new CleanShutdownMarker(node.host).take()).toBeUndefined();
});
