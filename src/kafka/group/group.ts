/**
 * A group as its coordinator holds it, whichever protocol it speaks: what the others ask of it.
 * Source: org.apache.kafka.coordinator.group.Group.
 */
import type { ErrorCode } from "../errors.ts";
import type { GroupProtocol, GroupState } from "../group-events.ts";

export interface Group {
  readonly groupId: string;
  readonly protocol: GroupProtocol;
  readonly state: GroupState;
  /** The generation, or the group epoch. */
  readonly generation: number;
  /** Milliseconds on the coordinator's clock since when it has been in its state; undefined if that is not known. */
  readonly stateSinceMs: number | undefined;
  /** No members. Who has been given an id and has yet to come back with it is none. */
  readonly isEmpty: boolean;
  /** Null in a group that nobody ever joined. */
  readonly protocolType: string | null;
  /** Whether the group speaks the protocol of consumers, so that it is known what it subscribes to. */
  readonly usesConsumerProtocol: boolean;
  isSubscribedTo(topic: string): boolean;
  /** Whether this commit may be taken in. A commit also tells that a classic member lives. */
  validateOffsetCommit(commit: {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly generationIdOrMemberEpoch: number;
  }): ErrorCode;
  validateOffsetFetch(memberId: string | null, memberEpoch: number): ErrorCode;
}

/** The groups of one partition of __consumer_offsets, by id. */
export class GroupRegistry {
  private readonly groups = new Map<string, Group>();

  get(groupId: string): Group | undefined {
    return this.groups.get(groupId);
  }

  set(group: Group): void {
    this.groups.set(group.groupId, group);
  }

  delete(groupId: string): void {
    this.groups.delete(groupId);
  }

  all(): IterableIterator<Group> {
    return this.groups.values();
  }
}
