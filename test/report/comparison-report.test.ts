/** Settings side by side: what stands in the table, the blocks and the lines below. */
import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { comparisonTable } from "../../src/report/comparison-report.ts";
import { Paint } from "../../src/report/paint.ts";
import { type ComparedRow, comparedRow } from "../../src/run/comparison.ts";
import type { GroupResult } from "../../src/run/group-result.ts";
import type { RunResult } from "../../src/run/result.ts";
import { AS_EXPECTED, GROUP, UNEXPECTED } from "./reports.ts";

interface Changes extends Partial<Omit<RunResult, "records">> {
  readonly records?: Partial<RunResult["records"]>;
}

function run(change: Changes = {}): RunResult {
  return { ...AS_EXPECTED, ...change, records: { ...AS_EXPECTED.records, ...change.records } };
}

function outage(seconds: number): Changes {
  return { longestOutage: { client: "checkout", fromUs: 0, toUs: seconds * 1_000_000 } };
}

function rowOf(value: string, results: readonly RunResult[], side?: string): ComparedRow {
  return comparedRow([{ key: "acks", value }], side, results);
}

function table(rows: readonly ComparedRow[], width?: number, painted = false): string {
  const commandFor = ({ seed }: RunResult): string => `kafka-sim run calm.yaml --seed ${seed}`;
  return comparisonTable(rows, { paint: new Paint(painted), width, wallMs: 11_000, commandFor }).join("\n");
}

/** The line that begins with this, its columns apart. */
function line(text: string, begin: string): string[] {
  const found = text.split("\n").find((each) => each.startsWith(` ${begin}`)) ?? "";
  return found.trim().split(/ {2,}/);
}

const RECOVERED = { recovery: { elections: 3, fullIsrAfterUs: 24_100_000 } };

test("a row has the middle run of each measure, and below it the range over all runs", () => {
  const results = [7, 8.5, 9.6].map((seconds, i) => run({ ...outage(seconds), ...RECOVERED, records: { delayed: 400 + i } }));
  const text = table([rowOf("all", results)]);
  expect(line(text, "acks")).toEqual([
    "acks",
    "p50",
    "p95",
    "lost",
    "duplicated",
    "failed",
    "delayed",
    "after",
    "elections",
    "violations",
  ]);
  expect(line(text, "all")).toEqual(["all", "8.5 s", "9.6 s", "0", "0", "0", "401", "24.1 s", "3", "0"]);
  expect(line(text, "   ")).toContain("unavailable");
  expect(text).toMatch(/\n +7–9\.6 s +400–402 +of 3\n/);
});

test("what was lost legally has a column if there is any", () => {
  expect(table([rowOf("all", [run()])])).not.toContain("legally");
  expect(line(table([rowOf("1", [run({ records: { legallyLost: 12 } })])]), "1")[4]).toBe("12");
});

test("a full ISR that never came back is never, also in a range; without a fault there is nothing to tell", () => {
  const after = (fullIsrAfterUs: number | null | undefined): RunResult => run({ recovery: { elections: 0, fullIsrAfterUs } });
  expect(line(table([rowOf("1", [after(null)])]), "1")[7]).toBe("never");
  expect(line(table([rowOf("1", [after(undefined)])]), "1")[7]).toBe("–");
  expect(table([rowOf("1", [after(null), after(2_000_000), after(2_000_000)])])).toContain("2 s–never");
});

describe("the lines below say", () => {
  test("what no loss in so many runs means", () => {
    expect(
      table([
        rowOf(
          "all",
          Array.from({ length: 200 }, () => run()),
        ),
      ]),
    ).toContain("200 seeds each · 0 lost means: less than 1.5 % of runs, with 95 % confidence · 11.0 s");
  });

  test("in how many runs something was lost, and no more what 0 would mean", () => {
    const text = table([rowOf("all", [run(), run({ records: { lost: 5 } }), run()])]);
    expect(text).toContain("✗ acks=all: records were lost in 1 of 3 runs");
    expect(text).not.toContain("0 lost means");
  });

  test("which promises were broken, in how many runs, and how to see the first", () => {
    const text = table([rowOf("all", [run(), UNEXPECTED]), rowOf("1", [run(), run()])]);
    expect(text).toMatch(/✗ acks=all: \w+ violated in 1 of 2 runs.*, NoAckedLoss in 1/);
    expect(text).toContain(`kafka-sim run calm.yaml --seed ${UNEXPECTED.seed}`);
    expect(text).not.toContain("✗ acks=1");
  });

  test("which runs are not counted, and why", () => {
    const given = run({ ending: "out-of-events", notes: ["the run was given up after 100 events (run.max-events)"] });
    const text = table([rowOf("all", [run(), given])]);
    expect(text).toContain(
      "? acks=all: 1 of 2 runs did not get to their end, and are not counted: the run was given up after 100 events",
    );
    expect(line(table([rowOf("all", [given])]), "all").slice(1, 4)).toEqual(["–", "–", "–"]);
  });
});

test("each side of an exhibit has a row of its own", () => {
  const text = table([rowOf("1", [run()], "old rule"), rowOf("1", [run()], "new rule")]);
  expect(text).toMatch(/^ 1 {5}old rule/m);
  expect(text).toMatch(/^ 1 {5}new rule/m);
});

test("the heading has what all rows share, and not what is varied", () => {
  const of = (acks: string): RunResult =>
    run({ setting: "Kafka 4.1 · KRaft", workload: `orders: 3 partitions · checkout: acks=${acks}` });
  const text = table([rowOf("1", [of("1")]), rowOf("all", [of("all")])]);
  expect(text).toContain("Calm · Kafka 4.1 · KRaft · orders: 3 partitions\n");
});

test("settings are called by their own name, unless two would be called the same", () => {
  const of = (...keys: string[]): string =>
    table([
      comparedRow(
        keys.map((key) => ({ key, value: "1" })),
        undefined,
        [run()],
      ),
    ]);
  expect(of("topics.orders.config.min.insync.replicas")).toMatch(/^ min\.insync\.replicas +p50/m);
  expect(of("topics.a.config.x", "topics.b.config.x")).toMatch(/^ topics\.a\.config\.x {2}topics\.b\.config\.x +p50/m);
});

test.each([60, 80, 120])("on a terminal of %i columns every number is to be seen, and no line is too long", (width) => {
  const rows = ["0", "1", "all"].map((acks) => rowOf(acks, [run({ ...outage(8.5), ...RECOVERED, records: { legallyLost: 7 } })]));
  const text = table(rows, width);
  const [numbers] = text.split(" of each measure");
  expect(Math.max(...(numbers ?? "").split("\n").map((each) => [...each].length))).toBeLessThanOrEqual(width);
  for (const word of ["8.5 s", "24.1 s", "lost", "legally", "duplicated", "failed", "delayed", "elections", "violations"]) {
    expect(numbers).toContain(word);
  }
});

test("is the same text with colour and without", () => {
  const rows = [rowOf("1", [run(), UNEXPECTED])];
  expect(stripVTControlCharacters(table(rows, undefined, true))).toBe(table(rows));
  expect(table(rows, undefined, true)).toContain("\u001b[31m");
});

test("where there are groups, what became of their records has columns", () => {
  const [group] = GROUP.groups as [GroupResult];
  const twice = { ...GROUP, groups: [group, { ...group, processedAgain: 5, skipped: 2, rebalances: 1, ownerlessUs: 1_500_000 }] };
  const row = rowOf("all", [twice]);
  expect(row.measures.processedAgain?.p50).toBe(group.processedAgain + 5);
  const text = table([row]);
  expect(line(text, "acks").slice(-7)).toEqual(["again", "skipped", "order", "lag", "owner", "rebalances", "violations"]);
  const values = line(text, "all").slice(-7);
  expect(values.slice(0, 3)).toEqual([String(group.processedAgain + 5), String(group.skipped + 2), String(2 * group.outOfOrder)]);
  expect(values[5]).toBe(String(group.rebalances + 1));
  expect(table([rowOf("all", [run()])])).not.toContain("rebalances");
});
