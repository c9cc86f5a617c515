/**
 * What a member of a classic group says to the coordinator, and what it takes itself for: its generation and its state.
 *
 * JoinGroup, then SyncGroup, give an assignment; heartbeats keep it. An answer about a generation that the member has left
 * behind changes nothing. What to do about an assignment is classic-membership.ts. Source: AbstractCoordinator.
 */
import { assert } from "../../base/assert.ts";
import { ms } from "../../base/units.ts";
import type { Host, NodeName } from "../../sim/host.ts";
import type { ConsumerConfig } from "../config/client-config.ts";
import type { ErrorCode } from "../errors.ts";
import type { ConsumerJoined, ConsumerLeft } from "../group-events.ts";
import { NONE } from "../ids.ts";
import type { ConsumerAssignment, JoinGroupRequest, JoinGroupResponse, SyncGroupRequest } from "../messages/groups.ts";
import type { CompletionOf, NetworkClient } from "../net/network-client.ts";
import type { CoordinatorLocator } from "./coordinator-locator.ts";
import type { Committer, MembershipOptions } from "./group-membership.ts";
import { Heartbeat, type HeartbeatOwner } from "./heartbeat.ts";

type MemberState = "UNJOINED" | "PREPARING_REBALANCE" | "COMPLETING_REBALANCE" | "STABLE";

/** Replaced, never changed: an answer belongs to the generation it was asked in. */
interface Generation extends Committer {
  /** The assignor that the group has agreed on; null before. */
  readonly protocolName: string | null;
}

const NO_GENERATION: Generation = Object.freeze({ memberId: "", generation: NONE, protocolName: null });

/** How far the member has got with joining. */
type Joining =
  | { readonly kind: "none" }
  /** JoinGroup or SyncGroup is unanswered, or the leader waits for metadata. */
  | { readonly kind: "pending" }
  | { readonly kind: "assigned"; readonly assignment: ConsumerAssignment }
  | { readonly kind: "failed"; readonly error: ErrorCode };

const NOT_JOINING: Joining = Object.freeze({ kind: "none" });
const PENDING: Joining = Object.freeze({ kind: "pending" });

const PROTOCOL_TYPE = "consumer";
/** A JoinGroup may be answered so much later than when the rebalance times out. */
const JOIN_GROUP_TIMEOUT_LAPSE_MS = 5_000;

/** The member that this is about. */
export interface ProtocolOwner {
  /** For JoinGroup. */
  subscriptions(): JoinGroupRequest["protocols"];
  /** It is to assign, and then to call {@link ClassicProtocol.sync}. */
  onElected(response: JoinGroupResponse): void;
  /** poll() throws. */
  raise(exception: string): void;
}

export class ClassicProtocol implements HeartbeatOwner {
  readonly coordinator: CoordinatorLocator;
  readonly heartbeat: Heartbeat;
  state: MemberState = "UNJOINED";
  generation: Generation = NO_GENERATION;
  joining: Joining = NOT_JOINING;
  rejoinNeeded = true;
  /** What is owned has to be given up, or at least committed, before the next JoinGroup. */
  needsJoinPrepare = true;
  private rejoinReason = "";
  private readonly host: Host;
  private readonly name: NodeName;
  private readonly config: ConsumerConfig;
  private readonly network: NetworkClient;
  private readonly groupId: string;
  private readonly groupInstanceId: string | null;
  private readonly owner: ProtocolOwner;

  constructor(options: MembershipOptions, owner: ProtocolOwner) {
    this.host = options.host;
    this.name = options.name;
    this.config = options.config;
    this.network = options.network;
    this.groupId = options.groupId;
    this.groupInstanceId = options.groupInstanceId;
    this.coordinator = options.owner.coordinator;
    this.owner = owner;
    this.heartbeat = new Heartbeat(options.host, options.config, this);
  }

  get hasJoined(): boolean {
    return this.state === "COMPLETING_REBALANCE" || this.state === "STABLE";
  }

  get rebalanceInProgress(): boolean {
    return this.state === "PREPARING_REBALANCE" || this.state === "COMPLETING_REBALANCE";
  }

  requestRejoin(reason: string): void {
    this.rejoinReason = reason;
    this.rejoinNeeded = true;
  }

  endJoining(): void {
    this.joining = NOT_JOINING;
  }

  failJoining(error: ErrorCode): void {
    this.joining = { kind: "failed", error };
  }

  /** It is no member any more. After ILLEGAL_GENERATION its member id may still be good. */
  reset(cause: ConsumerLeft["reason"], keepMemberId = false): void {
    const { memberId: member, generation } = this.generation;
    this.state = "UNJOINED";
    this.generation = keepMemberId ? Object.freeze({ ...NO_GENERATION, memberId: member }) : NO_GENERATION;
    this.requestRejoin(cause);
    this.needsJoinPrepare = true;
    if (generation === NONE) return;
    const event: ConsumerLeft = {
      kind: "ConsumerLeft",
      group: this.groupId,
      client: this.name,
      member,
      generation,
      reason: cause,
    };
    this.host.emit(event);
  }

  /** KIP-62: the coordinator keeps it waiting for as long as a rebalance may take. */
  sendJoin(): void {
    const node = this.coordinator.node;
    assert(node !== undefined, "a member joins with a coordinator that it does not know");
    this.state = "PREPARING_REBALANCE";
    this.joining = PENDING;
    const rebalanceTimeoutMs = this.config["max.poll.interval.ms"];
    const request: JoinGroupRequest = {
      groupId: this.groupId,
      sessionTimeoutMs: this.config["session.timeout.ms"],
      rebalanceTimeoutMs,
      memberId: this.generation.memberId,
      groupInstanceId: this.groupInstanceId,
      protocolType: PROTOCOL_TYPE,
      protocols: this.owner.subscriptions(),
      reason: this.rejoinReason,
    };
    const timeoutMs = Math.max(this.config["request.timeout.ms"], rebalanceTimeoutMs + JOIN_GROUP_TIMEOUT_LAPSE_MS);
    this.network.send(node, "JoinGroup", request, this.generation, ms(timeoutMs));
  }

  onJoinGroup({ context, response, error: failure }: CompletionOf<"JoinGroup">): void {
    const sent = context as Generation;
    if (this.joining.kind !== "pending" || this.state !== "PREPARING_REBALANCE") {
      // It has left the group meanwhile: whatever the answer gives is not its own.
      if (this.joining.kind === "pending") this.failJoining("REBALANCE_IN_PROGRESS");
      return;
    }
    if (response === undefined) {
      this.failJoining(failure ?? "NETWORK_EXCEPTION");
      return;
    }
    const { errorCode, memberId } = response;
    if (errorCode === "NONE") {
      this.onJoined(response);
      return;
    }
    switch (errorCode) {
      case "UNKNOWN_MEMBER_ID":
        if (this.generation === sent) this.reset(errorCode);
        break;
      case "COORDINATOR_NOT_AVAILABLE":
      case "NOT_COORDINATOR":
        this.coordinator.markUnknown(errorCode);
        break;
      case "MEMBER_ID_REQUIRED":
        // KIP-394: it joins again at once, under that id.
        this.generation = Object.freeze({ ...NO_GENERATION, memberId });
        this.requestRejoin(`need to re-join with the given member-id: ${memberId}`);
        break;
      default:
    }
    this.failJoining(errorCode);
  }

  /** The leader has assigned; nobody else names any. */
  sync(assignments: SyncGroupRequest["assignments"]): void {
    const { memberId, generation, protocolName } = this.generation;
    const { node } = this.coordinator;
    if (node === undefined) {
      this.failJoining("COORDINATOR_NOT_AVAILABLE");
      return;
    }
    const request: SyncGroupRequest = {
      groupId: this.groupId,
      generationId: generation,
      memberId,
      groupInstanceId: this.groupInstanceId,
      protocolType: PROTOCOL_TYPE,
      protocolName: protocolName ?? "",
      assignments,
    };
    this.network.send(node, "SyncGroup", request, this.generation);
  }

  onSyncGroup({ context, response, error: failure }: CompletionOf<"SyncGroup">): void {
    const sent = context as Generation;
    if (this.joining.kind !== "pending") return;
    const error = response?.errorCode ?? failure ?? "NETWORK_EXCEPTION";
    if (response !== undefined && error === "NONE") {
      // The heartbeat thread may have lost the membership meanwhile; then the member joins anew at once.
      if (this.generation !== sent || this.state !== "COMPLETING_REBALANCE") {
        this.failJoining("ILLEGAL_GENERATION");
        return;
      }
      this.state = "STABLE";
      this.rejoinReason = "";
      this.rejoinNeeded = false;
      this.joining = { kind: "assigned", assignment: response.assignment };
      return;
    }
    if (error === "UNKNOWN_MEMBER_ID" || error === "ILLEGAL_GENERATION") {
      if (this.generation === sent) this.reset(error, error === "ILLEGAL_GENERATION");
    } else if (error === "COORDINATOR_NOT_AVAILABLE" || error === "NOT_COORDINATOR") this.coordinator.markUnknown(error);
    this.failJoining(error);
  }

  sendHeartbeat(): void {
    const { node } = this.coordinator;
    if (node === undefined) return;
    const { memberId, generation: generationId } = this.generation;
    const { groupId, groupInstanceId } = this;
    this.network.send(node, "Heartbeat", { groupId, generationId, memberId, groupInstanceId }, this.generation);
  }

  onHeartbeat({ context, response }: CompletionOf<"Heartbeat">): void {
    const unchanged = this.generation === (context as Generation);
    const error = response?.errorCode;
    switch (error) {
      case "NONE":
        this.heartbeat.onAnswered();
        return;
      case undefined:
        this.heartbeat.onFailed();
        return;
      case "COORDINATOR_NOT_AVAILABLE":
      case "NOT_COORDINATOR":
        this.coordinator.markUnknown(error);
        this.heartbeat.onFailed();
        return;
      case "REBALANCE_IN_PROGRESS":
        // It goes on with heartbeats, so that it has as long as the rebalance may take to join again.
        if (this.state === "STABLE") this.requestRejoin("group is already rebalancing");
        this.heartbeat.onAnswered();
        return;
      case "ILLEGAL_GENERATION":
      case "UNKNOWN_MEMBER_ID":
      case "FENCED_INSTANCE_ID":
        if (!unchanged) {
          this.heartbeat.onAnswered();
          return;
        }
        this.reset(error, error === "ILLEGAL_GENERATION");
        if (error === "FENCED_INSTANCE_ID") this.owner.raise(exceptionFor(error));
        return;
      default:
        // Whatever it is, the thread only logs it.
        this.heartbeat.onFailed();
    }
  }

  /** The application has not polled for `max.poll.interval.ms` (KIP-62). */
  onPollTimeout(): void {
    this.leave("max.poll.interval.ms");
  }

  /** Says goodbye, unless it is static (KIP-345), and is no member any more. False if there is no answer to wait for. */
  leave(reason: "closed" | "max.poll.interval.ms"): boolean {
    const { memberId } = this.generation;
    const { node } = this.coordinator;
    const says = this.groupInstanceId === null && node !== undefined && this.state !== "UNJOINED" && memberId !== "";
    if (says) {
      const members = [{ memberId, groupInstanceId: null, reason }];
      this.network.send(node, "LeaveGroup", { groupId: this.groupId, members }, reason);
    }
    this.reset(reason);
    return says;
  }

  /** What the application is told about a commit that was refused. Source: OffsetCommitResponseHandler. */
  onCommitRefused(error: ErrorCode, sent: Committer): ErrorCode {
    const unchanged = this.generation.memberId === sent.memberId && this.generation.generation === sent.generation;
    switch (error) {
      case "REBALANCE_IN_PROGRESS":
        this.requestRejoin("offset commit failed since group is already rebalancing");
        return error;
      case "FENCED_INSTANCE_ID":
        if (unchanged) return error;
        return this.state === "PREPARING_REBALANCE" ? "REBALANCE_IN_PROGRESS" : "UNKNOWN_MEMBER_ID";
      case "UNKNOWN_MEMBER_ID":
      case "ILLEGAL_GENERATION":
        if (!unchanged && this.state === "PREPARING_REBALANCE") return "REBALANCE_IN_PROGRESS";
        this.reset(error, error === "ILLEGAL_GENERATION");
        return error;
      default:
        return error;
    }
  }

  private onJoined(response: JoinGroupResponse): void {
    const { memberId, generationId: generation, protocolName, leader } = response;
    this.state = "COMPLETING_REBALANCE";
    this.generation = Object.freeze({ memberId, generation, protocolName });
    this.heartbeat.enable();
    const event: ConsumerJoined = {
      kind: "ConsumerJoined",
      group: this.groupId,
      client: this.name,
      member: memberId,
      generation,
      protocol: "classic",
      instanceId: this.groupInstanceId,
      leader: leader === memberId,
    };
    this.host.emit(event);
    if (leader === memberId) this.owner.onElected(response);
    else this.sync([]);
  }
}

/** What poll() throws for an error that no retry helps against. */
export function exceptionFor(error: ErrorCode): string {
  switch (error) {
    case "FENCED_INSTANCE_ID":
      return "FencedInstanceIdException";
    case "GROUP_MAX_SIZE_REACHED":
      return "GroupMaxSizeReachedException";
    case "INCONSISTENT_GROUP_PROTOCOL":
      return "InconsistentGroupProtocolException";
    case "INVALID_SESSION_TIMEOUT":
      return "InvalidSessionTimeoutException";
    case "INVALID_GROUP_ID":
      return "InvalidGroupIdException";
    case "UNSUPPORTED_VERSION":
      return "UnsupportedVersionException";
    case "UNSUPPORTED_ASSIGNOR":
      return "UnsupportedAssignorException";
    case "UNRELEASED_INSTANCE_ID":
      return "UnreleasedInstanceIdException";
    case "INVALID_REQUEST":
      return "InvalidRequestException";
    default:
      return `KafkaException (${error})`;
  }
}
