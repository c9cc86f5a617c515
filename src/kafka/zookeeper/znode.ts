/** What ZooKeeper keeps, and how a committed transaction changed it. Values: replaced, never changed. Source: DataNode, Stat. */
import type { Zxid } from "./zxid.ts";

/** Names a session; 0 names none. */
export type SessionId = number;

/** What a client has stored: to ZooKeeper bytes, here a value that is frozen when it is handed in. */
export type ZnodeData = Readonly<object> | string | number | null;

export interface Stat {
  /** The transaction that created it. */
  readonly czxid: Zxid;
  /** The transaction that last changed its data. */
  readonly mzxid: Zxid;
  /** How often its data was set. */
  readonly version: number;
  /** The session that it goes with; 0 for a persistent one. */
  readonly ephemeralOwner: SessionId;
}

export interface Znode {
  readonly data: ZnodeData;
  readonly stat: Stat;
}

/** One node's part in a transaction. Both sides are there if its data was set. */
export interface ZnodeChange {
  readonly path: string;
  /** Undefined if it was created. */
  readonly before: Znode | undefined;
  /** Undefined if it was deleted. */
  readonly after: Znode | undefined;
}

/** A transaction as a server applied it, known to be committed. */
export interface CommittedTransaction {
  readonly zxid: Zxid;
  /** Who asked for it. */
  readonly session: SessionId;
  readonly changes: readonly ZnodeChange[];
}

/** The nodes that a server holds. */
export interface ZnodeReader {
  /** Undefined if there is no such node. */
  get(path: string): Znode | undefined;
}

/**
 * Hears, on each server, what has been committed: in zxid order, each once per incarnation, perhaps again after a restart. What a
 * server takes over by a snapshot it does not hear of, so it keeps no history: what it has to know stands in `tree`, which is the
 * server's own right after the transaction.
 */
export interface TransactionListener {
  onCommitted(transaction: CommittedTransaction, tree: ZnodeReader): void;
}
