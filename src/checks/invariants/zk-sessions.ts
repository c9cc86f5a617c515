/**
 * What ZooKeeper promises to one session: ZkSessionMonotonic, ZkEphemeralsGoWithSession.
 *
 * ZkSessionMonotonic. The zxid in the answers that a session gets never falls, whichever server it is connected to.
 * ZkEphemeralsGoWithSession. The transaction that ends a session removes all its ephemeral nodes, and none is made for it later.
 *
 * Legal: a session may see old data; only never older than it has seen.
 */
import { type Zxid, zxidText } from "../../kafka/zookeeper/zxid.ts";
import type { ZkTransactionCommitted } from "../../kafka/zookeeper-events.ts";
import type { Ghost } from "../ghost/ghost.ts";
import type { Fact, Invariant, Reporter } from "../invariant.ts";
import type { Observation } from "../observation.ts";

interface Seen {
  zxid: Zxid;
  step: number;
  timeUs: number;
}

export class ZkSessionMonotonic implements Invariant {
  readonly name = "ZkSessionMonotonic";
  readonly promise = "What a ZooKeeper session has seen it never sees undone by an older answer.";
  readonly source = "ZooKeeper's guarantee of a single system image";
  readonly watches = ["ZkClientSaw"] as const;
  private readonly seen = new Map<number, Seen>();

  observe({ event, step, timeUs }: Observation, _ghost: Ghost, reporter: Reporter): void {
    if (event.kind !== "ZkClientSaw") return;
    const { session, zxid, client } = event;
    const seen = this.seen.get(session);
    if (seen === undefined) {
      this.seen.set(session, { zxid, step, timeUs });
      return;
    }
    if (zxid < seen.zxid) {
      reporter.report(this, {
        subject: `${client}@${session}`,
        message: `${client} was answered as of ${zxidText(zxid)} after it had seen ${zxidText(seen.zxid)}`,
        facts: [
          { step: seen.step, timeUs: seen.timeUs, text: `${client} was answered as of ${zxidText(seen.zxid)}` },
          reporter.now(`${client} was answered as of ${zxidText(zxid)} in the same session`),
        ],
      });
    }
    seen.zxid = zxid;
    seen.step = step;
    seen.timeUs = timeUs;
  }
}

export class ZkEphemeralsGoWithSession implements Invariant {
  readonly name = "ZkEphemeralsGoWithSession";
  readonly promise = "When a ZooKeeper session ends, all its ephemeral nodes go in the same transaction, and none comes after.";
  readonly source = "ZooKeeper's ephemeral nodes";
  readonly watches = ["ZkTransactionCommitted"] as const;
  private readonly ended = new Map<number, Fact>();

  observe({ event }: Observation, { ensemble }: Ghost, reporter: Reporter): void {
    if (event.kind !== "ZkTransactionCommitted" || !ensemble.isNews) return;
    const { session, body, zxid } = event.transaction;
    if (body.type === "closeSession") {
      const fact = reporter.now(`the session of ${body.client} ended in transaction ${zxidText(zxid)} (${body.reason})`);
      const left = [...(ensemble.closedPaths ?? [])].find((path) => !event.deleted.includes(path));
      if (left !== undefined) this.report(left, fact, reporter.now(`${left} is still there`), reporter);
      this.ended.set(session, fact);
    } else this.checkOwners(event, reporter);
  }

  private checkOwners({ created, transaction }: ZkTransactionCommitted, reporter: Reporter): void {
    for (const { path, owner } of created) {
      const ended = owner === 0 ? undefined : this.ended.get(owner);
      if (ended === undefined) continue;
      this.report(path, ended, reporter.now(`transaction ${zxidText(transaction.zxid)} made ${path} for it`), reporter);
    }
  }

  private report(path: string, ended: Fact, now: Fact, reporter: Reporter): void {
    const message = `${path} outlives the session that it belongs to`;
    reporter.report(this, { subject: path, message, facts: [ended, now] });
  }
}
