/**
 * The small files beside the logs: offsets per partition, written from time to time, and the mark of a clean shutdown.
 *
 * Each write replaces the whole file and is forced to disk. What they hold is older than the logs that they speak of;
 * a log that is opened clamps what it reads here (1.8).
 * Source: OffsetCheckpointFile, CheckpointFile, CleanShutdownFileHandler.
 */
import { IMMUTABLE, markImmutable } from "../../base/immutable.ts";
import type { Host, ValueFile } from "../../sim/host.ts";
import type { BrokerEpoch, Offset } from "../ids.ts";

/** Per partition, the offset below which its log was known to be on the platter. */
export const RECOVERY_POINT_CHECKPOINT = "recovery-point-offset-checkpoint";
/** Per partition, the high watermark. */
export const HIGH_WATERMARK_CHECKPOINT = "replication-offset-checkpoint";
/** Per partition, the log start offset, where it is above the first segment's base. */
export const LOG_START_OFFSET_CHECKPOINT = "log-start-offset-checkpoint";

/** Per partition of a compacted topic, the offset below which it is clean. */
export const CLEANER_OFFSET_CHECKPOINT = "cleaner-offset-checkpoint";

const CLEAN_SHUTDOWN_FILE = ".kafka_cleanshutdown";

const NO_OFFSETS: ReadonlyMap<string, Offset> = new Map();

/** One file's content. Shared by forks, hence never changed once made. */
class CheckpointedOffsets {
  declare readonly [IMMUTABLE]: true;
  readonly byLog: ReadonlyMap<string, Offset>;

  constructor(byLog: ReadonlyMap<string, Offset>) {
    this.byLog = new Map(byLog);
  }
}
markImmutable(CheckpointedOffsets);

export class OffsetCheckpoint {
  private readonly file: ValueFile<CheckpointedOffsets>;

  constructor(host: Host, path: string) {
    this.file = host.disk.valueFile(path);
  }

  /** Offsets by log directory name (`orders-0`); empty if it was never written. */
  read(): ReadonlyMap<string, Offset> {
    return this.file.read()?.byLog ?? NO_OFFSETS;
  }

  /** Replaces the file's content by a copy of `offsets`. False on an I/O error. */
  write(offsets: ReadonlyMap<string, Offset>): boolean {
    return this.file.writeDurably(new CheckpointedOffsets(offsets));
  }
}

/** Says that all logs were flushed before the broker went. Since KIP-966 it holds the broker's epoch. */
export class CleanShutdownMarker {
  private readonly file: ValueFile<BrokerEpoch>;

  constructor(host: Host) {
    this.file = host.disk.valueFile(CLEAN_SHUTDOWN_FILE);
  }

  /** The epoch of the broker that shut down cleanly; undefined if none did. Deletes it: it counts for one start only. */
  take(): BrokerEpoch | undefined {
    const brokerEpoch = this.file.read();
    if (brokerEpoch !== undefined) this.file.delete();
    return brokerEpoch;
  }

  /** The last thing that a clean shutdown does. False on an I/O error. */
  write(brokerEpoch: BrokerEpoch): boolean {
    return this.file.writeDurably(brokerEpoch);
  }
}
