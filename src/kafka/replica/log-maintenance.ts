/**
 * What a broker does with its logs in the background: it deletes old segments, and compacts.
 *
 * One cleaner thread: it takes the dirtiest log, then the next, and rests when none is dirty enough. Up to where each log is clean is
 * noted in a checkpoint. Source: LogManager.cleanupLogs, LogCleaner, LogCleanerManager.
 */
import { ms, seconds, US_PER_MS } from "../../base/units.ts";
import type { Timer, TimerTarget } from "../../sim/host.ts";
import { report } from "../events.ts";
import { type Offset, partitionName } from "../ids.ts";
import { CLEANER_OFFSET_CHECKPOINT, OffsetCheckpoint } from "../log/checkpoints.ts";
import { cleanLog, dirtyRatio } from "../log/log-cleaning.ts";
import type { LocalReplica } from "./local-replica.ts";
import type { LogDirectory } from "./log-directory.ts";
import type { ReplicaContext } from "./replica-context.ts";

/** LogManager looks for old segments for the first time so long after the start (InitialTaskDelayMs). */
const INITIAL_DELAY = seconds(30);

interface MaintenanceTimer extends Timer {
  readonly kind: "log.retention" | "log.cleaner";
}

export class LogMaintenance implements TimerTarget {
  private readonly context: ReplicaContext;
  private readonly directory: LogDirectory;
  private readonly checkpoint: OffsetCheckpoint;
  /** By log directory: everything below is clean. */
  private cleanTo = new Map<string, Offset>();

  constructor(context: ReplicaContext, directory: LogDirectory) {
    this.context = context;
    this.directory = directory;
    this.checkpoint = new OffsetCheckpoint(context.host, CLEANER_OFFSET_CHECKPOINT);
  }

  startup(): void {
    this.cleanTo = new Map(this.checkpoint.read());
    this.schedule("log.retention", INITIAL_DELAY);
    const { config } = this.context;
    // The cleaner's thread runs from the start, and finds nothing then.
    if (config["log.cleaner.enable"]) this.schedule("log.cleaner", ms(config["log.cleaner.backoff.ms"]));
  }

  onTimer(timer: Timer): void {
    const { config, logDirFailed } = this.context;
    if (logDirFailed) return;
    const { kind } = timer as MaintenanceTimer;
    if (kind === "log.retention") {
      this.deleteOldSegments();
      this.schedule(kind, ms(config["log.retention.check.interval.ms"]));
    } else {
      this.cleanDirtyLogs();
      this.schedule(kind, ms(config["log.cleaner.backoff.ms"]));
    }
  }

  private schedule(kind: MaintenanceTimer["kind"], delay: number): void {
    const timer: MaintenanceTimer = { kind, target: this };
    this.context.host.setTimer(delay, timer);
  }

  private get nowMs(): number {
    return Math.floor(this.context.host.now() / US_PER_MS);
  }

  private deleteOldSegments(): void {
    for (const { log, config } of this.directory.all()) log.deleteOldSegments(config, this.nowMs);
  }

  private cleanDirtyLogs(): void {
    let cleaned = false;
    for (let replica = this.filthiest(); replica !== undefined; replica = this.filthiest()) {
      if (!this.clean(replica)) return;
      cleaned = true;
    }
    if (cleaned) this.checkpoint.write(this.cleanTo);
  }

  private filthiest(): LocalReplica | undefined {
    let found: LocalReplica | undefined;
    let highest = 0;
    for (const replica of this.directory.all()) {
      const { log, config } = replica;
      if (!config.compacts) continue;
      const ratio = dirtyRatio(log, this.firstDirty(replica));
      if (ratio <= config.minCleanableDirtyRatio || ratio <= highest) continue;
      highest = ratio;
      found = replica;
    }
    return found;
  }

  /** A log that was cut below it is dirty from its end on. */
  private firstDirty({ topic, partition, log }: LocalReplica): Offset {
    const cleanTo = this.cleanTo.get(partitionName(topic, partition)) ?? 0;
    return Math.max(Math.min(cleanTo, log.logEndOffset), log.logStartOffset);
  }

  /** False on an I/O error. */
  private clean(replica: LocalReplica): boolean {
    const { topic, partition, log, config } = replica;
    const { host, brokerId } = this.context;
    const result = cleanLog(log, this.firstDirty(replica), {
      nowMs: this.nowMs,
      deleteRetentionMs: config.deleteRetentionMs,
    });
    if (result === undefined) return false;
    const { cleanTo, removedRecords } = result;
    this.cleanTo.set(partitionName(topic, partition), cleanTo);
    if (removedRecords > 0) report(host, { kind: "LogCompacted", topic, partition, broker: brokerId, cleanTo, removedRecords });
    return true;
  }
}
