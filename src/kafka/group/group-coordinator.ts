/**
 * What a broker does about groups: it tells where a group's coordinator is, and is the coordinator of those groups whose partition of
 * __consumer_offsets it leads.
 *
 * Source: GroupCoordinatorService, KafkaApis (FindCoordinator and what is looked at before a group is asked).
 */
import type { DiskOperation, DiskTarget } from "../../sim/host.ts";
import type { ErrorCode } from "../errors.ts";
import { NONE, type TopicPartition } from "../ids.ts";
import type { FindCoordinatorResponse } from "../messages/groups.ts";
import type { AnyPendingRequest, PendingRequest } from "../net/request-channel.ts";
import type { LeadershipListener } from "../replica/leadership-listener.ts";
import type { Partition } from "../replica/partition.ts";
import type { ReplicaContext } from "../replica/replica-context.ts";
import type { OffsetsTopicMaker } from "./auto-topic-creation.ts";
import { isNewCoordinator } from "./classic/coordinator-line.ts";
import { CoordinatorRuntime } from "./coordinator-runtime.ts";
import type { CoordinatorShard } from "./coordinator-shard.ts";
import { type GroupRequest, isGroupRequest, refuseGroupRequest } from "./group-requests.ts";
import { partitionForGroup } from "./java-hash.ts";
import { OFFSETS_TOPIC } from "./offsets-topic.ts";

export type CoordinatorRequest = GroupRequest | PendingRequest<"FindCoordinator">;

export function isForCoordinator(request: AnyPendingRequest): request is CoordinatorRequest {
  return request.api === "FindCoordinator" || isGroupRequest(request);
}

/** The disk lets the writes of a request through. */
interface WriteAdmitted extends DiskOperation {
  readonly request: GroupRequest;
}

/** A rough size of what a request makes the coordinator write. */
const WRITE_BYTES = 200;

export class GroupCoordinator implements LeadershipListener, DiskTarget {
  private readonly context: ReplicaContext;
  private readonly topicMaker: OffsetsTopicMaker;
  private readonly runtime: CoordinatorRuntime;
  /** Of __consumer_offsets: as many as there are when they first matter, or will be when it is made. They may not change while groups live. */
  private partitions: number | undefined = undefined;
  private closed = false;

  constructor(context: ReplicaContext, topicMaker: OffsetsTopicMaker) {
    this.context = context;
    this.topicMaker = topicMaker;
    this.runtime = new CoordinatorRuntime(context);
  }

  /** Of that partition of __consumer_offsets, if this broker takes itself for its leader. */
  shard(partition: number): CoordinatorShard | undefined {
    return this.runtime.shard(partition);
  }

  // ---- requests ----

  onRequest(request: CoordinatorRequest): void {
    if (request.api === "FindCoordinator") request.respond(this.findCoordinator(request.body.key));
    else this.route(request, false);
  }

  private findCoordinator(groupId: string): FindCoordinatorResponse {
    const { metadata } = this.context;
    const notAvailable = { errorCode: "COORDINATOR_NOT_AVAILABLE", nodeId: NONE, host: "" } as const;
    if (metadata.topicByName(OFFSETS_TOPIC) === undefined) {
      this.topicMaker.makeOffsetsTopic();
      return notAvailable;
    }
    const leader = metadata.partition(OFFSETS_TOPIC, this.partitionFor(groupId))?.leader ?? NONE;
    const broker = metadata.broker(leader);
    return broker === undefined || broker.fenced ? notAvailable : { errorCode: "NONE", nodeId: leader, host: broker.host };
  }

  private partitionFor(groupId: string): number {
    const { metadata, config } = this.context;
    this.partitions ??= metadata.topicByName(OFFSETS_TOPIC)?.partitions.length ?? config["offsets.topic.num.partitions"];
    return partitionForGroup(groupId, this.partitions);
  }

  private isAdmitted(request: GroupRequest): boolean {
    const admitted: WriteAdmitted = { kind: "group.append", target: this, request };
    return this.context.host.disk.admit(WRITE_BYTES, admitted);
  }

  onDiskDone(operation: DiskOperation, _ok: boolean): void {
    // If the disk is broken the append itself finds out.
    this.route((operation as WriteAdmitted).request, true);
  }

  /** `admitted`: it has waited for the disk already. */
  private route(request: GroupRequest, admitted: boolean): void {
    const shard = this.runtime.shard(this.partitionFor(request.body.groupId));
    const answer = this.answerAtOnce(request, shard);
    if (answer !== undefined) refuseGroupRequest(request, answer, this.context.metadata);
    else if (admitted || !mayWrite(request) || this.isAdmitted(request)) shard?.onRequest(request);
  }

  /** What is answered without asking the group; undefined if it is asked. */
  private answerAtOnce(request: GroupRequest, shard: CoordinatorShard | undefined): ErrorCode | undefined {
    const { config } = this.context;
    if (request.api === "ConsumerGroupHeartbeat" && !isNewCoordinator(config)) return "UNSUPPORTED_VERSION";
    if (request.body.groupId === "" && !allowsEmptyGroupId(request)) return "INVALID_GROUP_ID";
    if (this.closed) return "COORDINATOR_NOT_AVAILABLE";
    if (shard === undefined) return "NOT_COORDINATOR";
    return shard.active ? undefined : answerWhileLoading(request, isNewCoordinator(config));
  }

  // ---- what happens to partitions ----

  onLeading(partition: Partition): void {
    if (partition.replica.topic === OFFSETS_TOPIC && !this.closed) this.runtime.onElection(partition);
  }

  onNotLeading(partition: Partition): void {
    if (partition.replica.topic === OFFSETS_TOPIC) this.runtime.onResignation(partition);
  }

  /** Their topics are no more. */
  onPartitionsDeleted(partitions: readonly TopicPartition[]): void {
    if (partitions.length > 0) this.runtime.onPartitionsDeleted(partitions);
  }

  /** The broker has learnt something new about topics. */
  onMetadataChanged(): void {
    this.runtime.onMetadataChanged();
  }

  /** The broker stops: whoever waits is told to look elsewhere. */
  shutdown(): void {
    this.closed = true;
    this.runtime.close();
  }
}

function mayWrite({ api }: GroupRequest): boolean {
  return api !== "Heartbeat" && api !== "OffsetFetch";
}

/** Offsets could be kept for the empty group id once, and still can. */
function allowsEmptyGroupId({ api }: GroupRequest): boolean {
  return api === "OffsetCommit" || api === "OffsetFetch";
}

/** A heartbeat is answered blindly. The old coordinator has members join again at once: it has forgotten the rebalance that they are in. */
function answerWhileLoading({ api }: GroupRequest, newCoordinator: boolean): ErrorCode {
  if (api === "Heartbeat") return "NONE";
  return api === "SyncGroup" && !newCoordinator ? "REBALANCE_IN_PROGRESS" : "COORDINATOR_LOAD_IN_PROGRESS";
}
