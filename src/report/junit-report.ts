/** The results as JUnit XML, for CI: one suite per scenario, one case per seed and side. */
import junitModule, { type Builder, type TestSuite } from "junit-report-builder";
import { US_PER_SECOND } from "../base/units.ts";
import type { RunResult } from "../run/result.ts";
import { Paint } from "./paint.ts";
import { printable } from "./printable.ts";
import { type RunReportOptions, reportRun } from "./run-report.ts";

// The package's types speak of its ES build, but Node loads the other one, whose only export is the builder itself.
const junit = junitModule as unknown as Builder;

/** `commandsFor` says how to run one of them again, and how to walk through it. */
export function toJUnit(
  results: readonly RunResult[],
  commandsFor: (result: RunResult) => Pick<RunReportOptions, "command" | "walk">,
): string {
  const builder = junit.newBuilder().name("kafka-sim");
  const suites = new Map<string, TestSuite>();
  for (const result of results) {
    let suite = suites.get(result.file);
    if (suite === undefined) {
      suite = builder.testSuite().name(printable(result.scenario));
      suites.set(result.file, suite);
    }
    const name = `seed ${result.seed}${result.side === undefined ? "" : ` (${result.side})`}`;
    const test = suite.testCase().className(result.file).name(name).file(result.file);
    test.time(result.virtualUs / US_PER_SECOND);
    if (result.verdict === "as-expected") continue;
    const story = reportRun(result, {
      paint: new Paint(false),
      ...commandsFor(result),
      wallMs: undefined,
    });
    const reasons = result.expectations
      .filter((each) => !each.met)
      .map((each) => `expected ${each.expectation}, but ${each.found}`);
    const message = printable([...reasons, ...result.notes].join("; ") || result.verdict);
    if (result.verdict === "undecided") test.error(message, "undecided", printable(story.join("\n")));
    else test.failure(message, "unexpected").stacktrace(printable(story.join("\n")));
  }
  return builder.build();
}
