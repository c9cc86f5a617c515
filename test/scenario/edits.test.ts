/** Edits made by hand as they stand in a file: what is read is what was written. */
import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { parseScenario } from "../../src/scenario/loader.ts";
import { exactDurationText, readDuration } from "../../src/scenario/quantities.ts";
import { writeEdits } from "../../src/scenario/read-edits.ts";
import type { RunEdit } from "../../src/scenario/run-edit.ts";

const TEXT = `
name: edits
topics: { orders: { partitions: 1, replication.factor: 3 } }
producers: { checkout: { topic: orders, rate: 1/s } }
consumers: { billing: { topics: orders, members: 2 } }
run: { for: 10d }
`;
const RUN_US = 10 * 86_400_000_000;

function read(edits: string): readonly RunEdit[] {
  return parseScenario(`${TEXT}\n${edits}`, "edits.yaml").edits;
}

test("each is read as what somebody does while walking through a run", () => {
  const delivery = { message: "Fetch", nth: 412, from: "broker-2", to: "broker-1" };
  expect(
    read(`edits:
  - { drop: { message: Fetch, nth: 412, from: broker-2, to: broker-1 } }
  - { delay: { message: Fetch, nth: 412, from: broker-2, to: broker-1, by: 2s } }
  - { at: 38.118003s, behind: 2, crash: broker-1 }
  - { at: 40s, cut: billing-1, from: admin }
  - { at: 40s, heal: all }
  - { at: 41s, release: { message: Fetch, nth: 412, from: broker-2, to: broker-1 } }`),
  ).toEqual([
    { kind: "message", delivery, change: { do: "drop" } },
    { kind: "message", delivery, change: { do: "delay", byUs: 2_000_000 } },
    { kind: "moment", moment: { timeUs: 38_118_003, steps: 2 }, action: { do: "crash", node: "broker-1" } },
    { kind: "moment", moment: { timeUs: 40_000_000, steps: 0 }, action: { do: "cut", node: "billing-1", from: "admin" } },
    { kind: "moment", moment: { timeUs: 40_000_000, steps: 0 }, action: { do: "heal", node: "all" } },
    { kind: "moment", moment: { timeUs: 41_000_000, steps: 0 }, action: { do: "release", delivery } },
  ]);
  expect(read("")).toEqual([]);
});

test("they are written in the language of the file, with no more than is needed", () => {
  const moment = { timeUs: 38_118_003, steps: 0 };
  expect(
    writeEdits([
      { kind: "moment", moment, action: { do: "cut", node: "broker-1", from: "broker-2" } },
      { kind: "moment", moment: { ...moment, steps: 3 }, action: { do: "produce", node: "checkout" } },
    ]),
  ).toEqual([
    { at: "38.118003s", cut: "broker-1", from: "broker-2" },
    { at: "38.118003s", behind: 3, produce: "checkout" },
  ]);
});

const arbitraryNode = fc.constantFrom("broker-1", "broker-2", "broker-3", "controller-1", "checkout", "billing-2", "admin");
const arbitraryDelivery = fc.record({
  message: fc.constantFrom("Fetch", "ProduceResponse", "AlterPartition"),
  nth: fc.integer({ min: 1, max: 1e9 }),
  from: arbitraryNode,
  to: arbitraryNode,
});
const arbitraryUs = fc.integer({ min: 0, max: RUN_US });
const arbitraryEdit: fc.Arbitrary<RunEdit> = fc.oneof(
  fc.record({
    kind: fc.constant("message" as const),
    delivery: arbitraryDelivery,
    change: fc.oneof(
      fc.record({ do: fc.constantFrom("drop" as const, "hold" as const, "duplicate" as const) }),
      fc.record({ do: fc.constant("delay" as const), byUs: arbitraryUs }),
    ),
  }),
  fc.record({
    kind: fc.constant("moment" as const),
    moment: fc.record({ timeUs: arbitraryUs, steps: fc.nat() }),
    action: fc.oneof(
      fc.record({
        do: fc.constantFrom("crash", "power-loss", "pause", "resume", "restart", "stop", "isolate", "heal"),
        node: arbitraryNode,
      }),
      fc.constant({ do: "heal", node: "all" } as const),
      fc.constant({ do: "cut", node: "broker-1", from: "checkout" } as const),
      fc.constant({ do: "produce", node: "checkout" } as const),
      fc.record({ do: fc.constant("release" as const), delivery: arbitraryDelivery }),
    ),
  }),
);

property.prop([fc.array(arbitraryEdit, { maxLength: 5 })])("what is written is read as it was", (edits) => {
  expect(read(stringify({ edits: writeEdits(edits) }))).toEqual(edits);
});

property.prop([fc.oneof(fc.integer({ min: 0, max: 5_000_000 }), fc.integer({ min: 0, max: 2 ** 52 }))])(
  "a time is written to the microsecond, however long it is",
  (us) => {
    expect(readDuration(exactDurationText(us))).toEqual({ ok: true, value: us });
  },
);
