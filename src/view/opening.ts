/** How a walk is looked at when it is opened: at the partition that it is about, with everything in its place. */
import type { TopicPartition } from "../kafka/ids.ts";
import type { Walk } from "../walk/walk.ts";
import type { ViewState } from "./view-state.ts";
import { mainViolation } from "./violation.ts";

/** Always there, if only one day: where a scenario has no topics of its own. */
const OFFSETS: TopicPartition = { topic: "__consumer_offsets", partition: 0 };

export function openingView(walk: Walk): ViewState {
  return {
    choice: { partition: partitionOf(walk), detail: "story", search: undefined, selected: {} },
    focus: "timeline",
    enlarged: undefined,
    hidden: [],
    present: false,
  };
}

/** The one of which a promise breaks first, or else the first of the scenario. */
function partitionOf({ branch, side }: Walk): TopicPartition {
  const { violations } = branch.tape;
  const broken = mainViolation(branch.tape, side.scenario)?.partition ?? violations.find(({ partition }) => partition)?.partition;
  if (broken !== undefined) {
    const dash = broken.lastIndexOf("-");
    return { topic: broken.slice(0, dash), partition: Number(broken.slice(dash + 1)) };
  }
  const [first] = side.scenario.topics;
  return first === undefined ? OFFSETS : { topic: first.name, partition: 0 };
}
