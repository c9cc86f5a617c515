/** Why something happened: the chain of causes of the selected event, or else of the current step; for a broken promise what led to it. */
import type { Violation } from "../../checks/invariant.ts";
import { printable } from "../../report/printable.ts";
import { type CauseMoment, causeWithin } from "../../run/cause.ts";
import type { Tape } from "../../walk/tape.ts";
import type { Frame } from "../frame.ts";
import { clock } from "../timeline/clock.ts";
import { entryOfId } from "../timeline/moment.ts";
import { selectedEvent } from "../timeline/moves.ts";
import { describeComing, describeStep } from "../timeline/step-words.ts";
import { causalChain, setsItself, wordsOf } from "./causal-chain.ts";

/** `what`: what is to be explained. `fact`: one of two that contradict each other. `came`: how a step came about. */
export type CauseKind = "what" | "fact" | "because" | "came" | "end";

export interface CauseRow {
  readonly id: string;
  readonly kind: CauseKind;
  /** Undefined for what is no moment. */
  readonly step: number | undefined;
  /** Since time 0: `38.118`. */
  readonly time: string;
  readonly text: string;
}

export interface CausesScene {
  /** `offset 118 is acknowledged`, `NoAckedLoss`. */
  readonly of: string;
  /** Whether it is the selected one, and not just where one stands. */
  readonly isSelected: boolean;
  /** The latest first. */
  readonly rows: readonly CauseRow[];
}

export function lookAtCauses(frame: Frame): CausesScene {
  const { tape, position, choice } = frame;
  const event = selectedEvent(frame);
  if (event !== undefined) return chainScene(frame, event.step, event, true);
  const told = selectedStory(frame);
  const violation = told?.violation ?? selectedPromise(frame) ?? tape.violations.find(({ step }) => step === position);
  const isSelected = choice.selected.timeline !== undefined || selectedPromise(frame) !== undefined;
  if (violation !== undefined && told?.step === undefined) return violationScene(frame, violation, isSelected);
  const step = told?.step ?? position;
  if (step === 0) return { of: "the start of the run", isSelected: false, rows: [] };
  return chainScene(frame, step, undefined, told !== undefined);
}

/** A line of the story that tells of no domain event: a broken promise, or a deed such as a fault. */
function selectedStory({ tape, choice }: Frame): { readonly violation?: Violation; readonly step?: number } | undefined {
  const entry = entryOfId(choice.selected.timeline);
  const line = entry?.of === "story" ? tape.story[entry.index] : undefined;
  if (line === undefined) return undefined;
  const violation = tape.violations.find(({ step, invariant, message }) => {
    return step === line.step && line.text === `✗ ${invariant}: ${message}`;
  });
  return violation === undefined ? { step: line.step } : { violation };
}

/** A broken one that is selected among the checks, or one of its facts. */
function selectedPromise({ tape, choice }: Frame): Violation | undefined {
  const name = choice.selected.checks?.split(" ")[0];
  return name === undefined ? undefined : tape.violations.find(({ invariant }) => invariant === name);
}

// ---- a broken promise ----

const FOUND = new WeakMap<Tape, Map<Violation, readonly CauseMoment[]>>();

/** The whole run up to it is looked through: once is enough. */
function causeOfViolation(tape: Tape, violation: Violation): readonly CauseMoment[] {
  let ofTape = FOUND.get(tape);
  if (ofTape === undefined) {
    ofTape = new Map();
    FOUND.set(tape, ofTape);
  }
  let moments = ofTape.get(violation);
  if (moments === undefined) {
    moments = causeWithin(violation, tape);
    ofTape.set(violation, moments);
  }
  return moments;
}

function violationScene({ tape, branch }: Frame, violation: Violation, isSelected: boolean): CausesScene {
  const { invariant, message, facts, step, timeUs } = violation;
  const row = (id: string, kind: CauseKind, at: { step: number; timeUs: number; text: string }): CauseRow => {
    return { id, kind, step: at.step, time: clock(at.timeUs, branch), text: printable(at.text) };
  };
  const moments = causeOfViolation(tape, violation).filter(({ timeUs: at }) => at >= branch.ending.readyAt);
  return {
    of: invariant,
    isSelected,
    rows: [
      row("what", "what", { step, timeUs, text: `✗ ${invariant}: ${message}` }),
      ...[...facts].reverse().map((fact, index) => row(`fact ${facts.length - index}`, "fact", fact)),
      ...moments.map((moment, index) => row(`because ${index + 1}`, "because", moment)),
    ],
  };
}

// ---- a step, or an event in it ----

function chainScene(
  { tape, branch, choice }: Frame,
  step: number,
  event: ReturnType<typeof selectedEvent>,
  isSelected: boolean,
): CausesScene {
  const { links, isCutOff } = causalChain(tape, step, choice.partition, event);
  const rows = links.flatMap((link): CauseRow[] => {
    const { step: at, facts, more } = link;
    const time = clock(tape.timeOf(at), branch);
    return [
      ...facts.map((fact, index): CauseRow => {
        const rest = index === facts.length - 1 && more > 0 ? ` (+${more})` : "";
        const kind = at === step && index === 0 ? "what" : "because";
        return { id: `${at} ${index}`, kind, step: at, time, text: `${printable(wordsOf(fact))}${rest}` };
      }),
      { id: `${at}`, kind: "came", step: at, time, text: printable(describeComing(tape, at)) },
    ];
  });
  const last = links.at(-1)?.step ?? step;
  const end = endOf(tape, last, isCutOff);
  return {
    of: printable(event === undefined ? describeStep(tape, step) : wordsOf(event)),
    isSelected,
    rows: end === undefined ? rows : [...rows, { id: "end", kind: "end", step: undefined, time: "", text: end }],
  };
}

/** Why the chain goes no further. */
function endOf(tape: Tape, last: number, isCutOff: boolean): string | undefined {
  if (isCutOff) return "and so on";
  return setsItself(tape, last) ? "a timer that sets itself again and again" : undefined;
}
