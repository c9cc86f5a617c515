/** Which part of the logs matters: around their ends, as far back as the replica that is behind, unless that is very far. */
import type { Offset } from "../../kafka/ids.ts";
import type { End, Lane, OffsetRange } from "./scene.ts";

/** No screen shows more than this of what lies before the ends, at an offset a column. */
const BEFORE_ENDS = 512;
/** Who is further behind than this, and may not be elected, has its place in words only. */
const SPAN_MAX = 6_000;
/** A round scale and its slack may show so many times the span. */
const SLACK = 3;

/** Ascending, each once. */
export function endsOf(lanes: readonly Omit<Lane, "runs">[]): readonly End[] {
  const vital = new Map<Offset, boolean>();
  const add = (offset: Offset, isVital: boolean): void => {
    vital.set(offset, isVital || vital.get(offset) === true);
  };
  for (const { logEnd, highWatermark, truncated, lostByDisk, isElectable, condition } of lanes) {
    add(logEnd, isElectable || truncated !== undefined);
    // Of a broker that is down it is what was noted last, which says little.
    if (condition === "running" || condition === "paused") {
      add(Math.min(highWatermark, logEnd), isElectable && logEnd - highWatermark < BEFORE_ENDS);
    }
    if (truncated !== undefined) add(truncated.to, true);
    if (lostByDisk !== undefined) add(lostByDisk.to, true);
  }
  return [...vital].map(([offset, isVital]) => ({ offset, isVital })).sort((a, b) => a.offset - b.offset);
}

export function extentOf(ends: readonly End[]): OffsetRange {
  const to = ends.at(-1)?.offset ?? 0;
  const lowest = ends.find(({ offset, isVital }) => isVital || offset >= to - SPAN_MAX)?.offset ?? to;
  return { from: Math.max(0, to - Math.max(BEFORE_ENDS, SLACK * (to - lowest))), to };
}
