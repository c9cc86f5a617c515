/**
 * A server's history and what it has come to: log, tree, and the newest transactions for followers that lack them.
 *
 * Not everything in the tree need be committed: what was logged when a server started, or lost its leader, is applied at once, as
 * ZooKeeper does, and may be cut again by the next leader. What is known to be committed is told, once: to the listener, and as events.
 * Source: ZKDatabase, ZooKeeperServer.processTxn, FileTxnSnapLog.restore.
 */
import { type AppliedTransaction, DataTree, type Snapshot } from "./data-tree.ts";
import { HistoryView } from "./history-view.ts";
import type { ServerContext } from "./server-context.ts";
import type { ZkTransaction } from "./transaction.ts";
import { TransactionLog } from "./transaction-log.ts";
import type { TransactionListener, ZnodeChange, ZnodeReader } from "./znode.ts";
import type { Zxid } from "./zxid.ts";

/** `zookeeper.commitLogCount`. */
const COMMIT_LOG_COUNT = 500;

export class ZkDatabase {
  readonly disk: TransactionLog;
  tree = new DataTree();
  /** The newest transactions of the history, oldest first. */
  readonly committedLog: ZkTransaction[] = [];
  private readonly context: ServerContext;
  private readonly listener: TransactionListener | undefined;
  /** In the tree, but nobody was told that it is committed. */
  private untold: AppliedTransaction[] = [];
  /** Everything up to here has been told by this incarnation. */
  private toldZxid: Zxid = 0;
  /** Up to here the history was found when the server started, or taken over as a whole. */
  private foundZxid: Zxid = 0;
  /** In the log, but the leader's history does not go there, or not yet: out of the tree until it is known which of the two. */
  private doubtful: readonly ZkTransaction[] = [];

  constructor(context: ServerContext, listener: TransactionListener | undefined) {
    this.context = context;
    this.listener = listener;
    this.disk = new TransactionLog(context);
  }

  get lastZxid(): Zxid {
    return this.tree.lastZxid;
  }

  /** Once, at the start of the process. */
  load(): void {
    const { snapshot, transactions } = this.restore();
    // What only the page cache holds must not count towards a quorum.
    this.disk.force();
    this.foundZxid = this.lastZxid;
    const { serverId: server } = this.context;
    const { currentEpoch } = this.disk;
    this.context.emit({ kind: "ZkServerLoaded", server, currentEpoch, snapshotZxid: snapshot?.zxid ?? 0, transactions });
  }

  log(transaction: ZkTransaction): void {
    this.disk.append(transaction);
    this.context.emit({ kind: "ZkTransactionLogged", server: this.context.serverId, transaction });
  }

  /** A transaction that is known to be committed, as is everything before it. */
  applyCommitted(transaction: ZkTransaction): AppliedTransaction {
    const applied = this.apply(transaction);
    this.tell(applied, this.tree);
    return applied;
  }

  /** Transactions that are logged; whether they will be committed is open. */
  fastForward(transactions: readonly ZkTransaction[]): void {
    for (const transaction of [...this.doubtful, ...transactions]) {
      if (transaction.zxid > this.lastZxid) this.untold.push(this.apply(transaction));
    }
    this.doubtful = [];
  }

  /** The history is the established leader's now: all of it is committed. */
  tellHistory(): void {
    const { untold } = this;
    this.untold = [];
    const view = new HistoryView(this.tree, untold);
    for (const applied of untold) {
      view.advance(applied);
      this.tell(applied, view);
    }
  }

  /** The leader has committed nothing behind `to`. False if the history does not go through `to`. */
  goBackTo(to: Zxid): boolean {
    this.restore(to);
    this.foundZxid = Math.min(this.foundZxid, to);
    return this.lastZxid === to;
  }

  /**
   * What the leader has committed, or proposed, behind this tree: returns what of that must be logged. What the log holds instead of it is
   * cut. What it holds of it stays: this server has acknowledged it, and must not be without it for a moment.
   */
  replaceTail(transactions: readonly ZkTransaction[]): readonly ZkTransaction[] {
    const { doubtful } = this;
    let same = 0;
    while (same < doubtful.length && doubtful[same]?.zxid === transactions[same]?.zxid) same++;
    if (same < doubtful.length) {
      const to = doubtful[same - 1]?.zxid ?? this.lastZxid;
      this.disk.truncate(to);
      this.context.emit({ kind: "ZkLogTruncated", server: this.context.serverId, to });
    }
    this.doubtful = [];
    return transactions.slice(same);
  }

  /** Takes over the leader's state instead of the own one. */
  install(snapshot: Snapshot): void {
    this.disk.replaceBySnapshot(snapshot);
    this.restore();
    this.foundZxid = this.lastZxid;
    this.toldZxid = this.lastZxid;
    this.context.emit({ kind: "ZkSnapshotInstalled", server: this.context.serverId, zxid: snapshot.zxid });
  }

  takeSnapshot(): void {
    this.disk.writeSnapshot(this.tree.snapshot());
  }

  private restore(upTo = Number.POSITIVE_INFINITY): ReturnType<TransactionLog["load"]> {
    const loaded = this.disk.load();
    this.tree = loaded.snapshot === undefined ? new DataTree() : DataTree.of(loaded.snapshot);
    this.committedLog.length = 0;
    this.untold = [];
    this.doubtful = loaded.transactions.filter(({ zxid }) => zxid > upTo);
    for (const transaction of loaded.transactions) {
      if (transaction.zxid > upTo) break;
      const applied = this.apply(transaction);
      if (transaction.zxid > this.toldZxid) this.untold.push(applied);
    }
    return loaded;
  }

  private apply(transaction: ZkTransaction): AppliedTransaction {
    const applied = this.tree.apply(transaction);
    this.committedLog.push(transaction);
    if (this.committedLog.length > COMMIT_LOG_COUNT) this.committedLog.shift();
    return applied;
  }

  private tell(applied: AppliedTransaction, tree: ZnodeReader): void {
    const { transaction, changes, endedSession } = applied;
    const { zxid, session, body } = transaction;
    this.toldZxid = zxid;
    if (zxid > this.foundZxid) this.report(applied);
    if (body.type === "createSession") {
      const { client, timeoutMs } = body;
      this.context.emit({ kind: "ZkSessionOpened", session, client, timeoutMs, metadataOffset: zxid });
    } else if (body.type === "closeSession" && endedSession) {
      const { client, reason } = body;
      this.context.emit({ kind: "ZkSessionClosed", session, client, reason, metadataOffset: zxid });
    }
    this.listener?.onCommitted({ zxid, session, changes }, tree);
  }

  private report({ transaction, changes }: AppliedTransaction): void {
    const created: { path: string; owner: number }[] = [];
    const deleted: string[] = [];
    for (const { path, before, after } of netChanges(changes)) {
      const isNew = after?.stat.czxid === transaction.zxid;
      if (before !== undefined && (after === undefined || isNew)) deleted.push(path);
      if (isNew) created.push({ path, owner: after.stat.ephemeralOwner });
    }
    this.context.emit({ kind: "ZkTransactionCommitted", server: this.context.serverId, transaction, created, deleted });
  }
}

/** What a transaction comes to: a multi may make a node and delete it again. */
function netChanges(changes: readonly ZnodeChange[]): readonly ZnodeChange[] {
  if (changes.length < 2) return changes;
  const net = new Map<string, ZnodeChange>();
  for (const change of changes) {
    const earlier = net.get(change.path);
    net.set(change.path, earlier === undefined ? change : { ...change, before: earlier.before });
  }
  return [...net.values()];
}
