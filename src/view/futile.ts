/** What would change nothing at a moment: nobody wants a branch of it. */
import type { MomentAction } from "../scenario/run-edit.ts";
import { hindrance } from "../scenario/simulation/edits-by-hand.ts";
import type { Simulation } from "../scenario/simulation/simulation.ts";

/** Why, in words; undefined for what changes something. */
export function whyFutile({ world }: Simulation, action: MomentAction): string | undefined {
  if (action.do === "release") return undefined;
  if (action.do === "heal") {
    const isTroubled = world.troubledLinks().some(({ from, to }) => [from, to, "all"].includes(action.node));
    return isTroubled ? undefined : `nothing to heal: no link of ${action.node} is cut, clogged or slow`;
  }
  const why = hindrance(world, action);
  // There it is told of what has been.
  return why === undefined
    ? undefined
    : `nothing would change: ${action.node} ${why.replace(/^it was/, "is").replace(/^it had/, "has")}`;
}
