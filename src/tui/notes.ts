/** What a scenario's author has to say, and asks, where it belongs. An answer is shown to whoever has given one. */
import { noteCard } from "../view/note/note-card.ts";
import { aboutCard } from "../view/overlays/about.ts";
import { helpPage } from "../view/overlays/help.ts";
import type { Overlay } from "../view/overlays/overlay.ts";
import type { TapeNote } from "../walk/tape.ts";
import type { Desk } from "./desk.ts";
import type { Layer } from "./layer.ts";

const CLOSING = ["escape", "enter", "space", "q"];

export function noteLayer(desk: Desk, { step, note }: TapeNote): Layer {
  const { question } = note;
  let answered: number | undefined;
  const layer: Layer = {
    get note() {
      return noteCard(desk.frame, { step, note }, answered);
    },
    get hint() {
      return question === undefined || answered !== undefined ? undefined : answering(question.choices.length);
    },
    press(key) {
      const digit = /^[1-9]$/.test(key) ? Number(key) - 1 : undefined;
      const isOpen = question !== undefined && answered === undefined;
      if (isOpen && digit !== undefined && digit < question.choices.length) {
        answered = digit;
        desk.message = undefined;
        return;
      }
      // Whoever does not want to answer leaves with Esc, and is not told.
      if (isOpen && key !== "escape" && key !== "ctrl-c") {
        desk.say(answering(question.choices.length), "warning");
        return;
      }
      desk.close(layer);
      // Space goes on playing, as it does without a note.
      if (key === "space" || !CLOSING.includes(key)) desk.pass(key);
    },
  };
  return layer;
}

function answering(choices: number): string {
  return `a question is open: ${choices === 1 ? "1 answers" : `1–${choices} answer`}, Esc leaves it`;
}

/** A page to read: any key closes it, and does what it always does. */
function pageLayer(desk: Desk, overlay: Overlay, ownKey: string): Layer {
  const layer: Layer = {
    overlay,
    press(key) {
      desk.close(layer);
      if (!CLOSING.includes(key) && key !== ownKey) desk.pass(key);
    },
  };
  return layer;
}

export function showHelp(desk: Desk): void {
  desk.open(pageLayer(desk, helpPage, "?"));
}

export function showAbout(desk: Desk): void {
  const { frame, walk } = desk;
  desk.open(pageLayer(desk, aboutCard({ frame, seed: walk.seed, side: walk.side.label }), "i"));
}
