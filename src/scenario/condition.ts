/** What somebody who walks through a run waits for: an event or a message, in the language of `when` in a scenario. */
import { EVENT_KINDS } from "./event-fields.ts";
import { reportIssue } from "./issues.ts";
import { namesIn } from "./names-in.ts";
import type { EventPattern, MessagePattern } from "./patterns.ts";
import { ProblemSink } from "./problem-sink.ts";
import { quote } from "./quantities.ts";
import { readCondition } from "./read-condition.ts";
import { patternText } from "./read-patterns.ts";
import { problemAt, ScenarioError, type ScenarioProblem } from "./scenario-error.ts";
import { WHEN_SCHEMA } from "./schema/faults.ts";
import { ScenarioSource } from "./source.ts";
import type { ScenarioSpec } from "./spec.ts";

/** It comes true any number of times. `text` is what it is called. */
export type Condition =
  | { readonly kind: "event"; readonly pattern: EventPattern; readonly text: string }
  | { readonly kind: "message"; readonly pattern: MessagePattern; readonly moment: "sent" | "delivered"; readonly text: string };

/** What errors call the place where it was typed. */
const PROMPT = "condition";
const BEGINNING = "{ ";

/**
 * Reads what a person types: `IsrChanged`, `event: IsrChanged, partition: orders-0, isr: [leader]`, `message: Fetch, from: broker-2`, in
 * braces or without. Names are those of the scenario. Throws {@link ScenarioError}.
 */
export function parseCondition(text: string, scenario: ScenarioSpec): Condition {
  const isWhole = /^\s*(\{.*\}|[a-z][\w-]*)\s*$/is.test(text);
  try {
    return Object.freeze(read(isWhole ? text : `${BEGINNING}${text} }`, scenario));
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    // What follows from broken YAML may be about the braces, which nobody typed.
    const problems = error.problems[0]?.code === "BROKEN_YAML" ? error.problems.slice(0, 1) : error.problems;
    throw new ScenarioError(problems.map((problem) => asTyped(problem, text, isWhole ? 0 : BEGINNING.length)));
  }
}

function read(text: string, scenario: ScenarioSpec): Condition {
  const source = new ScenarioSource(text, PROMPT);
  const sink = new ProblemSink(source);
  const raw = source.toPlain();
  const bare = typeof raw === "object" && raw !== null ? EVENT_KINDS.find((kind) => kind in raw) : undefined;
  if (bare !== undefined) {
    const complaint = { code: "MISSING_KEY", message: `${quote(bare)} is an event`, hint: `write event: ${bare}` } as const;
    sink.add([bare], complaint, "key");
    sink.throwIfAny();
  }
  const shape = WHEN_SCHEMA.safeParse(raw);
  if (!shape.success) for (const issue of shape.error.issues) reportIssue(issue, raw, sink);
  sink.throwIfAny();
  const when = WHEN_SCHEMA.parse(raw);
  if (when.nth !== undefined) {
    const message = "`nth` counts from the start of a watch, and this is watched at any time";
    sink.add(["nth"], { code: "CONTRADICTION", message, hint: "leave it out" }, "key");
  }
  const condition = readCondition(when, [], patternText(raw), namesIn(scenario, sink));
  sink.throwIfAny();
  return condition as Condition;
}

/** The problem at its place in what was typed, `before` characters of which were not. */
function asTyped(problem: ScenarioProblem, text: string, before: number): ScenarioProblem {
  const { place, code, message, hint } = problem;
  const at = (offset: number): number => Math.min(Math.max(0, offset - before), text.length);
  const [start, end] = [at(place?.start ?? 0), at(place?.end ?? 0)];
  return problemAt({ file: PROMPT, text, start, end: Math.max(start + 1, end), isFile: false }, { code, message, hint });
}
