/** Moments of walks, and panes as plain text at them. */
import type { KafkaEvent } from "../../src/kafka/events.ts";
import type { NodeEvent } from "../../src/sim/node-events.ts";
import { textOf } from "../../src/view/fitting.ts";
import { type Frame, frameOf } from "../../src/view/frame.ts";
import type { Pane, Room } from "../../src/view/pane.ts";
import type { Choice } from "../../src/view/view-state.ts";
import { complete } from "../../src/walk/journey.ts";
import type { Walk } from "../../src/walk/walk.ts";

export function choiceOf(topic = "orders", partition = 0): Choice {
  return { partition: { topic, partition }, detail: "story", search: undefined, selected: {} };
}

export function frameAt(walk: Walk, step: number, choice = choiceOf()): Frame {
  complete(walk.goTo(step));
  return frameOf(walk, choice);
}

/** The nth step, from 1, in which such a thing was reported. */
export function stepOf(walk: Walk, matches: (event: KafkaEvent | NodeEvent) => boolean, nth = 1): number {
  const found = walk.branch.tape.events.filter(({ event }) => matches(event as KafkaEvent | NodeEvent))[nth - 1];
  if (found === undefined) throw new Error("nothing of that kind happens in this run");
  return found.step;
}

export function stepAfter(walk: Walk, seconds: number): number {
  return walk.branch.tape.stepAt(walk.branch.ending.readyAt + seconds * 1_000_000);
}

export function roomOf(width: number, height: number, more: Partial<Room> = {}): Room {
  return { width, height, selected: undefined, focused: true, present: false, ...more };
}

export function linesOf<S>(pane: Pane<S>, frame: Frame, room: Room): string[] {
  return pane.lines(pane.scene(frame), room).map((line) => textOf(line).trimEnd());
}

/** Title and lines, as in a frame. */
export function screenOf<S>(pane: Pane<S>, frame: Frame, room: Room): string {
  const title = textOf(pane.title(pane.scene(frame)));
  return [`── ${title} ── ${room.width}×${room.height}`, ...linesOf(pane, frame, room)].join("\n");
}
