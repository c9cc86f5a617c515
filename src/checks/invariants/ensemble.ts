/**
 * What the ZooKeeper ensemble promises as a whole: ZkElectionSafety, ZkCommittedWritesKept, ZkTotalOrder.
 *
 * ZkElectionSafety. In one epoch at most one server is established as leader by a quorum.
 * ZkCommittedWritesKept. A server that is established as leader has every committed transaction in its history, and no server
 * ever cuts one from its log.
 * ZkTotalOrder. All servers apply the same transactions in zxid order, and none leaves one out.
 *
 * Legal: what was logged by a minority only may be cut. A restarted server has applied its whole log, the uncommitted end of
 * it too, until its leader tells it what to cut, and what of it is committed after all. When a server's disk was wiped, nothing
 * that rests on its log is promised.
 */
import type { ZkServerId } from "../../kafka/ids.ts";
import { epochOf, type Zxid, zxidText } from "../../kafka/zookeeper/zxid.ts";
import type { Ghost } from "../ghost/ghost.ts";
import { isSameTransaction } from "../ghost/ghost-ensemble.ts";
import type { Fact, Invariant, Reporter } from "../invariant.ts";
import type { Observation } from "../observation.ts";

export class ZkElectionSafety implements Invariant {
  readonly name = "ZkElectionSafety";
  readonly promise = "The ZooKeeper ensemble has at most one established leader per epoch.";
  readonly source = "Zab (Junqueira, Reed, Serafini 2011): primary integrity";
  readonly watches = ["ZkLeaderEstablished"] as const;
  private readonly leaders = new Map<number, { readonly server: ZkServerId; readonly fact: Fact }>();

  observe({ event }: Observation, { ensemble }: Ghost, reporter: Reporter): void {
    if (event.kind !== "ZkLeaderEstablished" || ensemble.serverWiped) return;
    const { epoch, server } = event;
    const fact = reporter.now(`zookeeper-${server} was established as leader of epoch ${epoch}`);
    const known = this.leaders.get(epoch);
    if (known === undefined) {
      this.leaders.set(epoch, { server, fact });
      return;
    }
    // Who leads again begins another epoch: transactions of two terms would have the same zxids.
    const who =
      known.server === server
        ? `zookeeper-${server} leads the ensemble twice`
        : `zookeeper-${known.server} and zookeeper-${server} both lead the ensemble`;
    const message = `${who} in epoch ${epoch}`;
    reporter.report(this, { subject: `epoch ${epoch}`, message, facts: [known.fact, fact] });
  }
}

export class ZkCommittedWritesKept implements Invariant {
  readonly name = "ZkCommittedWritesKept";
  readonly promise = "A transaction that the ensemble has committed is in the history of every later leader, and is never cut.";
  readonly source = "Zab: agreement; ZooKeeper's guarantee of reliability";
  readonly watches = ["ZkLeaderEstablished", "ZkLogTruncated"] as const;

  observe({ event }: Observation, { ensemble }: Ghost, reporter: Reporter): void {
    const { server } = ensemble;
    if (server === undefined || ensemble.serverWiped) return;
    if (event.kind === "ZkLeaderEstablished") {
      const missing = ensemble.missingOn(server);
      if (missing === undefined) return;
      const what = `zookeeper-${event.server} was established as leader of epoch ${event.epoch} without it`;
      this.report(reporter, ensemble, missing.zxid, what);
    } else if (event.kind === "ZkLogTruncated" && ensemble.firstCut !== undefined) {
      const what = `zookeeper-${event.server} cut its log down to ${zxidText(event.to)}`;
      this.report(reporter, ensemble, ensemble.firstCut, what);
    }
  }

  private report(reporter: Reporter, { last }: Ghost["ensemble"], lost: Zxid, what: string): void {
    const subject = zxidText(lost);
    const committed = `the ensemble had committed up to ${zxidText(last.zxid)}`;
    reporter.report(this, {
      subject,
      message: `the committed transaction ${subject} is lost to the ensemble`,
      facts: [{ step: last.step, timeUs: last.timeUs, text: committed }, reporter.now(what)],
    });
  }
}

export class ZkTotalOrder implements Invariant {
  readonly name = "ZkTotalOrder";
  readonly promise = "Every ZooKeeper server applies the same transactions in zxid order, leaving none out.";
  readonly source = "Zab: total order, integrity";
  readonly watches = ["ZkTransactionCommitted"] as const;

  observe({ event }: Observation, { ensemble }: Ghost, reporter: Reporter): void {
    if (event.kind !== "ZkTransactionCommitted" || ensemble.serverWiped) return;
    const { zxid } = event.transaction;
    const expected = ensemble.nextAfter(ensemble.appliedBefore);
    if (expected !== undefined && isSameTransaction(expected, event.transaction)) return;
    const { server } = ensemble;
    if (server !== undefined && zxid <= server.found && server.has(zxid)) return;
    const subject = `zookeeper-${event.server}@${zxidText(zxid)}`;
    if (!reporter.isNew(this, subject)) return;
    const { last } = ensemble;
    const other = expected?.zxid === zxid ? "another transaction" : zxidText(expected?.zxid ?? 0);
    const should = expected === undefined ? "nothing" : other;
    reporter.report(this, {
      subject,
      message: `zookeeper-${event.server} applied ${zxidText(zxid)} (epoch ${epochOf(zxid)}) after ${zxidText(ensemble.appliedBefore)}, where ${should} comes next`,
      facts: [
        { step: last.step, timeUs: last.timeUs, text: `the ensemble has committed up to ${zxidText(last.zxid)}` },
        reporter.now(`zookeeper-${event.server} applied ${zxidText(zxid)} after ${zxidText(ensemble.appliedBefore)}`),
      ],
    });
  }
}
