/** A list to choose from: what can be done with a selected thing, partitions, branches. */
import { cut, fitted, pad, toned } from "../fitting.ts";
import { columnsOf, type Line, line, span, widthOf } from "../line.ts";
import type { Overlay, OverlayRoom } from "./overlay.ts";

export interface Choosable {
  /** The key that does it at once; blank where only Enter does. */
  readonly key: string;
  readonly words: string;
}

export interface MenuOptions {
  /** `Fetch #412 from broker-2 to broker-1`. */
  readonly title: string;
  readonly choices: readonly Choosable[];
  /** Index of the one that Enter takes. */
  readonly selected: number;
}

export function menuCard({ title, choices, selected }: MenuOptions): Overlay {
  return {
    size: "card",
    title: line(title, "title"),
    lines: (room) => [...choiceLines(choices, selected, { ...room, height: room.height - 2 }), [], keysOfMenu],
  };
}

/** The selected one is in view. */
function choiceLines(choices: readonly Choosable[], selected: number, { width, height }: OverlayRoom): Line[] {
  if (choices.length === 0) return [line("nothing to choose from", "faint")];
  const keyColumns = Math.max(...choices.map(({ key }) => columnsOf(key)));
  const shown = Math.max(1, Math.min(choices.length, height));
  const first = Math.max(0, Math.min(selected - (shown >> 1), choices.length - shown));
  const drawn = choices.slice(first, first + shown).map(({ key, words }, index): Line => {
    const isSelected = first + index === selected;
    return [
      span(isSelected ? "▸ " : "  "),
      ...fitted([span(key, "key")], keyColumns),
      span(keyColumns > 0 ? "  " : ""),
      span(words),
    ];
  });
  const widest = Math.min(width, Math.max(...drawn.map(widthOf)) + 1);
  return drawn.map((each, index) =>
    first + index === selected ? toned(pad(cut(each, widest), widest), "selected") : cut(each, widest),
  );
}

const keysOfMenu: Line = [
  span("↑↓", "key"),
  span(" choose  "),
  span("Enter", "key"),
  span(" do it  "),
  span("Esc", "key"),
  span(" close"),
];
