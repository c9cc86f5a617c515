/** Whatever processes do, and however the log behaves, a classic group keeps its rules (clients.md 5.2 to 5.4). */
import { fc, test as propertyTest } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { History, PROCESSES, type Step } from "./history.ts";

const process = fc.nat(PROCESSES - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant("go on" as const), process }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("join again" as const), process, topics: fc.nat(1) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom("restart" as const, "leave" as const, "repeat sync" as const), process }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("commit" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom("remove by instance", "time out", "refuse", "accept", "accept", "delete", "fail over"),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      milliseconds: fc.constantFrom(1, 500, 3_000, 3_000, 9_000, 31_000, 61_000),
    }),
  },
) as fc.Arbitrary<Step>;
const history = fc.array(step, { minLength: 1, maxLength: 120, size: "max" });

const COORDINATORS = { new: "classic,consumer", old: "classic" };

function live(steps: readonly Step[], protocols: string, dials: { readonly "group.requireMemberId"?: boolean } = {}): History {
  const lived = new History({ config: { "group.coordinator.rebalance.protocols": protocols }, dials });
  for (const each of steps) lived.take(each);
  lived.end();
  return lived;
}

describe("one generation at a time, assignments for members only, legal transitions, an answer to everybody, and a log that tells it all", () => {
  propertyTest.prop({ history }, { numRuns: 300 })("in the new coordinator", (given) => {
    live(given.history, COORDINATORS.new);
  });

  propertyTest.prop({ history }, { numRuns: 150 })("in the old coordinator", (given) => {
    live(given.history, COORDINATORS.old);
  });

  propertyTest.prop({ history }, { numRuns: 150 })("where members are taken in at once (before KIP-394)", (given) => {
    live(given.history, COORDINATORS.old, { "group.requireMemberId": false });
  });
});

test("such histories reach what they are meant to try", () => {
  const reached = new Set<string>();
  for (const steps of fc.sample(history, { numRuns: 200, seed: 7 })) {
    for (const what of live(steps, COORDINATORS.new).reached) reached.add(what);
  }
  expect([...reached]).toEqual(
    expect.arrayContaining([
      ...["Stable", "CompletingRebalance", "Empty", "Dead", "replayed Stable", "replayed Empty", "assigned", "skipAssignment"],
      ...["left", "session-expired", "did-not-rejoin", "did-not-sync", "replaced"],
      ...["sync NONE", "sync REBALANCE_IN_PROGRESS", "sync COORDINATOR_NOT_AVAILABLE", "sync FENCED_INSTANCE_ID"],
    ]),
  );
});
