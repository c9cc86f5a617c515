/** Reads which release of Kafka a scenario runs, and how its dials stand: both depend on the cluster's mode. */
import { DIAL_VALUES, type DialName, type Dials, modeOfDial } from "../kafka/dials.ts";
import { type ClusterMode, MODE_NAMES, newestRelease, type Release, releaseOf } from "../kafka/releases.ts";
import type { ProblemSink } from "./problem-sink.ts";
import { quote } from "./quantities.ts";
import { modeOf } from "./read-cluster.ts";
import type { WrittenScenario } from "./schema/scenario.ts";
import type { Path } from "./source.ts";
import type { ScenarioSpec } from "./spec.ts";

const MODE_PATH: Path = ["cluster", "mode"];

/** The release, as it is in the cluster's mode. Complains about one that does not know the mode. */
export function readRelease(written: WrittenScenario, sink: ProblemSink): Release {
  const mode = modeOf(written);
  const newest = newestRelease(mode);
  if (written.kafka === undefined) return newest;
  const release = releaseOf(written.kafka, mode);
  if (release !== undefined) return release;
  const isAsked = sink.source.isOverridden(["kafka"]);
  const byMode = sink.source.isOverridden(MODE_PATH);
  const last = `${newest.version} is the ${mode === "zookeeper" ? "last" : "newest"} with it`;
  sink.add(isAsked || !byMode ? ["kafka"] : MODE_PATH, {
    code: "CONTRADICTION",
    message: `Kafka ${written.kafka} has no ${MODE_NAMES[mode]} mode`,
    hint:
      byMode && !isAsked ? `${last}: add --set kafka=${newest.version}` : `${last}: write "${newest.version}", or leave it out`,
  });
  return newest;
}

/** Complains about dials that decide nothing in the cluster's mode. */
export function readDials(
  written: WrittenScenario,
  release: Release,
  sink: ProblemSink,
): Pick<ScenarioSpec, "dials" | "turnedDials"> {
  const given = Object.fromEntries(Object.entries(written.dials ?? {}).filter(([, value]) => value !== undefined));
  for (const dial of Object.keys(given) as DialName[]) requireDial(dial, modeOf(written), sink);
  const dials = { ...release.dials, ...given } as Dials;
  const turnedDials = (Object.keys(DIAL_VALUES) as DialName[]).filter((dial) => dials[dial] !== release.dials[dial]);
  return { dials, turnedDials };
}

function requireDial(dial: DialName, mode: ClusterMode, sink: ProblemSink): void {
  const own = modeOfDial(dial);
  if (own === undefined || own === mode) return;
  const message = `the dial ${quote(dial)} decides nothing in ${MODE_NAMES[mode]} mode`;
  const hint = sink.source.isOverridden(MODE_PATH)
    ? `a scenario that turns it runs in ${MODE_NAMES[own]} mode only`
    : `leave it out, or write cluster.mode: ${own}`;
  sink.add(["dials", dial], { code: "CONTRADICTION", message, hint }, "key");
}
