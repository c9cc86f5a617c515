/** A line to be written in, at the bottom of the screen. What is wrong with it is said there, and it stays open. */
import type { Desk } from "./desk.ts";
import type { Layer } from "./layer.ts";
import { fieldOf, type TextField, typed } from "./text-field.ts";

export interface Prompt {
  /** `go to`. */
  readonly ask: string;
  /** What may be written. */
  readonly hint: string;
  /** Stands there to begin with. */
  readonly text?: string;
  /** What is wrong with the text, in words; undefined if it was taken. */
  readonly accept: (text: string) => string | undefined;
}

export function promptLayer(desk: Desk, { ask, hint, text = "", accept }: Prompt): Layer {
  let field: TextField = fieldOf(text);
  let problem: string | undefined;
  const layer: Layer = {
    get prompt() {
      const said = problem === undefined ? ({ text: hint, tone: "plain" } as const) : ({ text: problem, tone: "bad" } as const);
      return { label: ask, text: field.text, cursor: field.cursor, hint: said };
    },
    press(key) {
      if (key === "escape" || key === "ctrl-c") return desk.close(layer);
      if (key !== "enter") {
        field = typed(field, key);
        problem = undefined;
        return;
      }
      // It may open another layer: this one goes first, and comes back if its text is refused.
      desk.close(layer);
      problem = accept(field.text);
      if (problem !== undefined) desk.open(layer);
    },
  };
  return layer;
}
