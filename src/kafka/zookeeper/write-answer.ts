/** What a client is told of the transaction that its request became. Pure. Source: DataTree.processTxn, FinalRequestProcessor. */
import type { ZkRequest, ZkResponse, ZkResult } from "./client-protocol.ts";
import type { AppliedTransaction } from "./data-tree.ts";
import type { ZnodeChange } from "./znode.ts";

const OK: ZkResult = Object.freeze({ error: "OK" });

export function answerTo(request: { readonly op: string }, applied: AppliedTransaction): ZkResponse {
  const { zxid, body } = applied.transaction;
  const isMulti = request.op === "multi";
  if (body.type === "error") {
    const { errors } = body;
    const error = errors.find((each) => each !== "OK") ?? "OK";
    return isMulti ? { error, zxid, results: errors.map((each) => ({ error: each })) } : { error, zxid };
  }
  if (!isMulti) return { ...resultOf(applied.changes[0]), zxid };
  let next = 0;
  const { ops } = request as ZkRequest & { readonly op: "multi" };
  return { error: "OK", zxid, results: ops.map((op) => (op.op === "check" ? OK : resultOf(applied.changes[next++]))) };
}

/** Whoever closes a session is told of no node. */
function resultOf(change: ZnodeChange | undefined): ZkResult {
  if (change?.after === undefined) return OK;
  const { path, before, after } = change;
  return before === undefined ? { error: "OK", path, stat: after.stat } : { error: "OK", stat: after.stat };
}
