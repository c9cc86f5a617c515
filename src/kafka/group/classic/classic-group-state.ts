/** The states of a classic group, and from which each may be entered. Source: ClassicGroupState. */
import type { GroupState } from "../../group-events.ts";

export type ClassicGroupState = Exclude<GroupState, "Assigning" | "Reconciling">;

const PREVIOUS: { readonly [S in ClassicGroupState]: readonly ClassicGroupState[] } = {
  Empty: ["PreparingRebalance"],
  PreparingRebalance: ["Stable", "CompletingRebalance", "Empty"],
  CompletingRebalance: ["PreparingRebalance"],
  Stable: ["CompletingRebalance"],
  Dead: ["Stable", "PreparingRebalance", "CompletingRebalance", "Empty", "Dead"],
};

export function mayBecome(from: ClassicGroupState, to: ClassicGroupState): boolean {
  return PREVIOUS[to].includes(from);
}
