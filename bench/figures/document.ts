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
  const sections = figures.map((figure) => {
    const remarks = figure.rows.filter(({ remark }) => remark !== undefined);
    const list = remarks.map(({ what, remark }) => `- ${what}: ${remark}.`).join("\n");
    return `## ${figure.title}\n\nSource: ${figure.source}.\n\n${markdownTable(figure.rows)}\n\n${figure.text}${list === "" ? "" : `\n\n${list}`}\n`;
  });
  return `${INTRODUCTION}\n${sections.join("\n")}`;
}

function markdownTable(rows: readonly Row[]): string {
  const lines = [HEADINGS, HEADINGS.map(() => "---"), ...rows.map(cells)];
  return lines.map((row) => `| ${row.join(" | ")} |`).join("\n");
}

const INTRODUCTION = `# Published beside simulated

What others have measured or worked out, and what comes out here. \`npm run figures\` makes the tables, \`npm run figures -- --write\` this page.

A broker's work takes no time in the simulator, except for [\`cluster.costs\`](scenarios.md), the network and the disks. So no time here is a measurement of Kafka: what
can be checked is how times follow from costs, and how they grow. Each row says what it stands on:

- **given**: the source names the costs; what is checked is the sum.
- **fitted**: a cost was chosen so that this very row comes out. It says nothing by itself.
- **predicted**: nothing was chosen for it. Rows that begin with → follow from the fitted one above.
- **reconstructed**: the source leaves out a condition, which was chosen; the text says which.

A row **agrees** if every run is within what was published; *agrees, to n %* if the median is within 10 % of it, and no run further off than that. Where
runs differ the median is given, with the extremes. Every check was on in every run, and nothing was violated.
`;
