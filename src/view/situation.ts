/** What a moment, and what is selected in it, make possible. */
import type { Situation } from "./commands.ts";
import type { Frame } from "./frame.ts";
import type { Looks } from "./look.ts";
import type { Item } from "./pane.ts";
import type { ViewState } from "./view-state.ts";

export interface Activity {
  readonly isPlaying: boolean;
  readonly breakpoints: number;
}

/** What is selected in the focused pane. */
export function selectedItem(looks: Looks, { focus, choice }: ViewState): Item | undefined {
  const id = choice.selected[focus];
  return id === undefined ? undefined : looks.get(focus)?.items.find((item) => item.id === id);
}

export function situationOf(frame: Frame, looks: Looks, view: ViewState, activity: Activity): Situation {
  const { position, tape, branch, branches } = frame;
  const item = selectedItem(looks, view);
  return {
    ...activity,
    isAtStart: position === 0,
    isAtEnd: position === tape.length,
    subject: item?.subject,
    isWatched: item?.watched !== undefined,
    violation: violationFrom(frame),
    isSearching: view.choice.search !== undefined && view.choice.search !== "",
    branches: branches.length,
    isUnsaved: branch.parent !== undefined && !branch.saved,
    isFiltered: view.hidden.length > 0 || view.enlarged !== undefined,
  };
}

/** The next one counts; where there is none, the last. */
function violationFrom({ tape, position }: Frame): Situation["violation"] {
  const { violations } = tape;
  if (violations.some(({ step }) => step === position)) return "here";
  if (violations.some(({ step }) => step > position)) return "ahead";
  return violations.length > 0 ? "behind" : "none";
}
