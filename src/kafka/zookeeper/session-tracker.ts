/**
 * The sessions of the ensemble, as the leader keeps them: only the leader decides that one has expired. A session belongs to the server
 * that its client was last connected to; what another one sends for it is refused. Source: SessionTrackerImpl, LeaderSessionTracker.
 */
import { ms } from "../../base/units.ts";
import type { NodeName, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import type { ZkError } from "./client-protocol.ts";
import type { SessionInfo } from "./data-tree.ts";
import { ExpiryQueue } from "./expiry-queue.ts";
import type { ServerContext } from "./server-context.ts";
import type { SessionId } from "./znode.ts";

/** The connection to the follower that a session's client is connected to; {@link LEADER_ITSELF} if that is the leader. */
export type SessionOwner = number;

export const LEADER_ITSELF: SessionOwner = 0;

export interface SessionExpirer {
  onSessionExpired(session: SessionId, client: NodeName): void;
}

interface TrackedSession {
  readonly client: NodeName;
  /** Unknown to a new leader until something comes from it. */
  owner: SessionOwner | undefined;
  /** Its end is on the way. */
  isClosing: boolean;
}

export class SessionTracker implements TimerTarget {
  private readonly context: ServerContext;
  private readonly expirer: SessionExpirer;
  private readonly sessions = new Map<SessionId, TrackedSession>();
  private readonly expiry: ExpiryQueue;
  private timer: TimerId = 0;

  /** All clocks start anew: a new leader doesn't know when its predecessor last heard of a session. */
  constructor(context: ServerContext, expirer: SessionExpirer, sessions: ReadonlyMap<SessionId, SessionInfo>) {
    this.context = context;
    this.expirer = expirer;
    this.expiry = new ExpiryQueue(context.tickUs, context.host.steadyNow());
    for (const [session, { client, timeoutMs }] of sessions) this.track(session, timeoutMs, client);
    this.arm();
  }

  track(session: SessionId, timeoutMs: number, client: NodeName): void {
    if (!this.sessions.has(session)) this.sessions.set(session, { client, owner: undefined, isClosing: false });
    this.expiry.update(session, this.context.host.steadyNow(), ms(timeoutMs));
  }

  /** False if it has ended, or is about to. */
  touch(session: SessionId, timeoutMs: number): boolean {
    const tracked = this.sessions.get(session);
    if (tracked === undefined || tracked.isClosing) return false;
    this.expiry.update(session, this.context.host.steadyNow(), ms(timeoutMs));
    return true;
  }

  setOwner(session: SessionId, owner: SessionOwner): void {
    const tracked = this.sessions.get(session);
    if (tracked !== undefined && !tracked.isClosing) tracked.owner = owner;
  }

  /** Whether `owner` may do something for the session. */
  check(session: SessionId, owner: SessionOwner): ZkError {
    const tracked = this.sessions.get(session);
    if (tracked === undefined || tracked.isClosing) return "SESSIONEXPIRED";
    tracked.owner ??= owner;
    return tracked.owner === owner ? "OK" : "SESSIONMOVED";
  }

  setClosing(session: SessionId): void {
    const tracked = this.sessions.get(session);
    if (tracked !== undefined) tracked.isClosing = true;
  }

  clientOf(session: SessionId): NodeName | undefined {
    return this.sessions.get(session)?.client;
  }

  remove(session: SessionId): void {
    this.sessions.delete(session);
    this.expiry.remove(session);
  }

  stop(): void {
    this.context.host.cancelTimer(this.timer);
    this.timer = 0;
  }

  onTimer(_timer: Timer): void {
    const now = this.context.host.steadyNow();
    while (now >= this.expiry.nextExpiration) {
      for (const session of this.expiry.poll(now)) {
        this.setClosing(session);
        this.expirer.onSessionExpired(session, (this.sessions.get(session) as TrackedSession).client);
      }
    }
    this.arm();
  }

  private arm(): void {
    const delay = Math.max(0, this.expiry.nextExpiration - this.context.host.steadyNow());
    this.timer = this.context.host.setTimer(delay, { kind: "zookeeper.expiry", target: this });
  }
}
