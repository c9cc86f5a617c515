/**
 * What a client and a ZooKeeper server say to each other. Source: ZooDefs.OpCode, ConnectRequest, WatcherEvent, KeeperException.Code.
 *
 * Requests of a connection are answered in order, reads included; a watch event is sent before any answer that shows what it tells of.
 */
import { type IMMUTABLE, markImmutable } from "../../base/immutable.ts";
import type { Message } from "../../sim/host.ts";
import type { SessionId, Stat, ZnodeData } from "./znode.ts";
import type { Zxid } from "./zxid.ts";

export type ZkError =
  | "OK"
  | "NONODE"
  | "NODEEXISTS"
  | "BADVERSION"
  | "NOTEMPTY"
  | "NOCHILDRENFOREPHEMERALS"
  /** In a multi: another part of it failed. */
  | "RUNTIMEINCONSISTENCY"
  /** The client lost the server before an answer came: done or not, nobody knows. */
  | "CONNECTIONLOSS"
  | "SESSIONEXPIRED"
  /** The session lives on, but with another server. */
  | "SESSIONMOVED";

export type CreateMode = "PERSISTENT" | "EPHEMERAL" | "PERSISTENT_SEQUENTIAL" | "EPHEMERAL_SEQUENTIAL";

/** Version -1 is any. The last part of a sequential path is completed by the server: `isr_change_` to `isr_change_0000000007`. */
export type ZkWriteOp =
  | { readonly op: "create"; readonly path: string; readonly data: ZnodeData; readonly mode: CreateMode }
  | { readonly op: "delete"; readonly path: string; readonly version: number }
  | { readonly op: "setData"; readonly path: string; readonly data: ZnodeData; readonly version: number };

/** Part of a multi: fails unless the node is there at this version. */
export interface ZkCheckOp {
  readonly op: "check";
  readonly path: string;
  readonly version: number;
}

/** All or nothing, under one zxid. */
export interface ZkMultiOp {
  readonly op: "multi";
  readonly ops: readonly (ZkWriteOp | ZkCheckOp)[];
}

export type ZkReadOp =
  | { readonly op: "getData"; readonly path: string; readonly watch: boolean }
  /** A watch on what is not there yet fires when it is created. */
  | { readonly op: "exists"; readonly path: string; readonly watch: boolean }
  | { readonly op: "getChildren"; readonly path: string; readonly watch: boolean };

/** Brings the server that the client is connected to up to what the leader had committed when this reached it. */
export interface ZkSyncOp {
  readonly op: "sync";
  readonly path: string;
}

/** What an application asks for. */
export type ZkRequest = ZkWriteOp | ZkMultiOp | ZkReadOp | ZkSyncOp;

/** What the client library itself asks for. */
export type ZkSessionRequest =
  | { readonly op: "ping" }
  | { readonly op: "closeSession" }
  /** After reconnecting: watches that still stand, and the newest zxid that the client has seen. */
  | {
      readonly op: "setWatches";
      readonly relativeZxid: Zxid;
      readonly dataWatches: readonly string[];
      readonly existWatches: readonly string[];
      readonly childWatches: readonly string[];
    };

export interface ZkResult {
  readonly error: ZkError;
  /** create: the path, with its number if it is sequential. */
  readonly path?: string;
  /** create, setData, getData, exists. */
  readonly stat?: Stat;
  /** getData. */
  readonly data?: ZnodeData;
  /** getChildren: names without the parent's path, ascending. */
  readonly children?: readonly string[];
}

export interface ZkResponse extends ZkResult {
  /** The newest transaction that the server had applied; for a write, its own. */
  readonly zxid: Zxid;
  /** multi: one for each part. */
  readonly results?: readonly ZkResult[];
}

export type WatchedEventType = "NodeCreated" | "NodeDeleted" | "NodeDataChanged" | "NodeChildrenChanged";

/** One-shot: says that something changed, not what. */
export interface WatchedEvent {
  readonly type: WatchedEventType;
  readonly path: string;
}

const OPS = [
  "create",
  "delete",
  "setData",
  "multi",
  "getData",
  "exists",
  "getChildren",
  "sync",
  "ping",
  "closeSession",
  "setWatches",
] as const;

export type ZkOp = (typeof OPS)[number];

function kindOf(op: ZkOp): string {
  return `Zk${op.charAt(0).toUpperCase()}${op.slice(1)}`;
}

const REQUEST_KINDS = new Map(OPS.map((op) => [op, kindOf(op)] as const));
const RESPONSE_KINDS = new Map(OPS.map((op) => [op, `${kindOf(op)}Response`] as const));

/** Every kind of message between a client and a server, so that a scenario can be told which names there are. */
export const ZK_CLIENT_MESSAGE_KINDS: readonly string[] = [
  "ZkConnect",
  "ZkConnectResponse",
  ...REQUEST_KINDS.values(),
  ...RESPONSE_KINDS.values(),
  "ZkWatchEvent",
];

const HEADER_BYTES = 40;

/** The first message of a connection. */
export class ZkConnectFrame implements Message {
  declare readonly [IMMUTABLE]: true;
  readonly kind = "ZkConnect";
  readonly sizeInBytes = HEADER_BYTES;
  /** 0 asks for a new session. */
  readonly session: SessionId;
  readonly timeoutMs: number;
  /** A server that is behind it refuses the client. */
  readonly lastZxidSeen: Zxid;

  constructor(session: SessionId, timeoutMs: number, lastZxidSeen: Zxid) {
    this.session = session;
    this.timeoutMs = timeoutMs;
    this.lastZxidSeen = lastZxidSeen;
  }
}
markImmutable(ZkConnectFrame);

/** Session 0: the session that was asked for has expired. */
export class ZkConnectResponseFrame implements Message {
  declare readonly [IMMUTABLE]: true;
  readonly kind = "ZkConnectResponse";
  readonly sizeInBytes = HEADER_BYTES;
  readonly session: SessionId;
  /** As negotiated. */
  readonly timeoutMs: number;

  constructor(session: SessionId, timeoutMs: number) {
    this.session = session;
    this.timeoutMs = timeoutMs;
  }
}
markImmutable(ZkConnectResponseFrame);

export class ZkRequestFrame implements Message {
  declare readonly [IMMUTABLE]: true;
  /** `ZkSetData`. */
  readonly kind: string;
  readonly sizeInBytes = HEADER_BYTES;
  /** Counts the requests of a client. */
  readonly xid: number;
  readonly request: ZkRequest | ZkSessionRequest;

  constructor(xid: number, request: ZkRequest | ZkSessionRequest) {
    this.kind = REQUEST_KINDS.get(request.op) as string;
    this.xid = xid;
    this.request = request;
  }
}
markImmutable(ZkRequestFrame);

export class ZkResponseFrame implements Message {
  declare readonly [IMMUTABLE]: true;
  /** `ZkSetDataResponse`. */
  readonly kind: string;
  readonly sizeInBytes = HEADER_BYTES;
  readonly xid: number;
  readonly response: ZkResponse;

  constructor(op: ZkOp, xid: number, response: ZkResponse) {
    this.kind = RESPONSE_KINDS.get(op) as string;
    this.xid = xid;
    this.response = response;
  }
}
markImmutable(ZkResponseFrame);

export class ZkWatchEventFrame implements Message {
  declare readonly [IMMUTABLE]: true;
  readonly kind = "ZkWatchEvent";
  readonly sizeInBytes = HEADER_BYTES;
  readonly event: WatchedEvent;

  constructor(event: WatchedEvent) {
    this.event = event;
  }
}
markImmutable(ZkWatchEventFrame);
