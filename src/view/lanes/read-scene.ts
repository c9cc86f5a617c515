/** Reads the lanes of a moment: what the brokers themselves believe, what lies on their disks, and what is committed. */
import type { GhostPartition } from "../../checks/ghost/ghost-partition.ts";
import type { KafkaEvent } from "../../kafka/events.ts";
import { NONE, type Offset, partitionName } from "../../kafka/ids.ts";
import type { Frame } from "../frame.ts";
import { epochRuns } from "./epoch-runs.ts";
import { endsOf, extentOf } from "./extent.ts";
import { LaneReader } from "./read-lane.ts";
import type { CommittedState, LanesScene, LostRecords } from "./scene.ts";

export function readLanes(frame: Frame): LanesScene {
  const { simulation, choice } = frame;
  const { topic, partition } = choice.partition;
  const { topics } = simulation.checker.ghost;
  const name = partitionName(topic, partition);
  const ghost = topics.find(topic, partition);
  const nothing = {
    partition: choice.partition,
    name,
    state: undefined,
    lanes: [],
    losses: [],
    ends: [],
    extent: { from: 0, to: 0 },
  };
  if (ghost?.state === undefined) {
    return { ...nothing, absence: topics.wasDeleted(topic) ? "deleted" : "not created yet" };
  }
  const state = committedState(frame, ghost);
  const reader = new LaneReader(frame, ghost, state, eventsOf(frame));
  const read = brokersOf(frame, ghost).map((broker) => reader.read(broker));
  const losses = lossesOf(frame, ghost);
  const ends = endsOf(read.map(({ lane }) => lane));
  const extent = extentOf(ends);
  const lanes = read.map(({ lane, log }) => {
    const from = Math.max(lane.logStart, extent.from);
    return { ...lane, runs: from < lane.logEnd ? epochRuns(log, { from, to: lane.logEnd }) : [] };
  });
  return { ...nothing, absence: undefined, state, lanes, losses, ends, extent };
}

/** What was reported in the step that has just been done, of whatever. */
function eventsOf({ tape, position }: Frame): readonly KafkaEvent[] {
  return tape.eventsOf(position).map(({ event }) => event as KafkaEvent);
}

function committedState({ simulation }: Frame, { state }: GhostPartition): CommittedState {
  if (state === undefined) throw new Error("nothing is committed of this partition");
  const { leader, leaderEpoch, isr, elr, lastKnownElr, minIsr } = state;
  const leaderName = leader === NONE ? undefined : simulation.scenario.cluster.nodes.find(({ id }) => id === leader)?.name;
  return { leader, leaderName, leaderEpoch, isr, elr, lastKnownElr, minIsr };
}

/** Those that are assigned, and those that still act as a leader or a follower of it. */
function brokersOf({ simulation }: Frame, { state, replicas }: GhostPartition): readonly number[] {
  const acting = replicas.filter(({ role, counts }) => role !== "none" && counts).map(({ broker }) => broker.id);
  const known = new Set(simulation.scenario.cluster.nodes.filter(({ broker }) => broker).map(({ id }) => id));
  return [...new Set([...(state?.replicas ?? []), ...acting])].filter((id) => known.has(id)).sort((a, b) => a - b);
}

function lossesOf({ position }: Frame, { losses }: GhostPartition): readonly LostRecords[] {
  return losses
    .filter(({ ackedRecords, ackedOffset }) => ackedRecords > 0 && ackedOffset >= 0)
    .map(({ ackedOffset, to, ackedRecords, step }) => ({
      from: ackedOffset,
      to: to as Offset,
      acknowledged: ackedRecords,
      isFresh: step === position,
    }));
}
