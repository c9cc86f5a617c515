/** The first line: what is walked through, where one stands in it, and what holds so far. Where there is less room, less is said. */
import { grouped } from "../../report/numbers.ts";
import { printable } from "../../report/printable.ts";
import type { Branch } from "../../walk/branch.ts";
import { cut, spread } from "../fitting.ts";
import type { Frame } from "../frame.ts";
import { type Line, type Span, span, widthOf } from "../line.ts";
import { clock } from "../timeline/clock.ts";

export interface HeaderFacts {
  readonly seed: string;
  /** `old rule` or `new rule` of an exhibit. */
  readonly side: string | undefined;
  /** `▶ 4×` while it plays. */
  readonly speed: string | undefined;
}

const NAME_COLUMNS_MIN = 12;

export function headerOf(frame: Frame, facts: HeaderFacts, width: number): Line {
  const name = printable(frame.simulation.scenario.name);
  for (const told of LEVELS) {
    const right = [span("  "), ...placeOf(frame, facts, told), span("   "), ...checksOf(frame), span(" ")];
    const left = [span(" "), span(name, "strong"), ...runOf(frame, facts, told)];
    if (widthOf(left) + widthOf(right) < width) return spread(left, right, width);
  }
  const last = LEVELS[LEVELS.length - 1] as Told;
  const right = [span("  "), ...placeOf(frame, facts, last), span("  "), ...checksOf(frame), span(" ")];
  const room = Math.max(NAME_COLUMNS_MIN, width - widthOf(right));
  return spread(cut([span(" "), span(name, "strong")], room), right, width);
}

/** How much is said. */
interface Told {
  readonly seed: boolean;
  readonly release: boolean;
  readonly side: "whole" | "short" | "not";
  readonly branch: "whole" | "short" | "not";
  readonly length: boolean;
}

const ALL: Told = { seed: true, release: true, side: "whole", branch: "whole", length: true };
const LEVELS: readonly Told[] = [
  ALL,
  { ...ALL, side: "short" },
  { ...ALL, side: "short", branch: "short" },
  { ...ALL, side: "short", branch: "short", release: false },
  { ...ALL, side: "short", branch: "short", release: false, seed: false },
  { ...ALL, side: "not", branch: "short", release: false, seed: false },
  { ...ALL, side: "not", branch: "short", release: false, seed: false, length: false },
  { ...ALL, side: "not", branch: "not", release: false, seed: false, length: false },
];

function runOf({ simulation }: Frame, { seed, side }: HeaderFacts, told: Told): Span[] {
  const { release, switched } = simulation.scenario;
  const spans: Span[] = [];
  if (told.seed) spans.push(span(` · seed ${seed}`, "faint"));
  if (told.release) spans.push(span(` · Kafka ${release}`, "faint"));
  if (side !== undefined && told.side !== "not") {
    const turned = switched === undefined || told.side === "short" ? "" : `: ${switched.key}=${switched.value}`;
    spans.push(span(` · ${side}${turned}`, "accent"));
  }
  return spans;
}

function placeOf({ tape, position, branch, branches }: Frame, { speed }: HeaderFacts, told: Told): Span[] {
  const last = grouped(tape.length);
  const step = ` · step ${grouped(position).padStart(last.length)}`;
  const spans: Span[] = [];
  if (speed !== undefined) spans.push(span(`${speed}  `, "accent"));
  spans.push(span(`${clock(tape.timeOf(position), branch)} s`, "strong"), span(told.length ? `${step} of ${last}` : step));
  const isOnlyOne = branches.length === 1;
  if (told.branch === "whole" || (told.branch === "short" && !isOnlyOne)) {
    spans.push(span(" · "), ...pathOf(branch, told.branch === "short"));
  }
  return spans;
}

/** `main ▸ Fetch #412 from broker-2 to broker-1 dropped`, or its last part. */
function pathOf(branch: Branch, isShort: boolean): Span[] {
  const name = printable(branch.name);
  if (branch.parent === undefined) return [span(name, "faint")];
  if (isShort) return [span("▸ "), ...cut([span(name, "accent")], 28)];
  return [...pathOf(branch.parent, false), span(" ▸ "), span(name, "accent")];
}

/** How many promises hold to the end, how many are broken so far, and how many will be. */
function checksOf({ simulation, tape, position }: Frame): Span[] {
  const broken = new Set<string>();
  const coming = new Set<string>();
  for (const { step, invariant } of tape.violations) (step <= position ? broken : coming).add(invariant);
  const ahead = [...coming].filter((invariant) => !broken.has(invariant)).length;
  const held = simulation.checker.invariants.length - broken.size - ahead;
  const spans = [span(`✓ ${held}`, "good")];
  if (broken.size > 0) spans.push(span(" "), span(`✗ ${broken.size}`, "bad"));
  if (ahead > 0) spans.push(span(" "), span(`✗ ${ahead} ahead`, "warning"));
  return spans;
}
