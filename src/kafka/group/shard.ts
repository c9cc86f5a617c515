/**
 * What the parts of a coordinator get from the runtime that carries them.
 *
 * A broker coordinates the groups of each partition of __consumer_offsets that it leads: one shard per partition, made anew with
 * each leadership. Its parts (offsets, classic groups, KIP-848 groups) decide; what they decide is written as records, which
 * every part then replays, so that a new coordinator that replays the log knows the same. Source: CoordinatorRuntime,
 * CoordinatorShard, GroupCoordinatorShard.
 */
import type { Host } from "../../sim/host.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { Dials } from "../dials.ts";
import type { ErrorCode } from "../errors.ts";
import type { BrokerId, LeaderEpoch, Offset } from "../ids.ts";
import type { BrokerMetadataCache } from "../metadata/broker-metadata-cache.ts";
import type { CoordinatorRecord } from "./coordinator-records.ts";
import type { GroupRegistry } from "./group.ts";

export interface ShardContext {
  readonly host: Host;
  readonly config: BrokerConfig;
  readonly dials: Dials;
  readonly brokerId: BrokerId;
  readonly metadata: BrokerMetadataCache;
  readonly groups: GroupRegistry;
  /** Of __consumer_offsets. */
  readonly partition: number;
  readonly epoch: LeaderEpoch;
  /** False once this broker has resigned: timers that fire later are for nobody. */
  readonly active: boolean;
  /**
   * Appends `records` as one batch and replays them in every part at once; `waiting` hears when they are committed (never before this
   * returns), or why they will not be known to be. With no records it waits for what was written before, and hears at once if
   * nothing is waited for. An error: nothing was written nor replayed, and `waiting` hears of it before this returns. Errors are those
   * that a client gets: COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR, UNKNOWN_SERVER_ERROR (a batch that is too large).
   */
  write(records: readonly CoordinatorRecord[], waiting?: WriteWaiter): ErrorCode;
}

/** Who waits for a write. Data: a class with what it needs in its fields. */
export interface WriteWaiter {
  /**
   * NONE: committed. COORDINATOR_NOT_AVAILABLE after `offsets.commit.timeout.ms` (with the old coordinator REQUEST_TIMED_OUT) and
   * NOT_COORDINATOR after the loss of leadership leave the records in the log, where they may become committed still.
   */
  onWritten(error: ErrorCode): void;
}

export interface ShardPart {
  /** A record of the log: one that was just written here, or one of those read when this broker became coordinator. */
  replay(record: CoordinatorRecord, offset: Offset): void;
  /** All has been replayed: timers begin to run. */
  onLoaded(): void;
  /** This broker coordinates no longer: whoever waits is told NOT_COORDINATOR. */
  onUnloaded(): void;
  /** The broker has learnt something new about topics. */
  onMetadataChanged(): void;
}
