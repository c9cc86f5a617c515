/** Moments of runs, for panes to look at: what they do not look at is not there. */
import { join } from "node:path";
import { loadScenario, parseScenario } from "../../../src/scenario/loader.ts";
import { Simulation } from "../../../src/scenario/simulation/simulation.ts";
import type { ScenarioSpec } from "../../../src/scenario/spec.ts";
import { textOf } from "../../../src/view/fitting.ts";
import type { Frame } from "../../../src/view/frame.ts";
import { widthOf } from "../../../src/view/line.ts";
import type { Pane, Room } from "../../../src/view/pane.ts";

const SCENARIOS = join(import.meta.dirname, "../../../scenarios");

/** A bundled one; `old` is the side of an exhibit that fails. */
export function bundled(path: string, side: "new" | "old" = "new"): Simulation {
  const spec = loadScenario(join(SCENARIOS, path));
  return simulate(side === "old" ? (spec.exhibit?.old.scenario ?? spec) : spec);
}

export function written(text: string): Simulation {
  return simulate(parseScenario(text, "test.yaml"));
}

function simulate(scenario: ScenarioSpec): Simulation {
  return new Simulation({ scenario, seed: String(scenario.seed) });
}

/** Goes on until so many seconds after time 0, or to the end. */
export function runTo(simulation: Simulation, seconds: number): Simulation {
  const isBefore = (): boolean => simulation.phase === "booting" || simulation.since(simulation.world.time) < seconds * 1_000_000;
  while (isBefore() && simulation.step());
  return simulation;
}

/** Goes on for so many steps. */
export function stepOn(simulation: Simulation, steps: number): Simulation {
  for (let i = 0; i < steps && simulation.step(); i++);
  return simulation;
}

export function frameOf(simulation: Simulation): Frame {
  const topic = simulation.scenario.topics[0]?.name ?? "";
  const choice = { partition: { topic, partition: 0 }, detail: "story", search: undefined, selected: {} } as const;
  // A tape and branches are for panes of the past and the future.
  return { simulation, position: simulation.world.trace.step, choice } as unknown as Frame;
}

export function roomOf(width: number, height: number, selected?: string): Room {
  return { width, height, selected, focused: true, present: false };
}

/** The pane in rooms of several sizes, in a frame of its own. */
export function drawn<S>(pane: Pane<S>, simulation: Simulation, rooms: readonly Room[]): string {
  const scene = pane.scene(frameOf(simulation));
  const boxes = rooms.map((room) => {
    const lines = pane.lines(scene, room).map((line) => `│${textOf(line)}${" ".repeat(room.width - widthOf(line))}│`);
    return [`${room.width} × ${room.height}  ${textOf(pane.title(scene))}`, ...lines].join("\n");
  });
  return `${[...boxes, `summary  ${textOf(pane.summary(scene))}`].join("\n\n")}\n`;
}

export function textsOf<S>(pane: Pane<S>, simulation: Simulation, room: Room): string[] {
  return pane.lines(pane.scene(frameOf(simulation)), room).map(textOf);
}
