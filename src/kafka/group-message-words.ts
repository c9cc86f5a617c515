/** What consumers, their groups and coordinators say to each other, in a few words. Part of message-words.ts. */
import type { ErrorCode } from "./errors.ts";
import { NONE } from "./ids.ts";
import type { ApiName } from "./messages/apis.ts";
import { joined, type RequestWords, type ResponseWords } from "./partition-words.ts";

type GroupApi = Extract<
  ApiName,
  | "FindCoordinator"
  | "JoinGroup"
  | "SyncGroup"
  | "Heartbeat"
  | "LeaveGroup"
  | "OffsetCommit"
  | "OffsetFetch"
  | "ConsumerGroupHeartbeat"
>;

export const GROUP_REQUEST_WORDS: Pick<RequestWords, GroupApi> = {
  FindCoordinator: ({ key }) => `of ${key}`,
  JoinGroup: ({ groupId, memberId }) => `${groupId}${memberId === "" ? ", as a new member" : ""}`,
  SyncGroup: ({ groupId, generationId, assignments }) =>
    `${groupId} generation ${generationId}${assignments.length === 0 ? "" : `, assigns to ${assignments.length}`}`,
  Heartbeat: ({ groupId, generationId }) => `${groupId} generation ${generationId}`,
  LeaveGroup: ({ groupId }) => groupId,
  OffsetCommit: ({ groupId, generationIdOrMemberEpoch, topics }, on) => {
    for (const { name, partitions } of topics) {
      for (const { partitionIndex, committedOffset } of partitions) on.add(name, partitionIndex, () => `@${committedOffset}`);
    }
    const as = generationIdOrMemberEpoch === NONE ? "" : ` generation ${generationIdOrMemberEpoch}`;
    return joined(String(on), `(${groupId}${as})`);
  },
  OffsetFetch: ({ groupId, topics }, on) => {
    for (const { name, partitionIndexes } of topics ?? []) for (const index of partitionIndexes) on.add(name, index, () => "");
    return joined(topics === null ? "of all" : String(on), `(${groupId})`);
  },
  ConsumerGroupHeartbeat: ({ groupId, memberEpoch }) => `${groupId} ${memberEpochWords(memberEpoch)}`,
};

export const GROUP_RESPONSE_WORDS: Pick<ResponseWords, GroupApi> = {
  FindCoordinator: ({ errorCode, nodeId }) => (errorCode === "NONE" ? `ok, broker ${nodeId}` : errorCode),
  JoinGroup: ({ errorCode, generationId, leader, memberId, members }) => {
    if (errorCode !== "NONE") return errorCode;
    return `ok, generation ${generationId}${leader === memberId ? `, leads ${members.length}` : ""}`;
  },
  SyncGroup: ({ errorCode, assignment: { assignedPartitions } }, on) => {
    if (errorCode !== "NONE") return errorCode;
    for (const { topic, partition } of assignedPartitions) on.add(topic, partition, () => "");
    return on.isEmpty ? "ok, nothing assigned" : `ok, ${assigned(String(on))}`;
  },
  Heartbeat: ({ errorCode }) => outcome(errorCode),
  LeaveGroup: ({ errorCode }) => outcome(errorCode),
  OffsetCommit: ({ topics }, on) => {
    for (const { name, partitions } of topics) {
      for (const { partitionIndex, errorCode } of partitions) on.add(name, partitionIndex, () => outcome(errorCode));
    }
    return on.isEmpty ? "ok" : String(on);
  },
  OffsetFetch: ({ errorCode, topics }, on) => {
    if (errorCode !== "NONE") return errorCode;
    for (const { name, partitions } of topics) {
      for (const { partitionIndex, errorCode: error, committedOffset } of partitions) {
        on.add(name, partitionIndex, () => (error === "NONE" ? committedWords(committedOffset) : error));
      }
    }
    return on.isEmpty ? "ok, nothing committed" : String(on);
  },
  ConsumerGroupHeartbeat: ({ errorCode, memberEpoch, assignment }) => {
    if (errorCode !== "NONE") return errorCode;
    if (assignment === null) return `ok, epoch ${memberEpoch}`;
    const partitions = assignment.topicPartitions.reduce((sum, topic) => sum + topic.partitions.length, 0);
    return `ok, epoch ${memberEpoch}, assigned ${partitions}`;
  },
};

function assigned(partitions: string): string {
  return partitions === "" ? "assigned" : `assigned ${partitions}`;
}

function memberEpochWords(epoch: number): string {
  if (epoch === 0) return "joins";
  if (epoch === -1) return "leaves";
  return epoch === -2 ? "leaves for a while" : `epoch ${epoch}`;
}

function committedWords(offset: number): string {
  return offset === NONE ? "ok, nothing committed" : `ok @${offset}`;
}

function outcome(error: ErrorCode): string {
  return error === "NONE" ? "ok" : error;
}
