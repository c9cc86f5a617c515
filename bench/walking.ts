/** What walking costs at a million events: a step back, a jump, and the memory that the whole history takes. */
import { fileURLToPath } from "node:url";
import { sidesOf } from "../src/run/run-scenario.ts";
import { loadScenario } from "../src/scenario/loader.ts";
import { complete } from "../src/walk/journey.ts";
import { Walk } from "../src/walk/walk.ts";

const FILE = fileURLToPath(new URL("../../scenarios/failover/leader-crash.yaml", import.meta.url));
/** About a million events. */
const OVERRIDES = ["run.for=1000s"];
const PLACES = 40;

export interface WalkingCosts {
  /** Of the first step back after a jump, over many places; and of those that follow it. Milliseconds. */
  readonly firstBack: { readonly median: number; readonly worst: number };
  readonly nextBack: { readonly median: number; readonly worst: number };
  /** A jump to anywhere. */
  readonly jump: { readonly median: number; readonly worst: number };
  /** From the last event. */
  readonly backAtEnd: number;
}

export function openReferenceWalk(): { readonly walk: Walk; readonly seconds: number } {
  const [side] = sidesOf(loadScenario(FILE, { overrides: OVERRIDES }));
  if (side === undefined) throw new Error("a scenario has a side");
  const startedAt = performance.now();
  const walk = complete(Walk.open({ side, seed: "1" }));
  return { walk, seconds: (performance.now() - startedAt) / 1_000 };
}

export function measureWalking(walk: Walk): WalkingCosts {
  const goTo = (step: number): number => {
    const startedAt = performance.now();
    complete(walk.goTo(step));
    return performance.now() - startedAt;
  };
  const { end } = walk;
  goTo(end);
  const backAtEnd = goTo(end - 1);
  const [jumps, firsts, nexts]: number[][] = [[], [], []];
  for (let place = 0; place < PLACES; place++) {
    // Far apart, in no order that a cache could like.
    const step = Math.floor((((place * 17) % PLACES) + 0.77) * (end / PLACES));
    jumps?.push(goTo(step));
    firsts?.push(goTo(step - 1));
    for (let back = 2; back < 12; back++) nexts?.push(goTo(step - back));
  }
  return {
    firstBack: spread(firsts as number[]),
    nextBack: spread(nexts as number[]),
    jump: spread(jumps as number[]),
    backAtEnd,
  };
}

function spread(values: readonly number[]): { median: number; worst: number } {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: sorted[sorted.length >> 1] as number, worst: sorted.at(-1) as number };
}
