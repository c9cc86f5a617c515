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

/** Whose fetches all count for a follower while it is at rest. */
interface Fetches {
  readonly lastFetchTime: Micros;
}

export class FollowerState implements FollowerProgress {
  readonly brokerId: BrokerId;
  logEndOffset: Offset = NONE;
  logStartOffset: Offset = NONE;
  /** Of its last fetch; undefined before the first one. */
  brokerEpoch: BrokerEpoch | undefined = undefined;
  private caughtUpTime: Micros = NEVER;
  /** The leader's log end offset when the follower fetched last. */
  private lastFetchLeaderLogEndOffset: Offset = NONE;
  private lastFetchTime: Micros = NEVER;
  private restingOn: Fetches | undefined;

  constructor(brokerId: BrokerId) {
    this.brokerId = brokerId;
  }

  get lastCaughtUpTime(): Micros {
    return this.restingOn === undefined ? this.caughtUpTime : Math.max(this.caughtUpTime, this.restingOn.lastFetchTime);
  }

  /**
   * It is at the leader's end, and from now on says so with every one of `fetches`, of which each comes later than the one
   * before: none need be noted here.
   */
  rest(fetches: Fetches): void {
    this.restingOn = fetches;
  }

  get isAtRest(): boolean {
    return this.restingOn !== undefined;
  }

  /** Something changes between it and the leader: its fetches are noted one by one again. */
  wake(): void {
    if (this.restingOn === undefined) return;
    this.caughtUpTime = this.lastCaughtUpTime;
    this.lastFetchTime = this.restingOn.lastFetchTime;
    this.restingOn = undefined;
  }

  /** A valid fetch came in at `now`; `leaderEndOffset` is the leader's at the read that answers it. */
  onFetch(
    fetchOffset: Offset,
    followerLogStartOffset: Offset,
    now: Micros,
    leaderEndOffset: Offset,
    brokerEpoch: BrokerEpoch,
  ): void {
    this.wake();
    if (fetchOffset >= leaderEndOffset) {
      this.caughtUpTime = Math.max(this.caughtUpTime, now);
    } else if (fetchOffset >= this.lastFetchLeaderLogEndOffset) {
      // It has all that there was when it asked before: else a busy partition's followers would never count as caught up.
      this.caughtUpTime = Math.max(this.caughtUpTime, this.lastFetchTime);
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
    this.wake();
    // A member of the ISR gets the full lag time to fetch from us; nobody else may hold the high watermark back.
    this.caughtUpTime = inIsr ? now : NEVER;
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
