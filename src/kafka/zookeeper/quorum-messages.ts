/** What the servers of an ensemble say to each other. Source: FastLeaderElection.Notification, Leader's packet types, QuorumPacket. */
import type { Message, NodeName } from "../../sim/host.ts";
import type { ZkServerId } from "../ids.ts";
import type { ZkMultiOp, ZkSyncOp, ZkWriteOp } from "./client-protocol.ts";
import type { Snapshot } from "./data-tree.ts";
import type { ZkTransaction } from "./transaction.ts";
import type { Vote } from "./vote.ts";
import type { SessionId } from "./znode.ts";
import type { Zxid } from "./zxid.ts";

/** What only the leader can decide. */
export type ZkWriteRequest =
  | ZkWriteOp
  | ZkMultiOp
  | { readonly op: "createSession"; readonly timeoutMs: number }
  | { readonly op: "closeSession"; readonly reason: "expired" | "closed" };

/** Whether the leader makes a transaction of it. */
export function isWriteRequest<R extends { readonly op: string }>(request: R | ZkWriteRequest): request is ZkWriteRequest {
  switch (request.op) {
    case "create":
    case "delete":
    case "setData":
    case "multi":
    case "createSession":
    case "closeSession":
      return true;
    default:
      return false;
  }
}

/** A request on its way to the leader. */
export interface SubmittedRequest {
  readonly session: SessionId;
  /** Its number among the requests of its client, by which the server that the client is connected to knows it again; 0 for none. */
  readonly cxid: number;
  readonly client: NodeName;
  readonly request: ZkWriteRequest | ZkSyncOp;
}

/** A transaction that the leader wants to be committed, and the request that it was made of. */
export interface Proposal {
  readonly transaction: ZkTransaction;
  /** {@link SubmittedRequest.cxid}. */
  readonly cxid: number;
}

/** Names a message in traces and edits. */
interface Named<K extends string> extends Message {
  readonly kind: K;
}

/** A server's vote, sent to all others while it looks for a leader, and as an answer to whoever still looks. */
export interface ZkNotification extends Named<"ZkNotification"> {
  readonly sid: ZkServerId;
  readonly vote: Vote;
}

/** FOLLOWERINFO: the first message of a follower to its leader. */
export interface ZabFollowerInfo extends Named<"ZabFollowerInfo"> {
  readonly sid: ZkServerId;
  readonly acceptedEpoch: number;
}

/** LEADERINFO: the epoch that the leader wants to begin. */
export interface ZabLeaderInfo extends Named<"ZabLeaderInfo"> {
  readonly epoch: number;
}

/** ACKEPOCH. */
export interface ZabAckEpoch extends Named<"ZabAckEpoch"> {
  /** The last epoch that the follower took part in; -1 if it had accepted the new one before, which must not count twice. */
  readonly currentEpoch: number;
  readonly lastZxid: Zxid;
}

/** DIFF: the follower's history is a part of the leader's; what is missing follows. */
export interface ZabDiff extends Named<"ZabDiff"> {
  readonly zxid: Zxid;
}

/** TRUNC: what the follower has logged after `zxid` is not committed, unless it comes again with what follows. */
export interface ZabTrunc extends Named<"ZabTrunc"> {
  readonly zxid: Zxid;
}

/** SNAP: the leader's whole state, instead of the follower's. */
export interface ZabSnap extends Named<"ZabSnap"> {
  readonly snapshot: Snapshot;
}

/** NEWLEADER: what the follower has been sent until here is the history that the epoch begins with. */
export interface ZabNewLeader extends Named<"ZabNewLeader"> {
  readonly epoch: number;
}

/** UPTODATE: the leader is established, and the follower may serve. */
export type ZabUpToDate = Named<"ZabUpToDate">;

export interface ZabProposal extends Named<"ZabProposal"> {
  readonly proposal: Proposal;
}

/** Everything up to `zxid` is on the follower's disk. For NEWLEADER the zxid of the epoch's beginning. */
export interface ZabAck extends Named<"ZabAck"> {
  readonly zxid: Zxid;
}

/** Everything proposed up to `zxid` is committed. */
export interface ZabCommit extends Named<"ZabCommit"> {
  readonly zxid: Zxid;
}

export type ZabPing = Named<"ZabPing">;

/** The answer to a ping: which sessions the follower has heard of since the last one. */
export interface ZabPingResponse extends Named<"ZabPingResponse"> {
  readonly sessions: readonly (readonly [session: SessionId, timeoutMs: number])[];
}

/** REQUEST: a client of the follower wants something that only the leader can do. */
export interface ZabRequest extends Named<"ZabRequest"> {
  readonly submitted: SubmittedRequest;
}

/** REVALIDATE: a client has come to this follower with a session that it says it has. */
export interface ZabRevalidate extends Named<"ZabRevalidate"> {
  readonly session: SessionId;
  readonly timeoutMs: number;
}

export interface ZabRevalidateResponse extends Named<"ZabRevalidateResponse"> {
  readonly session: SessionId;
  readonly valid: boolean;
}

/** The answer to a sync: whatever was committed before has been sent before. */
export type ZabSync = Named<"ZabSync">;

/** What a leader sends. */
export type LeaderMessage =
  | ZabLeaderInfo
  | ZabDiff
  | ZabTrunc
  | ZabSnap
  | ZabNewLeader
  | ZabUpToDate
  | ZabProposal
  | ZabCommit
  | ZabPing
  | ZabRevalidateResponse
  | ZabSync;

/** What a follower sends. */
export type FollowerMessage = ZabFollowerInfo | ZabAckEpoch | ZabAck | ZabPingResponse | ZabRequest | ZabRevalidate;

export type QuorumMessage = ZkNotification | LeaderMessage | FollowerMessage;

/** Every kind of message between servers, so that a scenario can be told which names there are. */
export const ZK_QUORUM_MESSAGE_KINDS = [
  "ZkNotification",
  "ZabFollowerInfo",
  "ZabLeaderInfo",
  "ZabAckEpoch",
  "ZabDiff",
  "ZabTrunc",
  "ZabSnap",
  "ZabNewLeader",
  "ZabUpToDate",
  "ZabProposal",
  "ZabAck",
  "ZabCommit",
  "ZabPing",
  "ZabPingResponse",
  "ZabRequest",
  "ZabRevalidate",
  "ZabRevalidateResponse",
  "ZabSync",
] as const satisfies readonly QuorumMessage["kind"][];

const HEADER_BYTES = 40;
/** About what Kafka's znodes take, path and data. */
const NODE_BYTES = 200;

/** On the wire and in the log. */
export function transactionBytes({ body }: ZkTransaction): number {
  return HEADER_BYTES + NODE_BYTES * (body.type === "nodes" ? body.nodes.length : 0);
}

/** A message, but for what {@link quorumMessage} adds. */
export type Unsized<M extends QuorumMessage> = M extends QuorumMessage ? Omit<M, "sizeInBytes"> : never;

/** The message, ready to be sent. */
export function quorumMessage<M extends Unsized<QuorumMessage>>(message: M): M & { readonly sizeInBytes: number } {
  return Object.freeze(Object.assign({ sizeInBytes: bytesOf(message) }, message));
}

function bytesOf(message: Unsized<QuorumMessage>): number {
  if (message.kind === "ZabProposal") return transactionBytes(message.proposal.transaction);
  if (message.kind === "ZabSnap") return HEADER_BYTES + NODE_BYTES * message.snapshot.nodes.length;
  return HEADER_BYTES;
}
