/** Many runs in a few lines: one for each scenario, and the whole in one. */
import type { GroupResult } from "../run/group-result.ts";
import type { RunResult } from "../run/result.ts";
import { counted, grouped, span } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

/** One line per scenario and side, in the order of the results. */
export function summarize(results: readonly RunResult[], paint: Paint): string[] {
  const groups = new Map<string, RunResult[]>();
  for (const result of results) {
    const key = `${result.file}\n${result.side ?? ""}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [result]);
    else group.push(result);
  }
  const titles = [...groups.values()].map(([first]) => titleOf(first as RunResult));
  const width = Math.max(...titles.map((title) => title.length));
  return [...groups.values()].map((group, index) => line(group, (titles[index] as string).padEnd(width), paint));
}

function titleOf({ scenario, side }: RunResult): string {
  return printable(side === undefined ? scenario : `${scenario} (${side})`);
}

function line(group: readonly RunResult[], title: string, paint: Paint): string {
  const wrong = group.filter((result) => result.verdict !== "as-expected");
  const mark = wrong.length === 0 ? paint.good("✓") : paint.bad("✗");
  const broken = [...new Set(group.flatMap((result) => result.violations.map((violation) => violation.invariant)))];
  const lost = sum(group, (result) => result.records.lost);
  const legal = sum(group, (result) => result.records.legallyLost);
  const outage = Math.max(
    ...group.map(({ longestOutage }) => (longestOutage === undefined ? 0 : longestOutage.toUs - longestOutage.fromUs)),
  );
  const facts = [
    group.length === 1
      ? `seed ${(group[0] as RunResult).seed}`
      : `${group.length - wrong.length} of ${group.length} seeds as expected`,
    `${grouped(sum(group, (result) => result.records.acknowledged))} acknowledged, ${grouped(lost)} lost${legal > 0 ? `, ${grouped(legal)} lost legally` : ""}`,
    `outage ${span(outage)}`,
    ...groupFacts(group),
    ...(broken.length > 0 ? [`breaks ${broken.join(", ")}`] : []),
  ];
  return ` ${mark} ${title}  ${facts.join(" · ")}`;
}

/** Of all consumer groups together. */
function groupFacts(results: readonly RunResult[]): string[] {
  if (results.every(({ groups }) => groups.length === 0)) return [];
  const total = (of: (numbers: GroupResult) => number): string => grouped(sum(results, ({ groups }) => sum(groups, of)));
  return [`${total((numbers) => numbers.processedAgain)} processed again, ${total((numbers) => numbers.skipped)} skipped`];
}

/** The whole in one line. */
export function conclude(results: readonly RunResult[], wallMs: number, paint: Paint): string {
  const wrong = results.filter((result) => result.verdict !== "as-expected").length;
  const events = sum(results, (result) => result.events);
  const virtual = sum(results, (result) => result.virtualUs);
  const verdict =
    wrong === 0 ? paint.good(`all ${results.length} as expected`) : paint.bad(`${wrong} of ${results.length} not as expected`);
  const pace = wallMs > 0 ? ` · ${grouped(Math.round(events / wallMs))}k events/s` : "";
  return ` ${verdict} · ${counted(events, "event")} · ${span(virtual)} of virtual time in ${(wallMs / 1_000).toFixed(1)} s${pace}`;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
