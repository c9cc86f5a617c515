/** What the lanes show of a partition, without a thought about room: a lane per replica, what it holds and what it is. */
import type { Micros } from "../../base/units.ts";
import type { BrokerId, LeaderEpoch, Offset, TopicPartition } from "../../kafka/ids.ts";
import type { NodeName } from "../../sim/host.ts";

/** Offsets from `from` up to, without, `to`. */
export interface OffsetRange {
  readonly from: Offset;
  readonly to: Offset;
}

/** Records of one epoch, one after the other; -1: they can't be read. */
export interface EpochRun extends OffsetRange {
  readonly epoch: LeaderEpoch;
}

/** As the controller has committed it, or the leader with ZooKeeper. */
export interface CommittedState {
  /** -1: nobody. */
  readonly leader: BrokerId;
  readonly leaderName: NodeName | undefined;
  readonly leaderEpoch: LeaderEpoch;
  readonly isr: readonly BrokerId[];
  readonly elr: readonly BrokerId[];
  readonly lastKnownElr: readonly BrokerId[];
  readonly minIsr: number;
}

/**
 * `leader`: acts as the leader that is committed. `former`: acts as the leader of an older epoch. `named`: is the committed leader, but
 * does not act as it. `none`: does not (yet, or any more) host the replica.
 */
export type Role = "leader" | "former" | "named" | "follower" | "none";

/** `starting`: its process runs, and has not opened the log yet. */
export type ServerCondition = "running" | "starting" | "paused" | "down" | "without power";

export interface Membership {
  readonly isAssigned: boolean;
  readonly inIsr: boolean;
  /** In the ISR, and not at the leader's end: when the leader may drop it for that; negative when that time has passed. */
  readonly evictedIn: Micros | undefined;
  /** What the leader has proposed, and not been answered yet. */
  readonly proposed: "in" | "out" | undefined;
  /** Out of the ISR: for so long, where that is known. */
  readonly outFor: Micros | undefined;
  /** Not in the ISR, but electable (KIP-966). */
  readonly eligible: "ELR" | "last known ELR" | undefined;
}

export interface Lane {
  readonly broker: BrokerId;
  readonly node: NodeName;
  readonly condition: ServerCondition;
  readonly role: Role;
  /** In the ISR, or in the ELR. */
  readonly isElectable: boolean;
  /** As the replica was last told; -1 where nobody has told it. */
  readonly leaderEpoch: LeaderEpoch;
  /** Whom it takes for the leader; undefined where it takes nobody for it. */
  readonly follows: NodeName | undefined;
  /** It has not been told of the newest leader epoch. */
  readonly isOutdated: boolean;
  readonly membership: Membership;
  /** The controller has fenced it, or ZooKeeper has no registration of it. */
  readonly isFenced: boolean;
  /** Nothing gets through between it and the leader, in at least one direction. */
  readonly isCutOff: boolean;
  readonly logDirFailed: boolean;
  readonly logStart: Offset;
  readonly highWatermark: Offset;
  readonly logEnd: Offset;
  /** What is below would survive a loss of power. */
  readonly durableTo: Offset;
  /** Of what lies in {@link LanesScene.extent}; ascending. */
  readonly runs: readonly EpochRun[];
  /** Appended in this step. */
  readonly appended: OffsetRange | undefined;
  /** Cut off in this step. */
  readonly truncated: OffsetRange | undefined;
  readonly highWatermarkMoved: boolean;
  /** Its disk has lost this, and it has not come back. */
  readonly lostByDisk: OffsetRange | undefined;
}

/** Committed records that no electable replica has any more. */
export interface LostRecords extends OffsetRange {
  /** How many of them had been acknowledged. */
  readonly acknowledged: number;
  /** It has come about in this step. */
  readonly isFresh: boolean;
}

export interface LanesScene {
  readonly partition: TopicPartition;
  /** `orders-0`. */
  readonly name: string;
  readonly absence: "not created yet" | "deleted" | undefined;
  readonly state: CommittedState | undefined;
  /** By broker. */
  readonly lanes: readonly Lane[];
  /** In order of coming about. */
  readonly losses: readonly LostRecords[];
  /** Where the lanes' runs are known. */
  readonly extent: OffsetRange;
  /** Ends of logs and high watermarks, ascending: what should be in view, the last of them first of all. */
  readonly ends: readonly End[];
}

export interface End {
  readonly offset: Offset;
  /** Of a replica that may be elected, or of what has just been cut off or lost. */
  readonly isVital: boolean;
}
