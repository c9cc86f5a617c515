/**
 * The heartbeat thread of a member of a classic group: it says that the member lives, and leaves for an application that polls no more.
 *
 * It runs while the application handles records or sits in a callback; while the member is about to join it rests. It
 * looks, in this order, whether the coordinator is known, whether it has answered within `session.timeout.ms`, whether
 * the application has polled within `max.poll.interval.ms`, and whether a heartbeat is due. Kafka's thread looks every
 * `retry.backoff.ms`; this one when there is something to see. Source: Heartbeat, AbstractCoordinator.HeartbeatThread.
 */
import { type Micros, ms } from "../../base/units.ts";
import type { Host, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import type { RandomStream } from "../../sim/random.ts";
import { retryBackoff } from "../client/retry-backoff.ts";
import type { ConsumerConfig } from "../config/client-config.ts";
import type { CoordinatorLocator } from "./coordinator-locator.ts";

/** The member, as the thread sees it. */
export interface HeartbeatOwner {
  /** It has answered JoinGroup, and has not lost its membership since. */
  readonly hasJoined: boolean;
  readonly coordinator: CoordinatorLocator;
  sendHeartbeat(): void;
  /** The application has been outside poll() for too long. */
  onPollTimeout(): void;
}

export class Heartbeat implements TimerTarget {
  private readonly host: Host;
  private readonly config: ConsumerConfig;
  private readonly owner: HeartbeatOwner;
  private readonly random: RandomStream;
  private enabled = false;
  private nextAt: Micros = 0;
  private sessionEndsAt: Micros = 0;
  /** Infinite while the application is inside poll(). */
  pollTimeoutAt: Micros = Number.POSITIVE_INFINITY;
  private failures = 0;
  private timer: TimerId = 0;
  private timerAt: Micros = 0;

  constructor(host: Host, config: ConsumerConfig, owner: HeartbeatOwner) {
    this.host = host;
    this.config = config;
    this.owner = owner;
    this.random = host.random("heartbeat-retry");
  }

  /** The member has joined: all that is counted begins anew. */
  enable(): void {
    const now = this.host.steadyNow();
    this.enabled = true;
    this.nextAt = now + ms(this.config["heartbeat.interval.ms"]);
    this.sessionEndsAt = now + ms(this.config["session.timeout.ms"]);
    if (this.pollTimeoutAt !== Number.POSITIVE_INFINITY) this.onPollReturned();
    this.arm();
  }

  disable(): void {
    this.enabled = false;
    this.host.cancelTimer(this.timer);
    this.timer = 0;
  }

  onPoll(): void {
    this.pollTimeoutAt = Number.POSITIVE_INFINITY;
  }

  onPollReturned(): void {
    this.pollTimeoutAt = this.host.steadyNow() + ms(this.config["max.poll.interval.ms"]);
    this.arm();
  }

  onCoordinatorKnown(): void {
    this.sessionEndsAt = this.host.steadyNow() + ms(this.config["session.timeout.ms"]);
    this.run();
  }

  onAnswered(): void {
    this.failures = 0;
    this.sessionEndsAt = this.host.steadyNow() + ms(this.config["session.timeout.ms"]);
  }

  onFailed(): void {
    this.nextAt = this.host.steadyNow() + retryBackoff(this.config, this.failures++, this.random);
    this.arm();
  }

  onTimer(_timer: Timer): void {
    this.timer = 0;
    this.run();
  }

  private run(): void {
    if (!this.enabled) return;
    const now = this.host.steadyNow();
    const { coordinator } = this.owner;
    if (!this.owner.hasJoined) {
      this.disable();
      return;
    }
    if (coordinator.node !== undefined && now >= this.sessionEndsAt) {
      coordinator.markUnknown("session timed out without a heartbeat response");
    }
    if (coordinator.node === undefined) {
      // It goes on when the coordinator is known.
      coordinator.lookUp();
      return;
    }
    if (now >= this.pollTimeoutAt) {
      this.owner.onPollTimeout();
      this.disable();
      return;
    }
    if (now >= this.nextAt) {
      this.nextAt = now + ms(this.config["heartbeat.interval.ms"]);
      this.owner.sendHeartbeat();
    }
    this.arm();
  }

  private arm(): void {
    if (!this.enabled) return;
    const at = Math.min(this.nextAt, this.sessionEndsAt, this.pollTimeoutAt);
    if (this.timer !== 0 && this.timerAt <= at) return;
    this.host.cancelTimer(this.timer);
    const timer: Timer = { kind: "group.heartbeat", target: this };
    this.timerAt = at;
    this.timer = this.host.setTimer(Math.max(0, at - this.host.steadyNow()), timer);
  }
}
