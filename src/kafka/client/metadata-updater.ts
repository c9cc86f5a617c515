/**
 * When a client asks for metadata, and whom.
 *
 * A refresh is due when somebody needs it (an invalid-metadata error, a partition without a leader, a lost connection)
 * or when the last one is older than `metadata.max.age.ms`. At most one request is in flight. After each answer the
 * client rests: `retry.backoff.ms` at least, doubling up to `retry.backoff.max.ms` while requests fail, or while answers
 * say nothing new. Nothing is polled: one timer stands, for the moment at which the next refresh may be sent.
 * Source: Metadata, NetworkClient.DefaultMetadataUpdater, NetworkClient.leastLoadedNode; KIP-580, KIP-899.
 */
import { type Micros, ms } from "../../base/units.ts";
import type { Host, NodeName, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import type { RandomStream } from "../../sim/random.ts";
import type { Dials } from "../dials.ts";
import type { MetadataRequest, MetadataResponse } from "../messages/metadata.ts";
import type { CompletionHandler, CompletionOf, NetworkClient } from "../net/network-client.ts";
import { MetadataCache } from "./metadata-cache.ts";
import { type RetryConfig, retryBackoff } from "./retry-backoff.ts";

export interface MetadataConfig extends RetryConfig {
  readonly "metadata.max.age.ms": number;
}

/** Is told when the cache has taken over an answer. */
export interface MetadataListener {
  onMetadataUpdated(): void;
}

export class MetadataUpdater implements TimerTarget {
  readonly cache: MetadataCache;
  private readonly host: Host;
  private readonly config: MetadataConfig;
  private readonly network: NetworkClient;
  private readonly bootstrap: readonly NodeName[];
  private request: MetadataRequest;
  private readonly listener: MetadataListener;
  private readonly random: RandomStream;
  private needUpdate = false;
  private inFlight = false;
  /** What is in flight does not ask about all topics. */
  private staleRequest = false;
  /** No node could be asked; the next one that becomes available is. */
  private waitingForNode = false;
  private failures = 0;
  /** Answers in a row that said nothing new. */
  private equivalentResponses = 0;
  private lastSuccess: Micros | undefined;
  /** No request goes out before. */
  private allowedAt: Micros = Number.NEGATIVE_INFINITY;
  private timer: TimerId = 0;
  private timerAt: Micros = 0;

  constructor(options: {
    readonly host: Host;
    readonly config: MetadataConfig;
    readonly dials: Dials;
    /** Completions of Metadata requests on it must be handed to {@link onCompletion}. */
    readonly network: NetworkClient;
    readonly bootstrap: readonly NodeName[];
    readonly topics: readonly string[];
    readonly listener: MetadataListener;
  }) {
    this.cache = new MetadataCache(options.dials);
    this.host = options.host;
    this.config = options.config;
    this.network = options.network;
    this.bootstrap = options.bootstrap;
    this.request = { topics: [...options.topics].sort().map((name) => ({ name })) };
    this.listener = options.listener;
    this.random = options.host.random("metadata");
  }

  /** Asks as soon as the backoff allows. */
  requestUpdate(): void {
    if (this.needUpdate && (this.inFlight || this.timer !== 0 || this.waitingForNode)) return;
    this.needUpdate = true;
    this.schedule();
  }

  /** Whether a refresh is due for another reason than age: what the cache says may be out of date. */
  get updateRequested(): boolean {
    return this.needUpdate;
  }

  /** From now on these topics are asked about, too; at once if one of them is new. */
  addTopics(topics: readonly string[]): void {
    const known = (this.request.topics ?? []).map(({ name }) => name);
    const all = [...new Set([...known, ...topics])].sort();
    if (all.length === known.length) return;
    this.request = { topics: all.map((name) => ({ name })) };
    this.staleRequest = this.inFlight;
    this.requestUpdate();
  }

  onCompletion(completion: CompletionOf<"Metadata">): void {
    this.inFlight = false;
    const { response } = completion;
    if (response === undefined || response.brokers.length === 0) this.onFailure();
    else this.onResponse(response);
    this.schedule();
  }

  /** A lost connection may mean stale metadata; an available node may be the one that was waited for. */
  onConnectivity(change: Parameters<NonNullable<CompletionHandler["onConnectivity"]>>[1]): void {
    if (change === "lost") this.requestUpdate();
    else if (this.waitingForNode) this.schedule();
  }

  onTimer(_timer: Timer): void {
    this.timer = 0;
    this.schedule();
  }

  /** Sends what is due, or arms the timer for when it will be. */
  private schedule(): void {
    if (this.inFlight) return;
    const now = this.host.now();
    const dueAt = this.dueAt(now);
    if (dueAt > now) {
      this.arm(dueAt, now);
      return;
    }
    const node = this.leastLoadedNode();
    this.waitingForNode = node === undefined;
    if (node === undefined) return;
    this.host.cancelTimer(this.timer);
    this.timer = 0;
    this.inFlight = true;
    this.staleRequest = false;
    this.network.send(node, "Metadata", this.request, undefined);
  }

  private dueAt(now: Micros): Micros {
    const expiresAt = this.lastSuccess === undefined ? now : this.lastSuccess + ms(this.config["metadata.max.age.ms"]);
    return Math.max(this.needUpdate ? now : expiresAt, this.allowedAt);
  }

  private arm(at: Micros, now: Micros): void {
    if (this.timer !== 0 && this.timerAt === at) return;
    this.host.cancelTimer(this.timer);
    const timer: Timer = { kind: "metadata.refresh", target: this };
    this.timer = this.host.setTimer(at - now, timer);
    this.timerAt = at;
  }

  private onFailure(): void {
    this.equivalentResponses = 0;
    this.allowedAt = this.host.now() + retryBackoff(this.config, this.failures++, this.random);
    this.needUpdate = true;
  }

  private onResponse(response: MetadataResponse): void {
    const now = this.host.now();
    const age = this.lastSuccess === undefined ? 0 : now - this.lastSuccess;
    const { progress, incomplete } = this.cache.update(response);
    this.failures = 0;
    // A refresh because of age says nothing about progress.
    if (progress || age >= ms(this.config["metadata.max.age.ms"])) this.equivalentResponses = 0;
    else this.equivalentResponses++;
    this.lastSuccess = now;
    this.needUpdate = incomplete || this.staleRequest;
    this.allowedAt = now + retryBackoff(this.config, Math.max(0, this.equivalentResponses - 1), this.random);
    this.listener.onMetadataUpdated();
  }

  /**
   * The connected node with the fewest unanswered requests, from a random start; else one being connected; else one that
   * may be tried. When no known broker may be tried the bootstrap list is (KIP-899).
   */
  leastLoadedNode(): NodeName | undefined {
    const known = this.cache.nodes();
    return (known.length === 0 ? undefined : this.leastLoadedOf(known)) ?? this.leastLoadedOf(this.bootstrap);
  }

  private leastLoadedOf(nodes: readonly NodeName[]): NodeName | undefined {
    if (nodes.length === 0) return undefined;
    const start = this.random.below(nodes.length);
    let ready: NodeName | undefined;
    let readyLoad = Number.POSITIVE_INFINITY;
    let connecting: NodeName | undefined;
    let idle: NodeName | undefined;
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[(start + i) % nodes.length] as NodeName;
      const state = this.network.stateOf(node);
      if (state === "ready") {
        const load = this.network.outstanding(node);
        if (load < readyLoad) {
          ready = node;
          readyLoad = load;
        }
      } else if (state === "connecting") connecting ??= node;
      else if (state === "idle") idle ??= node;
    }
    return ready ?? connecting ?? idle;
  }
}
