/**
 * What a store is that does one thing after the other: the committed transactions in zxid order, and what every client was told, must look
 * as if there had been nothing else. Written from ZooKeeper's documentation, not from the servers' code.
 */
import type {
  ZkError,
  ZkReadOp,
  ZkRequest,
  ZkResponse,
  ZkResult,
  ZkSessionRequest,
} from "../../../src/kafka/zookeeper/client-protocol.ts";
import type { ZkTransaction } from "../../../src/kafka/zookeeper/transaction.ts";
import type { SessionId } from "../../../src/kafka/zookeeper/znode.ts";
import type { Zxid } from "../../../src/kafka/zookeeper/zxid.ts";
import type { Asked } from "./test-client.ts";

interface Node {
  data: unknown;
  version: number;
  owner: SessionId;
  created: number;
  czxid: Zxid;
  mzxid: Zxid;
}

type WriteRequest = Extract<ZkRequest | ZkSessionRequest, { op: "create" | "delete" | "setData" | "check" }>;

class StoreModel {
  readonly nodes = new Map<string, Node>([["/", { data: null, version: 0, owner: 0, created: 0, czxid: 0, mzxid: 0 }]]);
  readonly problems: string[] = [];

  /** A transaction that nobody was told of: what it says is what it did. */
  apply({ zxid, session, body }: ZkTransaction): void {
    if (body.type === "closeSession") {
      const owned = [...this.nodes].filter(([, node]) => node.owner === session).map(([path]) => path);
      if (owned.sort().join() !== [...body.paths].sort().join())
        this.problems.push(`${zxid} ends ${session} with ${body.paths.join()}, but it has ${owned.join()}`);
      for (const path of owned) this.nodes.delete(path);
    } else if (body.type === "nodes") {
      for (const txn of body.nodes) {
        if (txn.op === "create") this.put(txn.path, txn.data, txn.ephemeral ? session : 0, zxid);
        else if (txn.op === "delete") this.nodes.delete(txn.path);
        else {
          const node = this.nodes.get(txn.path) as Node;
          Object.assign(node, { data: txn.data, version: txn.version, mzxid: zxid });
        }
      }
    }
  }

  /** Somebody was told what became of a write. */
  check({ request, session, response }: Asked): void {
    const { zxid, error, results } = response as ZkResponse;
    if (error === "SESSIONEXPIRED" || error === "SESSIONMOVED") return;
    if (request.op !== "multi") {
      this.expect(request, this.write(request as WriteRequest, session, zxid), response as ZkResponse);
      return;
    }
    const before = new Map([...this.nodes].map(([path, node]) => [path, { ...node }]));
    const expected: ZkResult[] = [];
    for (const op of request.ops) {
      const failed = expected.some((each) => each.error !== "OK");
      expected.push(failed ? { error: "RUNTIMEINCONSISTENCY" } : this.write(op as WriteRequest, session, zxid));
    }
    const fault = expected.find((each) => each.error !== "OK");
    if (fault !== undefined) {
      this.nodes.clear();
      for (const [path, node] of before) this.nodes.set(path, node);
    }
    this.expectError(request.op, zxid, fault?.error ?? "OK", error);
    for (const [i, op] of request.ops.entries()) {
      if (fault === undefined) this.expect(op, expected[i] as ZkResult, results?.[i] as ZkResult);
      else this.expectError(`${op.op} in multi`, zxid, expected[i]?.error as ZkError, results?.[i]?.error as ZkError);
    }
  }

  /** Somebody read, on a server that had applied everything up to now. */
  checkRead(request: ZkReadOp, response: ZkResponse): void {
    const node = this.nodes.get(request.path);
    this.expectError(`${request.op} ${request.path}`, response.zxid, node === undefined ? "NONODE" : "OK", response.error);
    if (node === undefined || response.error !== "OK") return;
    if (request.op === "getChildren") {
      const names = this.childrenOf(request.path).sort();
      if (names.join() !== response.children?.join())
        this.problems.push(`children of ${request.path} are ${names}, not ${response.children}`);
      return;
    }
    this.expectNode(request.path, node, response);
    if (request.op === "getData" && response.data !== node.data)
      this.problems.push(`${request.path} holds ${node.data}, not ${response.data}, at ${response.zxid}`);
  }

  private write(op: WriteRequest | { op: "check"; path: string; version: number }, session: SessionId, zxid: Zxid): ZkResult {
    if (op.op === "create") {
      const parentPath = parentOf(op.path);
      const parent = this.nodes.get(parentPath);
      if (parent === undefined) return { error: "NONODE" };
      const path = op.mode.endsWith("SEQUENTIAL") ? `${op.path}${String(parent.created).padStart(10, "0")}` : op.path;
      if (this.nodes.has(path)) return { error: "NODEEXISTS" };
      if (parent.owner !== 0) return { error: "NOCHILDRENFOREPHEMERALS" };
      this.put(path, op.data, op.mode.startsWith("EPHEMERAL") ? session : 0, zxid);
      return { error: "OK", path };
    }
    const node = this.nodes.get(op.path);
    if (node === undefined) return { error: "NONODE" };
    if (op.version !== -1 && op.version !== node.version) return { error: "BADVERSION" };
    if (op.op === "setData") Object.assign(node, { data: op.data, version: node.version + 1, mzxid: zxid });
    if (op.op === "delete") {
      if (this.childrenOf(op.path).length > 0) return { error: "NOTEMPTY" };
      this.nodes.delete(op.path);
    }
    return { error: "OK" };
  }

  private expect(op: { op: string; path?: string }, expected: ZkResult, actual: ZkResult): void {
    this.expectError(`${op.op} ${op.path}`, 0, expected.error, actual.error);
    if (expected.error !== "OK" || actual.error !== "OK") return;
    if (expected.path !== actual.path) this.problems.push(`${op.op} made ${expected.path}, not ${actual.path}`);
    const path = expected.path ?? (op.path as string);
    // In a multi a later part may have changed it again.
    if (op.op === "setData" && actual.stat === undefined) this.problems.push(`setData ${path} has no stat`);
  }

  private expectNode(path: string, node: Node, { stat, zxid }: ZkResponse): void {
    const { version, owner, czxid, mzxid } = node;
    const same = stat?.version === version && stat.ephemeralOwner === owner && stat.czxid === czxid && stat.mzxid === mzxid;
    if (!same) this.problems.push(`${path} at ${zxid}: ${JSON.stringify(stat)} is not ${JSON.stringify(node)}`);
  }

  private expectError(what: string, zxid: Zxid, expected: ZkError, actual: ZkError): void {
    if (expected !== actual) this.problems.push(`${what} at ${zxid}: ${actual}, not ${expected}`);
  }

  private put(path: string, data: unknown, owner: SessionId, zxid: Zxid): void {
    (this.nodes.get(parentOf(path)) as Node).created++;
    this.nodes.set(path, { data, version: 0, owner, created: 0, czxid: zxid, mzxid: zxid });
  }

  private childrenOf(path: string): string[] {
    const prefix = path === "/" ? "/" : `${path}/`;
    const below = [...this.nodes.keys()].filter((each) => each !== "/" && each.startsWith(prefix));
    return below.map((each) => each.slice(prefix.length)).filter((name) => !name.includes("/"));
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

const WRITES = new Set(["create", "delete", "setData", "multi"]);
const READS = new Set(["getData", "exists", "getChildren"]);

/** What is wrong with what clients were told, if `history` is what was committed. */
export function problemsOf(history: readonly ZkTransaction[], asked: readonly Asked[]): string[] {
  const model = new StoreModel();
  const writes = new Map<Zxid, Asked>();
  const reads = new Map<Zxid, Asked[]>();
  for (const each of asked) {
    if (each.response === undefined) continue;
    const { zxid, error } = each.response;
    if (WRITES.has(each.request.op)) {
      if (writes.has(zxid)) model.problems.push(`two writes are ${zxid}`);
      writes.set(zxid, each);
    } else if (READS.has(each.request.op) && (error === "OK" || error === "NONODE")) {
      reads.set(zxid, [...(reads.get(zxid) ?? []), each]);
    }
  }
  const read = (zxid: Zxid): void => {
    for (const each of reads.get(zxid) ?? []) model.checkRead(each.request as ZkReadOp, each.response as ZkResponse);
    reads.delete(zxid);
  };
  read(0);
  for (const transaction of history) {
    const answered = writes.get(transaction.zxid);
    writes.delete(transaction.zxid);
    if (answered === undefined) model.apply(transaction);
    else model.check(answered);
    read(transaction.zxid);
  }
  for (const [zxid, each] of writes) model.problems.push(`${each.request.op} was answered as ${zxid}, which is not committed`);
  for (const zxid of reads.keys()) model.problems.push(`a read shows ${zxid}, which is not committed`);
  return model.problems;
}
