/**
 * What of the clients is shown in how many rows: one for each client and group; then the members of groups; then each partition that
 * somebody reads. What is selected, and what is amiss, comes first; what finds no room is counted.
 */
import { type Line, span } from "../line.ts";
import type { Room } from "../pane.ts";
import { GROUP_COLUMNS, groupRow, isRebalancing } from "./group-words.ts";
import type { ClientsScene, ConsumerScene, GroupScene, MemberScene } from "./scene.ts";
import { tabled } from "./table.ts";
import { consumerRow, memberRow, POSITION_COLUMNS, positionRow, producerColumns, producerRow, READER_COLUMNS } from "./words.ts";

interface Plan {
  /** Indices of base rows that are shown: producers, consumers and groups, counted through. */
  readonly shown: ReadonlySet<number>;
  /** By group, so many of its members, those that matter most. */
  readonly members: ReadonlyMap<GroupScene, readonly MemberScene[]>;
  /** Who reads, with a row for each partition. */
  readonly detailed: ReadonlySet<ConsumerScene>;
}

export function arrange(scene: ClientsScene, room: Room): Line[] {
  const plan = planOf(scene, room);
  const { width, selected, height } = room;
  const { producers, consumers, groups } = scene;
  const isShown = (offset: number, index: number): boolean => plan.shown.has(offset + index);
  const shownProducers = producers.filter((_, index) => isShown(0, index));
  const shownConsumers = consumers.filter((_, index) => isShown(producers.length, index));
  const shownGroups = groups.filter((_, index) => isShown(producers.length + consumers.length, index));
  const lines = tabled(
    shownProducers.map((each) => producerRow(each, selected)),
    producerColumns(shownProducers),
    width,
  );
  const readers = tabled(
    shownConsumers.map((each) => consumerRow(each, selected, plan.detailed.has(each))),
    READER_COLUMNS,
    width,
  );
  for (const [index, each] of shownConsumers.entries()) {
    lines.push(readers[index] as Line, ...detailsOf(each, plan, width, 4));
  }
  const heads = tabled(
    shownGroups.map((each) => groupRow(each, isCollapsedSelection(each, plan, selected))),
    GROUP_COLUMNS,
    width,
  );
  for (const [index, each] of shownGroups.entries()) {
    lines.push(heads[index] as Line, ...memberLines(each, plan, width, selected));
  }
  const missing = producers.length + consumers.length + groups.length - plan.shown.size;
  if (missing > 0) lines.push([span(` and ${missing} more`, "faint")]);
  return lines.slice(0, height);
}

function isCollapsedSelection(group: GroupScene, { members }: Plan, selected: string | undefined): boolean {
  const isIn = group.members.some(({ node }) => node === selected);
  return isIn && members.get(group)?.some(({ node }) => node === selected) !== true;
}

function memberLines(group: GroupScene, plan: Plan, width: number, selected: string | undefined): Line[] {
  const shown = plan.members.get(group) ?? [];
  const rows = tabled(
    shown.map((each) => memberRow(each, group, selected, plan.detailed.has(each))),
    READER_COLUMNS,
    width,
  );
  const lines = shown.flatMap((each, index) => [rows[index] as Line, ...detailsOf(each, plan, width, 5)]);
  const missing = group.members.filter((each) => !shown.includes(each));
  const isSpare = missing.every((each) => each.isSpare && each.condition === "absent");
  if (shown.length > 0 && missing.length > 0) {
    lines.push([span(`    and ${missing.length} ${isSpare ? "spare" : "more"}`, "faint")]);
  }
  return lines;
}

function detailsOf(reader: ConsumerScene, { detailed }: Plan, width: number, indent: number): Line[] {
  if (!detailed.has(reader)) return [];
  return tabled(
    reader.positions.map((each) => positionRow(each, indent)),
    POSITION_COLUMNS,
    width,
  );
}

// ---- what fits ----

function planOf(scene: ClientsScene, { height, selected, present }: Room): Plan {
  const { producers, consumers, groups } = scene;
  const base = [...producers, ...consumers, ...groups];
  const weights = base.map((each) => weightOf(each, selected));
  const kept = base.length <= height ? base.length : height - 1;
  const order = base.map((_, index) => index).sort((a, b) => (weights[b] as number) - (weights[a] as number) || a - b);
  const shown = new Set(order.slice(0, kept));
  let left = height - kept - (kept < base.length ? 1 : 0);
  const members = new Map<GroupScene, readonly MemberScene[]>();
  const detailed = new Set<ConsumerScene>();
  for (const index of order) {
    const group = base[index];
    if (group === undefined || !("members" in group) || !shown.has(index)) continue;
    const chosen = membersThatFit(group, left, selected);
    if (chosen.length === 0) continue;
    members.set(group, chosen);
    left -= chosen.length + (chosen.length < group.members.length ? 1 : 0);
  }
  if (present) return { shown, members, detailed };
  const standAlone = consumers.filter((_, index) => shown.has(producers.length + index)).map((each) => [each]);
  const units: (readonly ConsumerScene[])[] = [...standAlone, ...members.values()];
  const selectedOne = units.flat().filter(({ node }) => node === selected);
  for (const unit of [selectedOne, ...units]) {
    const wanted = unit.filter((reader) => !detailed.has(reader));
    const rows = wanted.reduce((sum, { positions }) => sum + positions.length, 0);
    if (rows > left) continue;
    for (const reader of wanted) if (reader.positions.length > 0) detailed.add(reader);
    left -= rows;
  }
  return { shown, members, detailed };
}

/** All, or those that matter most and a row that counts the others. */
function membersThatFit({ members }: GroupScene, rows: number, selected: string | undefined): readonly MemberScene[] {
  const candidates = members.filter(({ condition, isSpare, node }) => !isSpare || condition !== "absent" || node === selected);
  if (candidates.length === 0 || rows < 2) return candidates.length <= rows ? candidates : [];
  const isWhole = candidates.length === members.length;
  if (candidates.length + (isWhole ? 0 : 1) <= rows) return candidates;
  const byWeight = [...candidates].sort((a, b) => memberWeight(b, selected) - memberWeight(a, selected));
  const kept = new Set(byWeight.slice(0, rows - 1));
  return candidates.filter((each) => kept.has(each));
}

function memberWeight({ node, condition, state, isKnown }: MemberScene, selected: string | undefined): number {
  if (node === selected) return 3;
  if (condition !== "runs") return 2;
  return state === "STABLE" && isKnown !== false ? 0 : 1;
}

function weightOf(each: ClientsScene["producers"][number] | ConsumerScene | GroupScene, selected: string | undefined): number {
  if ("members" in each) {
    if (each.members.some(({ node }) => node === selected)) return 9;
    if (each.contested.length > 0 || each.held === undefined) return 4;
    return isRebalancing(each) ? 3 : 1;
  }
  if (each.node === selected) return 9;
  if ("topic" in each && (each.isBlocked || each.failed > 0)) return 3;
  return each.condition === "runs" ? 2 : 1;
}
