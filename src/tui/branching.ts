/** Branches: the tree of them, walked and pruned; two of them side by side. */
import { comparisonOverlay } from "../view/comparison/comparison-overlay.ts";
import { treeOrder, treeOverlay } from "../view/tree/tree-overlay.ts";
import type { Branch } from "../walk/branch.ts";
import { commonSteps } from "../walk/walk.ts";
import type { Desk } from "./desk.ts";
import type { Layer } from "./layer.ts";
import { menuLayer, numbered } from "./menu.ts";
import { goTo } from "./moving.ts";
import { askForFile } from "./saving.ts";

export function showTree(desk: Desk): void {
  const { walk } = desk;
  if (walk.branches.length < 2) {
    desk.say("this is the only branch: change something to make another one", "warning");
    return;
  }
  let chosen: Branch = walk.branch;
  const layer: Layer = {
    get overlay() {
      return treeOverlay(desk.frame, chosen);
    },
    hint: "↑ ↓ choose  Enter go there  m compare  S save  d prune  Esc close",
    press(key) {
      desk.message = undefined;
      const order = treeOrder(walk.branches);
      const here = order.indexOf(chosen);
      switch (key) {
        case "up":
        case "down":
          chosen = order[Math.min(Math.max(here + (key === "up" ? -1 : 1), 0), order.length - 1)] as Branch;
          return;
        case "enter":
          desk.close(layer);
          return enter(desk, chosen);
        case "d":
        case "x":
          return askToPrune(desk, chosen, () => {
            chosen = walk.branch;
          });
        case "m":
          desk.close(layer);
          return chosen === walk.branch ? askWithWhich(desk) : showComparison(desk, walk.branch, chosen);
        case "S":
          return askForFile(desk, chosen);
        case "escape":
        case "q":
        case "T":
          return desk.close(layer);
        case "ctrl-c":
          desk.close(layer);
          return desk.pass(key);
      }
    },
  };
  desk.open(layer);
}

function enter(desk: Desk, branch: Branch): void {
  desk.travel(`to ${branch.name}`, desk.walk.enter(branch), () => desk.say(`on branch ${branch.name}`));
}

function askToPrune(desk: Desk, branch: Branch, pruned: () => void): void {
  const { walk } = desk;
  if (branch.parent === undefined) {
    desk.say("the scenario's own branch stays", "warning");
    return;
  }
  const within = walk.branches.filter((each) => isWithin(each, branch));
  if (within.includes(walk.branch)) {
    desk.say("this leads to where you stand: enter another branch first", "warning");
    return;
  }
  const unsaved = within.filter(({ saved }) => !saved).length;
  const others = within.length > 1 ? ` and ${within.length - 1} made from it` : "";
  const title = `prune ${branch.name}${others}${unsaved > 0 ? `, ${unsaved} of them not saved` : ""}?`;
  const prune = (): void => {
    walk.prune(branch);
    pruned();
    desk.say(`pruned: ${branch.name}`);
  };
  const choices = [
    { key: "y", word: "prune", choose: prune },
    { key: "n", word: "keep", choose: () => {} },
  ];
  desk.open(menuLayer(desk, { title, choices, marked: 1 }));
}

function isWithin(branch: Branch, ancestor: Branch): boolean {
  return branch === ancestor || (branch.parent !== undefined && isWithin(branch.parent, ancestor));
}

/** With the branch that it was made from, or with which? */
export function compare(desk: Desk): void {
  const { walk } = desk;
  if (walk.branches.length < 2) {
    desk.say("there is nothing to compare with: change something to make a branch", "warning");
    return;
  }
  const others = walk.branches.filter((branch) => branch !== walk.branch);
  if (others.length === 1) {
    showComparison(desk, others[0] as Branch, walk.branch);
    return;
  }
  askWithWhich(desk);
}

function askWithWhich(desk: Desk): void {
  const { branch: here, branches } = desk.walk;
  const entries = treeOrder(branches)
    .filter((branch) => branch !== here)
    .map((branch) => ({ word: branch.name, choose: () => showComparison(desk, branch, here) }));
  const marked = Math.max(
    0,
    entries.findIndex(({ word }) => word === here.parent?.name),
  );
  desk.open(menuLayer(desk, { title: `compare ${here.name} with`, choices: numbered(entries), marked }));
}

function showComparison(desk: Desk, left: Branch, right: Branch): void {
  let scrolled = 0;
  const layer: Layer = {
    get overlay() {
      return comparisonOverlay(desk.frame, left, right, scrolled);
    },
    hint: "↑ ↓ scroll   Enter to where they part   Esc close",
    press(key) {
      if (key === "up") scrolled = Math.max(0, scrolled - 1);
      else if (key === "down") scrolled += 1;
      else if (key === "page-up") scrolled = Math.max(0, scrolled - 10);
      else if (key === "page-down") scrolled += 10;
      else if (key === "enter") {
        desk.close(layer);
        goTo(desk, commonSteps(left, right), "jump");
      } else if (["escape", "q", "m", "ctrl-c"].includes(key)) {
        desk.close(layer);
        if (key === "ctrl-c") desk.pass(key);
      }
    },
  };
  desk.open(layer);
}
