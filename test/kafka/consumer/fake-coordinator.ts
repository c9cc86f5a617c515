/**
 * A group coordinator for tests of members: one classic group, all in memory, and wrong when told to.
 * A rebalance ends when all members that it knows have joined, and at least as many as the test waits for.
 */
import type { Micros } from "../../../src/base/units.ts";
import type { ErrorCode } from "../../../src/kafka/errors.ts";
import type { ApiName, RequestOf, ResponseOf } from "../../../src/kafka/messages/apis.ts";
import type { ConsumerAssignment } from "../../../src/kafka/messages/groups.ts";
import type { AnyPendingRequest, PendingRequest } from "../../../src/kafka/net/request-channel.ts";
import type { Host, Timer, TimerTarget } from "../../../src/sim/host.ts";
import { nodeName, type ScriptedCluster } from "../client/scripted-cluster.ts";

interface FakeMember {
  readonly id: string;
  readonly client: string;
  readonly instanceId: string | null;
  request: RequestOf<"JoinGroup">;
  join: PendingRequest<"JoinGroup"> | undefined;
  sync: PendingRequest<"SyncGroup"> | undefined;
  assignment: ConsumerAssignment;
}

interface Delay extends Timer {
  readonly request: AnyPendingRequest;
  readonly host: Host;
}

interface Committed {
  readonly offset: number;
  readonly leaderEpoch: number;
}

const NOTHING: ConsumerAssignment = { assignedPartitions: [] };

export class FakeCoordinator implements TimerTarget {
  readonly cluster: ScriptedCluster;
  readonly members = new Map<string, FakeMember>();
  /** By `orders-0`. */
  readonly committed = new Map<string, Committed>();
  state: "Empty" | "PreparingRebalance" | "CompletingRebalance" | "Stable" = "Empty";
  generation = 0;
  /** The broker that it runs on. */
  broker = 1;
  /** How many members the first rebalance waits for. */
  waitsFor = 1;
  /** How long requests of an API lie about before it looks at them. */
  readonly delays = new Map<ApiName, Micros>();
  /** What it says to leaders (KIP-814): members then get what they had. */
  skipAssignment = false;
  /** By id: members that are to hear that they are not the owners of their instance ids. */
  readonly fenced = new Set<string>();
  private ids = 0;
  private readonly issued = new Set<string>();

  constructor(cluster: ScriptedCluster) {
    this.cluster = cluster;
    cluster.others = this;
  }

  onRequest(broker: number, host: Host, request: AnyPendingRequest): void {
    const delay = this.delays.get(request.api) ?? 0;
    if (delay === 0) this.handle(broker, request);
    else {
      const timer: Delay = { kind: "test.delay", target: this, request, host };
      host.setTimer(delay, timer);
    }
  }

  onTimer(timer: Timer): void {
    this.handle(this.broker, (timer as Delay).request);
  }

  /** The member is out, and is told nothing. */
  expel(client: string): void {
    for (const { id } of [...this.members.values()].filter((member) => member.client === client)) this.members.delete(id);
    this.rebalance();
  }

  /** Members are told to join again. */
  rebalance(): void {
    this.state = this.members.size === 0 ? "Empty" : "PreparingRebalance";
    for (const member of this.members.values()) {
      member.sync?.respond({ errorCode: "REBALANCE_IN_PROGRESS", protocolName: null, assignment: NOTHING });
      member.sync = undefined;
    }
    this.endJoinIfComplete();
  }

  memberOf(client: string): FakeMember {
    const member = [...this.members.values()].find((candidate) => candidate.client === client);
    if (member === undefined) throw new Error(`${client} is no member`);
    return member;
  }

  /** What each client was given last: `orders-0 orders-1`. */
  assignments(): Record<string, string> {
    return Object.fromEntries(
      [...this.members.values()].map(({ client, assignment }) => [client, names(assignment.assignedPartitions)]),
    );
  }

  private handle(broker: number, request: AnyPendingRequest): void {
    const override = this.cluster.takeOverride(request.api);
    if (override === "silence") return;
    const error = request.api !== "FindCoordinator" && broker !== this.broker ? "NOT_COORDINATOR" : override;
    switch (request.api) {
      case "FindCoordinator":
        request.respond({ errorCode: error ?? "NONE", nodeId: this.broker, host: nodeName(this.broker) });
        return;
      case "JoinGroup":
        this.join(request, error);
        return;
      case "SyncGroup":
        this.sync(request, error);
        return;
      case "Heartbeat":
        request.respond({ errorCode: error ?? this.heartbeatError(request.body) });
        return;
      case "LeaveGroup":
        this.leave(request);
        return;
      case "OffsetCommit":
        this.commit(request, error);
        return;
      case "OffsetFetch":
        this.offsetFetch(request, error);
        return;
      default:
        throw new Error(`no member sends ${request.api}`);
    }
  }

  private join(request: PendingRequest<"JoinGroup">, error: ErrorCode | undefined): void {
    const { memberId, groupInstanceId } = request.body;
    if (error !== undefined) {
      request.respond(refusal(error, memberId));
      return;
    }
    if (memberId === "" && groupInstanceId === null) {
      const id = `${request.from}-${++this.ids}`;
      this.issued.add(id);
      request.respond(refusal("MEMBER_ID_REQUIRED", id));
      return;
    }
    const id = memberId === "" ? `${groupInstanceId}-${++this.ids}` : memberId;
    let member = this.members.get(id);
    if (member === undefined) {
      if (memberId !== "" && !this.issued.delete(memberId)) {
        request.respond(refusal("UNKNOWN_MEMBER_ID", memberId));
        return;
      }
      member = {
        id,
        client: request.from,
        instanceId: groupInstanceId,
        request: request.body,
        join: undefined,
        sync: undefined,
        assignment: NOTHING,
      };
      this.members.set(id, member);
    }
    member.request = request.body;
    member.join = request;
    this.rebalance();
  }

  private endJoinIfComplete(): void {
    const members = [...this.members.values()];
    const [leader] = members;
    if (leader === undefined || members.length < this.waitsFor || members.some(({ join }) => join === undefined)) return;
    this.generation++;
    this.waitsFor = 1;
    this.state = "CompletingRebalance";
    const [protocol] = leader.request.protocols.filter(({ name }) =>
      members.every(({ request }) => request.protocols.some((each) => each.name === name)),
    );
    const protocolName = protocol?.name ?? "";
    for (const member of members) {
      const all = members.map(({ id: memberId, instanceId: groupInstanceId, request }) => {
        const metadata = request.protocols.find(({ name }) => name === protocolName)?.metadata;
        if (metadata === undefined) throw new Error("no common protocol");
        return { memberId, groupInstanceId, metadata };
      });
      member.join?.respond({
        errorCode: "NONE",
        generationId: this.generation,
        protocolName,
        leader: leader.id,
        skipAssignment: this.skipAssignment && member === leader,
        memberId: member.id,
        members: member === leader ? all : [],
      });
      member.join = undefined;
    }
  }

  private sync(request: PendingRequest<"SyncGroup">, error: ErrorCode | undefined): void {
    const { memberId, generationId, assignments } = request.body;
    const refused = error ?? this.membershipError(memberId, generationId);
    const member = this.members.get(memberId);
    if (refused !== undefined || member === undefined || this.state === "PreparingRebalance") {
      request.respond({ errorCode: refused ?? "REBALANCE_IN_PROGRESS", protocolName: null, assignment: NOTHING });
      return;
    }
    member.sync = request;
    for (const { memberId: id, assignment } of assignments) {
      const assigned = this.members.get(id);
      if (assigned !== undefined) assigned.assignment = assignment;
    }
    if (assignments.length > 0 || (this.skipAssignment && member === [...this.members.values()][0])) this.state = "Stable";
    if (this.state !== "Stable") return;
    for (const waiting of this.members.values()) {
      waiting.sync?.respond({ errorCode: "NONE", protocolName: null, assignment: waiting.assignment });
      waiting.sync = undefined;
    }
  }

  private membershipError(memberId: string, generation: number): ErrorCode | undefined {
    if (this.fenced.has(memberId)) return "FENCED_INSTANCE_ID";
    if (!this.members.has(memberId)) return "UNKNOWN_MEMBER_ID";
    return generation === this.generation ? undefined : "ILLEGAL_GENERATION";
  }

  private heartbeatError({ memberId, generationId }: RequestOf<"Heartbeat">): ErrorCode {
    return (
      this.membershipError(memberId, generationId) ?? (this.state === "PreparingRebalance" ? "REBALANCE_IN_PROGRESS" : "NONE")
    );
  }

  private leave(request: PendingRequest<"LeaveGroup">): void {
    for (const { memberId } of request.body.members) this.members.delete(memberId);
    request.respond({ errorCode: "NONE", members: [] });
    this.rebalance();
  }

  private commit(request: PendingRequest<"OffsetCommit">, error: ErrorCode | undefined): void {
    const { memberId, generationIdOrMemberEpoch, topics } = request.body;
    const rebalancing = this.state === "CompletingRebalance" ? "REBALANCE_IN_PROGRESS" : "NONE";
    const errorCode = error ?? this.membershipError(memberId, generationIdOrMemberEpoch) ?? rebalancing;
    const answer: ResponseOf<"OffsetCommit"> = {
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, committedOffset: offset, committedLeaderEpoch: leaderEpoch }) => {
          if (errorCode === "NONE") this.committed.set(`${name}-${partitionIndex}`, { offset, leaderEpoch });
          return { partitionIndex, errorCode };
        }),
      })),
    };
    request.respond(answer);
  }

  private offsetFetch(request: PendingRequest<"OffsetFetch">, error: ErrorCode | undefined): void {
    const ofGroup = error !== undefined && error !== "UNSTABLE_OFFSET_COMMIT" && error !== "UNKNOWN_TOPIC_OR_PARTITION";
    request.respond({
      errorCode: ofGroup ? error : "NONE",
      topics: (request.body.topics ?? []).map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map((partitionIndex) => {
          const { offset: committedOffset, leaderEpoch: committedLeaderEpoch } = this.committed.get(
            `${name}-${partitionIndex}`,
          ) ?? { offset: -1, leaderEpoch: -1 };
          const errorCode = ofGroup ? "NONE" : (error ?? "NONE");
          return { partitionIndex, errorCode, committedOffset, committedLeaderEpoch, metadata: "" };
        }),
      })),
    });
  }
}

export function names(partitions: readonly { readonly topic: string; readonly partition: number }[]): string {
  return partitions.map(({ topic, partition }) => `${topic}-${partition}`).join(" ");
}

function refusal(errorCode: ErrorCode, memberId: string): ResponseOf<"JoinGroup"> {
  return { errorCode, generationId: -1, protocolName: null, leader: "", skipAssignment: false, memberId, members: [] };
}
