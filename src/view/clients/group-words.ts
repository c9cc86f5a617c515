/** A group in one row: its state as the coordinator has it, and what of its partitions is amiss. */
import { grouped } from "../../report/numbers.ts";
import { printable } from "../../report/printable.ts";
import { shortList } from "../cluster/link-words.ts";
import { join } from "../fitting.ts";
import { type Line, type Span, span } from "../line.ts";
import type { GroupScene } from "./scene.ts";
import type { Column, Row } from "./table.ts";

export const GROUP_COLUMNS: readonly Column[] = [
  { key: "name", rank: 0 },
  { key: "state", rank: 1 },
  { key: "generation", rank: 5 },
  { key: "protocol", rank: 8 },
  { key: "members", rank: 7 },
  { key: "coordinator", rank: 6 },
  { key: "amiss", rank: 2 },
  { key: "awaited", rank: 2 },
  { key: "lag", rank: 4 },
  { key: "ownerless", rank: 3 },
];

export function isRebalancing({ held }: GroupScene): boolean {
  return held !== undefined && held.state !== "Stable" && held.state !== "Empty" && held.state !== "Dead";
}

export function groupRow(group: GroupScene, isSelected: boolean): Row {
  const { held, lag, coordinator } = group;
  const generation = held?.protocol === "consumer" ? `epoch ${held.generation}` : `gen ${held?.generation}`;
  return {
    cells: {
      name: [
        isSelected ? span("▸", "selected") : span(" "),
        signOf(group),
        span(" "),
        span(printable(group.group), isSelected ? "selected" : "strong"),
      ],
      state: [stateOf(group)],
      generation: held === undefined || held.generation <= 0 ? [] : [span(generation)],
      protocol: held === undefined ? [] : [span(held.protocol, "faint")],
      members: held === undefined ? [] : [span(`${held.size} member${held.size === 1 ? "" : "s"}`, "faint")],
      coordinator: held === undefined || coordinator.node === undefined ? [] : [span(`at ${coordinator.node}`, "faint")],
      awaited: held === undefined || held.awaited.length === 0 ? [] : [span(`waits for ${shortList(held.awaited)}`, "warning")],
      lag: [span(`lag ${grouped(lag)}`, lag === 0 ? "faint" : undefined)],
      amiss: amiss(group),
      ownerless: group.ownerless.length === 0 ? [] : [span(`nobody has ${shortList(group.ownerless)}`, "warning")],
    },
  };
}

function signOf(group: GroupScene): Span {
  if (group.held === undefined) return span("?", "warning");
  if (isRebalancing(group)) return span("↻", "warning");
  return group.held.state === "Stable" ? span("●", "good") : span("○", "faint");
}

function stateOf({ held, coordinator }: GroupScene): Span {
  if (held !== undefined)
    return span(held.state, held.state === "Stable" ? "good" : held.state === "Empty" ? "faint" : "warning");
  const { node, state } = coordinator;
  if (node === undefined) return span("no coordinator", "warning");
  if (state === "coordinates") return span("unknown yet", "faint");
  if (state === "down") return span(`${node} is down`, "bad");
  return span(state === "loads" ? `${node} loads` : `${node} not yet`, "warning");
}

/** What must not be. */
function amiss({ contested, coordinator }: GroupScene): Line {
  const twice: Line = contested.length === 0 ? [] : [span(`☆ ${shortList(contested)} twice`, "bad")];
  const rivals: Line =
    coordinator.rivals.length === 0 ? [] : [span(`☆ ${shortList(coordinator.rivals)} coordinates, too`, "bad")];
  return join([twice, rivals], [span(" · ", "faint")]);
}
