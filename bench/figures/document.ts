/** The table for a terminal, and the page for the docs. */
import { type Figure, type Row, simulatedText, verdictOf } from "./figure.ts";

const HEADINGS = ["figure", "published", "simulated", "basis", "verdict"];

function cells(row: Row): string[] {
  return [row.what, row.published, simulatedText(row), row.basis, verdictOf(row)];
}

export function tableOf(figures: readonly Figure[]): string {
  const rows = [HEADINGS, ...figures.flatMap((figure) => figure.rows.map(cells))];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] as number))
      .join("  ")
      .trimEnd();
  const parts = [line(HEADINGS)];
  for (const figure of figures) parts.push("", figure.title, ...figure.rows.map((row) => line(cells(row))));
  return parts.join("\n");
}

export function documentOf(figures: readonly Figure[]): string {
  return pageOf(figures.map(sectionOf));
}

/** The page with these figures in the place of their predecessors, or at its end, and its other sections as they are. */
export function mergedInto(page: string, figures: readonly Figure[]): string {
  const sections = new Map(
    page
      .split(/^(?=## )/m)
      .slice(1)
      .map((section) => [titleOf(section), section.trimEnd()]),
  );
  for (const figure of figures) sections.set(figure.title, sectionOf(figure));
  return pageOf([...sections.values()]);
}

function titleOf(section: string): string {
  return section.slice("## ".length, section.indexOf("\n"));
}

function pageOf(sections: readonly string[]): string {
  return `${[INTRODUCTION.trimEnd(), ...sections].join("\n\n")}\n`;
}

function sectionOf({ title, source, rows, text }: Figure): string {
  const remarks = rows.filter(({ remark }) => remark !== undefined);
  const list = remarks.map(({ what, remark }) => `- ${what}: ${remark}.`).join("\n");
  return `## ${title}\n\nSource: ${source}.\n\n${markdownTable(rows)}\n\n${wrapped(text)}${list === "" ? "" : `\n\n${list}`}`;
}

const LINE_WIDTH = 140;

/** Paragraph by paragraph: numbers in it make lines longer and shorter. */
function wrapped(text: string): string {
  const paragraphs = text.split("\n\n").map((paragraph) => {
    const lines = [""];
    for (const word of paragraph.split(/\s+/)) {
      const line = lines.at(-1) as string;
      if (line === "") lines[lines.length - 1] = word;
      else if (line.length + 1 + word.length > LINE_WIDTH) lines.push(word);
      else lines[lines.length - 1] = `${line} ${word}`;
    }
    return lines.join("\n");
  });
  return paragraphs.join("\n\n");
}

function markdownTable(rows: readonly Row[]): string {
  const lines = [HEADINGS, HEADINGS.map(() => "---"), ...rows.map(cells)];
  return lines.map((row) => `| ${row.join(" | ")} |`).join("\n");
}

const INTRODUCTION = `# Published beside simulated

What others have measured or worked out, and what comes out here. \`npm run figures\` prints the table, \`npm run figures -- --write\` writes this page.

A broker's work takes no time in the simulator, except for [\`cluster.costs\`](scenarios.md#the-cluster), the network and the disks. So no time here is a
measurement of Kafka: what can be checked is how times follow from costs, and how they grow. Of the sources, the scripts and the quoted comments
on pull requests were read, of the posts some only in excerpts: a condition that is called unknown here may stand there. Each row says what it
stands on:

- **given**: the source names the costs; what is checked is the sum.
- **fitted**: a cost was chosen so that this very row comes out. It says nothing by itself.
- **predicted**: nothing was chosen for it. Rows that begin with → follow from the fitted one above.
- **reconstructed**: the source leaves out a condition, which was chosen; the text says which.

A row **agrees** if every run is within what was published; *agrees, to n %* if the median is within 10 % of it, and no run further off than that.
Where one number was published, and runs are spread around it more widely, it is *within the spread*: possible, and no more.
Where runs differ the median is given, with the extremes; the delays of networks and disks are fixed where costs are measured, so seeds differ
little there. Every check was on in every run, and nothing was violated.
`;
