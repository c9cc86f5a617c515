/** Two branches behind their parting, entry by entry, aligned by time. */
import type { ScenarioSpec } from "../../scenario/spec.ts";
import type { Branch } from "../../walk/branch.ts";
import { entriesOfBranch } from "../timeline/entries.ts";
import { momentOf, type TimelineMoment } from "../timeline/moment.ts";
import type { Choice } from "../view-state.ts";

/** Both: the same at the same time. One of them: the other has nothing like it then. */
export interface ComparedRow {
  readonly left: TimelineMoment | undefined;
  readonly right: TimelineMoment | undefined;
}

export interface ComparedSides {
  readonly left: Branch;
  readonly right: Branch;
  readonly choice: Pick<Choice, "detail" | "partition">;
  readonly scenario: ScenarioSpec;
}

/** Rows from behind step `leftStep` of the one and `rightStep` of the other, the first `skipped` left out, at most `count`. */
export function comparedRows(
  { left, right, choice, scenario }: ComparedSides,
  from: { readonly leftStep: number; readonly rightStep: number },
  { skipped, count }: { readonly skipped: number; readonly count: number },
): readonly ComparedRow[] {
  const rows: ComparedRow[] = [];
  const [ours, theirs] = [reader(left, choice, scenario, from.leftStep), reader(right, choice, scenario, from.rightStep)];
  while (rows.length < skipped + count) {
    const [a, b] = [ours.take(), theirs.take()];
    if (a === undefined && b === undefined) break;
    if (b === undefined || (a !== undefined && a.timeUs < b.timeUs)) {
      rows.push(...(a?.moments ?? []).map((each): ComparedRow => ({ left: each, right: undefined })));
      theirs.putBack();
    } else if (a === undefined || b.timeUs < a.timeUs) {
      rows.push(...b.moments.map((each): ComparedRow => ({ left: undefined, right: each })));
      ours.putBack();
    } else rows.push(...paired(a.moments, b.moments));
  }
  return rows.slice(skipped, skipped + count);
}

interface Moments {
  readonly timeUs: number;
  readonly moments: readonly TimelineMoment[];
}

interface Reader {
  take(): Moments | undefined;
  /** What was taken last is taken again. */
  putBack(): void;
}

/** All that happens at one moment at a time. */
function reader(branch: Branch, choice: ComparedSides["choice"], scenario: ScenarioSpec, step: number): Reader {
  const entries = entriesOfBranch(branch, choice, scenario);
  const { tape, ending } = branch;
  let place = entries.upTo(step);
  let last: Moments | undefined;
  let isBack = false;
  return {
    take() {
      if (isBack) {
        isBack = false;
        return last;
      }
      last = undefined;
      const moments: TimelineMoment[] = [];
      let timeUs = 0;
      for (; place < entries.count; place++) {
        const entry = entries.at(place);
        const at = tape.timeOf(entry.step) - ending.readyAt;
        if (moments.length > 0 && at !== timeUs) break;
        timeUs = at;
        moments.push(momentOf(entry, branch, scenario));
      }
      if (moments.length > 0) last = { timeUs, moments };
      return last;
    },
    putBack() {
      isBack = last !== undefined;
    },
  };
}

/** What is the same stands in one row; what comes before it on one side only, in rows of its own. */
function paired(left: readonly TimelineMoment[], right: readonly TimelineMoment[]): ComparedRow[] {
  const rows: ComparedRow[] = [];
  let next = 0;
  for (const ours of left) {
    const twin = right.findIndex((theirs, index) => index >= next && isAlike(ours, theirs));
    if (twin < 0) {
      rows.push({ left: ours, right: undefined });
      continue;
    }
    for (; next < twin; next++) rows.push({ left: undefined, right: right[next] });
    rows.push({ left: ours, right: right[next++] });
  }
  for (; next < right.length; next++) rows.push({ left: undefined, right: right[next] });
  return rows;
}

function isAlike(a: TimelineMoment, b: TimelineMoment): boolean {
  return a.text === b.text && a.sign === b.sign && a.node === b.node;
}
