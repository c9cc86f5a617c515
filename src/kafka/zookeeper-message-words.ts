/** What ZooKeeper's clients and servers say, in a few words. Part of message-words.ts. */
import type { Message } from "../sim/host.ts";
import type { PartitionWords } from "./partition-words.ts";
import { joined } from "./partition-words.ts";
import { partitionOfStatePath } from "./zk/znodes.ts";
import {
  type WatchedEvent,
  ZkConnectFrame,
  ZkConnectResponseFrame,
  type ZkRequest,
  ZkRequestFrame,
  type ZkResponse,
  ZkResponseFrame,
  type ZkSessionRequest,
  ZkWatchEventFrame,
} from "./zookeeper/client-protocol.ts";
import type { QuorumMessage, SubmittedRequest } from "./zookeeper/quorum-messages.ts";
import type { ZkTransaction } from "./zookeeper/transaction.ts";
import { zxidText } from "./zookeeper/zxid.ts";

interface ZooKeeperMessageWords {
  readonly name: string;
  readonly isResponse: boolean;
  readonly says: string;
  readonly isRoutine: boolean;
}

const RESPONSE = "Response";
const ROUTINE: ReadonlySet<string> = new Set(["ZkPing", "ZabPing"]);

export function zooKeeperMessageWords(message: Message, on: PartitionWords): ZooKeeperMessageWords {
  const { kind } = message;
  const isResponse = kind.endsWith(RESPONSE);
  const name = isResponse ? kind.slice(0, -RESPONSE.length) : kind;
  return { name, isResponse, says: saidBy(message, on), isRoutine: ROUTINE.has(name) };
}

function saidBy(message: Message, on: PartitionWords): string {
  if (message instanceof ZkRequestFrame) return requestWords(message.request, on);
  if (message instanceof ZkResponseFrame) return responseWords(message.response);
  if (message instanceof ZkWatchEventFrame) return watchWords(message.event, on);
  if (message instanceof ZkConnectFrame) return message.session === 0 ? "new session" : `session ${sessionText(message.session)}`;
  if (message instanceof ZkConnectResponseFrame) {
    return message.session === 0 ? "the session has expired" : `ok, session ${sessionText(message.session)}`;
  }
  return quorumWords(message as QuorumMessage, on);
}

function requestWords(request: ZkRequest | ZkSessionRequest, on: PartitionWords): string {
  switch (request.op) {
    case "ping":
    case "closeSession":
      return "";
    case "setWatches": {
      const { dataWatches, existWatches, childWatches } = request;
      return `${dataWatches.length + existWatches.length + childWatches.length} from ${zxidText(request.relativeZxid)} on`;
    }
    case "multi": {
      const words = request.ops.map((part) => joined(part.op, pathWords(part.path, on)));
      return request.ops.length > 1 ? `${words[0] ?? ""} +${request.ops.length - 1}` : (words[0] ?? "");
    }
    case "delete":
    case "setData":
      return joined(pathWords(request.path, on), request.version === -1 ? "" : `if at version ${request.version}`);
    default:
      return pathWords(request.path, on);
  }
}

function responseWords({ error, path, stat, children, zxid }: ZkResponse): string {
  if (error !== "OK") return error;
  if (path !== undefined) return `ok ${path}`;
  if (children !== undefined) return `ok, ${children.length} children`;
  return stat === undefined ? `ok, zxid ${zxidText(zxid)}` : `ok, version ${stat.version}`;
}

function watchWords({ type, path }: WatchedEvent, on: PartitionWords): string {
  return `${type} ${pathWords(path, on)}`;
}

function quorumWords(message: QuorumMessage, on: PartitionWords): string {
  switch (message.kind) {
    case "ZkNotification": {
      const { leader, zxid, peerEpoch, state } = message.vote;
      return `${state.toLowerCase()}: ${leader} should lead, zxid ${zxidText(zxid)} of epoch ${peerEpoch}`;
    }
    case "ZabFollowerInfo":
      return `${message.sid} has accepted epoch ${message.acceptedEpoch}`;
    case "ZabLeaderInfo":
    case "ZabNewLeader":
      return `epoch ${message.epoch}`;
    case "ZabAckEpoch":
      return `history up to ${zxidText(message.lastZxid)}`;
    case "ZabDiff":
    case "ZabTrunc":
    case "ZabAck":
    case "ZabCommit":
      return zxidText(message.zxid);
    case "ZabSnap":
      return `up to ${zxidText(message.snapshot.zxid)}, ${message.snapshot.nodes.length} znodes`;
    case "ZabProposal":
      return transactionWords(message.proposal.transaction, on);
    case "ZabRequest":
      return submittedWords(message.submitted, on);
    case "ZabRevalidate":
      return `session ${sessionText(message.session)}`;
    case "ZabRevalidateResponse":
      return message.valid ? "ok" : "no such session";
    case "ZabUpToDate":
    case "ZabPing":
    case "ZabPingResponse":
    case "ZabSync":
      return "";
  }
}

function transactionWords({ zxid, body }: ZkTransaction, on: PartitionWords): string {
  const what =
    body.type === "nodes" ? nodesWords(body.nodes, on) : body.type === "error" ? "refused" : `${body.type} ${body.client}`;
  return `${zxidText(zxid)} ${what}`;
}

function nodesWords(nodes: readonly { readonly op: string; readonly path: string }[], on: PartitionWords): string {
  const words = nodes.map(({ op, path }) => `${op} ${pathWords(path, on)}`);
  return nodes.length > 1 ? `${words[0]} +${nodes.length - 1}` : (words[0] ?? "");
}

function submittedWords({ client, request }: SubmittedRequest, on: PartitionWords): string {
  if (request.op === "createSession" || request.op === "closeSession") return `${request.op} ${client}`;
  return joined(request.op, requestWords(request, on), `of ${client}`);
}

/** Notes which partition the znode is about. */
function pathWords(path: string, on: PartitionWords): string {
  const partition = partitionOfStatePath(path);
  if (partition !== undefined) on.add(partition.topic, partition.partition, () => "");
  return path;
}

function sessionText(session: number): string {
  return `0x${session.toString(16)}`;
}
