/** Who owned what when, as a picture of 80 columns. */
import { expect, test } from "vitest";
import type { OwnershipSpan } from "../../src/checks/group-numbers.ts";
import { groupChart } from "../../src/report/group-chart.ts";
import { Paint } from "../../src/report/paint.ts";
import type { GroupResult } from "../../src/run/group-result.ts";

function group(
  members: readonly string[],
  ownership: readonly OwnershipSpan[],
  generations: readonly (readonly [number, number])[],
) {
  return {
    group: "billing",
    members,
    ...{
      processedOnce: 0,
      processedAgain: 0,
      skipped: 0,
      outOfOrder: 0,
      givenUp: 0,
      unprocessed: 0,
      rebalances: 0,
      ownerlessUs: 0,
    },
    lag: { highest: 0, atEnd: 0, samples: [] },
    ownership,
    generations: generations.map(([seconds, generation]) => ({ timeUs: seconds * 1_000_000, generation })),
  } satisfies GroupResult;
}

/** `client` owns `partition` of orders from one second to another. */
function owns(client: string, partition: number, from: number, to?: number): OwnershipSpan {
  const end = to === undefined ? undefined : "revoked";
  return { topic: "orders", partition, client, generation: 1, fromUs: from * 1_000_000, toUs: to && to * 1_000_000, end };
}

function chart(result: GroupResult, seconds: number, width = 80): string {
  return groupChart(result, { paint: new Paint(false), width, endUs: seconds * 1_000_000 }).join("\n");
}

test("there is a row for each partition, a letter for each member, and a mark where nobody is", () => {
  const spans = [
    ...[owns("billing-1", 0, 3, 20), owns("billing-2", 0, 30)],
    ...[owns("billing-2", 1, 3, 30), owns("billing-2", 1, 30.1)],
  ];
  const generations = [
    ...([
      [0, 1],
      [30, 2],
    ] as const),
    [50, 3],
  ] as const;
  expect(`\n${chart(group(["billing-1", "billing-2"], spans, generations), 60)}`).toMatchInlineSnapshot(`
    "
     billing     0 s              15 s            30 s             45 s
     orders-0       aaaaaaaaaaaaaaaaaaa···········bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
     orders-1       bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
     generation  1                                2                     3
                 a billing-1 · b billing-2 · · nobody
    "
  `);
});

test("what two believed to own at once is marked, however short it was", () => {
  const result = group(["billing-1", "billing-2"], [owns("billing-1", 0, 0, 30.2), owns("billing-2", 0, 30)], []);
  const [, row] = chart(result, 60).split("\n");
  expect(row?.match(/!/g)).toHaveLength(1);
  expect(chart(result, 60)).toContain("! more than one");
});

test("where partitions are many, there is a row for each member, as high as its share", () => {
  const half = (client: string, odd: number, from: number, to?: number): OwnershipSpan[] =>
    Array.from({ length: 20 }, (_, index) => owns(client, 2 * index + odd, from, to));
  const spans = [
    ...half("billing-1", 0, 0),
    ...half("billing-2", 1, 0, 20),
    ...half("billing-1", 1, 20, 40),
    ...half("billing-2", 1, 40),
  ];
  expect(`\n${chart(group(["billing-1", "billing-2"], spans, [[0, 1]]), 60)}`).toMatchInlineSnapshot(`
    "
     billing     0 s              15 s            30 s             45 s
     billing-1   ▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄██████████████████████▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄
     billing-2   ▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄······················▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄
     generation  1
                 ▁ to █: its share of 40 partitions
                 · none
    "
  `);
});

test("no line is wider than it may be, whatever the names, the members and the generations", () => {
  const members = Array.from({ length: 40 }, (_, index) => `a-member-with-a-very-long-name-${index + 1}`);
  const spans = members.map((member, index) => owns(member, index % 10, index, index + 1));
  const generations = members.map((_, index) => [index, index + 1] as const);
  for (const width of [60, 80, 120]) {
    for (const line of chart(group(members, spans, generations), 40, width).split("\n"))
      expect([...line].length).toBeLessThanOrEqual(width);
  }
});

test("of a group that never owned anything there is no picture", () => {
  expect(chart(group(["billing-1"], [], []), 60)).toBe("");
});
