/** The messages in flight: who has sent what to whom, when it arrives, and what holds it up. */
import { describeDelivery } from "../../scenario/run-edit.ts";
import { type Line, type Span, span } from "../line.ts";
import type { Item, Pane } from "../pane.ts";
import { flightLines, flightText } from "./flight-lines.ts";
import { readFlight } from "./read-scene.ts";
import type { FlightRow, FlightScene } from "./scene.ts";

export const flightPane: Pane<FlightScene> = {
  id: "flight",
  name: "in flight",
  scene: readFlight,
  items: ({ rows }) => rows.flatMap(itemOf),
  title: flightTitle,
  lines: flightLines,
  summary: flightSummary,
};

/** What can't be named can't be changed. */
function itemOf({ id, delivery, whereabouts, isCopy }: FlightRow): readonly Item[] {
  if (delivery === undefined) return [];
  const label = `${describeDelivery(delivery)}${isCopy ? " (copy)" : ""}`;
  return [{ id, label, subject: { kind: "message", delivery, isHeld: whereabouts === "held", isCopy } }];
}

function flightTitle({ rows }: FlightScene): Line {
  return [span("in flight · ", "title"), ...countSpans(rows)];
}

function countSpans(rows: readonly FlightRow[]): readonly Span[] {
  const spans: Span[] = [span(rows.length === 0 ? "nothing" : String(rows.length))];
  for (const hindrance of ["held", "cut off", "clogged", "no power", "paused", "queued"] as const) {
    const count = rows.filter((row) => row.hindrance === hindrance && !row.isLost).length;
    if (count > 0) spans.push(span(` · ${count} ${hindrance}`, "warning"));
  }
  const lost = rows.filter(({ isLost }) => isLost).length;
  if (lost > 0) spans.push(span(` · ${lost} lost`, "bad"));
  return spans;
}

function flightSummary(scene: FlightScene): Line {
  const [first] = scene.rows;
  if (first === undefined) return countSpans(scene.rows);
  return [...countSpans(scene.rows), span(` · ${first.from} → ${first.to} ${flightText(first)}`, "faint")];
}
