/**
 * What the leader makes of a request: a transaction, or a refusal that says which part of it failed. Whatever is still to be applied
 * counts as applied. Pure but for the changes that it adds to those that are outstanding. Source: PrepRequestProcessor.pRequest2Txn.
 */
import type { ZkCheckOp, ZkError, ZkWriteOp } from "./client-protocol.ts";
import { parentOf } from "./data-tree.ts";
import type { NodeState, OutstandingChanges } from "./outstanding-changes.ts";
import type { NodeTxn, TxnBody } from "./transaction.ts";
import type { SessionId } from "./znode.ts";
import type { Zxid } from "./zxid.ts";

const SEQUENCE_DIGITS = 10;
const ANY_VERSION = -1;

export interface Preparation {
  readonly changes: OutstandingChanges;
  /** Of the transaction that is being made. */
  readonly zxid: Zxid;
  readonly session: SessionId;
}

type Part = ZkWriteOp | ZkCheckOp;

/** All parts or none: the first that fails makes the others fail too. */
export function prepareParts(parts: readonly Part[], preparation: Preparation): TxnBody {
  const { changes } = preparation;
  changes.begin();
  const nodes: NodeTxn[] = [];
  for (const [index, part] of parts.entries()) {
    const prepared = preparePart(part, preparation);
    if (typeof prepared === "string") {
      changes.rollBack();
      // As MultiTxn has it: what came before has no fault, what comes after was not even tried.
      const errors = parts.map((_, i): ZkError => (i < index ? "OK" : i === index ? prepared : "RUNTIMEINCONSISTENCY"));
      return Object.freeze({ type: "error", errors: Object.freeze(errors) });
    }
    if (prepared !== undefined) nodes.push(Object.freeze(prepared));
  }
  return Object.freeze({ type: "nodes", nodes: Object.freeze(nodes) });
}

/** Ends the session, and with it its nodes: those too that it is only about to get. */
export function prepareClose({ changes, zxid, session }: Preparation): readonly string[] {
  const paths = changes.ephemeralsOf(session);
  for (const path of paths) removeNode(path, changes, zxid);
  return Object.freeze(paths);
}

/** The error, or what is to be done; undefined for a check that holds. */
function preparePart(part: Part, { changes, zxid, session }: Preparation): ZkError | NodeTxn | undefined {
  if (part.op === "create") return prepareCreate(part, { changes, zxid, session });
  const state = changes.stateOf(part.path);
  if (state === undefined) return "NONODE";
  switch (part.op) {
    case "check":
      return isVersion(part.version, state) ? undefined : "BADVERSION";
    case "setData": {
      if (!isVersion(part.version, state)) return "BADVERSION";
      const version = state.version + 1;
      changes.set(zxid, part.path, { ...state, version });
      return { op: "setData", path: part.path, data: part.data, version };
    }
    case "delete":
      if (!isVersion(part.version, state)) return "BADVERSION";
      if (state.childCount > 0) return "NOTEMPTY";
      removeNode(part.path, changes, zxid);
      return { op: "delete", path: part.path };
  }
}

function prepareCreate(op: Part & { readonly op: "create" }, { changes, zxid, session }: Preparation): ZkError | NodeTxn {
  const parentPath = parentOf(op.path);
  const parent = changes.stateOf(parentPath);
  if (parent === undefined) return "NONODE";
  const sequential = op.mode === "PERSISTENT_SEQUENTIAL" || op.mode === "EPHEMERAL_SEQUENTIAL";
  const path = sequential ? op.path + String(parent.cversion).padStart(SEQUENCE_DIGITS, "0") : op.path;
  if (changes.stateOf(path) !== undefined) return "NODEEXISTS";
  if (parent.ephemeralOwner !== 0) return "NOCHILDRENFOREPHEMERALS";
  const ephemeral = op.mode === "EPHEMERAL" || op.mode === "EPHEMERAL_SEQUENTIAL";
  changes.set(zxid, parentPath, { ...parent, cversion: parent.cversion + 1, childCount: parent.childCount + 1 });
  changes.set(zxid, path, { version: 0, cversion: 0, childCount: 0, ephemeralOwner: ephemeral ? session : 0 });
  return { op: "create", path, data: op.data, ephemeral };
}

function removeNode(path: string, changes: OutstandingChanges, zxid: Zxid): void {
  const parentPath = parentOf(path);
  const parent = changes.stateOf(parentPath);
  if (parent !== undefined) changes.set(zxid, parentPath, { ...parent, childCount: parent.childCount - 1 });
  changes.set(zxid, path, undefined);
}

function isVersion(expected: number, { version }: NodeState): boolean {
  return expected === ANY_VERSION || expected === version;
}
