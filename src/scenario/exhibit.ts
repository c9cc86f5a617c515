/** The two runs of an exhibit: one file, read once with its switch at the old and once at the new position. */
import { isDeepStrictEqual } from "node:util";
import { assert } from "../base/assert.ts";
import type { ProblemSink } from "./problem-sink.ts";
import type { ExhibitReading } from "./read-exhibit.ts";
import type { ScenarioProblem } from "./scenario-error.ts";
import type { ScenarioSpec } from "./spec.ts";
import { positionOf, type SideName, type Switch } from "./switch.ts";

/** A file as it was read with its switch, if it has one, in one position. */
export interface SideReading {
  readonly side: SideName;
  /** With what is wrong with it. */
  readonly sink: ProblemSink;
  /** With the file's own `expect`. Undefined if too much is wrong. */
  readonly spec: ScenarioSpec | undefined;
  readonly exhibit: ExhibitReading | undefined;
  readonly switch: Switch | undefined;
}

/** The scenario of a right exhibit: the file at its new position, with what it expects itself, and the two sides to play. */
export function exhibitOf(old: SideReading, fixed: SideReading): ScenarioSpec {
  const [before, since] = [sideOf(old), sideOf(fixed)];
  const { source, kind } = fixed.exhibit as ExhibitReading;
  const exhibit = { source, kind, key: since.key, old: before, new: since };
  return { ...(fixed.spec as ScenarioSpec), exhibit };
}

function sideOf({ side, sink, spec, exhibit, switch: turned }: SideReading) {
  assert(spec !== undefined && exhibit !== undefined && turned !== undefined, "a right exhibit has both of its sides");
  const { key } = turned;
  const value = positionOf(sink.source, turned, side);
  const scenario: ScenarioSpec = { ...spec, expect: exhibit.expects[side], switched: { key, value } };
  return { key, value, scenario };
}

/** The one run that somebody asks for by setting the switch: what it should come to is known if it is one of the sides. */
export function askedFor(asked: SideReading, sides: readonly SideReading[]): ScenarioSpec {
  const { spec, exhibit } = asked;
  assert(spec !== undefined && exhibit !== undefined, "nothing is wrong with what was asked for");
  const same = sides.find((side) => isSameRun(side.spec, spec));
  return same === undefined ? spec : { ...spec, expect: exhibit.expects[same.side], notes: same.spec?.notes ?? [] };
}

/** What is wrong with either side, told once; what only one position brings about says so. */
export function problemsOf(old: SideReading, fixed: SideReading): ScenarioProblem[] {
  const { sink } = fixed;
  // What is wrong with the exhibit itself may be why.
  const isRight = ![...old.sink.all, ...sink.all].some((problem) => isInExhibit(problem, sink));
  if (isRight && isSameRun(old.spec, fixed.spec)) {
    const at = sink.source.nodeAt(["exhibit", "old"]) === undefined ? "new" : "old";
    sink.add(["exhibit", at], { code: "CONTRADICTION", message: "both sides of this exhibit are the same run" });
  }
  const olds = new Set(old.sink.all.map(identity));
  const common = sink.all.filter((problem) => olds.has(identity(problem)));
  const shared = new Set(common.map(identity));
  return [...common, ...[old, fixed].flatMap((reading) => ownProblems(reading, shared))];
}

function ownProblems({ side, sink, switch: turned }: SideReading, shared: ReadonlySet<string>): ScenarioProblem[] {
  const own = sink.all.filter((problem) => !shared.has(identity(problem)));
  return own.map((problem) => {
    if (turned === undefined || isInExhibit(problem, sink)) return problem;
    const where = `at the ${side} side of the exhibit, with \`${turned.key}\` at ${positionOf(sink.source, turned, side)}`;
    return { ...problem, message: `${problem.message} (${where})` };
  });
}

function isInExhibit({ place }: ScenarioProblem, { source }: ProblemSink): boolean {
  const range = source.nodeAt(["exhibit"])?.range;
  return place?.isFile === true && range != null && place.start >= range[0] && place.start < range[1];
}

function isSameRun(a: ScenarioSpec | undefined, b: ScenarioSpec | undefined): boolean {
  return a !== undefined && b !== undefined && isDeepStrictEqual(asRun(a), asRun(b));
}

/** Without what it is called, and what is expected and said of it. */
function asRun({ expect: _expect, notes: _notes, recorded: _recorded, ...run }: ScenarioSpec): object {
  return { ...run, name: "", about: "", tags: [] };
}

function identity({ message, place, file }: ScenarioProblem): string {
  return `${file} ${place?.start} ${message}`;
}
