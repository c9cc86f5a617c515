/**
 * What a leader knows of one follower. It knows only what the follower's fetches say, and never looks at its log.
 *
 * A fetch at offset F says that the follower has everything below F, so this is always one fetch behind the copy.
 * Source: Replica, ReplicaState.
 */
import type { Micros } from "../../base/units.ts";
import { type BrokerEpoch, type BrokerId, NONE, type Offset } from "../ids.ts";
import type { FollowerProgress } from "./isr.ts";

/**
 * Longer ago than any lag that can be configured.
 * @internal
 */
export const NEVER: Micros = Number.NEGATIVE_INFINITY;

export class FollowerState implements FollowerProgress {
  readonly brokerId: BrokerId;
  logEndOffset: Offset = NONE;
  logStartOffset: Offset = NONE;
  lastCaughtUpTime: Micros = NEVER;
  /** Of its last fetch; undefined before the first one. */
  brokerEpoch: BrokerEpoch | undefined = undefined;
  /** The leader's log end offset when the follower fetched last. */
  private lastFetchLeaderLogEndOffset: Offset = NONE;
  private lastFetchTime: Micros = NEVER;

  constructor(brokerId: BrokerId) {
    this.brokerId = brokerId;
  }

  /** A valid fetch came in at `now`; `leaderEndOffset` is the leader's at the read that answers it. */
  onFetch(
    fetchOffset: Offset,
    followerLogStartOffset: Offset,
    now: Micros,
    leaderEndOffset: Offset,
    brokerEpoch: BrokerEpoch,
  ): void {
    if (fetchOffset >= leaderEndOffset) {
      this.lastCaughtUpTime = Math.max(this.lastCaughtUpTime, now);
    } else if (fetchOffset >= this.lastFetchLeaderLogEndOffset) {
      // It has all that there was when it asked before: else a busy partition's followers would never count as caught up.
      this.lastCaughtUpTime = Math.max(this.lastCaughtUpTime, this.lastFetchTime);
    }
    this.logEndOffset = fetchOffset;
    this.logStartOffset = followerLogStartOffset;
    this.lastFetchLeaderLogEndOffset = Math.max(this.lastFetchLeaderLogEndOffset, leaderEndOffset);
    this.lastFetchTime = now;
    this.brokerEpoch = brokerEpoch;
  }

  /** The leader epoch rose: the broker became leader, or was elected again. */
  onNewLeaderEpoch(options: {
    readonly now: Micros;
    readonly epochStartOffset: Offset;
    readonly newLeader: boolean;
    readonly inIsr: boolean;
  }): void {
    const { now, epochStartOffset, newLeader, inIsr } = options;
    // A member of the ISR gets the full lag time to fetch from us; nobody else may hold the high watermark back.
    this.lastCaughtUpTime = inIsr ? now : NEVER;
    if (newLeader) {
      this.logEndOffset = NONE;
      this.logStartOffset = NONE;
      this.lastFetchLeaderLogEndOffset = NONE;
      this.lastFetchTime = NEVER;
      this.brokerEpoch = undefined;
    } else {
      this.lastFetchLeaderLogEndOffset = epochStartOffset;
      this.lastFetchTime = inIsr ? now : NEVER;
    }
  }
}
