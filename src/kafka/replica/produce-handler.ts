/**
 * Produce requests (3.1, 3.2): append, then answer at once, or when the records are committed.
 *
 * An error answer to acks=all does not mean that nothing was written: REQUEST_TIMED_OUT, NOT_ENOUGH_REPLICAS_AFTER_APPEND and
 * NOT_LEADER_OR_FOLLOWER after the append leave the records in the log, where they may still become committed.
 * Source: ReplicaManager.appendRecords, DelayedProduce.
 */
import { ms } from "../../base/units.ts";
import type { DiskOperation, DiskTarget, Timer, TimerTarget } from "../../sim/host.ts";
import type { ErrorCode } from "../errors.ts";
import { report } from "../events.ts";
import { OFFSETS_TOPIC } from "../group/offsets-topic.ts";
import type { TopicId } from "../ids.ts";
import type { ProducePartitionResponse, ProduceRequest } from "../messages/produce.ts";
import type { PendingRequest } from "../net/request-channel.ts";
import { DelayedProduce, PartitionAppend, type ProduceCompleter } from "./delayed-operations.ts";
import { type HostedPartitions, namesCurrentLeader } from "./hosted-partitions.ts";
import type { Partition } from "./partition.ts";
import type { ReplicaContext } from "./replica-context.ts";

type ProduceRequestPending = PendingRequest<"Produce">;

/** The disk lets a request's write through. */
interface AppendAdmitted extends DiskOperation {
  readonly request: ProduceRequestPending;
}

interface ProduceTimeout extends Timer {
  readonly operation: DelayedProduce;
}

export class ProduceHandler implements ProduceCompleter, TimerTarget, DiskTarget {
  private readonly context: ReplicaContext;
  private readonly partitions: HostedPartitions;

  constructor(context: ReplicaContext, partitions: HostedPartitions) {
    this.context = context;
    this.partitions = partitions;
  }

  onRequest(request: ProduceRequestPending): void {
    const admitted: AppendAdmitted = { kind: "replica.append", target: this, request };
    if (this.context.host.disk.admit(bytesOf(request.body), admitted)) this.append(request);
  }

  onDiskDone(operation: DiskOperation, _ok: boolean): void {
    // If the disk is broken the append itself finds out.
    this.append((operation as AppendAdmitted).request);
  }

  private append(request: ProduceRequestPending): void {
    const { acks, topicData } = request.body;
    const validAcks = acks === -1 || acks === 0 || acks === 1;
    const appends: PartitionAppend[] = [];
    for (const { name, topicId, partitionData } of topicData) {
      for (const { index, records } of partitionData) {
        const found = validAcks ? this.find(name, topicId, index) : "INVALID_REQUIRED_ACKS";
        if (typeof found === "string") appends.push(new PartitionAppend(name, index, undefined, found));
        else {
          const append = new PartitionAppend(name, index, found, "NONE");
          found.appendAsLeader(records, acks, append);
          appends.push(append);
        }
      }
    }
    if (acks === -1) this.awaitCommit(request, appends);
    else this.answer(request, appends);
    for (const append of appends) if (append.baseOffset >= 0) append.partition?.wakeAfterAppend(append);
  }

  /** Only coordinators write to internal topics. */
  private find(topic: string, topicId: TopicId, index: number): Partition | ErrorCode {
    return topic === OFFSETS_TOPIC ? "INVALID_TOPIC_EXCEPTION" : this.partitions.find(topic, topicId, index);
  }

  /** Answers when every partition's records are committed, or the request's own time is up. */
  private awaitCommit(request: ProduceRequestPending, appends: readonly PartitionAppend[]): void {
    const operation = new DelayedProduce(request, appends, this);
    const waiting = appends.filter((append) => append.error === "NONE");
    operation.pending = waiting.length;
    if (waiting.length === 0) {
      this.completeProduce(operation);
      return;
    }
    for (const append of waiting) {
      append.error = "REQUEST_TIMED_OUT";
      append.operation = operation;
    }
    for (const append of waiting) {
      if (append.partition?.settleIfCommitted(append) === false) append.partition.watchProduce(append);
    }
    if (operation.completed) return;
    const timeout: ProduceTimeout = { kind: "replica.produce-timeout", target: this, operation };
    operation.timer = this.context.host.setTimer(ms(Math.max(0, request.body.timeoutMs)), timeout);
  }

  onTimer(timer: Timer): void {
    const { operation } = timer as ProduceTimeout;
    if (operation.completed) return;
    operation.timer = 0;
    this.completeProduce(operation);
  }

  completeProduce(operation: DelayedProduce): void {
    operation.completed = true;
    if (operation.timer !== 0) this.context.host.cancelTimer(operation.timer);
    this.answer(operation.request, operation.appends);
  }

  private answer(request: ProduceRequestPending, appends: readonly PartitionAppend[]): void {
    const { acks } = request.body;
    for (const append of appends) if (append.error === "NONE") this.reportSatisfied(append, acks);
    if (acks !== 0) {
      request.respond({ responses: this.responsesOf(request.body, appends) });
    } else if (appends.some((append) => append.error !== "NONE")) {
      request.closeConnection();
    } else {
      request.finishSilently();
    }
  }

  private reportSatisfied(append: PartitionAppend, acks: number): void {
    const { topic, index, leaderEpoch, baseOffset, requiredOffset } = append;
    const { host, brokerId } = this.context;
    const leading = append.partition?.leading;
    report(host, {
      kind: "ProduceSatisfied",
      topic,
      partition: index,
      broker: brokerId,
      leaderEpoch,
      acks,
      baseOffset,
      nextOffset: requiredOffset,
      isr: append.isr ?? leading?.isrState.maximalIsr ?? [],
      minIsr: leading?.minIsr ?? 0,
    });
  }

  private responsesOf(
    body: ProduceRequest,
    appends: readonly PartitionAppend[],
  ): { name: string; partitionResponses: ProducePartitionResponse[] }[] {
    let next = 0;
    return body.topicData.map(({ name, partitionData }) => ({
      name,
      partitionResponses: partitionData.map(() => this.responseOf(appends[next++] as PartitionAppend)),
    }));
  }

  private responseOf(append: PartitionAppend): ProducePartitionResponse {
    const { topic, index, error } = append;
    if (error === "NONE") {
      return { index, errorCode: error, baseOffset: append.baseOffset, logStartOffset: append.logStartOffset };
    }
    const currentLeader = namesCurrentLeader(error) ? this.partitions.currentLeader(topic, index) : undefined;
    const refusal = { index, errorCode: error, baseOffset: -1, logStartOffset: -1 };
    return currentLeader === undefined ? refusal : { ...refusal, currentLeader };
  }
}

function bytesOf(body: ProduceRequest): number {
  let bytes = 0;
  for (const { partitionData } of body.topicData) for (const { records } of partitionData) bytes += records.sizeInBytes;
  return bytes;
}
