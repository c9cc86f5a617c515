/**
 * Brings transactions to disk: while one fsync runs, what comes gathers, and goes with the next. Now and then, when everything is on disk,
 * a snapshot is taken. Source: SyncRequestProcessor.
 */
import type { DiskOperation, DiskTarget } from "../../sim/host.ts";
import { transactionBytes } from "./quorum-messages.ts";
import type { ServerContext } from "./server-context.ts";
import type { ZkTransaction } from "./transaction.ts";
import type { ZkDatabase } from "./zk-database.ts";
import type { Zxid } from "./zxid.ts";

export interface SyncListener {
  /** Everything that was handed in up to `zxid` is on disk. */
  onSynced(zxid: Zxid): void;
  /** Nothing is left to be brought to disk. */
  onSyncIdle(): void;
}

interface SyncOperation extends DiskOperation {
  /** `zookeeper.write` the page cache takes what waits; `zookeeper.fsync` it is on disk. */
  readonly kind: "zookeeper.write" | "zookeeper.fsync";
}

export class SyncRequestProcessor implements DiskTarget {
  private readonly context: ServerContext;
  private readonly db: ZkDatabase;
  private readonly listener: SyncListener;
  private gathered: ZkTransaction[] = [];
  private writing: readonly ZkTransaction[] = [];
  /** The disk is being waited for. */
  private busy = false;
  /** Servers must not all take their snapshots at the same time. */
  private snapshotAfter: number;
  /** Only a server that is in step with a leader takes snapshots: what it has applied is committed then. */
  mayTakeSnapshots = false;

  constructor(context: ServerContext, db: ZkDatabase, listener: SyncListener) {
    this.context = context;
    this.db = db;
    this.listener = listener;
    this.snapshotAfter = this.drawSnapshotCount();
  }

  get isIdle(): boolean {
    return !this.busy;
  }

  process(transaction: ZkTransaction): void {
    this.gathered.push(transaction);
    if (!this.busy) this.writeNext();
  }

  /** Comes back when the disk has done what was asked of it before, though there is nothing to be logged. */
  flush(): void {
    if (!this.busy) this.writeNext();
  }

  onDiskDone(operation: DiskOperation, ok: boolean): void {
    if (!ok) {
      this.context.fatal("the transaction log cannot be forced to disk");
      return;
    }
    if ((operation as SyncOperation).kind === "zookeeper.write") this.write();
    else this.onSynced();
  }

  private writeNext(): void {
    this.busy = true;
    this.writing = this.gathered;
    this.gathered = [];
    let bytes = 0;
    for (const transaction of this.writing) bytes += transactionBytes(transaction);
    const operation: SyncOperation = { kind: "zookeeper.write", target: this };
    if (this.context.host.disk.admit(bytes, operation)) this.write();
  }

  private write(): void {
    for (const transaction of this.writing) this.db.log(transaction);
    const operation: SyncOperation = { kind: "zookeeper.fsync", target: this };
    this.db.disk.fsync(operation);
  }

  private onSynced(): void {
    const zxid = this.writing.at(-1)?.zxid ?? this.db.disk.lastZxid;
    this.writing = [];
    this.busy = false;
    if (this.mayTakeSnapshots && this.db.disk.sinceSnapshot > this.snapshotAfter) {
      this.db.takeSnapshot();
      this.snapshotAfter = this.drawSnapshotCount();
    }
    if (this.gathered.length > 0) this.writeNext();
    this.listener.onSynced(zxid);
    if (this.isIdle) this.listener.onSyncIdle();
  }

  private drawSnapshotCount(): number {
    const half = Math.floor(this.context.snapCount / 2);
    return half + this.context.host.random("zookeeper.snapshot").below(half);
  }
}
