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
    return zxid <= this.base || this.log[firstLoggedAtOrAfter(this.log, zxid)]?.zxid === zxid;
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
  readonly zxids: Zxid[] = [];
  last: Committed = { zxid: 0, step: 0, timeUs: 0 };
  /** Paths by session, of the ephemeral nodes that are there. */
  readonly ephemerals = new Map<SessionId, Set<string>>();
  /** A server's disk was wiped: what rests on its log is no longer promised. */
  serverWiped = false;
  /** The server that the event is about. */
  server: GhostZkServer | undefined;
  /** Whether the cut that is looked at took a committed transaction from the server's log. */
  cutCommitted = false;
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
  commit(zxid: Zxid, step: number, timeUs: Micros): boolean {
    if (zxid <= this.last.zxid) return false;
    this.zxids.push(zxid);
    this.last = { zxid, step, timeUs };
    return true;
  }

  /** What a transaction does to ephemeral nodes, when no server has told of it yet. */
  expect({ session, body }: ZkTransaction): void {
    const { ephemerals } = this;
    if (body.type === "closeSession") ephemerals.delete(session);
    else if (body.type === "nodes") {
      for (const node of body.nodes) {
        if (node.op === "delete") this.dropEphemeral(node.path);
        else if (node.op === "create" && node.ephemeral) this.addEphemeral(session, node.path);
      }
    }
  }

  addEphemeral(owner: SessionId, path: string): void {
    const paths = this.ephemerals.get(owner);
    if (paths === undefined) this.ephemerals.set(owner, new Set([path]));
    else paths.add(path);
  }

  dropEphemeral(path: string): void {
    for (const paths of this.ephemerals.values()) paths.delete(path);
  }

  /** The first committed transaction after `zxid`; undefined if none is known. */
  nextAfter(zxid: Zxid): Zxid | undefined {
    return this.zxids[firstAtOrAfter(this.zxids, zxid + 1)];
  }

  isCommitted(zxid: Zxid): boolean {
    return this.zxids[firstAtOrAfter(this.zxids, zxid)] === zxid;
  }
}

/** Index of the first of `log`, in zxid order, that is not below `zxid`. */
export function firstLoggedAtOrAfter(log: readonly ZkTransaction[], zxid: Zxid): number {
  let low = 0;
  let high = log.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((log[middle] as ZkTransaction).zxid < zxid) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the first of ascending `zxids` that is not below `zxid`. */
function firstAtOrAfter(zxids: readonly Zxid[], zxid: Zxid): number {
  let low = 0;
  let high = zxids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((zxids[middle] as Zxid) < zxid) low = middle + 1;
    else high = middle;
  }
  return low;
}
