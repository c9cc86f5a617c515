/** One line of text that is being written: a value, changed by keys. */
import { characterOf } from "./keys.ts";

export interface TextField {
  readonly text: string;
  /** Before which character of it what is typed goes. */
  readonly cursor: number;
}

export function fieldOf(text: string): TextField {
  return { text, cursor: text.length };
}

/** The field behind a key; the same one if the key means nothing to it. */
export function typed(field: TextField, key: string): TextField {
  const { text, cursor } = field;
  const [before, behind] = [text.slice(0, cursor), text.slice(cursor)];
  const character = characterOf(key);
  if (character !== undefined) return { text: before + character + behind, cursor: cursor + character.length };
  switch (key) {
    case "backspace": {
      const kept = [...before].slice(0, -1).join("");
      return { text: kept + behind, cursor: kept.length };
    }
    case "left":
      return { text, cursor: [...before].slice(0, -1).join("").length };
    case "right":
      return { text, cursor: cursor + ([...behind][0]?.length ?? 0) };
    case "home":
    case "ctrl-a":
      return { text, cursor: 0 };
    case "end":
    case "ctrl-e":
      return { text, cursor: text.length };
    case "ctrl-u":
      return { text: behind, cursor: 0 };
    case "ctrl-w": {
      const kept = before.replace(/\S*\s*$/, "");
      return { text: kept + behind, cursor: kept.length };
    }
    default:
      return field;
  }
}
