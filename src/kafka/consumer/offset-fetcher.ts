/**
 * Finds where to begin (ListOffsets) and checks positions after a change of leader, and those that the group has committed
 * (OffsetForLeaderEpoch).
 *
 * One request per leader for all partitions that need it; a partition with an error is asked about again after
 * `retry.backoff.ms`, with fresh metadata. Source: OffsetFetcher, OffsetFetcherUtils, KIP-320.
 */
import { ms } from "../../base/units.ts";
import type { Host, NodeName } from "../../sim/host.ts";
import type { MetadataUpdater } from "../client/metadata-updater.ts";
import type { ConsumerConfig } from "../config/client-config.ts";
import type { Dials } from "../dials.ts";
import type { ConsumerPositionReset, OffsetsListed } from "../events.ts";
import { type LeaderEpoch, NONE, type Offset } from "../ids.ts";
import {
  EARLIEST_TIMESTAMP,
  LATEST_TIMESTAMP,
  type ListOffsetsRequest,
  type OffsetForLeaderEpochRequest,
} from "../messages/offsets.ts";
import type { CompletionOf, NetworkClient } from "../net/network-client.ts";
import type { AssignedPartition } from "./assigned-partition.ts";
import { decideValidation, type FetchPosition } from "./fetch-position.ts";

/** Is told what becomes of assigned partitions. */
export interface PartitionListener {
  /** It is to be fetched from elsewhere, or not for now. */
  onMoved(partition: AssignedPartition): void;
  /** The application is to be told by an exception. */
  onException(name: string, partition: AssignedPartition): void;
}

/** The partitions of a ListOffsets request, in its order. */
export type ListOffsetsContext = readonly AssignedPartition[];

/** The positions that an OffsetForLeaderEpoch request is about. */
export type ValidationContext = readonly { readonly partition: AssignedPartition; readonly position: FetchPosition }[];

export class OffsetFetcher {
  private readonly host: Host;
  private readonly name: string;
  private readonly config: ConsumerConfig;
  private readonly network: NetworkClient;
  private readonly metadata: MetadataUpdater;
  private readonly listener: PartitionListener;
  private readonly validates: boolean;
  private readonly newPartitionsBeginAt: "latest" | "earliest";

  constructor(options: {
    readonly host: Host;
    readonly name: string;
    readonly config: ConsumerConfig;
    readonly dials: Dials;
    readonly network: NetworkClient;
    readonly metadata: MetadataUpdater;
    readonly listener: PartitionListener;
  }) {
    this.host = options.host;
    this.name = options.name;
    this.config = options.config;
    this.network = options.network;
    this.metadata = options.metadata;
    this.listener = options.listener;
    this.validates = options.dials["consumer.validateOffsetEpoch"];
    this.newPartitionsBeginAt = options.dials["client.resetForNewPartitions"];
  }

  /** The partition goes on at what the group has committed for it, after validation if that has an epoch. */
  useCommitted(partition: AssignedPartition, offset: Offset, offsetEpoch: LeaderEpoch): void {
    const { topic, partition: index } = partition;
    const { cache } = this.metadata;
    // Metadata that is older than the commit would lead to a leader that may not have it.
    if (cache.sawEpoch(topic, index, offsetEpoch)) this.metadata.requestUpdate();
    partition.seekUnvalidated({ offset, offsetEpoch, leader: cache.leaderOf(topic, index) }, this.validates);
    this.listener.onMoved(partition);
  }

  /** The partition goes on where the application wants it. What is under way for it is thrown away when it comes. */
  seek(partition: AssignedPartition, offset: Offset): void {
    const leader = this.metadata.cache.leaderOf(partition.topic, partition.partition);
    partition.seekValidated({ offset, offsetEpoch: NONE, leader });
    this.listener.onMoved(partition);
  }

  /** Metadata has been refreshed: the partition may be led by another broker. Source: maybeValidatePositionForCurrentLeader. */
  followLeader(partition: AssignedPartition): void {
    const leader = this.metadata.cache.leaderOf(partition.topic, partition.partition);
    if (partition.onLeaderKnown(leader, this.validates)) this.listener.onMoved(partition);
  }

  get hasResetPolicy(): boolean {
    return this.config["auto.offset.reset"] !== "none";
  }

  /** Asks about partitions that are not being fetched and may be asked about now. */
  ask(partitions: readonly AssignedPartition[]): void {
    const resets = new Map<NodeName, AssignedPartition[]>();
    const validations = new Map<NodeName, { partition: AssignedPartition; position: FetchPosition }[]>();
    for (const partition of partitions) {
      const { state, position } = partition;
      if (state === "AWAIT_RESET") {
        const { node } = this.metadata.cache.leaderOf(partition.topic, partition.partition);
        if (!this.hasResetPolicy) this.listener.onException("NoOffsetForPartitionException", partition);
        else if (node === undefined) this.metadata.requestUpdate();
        else addTo(resets, node, partition);
      } else if (state === "AWAIT_VALIDATION" && position !== undefined) {
        const { node } = position.leader;
        if (node === undefined) this.metadata.requestUpdate();
        else addTo(validations, node, { partition, position });
      }
    }
    for (const [node, asked] of resets) this.sendListOffsets(node, asked);
    for (const [node, asked] of validations) this.sendValidation(node, asked);
  }

  onListOffsets(completion: CompletionOf<"ListOffsets">): void {
    for (const partition of completion.context as ListOffsetsContext) {
      partition.asked = false;
      const answer = completion.response?.topics
        .find((topic) => topic.name === partition.topic)
        ?.partitions.find((candidate) => candidate.partitionIndex === partition.partition);
      if (answer === undefined || answer.errorCode !== "NONE" || answer.offset === NONE) this.retryLater(partition);
      else this.onListed(partition, answer);
    }
  }

  onOffsetForLeaderEpoch(completion: CompletionOf<"OffsetForLeaderEpoch">): void {
    for (const { partition, position } of completion.context as ValidationContext) {
      partition.asked = false;
      // The leader changed again meanwhile: this answer is about something else.
      if (partition.position !== position || partition.state !== "AWAIT_VALIDATION") continue;
      const answer = completion.response?.topics
        .find((topic) => topic.topic === partition.topic)
        ?.partitions.find((candidate) => candidate.partition === partition.partition);
      if (answer === undefined || answer.errorCode !== "NONE") this.retryLater(partition);
      else this.onValidated(partition, position, answer);
    }
  }

  private sendListOffsets(node: NodeName, partitions: readonly AssignedPartition[]): void {
    const topics = byTopic(partitions).map(([name, members]) => ({
      name,
      partitions: members.map((member) => ({
        partitionIndex: member.partition,
        currentLeaderEpoch: this.metadata.cache.leaderOf(name, member.partition).epoch,
        timestamp: this.resetTimestamp(member),
      })),
    }));
    for (const partition of partitions) partition.asked = true;
    const request: ListOffsetsRequest = { replicaId: NONE, topics };
    this.network.send(node, "ListOffsets", request, partitions);
  }

  /** Where the partition is to begin. */
  private resetTimestamp({ topic, partition, resetReason }: AssignedPartition): number {
    if (this.config["auto.offset.reset"] === "earliest") return EARLIEST_TIMESTAMP;
    const isNew = resetReason === "initial" && this.metadata.cache.isNewPartition(topic, partition);
    return isNew && this.newPartitionsBeginAt === "earliest" ? EARLIEST_TIMESTAMP : LATEST_TIMESTAMP;
  }

  private sendValidation(node: NodeName, asked: ValidationContext): void {
    const topics = byTopic(asked.map(({ partition }) => partition)).map(([topic, members]) => ({
      topic,
      partitions: members.map(({ partition, position }) => ({
        partition,
        currentLeaderEpoch: position?.leader.epoch ?? NONE,
        leaderEpoch: position?.offsetEpoch ?? NONE,
      })),
    }));
    for (const { partition } of asked) partition.asked = true;
    const request: OffsetForLeaderEpochRequest = { replicaId: NONE, topics };
    this.network.send(node, "OffsetForLeaderEpoch", request, asked);
  }

  private onListed(partition: AssignedPartition, answer: { timestamp: number; offset: Offset; leaderEpoch: number }): void {
    const { topic, partition: index } = partition;
    const { offset, leaderEpoch } = answer;
    const listed: OffsetsListed = {
      kind: "OffsetsListed",
      client: this.name,
      topic,
      partition: index,
      timestamp: this.resetTimestamp(partition),
      offset,
      leaderEpoch,
    };
    this.host.emit(listed);
    if (partition.state !== "AWAIT_RESET") return;
    if (this.metadata.cache.sawEpoch(topic, index, leaderEpoch)) this.metadata.requestUpdate();
    const leader = this.metadata.cache.leaderOf(topic, index);
    const from = partition.offset;
    // Without an epoch the position is not validated until something has been consumed.
    partition.seekValidated({ offset, offsetEpoch: NONE, leader });
    this.listener.onMoved(partition);
    this.report(partition, from);
  }

  private onValidated(
    partition: AssignedPartition,
    position: FetchPosition,
    answer: { readonly leaderEpoch: number; readonly endOffset: Offset },
  ): void {
    const decision = decideValidation(position, answer, this.hasResetPolicy);
    switch (decision.kind) {
      case "valid":
        partition.completeValidation();
        this.listener.onMoved(partition);
        return;
      case "truncated":
        partition.resetReason = "truncation";
        partition.seekValidated({ offset: decision.offset, offsetEpoch: decision.epoch, leader: position.leader });
        this.listener.onMoved(partition);
        this.report(partition, position.offset);
        return;
      case "reset":
        partition.requestReset("truncation");
        return;
      case "raise":
        this.listener.onException("LogTruncationException", partition);
        return;
    }
  }

  private report(partition: AssignedPartition, from: Offset): void {
    const event: ConsumerPositionReset = {
      kind: "ConsumerPositionReset",
      client: this.name,
      topic: partition.topic,
      partition: partition.partition,
      reason: partition.resetReason,
      from,
      to: partition.offset,
    };
    this.host.emit(event);
  }

  private retryLater(partition: AssignedPartition): void {
    partition.retryAt = this.host.now() + ms(this.config["retry.backoff.ms"]);
    this.metadata.requestUpdate();
  }
}

function addTo<T>(groups: Map<NodeName, T[]>, node: NodeName, member: T): void {
  const group = groups.get(node);
  if (group === undefined) groups.set(node, [member]);
  else group.push(member);
}

function byTopic(partitions: readonly AssignedPartition[]): [string, AssignedPartition[]][] {
  const topics = new Map<string, AssignedPartition[]>();
  for (const partition of partitions) addTo(topics, partition.topic, partition);
  return [...topics];
}
