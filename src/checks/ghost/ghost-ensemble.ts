/** What the observer knows of the ZooKeeper ensemble: every server's history, what is truly committed, and the ephemeral nodes. */
import type { Micros } from "../../base/units.ts";
import type { ZkServerId } from "../../kafka/ids.ts";
import type { ZkTransaction } from "../../kafka/zookeeper/transaction.ts";
import type { SessionId } from "../../kafka/zookeeper/znode.ts";
import type { Zxid } from "../../kafka/zookeeper/zxid.ts";
import type { NodeName } from "../../sim/host.ts";
import type { NodeEvent } from "../../sim/node-events.ts";

export class GhostZkServer {
  readonly id: ZkServerId;
  readonly node: NodeName | undefined;
  /** Everything up to here is in its snapshot. */
  base: Zxid = 0;
  /** What its log holds beyond, in zxid order. */
  log: ZkTransaction[] = [];
  /** The last transaction of its history that it has applied as a committed one, or found applied when it started. */
  applied: Zxid = 0;
  /** The history that it had when it started, or was established: of this it may tell later that it is committed. */
  found: Zxid = 0;

  constructor(id: ZkServerId, node: NodeName | undefined) {
    this.id = id;
    this.node = node;
  }

  /** The last transaction of its history. */
  get lastZxid(): Zxid {
    return this.log[this.log.length - 1]?.zxid ?? this.base;
  }

  has(zxid: Zxid): boolean {
    return zxid <= this.base || this.log[firstAtOrAfter(this.log, zxid)]?.zxid === zxid;
  }
}

interface Committed {
  readonly zxid: Zxid;
  readonly step: number;
  readonly timeUs: Micros;
}

export class GhostEnsemble {
  readonly servers: GhostZkServer[] = [];
  /** Every transaction that some server has applied as committed, in zxid order. */
  readonly committed: ZkTransaction[] = [];
  last: Committed = { zxid: 0, step: 0, timeUs: 0 };
  /** Paths by session, of the ephemeral nodes that are there. */
  private readonly ephemerals = new Map<SessionId, Set<string>>();
  private readonly owners = new Map<string, SessionId>();
  /** A server's disk was wiped: what rests on its log is no longer promised. */
  serverWiped = false;
  /** The server that the event is about. */
  server: GhostZkServer | undefined;
  /** The first committed transaction that the cut which is looked at took from the server's log; undefined if it took none. */
  firstCut: Zxid | undefined;
  /** Whether the commit that is looked at is the first of its transaction. */
  isNews = false;
  /** Where the server stood before this commit. */
  appliedBefore: Zxid = 0;
  /** The ephemeral nodes of the session that the transaction closes, as they were before. */
  closedPaths: ReadonlySet<string> | undefined;

  serverOf(id: ZkServerId, node: NodeName | undefined): GhostZkServer {
    for (const server of this.servers) if (server.id === id) return server;
    const server = new GhostZkServer(id, node);
    this.servers.push(server);
    return server;
  }

  onProcessChanged(event: NodeEvent & { readonly node: NodeName }): void {
    if (event.kind !== "DiskWiped") return;
    for (const server of this.servers) if (server.node === event.node) this.serverWiped = true;
  }

  /** False if it was known already. */
  commit(transaction: ZkTransaction, step: number, timeUs: Micros): boolean {
    const { zxid } = transaction;
    if (zxid <= this.last.zxid) return false;
    this.committed.push(transaction);
    this.last = { zxid, step, timeUs };
    return true;
  }

  /** What a transaction does to ephemeral nodes, when no server has told of it yet. */
  expect({ session, body }: ZkTransaction): void {
    if (body.type === "closeSession") this.takeEphemerals(session);
    else if (body.type === "nodes") {
      for (const node of body.nodes) {
        if (node.op === "delete") this.dropEphemeral(node.path);
        else if (node.op === "create" && node.ephemeral) this.addEphemeral(session, node.path);
      }
    }
  }

  addEphemeral(owner: SessionId, path: string): void {
    this.owners.set(path, owner);
    const paths = this.ephemerals.get(owner);
    if (paths === undefined) this.ephemerals.set(owner, new Set([path]));
    else paths.add(path);
  }

  dropEphemeral(path: string): void {
    const owner = this.owners.get(path);
    if (owner === undefined) return;
    this.owners.delete(path);
    this.ephemerals.get(owner)?.delete(path);
  }

  /** The session's nodes, which go with it now. */
  takeEphemerals(session: SessionId): ReadonlySet<string> | undefined {
    const paths = this.ephemerals.get(session);
    this.ephemerals.delete(session);
    for (const path of paths ?? []) this.owners.delete(path);
    return paths;
  }

  /** The first committed transaction after `zxid`; undefined if none is known. */
  nextAfter(zxid: Zxid): ZkTransaction | undefined {
    return this.committed[firstAtOrAfter(this.committed, zxid + 1)];
  }

  isCommitted(zxid: Zxid): boolean {
    return this.committed[firstAtOrAfter(this.committed, zxid)]?.zxid === zxid;
  }

  /** The first committed transaction that `server` has not in its history; undefined if it has all. */
  missingOn({ base, log }: GhostZkServer): ZkTransaction | undefined {
    const { committed } = this;
    let logged = 0;
    for (let i = firstAtOrAfter(committed, base + 1); i < committed.length; i++) {
      const transaction = committed[i] as ZkTransaction;
      while (logged < log.length && (log[logged] as ZkTransaction).zxid < transaction.zxid) logged++;
      const found = log[logged];
      if (found === undefined || !isSameTransaction(found, transaction)) return transaction;
    }
    return undefined;
  }
}

/** Transactions are shared values, so the same one is nearly always the same object. */
export function isSameTransaction(a: ZkTransaction, b: ZkTransaction): boolean {
  if (a === b) return true;
  if (a.zxid !== b.zxid || a.session !== b.session || a.body.type !== b.body.type) return false;
  return pathsOf(a).join() === pathsOf(b).join();
}

function pathsOf({ body }: ZkTransaction): readonly string[] {
  if (body.type === "nodes") return body.nodes.map(({ op, path }) => `${op} ${path}`);
  return body.type === "closeSession" ? body.paths : [];
}

/** Index of the first of `log`, which is in zxid order, that is not below `zxid`. */
export function firstAtOrAfter(log: readonly ZkTransaction[], zxid: Zxid): number {
  let low = 0;
  let high = log.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((log[middle] as ZkTransaction).zxid < zxid) low = middle + 1;
    else high = middle;
  }
  return low;
}
