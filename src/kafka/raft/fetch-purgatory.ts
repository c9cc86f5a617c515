/**
 * Fetches that the leader keeps waiting for something to send: new records, or (KIP-1166) a new high watermark.
 *
 * All wait equally long (`maxWaitMs` of the request, 500 ms), so one timer for the first to expire is enough. One that
 * expires gets the answer that it could have had at once. Source: FuturePurgatory, KafkaRaftClient.handleFetchRequest.
 */
import { type Micros, ms } from "../../base/units.ts";
import type { Host, Timer, TimerTarget } from "../../sim/host.ts";
import type { FetchResponse } from "../messages/fetch.ts";
import type { PendingRequest } from "../net/request-channel.ts";

export interface DelayedFetch {
  readonly request: PendingRequest<"Fetch">;
  /** For when the wait ends with nothing new. */
  readonly answer: FetchResponse;
  readonly expiresAt: Micros;
}

export class FetchPurgatory implements TimerTarget {
  private readonly host: Host;
  private waiting: DelayedFetch[] = [];
  private armed = false;

  constructor(host: Host) {
    this.host = host;
  }

  await(request: PendingRequest<"Fetch">, answer: FetchResponse): void {
    this.waiting.push({ request, answer, expiresAt: this.host.now() + ms(request.body.maxWaitMs) });
    if (!this.armed) this.arm();
  }

  /** Everything that waits, in order of arrival; it does not any more. */
  takeAll(): readonly DelayedFetch[] {
    const taken = this.waiting;
    if (taken.length > 0) this.waiting = [];
    return taken;
  }

  onTimer(_timer: Timer): void {
    this.armed = false;
    const now = this.host.now();
    const expired = this.waiting.filter((fetch) => fetch.expiresAt <= now);
    if (expired.length > 0) this.waiting = this.waiting.filter((fetch) => fetch.expiresAt > now);
    for (const { request, answer } of expired) request.respond(answer);
    if (this.waiting.length > 0 && !this.armed) this.arm();
  }

  private arm(): void {
    let first = Number.POSITIVE_INFINITY;
    for (const fetch of this.waiting) first = Math.min(first, fetch.expiresAt);
    this.armed = true;
    this.host.setTimer(Math.max(0, first - this.host.now()), { kind: "raft.fetch-purgatory", target: this });
  }
}
