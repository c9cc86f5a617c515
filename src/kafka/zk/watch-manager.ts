/**
 * What a client watches, as the client remembers it: the server forgets with the connection, and is told again by the next one.
 * One-shot: a watch that has fired is gone. Source: ZKWatchManager, WatchRegistration.
 */
import type { WatchedEvent, ZkError, ZkRequest, ZkSessionRequest } from "../zookeeper/client-protocol.ts";
import type { Zxid } from "../zookeeper/zxid.ts";

export class WatchManager {
  /** Of nodes that were there. */
  private readonly data = new Set<string>();
  /** Of nodes that were not there. */
  private readonly exist = new Set<string>();
  private readonly child = new Set<string>();

  /** A read has been answered: it watches from now on what it has found, and `exists` also what it has not. */
  onAnswer(request: ZkRequest, error: ZkError): void {
    if (!("watch" in request && request.watch)) return;
    if (error === "OK") (request.op === "getChildren" ? this.child : this.data).add(request.path);
    else if (error === "NONODE" && request.op === "exists") this.exist.add(request.path);
  }

  /** False if nobody has watched for it. */
  onEvent({ type, path }: WatchedEvent): boolean {
    let watched = false;
    if (type !== "NodeChildrenChanged") {
      watched = this.data.delete(path);
      watched = this.exist.delete(path) || watched;
    }
    if (type === "NodeChildrenChanged" || type === "NodeDeleted") watched = this.child.delete(path) || watched;
    return watched;
  }

  /** What the next server has to be told, if anything. */
  setWatches(relativeZxid: Zxid): ZkSessionRequest | undefined {
    if (this.data.size + this.exist.size + this.child.size === 0) return undefined;
    return {
      op: "setWatches",
      relativeZxid,
      dataWatches: [...this.data],
      existWatches: [...this.exist],
      childWatches: [...this.child],
    };
  }

  clear(): void {
    this.data.clear();
    this.exist.clear();
    this.child.clear();
  }
}
