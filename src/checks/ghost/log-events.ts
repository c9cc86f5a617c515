/** How the opening, the cutting and the ageing of a replica's log change the ghost. */
import type { LogCompacted, LogLoaded, LogStartOffsetAdvanced, LogTruncated } from "../../kafka/events.ts";
import type { Observation } from "../observation.ts";
import type { Ghost } from "./ghost.ts";

export function onLogLoaded(ghost: Ghost, event: LogLoaded, o: Observation): void {
  const replica = ghost.replicaOf(event.topic, event.partition, event.broker, o);
  const { log, partition } = replica;
  const endBefore = replica.known ? -1 : replica.endBeforeLoss;
  log.load(event.batches, event.logStartOffset, event.logEndOffset, Math.max(partition.legalStart, replica.startMovedTo));
  // Whose log it is shows when the replica is given a role.
  replica.known = !partition.hasNamesake;
  replica.role = "none";
  replica.leaderEpoch = -1;
  replica.epochs = event.epochs;
  replica.epochsChanged = true;
  // After a loss a checkpoint from before it proves nothing.
  replica.highWatermark = partition.voidBelowEpoch >= 0 ? Math.min(event.highWatermark, log.agreedTo) : event.highWatermark;
  replica.cutStep = o.step;
  replica.cutTime = o.timeUs;
  if (endBefore >= 0) replica.noteLoss(endBefore);
  replica.noteGain();
  ghost.touch(partition);
}

export function onLogTruncated(ghost: Ghost, event: LogTruncated, o: Observation): void {
  const replica = ghost.replicaOf(event.topic, event.partition, event.broker, o);
  const { partition } = replica;
  ghost.endBefore = replica.log.endOffset;
  replica.epochsChanged = true;
  if (event.fully) replica.log.restartAt(event.to, partition.legalStart);
  else replica.log.truncateTo(event.to);
  replica.highWatermark = event.fully ? event.to : Math.min(replica.highWatermark, event.to);
  replica.cutStep = o.step;
  replica.cutTime = o.timeUs;
  ghost.touch(partition);
}

export function onLogStart(ghost: Ghost, event: LogStartOffsetAdvanced, o: Observation): void {
  const replica = ghost.replicaOf(event.topic, event.partition, event.broker, o);
  const { partition } = replica;
  replica.log.logStart = event.to;
  replica.startMovedTo = event.to;
  if (replica.role === "leader") partition.legalStart = Math.max(partition.legalStart, event.to);
  ghost.touch(partition);
}

export function onLogCompacted(ghost: Ghost, event: LogCompacted): void {
  const partition = ghost.partitionOf(event.topic, event.partition);
  partition.compactedTo = Math.max(partition.compactedTo, event.cleanTo);
}
