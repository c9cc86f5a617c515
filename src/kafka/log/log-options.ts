/** What a log is opened with: its settings, and what the checkpoint files say of it. */
import type { Micros } from "../../base/units.ts";
import type { Offset } from "../ids.ts";

export interface LogConfig {
  /** `segment.bytes`. */
  readonly segmentBytes: number;
  /** `segment.ms`, in microseconds. */
  readonly segmentUs: Micros;
  /** `flush.messages`: unflushed records at which an append forces the log to disk before it returns. */
  readonly flushMessages: number;
  /** `max.message.bytes`: the largest batch that a leader takes. */
  readonly maxMessageBytes: number;
  /** Whether `cleanup.policy` has `compact`: then every record must have a key. */
  readonly compacts: boolean;
}

/** How the last incarnation stopped; `new` when there was no log yet. */
export type LogShutdown = "clean" | "unclean" | "new";

export interface LogOptions {
  /** Name of the log's directory: `orders-0`. */
  readonly dir: string;
  readonly config: LogConfig;
  /** Whether the clean-shutdown marker was found. */
  readonly cleanShutdown: boolean;
  /** The three offsets as the checkpoint files had them; 0 where they had none. */
  readonly recoveryPoint: Offset;
  readonly logStartOffset: Offset;
  readonly highWatermark: Offset;
}
