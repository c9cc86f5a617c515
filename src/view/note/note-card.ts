/** What the scenario's author says here, or asks. Whoever answers is told whether it is right, and why. */
import { printable } from "../../report/printable.ts";
import type { TapeNote } from "../../walk/tape.ts";
import { cut, wrap } from "../fitting.ts";
import type { Frame } from "../frame.ts";
import { type Line, line, span } from "../line.ts";
import type { Overlay, OverlayRoom } from "../overlays/overlay.ts";
import { clock } from "../timeline/clock.ts";

/** `answered`: index of the choice that was taken. */
export function noteCard(
  { tape, branch }: Pick<Frame, "tape" | "branch">,
  noted: TapeNote,
  answered: number | undefined,
): Overlay {
  const time = clock(tape.timeOf(noted.step), branch);
  const name = noted.note.question === undefined ? "note" : "question";
  return {
    size: "card",
    title: [span(name, "title"), span(` · ${time} s`, "faint")],
    lines: (room) => noteLines(noted.note, answered, room),
  };
}

/** A paragraph, and how dear it is: where room is short, the least dear loses its last lines first. */
interface Paragraph {
  readonly lines: readonly Line[];
  readonly rank: number;
}

export function noteLines({ say, question }: TapeNote["note"], answered: number | undefined, room: OverlayRoom): readonly Line[] {
  const { width, height } = room;
  if (width <= 0 || height <= 0) return [];
  const paragraph = (rank: number, ...lines: Line[]): Paragraph => ({
    rank,
    lines: lines.flatMap((each) => wrap(each, width, 2)),
  });
  const paragraphs: Paragraph[] = say === undefined ? [] : [paragraph(answered === undefined ? 2 : 0, line(printable(say)))];
  if (question !== undefined) {
    const { ask, choices, answer, because } = question;
    paragraphs.push(paragraph(3, line(printable(ask), "strong")));
    paragraphs.push(paragraph(4, ...choices.map((choice, index) => choiceLine(choice, index, answer, answered))));
    if (answered !== undefined) {
      const right = `${answer + 1}, ${printable(choices[answer] ?? "")}`;
      const verdict = answered === answer ? line("✓ right", "good") : line(`✗ not so: right is ${right}`, "bad");
      paragraphs.push(paragraph(6, verdict), paragraph(5, line(printable(because))));
    }
  }
  const keys = question !== undefined && answered === undefined ? keysOfQuestion(question.choices.length) : KEYS_OF_NOTE;
  paragraphs.push({ rank: 1, lines: [cut(keys, width)] });
  return shortened(paragraphs, height)
    .flatMap(({ lines }) => lines)
    .map((each) => cut(each, width));
}

function choiceLine(choice: string, index: number, answer: number, answered: number | undefined): Line {
  const words: Line = [span(`${index + 1}`, "key"), span(` ${printable(choice)}`)];
  if (answered === undefined) return [span("  "), ...words];
  const mark = index === answer ? span("✓ ", "good") : index === answered ? span("✗ ", "bad") : span("  ");
  return [mark, ...words, ...(index === answered ? [span(" (your answer)", "faint")] : [])];
}

function keysOfQuestion(choices: number): Line {
  const keys = choices === 1 ? "1" : `1–${choices}`;
  return [span(keys, "key"), span(" answer  ", "faint"), span("Esc", "key"), span(" not now", "faint")];
}

const KEYS_OF_NOTE: Line = [span("Enter", "key"), span(" close", "faint")];

/** Of what is cut off `…` is left, as long as there is room for that. */
function shortened(paragraphs: readonly Paragraph[], height: number): readonly Paragraph[] {
  let surplus = paragraphs.reduce((sum, { lines }) => sum + lines.length, 0) - height;
  if (surplus <= 0) return paragraphs;
  const left = new Map(paragraphs.map((each): [Paragraph, readonly Line[]] => [each, each.lines]));
  for (const each of [...paragraphs].sort((a, b) => a.rank - b.rank)) {
    if (surplus <= 0) break;
    const kept = Math.max(0, each.lines.length - surplus);
    surplus -= each.lines.length - kept;
    left.set(each, kept < 2 ? each.lines.slice(0, kept) : [...each.lines.slice(0, kept - 1), line("…", "faint")]);
  }
  return paragraphs.map((each) => ({ rank: each.rank, lines: left.get(each) ?? [] }));
}
