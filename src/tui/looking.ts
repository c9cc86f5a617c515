/** Looking: which pane has the keys, what is selected in it, how much of the screen it gets. */

import type { Item, PaneId } from "../view/pane.ts";
import { PANE_IDS } from "../view/pane.ts";
import { partitionsOf } from "../view/partitions.ts";
import type { TimelineDetail } from "../view/view-state.ts";
import type { Desk } from "./desk.ts";
import { menuLayer, numbered } from "./menu.ts";

export function focus(desk: Desk, pane: PaneId): void {
  const { view } = desk;
  desk.view = {
    ...view,
    focus: pane,
    // What is asked for is shown.
    hidden: view.hidden.filter((each) => each !== pane),
    enlarged: view.enlarged === undefined ? undefined : pane,
  };
}

export function focusNext(desk: Desk, by: 1 | -1): void {
  const { view } = desk;
  const shown = PANE_IDS.filter((pane) => !view.hidden.includes(pane));
  if (shown.length === 0) return;
  const here = shown.indexOf(view.focus);
  focus(desk, shown[(here + by + shown.length) % shown.length] as PaneId);
}

export function select(desk: Desk, by: 1 | -1): void {
  const { items, view } = desk;
  if (items.length === 0) {
    desk.say("there is nothing to select in this pane", "warning");
    return;
  }
  const here = items.findIndex(({ id }) => id === view.choice.selected[view.focus]);
  const next = here < 0 ? entrance(desk, items, by) : items[Math.min(Math.max(here + by, 0), items.length - 1)];
  if (next === undefined) return;
  desk.choose({ selected: { ...view.choice.selected, [view.focus]: next.id } });
}

/** In the timeline, where one stands; elsewhere, the end from which the key leads in. */
function entrance({ walk, view }: Desk, items: readonly Item[], by: 1 | -1): Item | undefined {
  if (view.focus !== "timeline") return by === 1 ? items[0] : items.at(-1);
  const isBefore = ({ subject }: Item): boolean => subject.kind === "moment" && subject.step <= walk.position;
  return by === 1 ? (items.find((item) => !isBefore(item)) ?? items.at(-1)) : (items.findLast(isBefore) ?? items[0]);
}

/** So that nothing is selected any more; false if nothing was. */
export function unselect(desk: Desk): boolean {
  const { choice, focus: pane } = desk.view;
  if (choice.selected[pane] === undefined) return false;
  const { [pane]: _gone, ...selected } = choice.selected;
  desk.choose({ selected });
  return true;
}

export function enlarge(desk: Desk): void {
  const { view } = desk;
  desk.view = { ...view, enlarged: view.enlarged === undefined ? view.focus : undefined };
}

export function hide(desk: Desk): void {
  const { view } = desk;
  const hidden = [...view.hidden, view.focus];
  const left = PANE_IDS.filter((pane) => !hidden.includes(pane));
  if (left.length === 0) {
    desk.say("one pane stays", "warning");
    return;
  }
  const next = left.find((pane) => PANE_IDS.indexOf(pane) > PANE_IDS.indexOf(view.focus)) ?? (left[0] as PaneId);
  desk.view = { ...view, hidden, focus: next, enlarged: undefined };
  desk.say("hidden: 0 brings all panes back");
}

export function showAll(desk: Desk): void {
  const { hidden, enlarged } = desk.view;
  if (hidden.length === 0 && enlarged === undefined) desk.say("every pane is shown", "warning");
  desk.view = { ...desk.view, hidden: [], enlarged: undefined };
}

export function present(desk: Desk): void {
  desk.view = { ...desk.view, present: !desk.view.present };
}

const DETAILS: readonly TimelineDetail[] = ["story", "partition", "everything"];
const DETAIL_WORDS: Readonly<Record<TimelineDetail, string>> = {
  story: "what a reader would want to know",
  partition: "everything about the chosen partition",
  everything: "every domain event",
};

export function changeDetail(desk: Desk): void {
  const detail = DETAILS[(DETAILS.indexOf(desk.view.choice.detail) + 1) % DETAILS.length] as TimelineDetail;
  const { timeline: _gone, ...selected } = desk.view.choice.selected;
  desk.choose({ detail, selected });
  desk.say(`the timeline shows ${DETAIL_WORDS[detail]}`);
}

export function choosePartition(desk: Desk): void {
  const partitions = partitionsOf(desk.frame);
  const { topic, partition } = desk.view.choice.partition;
  const entries = partitions.map((each) => ({
    word: `${each.topic}-${each.partition}`,
    choose: () => {
      const { lanes: _gone, ...selected } = desk.view.choice.selected;
      desk.choose({ partition: each, selected });
    },
  }));
  if (entries.length < 2) {
    desk.say("there is no other partition", "warning");
    return;
  }
  const marked = partitions.findIndex((each) => each.topic === topic && each.partition === partition);
  desk.open(menuLayer(desk, { title: "partition", choices: numbered(entries), marked: Math.max(0, marked) }));
}
