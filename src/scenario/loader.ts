/**
 * From the text of a scenario to a {@link ScenarioSpec}, or to one {@link ScenarioError} with everything that is wrong.
 *
 * First the YAML, then overrides, then the shape of each part, then what the parts say about one another. Parts whose shape is
 * wrong are not looked at further, the others are: so that one run of the tool shows as many mistakes as can be known.
 */
import { readFileSync } from "node:fs";
import { assert } from "../base/assert.ts";
import { askedFor, exhibitOf, problemsOf, type SideReading } from "./exhibit.ts";
import { reportIssue } from "./issues.ts";
import { type Mended, mend, NO_UNKNOWNS } from "./mending.ts";
import { ScenarioNames } from "./names.ts";
import { applyOverrides } from "./overrides.ts";
import { ProblemSink, throwIfAny } from "./problem-sink.ts";
import { readSeed } from "./quantities.ts";
import { DEFAULT_RUN_US, readClientSeats, readConsumers, readNetwork, readProducers } from "./read-clients.ts";
import { isOfOtherMode, readCluster } from "./read-cluster.ts";
import { readEdits } from "./read-edits.ts";
import { type ExhibitReading, readExhibit } from "./read-exhibit.ts";
import { type ExpectSurroundings, readExpect, readNemesis } from "./read-expect.ts";
import { readFaults } from "./read-faults.ts";
import { readGroups } from "./read-groups.ts";
import { readNotes } from "./read-notes.ts";
import { readDials, readRelease } from "./read-release.ts";
import { grownTopics, offsetsTopic, readCreatedTopics, readTopics } from "./read-topics.ts";
import { argumentError, ScenarioError } from "./scenario-error.ts";
import { PARTITIONS_MAX } from "./schema/cluster.ts";
import { SCENARIO_SCHEMA, type WrittenScenario } from "./schema/scenario.ts";
import { ScenarioSource } from "./source.ts";
import type { RunSpec, ScenarioSpec } from "./spec.ts";
import { findSwitch, type SideName, turn } from "./switch.ts";

export interface LoadOptions {
  /** `key=value` each, as {@link applyOverrides} takes them. */
  readonly overrides?: readonly string[] | undefined;
  /** The names that `violates` may use. Without them, any name will do. */
  readonly invariants?: readonly string[] | undefined;
}

/** Reads a scenario file. Throws {@link ScenarioError} for whatever is wrong with it, an unreadable file included. */
export function loadScenario(file: string, options: LoadOptions = {}): ScenarioSpec {
  return parseScenario(readText(file), file, options);
}

/** Reads the text of a scenario; `file` is what errors call it. */
export function parseScenario(text: string, file: string, options: LoadOptions = {}): ScenarioSpec {
  const read = (side: SideName, always: boolean): SideReading => readSide(new ScenarioSource(text, file), options, side, always);
  const written = read("new", false);
  if (written.exhibit === undefined || written.switch === undefined) {
    written.sink.throwIfAny();
    assert(written.spec !== undefined, "what can't be read has something wrong with it");
    return deepFreeze(written.spec);
  }
  const { isOverridden } = written.switch;
  const [old, fixed] = [read("old", true), isOverridden ? read("new", true) : written];
  throwIfAny(isOverridden ? written.sink.all : problemsOf(old, fixed));
  // Whoever sets the exhibit's switch wants that one run.
  return deepFreeze(isOverridden ? askedFor(written, [old, fixed]) : exhibitOf(old, fixed));
}

/** Reads the document with its exhibit's switch in one position; `always`: whatever the command line says. */
function readSide(source: ScenarioSource, options: LoadOptions, side: SideName, always: boolean): SideReading {
  applyOverrides(source, options.overrides ?? []);
  const sink = new ProblemSink(source);
  const found = findSwitch(source, sink);
  if (found !== undefined) turn(source, found, side, always);
  const raw = plainDocument(source, sink);
  const shape = readShape(raw, sink);
  // What the command line has made of the switch is neither side, unless the caller finds out that it is.
  const played = found?.isOverridden === true && !always ? undefined : side;
  const meaning = shape && readMeaning(shape, options, sink, played);
  return { side, sink, spec: meaning?.spec, exhibit: meaning?.exhibit, switch: found };
}

/** The seed that stands behind `--seed`. */
export function parseSeed(text: string): number {
  const seed = readSeed(text);
  if (seed.ok) return seed.value;
  throw argumentError("--seed", text, seed.message, seed.hint);
}

function readText(file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: "there is no such file",
      EISDIR: "this is a folder, not a file",
      EACCES: "this file may not be read",
      ENOTDIR: "there is no such file",
      ERR_ENCODING_INVALID_ENCODED_DATA: "this is not text in UTF-8",
    };
    const message = reasons[code ?? ""] ?? `this file can't be read (${code ?? String(cause)})`;
    throw new ScenarioError([{ code: "UNREADABLE_FILE", message, place: undefined, file, line: 0, column: 0 }], { cause });
  }
}

function plainDocument(source: ScenarioSource, sink: ProblemSink): Readonly<Record<string, unknown>> {
  const raw = source.toPlain();
  if (raw === null || typeof raw !== "object" || Array.isArray(raw)) {
    const message = raw === null ? "this file is empty" : "a scenario is written as keys and values";
    sink.add([], { code: "WRONG_TYPE", message, hint: "begin with `name: …`" });
    sink.throwIfAny();
  }
  const record = raw as Record<string, unknown>;
  // As a number, release 4.10 would be 4.1.
  if (typeof record.kafka === "number") record.kafka = source.writtenAt(["kafka"]);
  // So may a hash look.
  const { recorded } = record as { recorded?: Record<string, unknown> | null };
  if (typeof recorded?.trace === "number") recorded.trace = source.writtenAt(["recorded", "trace"]);
  return record;
}

interface Shape extends Mended {
  readonly written: WrittenScenario;
}

/** What the schema makes of the document, or of what of it is right; undefined if too much is wrong to go on. */
function readShape(raw: Readonly<Record<string, unknown>>, sink: ProblemSink): Shape | undefined {
  const whole = SCENARIO_SCHEMA.safeParse(raw);
  if (whole.success) return { written: whole.data, raw, unknowns: NO_UNKNOWNS };
  for (const issue of whole.error.issues) reportIssue(issue, raw, sink);
  const mended = mend(raw, whole.error.issues);
  if (mended === undefined) return undefined;
  const rest = SCENARIO_SCHEMA.safeParse(mended.raw);
  return rest.success ? { written: rest.data, ...mended } : undefined;
}

interface Meaning {
  /** With the file's own `expect`. */
  readonly spec: ScenarioSpec;
  readonly exhibit: ExhibitReading | undefined;
}

function readMeaning(
  { written, raw, unknowns }: Shape,
  options: LoadOptions,
  sink: ProblemSink,
  side: SideName | undefined,
): Meaning {
  const release = readRelease(written, sink);
  const cluster = readCluster(written, release, sink);
  const seats = readClientSeats(written, sink);
  const clients = [...seats.clients, ...unknowns.clients];
  const groups = [...seats.groups, ...unknowns.groups];
  const servers = new ScenarioNames(sink, { cluster, topics: [], clients, groups });
  const topics = readTopics(written, cluster, servers);
  const createdTopics = readCreatedTopics(written, topics, cluster, servers);
  // Of a topic that could not be read, any partition may be named.
  const internal = groups.length > 0 ? [offsetsTopic(cluster)] : [];
  const known = [...topics, ...createdTopics.values(), ...internal].map(({ name, partitions }) => ({
    name,
    partitions: unknowns.topics.has(name) ? PARTITIONS_MAX : partitions,
  }));
  const ungrown = new ScenarioNames(sink, { cluster, topics: known, clients, groups });
  const names = new ScenarioNames(sink, { cluster, topics: [...known, ...grownTopics(written)], clients, groups });
  for (const node of Object.keys(written.clocks ?? {}))
    if (!names.everyone.includes(node) && !isOfOtherMode(node, written)) names.unknownNode(node, ["clocks", node]);
  const run = readRun(written, sink);
  const around: ExpectSurroundings = { names, invariants: options.invariants, raw };
  const expect = readExpect(written.expect, ["expect"], around);
  const exhibit = readExhibit(written, expect, around);
  if (written.recorded !== undefined && sink.source.nodeAt(["exhibit"]) !== undefined)
    sink.add(
      ["recorded"],
      { code: "CONTRADICTION", message: "`recorded` is of one run, and an exhibit has two", hint: "leave one of them out" },
      "key",
    );
  const rawFaults = (raw.faults ?? []) as readonly Readonly<Record<string, unknown>>[];
  const consumerGroups = readGroups(written, release.version, cluster, around);
  const spec: ScenarioSpec = {
    file: sink.source.file,
    name: written.name,
    about: written.about?.trim() ?? "",
    tags: written.tags ?? [],
    release: release.version,
    seed: written.seed ?? 1,
    cluster,
    ...readDials(written, release, sink),
    topics,
    producers: readProducers(written, release, names),
    consumers: readConsumers(written, ungrown, names),
    groups: consumerGroups,
    network: readNetwork(written, names),
    faults: readFaults({ names, endUs: run.forUs, raw: rawFaults, written: written.faults ?? [], topics, createdTopics }),
    nemesis: readNemesis(written, run, consumerGroups, names),
    run,
    expect,
    edits: readEdits(written.edits ?? [], {
      names,
      producers: Object.keys(written.producers ?? {}),
      endUs: run.forUs + run.settleUs,
    }),
    notes: readNotes(written.notes ?? [], {
      names,
      endUs: run.forUs + run.settleUs,
      exhibit: sink.source.nodeAt(["exhibit"]) && { side },
      raw: (raw.notes ?? []) as readonly Readonly<Record<string, unknown>>[],
    }),
    recorded: written.recorded,
    exhibit: undefined,
    switched: undefined,
  };
  return { spec, exhibit };
}

function readRun({ run = {} }: WrittenScenario, sink: ProblemSink): RunSpec {
  const { for: forUs = DEFAULT_RUN_US, "max-events": maxEvents, settle = 0 } = run;
  if (forUs === 0)
    sink.add(["run", "for"], {
      code: "IMPOSSIBLE",
      message: "a run of no time shows nothing",
      hint: "write a duration, such as 60s",
    });
  return { forUs, maxEvents, settleUs: settle };
}

function deepFreeze<T>(value: T): T {
  if (value === null || typeof value !== "object" || Object.isFrozen(value)) return value;
  for (const each of Object.values(value)) deepFreeze(each);
  return Object.freeze(value);
}
