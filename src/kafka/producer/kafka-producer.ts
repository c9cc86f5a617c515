/**
 * The producer as an application sees it: send() puts a record into a batch, and later says how that ended.
 *
 * send() blocks its thread while the topic's partitions are unknown or the buffer is full, for `max.block.ms` at most.
 * Nothing blocks here: a record that cannot go on is kept as the one blocked send, and the application, which has one
 * thread, sends nothing else until it is told that the call has returned. Not modelled: idempotence, transactions,
 * compression, partitioner.availability.timeout.ms. Source: KafkaProducer, BufferPool.
 */
import { assert } from "../../base/assert.ts";
import { type Micros, ms } from "../../base/units.ts";
import type { Host, NodeName, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import { MetadataUpdater } from "../client/metadata-updater.ts";
import type { ProducerConfig } from "../config/client-config.ts";
import type { Dials } from "../dials.ts";
import type { ErrorCode } from "../errors.ts";
import type { ProduceAcknowledged, ProduceFailed, ProduceRetried, RecordSent } from "../events.ts";
import { NONE, type Offset } from "../ids.ts";
import { type Completion, type CompletionHandler, NetworkClient } from "../net/network-client.ts";
import { BATCH_OVERHEAD_BYTES, type KafkaRecord, recordSizeInBytes } from "../records.ts";
import { type Partitioner, partitionerOf } from "./partitioner.ts";
import type { ProducerBatch } from "./producer-batch.ts";
import { RecordAccumulator } from "./record-accumulator.ts";
import { ackCount, type BatchListener, Sender } from "./sender.ts";

/** A partition by number; each in turn, by the record's sequence number; or the partitioner's choice. */
export type PartitionWish = number | "round-robin" | undefined;

/** The thread that calls send(). */
export interface ProducerApplication {
  /** A send() that had blocked has returned, with or without success. */
  onSendReturned(): void;
  /** After close(): everything has ended. */
  onClosed(): void;
}

interface BlockedSend {
  readonly topic: string;
  readonly record: KafkaRecord;
  readonly wish: PartitionWish;
  readonly sentAt: Micros;
  /** Chosen already; it waits for memory. */
  partition: number | undefined;
}

/** Records that were sent and have neither been acknowledged nor given up. */
export interface UnfinishedRecords {
  /** In batches that wait to be sent, or to be sent again. */
  readonly waiting: number;
  readonly inFlight: number;
  /** A send() has not returned: one record more. */
  readonly isBlocked: boolean;
  /** How long ago send() was called for the oldest, one that blocks included; 0 if there is none. */
  readonly longestWait: Micros;
}

export class KafkaProducer implements CompletionHandler, BatchListener, TimerTarget {
  readonly network: NetworkClient;
  private readonly host: Host;
  private readonly name: string;
  private readonly config: ProducerConfig;
  private readonly application: ProducerApplication;
  private readonly metadata: MetadataUpdater;
  private readonly accumulator: RecordAccumulator;
  private readonly partitioner: Partitioner;
  private readonly sender: Sender;
  private readonly acks: number;
  private blocked: BlockedSend | undefined;
  private blockTimer: TimerId = 0;
  private closing = false;

  constructor(options: {
    readonly host: Host;
    readonly name: string;
    readonly config: ProducerConfig;
    readonly dials: Dials;
    readonly topics: readonly string[];
    readonly bootstrap: readonly NodeName[];
    readonly application: ProducerApplication;
  }) {
    const { host, config, dials, topics, bootstrap } = options;
    this.host = host;
    this.name = options.name;
    this.config = config;
    this.application = options.application;
    this.acks = ackCount(config.acks);
    this.network = new NetworkClient(host, config, config["request.timeout.ms"], this);
    this.metadata = new MetadataUpdater({ host, config, dials, network: this.network, bootstrap, topics, listener: this });
    const { cache } = this.metadata;
    this.accumulator = new RecordAccumulator(config, cache);
    this.partitioner = partitionerOf({ config, directory: cache, queues: this.accumulator, random: host.random("partitioner") });
    const { network, metadata, accumulator } = this;
    this.sender = new Sender({ host, config, network, metadata, accumulator, listener: this });
  }

  /** What has not ended, by how far it has got. */
  get unfinished(): UnfinishedRecords {
    const waiting = tally(this.accumulator.undrained());
    const inFlight = tally(this.sender.unanswered());
    const blocked = this.blocked?.sentAt ?? Number.POSITIVE_INFINITY;
    const oldest = Math.min(blocked, waiting.oldest, inFlight.oldest);
    const longestWait = oldest === Number.POSITIVE_INFINITY ? 0 : this.host.now() - oldest;
    const isBlocked = this.blocked !== undefined;
    return { waiting: waiting.records, inFlight: inFlight.records, isBlocked, longestWait: Math.max(0, longestWait) };
  }

  /** False when the call blocks: the application must wait for {@link ProducerApplication.onSendReturned}. */
  send(topic: string, record: KafkaRecord, wish: PartitionWish): boolean {
    assert(this.blocked === undefined && !this.closing, "send() while the thread is blocked, or after close()");
    const sent: RecordSent = { kind: "RecordSent", client: this.name, record, topic };
    this.host.emit(sent);
    const send: BlockedSend = { topic, record, wish, sentAt: this.host.now(), partition: undefined };
    if (this.tryToSend(send)) return true;
    this.blocked = send;
    const timer: Timer = { kind: "producer.max-block", target: this };
    this.blockTimer = this.host.setTimer(ms(this.config["max.block.ms"]), timer);
    return false;
  }

  /** No more records; what has been sent is sent out, and ends at the latest with its delivery timeout. */
  close(): void {
    this.closing = true;
    this.accumulator.pressed = true;
    this.sender.run();
  }

  onCompletion(completion: Completion): void {
    if (completion.api === "Metadata") this.metadata.onCompletion(completion);
    else if (completion.api === "Produce") this.sender.onCompletion(completion);
  }

  onConnectivity(_peer: NodeName, change: "ready" | "lost" | "available"): void {
    this.metadata.onConnectivity(change);
    if (change !== "lost") this.sender.run();
  }

  onMetadataUpdated(): void {
    this.resume();
    this.sender.run();
  }

  onBufferFreed(): void {
    this.resume();
  }

  onTimer(_timer: Timer): void {
    this.blockTimer = 0;
    const send = this.blocked;
    if (send === undefined) return;
    this.refuse(send, "TIMEOUT");
    this.returnFromSend();
  }

  onRoundEnded(): void {
    if (this.closing && this.sender.isIdle) this.application.onClosed();
  }

  onBatchAcknowledged(batch: ProducerBatch, baseOffset: Offset): void {
    const event: ProduceAcknowledged = {
      kind: "ProduceAcknowledged",
      client: this.name,
      topic: batch.topic,
      partition: batch.partition,
      acks: this.acks,
      baseOffset,
      records: batch.seal().records,
      latencyUs: this.host.now() - batch.firstSentAt,
    };
    this.host.emit(event);
  }

  onBatchFailed(batch: ProducerBatch, error: ErrorCode | "TIMEOUT"): void {
    const event: ProduceFailed = {
      kind: "ProduceFailed",
      client: this.name,
      topic: batch.topic,
      partition: batch.partition,
      error,
      records: batch.seal().records,
      latencyUs: this.host.now() - batch.firstSentAt,
    };
    this.host.emit(event);
  }

  onBatchRetried(batch: ProducerBatch, error: ErrorCode): void {
    const event: ProduceRetried = {
      kind: "ProduceRetried",
      client: this.name,
      topic: batch.topic,
      partition: batch.partition,
      error,
      attempts: batch.attempts,
    };
    this.host.emit(event);
  }

  /** True when the call is over: the record is in a batch, or refused for good. */
  private tryToSend(send: BlockedSend): boolean {
    const { topic, record } = send;
    const { cache } = this.metadata;
    if (cache.topicError(topic) === "INVALID_TOPIC_EXCEPTION") {
      this.refuse(send, "INVALID_TOPIC_EXCEPTION");
      return true;
    }
    const partitionCount = cache.partitionCount(topic);
    const partition = send.partition ?? this.choosePartition(send, partitionCount);
    if (partition === undefined) {
      this.metadata.requestUpdate();
      return false;
    }
    const bytes = BATCH_OVERHEAD_BYTES + recordSizeInBytes(record);
    if (bytes > this.config["max.request.size"] || bytes > this.config["buffer.memory"]) {
      this.refuse(send, "MESSAGE_TOO_LARGE");
      return true;
    }
    return this.append(send, partition);
  }

  private append(send: BlockedSend, partition: number): boolean {
    const { topic, record, wish, sentAt } = send;
    const now = this.host.now();
    let result = this.accumulator.append({ topic, partition }, record, sentAt, now);
    if (result.kind === "exhausted") {
      // Under pressure nothing lingers; with acks=0 that alone makes room.
      this.accumulator.pressed = true;
      this.sender.run();
      result = this.accumulator.append({ topic, partition }, record, sentAt, now);
    }
    if (result.kind === "exhausted") {
      send.partition = partition;
      return false;
    }
    this.accumulator.pressed = this.closing;
    if (wish === undefined) {
      this.partitioner.onAppended(topic, record.key, result.bytes, this.accumulator.lastBatchFull(topic, partition));
    }
    if (result.newBatch !== undefined) this.sender.onBatchCreated(result.newBatch);
    if (result.wakesSender) this.sender.run();
    return true;
  }

  /** Undefined while the metadata doesn't know enough. */
  private choosePartition(send: BlockedSend, partitionCount: number): number | undefined {
    const { topic, record, wish } = send;
    if (partitionCount === 0) return undefined;
    if (wish === "round-robin") return record.origin.sequence % partitionCount;
    if (wish !== undefined) return wish < partitionCount ? wish : undefined;
    const partition = this.partitioner.partitionFor(topic, record.key);
    return this.accumulator.hasRoomFor(topic, partition, record) ? partition : this.partitioner.onNewBatch(topic, partition);
  }

  /** Something changed that a blocked send may have waited for. */
  private resume(): void {
    const send = this.blocked;
    if (send === undefined) return;
    // What is sent meanwhile may free memory at once (acks=0) and come back to here.
    this.blocked = undefined;
    if (this.tryToSend(send)) this.returnFromSend();
    else this.blocked = send;
  }

  private returnFromSend(): void {
    this.host.cancelTimer(this.blockTimer);
    this.blockTimer = 0;
    this.blocked = undefined;
    this.accumulator.pressed = this.closing;
    this.application.onSendReturned();
  }

  /** send() throws. */
  private refuse(send: BlockedSend, error: ErrorCode | "TIMEOUT"): void {
    const { topic, record, wish, sentAt } = send;
    const event: ProduceFailed = {
      kind: "ProduceFailed",
      client: this.name,
      topic,
      partition: send.partition ?? (typeof wish === "number" ? wish : NONE),
      error,
      records: [record],
      latencyUs: this.host.now() - sentAt,
    };
    this.host.emit(event);
  }
}

function tally(batches: Iterable<ProducerBatch>): { readonly records: number; readonly oldest: Micros } {
  let records = 0;
  let oldest = Number.POSITIVE_INFINITY;
  for (const batch of batches) {
    if (batch.done) continue;
    records += batch.records.length;
    oldest = Math.min(oldest, batch.firstSentAt);
  }
  return { records, oldest };
}
