/** The museum as a table and as stories: what stands where, also where something is not as it should be. */
import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { museumTable, type ShownExhibit } from "../../src/report/museum-report.ts";
import { tellExhibit } from "../../src/report/museum-tale.ts";
import { Paint } from "../../src/report/paint.ts";
import type { GroupResult } from "../../src/run/group-result.ts";
import { exhibitOutcome } from "../../src/run/museum.ts";
import type { RunResult } from "../../src/run/result.ts";
import { parseScenario } from "../../src/scenario/loader.ts";
import type { ScenarioSpec } from "../../src/scenario/spec.ts";
import { EXHIBIT, GROUP, UNEXPECTED } from "./reports.ts";

const [OLD, NEW] = EXHIBIT as [RunResult, RunResult];
const BREAK = UNEXPECTED.violations[0] as RunResult["violations"][number];

function shown(
  kind: string,
  old: readonly RunResult[],
  fixed: readonly RunResult[],
  about = "violates: LeaderStability",
): ShownExhibit {
  const exhibit = `exhibit: { source: KIP-996, kind: ${kind}, dial: kraft.preVote, ${about} }`;
  const scenario = parseScenario(`name: A voter\nabout: It was cut off.\n${exhibit}`, "x.yaml");
  return { slug: `kip-996-${kind}`, theme: "quorum", outcome: exhibitOutcome(scenario, [...old, ...fixed]) };
}

function table(exhibits: readonly ShownExhibit[], width?: number, painted = false): string[] {
  const commandFor = ({ seed, side }: RunResult): string => `kafka-sim run x.yaml --seed ${seed} # ${side}`;
  return museumTable(exhibits, { paint: new Paint(painted), width, wallMs: 1_900, commandFor });
}

const broken = (step: number): RunResult => ({
  ...OLD,
  verdict: "as-expected",
  violations: [{ ...BREAK, invariant: "LeaderStability", step }],
});
const holds: RunResult = { ...NEW, verdict: "as-expected" };

/** The row of the only exhibit, its columns apart. */
function row(lines: readonly string[]): string[] {
  const found = lines.find((line) => /^ kip-996-\S+ {2,}/.test(line));
  return (found ?? "").trim().split(/ {2,}/);
}

describe("the table", () => {
  test.each([
    ["bug", "✗ as recorded", "✓ holds"],
    ["open", "✗ as recorded", "✓ would hold"],
    ["by-design", "✗ as documented", "✓ holds"],
    ["control", "✗ as predicted", "✓ holds"],
  ])("says of a %s: %s, %s", (kind, old, fixed) => {
    const lines = table([shown(kind, [broken(400), broken(612), broken(1_500)], [holds, holds, holds])]);
    expect(row(lines)).toEqual([`kip-996-${kind}`, "KIP-996", "LeaderStability", old, fixed, "612"]);
    expect(lines.join("\n")).toContain("1 of 1 reproduced on both sides · 3 seeds each · 1.9 s");
  });

  test("has no steps for a loss that broke no promise", () => {
    const lines = table([
      shown("by-design", [{ ...OLD, verdict: "as-expected" }], [holds], 'old-expect: { records: { legally-lost: ">0" } }'),
    ]);
    expect(row(lines).slice(2)).toEqual(["records are lost, legally", "✗ as documented", "✓ holds", "–"]);
  });

  test("does not hide a side that ended otherwise: how many did not, why, and how to see the first", () => {
    const not = { expectation: "violates LeaderStability", met: false, found: "LeaderStability held" };
    const lines = table([
      shown("bug", [broken(5), { ...OLD, seed: "7", verdict: "unexpected", expectations: [not] }], [holds, holds]),
      shown("open", [broken(5)], [{ ...NEW, verdict: "undecided", notes: ["x.yaml:3:1: fault 1 never fired"] }]),
    ]);
    expect(row(lines).slice(3)).toEqual(["! 1 of 2", "✓ holds", "5"]);
    const text = lines.join("\n");
    expect(text).toContain("! kip-996-bug, old rule: expected violates LeaderStability, but LeaderStability held");
    expect(text).toContain("kafka-sim run x.yaml --seed 7 # old rule");
    expect(text).toMatch(/kip-996-open .* \? 0 of 1 /);
    expect(text).toContain("x.yaml:3:1: fault 1 never fired");
    expect(text).toContain("0 of 2 reproduced on both sides");
  });

  test("shows a file that has nothing to switch as what it is: documented, and one side only", () => {
    const scenario = parseScenario("name: x\nexpect: { violates: LeaderStability }", "x.yaml");
    const { side: _side, ...only } = broken(77);
    const lines = table([{ slug: "kip-996-alone", theme: "quorum", outcome: exhibitOutcome(scenario, [only]) }]);
    expect(row(lines)).toEqual(["kip-996-alone", "–", "LeaderStability", "✗ as documented", "–", "77"]);
    expect(lines.join("\n")).toContain("1 of 1 as documented, with nothing to switch");
  });

  test("names the themes where there are several", () => {
    const one = shown("bug", [broken(5)], [holds]);
    const titles = (lines: readonly string[]): string[] => lines.filter((line) => /^ (quorum|zookeeper)$/.test(line));
    expect(titles(table([one, { ...one, theme: "zookeeper" }]))).toEqual([" quorum", " zookeeper"]);
    expect(titles(table([one, one]))).toEqual([]);
  });

  test.each([80, 100, 120])("fits a terminal of %i columns, with the same words", (width) => {
    const exhibits = [shown("bug", [broken(5_000)], [holds]), shown("by-design", [broken(5)], [holds])];
    const lines = table(exhibits, width);
    expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(width);
    for (const word of ["kip-996-by-design", "KIP-996", "LeaderStability", "✗ as documented", "✓ holds", "5,000", "old rule"]) {
      expect(lines.join("\n")).toContain(word);
    }
  });

  test("is the same text with colour and without", () => {
    const exhibits = [shown("bug", [broken(5)], [holds])];
    expect(table(exhibits, 120, true).map(stripVTControlCharacters)).toEqual(table(exhibits, 120));
  });
});

describe("the story", () => {
  const scenario = shown("bug", [], []).outcome.scenario;
  const at = (timeUs: number, text: string) => ({ step: timeUs, timeUs, text });
  const old = {
    ...broken(30),
    timeline: [at(10, "fault 1: isolate controller-3"), at(20, "it campaigns"), at(40, "it is deposed"), at(50, "fault 1 ends")],
    violations: [{ ...BREAK, invariant: "LeaderStability", step: 30, timeUs: 30 }],
  };
  const fixed = { ...holds, timeline: [at(10, "fault 1: isolate controller-3"), at(25, "it asks"), at(50, "fault 1 ends")] };
  const tell = (width: number, results: readonly RunResult[] = [old, fixed]): string[] =>
    tellExhibit(scenario, results, {
      paint: new Paint(false),
      width,
      commandFor: ({ side }) => `kafka-sim run x.yaml # ${side}`,
    });

  test("says what it is about, where it is documented, and what is switched", () => {
    const text = tell(120).join("\n");
    expect(text).toContain("KIP-996 · a bug of Kafka, fixed since · seed ");
    expect(text).toContain("It was cut off.");
    expect(text).toContain("kraft.preVote = off at the old rule, on at the new one");
    expect(text).toContain("Whether a voter asks before it raises the epoch");
  });

  test("tells once what both sides share, then each in its own column, with the break on the old side", () => {
    const lines = tell(120).filter((line) => /^ {4}0\.000 s/.test(line));
    expect(lines.map((line) => line.slice(13).split(/ {2,}/))).toEqual([
      ["fault 1: isolate controller-3"],
      ["it campaigns"],
      ["", "it asks"],
      ["✗ LeaderStability is broken"],
      ["it is deposed"],
      ["fault 1 ends", "fault 1 ends"],
    ]);
  });

  test("names the side of each line where there is no room for two columns", () => {
    const lines = tell(80).filter((line) => /^ {4}0\.000 s/.test(line));
    expect(lines.map((line) => line.slice(13))).toEqual([
      "fault 1: isolate controller-3",
      "old   it campaigns",
      "new   it asks",
      "old   ✗ LeaderStability is broken",
      "old   it is deposed",
      "both  fault 1 ends",
    ]);
  });

  test("leaves out the middle of a long one, but not what is around the break", () => {
    const many = Array.from({ length: 200 }, (_, i) => at(1_000 + i, `moment ${i}`));
    const breaks = [{ ...BREAK, invariant: "LeaderStability", step: 1_100, timeUs: 1_100 }];
    const text = tell(120, [
      { ...old, timeline: many, violations: breaks },
      { ...fixed, timeline: [] },
    ]).join("\n");
    for (const word of ["moment 0", "moment 13", "moment 95", "✗ LeaderStability is broken", "moment 105", "moment 199"]) {
      expect(text).toMatch(new RegExp(`${word}$`, "m"));
    }
    expect(text).not.toMatch(/moment (50|150)$/m);
    expect(text).toMatch(/… \d+ moments more/);
  });

  test("ends with what either side came to, and how to see them again", () => {
    const lines = tell(120);
    expect(lines.join("\n")).toMatch(/promises broken {2,}1 {2,}0\n/);
    expect(lines.join("\n")).toContain("see old rule   kafka-sim run x.yaml # old rule");
    expect(lines.join("\n")).toContain("see new rule   kafka-sim run x.yaml # new rule");
  });

  test("says of a loss that nothing was promised, where no promise was broken", () => {
    const legal = { ...old, violations: [], records: { ...old.records, acknowledged: 5_000, legallyLost: 20 } };
    expect(tell(120, [legal, fixed]).join("\n")).toContain(
      "✗ 20 of 5,000 acknowledged records are lost: no promise covered them",
    );
  });
});

describe("of a consumer group", () => {
  const GROUPS =
    "topics: { orders: { partitions: 1, replication.factor: 3 } }\nconsumers: { billing: { topics: orders, members: 1 } }";
  const exhibit = (counts: string): ScenarioSpec =>
    parseScenario(
      `name: A group\nabout: x\n${GROUPS}
exhibit: { source: KIP-848, kind: by-design, set: group.protocol, old: classic, new: consumer, old-expect: { groups: { billing: ${counts} } } }`,
      "x.yaml",
    );

  test.each([
    ["{ processed-again: 1.. }", "records are processed again"],
    ['{ skipped: ">0", processed-again: ">0" }', "records are skipped"],
    ["{ ownerless: 10s.. }", "partitions have no owner"],
    ["{ rebalances: 5.. }", "the group does not settle"],
    ["{ skipped: 0 }", "no promise"],
  ])("%s: %s", (counts, words) => {
    const outcome = exhibitOutcome(exhibit(counts), [
      { ...GROUP, side: "old rule" },
      { ...GROUP, side: "new rule" },
    ]);
    const lines = table([{ slug: "kip-996-group", theme: "groups", outcome }]);
    expect(row(lines)[2]).toBe(words);
  });

  test("the story draws who owned what on either side, and counts what became of the records", () => {
    const [group] = GROUP.groups as [GroupResult];
    const sides = [
      { ...GROUP, side: "old rule" },
      { ...GROUP, side: "new rule", groups: [{ ...group, processedAgain: 0 }] },
    ];
    const commandFor = (): string => "kafka-sim";
    const text = tellExhibit(exhibit("{ processed-again: 1.. }"), sides, { paint: new Paint(false), width: 80, commandFor }).join(
      "\n",
    );
    expect(text.match(/^ orders-0 +[ab·]+$/gm)).toHaveLength(2);
    expect(text).toMatch(new RegExp(`^ processed again +${group.processedAgain} +0$`, "m"));
    expect(text).toMatch(/^ without an owner +[\d.]+ s +[\d.]+ s$/m);
  });
});
