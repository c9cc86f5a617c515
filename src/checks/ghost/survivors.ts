/** Whose log speaks for a partition when a run is over. */
import { NONE } from "../../kafka/ids.ts";
import type { GhostPartition, GhostReplica } from "./ghost-partition.ts";

/**
 * The committed leader, if what it has is known; else every replica that could still be elected: the ISR and the ELR, and
 * if both are empty those last known to be eligible. Undefined if nothing can be said, because one of those has no power.
 */
export function electableAtEnd(partition: GhostPartition): GhostReplica[] | undefined {
  const { state } = partition;
  if (state === undefined) return undefined;
  if (state.leader !== NONE) {
    const leader = partition.replica(state.leader);
    if (leader?.known) return [leader];
  }
  const eligible = [...partition.candidateIsr, ...state.elr];
  const survivors: GhostReplica[] = [];
  for (const id of eligible.length > 0 ? eligible : state.lastKnownElr) {
    const replica = partition.replica(id);
    if (replica === undefined || !replica.known) return undefined;
    survivors.push(replica);
  }
  return survivors.length > 0 ? survivors : undefined;
}
