/**
 * The parts of one shard, and which request is whose. Each replays every record; what is not its own it passes over.
 * Source: GroupCoordinatorShard.
 */
import type { Offset, TopicPartition } from "../ids.ts";
import { ClassicGroups } from "./classic/classic-groups.ts";
import { ConsumerGroups } from "./consumer/consumer-groups.ts";
import type { CoordinatorRecord } from "./coordinator-records.ts";
import type { GroupRequest } from "./group-requests.ts";
import { OffsetManager } from "./offset-manager.ts";
import type { ShardContext, ShardPart } from "./shard.ts";

export class ShardParts {
  private readonly shard: ShardContext;
  private readonly offsets: OffsetManager;
  private readonly classic: ClassicGroups;
  private readonly consumers: ConsumerGroups;
  /** All of them, in the order in which they replay. */
  private readonly all: readonly ShardPart[];

  /** `committedAtStart`: the high watermark that the log had when this broker became its leader. */
  constructor(shard: ShardContext, committedAtStart: Offset) {
    this.shard = shard;
    this.offsets = new OffsetManager(shard, committedAtStart);
    this.classic = new ClassicGroups(shard);
    this.consumers = new ConsumerGroups(shard, this.classic);
    this.all = [this.classic, this.consumers, this.offsets];
  }

  /** Groups that have members, had some, or have offsets. */
  groupIds(): readonly string[] {
    const ids = new Set<string>(this.offsets.groupIds());
    for (const { groupId } of this.shard.groups.all()) ids.add(groupId);
    return [...ids];
  }

  onRequest(request: GroupRequest): void {
    switch (request.api) {
      case "OffsetCommit":
      case "OffsetFetch":
        this.offsets.onRequest(request);
        return;
      case "JoinGroup":
      case "SyncGroup":
      case "Heartbeat":
      case "LeaveGroup":
        this.classic.onRequest(request);
        return;
      case "ConsumerGroupHeartbeat":
        this.consumers.onRequest(request);
    }
  }

  replay(record: CoordinatorRecord, offset: Offset): void {
    for (const part of this.all) part.replay(record, offset);
  }

  onLoaded(committed: Offset): void {
    for (const part of this.all) part.onLoaded();
    this.offsets.onCommitted(committed);
  }

  /** Everything below `to` is committed. */
  onCommitted(to: Offset): void {
    this.offsets.onCommitted(to);
  }

  onUnloaded(): void {
    for (const part of this.all) part.onUnloaded();
  }

  onMetadataChanged(): void {
    for (const part of this.all) part.onMetadataChanged();
  }

  onPartitionsDeleted(partitions: readonly TopicPartition[]): void {
    this.offsets.onPartitionsDeleted(partitions);
  }
}
