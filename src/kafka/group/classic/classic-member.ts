/** A member of a classic group, as the coordinator holds it. Source: ClassicGroupMember. */
import { assert } from "../../../base/assert.ts";
import type { NodeName, TimerId } from "../../../sim/host.ts";
import type { ConsumerAssignment, ConsumerSubscription } from "../../messages/groups.ts";
import type { PendingRequest } from "../../net/request-channel.ts";
import type { MemberProtocols } from "./protocol-selection.ts";

export const EMPTY_ASSIGNMENT: ConsumerAssignment = Object.freeze({ assignedPartitions: Object.freeze([]) });

export class ClassicMember {
  readonly memberId: string;
  /** Of a static member (KIP-345). */
  readonly groupInstanceId: string | null;
  readonly clientId: NodeName;
  rebalanceTimeoutMs: number;
  sessionTimeoutMs: number;
  protocols: MemberProtocols;
  /** As it was last stored; empty while a new one is awaited. */
  assignment: ConsumerAssignment;
  /** Answered when the join phase ends. Its group sets it, since it counts who waits. */
  join: PendingRequest<"JoinGroup"> | undefined;
  /** Answered when the leader's assignment is stored. */
  sync: PendingRequest<"SyncGroup"> | undefined;
  /** Its first join has not been answered: it can't know its id, nor send heartbeats. */
  isNew = false;
  /** 0 when none runs: an expiry was ignored while it waited for an answer. */
  sessionTimer: TimerId = 0;

  constructor(options: {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly clientId: NodeName;
    readonly rebalanceTimeoutMs: number;
    readonly sessionTimeoutMs: number;
    readonly protocols: MemberProtocols;
    readonly assignment?: ConsumerAssignment;
  }) {
    this.memberId = options.memberId;
    this.groupInstanceId = options.groupInstanceId;
    this.clientId = options.clientId;
    this.rebalanceTimeoutMs = options.rebalanceTimeoutMs;
    this.sessionTimeoutMs = options.sessionTimeoutMs;
    this.protocols = options.protocols;
    this.assignment = options.assignment ?? EMPTY_ASSIGNMENT;
  }

  /** Who waits for an answer of the coordinator can't send heartbeats meanwhile; only a new one may be given up in that time. */
  get hasSatisfiedHeartbeat(): boolean {
    return !this.isNew && (this.join !== undefined || this.sync !== undefined);
  }

  subscription(protocol: string): ConsumerSubscription {
    const found = this.protocols.find(({ name }) => name === protocol);
    assert(found !== undefined, `${this.memberId} does not support ${protocol}`);
    return found.metadata;
  }
}
