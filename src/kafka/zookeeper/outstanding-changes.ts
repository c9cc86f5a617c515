/**
 * What the leader has proposed and not yet applied: a new request is checked against the tree as it will be then.
 * Source: PrepRequestProcessor's ChangeRecord, ZooKeeperServer.outstandingChanges.
 */
import type { DataTree } from "./data-tree.ts";
import { Fifo } from "./fifo.ts";
import type { SessionId } from "./znode.ts";
import type { Zxid } from "./zxid.ts";

/** Of a node as it will be: all that a check looks at. */
export interface NodeState {
  readonly version: number;
  readonly cversion: number;
  readonly childCount: number;
  readonly ephemeralOwner: SessionId;
}

interface ChangeRecord {
  readonly zxid: Zxid;
  readonly path: string;
  /** Undefined if the node will be gone. */
  readonly state: NodeState | undefined;
}

export class OutstandingChanges {
  private readonly tree: DataTree;
  private readonly records = new Fifo<ChangeRecord>();
  private readonly latest = new Map<string, ChangeRecord>();
  /** What the changes since the last {@link begin} have replaced. */
  private replaced: (ChangeRecord | undefined)[] = [];

  constructor(tree: DataTree) {
    this.tree = tree;
  }

  /** Undefined if there will be no such node. */
  stateOf(path: string): NodeState | undefined {
    const record = this.latest.get(path);
    if (record !== undefined) return record.state;
    const node = this.tree.node(path);
    if (node === undefined) return undefined;
    const { version, ephemeralOwner } = node.znode.stat;
    return { version, cversion: node.cversion, childCount: this.tree.childCount(path), ephemeralOwner };
  }

  /** A new transaction is being made. */
  begin(): void {
    this.replaced = [];
  }

  set(zxid: Zxid, path: string, state: NodeState | undefined): void {
    const record: ChangeRecord = { zxid, path, state };
    this.replaced.push(this.latest.get(path));
    this.records.push(record);
    this.latest.set(path, record);
  }

  /** Takes back what was changed since {@link begin}: a part of a multi has failed. */
  rollBack(): void {
    for (const previous of this.replaced.reverse()) {
      const { path } = this.records.pop() as ChangeRecord;
      if (previous === undefined) this.latest.delete(path);
      else this.latest.set(path, previous);
    }
    this.replaced = [];
  }

  /** Everything up to `zxid` stands in the tree now. */
  onApplied(zxid: Zxid): void {
    for (let first = this.records.peek(); first !== undefined && first.zxid <= zxid; first = this.records.peek()) {
      this.records.shift();
      if (this.latest.get(first.path) === first) this.latest.delete(first.path);
    }
  }

  /** The nodes that will go with `session` if it is closed next. */
  ephemeralsOf(session: SessionId): string[] {
    const paths = new Set(this.tree.ephemerals(session));
    for (const { path, state } of this.records.toArray()) {
      if (state === undefined) paths.delete(path);
      else if (state.ephemeralOwner === session) paths.add(path);
    }
    return [...paths];
  }
}
