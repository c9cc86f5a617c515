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

/** What stands on the card. @internal */
export function noteLines({ say, question }: TapeNote["note"], answered: number | undefined, room: OverlayRoom): readonly Line[] {
  const { width, height } = room;
  if (width <= 0 || height <= 0) return [];
  const paragraph = (rank: number, words: Line): Paragraph => ({ rank, lines: wrap(words, width) });
  const paragraphs: Paragraph[] =
    say === undefined ? [] : [paragraph(answered === undefined ? 2 : 1, line(printable(say))), BLANK];
  if (question !== undefined) {
    const { ask, choices, answer, because } = question;
    paragraphs.push(paragraph(3, line(printable(ask), "strong")));
    const drawn = choices.flatMap((choice, index) => choiceLines(printable(choice), { index, answer, answered, width }));
    paragraphs.push({ rank: 4, lines: drawn }, BLANK);
    if (answered !== undefined) {
      paragraphs.push(paragraph(6, answered === answer ? line("✓ right", "good") : line(`✗ no: ${answer + 1} is right`, "bad")));
      paragraphs.push(paragraph(5, line(printable(because))), BLANK);
    }
  }
  const keys = question !== undefined && answered === undefined ? keysOfQuestion(question.choices.length) : KEYS_OF_NOTE;
  paragraphs.push({ rank: 0, lines: [cut(keys, width)] });
  return shortened(paragraphs, height, width)
    .flatMap(({ lines }) => lines)
    .map((each) => cut(each, width));
}

/** What is given up first. */
const BLANK: Paragraph = { rank: -1, lines: [[]] };

/** `✓ `, and the number with a blank. */
const CHOICE_INDENT = 4;

interface ChoiceLook {
  readonly index: number;
  readonly answer: number;
  readonly answered: number | undefined;
  readonly width: number;
}

function choiceLines(choice: string, { index, answer, answered, width }: ChoiceLook): readonly Line[] {
  const mark = answered === undefined ? " " : index === answer ? "✓" : index === answered ? "✗" : " ";
  const words: Line = [span(choice), ...(index === answered ? [span("  (your answer)", "faint")] : [])];
  return wrap(words, Math.max(1, width - CHOICE_INDENT)).map((each, row): Line => {
    if (row > 0) return [span(" ".repeat(CHOICE_INDENT)), ...each];
    return [span(`${mark} `, mark === "✓" ? "good" : "bad"), span(`${index + 1} `, "key"), ...each];
  });
}

function keysOfQuestion(choices: number): Line {
  const keys = choices === 1 ? "1" : `1–${choices}`;
  return [span(keys, "key"), span(" answer  ", "faint"), span("Esc", "key"), span(" not now", "faint")];
}

const KEYS_OF_NOTE: Line = [span("Enter", "key"), span(" close", "faint")];

/** What is cut off leaves `…` behind. */
function shortened(paragraphs: readonly Paragraph[], height: number, width: number): readonly Paragraph[] {
  let surplus = paragraphs.reduce((sum, { lines }) => sum + lines.length, 0) - height;
  const kept = paragraphs.map(({ lines }) => lines.length);
  const places = paragraphs.map((_, place) => place).sort((a, b) => rankAt(paragraphs, a) - rankAt(paragraphs, b) || b - a);
  for (const place of places) {
    if (surplus <= 0) break;
    const taken = Math.min(surplus, kept[place] as number);
    kept[place] = (kept[place] as number) - taken;
    surplus -= taken;
  }
  return paragraphs.map(({ rank, lines }, place) => {
    const shown = lines.slice(0, kept[place]);
    const last = shown.at(-1);
    if (last === undefined || shown.length === lines.length) return { rank, lines: shown };
    return { rank, lines: [...shown.slice(0, -1), [...cut(last, width - 1), span("…", "faint")]] };
  });
}

function rankAt(paragraphs: readonly Paragraph[], place: number): number {
  return (paragraphs[place] as Paragraph).rank;
}
