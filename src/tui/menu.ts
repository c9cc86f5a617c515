/** A list of things of which one is chosen: by its key, or with the arrows and Enter. */
import { nameOfKey } from "../view/commands.ts";
import { menuCard } from "../view/overlays/menu.ts";
import type { Desk } from "./desk.ts";
import type { Layer } from "./layer.ts";

export interface Choice {
  /** The key that chooses it at once. */
  readonly key: string | undefined;
  readonly word: string;
  readonly choose: () => void;
}

export interface Menu {
  readonly title: string;
  readonly choices: readonly Choice[];
  /** Index of the one that is marked to begin with. */
  readonly marked?: number;
  /** On Ctrl-C; otherwise that closes the menu. */
  readonly interrupted?: () => void;
}

export function menuLayer(desk: Desk, { title, choices, marked = 0, interrupted = () => {} }: Menu): Layer {
  let chosen = marked;
  const take = (choice: Choice | undefined): void => {
    if (choice === undefined) return;
    desk.close(layer);
    choice.choose();
  };
  const layer: Layer = {
    get overlay() {
      const shown = choices.map(({ key, word }) => ({ key: key === undefined ? "" : nameOfKey(key), words: word }));
      return menuCard({ title, choices: shown, selected: chosen });
    },
    press(key) {
      if (key === "escape" || key === "q") return desk.close(layer);
      if (key === "ctrl-c") {
        desk.close(layer);
        return interrupted();
      }
      if (key === "up") chosen = (chosen + choices.length - 1) % choices.length;
      else if (key === "down") chosen = (chosen + 1) % choices.length;
      else if (key === "enter") take(choices[chosen]);
      else take(choices.find((choice) => choice.key === key));
    },
  };
  return layer;
}

/** Numbered, or lettered behind the ninth. */
export function numbered(entries: readonly { readonly word: string; readonly choose: () => void }[]): readonly Choice[] {
  return entries.map((entry, index) => ({ ...entry, key: index < 9 ? String(index + 1) : undefined }));
}
