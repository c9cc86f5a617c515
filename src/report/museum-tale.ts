/** The story of one exhibit: what it is about, what happened at the old rule and at the new one, and what the switch changed. */
import { DIAL_DOCS, type DialName } from "../kafka/dials.ts";
import type { GroupResult } from "../run/group-result.ts";
import { breakOf } from "../run/museum.ts";
import type { RunResult } from "../run/result.ts";
import { CONFIG_DEFINITIONS } from "../scenario/schema/config.ts";
import type { ExhibitKind, ExhibitSpec, ScenarioSpec } from "../scenario/spec.ts";
import { inColumns, sharedParts, wrapped } from "./columns.ts";
import { groupChart } from "./group-chart.ts";
import { grouped, span } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";
import { describeViolation } from "./run-report.ts";
import { sideBySide } from "./side-by-side.ts";

export interface TaleOptions {
  readonly paint: Paint;
  readonly width: number;
  /** How to see one of the runs again. */
  readonly commandFor: (result: RunResult) => string;
}

const KINDS: { readonly [K in ExhibitKind]: string } = {
  bug: "a bug of Kafka, fixed since",
  open: "an open problem, fixed in no release",
  "by-design": "by design: nothing better is promised",
  control: "a guard that Kafka always had, taken away",
};

const PARAGRAPH_MAX = 108;

/** `results` are the sides, the old one first, each with its timeline and causes. */
export function tellExhibit(scenario: ScenarioSpec, results: readonly RunResult[], options: TaleOptions): string[] {
  const { paint, width } = options;
  const [old, fixed] = results as readonly [RunResult, RunResult | undefined];
  const { exhibit } = scenario;
  const facts = exhibit === undefined ? ["by design"] : [printable(exhibit.source), KINDS[exhibit.kind]];
  return [
    "",
    ` ${paint.strong(printable(scenario.name))}`,
    ` ${facts.join(" · ")} · seed ${old.seed}`,
    ` ${paint.faint(sharedParts(results.map(({ setting, workload }) => `${setting} · ${workload}`)))}`,
    "",
    ...wrapped(printable(scenario.about), Math.min(width - 4, PARAGRAPH_MAX)).map((line) => `   ${line}`),
    "",
    ...(exhibit === undefined ? [] : describeSwitch(exhibit, options)),
    ...timelines(scenario, old, fixed, options),
    ...results.flatMap((result) => owners(result, options)),
    ...whatBroke(scenario, old, options),
    ...whatChanged(old, fixed, options),
    ...results.map((result) => paint.faint(` see ${result.side ?? "it"}   ${options.commandFor(result)}`)),
    "",
  ];
}

/** What is switched, and what that decides. */
function describeSwitch({ key, old, new: fixed }: ExhibitSpec, { paint, width }: TaleOptions): string[] {
  const doc = docOf(key);
  return [
    ` ${paint.strong("the switch")}   ${key} = ${old.value} at the old rule, ${fixed.value} at the new one`,
    ...wrapped(doc, Math.min(width - 14, PARAGRAPH_MAX)).map((line) => `${" ".repeat(14)}${paint.faint(line)}`),
    "",
  ];
}

function docOf(key: string): string {
  if (Object.hasOwn(DIAL_DOCS, key)) return DIAL_DOCS[key as DialName];
  const setting = key.replace(/^.*\.config\./, "");
  for (const definitions of Object.values(CONFIG_DEFINITIONS)) {
    const definition = Object.hasOwn(definitions, setting) ? definitions[setting] : undefined;
    if (definition !== undefined) return definition.doc;
  }
  return "";
}

function timelines(scenario: ScenarioSpec, old: RunResult, fixed: RunResult | undefined, options: TaleOptions): string[] {
  const { paint, width } = options;
  const violation = theBreak(scenario, old);
  const mark = violation && { step: violation.step, timeUs: violation.timeUs, text: `✗ ${violation.invariant} is broken` };
  // A file with one side only has one timeline.
  if (fixed === undefined) {
    const told = [...old.timeline, ...(mark === undefined ? [] : [mark])].sort((a, b) => a.step - b.step);
    return [...sideBySide(told, told, { paint, width, titles: ["", ""], mark: undefined }), ""];
  }
  const { key, old: before, new: since } = scenario.exhibit as ExhibitSpec;
  const titles = [`old rule: ${key}=${before.value}`, `new rule: ${key}=${since.value}`] as const;
  return [...sideBySide(old.timeline, fixed.timeline, { paint, width, titles, mark }), ""];
}

/** Who owned what when, on one side. */
function owners({ side, groups, virtualUs }: RunResult, { paint, width }: TaleOptions): string[] {
  const chart = groups.flatMap((group) => groupChart(group, { paint, width: Math.min(width, PARAGRAPH_MAX), endUs: virtualUs }));
  return chart.length === 0 || side === undefined ? chart : [` ${paint.strong(side)}`, ...chart];
}

function theBreak(scenario: ScenarioSpec, old: RunResult): RunResult["violations"][number] | undefined {
  return breakOf(old, (scenario.exhibit?.old.scenario ?? scenario).expect.violates);
}

function whatBroke(scenario: ScenarioSpec, old: RunResult, { paint }: TaleOptions): string[] {
  const violation = theBreak(scenario, old);
  if (violation !== undefined) {
    const others = new Set(old.violations.map(({ invariant }) => invariant));
    others.delete(violation.invariant);
    const more = others.size === 0 ? [] : [` ${paint.faint(`and with it ${[...others].join(", ")}`)}`, ""];
    return [...describeViolation(violation, old.seed, paint), ...more];
  }
  const { acknowledged, legallyLost } = old.records;
  if (legallyLost === 0) return [];
  return [
    ` ${paint.bad("✗")} ${grouped(legallyLost)} of ${grouped(acknowledged)} acknowledged records are lost: no promise covered them`,
    "",
  ];
}

function fullIsrInWords(afterUs: number | null | undefined): string {
  if (afterUs === undefined) return "no fault";
  if (afterUs === null) return "never";
  return afterUs === 0 ? "was never lost" : span(afterUs);
}

/** What became of records and cluster on either side. */
function whatChanged(old: RunResult, fixed: RunResult | undefined, { paint }: TaleOptions): string[] {
  const sides = fixed === undefined ? [old] : [old, fixed];
  const row = (what: string, of: (result: RunResult) => string) => [{ text: what }, ...sides.map((side) => ({ text: of(side) }))];
  const faint = (text: string) => ({ text, paint: (each: string) => paint.faint(each) });
  const rows = [
    [{ text: "what it comes to", paint: (each: string) => paint.strong(each) }, ...sides.map(({ side }) => faint(side ?? ""))],
    row("acknowledged", ({ records }) => grouped(records.acknowledged)),
    row("lost", ({ records }) => grouped(records.lost)),
    row("lost legally", ({ records }) => grouped(records.legallyLost)),
    row("duplicated", ({ records }) => grouped(records.duplicated)),
    row("failed", ({ records }) => grouped(records.failed)),
    row("delayed", ({ records }) => grouped(records.delayed)),
    row("longest outage", ({ longestOutage }) =>
      longestOutage === undefined ? "none" : span(longestOutage.toUs - longestOutage.fromUs),
    ),
    row("leaders elected", ({ recovery }) => grouped(recovery.elections)),
    row("full ISR again after", ({ recovery: { fullIsrAfterUs } }) => fullIsrInWords(fullIsrAfterUs)),
    row("promises broken", ({ violations }) => grouped(new Set(violations.map(({ invariant }) => invariant)).size)),
    ...old.groups.flatMap((group, index) => {
      const name = old.groups.length > 1 ? `${printable(group.group)}: ` : "";
      const count = (what: string, of: (numbers: GroupResult) => string) =>
        row(`${name}${what}`, ({ groups }) => of(groups[index] ?? group));
      return [
        count("processed", ({ processedOnce }) => grouped(processedOnce)),
        count("processed again", ({ processedAgain }) => grouped(processedAgain)),
        count("skipped", ({ skipped }) => grouped(skipped)),
        count("out of order", ({ outOfOrder }) => grouped(outOfOrder)),
        count("highest lag", ({ lag }) => grouped(lag.highest)),
        count("rebalances", ({ rebalances }) => grouped(rebalances)),
        count("without an owner", ({ ownerlessUs }) => span(ownerlessUs)),
      ];
    }),
    row("steps", ({ events }) => grouped(events)),
  ];
  return [...inColumns(rows, { right: new Set([1, 2]), gap: 3 }), ""];
}
