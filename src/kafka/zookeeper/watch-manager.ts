/**
 * Who wants to be told when something changes. A watch belongs to a connection, and is gone once it has fired.
 * Source: WatchManager, DataTree.createNode, deleteNode, setData, setWatches.
 */
import type { WatchedEvent, WatchedEventType } from "./client-protocol.ts";
import { type DataTree, parentOf } from "./data-tree.ts";
import type { ServerCnxn } from "./server-cnxn.ts";
import type { ZnodeChange } from "./znode.ts";
import type { Zxid } from "./zxid.ts";

/** Tells a connection. */
export interface WatchNotifier {
  notify(cnxn: ServerCnxn, event: WatchedEvent): void;
}

class WatchTable {
  private readonly watchers = new Map<string, Set<ServerCnxn>>();
  private readonly paths = new Map<ServerCnxn, Set<string>>();

  add(path: string, cnxn: ServerCnxn): void {
    const watchers = this.watchers.get(path);
    if (watchers === undefined) this.watchers.set(path, new Set([cnxn]));
    else watchers.add(cnxn);
    const paths = this.paths.get(cnxn);
    if (paths === undefined) this.paths.set(cnxn, new Set([path]));
    else paths.add(path);
  }

  /** Whoever watches `path`, and does so no longer. */
  take(path: string): ReadonlySet<ServerCnxn> | undefined {
    const watchers = this.watchers.get(path);
    if (watchers === undefined) return undefined;
    this.watchers.delete(path);
    for (const cnxn of watchers) this.paths.get(cnxn)?.delete(path);
    return watchers;
  }

  forget(cnxn: ServerCnxn): void {
    for (const path of this.paths.get(cnxn) ?? []) {
      const watchers = this.watchers.get(path);
      watchers?.delete(cnxn);
      if (watchers?.size === 0) this.watchers.delete(path);
    }
    this.paths.delete(cnxn);
  }

  clear(): void {
    this.watchers.clear();
    this.paths.clear();
  }
}

export interface StandingWatches {
  /** The newest zxid that the client has seen. */
  readonly relativeZxid: Zxid;
  readonly dataWatches: readonly string[];
  readonly existWatches: readonly string[];
  readonly childWatches: readonly string[];
}

export class WatchManager {
  private readonly notifier: WatchNotifier;
  /** Of `getData` and `exists`. */
  private readonly data = new WatchTable();
  private readonly children = new WatchTable();

  constructor(notifier: WatchNotifier) {
    this.notifier = notifier;
  }

  watchData(path: string, cnxn: ServerCnxn): void {
    this.data.add(path, cnxn);
  }

  watchChildren(path: string, cnxn: ServerCnxn): void {
    this.children.add(path, cnxn);
  }

  /** The change is in the tree: whoever watches is told before anybody can read it. */
  trigger({ path, before, after }: ZnodeChange): void {
    if (before !== undefined && after !== undefined) {
      this.fire(this.data, path, "NodeDataChanged");
      return;
    }
    if (after !== undefined) this.fire(this.data, path, "NodeCreated");
    else {
      const told = this.fire(this.data, path, "NodeDeleted");
      this.fire(this.children, path, "NodeDeleted", told);
    }
    this.fire(this.children, parentOf(path), "NodeChildrenChanged");
  }

  /** A client is back: what has changed since it was last here fires now. */
  restore(watches: StandingWatches, tree: DataTree, cnxn: ServerCnxn): void {
    const { relativeZxid } = watches;
    for (const path of watches.dataWatches) {
      const node = tree.node(path);
      if (node === undefined) this.notify(cnxn, "NodeDeleted", path);
      else if (node.znode.stat.mzxid > relativeZxid) this.notify(cnxn, "NodeDataChanged", path);
      else this.data.add(path, cnxn);
    }
    for (const path of watches.existWatches) {
      if (tree.node(path) === undefined) this.data.add(path, cnxn);
      else this.notify(cnxn, "NodeCreated", path);
    }
    for (const path of watches.childWatches) {
      const node = tree.node(path);
      if (node === undefined) this.notify(cnxn, "NodeDeleted", path);
      else if (node.pzxid > relativeZxid) this.notify(cnxn, "NodeChildrenChanged", path);
      else this.children.add(path, cnxn);
    }
  }

  forget(cnxn: ServerCnxn): void {
    this.data.forget(cnxn);
    this.children.forget(cnxn);
  }

  clear(): void {
    this.data.clear();
    this.children.clear();
  }

  /** Returns whom it told. */
  private fire(
    table: WatchTable,
    path: string,
    type: WatchedEventType,
    except?: ReadonlySet<ServerCnxn>,
  ): ReadonlySet<ServerCnxn> | undefined {
    const watchers = table.take(path);
    if (watchers === undefined) return undefined;
    for (const cnxn of watchers) if (except?.has(cnxn) !== true) this.notify(cnxn, type, path);
    return watchers;
  }

  private notify(cnxn: ServerCnxn, type: WatchedEventType, path: string): void {
    this.notifier.notify(cnxn, Object.freeze({ type, path }));
  }
}
