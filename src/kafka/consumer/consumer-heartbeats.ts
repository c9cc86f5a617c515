/**
 * When a member of KIP-848 sends a heartbeat, and what stands in it.
 *
 * The coordinator dictates the interval. A heartbeat that joins holds everything, a later one only what has changed since the one
 * before; after a failure everything is told again, since nobody knows what has arrived. One is unanswered at a time.
 * Source: AbstractHeartbeatRequestManager.HeartbeatRequestState, ConsumerHeartbeatRequestManager.HeartbeatState, RequestState.
 */
import { type Micros, ms } from "../../base/units.ts";
import type { Host } from "../../sim/host.ts";
import type { RandomStream } from "../../sim/random.ts";
import { retryBackoff } from "../client/retry-backoff.ts";
import type { ConsumerConfig } from "../config/client-config.ts";
import { NONE } from "../ids.ts";
import type { ConsumerGroupHeartbeatRequest } from "../messages/groups.ts";
import { type LocalAssignment, sameAssignment } from "./local-assignment.ts";

/** What the member says of itself in every heartbeat. */
type Identity = Pick<ConsumerGroupHeartbeatRequest, "groupId" | "memberId" | "memberEpoch" | "instanceId">;

export class ConsumerHeartbeats {
  private readonly host: Host;
  private readonly config: ConsumerConfig;
  private readonly random: RandomStream;
  private inFlight = false;
  private interval: Micros = 0;
  private intervalEndsAt: Micros = Number.NEGATIVE_INFINITY;
  private backoffEndsAt: Micros = Number.NEGATIVE_INFINITY;
  private failures = 0;
  /** What the coordinator has been told; undefined: it has to be told everything. */
  private told: { readonly topics: string; readonly assignment: LocalAssignment } | undefined = undefined;

  constructor(host: Host, config: ConsumerConfig) {
    this.host = host;
    this.config = config;
    this.random = host.random("heartbeat-retry");
  }

  /** When the next one may go out; infinite while one is unanswered. `urgent`: the member's state does not wait for the interval. */
  dueAt(urgent: boolean): Micros {
    if (this.inFlight) return Number.POSITIVE_INFINITY;
    // Kafka does not rest before an urgent one that was refused, and asks as fast as the network allows.
    return urgent ? this.backoffEndsAt : Math.max(this.intervalEndsAt, this.backoffEndsAt);
  }

  /** The heartbeat that goes out now. */
  next(
    identity: Identity,
    member: { readonly subscription: readonly string[]; readonly assignment: LocalAssignment; readonly joins: boolean },
  ): ConsumerGroupHeartbeatRequest {
    const { subscription, assignment, joins } = member;
    const told = joins ? undefined : this.told;
    const topics = [...subscription].sort().join();
    this.told = { topics, assignment };
    this.inFlight = true;
    this.intervalEndsAt = this.host.steadyNow() + this.interval;
    const rack = this.config["client.rack"];
    return {
      ...identity,
      rackId: told === undefined && rack !== "" ? rack : null,
      rebalanceTimeoutMs: told === undefined ? this.config["max.poll.interval.ms"] : NONE,
      subscribedTopicNames: told?.topics === topics ? null : subscription,
      serverAssignor: told === undefined ? this.config["group.remote.assignor"] : null,
      topicPartitions: told !== undefined && sameAssignment(told.assignment, assignment) ? null : assignment.topics,
    };
  }

  onSuccess(heartbeatIntervalMs: number): void {
    this.inFlight = false;
    this.failures = 0;
    this.backoffEndsAt = Number.NEGATIVE_INFINITY;
    const interval = ms(heartbeatIntervalMs);
    if (interval === this.interval) return;
    this.interval = interval;
    this.intervalEndsAt = this.host.steadyNow() + interval;
  }

  /** The next one need not wait for the interval, but for a moment. */
  onFailure(): void {
    const now = this.host.steadyNow();
    this.inFlight = false;
    this.told = undefined;
    this.intervalEndsAt = now;
    this.backoffEndsAt = now + retryBackoff(this.config, this.failures++, this.random);
  }

  /** The next one holds everything. */
  tellAll(): void {
    this.told = undefined;
  }

  /** Nothing that went before keeps the next one waiting. */
  reset(): void {
    this.inFlight = false;
    this.told = undefined;
    this.failures = 0;
    this.backoffEndsAt = Number.NEGATIVE_INFINITY;
  }
}
