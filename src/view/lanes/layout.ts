/** Where everything stands in the lanes pane: which columns are names, cells, numbers and words, and how many rows a lane gets. Pure. */
import { columnsOf } from "../line.ts";
import type { Room } from "../pane.ts";
import { laneWords, type Words } from "./lane-words.ts";
import type { CommittedState, Lane, LanesScene } from "./scene.ts";

export interface LanesLayout {
  readonly nameWidth: number;
  /** Of the mark of selection, the name, and the mark of its role. */
  readonly labelWidth: number;
  readonly cells: number;
  /** Digits of an offset. */
  readonly digits: number;
  /** What is right of the cells: numbers, and words beside or below them. */
  readonly wordsWidth: number;
  readonly rowsPerLane: 1 | 2;
  readonly hasGaps: boolean;
  readonly hasAxis: boolean;
  readonly hasFacts: boolean;
  readonly hasLosses: boolean;
  /** Lanes in view. */
  readonly lanes: readonly Lane[];
  readonly lanesLeftOut: number;
}

const NAME_MAX = 16;
const CELLS_MIN = 10;
const CELLS_SHARE = 0.3;
/** Words come and go: their room changes in steps. */
const WORDS_STEP = 8;
const WORDS_MAX = 64;
/** Where not all lanes fit, the axis stands above so many rows. */
const LANES_WITH_AXIS = 4;
/** Fewer details for a projector. */
const WORDS_PRESENTED = 3;
/** What is selected, and stands in the frame. */
const FACT_IDS = ["leader", "ISR", "leader epoch"] as const;

export function layoutOf(scene: LanesScene, room: Room): LanesLayout {
  const rows = rowsOf(scene, room);
  const nameWidth = Math.min(NAME_MAX, Math.max(4, ...scene.lanes.map(({ node }) => columnsOf(node))));
  const labelWidth = nameWidth + 4;
  const digits = Math.max(...scene.lanes.map(({ logEnd, highWatermark }) => String(Math.max(logEnd, highWatermark)).length), 1);
  const free = room.width - labelWidth;
  const numbers = numbersWidth(digits);
  const wanted = Math.min(WORDS_MAX, Math.ceil(longestWords(scene, room) / WORDS_STEP) * WORDS_STEP);
  const cellsMin = Math.max(CELLS_MIN, Math.floor(free * CELLS_SHARE));
  const beside = free - numbers - cellsMin - 2;
  // A second row where there is room for it: for words that find none beside the cells, or for larger cells.
  const rowsPerLane = rows.mayHaveTwo && (room.present || beside < wanted) ? 2 : 1;
  const most = rowsPerLane === 1 ? beside : free - cellsMin - 1;
  const wordsWidth = most < CELLS_MIN ? 0 : Math.min(wanted, most);
  const right = rowsPerLane === 1 ? numbers + (wordsWidth > 0 ? wordsWidth + 2 : 0) : Math.max(numbers, wordsWidth + 1);
  const cells = Math.max(1, Math.min(free, Math.max(cellsMin, free - right)));
  return { ...rows, rowsPerLane, nameWidth, labelWidth, digits, wordsWidth, cells };
}

/** Of ` LEO 119  HW 119`. */
function numbersWidth(digits: number): number {
  return 10 + 2 * digits;
}

function longestWords({ lanes, state }: LanesScene, room: Room): number {
  if (state === undefined) return 0;
  return Math.max(0, ...lanes.map((lane) => columnsOf(wordsText(wordsShown(lane, state, room)))));
}

export function wordsShown(lane: Lane, state: CommittedState, { present }: Room): readonly Words[] {
  const words = laneWords(lane, state);
  return present ? words.slice(0, WORDS_PRESENTED) : words;
}

export const BETWEEN_WORDS = " · ";

function wordsText(words: readonly Words[]): string {
  return words.map(({ text }) => text).join(BETWEEN_WORDS);
}

interface Rows extends Pick<LanesLayout, "hasGaps" | "hasAxis" | "hasFacts" | "hasLosses" | "lanes" | "lanesLeftOut"> {
  readonly mayHaveTwo: boolean;
}

function rowsOf(scene: LanesScene, room: Room): Rows {
  const { height, selected } = room;
  const count = scene.lanes.length;
  const hasFacts = height > 1 && FACT_IDS.some((id) => id === selected);
  const hasLosses = scene.losses.length > 0 && height > (hasFacts ? 2 : 1);
  const taken = Number(hasFacts) + Number(hasLosses);
  // It is left out where lanes would be, or what is lost.
  const hasAxis = height > taken + (taken === 0 ? Math.min(count, LANES_WITH_AXIS) : count);
  const left = height - taken - Number(hasAxis);
  const mayHaveTwo = left >= 2 * count;
  const hasGaps = left >= 3 * count - 1;
  const inView = lanesInView(scene, room, left);
  // Where only one row is left there is none to count the others in.
  const lanesLeftOut = left > 1 ? count - inView.length : 0;
  return { mayHaveTwo, hasGaps, hasAxis, hasFacts, hasLosses, lanes: inView, lanesLeftOut };
}

/** All, or as many as leave a row to count the others: those that matter now. */
function lanesInView({ lanes }: LanesScene, { selected }: Room, rows: number): readonly Lane[] {
  if (lanes.length <= rows) return lanes;
  const count = Math.max(1, rows - 1);
  const byWeight = lanes.map((lane, place) => ({ lane, place, weight: weightOf(lane, selected) }));
  const chosen = byWeight.sort((a, b) => a.weight - b.weight || a.place - b.place).slice(0, count);
  return chosen.sort((a, b) => a.place - b.place).map(({ lane }) => lane);
}

/** The lower, the more it belongs into view. */
function weightOf(lane: Lane, selected: string | undefined): number {
  const { node, role, condition, truncated, lostByDisk, membership, isCutOff, appended } = lane;
  if (selected === node || selected?.startsWith(`${node} `)) return 0;
  if (role === "leader" || role === "named") return 1;
  if (role === "former" || truncated !== undefined || lostByDisk !== undefined) return 2;
  if (condition !== "running" || isCutOff || !membership.inIsr || membership.evictedIn !== undefined) return 3;
  return appended === undefined ? 5 : 4;
}
