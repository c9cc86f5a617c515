/**
 * Who is alive, as the active controller has heard it.
 *
 * None of this is in the metadata log: a new active controller starts over and gives every broker a full session. That keeps
 * heartbeats out of the log, and makes a dead broker's fencing late by up to a session after a controller failover.
 * Source: BrokerHeartbeatManager.
 */
import { assert } from "../../base/assert.ts";
import type { Micros } from "../../base/units.ts";
import { type BrokerId, NONE, type Offset } from "../ids.ts";
import type { BrokerControlState } from "./broker-state.ts";

interface BrokerHeartbeatState {
  readonly id: BrokerId;
  fenced: boolean;
  /** On the controller's steady clock (time.nanoseconds() in BrokerHeartbeatTracker). */
  lastContact: Micros;
  /** What the broker last said it has seen of the metadata log; -1 before it has. */
  metadataOffset: Offset;
  /** -1 unless it is in controlled shutdown. */
  controlledShutdownOffset: Offset;
}

export class HeartbeatManager {
  private readonly sessionTimeout: Micros;
  private readonly brokers = new Map<BrokerId, BrokerHeartbeatState>();
  /** Those not fenced, the one that has been silent the longest first. */
  private readonly unfenced = new Map<BrokerId, BrokerHeartbeatState>();

  constructor(sessionTimeout: Micros) {
    this.sessionTimeout = sessionTimeout;
  }

  /** Heard of `id`: from itself, or because it has just registered or the controller has just become active. */
  touch(id: BrokerId, heard: { readonly fenced: boolean; readonly metadataOffset: Offset; readonly now: Micros }): void {
    let broker = this.brokers.get(id);
    if (broker === undefined) {
      broker = { id, fenced: heard.fenced, lastContact: heard.now, metadataOffset: NONE, controlledShutdownOffset: NONE };
      this.brokers.set(id, broker);
    }
    broker.fenced = heard.fenced;
    broker.lastContact = heard.now;
    broker.metadataOffset = heard.metadataOffset;
    this.unfenced.delete(id);
    // A fenced broker is out of controlled shutdown: its next wish to stop is granted at once.
    if (heard.fenced) broker.controlledShutdownOffset = NONE;
    else this.unfenced.set(id, broker);
  }

  /** Its session has run out. */
  fence(id: BrokerId): void {
    const broker = this.get(id);
    broker.fenced = true;
    broker.controlledShutdownOffset = NONE;
    this.unfenced.delete(id);
  }

  /** Another incarnation takes its place. */
  remove(id: BrokerId): void {
    this.brokers.delete(id);
    this.unfenced.delete(id);
  }

  /** Unfenced, and heard of within the session timeout. */
  hasValidSession(id: BrokerId, now: Micros): boolean {
    const broker = this.unfenced.get(id);
    return broker !== undefined && this.isValid(broker, now);
  }

  /** The broker to fence now, if any: the one that has been silent the longest. */
  findOneStaleBroker(now: Micros): BrokerId | undefined {
    const oldest = this.oldest();
    return oldest === undefined || this.isValid(oldest, now) ? undefined : oldest.id;
  }

  /** The first moment at which a broker may be stale; undefined if none is unfenced. */
  nextCheckTime(): Micros | undefined {
    const oldest = this.oldest();
    return oldest === undefined ? undefined : oldest.lastContact + this.sessionTimeout + 1;
  }

  controlState(id: BrokerId): BrokerControlState {
    const broker = this.get(id);
    if (broker.controlledShutdownOffset !== NONE) return "CONTROLLED_SHUTDOWN";
    return broker.fenced ? "FENCED" : "UNFENCED";
  }

  controlledShutdownOffset(id: BrokerId): Offset {
    return this.get(id).controlledShutdownOffset;
  }

  /** From now on `id` is in controlled shutdown, which is over when everybody has seen `offset`. Only the first call counts. */
  beginControlledShutdown(id: BrokerId, offset: Offset): void {
    const broker = this.get(id);
    assert(!broker.fenced, `fenced broker ${id} may not enter controlled shutdown`);
    if (broker.controlledShutdownOffset === NONE) broker.controlledShutdownOffset = offset;
  }

  /** What the slowest broker that is neither fenced nor shutting down has seen; infinite if there is none. */
  lowestActiveOffset(): Offset {
    let lowest = Number.POSITIVE_INFINITY;
    for (const broker of this.unfenced.values()) {
      if (broker.controlledShutdownOffset === NONE) lowest = Math.min(lowest, broker.metadataOffset);
    }
    return lowest;
  }

  /** A session still lives at its very end. */
  private isValid(broker: BrokerHeartbeatState, now: Micros): boolean {
    return broker.lastContact + this.sessionTimeout >= now;
  }

  private oldest(): BrokerHeartbeatState | undefined {
    for (const broker of this.unfenced.values()) return broker;
    return undefined;
  }

  private get(id: BrokerId): BrokerHeartbeatState {
    const broker = this.brokers.get(id);
    assert(broker !== undefined, `no heartbeat state of broker ${id}`);
    return broker;
  }
}
