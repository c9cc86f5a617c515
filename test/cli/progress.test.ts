/** Progress of long work: where there is no terminal, a line on standard error every five seconds and no more. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Progress } from "../../src/cli/progress.ts";

const written: string[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  written.length = 0;
  vi.spyOn(process.stderr, "write").mockImplementation((text) => written.push(String(text)) > 0);
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test("short work passes in silence", () => {
  const progress = new Progress(false);
  for (let done = 1; done <= 100; done++) progress.update(done, 100, 0);
  progress.stop();
  expect(written).toEqual([]);
});

test("what else is counted is the caller's choice", () => {
  const progress = new Progress(false, "with violations");
  vi.advanceTimersByTime(6_000);
  progress.update(7, 9, 1);
  expect(written).toEqual(["7 of 9 runs, 1 with violations\n"]);
});

test("long work says how far it is, and what went wrong so far", () => {
  const progress = new Progress(false);
  for (let done = 1; done <= 12; done++) {
    vi.advanceTimersByTime(1_000);
    progress.update(done, 100, done > 8 ? 2 : 0);
  }
  progress.stop();
  expect(written).toEqual(["5 of 100 runs, 0 not as expected\n", "10 of 100 runs, 2 not as expected\n"]);
});
