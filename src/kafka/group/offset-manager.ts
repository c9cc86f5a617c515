/**
 * The offsets that groups commit: taken in, told, and forgotten when nobody needs them any more (5.4).
 *
 * Readers see what is committed to the log, and nothing else. A fetch that asks for stable offsets waits for what was written before
 * it, so that a coordinator that has just taken over does not answer with what is older than its predecessor told.
 * Source: OffsetMetadataManager, GroupCoordinatorShard.
 */
import { ms, US_PER_MS } from "../../base/units.ts";
import type { Timer, TimerTarget } from "../../sim/host.ts";
import type { ErrorCode } from "../errors.ts";
import { report } from "../events.ts";
import type { GroupOffsetRemoved, GroupState } from "../group-events.ts";
import { NONE, type Offset, type TopicPartition } from "../ids.ts";
import type { OffsetCommitPartition, OffsetFetchResponse } from "../messages/group-offsets.ts";
import type { PendingRequest } from "../net/request-channel.ts";
import { isNewCoordinator } from "./classic/coordinator-line.ts";
import { groupTombstone } from "./classic/group-store.ts";
import type { CoordinatorRecord, OffsetCommitRecord } from "./coordinator-records.ts";
import { DelayedOffsetCommit, DelayedOffsetFetch, type OffsetReader } from "./delayed-offset-requests.ts";
import { GroupOffsets, type StoredOffset } from "./group-offsets.ts";
import { expiryCondition, isExpired } from "./offset-expiry.ts";
import type { ShardContext, ShardPart } from "./shard.ts";

type FetchedTopic = OffsetFetchResponse["topics"][number];

/** Why an offset goes, and in what state its group is. */
interface Removal {
  readonly reason: GroupOffsetRemoved["reason"];
  readonly state: GroupState;
}

const MS_PER_MINUTE = 60_000;

export class OffsetManager implements ShardPart, OffsetReader, TimerTarget {
  private readonly shard: ShardContext;
  private readonly offsets = new GroupOffsets<Removal | undefined>();
  /** Of the log: whatever is below was committed before this coordinator read it. */
  private readonly committedAtStart: Offset;
  private loaded = false;
  /** What the tombstones are for that are being written. */
  private removing: GroupOffsetRemoved["reason"] | undefined = undefined;

  constructor(shard: ShardContext, committedAtStart: Offset) {
    this.shard = shard;
    this.committedAtStart = committedAtStart;
  }

  /** Groups that have offsets. */
  groupIds(): Iterable<string> {
    return this.offsets.groupIds();
  }

  // ---- its life ----

  replay(record: CoordinatorRecord, offset: Offset): void {
    if (record.type !== "OffsetCommit") return;
    const { group, topic, partition } = record.key;
    const stored = this.storedOffset(record);
    const removal = stored === undefined ? this.removalOf(record) : undefined;
    const change = { group, topic, partition, at: offset, stored, removal };
    if (offset < this.committedAtStart) this.offsets.restore(change);
    else this.offsets.write(change);
  }

  onLoaded(): void {
    this.loaded = true;
    this.offsets.collapsePending();
    this.scheduleExpiry();
  }

  onUnloaded(): void {}

  onMetadataChanged(): void {}

  /** Everything below `to` is committed: readers see it from now on. */
  onCommitted(to: Offset): void {
    for (let next = this.offsets.commitNext(to); next !== undefined; next = this.offsets.commitNext(to)) {
      const { group, topic, partition, stored, removal } = next.change;
      const { host, brokerId: broker } = this.shard;
      if (stored !== undefined) {
        const { offset, leaderEpoch, member, generation } = stored.value;
        report(host, { kind: "GroupOffsetChanged", broker, group, topic, partition, offset, leaderEpoch, member, generation });
      } else if (next.before !== undefined && removal !== undefined) {
        const { offset } = next.before.value;
        report(host, { kind: "GroupOffsetRemoved", broker, group, topic, partition, offset, ...removal });
      }
    }
  }

  /** Of version 1 comes an expiry time; -1 says that there is none, which not every release has understood (KAFKA-8069). */
  private storedOffset({ key, value }: OffsetCommitRecord): StoredOffset | undefined {
    if (value === null) return undefined;
    const { topic, partition } = key;
    const read = this.loaded ? undefined : value.expireTimestamp;
    const expireTimestamp = read === NONE && this.shard.dials["group.loadDefaultExpireAsNone"] ? undefined : read;
    return { topic, partition, value, expireTimestamp };
  }

  /** Of a tombstone that a predecessor has written it is not told why. */
  private removalOf({ key }: OffsetCommitRecord): Removal {
    const gone = this.shard.metadata.partition(key.topic, key.partition) === undefined;
    const state = this.shard.groups.get(key.group)?.state ?? "Empty";
    return { reason: this.removing ?? (gone ? "topic-deleted" : "expired"), state };
  }

  // ---- requests ----

  onRequest(request: PendingRequest<"OffsetCommit"> | PendingRequest<"OffsetFetch">): void {
    if (request.api === "OffsetCommit") this.onCommit(request);
    else this.onFetch(request);
  }

  /** Partitions that the broker does not know are sorted out before the group is asked. Source: KafkaApis.handleOffsetCommitRequest. */
  private onCommit(request: PendingRequest<"OffsetCommit">): void {
    const { metadata, config } = this.shard;
    const { topics } = request.body;
    const isKnown = (topic: string, index: number): boolean => metadata.partition(topic, index) !== undefined;
    const anyKnown = topics.some(({ name, partitions }) => partitions.some((each) => isKnown(name, each.partitionIndex)));
    const groupError = anyKnown ? this.validateCommit(request) : "NONE";
    const records: OffsetCommitRecord[] = [];
    const answers = topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((partition) => {
        const { partitionIndex, committedMetadata } = partition;
        let errorCode: ErrorCode = groupError;
        if (!isKnown(name, partitionIndex)) errorCode = "UNKNOWN_TOPIC_OR_PARTITION";
        else if (errorCode === "NONE" && committedMetadata.length > config["offset.metadata.max.bytes"])
          errorCode = "OFFSET_METADATA_TOO_LARGE";
        if (errorCode === "NONE") records.push(this.recordOf(request, name, partition));
        return { partitionIndex, errorCode };
      }),
    }));
    if (anyKnown) this.shard.write(records, new DelayedOffsetCommit(request, answers, isNewCoordinator(config)));
    else request.respond({ topics: answers });
  }

  private validateCommit({ body }: PendingRequest<"OffsetCommit">): ErrorCode {
    const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch } = body;
    const { groups, dials, config } = this.shard;
    const group = groups.get(groupId);
    let error: ErrorCode = "NONE";
    if (group !== undefined) error = group.validateOffsetCommit({ memberId, groupInstanceId, generationIdOrMemberEpoch });
    // Nobody ever joined: whoever commits without a generation needs no group.
    else if (generationIdOrMemberEpoch >= 0) error = isNewCoordinator(config) ? "GROUP_ID_NOT_FOUND" : "ILLEGAL_GENERATION";
    const checked = generationIdOrMemberEpoch < 0 || dials["group.checkGenerationOnCommit"];
    return checked || !isAboutGeneration(error) ? error : "NONE";
  }

  private recordOf(
    { body }: PendingRequest<"OffsetCommit">,
    topic: string,
    { partitionIndex: partition, committedOffset: offset, committedLeaderEpoch, committedMetadata }: OffsetCommitPartition,
  ): OffsetCommitRecord {
    const { groupId: group, memberId: member, generationIdOrMemberEpoch: generation } = body;
    const value = {
      offset,
      leaderEpoch: committedLeaderEpoch,
      metadata: committedMetadata,
      commitTimestamp: this.nowMs(),
      member,
      generation,
    };
    // The releases that misread it are those that wrote it.
    const misread = !this.shard.dials["group.loadDefaultExpireAsNone"];
    return {
      type: "OffsetCommit",
      key: { group, topic, partition },
      value: misread ? { ...value, expireTimestamp: NONE } : value,
    };
  }

  private onFetch(request: PendingRequest<"OffsetFetch">): void {
    const { groupId, memberId, memberEpoch, requireStable } = request.body;
    // A group that there is not has committed nothing.
    const error = this.shard.groups.get(groupId)?.validateOffsetFetch(memberId, memberEpoch) ?? "NONE";
    if (error !== "NONE") request.respond({ errorCode: error, topics: [] });
    else if (requireStable) this.shard.write([], new DelayedOffsetFetch(request, this));
    else this.answerFetch(request);
  }

  answerFetch(request: PendingRequest<"OffsetFetch">): void {
    const { groupId, topics } = request.body;
    request.respond({
      errorCode: "NONE",
      topics:
        topics === null
          ? this.allCommitted(groupId)
          : topics.map(({ name, partitionIndexes }) => ({
              name,
              partitions: partitionIndexes.map((index) => fetched(index, this.offsets.committedOf(groupId, name, index))),
            })),
    });
  }

  private allCommitted(groupId: string): FetchedTopic[] {
    const byTopic = new Map<string, FetchedTopic["partitions"][number][]>();
    for (const stored of this.offsets.committed(groupId)) {
      const partitions = byTopic.get(stored.topic) ?? [];
      partitions.push(fetched(stored.partition, stored));
      byTopic.set(stored.topic, partitions);
    }
    return [...byTopic].map(([name, partitions]) => ({ name, partitions }));
  }

  // ---- forgetting ----

  onTimer(_timer: Timer): void {
    if (!this.shard.active) return;
    this.cleanUp();
    this.scheduleExpiry();
  }

  private scheduleExpiry(): void {
    const { host, config } = this.shard;
    host.setTimer(ms(config["offsets.retention.check.interval.ms"]), { kind: "group.expire-offsets", target: this });
  }

  /** Expired offsets, and groups of which nothing is left. Source: GroupCoordinatorShard.cleanupGroupMetadata. */
  private cleanUp(): void {
    const { groups } = this.shard;
    const ids = new Set<string>(this.offsets.groupIds());
    for (const { groupId } of groups.all()) ids.add(groupId);
    const records: CoordinatorRecord[] = [];
    for (const id of ids) if (this.expireOffsets(id, records)) records.push(...this.groupTombstones(id));
    this.remove(records, "expired");
  }

  /** True if no offset of the group is left. */
  private expireOffsets(groupId: string, records: CoordinatorRecord[]): boolean {
    const { groups, dials, config } = this.shard;
    const condition = expiryCondition(groups.get(groupId), dials);
    const retentionMs = config["offsets.retention.minutes"] * MS_PER_MINUTE;
    const now = this.nowMs();
    let allExpired = true;
    for (const { topic, partition, value, expireTimestamp } of this.offsets.latest(groupId)) {
      const offset = { topic, commitTimestamp: value.commitTimestamp, expireTimestamp };
      if (isExpired(offset, condition, now, retentionMs)) records.push(tombstone(groupId, { topic, partition }));
      else allExpired = false;
    }
    return allExpired;
  }

  /** Of a group without members. One that nobody ever joined has no record of its own. */
  private groupTombstones(groupId: string): readonly CoordinatorRecord[] {
    const group = this.shard.groups.get(groupId);
    if (group === undefined || !group.isEmpty) return [];
    if (group.protocol === "classic") return [groupTombstone(groupId)];
    const key = { group: groupId };
    return [
      { type: "ConsumerGroupTargetAssignmentMetadata", key, value: null },
      { type: "ConsumerGroupMetadata", key, value: null },
    ];
  }

  /** Topics were deleted: what is committed for them goes. Source: GroupCoordinatorService.onPartitionsDeleted. */
  onPartitionsDeleted(partitions: readonly TopicPartition[]): void {
    const records: CoordinatorRecord[] = [];
    for (const group of this.offsets.groupIds()) {
      for (const partition of partitions) {
        if (this.offsets.hasLatest(group, partition)) records.push(tombstone(group, partition));
      }
    }
    this.remove(records, "topic-deleted");
  }

  private remove(tombstones: readonly CoordinatorRecord[], reason: GroupOffsetRemoved["reason"]): void {
    if (tombstones.length === 0) return;
    this.removing = reason;
    this.shard.write(tombstones);
    this.removing = undefined;
  }

  private nowMs(): number {
    return Math.floor(this.shard.host.now() / US_PER_MS);
  }
}

function isAboutGeneration(error: ErrorCode): boolean {
  switch (error) {
    case "ILLEGAL_GENERATION":
    case "UNKNOWN_MEMBER_ID":
    case "STALE_MEMBER_EPOCH":
    case "FENCED_MEMBER_EPOCH":
    case "GROUP_ID_NOT_FOUND":
      return true;
    default:
      return false;
  }
}

function tombstone(group: string, { topic, partition }: TopicPartition): OffsetCommitRecord {
  return { type: "OffsetCommit", key: { group, topic, partition }, value: null };
}

function fetched(partitionIndex: number, stored: StoredOffset | undefined): FetchedTopic["partitions"][number] {
  const { offset = NONE, leaderEpoch = NONE, metadata = "" } = stored?.value ?? {};
  return { partitionIndex, errorCode: "NONE", committedOffset: offset, committedLeaderEpoch: leaderEpoch, metadata };
}
