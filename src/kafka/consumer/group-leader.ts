/**
 * The leader of a classic group: it divides the partitions of all members' topics among them, and watches these topics.
 *
 * It assigns by what metadata says, so it waits for metadata of topics that it has not asked about before. When there are other
 * topics or partitions later, the group has to be assigned anew. Source: ConsumerCoordinator.onLeaderElected, rejoinNeededOrPending.
 */
import { assert } from "../../base/assert.ts";
import type { JoinGroupResponse } from "../messages/groups.ts";
import type { Assignor } from "./assignors/assignor.ts";
import { assignorNamed } from "./assignors/assignors.ts";
import type { ClassicProtocol } from "./classic-protocol.ts";
import type { MembershipOptions } from "./group-membership.ts";
import { sameTopics, snapshotOf, type TopicSnapshot } from "./topic-snapshot.ts";

export class GroupLeader {
  private readonly options: MembershipOptions;
  private readonly protocol: ClassicProtocol;
  private isLeader = false;
  /** It waits for metadata before it assigns. */
  private elected: JoinGroupResponse | undefined = undefined;
  /** The topics of all members, if it is the leader. */
  private groupTopics: readonly string[] = [];
  /** What it has assigned by; undefined for others. */
  private assignedBy: TopicSnapshot | undefined = undefined;
  private metadataUpdated = false;

  constructor(options: MembershipOptions, protocol: ClassicProtocol) {
    this.options = options;
    this.protocol = protocol;
  }

  onElected(response: JoinGroupResponse): void {
    const { metadata } = this.options.owner;
    this.isLeader = true;
    this.groupTopics = [...new Set(response.members.flatMap((member) => member.metadata.topics))].sort();
    metadata.addTopics(this.groupTopics);
    if (metadata.updateRequested) this.elected = response;
    else this.assign(response);
  }

  onMetadataUpdated(): void {
    this.metadataUpdated = true;
    const { cache } = this.options.owner.metadata;
    if (this.elected !== undefined && this.groupTopics.every((topic) => cache.hasHeardOf(topic))) this.assign(this.elected);
  }

  /** Since it assigned. */
  topicsHaveChanged(): boolean {
    if (!this.metadataUpdated || this.assignedBy === undefined) return false;
    this.metadataUpdated = false;
    return !sameTopics(this.assignedBy, this.snapshot());
  }

  /** Before it joins anew. If it was still waiting for metadata, it has lost its membership meanwhile: nobody would end that attempt. */
  resign(): void {
    this.isLeader = false;
    if (this.elected !== undefined) this.protocol.failJoining("ILLEGAL_GENERATION");
    this.elected = undefined;
    this.groupTopics = this.options.owner.subscription;
  }

  /** An assignment has arrived: whoever did not make it has nothing to watch. */
  onJoined(): void {
    if (!this.isLeader) this.assignedBy = undefined;
  }

  private assign(response: JoinGroupResponse): void {
    const { protocol, options } = this;
    const { cache } = options.owner.metadata;
    this.elected = undefined;
    this.assignedBy = this.snapshot();
    if (protocol.state !== "COMPLETING_REBALANCE") {
      protocol.failJoining("ILLEGAL_GENERATION");
      return;
    }
    // KIP-814: a static leader that is back leaves things as they are.
    if (response.skipAssignment) {
      protocol.sync([]);
      return;
    }
    const members = response.members.map(({ memberId, groupInstanceId, metadata }) => ({
      ...metadata,
      memberId,
      groupInstanceId,
    }));
    const topics = this.groupTopics
      .filter((topic) => cache.partitionCount(topic) > 0)
      .map((topic) => ({ topic, replicaRacks: cache.replicaRacks(topic) }));
    const assignor = assignorOf(response.protocolName ?? "");
    const assigned = assignor.assign(members, topics, { usesGeneration: options.dials["group.assignorUsesGeneration"] });
    protocol.sync(
      members.map(({ memberId }) => ({ memberId, assignment: { assignedPartitions: assigned.get(memberId) ?? [] } })),
    );
  }

  private snapshot(): TopicSnapshot {
    const { owner, config } = this.options;
    return snapshotOf(owner.metadata.cache, this.groupTopics, config["client.rack"] !== "");
  }
}

export function assignorOf(name: string): Assignor {
  const assignor = assignorNamed(name);
  assert(assignor !== undefined, `a scenario was let through with an assignor that nobody knows: ${name}`);
  return assignor;
}
