/** The schema of notes: what the author says, and asks, at moments of the run. */
import { z } from "zod";
import { CLUSTER_MODES } from "../../kafka/releases.ts";
import { bad, good, type Reading, readDuration } from "../quantities.ts";
import { WHEN_SCHEMA } from "./faults.ts";
import { object, quantity, word } from "./kit.ts";

export type WrittenMoment = "start" | "end" | number;

function readMoment(text: string): Reading<WrittenMoment> {
  if (text === "start" || text === "end") return good(text);
  const time = readDuration(text);
  return time.ok ? time : bad(time.message, "write a time such as 5s, or start, or end");
}

function text(description: string) {
  return z
    .string({ error: () => "this must be a text" })
    .min(1)
    .describe(description);
}

const CHOICE = z
  .union([z.string(), z.number(), z.boolean()], { error: () => "this must be one value: a text or a number" })
  .transform(String);

const CHOICES_MIN = 2;
const CHOICES_MAX = 6;

const NOTE_SCHEMA = object("a note", "Something to say, or to ask, at a moment of the run.", {
  at: quantity(
    "a time such as 5s, or start, or end",
    "Comes up at this time; or at the start or end of the run.",
    readMoment,
  ).optional(),
  when: WHEN_SCHEMA.optional(),
  say: text("What there is to see here, and why.").optional(),
  ask: text("A question. The run goes on when it is answered.").optional(),
  choices: z
    .array(CHOICE, { error: () => "this must be a list of answers, such as [yes, no]" })
    .min(CHOICES_MIN, "a question needs two choices at least")
    .max(CHOICES_MAX, `a question has ${CHOICES_MAX} choices at most`)
    .describe("The answers to choose from: 2 to 6.")
    .optional(),
  answer: CHOICE.describe("The right one of the choices.").optional(),
  because: text("Why that is the answer.").optional(),
  side: word("In an exhibit: only on this side. Default: on both.", ["old", "new"]).optional(),
  mode: word("Only in a cluster of this mode. Default: in both.", CLUSTER_MODES).optional(),
});
export type WrittenNote = z.output<typeof NOTE_SCHEMA>;

export const NOTES_SCHEMA = z.array(NOTE_SCHEMA).describe("What the author says and asks while somebody walks through the run.");
