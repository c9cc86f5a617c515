/**
 * Finds the group's coordinator, and forgets it when it is out of reach or says that it coordinates no longer.
 *
 * The coordinator has a connection of its own: a JoinGroup that waits there for minutes keeps no fetch waiting. A lookup that
 * fails is made again after a backoff, with fresh metadata. Source: AbstractCoordinator.ensureCoordinatorReady,
 * FindCoordinatorResponseHandler, markCoordinatorUnknown.
 */
import type { Host, NodeName, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import type { RandomStream } from "../../sim/random.ts";
import type { MetadataUpdater } from "../client/metadata-updater.ts";
import { retryBackoff } from "../client/retry-backoff.ts";
import type { ConsumerConfig } from "../config/client-config.ts";
import { type ErrorCode, isRetriable } from "../errors.ts";
import type { CompletionOf, NetworkClient } from "../net/network-client.ts";
import type { CoordinatorLocator } from "./coordinator-locator.ts";

/** Is told how the search goes. */
export interface CoordinatorListener {
  onCoordinatorKnown(): void;
  /** One attempt has failed; there will be another, unless `fatal`. */
  onLookupFailed(error: ErrorCode, fatal: boolean): void;
}

interface LookupTimer extends Timer {
  readonly kind: "group.lookup" | "group.disconnect";
  readonly node: NodeName;
}

export class CoordinatorLookup implements CoordinatorLocator, TimerTarget {
  private readonly host: Host;
  private readonly config: ConsumerConfig;
  private readonly groupId: string;
  private readonly network: NetworkClient;
  private readonly coordinatorNetwork: NetworkClient;
  private readonly metadata: MetadataUpdater;
  private readonly listener: CoordinatorListener;
  private readonly random: RandomStream;
  private known: NodeName | undefined = undefined;
  private asking = false;
  private failures = 0;
  private retryTimer: TimerId = 0;

  constructor(options: {
    readonly host: Host;
    readonly config: ConsumerConfig;
    readonly groupId: string;
    /** Over which to ask. */
    readonly network: NetworkClient;
    /** Over which the coordinator is talked to. */
    readonly coordinatorNetwork: NetworkClient;
    readonly metadata: MetadataUpdater;
    readonly listener: CoordinatorListener;
  }) {
    this.host = options.host;
    this.config = options.config;
    this.groupId = options.groupId;
    this.network = options.network;
    this.coordinatorNetwork = options.coordinatorNetwork;
    this.metadata = options.metadata;
    this.listener = options.listener;
    this.random = options.host.random("coordinator");
  }

  get node(): NodeName | undefined {
    return this.known;
  }

  lookUp(): void {
    if (this.known !== undefined || this.asking || this.retryTimer !== 0) return;
    const node = this.metadata.leastLoadedNode();
    if (node === undefined) {
      this.onFailure("COORDINATOR_NOT_AVAILABLE");
      return;
    }
    this.asking = true;
    this.network.send(node, "FindCoordinator", { key: this.groupId, keyType: "group" }, undefined);
  }

  markUnknown(_cause: string): void {
    const node = this.known;
    if (node === undefined) return;
    this.known = undefined;
    // Not at once: whoever says so is perhaps in the middle of taking in an answer, and what is outstanding ends by this.
    const timer: LookupTimer = { kind: "group.disconnect", target: this, node };
    this.host.setTimer(0, timer);
  }

  onFindCoordinator({ response }: CompletionOf<"FindCoordinator">): void {
    this.asking = false;
    if (response === undefined) this.onFailure("NETWORK_EXCEPTION");
    else if (response.errorCode !== "NONE") this.onFailure(response.errorCode);
    else if (!this.coordinatorNetwork.isAvailable(response.host)) this.onFailure("COORDINATOR_NOT_AVAILABLE");
    else {
      this.failures = 0;
      this.known = response.host;
      this.coordinatorNetwork.ready(response.host);
      this.listener.onCoordinatorKnown();
    }
  }

  /** The connection to `peer` is lost. */
  onDisconnected(peer: NodeName): void {
    if (peer === this.known) this.known = undefined;
  }

  onTimer(timer: Timer): void {
    const { kind, node } = timer as LookupTimer;
    if (kind === "group.disconnect") {
      if (this.known !== node) this.coordinatorNetwork.disconnect(node);
      return;
    }
    this.retryTimer = 0;
    this.lookUp();
  }

  private onFailure(error: ErrorCode): void {
    const fatal = !isRetriable(error);
    if (!fatal) {
      this.metadata.requestUpdate();
      const timer: LookupTimer = { kind: "group.lookup", target: this, node: "" };
      this.retryTimer = this.host.setTimer(retryBackoff(this.config, this.failures++, this.random), timer);
    }
    this.listener.onLookupFailed(error, fatal);
  }
}
