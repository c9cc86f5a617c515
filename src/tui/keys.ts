/** Keys by name, one at a time. What is typed fast, or pasted, reaches a program as one piece of text. */
import type { Key } from "ink";

/** In the order in which they are looked for: with shift, Tab is another key. */
const NAMED: readonly (readonly [isIt: (key: Key) => boolean, name: string])[] = [
  [(key) => key.rightArrow, "right"],
  [(key) => key.leftArrow, "left"],
  [(key) => key.upArrow, "up"],
  [(key) => key.downArrow, "down"],
  [(key) => key.home, "home"],
  [(key) => key.end, "end"],
  [(key) => key.pageUp, "page-up"],
  [(key) => key.pageDown, "page-down"],
  [(key) => key.tab && key.shift, "shift-tab"],
  [(key) => key.tab, "tab"],
  [(key) => key.return, "enter"],
  [(key) => key.escape, "escape"],
  // Terminals don't agree on what the backspace key sends.
  [(key) => key.backspace || key.delete, "backspace"],
];

const CONTROLS: Readonly<Record<string, string>> = {
  "\r": "enter",
  "\n": "enter",
  "\t": "tab",
  " ": "space",
  "\u001b": "escape",
  "\u007f": "backspace",
  "\b": "backspace",
  "\u0003": "ctrl-c",
  "\u001a": "ctrl-z",
};

/** Of what `useInput` hands over: characters as they are, others by name (`right`, `shift-tab`, `ctrl-c`). */
export function keysOf(input: string, key: Key): readonly string[] {
  const named = NAMED.find(([isIt]) => isIt(key));
  if (named !== undefined) return [named[1]];
  if (key.ctrl) return [`ctrl-${input}`];
  const typed = [...input].flatMap((character) => CONTROLS[character] ?? (character < " " ? [] : character));
  // Whoever presses Esc and goes on typing means two keys.
  return key.meta && typed.length > 0 ? ["escape", ...typed] : typed;
}

/** What a key writes in a prompt; undefined for those that write nothing. */
export function characterOf(key: string): string | undefined {
  if (key === "space") return " ";
  return [...key].length === 1 ? key : undefined;
}
