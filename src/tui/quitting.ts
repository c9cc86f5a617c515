/** Leaving, with everything that is worth it on disk. */
import type { Desk } from "./desk.ts";
import { menuLayer } from "./menu.ts";
import { saveAll } from "./saving.ts";

export const STATUS_OF_CTRL_C = 130;

/** `status`: with which the program ends. */
export function quit(desk: Desk, status: number): void {
  const unsaved = desk.walk.branches.filter(({ saved }) => !saved);
  if (unsaved.length === 0) {
    desk.quit(status);
    return;
  }
  const title = unsaved.length === 1 ? "one branch is not saved" : `${unsaved.length} branches are not saved`;
  const choices = [
    {
      key: "s",
      word: unsaved.length === 1 ? "save it, and quit" : "save all, and quit",
      choose: () => {
        const problem = saveAll(desk, unsaved);
        if (problem === undefined) desk.quit(status);
        else desk.say(problem, "bad");
      },
    },
    { key: "d", word: "discard, and quit", choose: () => desk.quit(status) },
    { key: "n", word: "stay", choose: () => {} },
  ];
  // Who has been asked and insists is let go.
  desk.open(menuLayer(desk, { title, choices, interrupted: () => desk.quit(STATUS_OF_CTRL_C) }));
}
