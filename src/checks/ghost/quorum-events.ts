/** How the metadata quorum's events change the ghost. */
import type { KafkaEvent } from "../../kafka/events.ts";
import type { ReplicaId } from "../../kafka/ids.ts";
import type { NodeEvent } from "../../sim/node-events.ts";
import type { Observation } from "../observation.ts";
import type { Ghost } from "./ghost.ts";
import type { GhostQuorum, GhostQuorumNode } from "./ghost-quorum.ts";

export function applyQuorumEvent(quorum: GhostQuorum, event: KafkaEvent | NodeEvent, o: Observation, ghost: Ghost): void {
  switch (event.kind) {
    case "RaftLogLoaded":
      quorum.onLoaded(nodeOf(ghost, event.replica, o), event, o.step, o.timeUs);
      return;
    case "RaftStateChanged":
      quorum.onState(nodeOf(ghost, event.replica, o), event, o.step, o.timeUs);
      return;
    case "RaftLeaderElected": {
      const node = nodeOf(ghost, event.replica, o);
      if (event.epoch <= quorum.leaderEpoch) return;
      quorum.leader = node;
      quorum.leaderEpoch = event.epoch;
      return;
    }
    case "RaftRecordsAppended":
      quorum.onAppended(nodeOf(ghost, event.replica, o), event, o.timeUs);
      return;
    case "RaftLogTruncated": {
      const node = nodeOf(ghost, event.replica, o);
      node.log.truncateTo(event.to);
      node.cutStep = o.step;
      node.cutTime = o.timeUs;
      return;
    }
    case "RaftHighWatermarkAdvanced":
      quorum.onHighWatermark(nodeOf(ghost, event.replica, o), event, o.step, o.timeUs);
      return;
    default:
  }
}

function nodeOf(ghost: Ghost, id: ReplicaId, o: Observation): GhostQuorumNode {
  const node = ghost.quorum.node(id);
  node.node ??= o.node;
  ghost.quorumNode = node;
  return node;
}
