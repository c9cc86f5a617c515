/**
 * The timers of members: one of each kind per member. Source: CoordinatorTimer, and who schedules what in GroupMetadataManager.
 */
import { type Micros, ms } from "../../../base/units.ts";
import type { Host, Timer, TimerId, TimerTarget } from "../../../sim/host.ts";

/**
 * session: it has been silent. rebalance: it has not given up what it was to. join, sync: a member of the classic protocol has not come
 * back with a JoinGroup, a SyncGroup.
 */
export type MemberTimerKind = "session" | "rebalance" | "join" | "sync";

const KINDS: readonly MemberTimerKind[] = ["session", "rebalance", "join", "sync"];

export interface MemberTimer extends Timer {
  readonly what: MemberTimerKind;
  readonly group: string;
  readonly member: string;
  /** rebalance: the epoch that it was to leave. */
  readonly memberEpoch: number;
}

type MemberTimerData = Omit<MemberTimer, "kind" | "target">;

/** How long after a write that failed what a timer does is tried again. */
const RETRY_BACKOFF: Micros = ms(500);

export class MemberTimers {
  private readonly host: Host;
  private readonly target: TimerTarget;
  private readonly pending = new Map<string, TimerId>();

  constructor(host: Host, target: TimerTarget) {
    this.host = host;
    this.target = target;
  }

  /** Anew if it runs already. */
  schedule(data: MemberTimerData, delayMs: number): void {
    this.cancel(data);
    this.pending.set(keyOf(data), this.set(data, ms(delayMs)));
  }

  scheduleIfAbsent(data: MemberTimerData, delayMs: number): void {
    if (!this.pending.has(keyOf(data))) this.schedule(data, delayMs);
  }

  retry(data: MemberTimerData): void {
    this.cancel(data);
    this.pending.set(keyOf(data), this.set(data, RETRY_BACKOFF));
  }

  cancel(data: Pick<MemberTimer, "what" | "group" | "member">): void {
    const id = this.pending.get(keyOf(data));
    if (id === undefined) return;
    this.host.cancelTimer(id);
    this.pending.delete(keyOf(data));
  }

  cancelAllOf(group: string, member: string): void {
    for (const what of KINDS) this.cancel({ what, group, member });
  }

  cancelAll(): void {
    for (const id of this.pending.values()) this.host.cancelTimer(id);
    this.pending.clear();
  }

  /** It has fired. */
  forget(timer: MemberTimer): void {
    this.pending.delete(keyOf(timer));
  }

  private set({ what, group, member, memberEpoch }: MemberTimerData, delay: Micros): TimerId {
    const timer: MemberTimer = { kind: `group.member.${what}`, target: this.target, what, group, member, memberEpoch };
    return this.host.setTimer(delay, timer);
  }
}

function keyOf({ what, group, member }: Pick<MemberTimer, "what" | "group" | "member">): string {
  return `${what} ${group} ${member}`;
}
