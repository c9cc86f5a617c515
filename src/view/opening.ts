/** How a walk is looked at when it is opened: at the partition that it is about, with everything in its place. */
import type { Walk } from "../walk/walk.ts";
import { firstPartition } from "./partitions.ts";
import type { ViewState } from "./view-state.ts";

export function openingView({ branch, side }: Walk): ViewState {
  return {
    choice: { partition: firstPartition(side.scenario, branch.tape), detail: "story", search: undefined, selected: {} },
    focus: "timeline",
    enlarged: undefined,
    hidden: [],
    present: false,
  };
}
