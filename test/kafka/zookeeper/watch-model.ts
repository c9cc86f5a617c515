/**
 * What watches promise a client: nothing newer is shown to it before it is told that what it watches has changed, and it is told of nothing
 * that it does not watch. Written from ZooKeeper's documentation, not from the servers' code.
 */
import type { WatchedEvent } from "../../../src/kafka/zookeeper/client-protocol.ts";
import type { ZkTransaction } from "../../../src/kafka/zookeeper/transaction.ts";
import type { Zxid } from "../../../src/kafka/zookeeper/zxid.ts";
import type { Arrival, Asked } from "./test-client.ts";

type Watched = "data" | "children";

interface Watch {
  readonly on: Watched;
  readonly path: string;
  /** The first transaction that it must fire for: undefined if there is none. */
  readonly due: Zxid | undefined;
}

/** By what a watch may be on: which transactions it fires for, ascending. */
class Changes {
  private readonly byKey = new Map<string, Zxid[]>();

  constructor(history: readonly ZkTransaction[]) {
    for (const { zxid, body } of history) {
      const nodes = body.type === "closeSession" ? body.paths.map((path) => ({ op: "delete", path }) as const) : [];
      for (const { op, path } of body.type === "nodes" ? body.nodes : nodes) {
        this.add("data", path, zxid);
        if (op === "setData") continue;
        if (op === "delete") this.add("children", path, zxid);
        this.add("children", path.slice(0, path.lastIndexOf("/")) || "/", zxid);
      }
    }
  }

  firstAfter(on: Watched, path: string, zxid: Zxid): Zxid | undefined {
    return this.byKey.get(`${on} ${path}`)?.find((each) => each > zxid);
  }

  private add(on: Watched, path: string, zxid: Zxid): void {
    const key = `${on} ${path}`;
    const zxids = this.byKey.get(key);
    if (zxids === undefined) this.byKey.set(key, [zxid]);
    else zxids.push(zxid);
  }
}

function watchOf({ request, response }: Asked, changes: Changes): Watch | undefined {
  if (response === undefined || !("watch" in request) || !request.watch) return undefined;
  const isSet = response.error === "OK" || (request.op === "exists" && response.error === "NONODE");
  if (!isSet) return undefined;
  const on = request.op === "getChildren" ? "children" : "data";
  return { on, path: request.path, due: changes.firstAfter(on, request.path, response.zxid) };
}

function isAbout({ on, path }: Watch, event: WatchedEvent): boolean {
  if (event.path !== path) return false;
  return event.type === "NodeDeleted" || (on === "children") === (event.type === "NodeChildrenChanged");
}

/** What is wrong with what a client was told, if `history` is what was committed. */
export function watchProblems(history: readonly ZkTransaction[], arrivals: readonly Arrival[]): string[] {
  const problems: string[] = [];
  const changes = new Changes(history);
  let watches: Watch[] = [];
  for (const arrival of arrivals) {
    if (arrival.kind === "lost") watches = [];
    else if (arrival.kind === "event") {
      const { event } = arrival;
      if (!watches.some((watch) => isAbout(watch, event))) problems.push(`${event.type} ${event.path} was not watched`);
      watches = watches.filter((watch) => !isAbout(watch, event));
    } else {
      const zxid = arrival.asked.response?.zxid as Zxid;
      for (const { on, path, due } of watches) {
        if (due !== undefined && due <= zxid) problems.push(`shown ${zxid} before it was told of the ${on} of ${path} at ${due}`);
      }
      const watch = watchOf(arrival.asked, changes);
      if (watch !== undefined) watches.push(watch);
    }
  }
  return problems;
}
