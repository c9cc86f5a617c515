/** How long messages take, by how far apart two nodes are. */
import { type Distribution, uniform } from "./distribution.ts";
import type { SimNode } from "./node.ts";

/** A latency for the links between nodes that share, or do not share, zones. */
export interface LatencySpec {
  readonly default: Distribution;
  /** By the number of zones, from the outermost, that two nodes do not share: 1 = another rack, 2 = another data centre. */
  readonly acrossZones?: readonly Distribution[];
}

export const DEFAULT_LATENCY: LatencySpec = { default: uniform(100, 500) };

export function latencyBetween({ acrossZones, default: nearby }: LatencySpec, from: SimNode, to: SimNode): Distribution {
  let apart = Math.max(from.zones.length, to.zones.length);
  while (apart > 0 && from.zones[apart - 1] === to.zones[apart - 1]) apart--;
  return (apart > 0 ? acrossZones?.[Math.min(apart, acrossZones.length) - 1] : undefined) ?? nearby;
}
