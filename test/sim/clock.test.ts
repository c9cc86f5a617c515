import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { ms, seconds } from "../../src/base/units.ts";
import { HostClock } from "../../src/sim/clock.ts";
import { TestWorld } from "./test-world.ts";

test("a clock that nobody touched shows virtual time", () => {
  const clock = new HostClock();
  expect(clock.read(123_456)).toBe(123_456);
  expect(clock.toVirtual(1_000)).toBe(1_000);
});

test("a jump moves the clock once; a drift moves it from then on", () => {
  const clock = new HostClock();
  clock.adjust(seconds(10), { jump: ms(250) });
  expect(clock.read(seconds(20))).toBe(seconds(20) + ms(250));
  clock.adjust(seconds(20), { driftPpm: 1_000 });
  expect(clock.read(seconds(20))).toBe(seconds(20) + ms(250));
  expect(clock.read(seconds(120))).toBe(seconds(120) + ms(250) + ms(100));
  clock.adjust(seconds(120), { driftPpm: 0 });
  expect(clock.read(seconds(220)) - clock.read(seconds(120))).toBe(seconds(100));
});

test("a jump may set the clock back", () => {
  const clock = new HostClock();
  clock.adjust(seconds(5), { jump: -seconds(2) });
  expect(clock.read(seconds(5))).toBe(seconds(3));
});

test("what has passed on a clock is measured by drift, and not by jumps", () => {
  const clock = new HostClock();
  clock.adjust(seconds(5), { jump: -seconds(2) });
  clock.adjust(seconds(6), { jump: seconds(60), driftPpm: 1_000 });
  const before = clock.readSteady(seconds(6));
  expect(clock.readSteady(seconds(106)) - before).toBe(seconds(100) + ms(100));
});

const drift = fc.integer({ min: -500_000, max: 500_000 });

property.prop({ drift, setAt: fc.nat(1e9), later: fc.nat(1e9), duration: fc.nat(1e8) })(
  "under any drift a clock never runs backwards, and a timer is never early on its own clock nor late by more than a tick or two",
  ({ drift, setAt, later, duration }) => {
    const clock = new HostClock();
    clock.adjust(setAt, { driftPpm: drift });
    const at = setAt + later;
    expect(clock.read(at + 1)).toBeGreaterThanOrEqual(clock.read(at));
    const elapsed = clock.read(at + clock.toVirtual(duration)) - clock.read(at);
    expect(elapsed).toBeGreaterThanOrEqual(duration);
    expect(elapsed).toBeLessThanOrEqual(duration + 2);
  },
);

test("a process reads its own clock and waits by it", () => {
  const t = new TestWorld();
  t.world.adjustClock("a", { jump: seconds(3), driftPpm: 100_000 });
  expect(t.host("a").now()).toBe(seconds(3));
  const timer = { kind: "alarm", target: t.process("a") };
  t.host("a").setTimer(ms(110), timer);
  t.host("b").setTimer(ms(110), { kind: "alarm", target: t.process("b") });
  t.hush();
  t.run(seconds(1));
  // Ten percent fast: 110 of its milliseconds are over after 100 real ones.
  expect(t.heardAt("a")).toEqual([[ms(100), "timer alarm"]]);
  expect(t.heardAt("b")).toEqual([[ms(110), "timer alarm"]]);
  expect(t.host("a").now()).toBe(seconds(3) + ms(1_100));
});

test("the clock belongs to the machine: a restart doesn't set it", () => {
  const t = new TestWorld();
  t.world.adjustClock("a", { jump: seconds(7) });
  t.world.crash("a");
  t.world.start("a");
  t.run(ms(1));
  expect(t.host("a").now()).toBe(seconds(7) + ms(1));
});
