/** How the start and the end of a process, and what befalls its disk, change the ghost. */
import type { NodeEvent } from "../../sim/node-events.ts";
import type { Observation } from "../observation.ts";
import type { Ghost } from "./ghost.ts";
import type { GhostReplica } from "./ghost-partition.ts";

type ProcessChange = Extract<
  NodeEvent,
  { kind: "ProcessStarted" | "ProcessCrashed" | "ProcessExited" | "PowerLost" | "DiskWiped" }
>;

export function applyProcessChange(ghost: Ghost, event: ProcessChange, o: Observation): void {
  const node = ghost.node(event.node);
  node.up = event.kind === "ProcessStarted";
  node.paused = false;
  if (!node.up) ghost.clients.get(event.node)?.onEnded(o.timeUs);
  ghost.groups.onProcessChanged(event.node, node.up, o.timeUs);
  ghost.readers.forgetAll(event.node);
  if (!node.up && ghost.commitNode === event.node && ghost.commitStep === o.step) ghost.commitTorn = true;
  if (node.broker !== undefined) {
    node.broker.running = false;
    node.broker.incarnationEpoch = -1;
    node.broker.controllerEpochSeen = -1;
    for (const replica of node.broker.replicas) {
      replica.role = "none";
      if (event.kind === "PowerLost") loseUnflushed(replica);
      else if (event.kind === "DiskWiped") loseAll(replica, o);
      ghost.touch(replica.partition);
    }
  }
  ghost.ensemble.onProcessChanged(event);
  for (const member of ghost.quorum.nodes) {
    if (member.node !== event.node) continue;
    member.up = node.up;
    member.role = "Unattached";
    member.streakTo = -1;
    if (event.kind === "PowerLost") member.known = false;
    if (event.kind === "DiskWiped") {
      member.log.restartAt(0, 0);
      member.known = true;
      member.wipedStep = o.step;
      if (member.voter) ghost.quorum.voterWiped = true;
    }
  }
}

/** What of the log is left will be seen when it is opened. */
function loseUnflushed(replica: GhostReplica): void {
  // A second loss of power before that cannot make the first one smaller.
  replica.endBeforeLoss = replica.known ? replica.log.endOffset : Math.max(replica.endBeforeLoss, replica.log.endOffset);
  replica.known = false;
}

function loseAll(replica: GhostReplica, o: Observation): void {
  const endBefore = replica.known ? replica.log.endOffset : replica.endBeforeLoss;
  replica.log.restartAt(0, 0);
  replica.startMovedTo = 0;
  replica.known = true;
  replica.highWatermark = 0;
  replica.epochs = [];
  replica.cutStep = o.step;
  replica.cutTime = o.timeUs;
  if (endBefore > 0) replica.noteLoss(endBefore);
}
