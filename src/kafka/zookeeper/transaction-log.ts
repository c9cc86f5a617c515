/**
 * What a server keeps on its disk: the log of transactions in files that begin where a snapshot was taken, the newest snapshot, and the
 * two epochs.
 *
 * The epochs and the snapshot are forced to disk as they are written. The log is written to the page cache; SyncRequestProcessor forces it.
 * Source: FileTxnLog, FileTxnSnapLog, QuorumPeer.setAcceptedEpoch, setCurrentEpoch.
 */
import type { AppendFile, DiskOperation, TornEntry, ValueFile } from "../../sim/host.ts";
import type { Snapshot } from "./data-tree.ts";
import { transactionBytes } from "./quorum-messages.ts";
import type { ServerContext } from "./server-context.ts";
import type { ZkTransaction } from "./transaction.ts";
import { epochOf, type Zxid } from "./zxid.ts";

const ZOOKEEPER_DIR = "version-2";

const LOG_PREFIX = `${ZOOKEEPER_DIR}/log.`;
/** Enough that names in order are zxids in order. */
const ZXID_DIGITS = 14;

interface LoadedHistory {
  readonly snapshot: Snapshot | undefined;
  /** What the log holds after the snapshot. */
  readonly transactions: readonly ZkTransaction[];
}

export class TransactionLog {
  private readonly context: ServerContext;
  private readonly snapshotFile: ValueFile<Snapshot>;
  private readonly acceptedEpochFile: ValueFile<number>;
  private readonly currentEpochFile: ValueFile<number>;
  /** In zxid order; the last one is written to. */
  private files: AppendFile<ZkTransaction>[] = [];
  /** The last transaction that was logged, perhaps only in the page cache. */
  lastZxid: Zxid = 0;
  /** How many have been logged since the last snapshot. */
  sinceSnapshot = 0;

  constructor(context: ServerContext) {
    this.context = context;
    const { disk } = context.host;
    this.snapshotFile = disk.valueFile(`${ZOOKEEPER_DIR}/snapshot`);
    this.acceptedEpochFile = disk.valueFile(`${ZOOKEEPER_DIR}/acceptedEpoch`);
    this.currentEpochFile = disk.valueFile(`${ZOOKEEPER_DIR}/currentEpoch`);
  }

  /** The newest epoch that this server has promised to follow. Never decreases. */
  get acceptedEpoch(): number {
    return Math.max(this.acceptedEpochFile.read() ?? 0, this.currentEpoch);
  }

  set acceptedEpoch(epoch: number) {
    if (!this.acceptedEpochFile.writeDurably(epoch)) this.context.fatal("acceptedEpoch cannot be written");
  }

  /**
   * The newest epoch whose beginning this server's history contains. A transaction of an epoch says the same: it may be logged just
   * before the file says so.
   */
  get currentEpoch(): number {
    return Math.max(this.currentEpochFile.read() ?? 0, epochOf(this.lastZxid));
  }

  set currentEpoch(epoch: number) {
    if (!this.currentEpochFile.writeDurably(epoch)) this.context.fatal("currentEpoch cannot be written");
  }

  get snapshotZxid(): Zxid {
    return this.snapshotFile.read()?.zxid ?? 0;
  }

  /** Reads what the disk has; a last entry that was only partly written is cut off. */
  load(): LoadedHistory {
    const snapshot = this.snapshotFile.read();
    const { disk } = this.context.host;
    this.files = disk.list(LOG_PREFIX).map((path) => disk.appendFile(path));
    const transactions: ZkTransaction[] = [];
    let lastZxid = snapshot?.zxid ?? 0;
    for (const file of this.files) {
      for (let i = 0; i < file.length; i++) {
        const entry = file.at(i);
        if ("torn" in entry) {
          this.cutTorn(file, i);
          break;
        }
        // What a snapshot from the leader has superseded may still be there.
        if (entry.zxid <= lastZxid) continue;
        transactions.push(entry);
        lastZxid = entry.zxid;
      }
    }
    this.lastZxid = lastZxid;
    this.sinceSnapshot = transactions.length;
    return { snapshot, transactions };
  }

  /** Into the page cache. */
  append(transaction: ZkTransaction): void {
    const file = this.files.at(-1) ?? this.newFile(transaction.zxid);
    if (!file.append(transaction, transactionBytes(transaction))) {
      this.context.fatal("the transaction log cannot be written");
      return;
    }
    this.lastZxid = transaction.zxid;
    this.sinceSnapshot++;
  }

  fsync(operation: DiskOperation): void {
    this.context.host.disk.fsync(this.files.at(-1) ?? this.newFile(this.lastZxid + 1), operation);
  }

  /** Forces everything to disk, the caller waiting. */
  force(): void {
    for (const file of this.files) if (!file.force()) this.context.fatal("the transaction log cannot be forced to disk");
  }

  /** Forgets what was logged after `zxid`. */
  truncate(zxid: Zxid): void {
    for (let last = this.files.at(-1); last !== undefined; last = this.files.at(-1)) {
      let keep = last.length;
      while (keep > 0 && (last.at(keep - 1) as ZkTransaction).zxid > zxid) keep--;
      last.truncate(keep);
      if (!last.force()) this.context.fatal("the transaction log cannot be truncated");
      const end = last.at(keep - 1);
      if (end !== undefined) {
        this.lastZxid = Math.max((end as ZkTransaction).zxid, this.snapshotZxid);
        return;
      }
      this.context.host.disk.delete(last.path);
      this.files.pop();
    }
    this.lastZxid = this.snapshotZxid;
  }

  /** Keeps a state of this server's own history. What it makes superfluous in the log goes. Everything logged is on disk already. */
  writeSnapshot(snapshot: Snapshot): void {
    if (!this.snapshotFile.writeDurably(snapshot)) {
      this.context.fatal("the snapshot cannot be written");
      return;
    }
    this.newFile(this.lastZxid + 1);
    this.sinceSnapshot = 0;
    while (this.files.length > 1 && endOf(this.files[0] as AppendFile<ZkTransaction>) <= snapshot.zxid) {
      this.context.host.disk.delete((this.files.shift() as AppendFile<ZkTransaction>).path);
    }
  }

  /** Takes over a state that is not of this server's own history: the log goes. */
  replaceBySnapshot(snapshot: Snapshot): void {
    if (!this.snapshotFile.writeDurably(snapshot)) {
      this.context.fatal("the snapshot cannot be written");
      return;
    }
    for (const file of this.files) this.context.host.disk.delete(file.path);
    this.files = [];
    this.lastZxid = snapshot.zxid;
    this.sinceSnapshot = 0;
  }

  private newFile(zxid: Zxid): AppendFile<ZkTransaction> {
    const name = LOG_PREFIX + zxid.toString(16).padStart(ZXID_DIGITS, "0");
    const file = this.context.host.disk.appendFile<ZkTransaction>(name);
    if (this.files.at(-1)?.path !== name) this.files.push(file);
    return file;
  }

  private cutTorn(file: AppendFile<ZkTransaction>, index: number): void {
    // Behind what was being written when the power went there is nothing: else the log has rotted, and ZooKeeper does not start.
    if (file !== this.files.at(-1) || index !== file.length - 1) this.context.fatal("the transaction log is corrupt");
    else file.truncate(index);
  }
}

function endOf(file: AppendFile<ZkTransaction>): Zxid {
  const last: ZkTransaction | TornEntry | undefined = file.at(file.length - 1);
  return last === undefined || "torn" in last ? 0 : last.zxid;
}
