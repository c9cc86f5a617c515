/** One run in words: what happened, what became of the records, which promises held, and what to try next. */
import type { GroupResult } from "../run/group-result.ts";
import type { Moment, ReportedViolation, RunResult } from "../run/result.ts";
import { joined, widthOf } from "./columns.ts";
import { groupChart } from "./group-chart.ts";
import { clockTime, counted, grouped, span } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

export interface RunReportOptions {
  readonly paint: Paint;
  /** How to run this again: `kafka-sim run FILE --seed 1 --set acks=1`. */
  readonly command: string;
  /** How to walk through it: `kafka-sim step FILE --seed 1 --set acks=1`. */
  readonly walk: string;
  /** Wall-clock milliseconds that the run took; undefined leaves it out. */
  readonly wallMs: number | undefined;
}

const TIMELINE_MAX = 24;
const VIOLATIONS_MAX = 3;

/** Lines without line ends. */
export function reportRun(result: RunResult, options: RunReportOptions): string[] {
  const { paint } = options;
  return [
    heading(result, paint),
    ` ${paint.faint(result.workload)}`,
    "",
    ...timeline(result.timeline, paint),
    ...charts(result, paint),
    ...violations(result, options),
    ...numbers(result, paint),
    ...result.groups.flatMap((group) => groupLines(group, paint)),
    ...checks(result, paint),
    ...unmet(result, paint),
    ...result.notes.map((note) => ` note      ${printable(note)}`),
    verdict(result, options),
    ...seeIt(result, options),
  ];
}

function heading({ scenario, side, seed, setting }: RunResult, paint: Paint): string {
  const title = side === undefined ? scenario : `${scenario} (${side})`;
  return ` ${paint.strong(printable(title))} · seed ${seed} · ${setting}`;
}

function timeline(moments: readonly Moment[], paint: Paint): string[] {
  if (moments.length === 0) return [];
  // To tell the one moment that is left takes no more room than to count it.
  const told =
    moments.length <= TIMELINE_MAX + 1 ? moments : [...moments.slice(0, TIMELINE_MAX - 4), undefined, ...moments.slice(-4)];
  const left = moments.length - TIMELINE_MAX;
  const lines = told.map((moment) =>
    moment === undefined
      ? paint.faint(`             … ${counted(left, "moment")} more (--json has them all)`)
      : ` ${clockTime(moment.timeUs)}  ${printable(moment.text)}`,
  );
  return [...lines, ""];
}

/** As wide as a terminal is at least. */
const WIDTH = 80;

/** Who owned what when, where the story is told. */
function charts({ timeline: told, groups, virtualUs }: RunResult, paint: Paint): string[] {
  return told.length === 0 ? [] : groups.flatMap((group) => groupChart(group, { paint, width: WIDTH, endUs: virtualUs }));
}

const LABEL_WIDTH = 10;

/** What became of its records, how far it lagged, how often it was at odds. */
function groupLines(group: GroupResult, paint: Paint): string[] {
  const { processedOnce, processedAgain, skipped, outOfOrder, givenUp, unprocessed, lag, rebalances, ownerlessUs } = group;
  const parts = [
    `${grouped(processedOnce)} processed`,
    `${grouped(processedAgain)} again`,
    `${grouped(skipped)} skipped`,
    `${grouped(outOfOrder)} out of order`,
    ...(givenUp > 0 ? [`${grouped(givenUp)} given up`] : []),
    ...(unprocessed > 0 ? [`${grouped(unprocessed)} not reached`] : []),
    `lag ${grouped(lag.atEnd)}${lag.highest > lag.atEnd ? ` (highest ${grouped(lag.highest)})` : ""}`,
    counted(rebalances, "rebalance"),
    ...(ownerlessUs > 0 ? [`${span(ownerlessUs)} without an owner, all partitions together`] : []),
  ];
  const name = printable(group.group);
  const label = ` ${name.padEnd(LABEL_WIDTH - 1)}${widthOf(name) < LABEL_WIDTH - 1 ? "" : " "}`;
  const told = `${grouped(skipped)} skipped`;
  return joined(parts, WIDTH - widthOf(label)).map((line, index) => {
    const text = skipped > 0 ? line.replace(told, (each) => paint.bad(each)) : line;
    return `${index === 0 ? label : " ".repeat(widthOf(label))}${text}`;
  });
}

function violations(result: RunResult, { paint, command }: RunReportOptions): string[] {
  const { seed, verdict } = result;
  // What the scenario is about comes first; where all went as expected, one is enough.
  const expected = new Set(result.expectations.map(({ expectation }) => expectation.replace(/^violates /, "")));
  const rank = ({ invariant }: ReportedViolation): number => (expected.has(invariant) ? 0 : 1);
  const found = [...result.violations].sort((a, b) => rank(a) - rank(b));
  if (found.length === 0) return [];
  const shown = verdict === "as-expected" ? 1 : VIOLATIONS_MAX;
  const lines = found.slice(0, shown).flatMap((violation) => describeViolation(violation, seed, paint));
  const left = found.length - shown;
  if (left > 0) lines.push(` ${paint.faint(`and ${counted(left, "violation")} more: ${command} --json`)}`, "");
  return lines;
}

export function describeViolation(violation: ReportedViolation, seed: string, paint: Paint): string[] {
  const { invariant, promise, step, timeUs, message, facts, cause } = violation;
  const at = (moment: Moment): string => `step ${grouped(moment.step).padEnd(7)} ${clockTime(moment.timeUs)}   ${moment.text}`;
  return [
    ` ${paint.bad("✗")} ${paint.strong(invariant)}   ${promise}`,
    `   seed ${seed} · at ${clockTime(timeUs).trim()} · step ${grouped(step)} · ${message}`,
    "",
    ...facts.map((fact, index) => `   fact ${index + 1}   ${at(fact)}`),
    "",
    ...cause.map((moment) => `   because  ${at(moment)}`),
    ...(cause.length > 0 ? [""] : []),
  ];
}

function numbers({ records, longestDelayUs, longestOutage }: RunResult, paint: Paint): string[] {
  const { acknowledged, lost, legallyLost, duplicated, failed, delayed } = records;
  const parts = [
    `${grouped(acknowledged)} acknowledged`,
    lost > 0 ? paint.bad(`${grouped(lost)} lost`) : "0 lost",
    ...(legallyLost > 0 ? [`${grouped(legallyLost)} lost legally`] : []),
    `${grouped(duplicated)} duplicated`,
    `${grouped(failed)} failed`,
    `${grouped(delayed)} delayed${delayed > 0 ? ` (longest ${span(longestDelayUs)})` : ""}`,
  ];
  const lines = [` records   ${parts.join(" · ")}`];
  if (longestOutage !== undefined) {
    const { client, fromUs, toUs } = longestOutage;
    lines.push(` outage    ${client} went ${span(toUs - fromUs)} without an acknowledgement, from ${clockTime(fromUs).trim()}`);
  }
  return lines;
}

function checks({ invariants, events, violations: found, expectations }: RunResult, paint: Paint): string[] {
  const broken = new Set(found.map((violation) => violation.invariant));
  const held = broken.size === 0 ? paint.good("all held") : paint.bad(`broken: ${[...broken].join(", ")}`);
  const goals = expectations.filter((expectation) => expectation.expectation.startsWith("reaches "));
  const reached = goals.filter((goal) => goal.met).length;
  const goalText = goals.length === 0 ? "" : ` · goals ${reached} of ${goals.length} reached`;
  return [` checks    ${counted(invariants, "invariant")}, ${counted(events, "event")}: ${held}${goalText}`];
}

function unmet({ expectations }: RunResult, paint: Paint): string[] {
  return expectations
    .filter((expectation) => !expectation.met)
    .map(({ expectation, found }) => ` ${paint.bad("expected")}  ${printable(expectation)}, but ${found}`);
}

/** A promise that is broken, or a run that did not go as expected, can be walked to. */
function seeIt({ verdict: came, violations: found }: RunResult, { paint, walk, command }: RunReportOptions): string[] {
  const isAsExpected = came === "as-expected";
  const lines = [
    ...(found.length > 0 ? [` see it    ${walk} --at violation`] : isAsExpected ? [] : [` see it    ${walk}`]),
    ...(isAsExpected ? [] : [` again     ${command}`]),
  ];
  return lines.map((each) => paint.faint(each));
}

function verdict(result: RunResult, { paint, wallMs }: RunReportOptions): string {
  const words = {
    "as-expected": paint.good("as expected"),
    unexpected: paint.bad("not as expected"),
    undecided: paint.bad("undecided"),
  };
  const time = wallMs === undefined ? "" : ` in ${(wallMs / 1_000).toFixed(2)} s`;
  return ` ${words[result.verdict]} · ${span(result.virtualUs)}${time} · trace ${result.traceHash}`;
}
