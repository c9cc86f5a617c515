/**
 * Which pane gets which part of the screen. Pure: a size, how somebody looks, and which panes there are, make a tree of rows and columns.
 *
 * Panes on top of one another share the line between them; columns side by side each have their own frame. What has no room for a pane is told
 * in one line at the bottom, and opens below the timeline when it gets the focus.
 */
import { PANE_IDS, type PaneId } from "../pane.ts";
import type { ViewState } from "../view-state.ts";

/** The screen can be used from this size on; `height` counts lines that are painted. */
export const SMALLEST = { width: 60, height: 14 } as const;
const WIDE = { width: 110, height: 28 } as const;
/** From here on checks have a column of their own. */
const VERY_WIDE = { width: 180, height: 40 } as const;

export type Box =
  | { readonly kind: "row" | "column"; readonly width: number; readonly height: number; readonly boxes: readonly Box[] }
  | PaneBox
  | { readonly kind: "summaries"; readonly width: number; readonly height: number; readonly panes: readonly PaneId[] };

export interface PaneBox {
  readonly kind: "pane";
  readonly pane: PaneId;
  /** With its frame. */
  readonly width: number;
  readonly height: number;
  /** The pane whose frame its upper line belongs to as well. */
  readonly below: PaneId | undefined;
  /** Whether the line under it is another pane's. */
  readonly isOpenBelow: boolean;
}

export interface LayoutOptions {
  /** Of the body: what header and bottom line leave. */
  readonly width: number;
  readonly height: number;
  readonly view: Pick<ViewState, "focus" | "enlarged" | "hidden" | "present">;
  readonly panes: readonly PaneId[];
  /** Lines inside of their frames that some panes would like to have at most: more of them would stay empty. */
  readonly wishes?: Readonly<Partial<Record<PaneId, number>>>;
}

/** Lines that a frame takes above and below. */
const FRAME = 2;

export function layoutOf(options: LayoutOptions): Box {
  const { width, height, view } = options;
  const there = PANE_IDS.filter((id) => options.panes.includes(id));
  if (view.enlarged !== undefined && there.includes(view.enlarged)) return column(width, height, [[view.enlarged, 1]]);
  const shown = there.filter((id) => !view.hidden.includes(id));
  if (shown.length === 0) return { kind: "summaries", width, height, panes: [] };
  // A note may leave little.
  if (view.present || height < STACK_HEIGHT_MIN) return presented(options, shown);
  return width >= WIDE.width && height >= WIDE.height - 2 ? wide(options, shown) : stacked(options, shown);
}

// ---- wide screens: lanes and cluster above, messages and clients beside the timeline and its causes ----

function wide(options: LayoutOptions, shown: readonly PaneId[]): Box {
  const { width, height } = options;
  const isVeryWide = width >= VERY_WIDE.width && height >= VERY_WIDE.height;
  const top = shown.filter((id) => id === "lanes" || id === "cluster");
  const among = (...ids: PaneId[]): PaneId[] => ids.filter((id) => shown.includes(id));
  const columns = [
    among("flight", "clients", ...(isVeryWide ? [] : (["checks"] as const))),
    among("timeline", "causes"),
    ...(isVeryWide ? [among("checks")] : []),
  ].filter((ids) => ids.length > 0);
  if (columns.length === 0) return band(width, height, top);
  if (top.length === 0) return lower(width, height, columns, options);
  const share = Math.floor(height * 0.42);
  const wished = Math.max(...top.map((id) => options.wishes?.[id] ?? 8)) + FRAME;
  const above = Math.max(7, Math.min(share, wished));
  return {
    kind: "column",
    width,
    height,
    boxes: [band(width, above, top), lower(width, height - above, columns, options)],
  };
}

/** Lanes are wider than what stands beside them. */
function band(width: number, height: number, panes: readonly PaneId[]): Box {
  const [left, right] = panes;
  if (left === undefined) return { kind: "summaries", width, height, panes: [] };
  if (right === undefined) return column(width, height, [[left, 1]]);
  const first = Math.round(width * 0.66);
  return {
    kind: "row",
    width,
    height,
    boxes: [column(first, height, [[left, 1]]), column(width - first, height, [[right, 1]])],
  };
}

const COLUMN_SHARES: Readonly<Partial<Record<PaneId, number>>> = {
  timeline: 1.45,
  flight: 1,
  clients: 1,
  causes: 1.45,
  checks: 0.9,
};

function lower(width: number, height: number, columns: readonly (readonly PaneId[])[], options: LayoutOptions): Box {
  const shares = columns.map((ids) => Math.max(...ids.map((id) => COLUMN_SHARES[id] ?? 1)));
  const total = shares.reduce((sum, share) => sum + share, 0);
  let left = width;
  const boxes = columns.map((ids, index): Box => {
    const own = index === columns.length - 1 ? left : Math.round((width * (shares[index] as number)) / total);
    left -= own;
    return column(own, height, weighted(ids, options));
  });
  return boxes.length === 1 ? (boxes[0] as Box) : { kind: "row", width, height, boxes };
}

// ---- narrow or low screens: one under the other ----

/** In the order in which they come to have room: as a line, and as a pane. */
const OTHERS: readonly PaneId[] = ["checks", "flight", "cluster", "clients", "causes"];
const LANES_LINES_MIN = 4;
const TIMELINE_LINES_MIN = 3;
/** Both, and their frames. */
const STACK_HEIGHT_MIN = LANES_LINES_MIN + TIMELINE_LINES_MIN + 3;
/** What the timeline has before others are opened. */
const TIMELINE_LINES_GOOD = 12;
const OPEN_LINES = 5;
/** With fewer lines than these for both, the focused pane takes the place of the whole timeline. */
const SHARED_LINES_MIN = 8;

function stacked(options: LayoutOptions, shown: readonly PaneId[]): Box {
  const { width, height, view, wishes } = options;
  const [hasLanes, hasTimeline] = [shown.includes("lanes"), shown.includes("timeline")];
  const others = OTHERS.filter((id) => shown.includes(id));
  if (!hasLanes && !hasTimeline) return column(width, height, weighted(others, options));
  const lanes = hasLanes ? Math.max(LANES_LINES_MIN, Math.min(wishes?.lanes ?? 6, Math.floor(height * 0.34))) : 0;
  /** What is left inside of all frames but that of the lanes. */
  const linesWith = (opened: number, told: number): number =>
    height - lanes - told - opened - Number(hasLanes) - Number(hasTimeline) - 1;
  const opened = others.filter((id) => id === view.focus);
  const told = others.filter((id) => id !== view.focus);
  const needed = (hasTimeline ? TIMELINE_LINES_MIN : 0) + (opened.length > 0 ? TIMELINE_LINES_MIN : 0);
  while (told.length > 0 && linesWith(opened.length, told.length) < needed) told.pop();
  const good = hasTimeline ? TIMELINE_LINES_GOOD : 0;
  while (told.length > 0 && linesWith(opened.length + 1, told.length - 1) >= good + OPEN_LINES * (opened.length + 1)) {
    opened.push(told.shift() as PaneId);
  }
  const lines = linesWith(opened.length, told.length);
  const isShared = hasTimeline && (opened.length === 0 || lines >= SHARED_LINES_MIN);
  const rest = isShared ? (["timeline", ...opened] as const) : opened;
  // Without others, all that is left is the lanes'.
  const own = rest.length === 0 ? height - told.length - FRAME : lanes;
  const left = height - told.length - own - Number(hasLanes) - rest.length - 1;
  // Where somebody works there is as much room as for the timeline.
  const shares = weighted(rest, options).map(
    ([id, weight, wish]): Weighted => [id, id === view.focus ? WEIGHTS.timeline : weight, wish],
  );
  const sizes = shareOut(left, shares);
  const boxes: Box[] = columnOf(width, hasLanes ? [["lanes", own], ...sizes] : sizes);
  if (told.length > 0) boxes.push({ kind: "summaries", width, height: told.length, panes: inOrder(told) });
  return { kind: "column", width, height, boxes };
}

function inOrder(ids: readonly PaneId[]): PaneId[] {
  return PANE_IDS.filter((id) => ids.includes(id));
}

// ---- for a projector ----

/** What happens where, and why: of the others only the one in which somebody works. */
function presented(options: LayoutOptions, shown: readonly PaneId[]): Box {
  const { width, height, view, wishes } = options;
  const second = view.focus !== "lanes" && shown.includes(view.focus) ? view.focus : "timeline";
  const wanted = shown.filter((id) => id === "lanes" || id === second);
  return column(
    width,
    height,
    (wanted.length > 0 ? wanted : shown.slice(0, 1)).map((id) => [id, 1, id === "lanes" ? wishes?.lanes : undefined] as const),
  );
}

// ---- panes on top of one another ----

/** A pane, its share of the lines, and how many it would like to have at most. */
type Weighted = readonly [pane: PaneId, weight: number, wish?: number | undefined];

const WEIGHTS: Readonly<Record<PaneId, number>> = {
  lanes: 1,
  cluster: 1,
  timeline: 2,
  causes: 1,
  flight: 1.3,
  clients: 1,
  checks: 1,
};
const PANE_LINES_MIN = 2;

function weighted(ids: readonly PaneId[], { wishes }: LayoutOptions): Weighted[] {
  return ids.map((id) => [id, WEIGHTS[id], wishes?.[id]]);
}

function column(width: number, height: number, wanted: readonly Weighted[]): Box {
  // The last ones are left out where nothing could be seen of them.
  const fitting = Math.max(1, Math.min(wanted.length, Math.floor((height - 1) / (PANE_LINES_MIN + 1))));
  const panes = wanted.slice(0, fitting);
  const boxes = columnOf(width, shareOut(height - panes.length - 1, panes));
  return boxes.length === 1 ? (boxes[0] as Box) : { kind: "column", width, height, boxes };
}

/** `lines` by weight; what one has no use for goes to the others, and what nobody has a use for to the weightiest. */
function shareOut(lines: number, panes: readonly Weighted[]): [PaneId, number][] {
  const given = new Map<PaneId, number>();
  let open = [...panes];
  let left = lines;
  for (;;) {
    const total = open.reduce((sum, [, weight]) => sum + weight, 0);
    const content = open.filter(([, weight, wish]) => wish !== undefined && wish < Math.floor((left * weight) / total));
    if (content.length === 0 || content.length === open.length) break;
    for (const [id, , wish] of content) {
      const own = Math.max(PANE_LINES_MIN, wish as number);
      given.set(id, own);
      left -= own;
    }
    open = open.filter((each) => !content.includes(each));
  }
  let total = open.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [id, weight] of open) {
    const own = Math.round((left * weight) / total);
    given.set(id, own);
    left -= own;
    total -= weight;
  }
  return panes.map(([id]) => [id, given.get(id) as number]);
}

/** Neighbours share a line: each pane has the one above it, the last one the one below it, too. */
function columnOf(width: number, sizes: readonly (readonly [PaneId, number])[]): PaneBox[] {
  return sizes.map(([pane, lines], index) => {
    const isLast = index === sizes.length - 1;
    return {
      kind: "pane",
      pane,
      width,
      height: lines + (isLast ? FRAME : 1),
      below: sizes[index - 1]?.[0],
      isOpenBelow: !isLast,
    };
  });
}
