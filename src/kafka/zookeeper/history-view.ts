/** The tree as it was right after an earlier transaction: what came later is looked at as if it had not. */
import type { AppliedTransaction, DataTree } from "./data-tree.ts";
import type { Znode, ZnodeReader } from "./znode.ts";

export class HistoryView implements ZnodeReader {
  private readonly tree: DataTree;
  /** What is different from the tree. */
  private readonly earlier = new Map<string, Znode | undefined>();

  /** `later`: the last transactions that the tree has seen. The view begins before the first of them. */
  constructor(tree: DataTree, later: readonly AppliedTransaction[]) {
    this.tree = tree;
    for (const { changes } of later) {
      for (const { path, before } of changes) if (!this.earlier.has(path)) this.earlier.set(path, before);
    }
  }

  /** The next of the transactions counts from now on. */
  advance({ changes }: AppliedTransaction): void {
    for (const { path, after } of changes) this.earlier.set(path, after);
  }

  get(path: string): Znode | undefined {
    return this.earlier.has(path) ? this.earlier.get(path) : this.tree.get(path);
  }
}
