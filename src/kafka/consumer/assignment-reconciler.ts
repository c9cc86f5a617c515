/**
 * What a member of KIP-848 owns, what the coordinator wants it to own, and the step from one to the other.
 *
 * The coordinator names topics by their ids. Those that metadata cannot name yet are left out of a step, and follow when it can.
 * Source: AbstractMembershipManager (maybeReconcile, findResolvableAssignmentAndTriggerMetadataUpdate).
 */
import type { TopicId, TopicPartition } from "../ids.ts";
import type { ConsumerGroupHeartbeatResponse } from "../messages/groups.ts";
import type { MembershipOwner } from "./group-membership.ts";
import {
  isNone,
  type LocalAssignment,
  NO_ASSIGNMENT,
  namedPartitions,
  resolvedPart,
  sameAssignment,
  samePartitions,
  updatedAssignment,
  without,
} from "./local-assignment.ts";

/** One assignment on its way to be owned. Known by its identity. */
export interface Reconciliation {
  readonly assignment: LocalAssignment;
  readonly revoked: readonly TopicPartition[];
  readonly added: readonly TopicPartition[];
}

type SentAssignment = NonNullable<ConsumerGroupHeartbeatResponse["assignment"]>;

export class AssignmentReconciler {
  /** What is owned, and acknowledged with the next heartbeat. */
  current = NO_ASSIGNMENT;
  inProgress: Reconciliation | undefined = undefined;
  private target = NO_ASSIGNMENT;
  /** Of topics in assignments: metadata may lose sight of them. */
  private names = new Map<TopicId, string>();
  private readonly owner: MembershipOwner;

  constructor(owner: MembershipOwner) {
    this.owner = owner;
  }

  get isDone(): boolean {
    return sameAssignment(this.current, this.target);
  }

  take({ topicPartitions }: SentAssignment): void {
    this.target = updatedAssignment(this.target, topicPartitions);
  }

  /** Whether there is anything to revoke or to assign now, or else just to acknowledge: `current` is then what it was, counted on. */
  next(): "nothing" | "acknowledge" | "reconcile" {
    if (this.inProgress !== undefined || this.isDone) return "nothing";
    this.resolveTopics();
    const assignment = resolvedPart(this.target, this.names);
    // Acknowledged already; the rest waits for metadata. (Kafka acknowledges again and again, as fast as the network allows.)
    if (sameAssignment(this.current, assignment)) return "nothing";
    if (isNone(this.current) || !samePartitions(assignment.topics, this.current.topics)) return "reconcile";
    this.current = assignment;
    return "acknowledge";
  }

  begin(): Reconciliation {
    const assignment = resolvedPart(this.target, this.names);
    const wanted = namedPartitions(assignment, this.names);
    const owned = this.owner.ownedPartitions();
    this.inProgress = { assignment, revoked: without(owned, wanted), added: without(wanted, owned) };
    return this.inProgress;
  }

  complete({ assignment }: Reconciliation): void {
    this.inProgress = undefined;
    this.current = assignment;
  }

  /** What is in progress is of no interest any more: the membership that it belonged to has ended. */
  abort(): void {
    this.inProgress = undefined;
  }

  /** Nothing is owned, and nothing wanted. */
  forget(): void {
    this.abort();
    this.current = NO_ASSIGNMENT;
    this.target = NO_ASSIGNMENT;
    this.names = new Map();
  }

  /** Asks for metadata if some topics are known by their ids only. */
  private resolveTopics(): void {
    const { metadata, subscription } = this.owner;
    for (const topic of subscription) {
      const topicId = metadata.cache.topicId(topic);
      if (topicId !== "") this.names.set(topicId, topic);
    }
    if (this.target.topics.some(({ topicId }) => !this.names.has(topicId))) metadata.requestUpdate();
  }
}
