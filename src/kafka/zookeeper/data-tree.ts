/**
 * The tree of nodes, and the sessions: what a server's history has come to. A transaction is applied whole: the leader has checked it. Nodes
 * are values that are replaced, so that forks and snapshots share them.
 *
 * A part that makes no sense here does nothing, as in ZooKeeper. It takes disks that were replaced under a majority to come to that.
 *
 * Source: DataTree, DataNode.
 */
import { assert } from "../../base/assert.ts";
import type { NodeName } from "../../sim/host.ts";
import type { NodeTxn, ZkTransaction } from "./transaction.ts";
import type { SessionId, Stat, Znode, ZnodeChange, ZnodeReader } from "./znode.ts";
import type { Zxid } from "./zxid.ts";

/** A node, with what clients are not shown. Frozen. */
export interface TreeNode {
  readonly znode: Znode;
  /** How many children were ever created: the number of the next sequential one. */
  readonly cversion: number;
  /** The transaction that last created or deleted a child. */
  readonly pzxid: Zxid;
}

export interface SessionInfo {
  readonly client: NodeName;
  /** As negotiated. */
  readonly timeoutMs: number;
}

/** A whole state. Frozen. */
export interface Snapshot {
  readonly zxid: Zxid;
  readonly nodes: readonly (readonly [path: string, node: TreeNode])[];
  readonly sessions: readonly (readonly [session: SessionId, info: SessionInfo])[];
}

/** A transaction and what it did. Frozen. */
export interface AppliedTransaction {
  readonly transaction: ZkTransaction;
  /** One for each node that it touched, in its order. */
  readonly changes: readonly ZnodeChange[];
  /** It has ended a session that there was. */
  readonly endedSession: boolean;
}

/** The names of a node's children; sorted when somebody asks. */
class ChildNames {
  private readonly names: Set<string>;
  private inOrder: readonly string[] | undefined;

  constructor(names?: ReadonlySet<string>) {
    this.names = new Set(names);
  }

  get size(): number {
    return this.names.size;
  }

  get sorted(): readonly string[] {
    this.inOrder ??= Object.freeze([...this.names].sort());
    return this.inOrder;
  }

  add(name: string): void {
    this.names.add(name);
    this.inOrder = undefined;
  }

  delete(name: string): void {
    this.names.delete(name);
    this.inOrder = undefined;
  }

  copy(): ChildNames {
    const copy = new ChildNames(this.names);
    copy.inOrder = this.inOrder;
    return copy;
  }
}

const NO_CHILDREN: readonly string[] = Object.freeze([]);
const ROOT = "/";
const ROOT_NODE = treeNode({ data: null, stat: newStat(0, 0) }, 0, 0);

export class DataTree implements ZnodeReader {
  /** The last transaction that was applied. */
  lastZxid: Zxid = 0;
  readonly sessions = new Map<SessionId, SessionInfo>();
  private readonly nodes: Map<string, TreeNode>;
  private readonly childrenByParent: Map<string, ChildNames>;
  private readonly ephemeralsBySession: Map<SessionId, Set<string>>;

  constructor(copied?: DataTree) {
    this.nodes = copied === undefined ? new Map([[ROOT, ROOT_NODE]]) : new Map(copied.nodes);
    this.childrenByParent = new Map();
    this.ephemeralsBySession = new Map();
    if (copied === undefined) return;
    this.lastZxid = copied.lastZxid;
    for (const [path, children] of copied.childrenByParent) this.childrenByParent.set(path, children.copy());
    for (const [session, paths] of copied.ephemeralsBySession) this.ephemeralsBySession.set(session, new Set(paths));
    for (const [session, info] of copied.sessions) this.sessions.set(session, info);
  }

  /** All values are shared: only the index is copied, which with very many nodes is most of what a fork costs. */
  copyForFork(): DataTree {
    return new DataTree(this);
  }

  static of(snapshot: Snapshot): DataTree {
    const tree = new DataTree();
    for (const [path, node] of snapshot.nodes) {
      tree.nodes.set(path, node);
      if (path !== ROOT) tree.index(path, node.znode.stat.ephemeralOwner);
    }
    for (const [session, info] of snapshot.sessions) tree.sessions.set(session, info);
    tree.lastZxid = snapshot.zxid;
    return tree;
  }

  snapshot(): Snapshot {
    return Object.freeze({ zxid: this.lastZxid, nodes: [...this.nodes], sessions: [...this.sessions] });
  }

  get(path: string): Znode | undefined {
    return this.nodes.get(path)?.znode;
  }

  node(path: string): TreeNode | undefined {
    return this.nodes.get(path);
  }

  childCount(path: string): number {
    return this.childrenByParent.get(path)?.size ?? 0;
  }

  /** Ascending. */
  children(path: string): readonly string[] {
    return this.childrenByParent.get(path)?.sorted ?? NO_CHILDREN;
  }

  /** The nodes that go with `session`, in the order in which they were created. */
  ephemerals(session: SessionId): Iterable<string> {
    return this.ephemeralsBySession.get(session) ?? NO_CHILDREN;
  }

  apply(transaction: ZkTransaction): AppliedTransaction {
    const { zxid, session, body } = transaction;
    assert(zxid > this.lastZxid, `transaction ${zxid} after ${this.lastZxid}`);
    this.lastZxid = zxid;
    const changes: ZnodeChange[] = [];
    let endedSession = false;
    switch (body.type) {
      case "nodes":
        for (const node of body.nodes) push(changes, this.applyToNode(node, zxid, session));
        break;
      case "error":
        break;
      case "createSession":
        this.sessions.set(session, Object.freeze({ client: body.client, timeoutMs: body.timeoutMs }));
        break;
      case "closeSession":
        for (const path of body.paths) push(changes, this.delete(path, zxid));
        endedSession = this.sessions.delete(session);
        break;
    }
    return Object.freeze({ transaction, changes: Object.freeze(changes), endedSession });
  }

  private applyToNode(txn: NodeTxn, zxid: Zxid, session: SessionId): ZnodeChange | undefined {
    switch (txn.op) {
      case "create":
        return this.create(txn.path, { data: txn.data, stat: newStat(zxid, txn.ephemeral ? session : 0) });
      case "delete":
        return this.delete(txn.path, zxid);
      case "setData": {
        const old = this.nodes.get(txn.path);
        if (old === undefined) return undefined;
        const stat: Stat = Object.freeze({ ...old.znode.stat, mzxid: zxid, version: txn.version });
        const node = treeNode({ data: txn.data, stat }, old.cversion, old.pzxid);
        this.nodes.set(txn.path, node);
        return Object.freeze({ path: txn.path, before: old.znode, after: node.znode });
      }
    }
  }

  private create(path: string, znode: Znode): ZnodeChange | undefined {
    const { czxid, ephemeralOwner } = znode.stat;
    const parentPath = parentOf(path);
    const parent = this.nodes.get(parentPath);
    if (parent === undefined || this.nodes.has(path)) return undefined;
    this.nodes.set(parentPath, treeNode(parent.znode, parent.cversion + 1, czxid));
    const node = treeNode(znode, 0, czxid);
    this.nodes.set(path, node);
    this.index(path, ephemeralOwner);
    return Object.freeze({ path, before: undefined, after: node.znode });
  }

  private delete(path: string, zxid: Zxid): ZnodeChange | undefined {
    const znode = this.nodes.get(path)?.znode;
    const parentPath = parentOf(path);
    const parent = this.nodes.get(parentPath);
    if (znode === undefined || parent === undefined) return undefined;
    this.nodes.set(parentPath, treeNode(parent.znode, parent.cversion, zxid));
    this.nodes.delete(path);
    const siblings = this.childrenByParent.get(parentPath) as ChildNames;
    siblings.delete(nameOf(path));
    if (siblings.size === 0) this.childrenByParent.delete(parentPath);
    this.forgetEphemeral(path, znode.stat.ephemeralOwner);
    return Object.freeze({ path, before: znode, after: undefined });
  }

  private index(path: string, ephemeralOwner: SessionId): void {
    const parent = parentOf(path);
    let siblings = this.childrenByParent.get(parent);
    if (siblings === undefined) {
      siblings = new ChildNames();
      this.childrenByParent.set(parent, siblings);
    }
    siblings.add(nameOf(path));
    if (ephemeralOwner === 0) return;
    const owned = this.ephemeralsBySession.get(ephemeralOwner);
    if (owned === undefined) this.ephemeralsBySession.set(ephemeralOwner, new Set([path]));
    else owned.add(path);
  }

  private forgetEphemeral(path: string, owner: SessionId): void {
    const owned = this.ephemeralsBySession.get(owner);
    if (owned === undefined) return;
    owned.delete(path);
    if (owned.size === 0) this.ephemeralsBySession.delete(owner);
  }
}

/** `/brokers/ids` of `/brokers/ids/1`. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? ROOT : path.slice(0, slash);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function push(changes: ZnodeChange[], change: ZnodeChange | undefined): void {
  if (change !== undefined) changes.push(change);
}

function newStat(zxid: Zxid, ephemeralOwner: SessionId): Stat {
  return Object.freeze({ czxid: zxid, mzxid: zxid, version: 0, ephemeralOwner });
}

function treeNode(znode: Znode, cversion: number, pzxid: Zxid): TreeNode {
  return Object.freeze({ znode: Object.freeze(znode), cversion, pzxid });
}
