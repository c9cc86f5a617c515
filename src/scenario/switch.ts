/**
 * The switch of an exhibit: the one key in which its two runs differ.
 *
 * It works as `--set` does: the key means the same, and its value is put into the YAML document before anything is read from it.
 * So that both runs are the same file but for this value needs no proof; and what is wrong with a value is shown where the
 * exhibit has it.
 */
import { isMap, isScalar, type Node, Scalar } from "yaml";
import { DIAL_VALUES, type DialName } from "../kafka/dials.ts";
import { pathsOf, put } from "./overrides.ts";
import type { ProblemSink } from "./problem-sink.ts";
import { quote } from "./quantities.ts";
import { DIAL_NAMES } from "./schema/config.ts";
import type { Path, ScenarioSource } from "./source.ts";

export type SideName = "old" | "new";

export interface Switch {
  /** As `--set` takes it: a dial, a setting of Kafka, or a path in the file. */
  readonly key: string;
  /** Everywhere it goes. */
  readonly paths: readonly Path[];
  /** Whether the command line has set it, somewhere at least: then one run is wanted, not two. */
  readonly isOverridden: boolean;
}

/** The document's switch; undefined if it has none, or one that means nothing. What is wrong with it goes to the sink. */
export function findSwitch(source: ScenarioSource, sink: ProblemSink): Switch | undefined {
  if (!isMap(source.nodeAt(["exhibit"]))) return undefined;
  const [dial, set] = [textAt(source, ["exhibit", "dial"]), textAt(source, ["exhibit", "set"])];
  const key = dial ?? set;
  // What is no dial, and that there must be one switch, is said by whoever reads the exhibit.
  if (key === undefined || (dial !== undefined && (set !== undefined || !isDial(dial)))) return undefined;
  const found = pathsOf(source, key);
  if ("code" in found) {
    sink.add(["exhibit", "set"], found);
    return undefined;
  }
  const { paths } = found;
  const given = paths.filter((path) => source.nodeAt(path) !== undefined);
  for (const path of given) {
    if (source.isOverridden(path)) continue;
    const message = `the exhibit turns ${quote(String(path.at(-1)))} itself`;
    sink.add(path, { code: "CONTRADICTION", message, hint: "leave it out here" }, "key");
  }
  return { key, paths, isOverridden: given.some((path) => source.isOverridden(path)) };
}

/** Puts the switch where this side has it; what the command line has set stays as it is, unless `always`. */
export function turn(source: ScenarioSource, { key, paths }: Switch, side: SideName, always: boolean): void {
  const value = writtenPosition(source, key, side);
  if (value === undefined) return;
  const place = (source.nodeAt(["exhibit", "dial"]) ?? source.nodeAt(["exhibit", "set"]))?.range;
  for (const path of paths) {
    if (!always && source.isOverridden(path)) continue;
    put(source, path, value, (made) => {
      if (place) made.range = place;
    });
  }
}

/** Where this side has the switch, for people: `off`, `1`, `all`. */
export function positionOf(source: ScenarioSource, { key }: Switch, side: SideName): string {
  const node = writtenPosition(source, key, side);
  if (!isScalar(node)) return JSON.stringify(node?.toJSON());
  if (isDial(key) && typeof node.value === "boolean") return node.value ? "on" : "off";
  return node.source ?? String(node.value);
}

/** As the exhibit says; a dial's positions, unless given, are those around the newest release. */
function writtenPosition(source: ScenarioSource, key: string, side: SideName): Node | undefined {
  const written = source.nodeAt(["exhibit", side]);
  if (written !== undefined || !isDial(key)) return written;
  const [newest, older] = DIAL_VALUES[key];
  return new Scalar(side === "new" ? newest : older);
}

function textAt(source: ScenarioSource, path: Path): string | undefined {
  const node = source.nodeAt(path);
  return isScalar(node) && typeof node.value === "string" ? node.value : undefined;
}

export function isDial(key: string): key is DialName {
  return (DIAL_NAMES as readonly string[]).includes(key);
}
