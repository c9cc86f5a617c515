/** Clients in words and signs. */
import { type Micros, US_PER_SECOND } from "../../base/units.ts";
import { grouped } from "../../report/numbers.ts";
import { printable } from "../../report/printable.ts";
import type { NodeName } from "../../sim/host.ts";
import { shortList } from "../cluster/link-words.ts";
import { isThere } from "../cluster/machine.ts";
import { conditionFact, type Fact, fact, machineFacts, signOf, waited } from "../cluster/words.ts";
import { join } from "../fitting.ts";
import { type Line, type Span, span, type Tone, widthOf } from "../line.ts";
import type { ConsumerScene, GroupScene, MemberScene, PositionScene, ProducerScene } from "./scene.ts";
import type { Column, Row } from "./table.ts";

/** What waits longer than this is worth a look. */
const LONG_WAIT: Micros = US_PER_SECOND;
const REBALANCING = span("↻", "warning");
const RIVAL = span("☆", "bad");

/** `100/s`, `3 per 10 s`. */
export function rateText({ records, perUs }: { readonly records: number; readonly perUs: Micros }): string {
  return perUs === US_PER_SECOND ? `${grouped(records)}/s` : `${grouped(records)} per ${waited(perUs)}`;
}

function named(node: NodeName, sign: Span, isSelected: boolean, indent = 0): Line {
  const mark = isSelected ? span("▸", "selected") : span(" ");
  return [span(" ".repeat(indent)), mark, sign, span(" "), span(node, isSelected ? "selected" : undefined)];
}

function told(facts: readonly (Fact | undefined)[]): Line {
  const lines = facts.flatMap((each): Line[] => (each === undefined ? [] : [[span(each.text, each.tone)]]));
  return join(lines, [span(" · ", "faint")]);
}

function cell(text: string, tone?: Tone): Line {
  return text === "" ? [] : [span(text, tone)];
}

// ---- producers ----

/** What is amiss with any of them matters more. */
export function producerColumns(producers: readonly ProducerScene[]): Column[] {
  const fails = producers.some(({ failed }) => failed > 0);
  const waits = producers.some(({ longestWaitUs }) => longestWaitUs >= LONG_WAIT);
  return [
    { key: "name", rank: 0 },
    { key: "topic", rank: 8 },
    { key: "acks", rank: 7 },
    { key: "rate", rank: 10 },
    { key: "state", rank: 1 },
    { key: "acknowledged", rank: 3 },
    { key: "failed", rank: fails ? 2 : 9 },
    { key: "oldest", rank: waits ? 2 : 4 },
    { key: "waiting", rank: 5 },
    { key: "inFlight", rank: 6 },
  ];
}

export function producerRow(producer: ProducerScene, selected: string | undefined): Row {
  const { node, condition, topic, acks, rate, acknowledged, failed, waiting, inFlight, isBlocked, longestWaitUs } = producer;
  const oldestTone = longestWaitUs >= LONG_WAIT ? "warning" : undefined;
  return {
    cells: {
      name: named(node, signOf(condition), node === selected),
      topic: cell(`→ ${printable(topic)}`, "faint"),
      acks: cell(`acks=${acks}`, "faint"),
      rate: cell(rate, "faint"),
      state: told([conditionFact(condition), isBlocked ? fact("blocked", "bad") : undefined, ...machineFacts(producer)]),
      acknowledged: cell(`✓ ${grouped(acknowledged)}`, acknowledged > 0 ? "good" : "faint"),
      failed: cell(`✗ ${grouped(failed)}`, failed > 0 ? "bad" : "faint"),
      oldest: cell(longestWaitUs === 0 ? "" : `oldest ${waited(longestWaitUs)}`, oldestTone),
      waiting: cell(waiting === 0 ? "" : `${grouped(waiting)} waiting`),
      inFlight: cell(inFlight === 0 ? "" : `${grouped(inFlight)} in flight`),
    },
  };
}

// ---- who reads ----

export const READER_COLUMNS: readonly Column[] = [
  { key: "name", rank: 0 },
  { key: "state", rank: 1 },
  { key: "more", rank: 4 },
  { key: "activity", rank: 5 },
  { key: "lag", rank: 2 },
  { key: "positions", rank: 3, isElastic: true },
];

export function consumerRow(consumer: ConsumerScene, selected: string | undefined, isExpanded: boolean): Row {
  const { node, condition, positions } = consumer;
  return {
    cells: {
      name: named(node, signOf(condition), node === selected),
      ...stateCells([conditionFact(condition), ...machineFacts(consumer)]),
      lag: lagCell(positions),
    },
    elastic: (width) => (isExpanded ? [] : positionsIn(positions, width)),
  };
}

export function memberRow(member: MemberScene, group: GroupScene, selected: string | undefined, isExpanded: boolean): Row {
  const { node, positions } = member;
  return {
    cells: {
      name: named(node, memberSign(member), node === selected, 1),
      ...stateCells([...memberFacts(member, group), ...machineFacts(member)]),
      activity: activityCell(member),
      lag: isThere(member.condition) ? lagCell(positions) : [],
    },
    elastic: (width) => (isExpanded ? [] : positionsIn(positions, width)),
  };
}

/** The first fact by itself: where there is no room for all, it is shown. */
function stateCells(facts: readonly (Fact | undefined)[]): Record<"state" | "more", Line> {
  const [first, ...more] = facts.filter((each) => each !== undefined);
  return { state: told([first]), more: told(more) };
}

function activityCell({ activity, condition }: MemberScene): Line {
  const word = activity === undefined || condition !== "runs" ? undefined : ACTIVITY_WORDS[activity];
  return cell(word ?? "", "faint");
}

function lagCell(positions: readonly PositionScene[]): Line {
  const known = positions.filter(({ position }) => position >= 0);
  if (known.length === 0) return [];
  const lag = known.reduce((sum, each) => sum + lagOf(each), 0);
  return cell(`lag ${grouped(lag)}`, lag === 0 ? "faint" : undefined);
}

function lagOf({ position, end }: PositionScene): number {
  return position < 0 ? 0 : Math.max(0, end - position);
}

function memberSign(member: MemberScene): Span {
  if (member.condition !== "runs") return signOf(member.condition);
  if (member.state === "STABLE") return member.isKnown === false ? RIVAL : signOf("runs");
  return REBALANCING;
}

/** The states of a member, of either protocol, in which it does not simply go on. */
const STATE_WORDS: Readonly<Record<string, string>> = {
  UNJOINED: "no member yet",
  PREPARING_REBALANCE: "joins",
  COMPLETING_REBALANCE: "joined, awaits its part",
  UNSUBSCRIBED: "no member yet",
  JOINING: "joins",
  RECONCILING: "takes its part",
  ACKNOWLEDGING: "takes its part",
  FENCED: "thrown out",
  PREPARE_LEAVING: "leaves",
  LEAVING: "leaves",
  STALE: "has left, for it did not poll",
  FATAL: "has failed",
};

const ACTIVITY_WORDS: Readonly<Record<string, string>> = {
  handling: "works",
  committing: "commits",
  revoking: "gives up partitions",
  closing: "closes",
};

function memberFacts(member: MemberScene, { held }: GroupScene): (Fact | undefined)[] {
  const { condition, state, generation, isKnown, pollDueInUs, isSpare } = member;
  if (condition === "absent" && isSpare) return [fact("spare", "faint")];
  const word = conditionFact(condition);
  if (!isThere(condition)) return [word];
  const facts = [word];
  if (state !== undefined && state !== "STABLE") facts.push(fact(STATE_WORDS[state] ?? state, "warning"));
  else if (isKnown === false) facts.push(fact("not in the group", "bad"));
  const isBehind = held?.protocol === "classic" && generation >= 0 && generation !== held.generation;
  if (isBehind) facts.push(fact(`in generation ${generation}`, "warning"));
  if (pollDueInUs !== undefined && pollDueInUs < 0) facts.push(fact("too slow to poll()", "bad"));
  return facts;
}

// ---- positions ----

/** No position takes less, with a blank. */
const POSITION_MIN = 4;

/** As much of each as there is room for all of; else those that matter most, and how many more there are. */
function positionsIn(positions: readonly PositionScene[], width: number): Line {
  if (positions.length === 0) return [];
  const withTopic = new Set(positions.map(({ topic }) => topic)).size > 1;
  for (const isRich of positions.length * POSITION_MIN > width + 1 ? [] : [true, false]) {
    const line = join(
      positions.map((each) => positionPart(each, withTopic, isRich)),
      [span(" ")],
    );
    if (widthOf(line) <= width) return line;
  }
  return mostUrgent(positions, withTopic, width);
}

function mostUrgent(positions: readonly PositionScene[], withTopic: boolean, width: number): Line {
  const all = positions.length;
  const byUrgency = [...positions].sort((one, other) => urgencyOf(other) - urgencyOf(one));
  const shown = new Map<PositionScene, Line>();
  let left = width - `+${all} more`.length;
  for (const each of byUrgency) {
    const part = positionPart(each, withTopic, false);
    left -= widthOf(part) + 1;
    if (left < 0) break;
    shown.set(each, part);
  }
  if (shown.size === 0) return [span(width >= 12 ? `${all} partitions` : `${all} p.`)];
  const told = positions.flatMap((each): Line[] => [shown.get(each) ?? []]);
  return join([...told, [span(`+${all - shown.size} more`, "faint")]], [span(" ")]);
}

/** Two that read the same come first, then who cannot go on, then who is behind. */
function urgencyOf(each: PositionScene): number {
  if (each.rivals.length > 0) return Number.MAX_SAFE_INTEGER;
  return each.state === "fetches" ? lagOf(each) : Number.MAX_SAFE_INTEGER - 1;
}

/** `0@118 (110) +2`: partition, position, what is committed, lag. */
function positionPart(each: PositionScene, withTopic: boolean, isRich: boolean): Line {
  const { topic, partition, position, committed, state, rivals } = each;
  const name = withTopic ? `${printable(topic)}-${partition}` : String(partition);
  const lag = lagOf(each);
  const part: Span[] = [span(`${name}@${position < 0 ? "?" : position}`, rivals.length > 0 ? "bad" : undefined)];
  if (rivals.length > 0) part.push(RIVAL);
  if (state === "gives up") part.push(span("↓", "warning"));
  else if (state === "paused") part.push(span("‖", "warning"));
  else if (state !== "fetches") part.push(span("?", "warning"));
  if (isRich && committed !== undefined && committed !== position)
    part.push(span(`(${committed < 0 ? "–" : committed})`, "faint"));
  if (lag > 0) part.push(span(`+${lag}`, "warning"));
  return part;
}

export const POSITION_COLUMNS: readonly Column[] = [
  { key: "name", rank: 0 },
  { key: "position", rank: 0 },
  { key: "committed", rank: 2 },
  { key: "lag", rank: 1 },
  { key: "end", rank: 3 },
  { key: "state", rank: 1 },
];

export function positionRow(each: PositionScene, indent: number): Row {
  const { topic, partition, position, committed, end, state, rivals } = each;
  const lag = lagOf(each);
  const isOdd = state !== "fetches";
  return {
    cells: {
      name: cell(`${" ".repeat(indent)}${printable(topic)}-${partition}`),
      position: cell(position < 0 ? "at ?" : `at ${grouped(position)}`),
      committed: cell(
        committed === undefined ? "" : committed < 0 ? "nothing committed" : `committed ${grouped(committed)}`,
        "faint",
      ),
      lag: cell(position < 0 ? "" : `lag ${grouped(lag)}`, lag > 0 ? "warning" : "faint"),
      end: cell(`end ${grouped(end)}`, "faint"),
      state: told([
        rivals.length > 0 ? fact(`☆ ${shortList(rivals)}, too`, "bad") : undefined,
        isOdd && state !== "no position" ? fact(state, "warning") : undefined,
        isOdd && state === "no position" && position >= 0 ? fact("no valid position", "warning") : undefined,
      ]),
    },
  };
}
