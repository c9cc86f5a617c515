/** Flushes of a log that are under way: several files each, and possibly several at a time. Source: UnifiedLog.flush. */
import type { AppendFile, DiskOperation, DiskTarget, Host } from "../../sim/host.ts";
import type { Offset } from "../ids.ts";

/** The log whose files are flushed. */
export interface FlushOwner {
  /** Everything below `to` is on the platter, unless the disk answered with an I/O error. */
  onFlushEnded(to: Offset, ok: boolean): void;
}

interface LogFlush extends DiskOperation {
  readonly kind: "log.flush";
  /** What the recovery point becomes. Lowered when the log is truncated meanwhile. */
  to: Offset;
  /** Files not yet on the platter. */
  filesLeft: number;
  failed: boolean;
  /** Whom to tell afterwards. */
  readonly operation: DiskOperation | undefined;
}

export class LogFlushes implements DiskTarget {
  private readonly host: Host;
  private readonly owner: FlushOwner;
  private readonly underWay: LogFlush[] = [];

  constructor(host: Host, owner: FlushOwner) {
    this.host = host;
    this.owner = owner;
  }

  /** Forces `files`, which hold everything up to `to` that is not yet on the platter. */
  begin(files: readonly AppendFile<unknown>[], to: Offset, operation: DiskOperation | undefined): void {
    const flush: LogFlush = { kind: "log.flush", target: this, to, filesLeft: files.length, failed: false, operation };
    this.underWay.push(flush);
    for (const file of files) this.host.disk.fsync(file, flush);
  }

  /** The log ends at `end` now: what is written from here on is not what those flushes were asked for. */
  onTruncated(end: Offset): void {
    for (const flush of this.underWay) flush.to = Math.min(flush.to, end);
  }

  onDiskDone(operation: DiskOperation, ok: boolean): void {
    const flush = operation as LogFlush;
    flush.filesLeft -= 1;
    if (!ok) flush.failed = true;
    if (flush.filesLeft > 0) return;
    this.underWay.splice(this.underWay.indexOf(flush), 1);
    this.owner.onFlushEnded(flush.to, !flush.failed);
    flush.operation?.target.onDiskDone(flush.operation, !flush.failed);
  }
}
