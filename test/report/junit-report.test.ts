import { describe, expect, test } from "vitest";
import { toJUnit } from "../../src/report/junit-report.ts";
import { AS_EXPECTED, EXHIBIT, UNDECIDED, UNEXPECTED } from "./reports.ts";
import { type Element, elements, parseXml } from "./xml.ts";

const again = { ...AS_EXPECTED, seed: "12" };
const root = parseXml(
  toJUnit([AS_EXPECTED, again, UNEXPECTED, UNDECIDED, ...EXHIBIT], ({ file, seed }) => ({
    command: `kafka-sim run ${file} --seed ${seed}`,
    walk: `kafka-sim step ${file} --seed ${seed}`,
  })),
);
const suites = elements(root, "testsuite");

function counts({ attributes }: Element): (string | undefined)[] {
  return [attributes.tests, attributes.failures, attributes.errors];
}

test("one suite for a scenario, one case for a seed and a side, and the counts are right", () => {
  expect(root.name).toBe("testsuites");
  expect(counts(root)).toEqual(["6", "2", "1"]);
  expect(suites.map(counts)).toEqual([
    ["2", "0", "0"],
    ["1", "1", "0"],
    ["1", "0", "1"],
    ["2", "1", "0"],
  ]);
  const cases = elements(root, "testcase").map(({ attributes }) => `${attributes.classname} ${attributes.name}`);
  expect(cases).toEqual([
    "calm.yaml seed 11",
    "calm.yaml seed 12",
    "dir/loss.yaml seed 1",
    "waits.yaml seed 1",
    "exhibit.yaml seed 1 (old rule)",
    "exhibit.yaml seed 1 (new rule)",
  ]);
});

describe("what is not as expected", () => {
  const failures = elements(root, "failure");
  const [error] = elements(root, "error");

  test("is a failure that says what was expected and what was found, and how to run it again", () => {
    expect(failures[0]?.attributes.message).toMatch(/^expected nothing is violated, but violated: .*NoAckedLoss/);
    expect(failures[0]?.text).toContain("kafka-sim run dir/loss.yaml --seed 1");
    expect(failures[1]?.attributes.message).toBe("expected violates LeaderStability, but LeaderStability held");
  });

  test("and undecided is an error: nobody knows", () => {
    expect(error?.attributes.message).toMatch(/waits\.yaml:\d+:\d+: fault 1 never fired/);
    expect(error?.text).toContain("undecided");
  });
});

test("names that are a nuisance to XML come out as they are, but for control characters", () => {
  expect(suites[1]?.attributes.name).toMatch(/^Loss <&> "quoted" .? ?\]\]>$/);
});

test("the reader of this test is strict", () => {
  const wrong = [
    "<a>",
    "<a></b>",
    "<a/><b/>",
    "<a x=1/>",
    "<a>&</a>",
    "<a>&nope;</a>",
    "<a>\u0007</a>",
    '<a x="1" x="2"/>',
    "text",
  ];
  for (const xml of wrong) expect(() => parseXml(xml), xml).toThrow();
  expect(parseXml('<?xml version="1.0"?>\n<a x="&lt;&#65;"><![CDATA[<b>]]></a>')).toMatchObject({
    attributes: { x: "<A" },
    text: "<b>",
  });
});
