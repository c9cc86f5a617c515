/** What somebody sees who stands beside a machine: whether its process runs, and what is wrong with its disk and its clock. */
import type { Micros } from "../../base/units.ts";
import type { NodeName } from "../../sim/host.ts";
import type { SimNode } from "../../sim/node.ts";
import type { World } from "../../sim/world.ts";

/** `stopped`: it was told to. `down`: it crashed, or ended by itself. `absent`: it has never been started. */
export type Condition = "runs" | "stops" | "paused" | "down" | "stopped" | "without power" | "absent";

export interface MachineScene {
  readonly node: NodeName;
  readonly condition: Condition;
  readonly disk: DiskScene;
  /** How far its clock is ahead; what falls below {@link CLOCK_OFF_MIN} is no trouble. */
  readonly clockAheadUs: Micros;
  readonly driftPpm: number;
}

interface DiskScene {
  /** Every operation fails. */
  readonly fails: boolean;
  readonly isFull: boolean;
  readonly isStalled: boolean;
  readonly slowedBy: Micros;
}

export const CLOCK_OFF_MIN: Micros = 1_000;

export function machineOf(world: World, name: NodeName): MachineScene {
  const node = world.node(name);
  const { disk, clock } = node;
  return {
    node: name,
    condition: conditionOf(node),
    disk: { fails: disk.broken, isFull: disk.isFull, isStalled: disk.isStalled, slowedBy: disk.slowedBy },
    clockAheadUs: clock.read(world.time) - world.time,
    driftPpm: clock.driftPpm,
  };
}

function conditionOf(node: SimNode): Condition {
  if (!node.powered) return "without power";
  if (!node.running) return node.incarnation === 0 ? "absent" : node.stopping ? "stopped" : "down";
  if (node.paused) return "paused";
  return node.stopping ? "stops" : "runs";
}

/** Whether its process could say what it believes. */
export function isThere(condition: Condition): boolean {
  return condition === "runs" || condition === "stops" || condition === "paused";
}
