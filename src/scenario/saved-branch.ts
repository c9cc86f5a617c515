/**
 * A run as a scenario file of its own: the author's text, with everything that made this run another one written into it.
 *
 * What was changed from outside (overrides, the side of an exhibit, the seed, edits made by hand) becomes part of the document, so that
 * the file alone gives the same run. The author's comments and order stay. What the author expected of the run, and said about it,
 * need not hold of another one: the former is replaced by what this run came to, the latter is kept only if it is the author's own run.
 */
import { type Document, isMap, isSeq, type Node, type Pair, visit } from "yaml";
import { assert } from "../base/assert.ts";
import { applyOverrides } from "./overrides.ts";
import { ProblemSink } from "./problem-sink.ts";
import { writeEdits } from "./read-edits.ts";
import { describeEdit, type RunEdit } from "./run-edit.ts";
import { keyOf, ScenarioSource } from "./source.ts";
import type { RecordedSpec } from "./spec.ts";
import { findSwitch, type SideName, turn } from "./switch.ts";

export interface SavedBranch {
  /** The scenario's own text, and what it is called. It has been loaded with these overrides before: nothing is wrong with it. */
  readonly text: string;
  readonly file: string;
  readonly overrides: readonly string[];
  /** Which side of an exhibit was played; undefined for a scenario that is none, or whose switch an override has set. */
  readonly side: SideName | undefined;
  readonly seed: string;
  /** Those beyond the ones that the file itself has. */
  readonly edits: readonly RunEdit[];
  /** Said of the branch instead of what the author says; undefined keeps that. */
  readonly about?: string | undefined;
  readonly outcome: BranchOutcome;
  readonly recorded: RecordedSpec;
}

/** What a run came to, as a scenario may expect it. */
export interface BranchOutcome {
  /** Each invariant once. */
  readonly violates: readonly string[];
  readonly records: { readonly lost: number; readonly duplicated: number; readonly failed: number };
}

/** Lines of the document are folded there. */
const LINE_WIDTH = 125;

/** The text of a scenario file whose run is the branch, step by step. */
export function savedBranchText(branch: SavedBranch): string {
  const source = new ScenarioSource(branch.text, branch.file);
  const { document } = source;
  const isAuthors = isAuthorsRun(source, branch);
  applyOverrides(source, branch.overrides);
  const found = findSwitch(source, new ProblemSink(source));
  if (found !== undefined && branch.side !== undefined) turn(source, found, branch.side, false);
  if (isAuthors) keepNotesOf(branch.side, document);
  takeOut(document, ["exhibit", "expect", "recorded", ...(isAuthors ? [] : ["notes"])]);
  document.set("name", nameOf(branch, String(document.get("name"))));
  if (branch.about !== undefined) document.set("about", branch.about);
  document.set("seed", Number(branch.seed));
  if (branch.edits.length > 0) addEdits(document, branch.edits);
  document.set("expect", expectationOf(document, branch.outcome));
  document.set("recorded", document.createNode(branch.recorded, { flow: true }));
  return document.toString({ lineWidth: LINE_WIDTH });
}

/** Whether it is one of the runs that the author has seen. */
function isAuthorsRun({ document }: ScenarioSource, { overrides, edits, seed }: SavedBranch): boolean {
  return overrides.length === 0 && edits.length === 0 && String(document.get("seed") ?? 1) === seed;
}

/** `Leader crash, old rule, acks=1, with broker-1 crashed and Fetch #7 from broker-2 to broker-1 dropped`. */
function nameOf({ side, overrides, edits }: SavedBranch, name: string): string {
  const rule = side === undefined ? [] : [`${side} rule`];
  const changes = edits.map(describeEdit);
  const shown =
    changes.length > EDITS_NAMED
      ? [...changes.slice(0, EDITS_NAMED - 1), `${changes.length - EDITS_NAMED + 1} more changes`]
      : changes;
  const last = shown.at(-1);
  const all = shown.length > 1 ? `${shown.slice(0, -1).join(", ")} and ${last}` : last;
  return [name, ...rule, ...overrides, ...(all === undefined ? [] : [`with ${all}`])].join(", ");
}

const EDITS_NAMED = 3;

/** Notes of the other side go, and what is left is no exhibit's any more. */
function keepNotesOf(side: SideName | undefined, document: Document): void {
  const notes = document.get("notes");
  if (!isSeq(notes)) return;
  notes.items = notes.items.filter((note) => !isMap(note) || !note.has("side") || note.get("side") === side);
  for (const note of notes.items) if (isMap(note)) note.delete("side");
  if (notes.items.length === 0) document.delete("notes");
}

/** Takes top-level keys out of the document. What aliases elsewhere still mean of it, they say themselves from now on. */
function takeOut(document: Document, keys: readonly string[]): void {
  const { contents } = document;
  assert(isMap(contents), "a scenario is a map");
  const leaving = contents.items.filter((pair) => keys.includes(keyOf(pair as Pair)));
  const gone = new Set<Node>();
  for (const pair of leaving) if (pair.value !== null) visit(pair.value as Node, { Node: (_, node) => void gone.add(node) });
  visit(document, {
    Alias: (_, alias, path) => {
      const meant = alias.resolve(document);
      if (meant === undefined || !gone.has(meant) || leaving.some((pair) => path.includes(pair as Pair))) return undefined;
      const own = meant.clone() as typeof meant;
      delete own.anchor;
      return own;
    },
  });
  contents.items = contents.items.filter((pair) => !leaving.includes(pair));
}

function addEdits(document: Document, edits: readonly RunEdit[]): void {
  const written = document.createNode(writeEdits(edits));
  assert(isSeq(written), "edits are written as a list");
  for (const edit of written.items) if (isMap(edit)) edit.flow = true;
  const own = document.get("edits");
  if (isSeq(own)) own.items.push(...written.items);
  else document.set("edits", written);
}

/** Longer lists go down the page. */
const IN_ONE_LINE = 3;

/** Each on a line of its own. Facts about records are said where they are what one would want. */
function expectationOf(document: Document, { violates, records }: BranchOutcome): Node {
  const { lost, duplicated, failed } = records;
  const none = { ...(duplicated === 0 && { duplicated }), ...(failed === 0 && { failed }) };
  const inOneLine = (value: object): Node => document.createNode(value, { flow: true });
  return document.createNode({
    ...(violates.length > 0 && { violates: violates.length > IN_ONE_LINE ? violates : inOneLine(violates) }),
    records: inOneLine({ lost: lost > 0 ? ">0" : 0, ...none }),
  });
}
