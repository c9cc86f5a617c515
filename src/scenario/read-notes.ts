/** Reads the notes of a scenario: when each comes up, and whether what it asks can be answered. */
import type { Micros } from "../base/units.ts";
import type { ScenarioNames } from "./names.ts";
import { nearest } from "./nearest.ts";
import type { NoteCondition, NoteSpec, QuestionSpec } from "./note-spec.ts";
import type { Complaint } from "./problem-sink.ts";
import { durationText, quote } from "./quantities.ts";
import { readCondition } from "./read-condition.ts";
import { patternText } from "./read-patterns.ts";
import type { WrittenNote } from "./schema/notes.ts";
import type { Path } from "./source.ts";
import type { SideName } from "./switch.ts";

export interface NoteSurroundings {
  readonly names: ScenarioNames;
  /** When the run ends. */
  readonly endUs: Micros;
  /** The side of an exhibit that is read, undefined for another position of its switch; no exhibit has no sides. */
  readonly exhibit: { readonly side: SideName | undefined } | undefined;
  /** Each note as it stands in the file. */
  readonly raw: readonly Readonly<Record<string, unknown>>[];
}

/** Those that belong to this side and mode. What the others wait for may not exist here, and is not looked at. */
export function readNotes(written: readonly WrittenNote[], around: NoteSurroundings): readonly NoteSpec[] {
  return written.flatMap((note, index) => {
    const read = readNote(note, index, around);
    const { exhibit, names } = around;
    const isHere = (note.side === undefined || note.side === exhibit?.side) && (note.mode ?? names.mode) === names.mode;
    const condition = isHere ? readMoment(note, index, around) : undefined;
    return condition === undefined ? [] : [{ ...read, condition }];
  });
}

function readNote(note: WrittenNote, index: number, around: NoteSurroundings): Omit<NoteSpec, "condition"> {
  const path: Path = ["notes", index];
  const { sink } = around.names;
  if (note.say === undefined && note.ask === undefined) {
    const hint = "add `say: …`, or `ask: …` with choices";
    sink.add(path, { code: "MISSING_KEY", message: "what does this note say?", hint }, "key");
  }
  if (note.side !== undefined && around.exhibit === undefined) {
    const message = "this scenario is no exhibit, so it has no sides";
    sink.add([...path, "side"], { code: "CONTRADICTION", message, hint: "leave it out" }, "key");
  }
  return {
    nth: note.when?.nth ?? 1,
    say: note.say?.trim(),
    question: readQuestion(note, path, around),
    side: note.side,
    source: sink.source.positionOf(path),
  };
}

function readMoment(
  { at, when }: WrittenNote,
  index: number,
  { names, endUs, raw }: NoteSurroundings,
): NoteCondition | undefined {
  const path: Path = ["notes", index];
  if (at !== undefined && when !== undefined) {
    const message = "`at` and `when` can't both say when it comes up";
    names.sink.add([...path, "when"], { code: "CONTRADICTION", message, hint: "keep one of them" }, "key");
    return undefined;
  }
  if (when !== undefined) return readCondition(when, [...path, "when"], patternText(raw[index]?.when), names);
  if (at === undefined) {
    const hint = "add `at: 5s`, `at: start`, `at: end` or `when: { event: IsrChanged }`";
    names.sink.add(path, { code: "MISSING_KEY", message: "when does this note come up?", hint }, "key");
    return undefined;
  }
  if (typeof at === "string") return { kind: at };
  if (at > endUs) {
    const message = `it comes up at ${durationText(at)}, when the run is over (it ends at ${durationText(endUs)})`;
    names.sink.add([...path, "at"], { code: "IMPOSSIBLE", message, hint: "write `at: end`" });
  }
  return { kind: "at", atUs: at };
}

const PARTS = ["choices", "answer", "because"] as const;

const MISSING: { readonly [P in (typeof PARTS)[number]]: Complaint } = {
  choices: { code: "MISSING_KEY", message: "what is there to choose from?", hint: "add `choices: [yes, no]`" },
  answer: { code: "MISSING_KEY", message: "which of the choices is right?", hint: "add `answer: …`" },
  because: { code: "MISSING_KEY", message: "why is that the answer?", hint: "add `because: …`" },
};

function readQuestion(note: WrittenNote, path: Path, { names: { sink } }: NoteSurroundings): QuestionSpec | undefined {
  const { ask, choices, answer, because } = note;
  if (ask === undefined) {
    const part = PARTS.find((key) => note[key] !== undefined);
    if (part === undefined) return undefined;
    const message = `\`${part}\` belongs to a question, and this note asks none`;
    sink.add([...path, part], { code: "CONTRADICTION", message, hint: "add `ask: …`" }, "key");
    return undefined;
  }
  for (const part of PARTS) if (note[part] === undefined) sink.add([...path, "ask"], MISSING[part], "key");
  if (choices === undefined || answer === undefined || because === undefined) return undefined;
  const twin = choices.findIndex((choice, index) => choices.indexOf(choice) < index);
  if (twin >= 0) {
    const message = `${quote(choices[twin] as string)} is one of the choices already`;
    sink.add([...path, "choices", twin], { code: "CONTRADICTION", message, hint: "leave it out here" });
  }
  const right = choices.indexOf(answer);
  if (right < 0) {
    const guess = nearest(answer, choices);
    const hint = guess === undefined ? `they are ${choices.join(", ")}` : `did you mean ${guess}?`;
    sink.add([...path, "answer"], { code: "WRONG_VALUE", message: `${quote(answer)} is none of the choices`, hint });
  }
  return { ask: ask.trim(), choices, answer: right, because: because.trim() };
}
