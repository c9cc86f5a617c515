/** A transaction: what the leader makes of a request, so that every server can apply it alike. Source: TxnHeader, *Txn. */
import type { NodeName } from "../../sim/host.ts";
import type { ZkError } from "./client-protocol.ts";
import type { SessionId, ZnodeData } from "./znode.ts";
import type { Zxid } from "./zxid.ts";

/** What it does to single nodes. The leader has checked the versions and completed sequential paths. */
export type NodeTxn =
  | { readonly op: "create"; readonly path: string; readonly data: ZnodeData; readonly ephemeral: boolean }
  | { readonly op: "delete"; readonly path: string }
  /** `version`: the one that the node has afterwards. */
  | { readonly op: "setData"; readonly path: string; readonly data: ZnodeData; readonly version: number };

export type TxnBody =
  | { readonly type: "nodes"; readonly nodes: readonly NodeTxn[] }
  /** A request that the leader refused: it changes nothing, but stands in the order of all. One for each part of a multi, else a single one. */
  | { readonly type: "error"; readonly errors: readonly ZkError[] }
  | { readonly type: "createSession"; readonly client: NodeName; readonly timeoutMs: number }
  /** `paths`: the session's ephemeral nodes, that go with it. */
  | {
      readonly type: "closeSession";
      readonly client: NodeName;
      readonly reason: "expired" | "closed";
      readonly paths: readonly string[];
    };

/** Frozen, shared between servers and forks. */
export interface ZkTransaction {
  readonly zxid: Zxid;
  readonly session: SessionId;
  readonly body: TxnBody;
}
