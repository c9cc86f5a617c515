/** All branches of a walk as a tree: each below the one that it was made from, the older first. */
import type { Branch } from "../../walk/branch.ts";

export interface Twig {
  readonly branch: Branch;
  /** What stands before its name: `│ └ `. */
  readonly stem: string;
  /** What stands below that, in front of what else is told of it: `│   │ `. */
  readonly under: string;
}

export function twigsOf(branches: readonly Branch[]): readonly Twig[] {
  const children = new Map<Branch | undefined, Branch[]>();
  for (const branch of branches) {
    const among = children.get(branch.parent);
    if (among === undefined) children.set(branch.parent, [branch]);
    else among.push(branch);
  }
  const twigs: Twig[] = [];
  const grow = (branch: Branch, stem: string, below: string): void => {
    const own = children.get(branch) ?? [];
    twigs.push({ branch, stem, under: `${below}${own.length > 0 ? "│ " : "  "}` });
    for (const [index, child] of own.entries()) {
      const isLast = index === own.length - 1;
      grow(child, `${below}${isLast ? "└ " : "├ "}`, `${below}${isLast ? "  " : "│ "}`);
    }
  };
  for (const root of children.get(undefined) ?? []) grow(root, "", "");
  return twigs;
}
