/** Saving: a branch becomes a scenario file. What is there already stays, unless somebody says that it may go. */
import type { Branch } from "../walk/branch.ts";
import type { Desk } from "./desk.ts";
import { menuLayer } from "./menu.ts";
import { promptLayer } from "./prompting.ts";

export function saveHere(desk: Desk): void {
  const { branch } = desk.walk;
  if (branch.saved) {
    const own = branch.parent === undefined ? "this is the scenario as it is: change something first" : "this branch is saved";
    desk.say(own, "warning");
    return;
  }
  askForFile(desk, branch);
}

export function askForFile(desk: Desk, branch: Branch): void {
  desk.open(
    promptLayer(desk, {
      ask: "save as",
      text: desk.files.proposedFor(branch),
      hint: "a scenario for run, replay, step",
      accept: (text) => save(desk, branch, text.trim(), false),
    }),
  );
}

/** What is wrong, in words. */
function save(desk: Desk, branch: Branch, path: string, mayReplace: boolean): string | undefined {
  if (path === "") return "write a file's name, or Esc";
  const answer = desk.files.save(desk.walk, branch, path, mayReplace);
  switch (answer.kind) {
    case "refused":
      return answer.why;
    case "exists":
      askToReplace(desk, branch, path);
      return undefined;
    case "saved":
      branch.saved = true;
      desk.say(`saved: ${desk.files.commandFor(path)}`, "good");
      return undefined;
  }
}

function askToReplace(desk: Desk, branch: Branch, path: string): void {
  const choices = [
    {
      key: "y",
      word: "replace it",
      choose: () => {
        const problem = save(desk, branch, path, true);
        if (problem !== undefined) desk.say(problem, "bad");
      },
    },
    { key: "n", word: "another name", choose: () => askForFile(desk, branch) },
  ];
  desk.open(menuLayer(desk, { title: `${path} is there already`, choices, marked: 1 }));
}

/** Under the names that would be proposed; what could not be saved, in words. */
export function saveAll(desk: Desk, branches: readonly Branch[]): string | undefined {
  for (const branch of branches) {
    const path = desk.files.proposedFor(branch);
    const answer = desk.files.save(desk.walk, branch, path, false);
    if (answer.kind === "refused") return answer.why;
    if (answer.kind === "exists") return `${path} is there already`;
    branch.saved = true;
  }
  return undefined;
}
