/** Answers to requests of the classic protocol that say no, and those that wait for what was written before. */
import type { ErrorCode } from "../../errors.ts";
import type { JoinGroupResponse, LeaveGroupRequest, LeaveGroupResponse, SyncGroupResponse } from "../../messages/groups.ts";
import type { PendingRequest } from "../../net/request-channel.ts";
import type { WriteWaiter } from "../shard.ts";
import { EMPTY_ASSIGNMENT } from "./classic-member.ts";

export function joinError(errorCode: ErrorCode, memberId: string): JoinGroupResponse {
  return { errorCode, generationId: -1, protocolName: null, leader: "", skipAssignment: false, memberId, members: [] };
}

export function syncError(errorCode: ErrorCode): SyncGroupResponse {
  return { errorCode, protocolName: null, assignment: EMPTY_ASSIGNMENT };
}

/** Nobody named there is known. */
export function leaveUnknown(members: LeaveGroupRequest["members"]): LeaveGroupResponse {
  return {
    errorCode: "NONE",
    members: members.map(({ memberId, groupInstanceId }) => ({ memberId, groupInstanceId, errorCode: "UNKNOWN_MEMBER_ID" })),
  };
}

/** A heartbeat that is answered when everything that was written before it is committed. Source: CoordinatorRuntime. */
export class HeartbeatAnswer implements WriteWaiter {
  private readonly request: PendingRequest<"Heartbeat">;
  private readonly errorCode: ErrorCode;

  constructor(request: PendingRequest<"Heartbeat">, errorCode: ErrorCode) {
    this.request = request;
    this.errorCode = errorCode;
  }

  onWritten(error: ErrorCode): void {
    this.request.respond({ errorCode: error === "NONE" ? this.errorCode : error });
  }
}

/** As {@link HeartbeatAnswer}, for members that leave: what their leaving wrote is committed by then. */
export class LeaveAnswer implements WriteWaiter {
  private readonly request: PendingRequest<"LeaveGroup">;
  private readonly response: LeaveGroupResponse;

  constructor(request: PendingRequest<"LeaveGroup">, response: LeaveGroupResponse) {
    this.request = request;
    this.response = response;
  }

  onWritten(error: ErrorCode): void {
    this.request.respond(error === "NONE" ? this.response : { errorCode: error, members: [] });
  }
}
