/** How the ensemble's events change the ghost. */
import type { KafkaEvent } from "../../kafka/events.ts";
import type { ZkTransaction } from "../../kafka/zookeeper/transaction.ts";
import type { ZkTransactionCommitted } from "../../kafka/zookeeper-events.ts";
import type { NodeEvent } from "../../sim/node-events.ts";
import type { Observation } from "../observation.ts";
import { firstAtOrAfter, type GhostEnsemble, type GhostZkServer } from "./ghost-ensemble.ts";

export function applyEnsembleEvent(ensemble: GhostEnsemble, event: KafkaEvent | NodeEvent, o: Observation): void {
  switch (event.kind) {
    case "ZkServerLoaded": {
      const server = of(ensemble, event.server, o);
      server.base = event.snapshotZxid;
      server.log = [...event.transactions];
      server.applied = server.lastZxid;
      server.found = server.lastZxid;
      return;
    }
    case "ZkTransactionLogged":
      of(ensemble, event.server, o).log.push(event.transaction);
      return;
    case "ZkLogTruncated": {
      const server = of(ensemble, event.server, o);
      const keep = firstAtOrAfter(server.log, event.to + 1);
      ensemble.firstCut = server.log.slice(keep).find(({ zxid }) => ensemble.isCommitted(zxid))?.zxid;
      server.log.length = keep;
      server.applied = Math.min(server.applied, event.to);
      return;
    }
    case "ZkSnapshotInstalled": {
      const server = of(ensemble, event.server, o);
      server.base = event.zxid;
      server.log = [];
      server.applied = event.zxid;
      return;
    }
    case "ZkLeaderEstablished":
      establish(ensemble, of(ensemble, event.server, o), o);
      return;
    case "ZkTransactionCommitted":
      commit(ensemble, event, o);
      return;
    default:
  }
}

/** What the new leader has logged is committed, whether or not its predecessor came to say so. */
function establish(ensemble: GhostEnsemble, server: GhostZkServer, o: Observation): void {
  for (let i = firstAtOrAfter(server.log, ensemble.last.zxid + 1); i < server.log.length; i++) {
    const transaction = server.log[i] as ZkTransaction;
    ensemble.commit(transaction, o.step, o.timeUs);
    ensemble.expect(transaction);
  }
  server.applied = server.lastZxid;
  server.found = server.lastZxid;
}

function commit(ensemble: GhostEnsemble, event: ZkTransactionCommitted, o: Observation): void {
  const server = of(ensemble, event.server, o);
  const { zxid, session, body } = event.transaction;
  ensemble.appliedBefore = server.applied;
  server.applied = Math.max(server.applied, zxid);
  ensemble.isNews = ensemble.commit(event.transaction, o.step, o.timeUs);
  ensemble.closedPaths = undefined;
  if (!ensemble.isNews) return;
  if (body.type === "closeSession") ensemble.closedPaths = ensemble.takeEphemerals(session);
  for (const path of event.deleted) ensemble.dropEphemeral(path);
  for (const { path, owner } of event.created) if (owner !== 0) ensemble.addEphemeral(owner, path);
}

function of(ensemble: GhostEnsemble, id: number, o: Observation): GhostZkServer {
  ensemble.server = ensemble.serverOf(id, o.node);
  return ensemble.server;
}
