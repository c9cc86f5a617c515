/** A question that must be answered before something is lost. */
import { wrap } from "../fitting.ts";
import { type Line, line, span } from "../line.ts";
import type { Choosable } from "./menu.ts";
import type { Overlay } from "./overlay.ts";

export interface ConfirmationOptions {
  /** `2 branches are not saved`. */
  readonly title: string;
  readonly words: string;
  /** `S` save them, `q` quit without them, `Esc` stay. */
  readonly answers: readonly Choosable[];
}

export function confirmationCard({ title, words, answers }: ConfirmationOptions): Overlay {
  return {
    size: "card",
    title: line(title, "title"),
    lines: ({ width }) => {
      const keys = answers.flatMap(({ key, words: does }): Line => [span(key, "key"), span(` ${does}   `)]);
      return [...wrap(line(words), width), [], ...wrap(keys, width)];
    },
  };
}
