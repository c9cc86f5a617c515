/**
 * Sends batches and hears how they ended.
 *
 * Each round takes, for every node that a batch is ready for and that has room (`max.in.flight.requests.per.connection`),
 * at most one batch per partition into one Produce request. With one request in flight a partition is muted until its
 * batch has been answered, which keeps the order; with more, a retry may reorder. Rounds are run when something changed
 * (a batch filled, an answer, a connection, metadata) and by one timer for the earliest linger or backoff that ends.
 * Source: Sender, KIP-91.
 */
import { assert } from "../../base/assert.ts";
import { type Micros, ms } from "../../base/units.ts";
import type { Host, NodeName, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import type { RandomStream } from "../../sim/random.ts";
import type { MetadataUpdater } from "../client/metadata-updater.ts";
import { retryBackoff } from "../client/retry-backoff.ts";
import type { ProducerConfig } from "../config/client-config.ts";
import { type ErrorCode, isInvalidMetadata } from "../errors.ts";
import { NONE, type Offset } from "../ids.ts";
import type { ProducePartitionResponse, ProduceRequest, ProduceResponse } from "../messages/produce.ts";
import type { CompletionOf, NetworkClient } from "../net/network-client.ts";
import { produceOutcome } from "./produce-outcome.ts";
import type { ProducerBatch } from "./producer-batch.ts";
import type { RecordAccumulator } from "./record-accumulator.ts";

/** Is told what becomes of batches. */
export interface BatchListener {
  onBatchAcknowledged(batch: ProducerBatch, baseOffset: Offset): void;
  onBatchFailed(batch: ProducerBatch, error: ErrorCode | "TIMEOUT"): void;
  onBatchRetried(batch: ProducerBatch, error: ErrorCode): void;
  /** Memory was given back. A round follows. */
  onBufferFreed(): void;
  /** All that could be sent has been. */
  onRoundEnded(): void;
}

/** What a Produce request carries along: its batches, in the order of the request. */
export type ProduceContext = readonly ProducerBatch[];

export class Sender implements TimerTarget {
  private readonly host: Host;
  private readonly config: ProducerConfig;
  private readonly network: NetworkClient;
  private readonly metadata: MetadataUpdater;
  private readonly accumulator: RecordAccumulator;
  private readonly listener: BatchListener;
  private readonly random: RandomStream;
  private readonly acks: number;
  private readonly maxInFlight: number;
  private readonly deliveryTimeout: Micros;
  private readonly inFlight = new Set<ProducerBatch>();
  private wakeTimer: TimerId = 0;
  private wakeAt: Micros = 0;
  private expiryTimer: TimerId = 0;
  private running = false;
  private freed = false;

  constructor(options: {
    readonly host: Host;
    readonly config: ProducerConfig;
    readonly network: NetworkClient;
    readonly metadata: MetadataUpdater;
    readonly accumulator: RecordAccumulator;
    readonly listener: BatchListener;
  }) {
    this.host = options.host;
    this.config = options.config;
    this.network = options.network;
    this.metadata = options.metadata;
    this.accumulator = options.accumulator;
    this.listener = options.listener;
    this.random = options.host.random("produce-retry");
    this.acks = ackCount(options.config.acks);
    this.maxInFlight = options.config["max.in.flight.requests.per.connection"];
    this.deliveryTimeout = ms(options.config["delivery.timeout.ms"]);
  }

  /** Nothing waits and nothing is in flight. */
  get isIdle(): boolean {
    return this.inFlight.size === 0 && !this.accumulator.hasUndrained;
  }

  /** What has been sent; what has ended by its delivery timeout meanwhile is among it. */
  unanswered(): Iterable<ProducerBatch> {
    return this.inFlight;
  }

  /** A batch was begun: from now on its delivery timeout runs. */
  onBatchCreated(batch: ProducerBatch): void {
    if (this.expiryTimer === 0) this.armExpiry(batch.createdAt);
  }

  /** Sends what may be sent now, and arms the timer for what may be sent later. */
  run(): void {
    // What a listener does while batches end may ask for a round; the round that is under way will see it.
    if (this.running) return;
    this.running = true;
    let nextCheckAt = Number.POSITIVE_INFINITY;
    for (let sent = true; sent; ) {
      if (this.freed) {
        this.freed = false;
        this.listener.onBufferFreed();
      }
      const now = this.host.now();
      const check = this.accumulator.ready(now);
      if (check.unknownLeader) this.metadata.requestUpdate();
      nextCheckAt = check.nextCheckAt;
      sent = false;
      for (const { node, queues } of check.nodes) {
        if (!this.network.ready(node) || this.network.outstanding(node) >= this.maxInFlight) continue;
        const batches = this.accumulator.drain(node, queues, this.config["max.request.size"], now);
        if (batches.length === 0) continue;
        this.send(node, batches);
        sent = true;
      }
    }
    this.running = false;
    this.arm(nextCheckAt);
    this.listener.onRoundEnded();
  }

  onCompletion(completion: CompletionOf<"Produce">): void {
    const batches = completion.context as ProduceContext;
    const { response } = completion;
    if (response === undefined) {
      for (const batch of batches) this.complete(batch, completion.error ?? "NETWORK_EXCEPTION", NONE);
    } else {
      for (const [index, batch] of batches.entries())
        this.onPartitionResponse(batch, partitionResponseOf(response, batch, index));
    }
    this.run();
  }

  onTimer(timer: Timer): void {
    if (timer.kind === "producer.expiry") {
      this.expiryTimer = 0;
      this.expire();
    } else {
      this.wakeTimer = 0;
    }
    this.run();
  }

  private onPartitionResponse(batch: ProducerBatch, answer: ProducePartitionResponse): void {
    const { errorCode, currentLeader } = answer;
    // KIP-951: the answer says who leads now.
    if (currentLeader !== undefined) this.metadata.cache.updateLeader(batch.topic, batch.partition, currentLeader);
    this.complete(batch, errorCode, answer.baseOffset);
  }

  private send(node: NodeName, batches: readonly ProducerBatch[]): void {
    const request: ProduceRequest = {
      acks: this.acks,
      timeoutMs: this.config["request.timeout.ms"],
      topicData: this.topicData(batches),
    };
    if (this.acks === 0) {
      this.network.sendOneWay(node, "Produce", request);
      for (const batch of batches) this.complete(batch, "NONE", NONE);
      return;
    }
    for (const batch of batches) {
      this.inFlight.add(batch);
      if (this.maxInFlight === 1) this.accumulator.mute(batch);
    }
    this.network.send(node, "Produce", request, batches);
  }

  private topicData(batches: readonly ProducerBatch[]): ProduceRequest["topicData"] {
    const topics: {
      topicId: string;
      name: string;
      partitionData: { index: number; records: ReturnType<ProducerBatch["seal"]> }[];
    }[] = [];
    for (const batch of batches) {
      let topic = topics.find((candidate) => candidate.name === batch.topic);
      if (topic === undefined) {
        topic = { topicId: this.metadata.cache.topicId(batch.topic), name: batch.topic, partitionData: [] };
        topics.push(topic);
      }
      topic.partitionData.push({ index: batch.partition, records: batch.seal() });
    }
    return topics;
  }

  /** An attempt has ended. The application may have been told before, by the delivery timeout: then only the memory is given back. */
  private complete(batch: ProducerBatch, error: ErrorCode, baseOffset: Offset): void {
    this.inFlight.delete(batch);
    if (this.maxInFlight === 1) this.accumulator.unmute(batch);
    if (batch.done) this.release(batch);
    else this.settle(batch, error, baseOffset);
    if (isInvalidMetadata(error)) this.metadata.requestUpdate();
  }

  private settle(batch: ProducerBatch, error: ErrorCode, baseOffset: Offset): void {
    const now = this.host.now();
    const outcome = produceOutcome({
      error,
      recordCount: batch.records.length,
      attempts: batch.attempts,
      retries: this.config.retries,
      reachedDeliveryTimeout: batch.reachedDeliveryTimeout(this.deliveryTimeout, now),
    });
    switch (outcome) {
      case "acknowledged":
        this.listener.onBatchAcknowledged(batch, baseOffset);
        this.end(batch);
        return;
      case "fail":
        this.listener.onBatchFailed(batch, error);
        this.end(batch);
        return;
      case "split":
        this.accumulator.splitAndReenqueue(batch);
        this.end(batch);
        return;
      case "retry":
        batch.noteFailedAttempt(now, retryBackoff(this.config, batch.attempts, this.random));
        this.accumulator.reenqueue(batch);
        this.listener.onBatchRetried(batch, error);
        return;
    }
  }

  private expire(): void {
    const now = this.host.now();
    const queued = this.accumulator.takeExpired(this.deliveryTimeout, now);
    for (const batch of this.inFlight) {
      if (batch.done || !batch.reachedDeliveryTimeout(this.deliveryTimeout, now)) continue;
      // Its memory stays with the request that may still be answered.
      batch.done = true;
      this.listener.onBatchFailed(batch, "TIMEOUT");
    }
    for (const batch of queued) {
      this.listener.onBatchFailed(batch, "TIMEOUT");
      this.end(batch);
    }
    this.rearmExpiry();
  }

  private rearmExpiry(): void {
    let oldest = this.accumulator.oldestCreatedAt();
    for (const batch of this.inFlight) {
      if (!batch.done && (oldest === undefined || batch.createdAt < oldest)) oldest = batch.createdAt;
    }
    if (oldest !== undefined && this.expiryTimer === 0) this.armExpiry(oldest);
  }

  private end(batch: ProducerBatch): void {
    batch.done = true;
    this.release(batch);
  }

  private release(batch: ProducerBatch): void {
    this.accumulator.release(batch);
    this.freed = true;
  }

  private arm(at: Micros): void {
    if (this.wakeTimer !== 0 && this.wakeAt === at) return;
    this.host.cancelTimer(this.wakeTimer);
    this.wakeTimer = 0;
    this.wakeAt = at;
    if (at === Number.POSITIVE_INFINITY) return;
    const timer: Timer = { kind: "producer.send", target: this };
    this.wakeTimer = this.host.setTimer(at - this.host.now(), timer);
  }

  private armExpiry(createdAt: Micros): void {
    const timer: Timer = { kind: "producer.expiry", target: this };
    this.expiryTimer = this.host.setTimer(Math.max(0, createdAt + this.deliveryTimeout - this.host.now()), timer);
  }
}

/** `acks` as the request carries it. */
export function ackCount(acks: string): number {
  return acks === "all" ? -1 : Number(acks);
}

function partitionResponseOf(response: ProduceResponse, batch: ProducerBatch, index: number): ProducePartitionResponse {
  // Nearly always one topic, answered in the order of the request.
  for (const topic of response.responses) {
    if (topic.name !== batch.topic) continue;
    const likely = topic.partitionResponses[index];
    if (likely?.index === batch.partition) return likely;
    const found = topic.partitionResponses.find((candidate) => candidate.index === batch.partition);
    if (found !== undefined) return found;
  }
  assert(false, `no answer for ${batch.topic}-${batch.partition} in a ProduceResponse`);
}
