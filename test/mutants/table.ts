/** `npm run mutants`: lets every mutant loose and prints by which invariant it was caught, and when. Exit 1 if one escapes. */
import { INVARIANT_NAMES } from "../../src/checks/catalogue.ts";
import { hunt, runUnmutated } from "./hunt.ts";
import type { Mutant } from "./mutant.ts";
import { MUTANTS } from "./mutants.ts";

interface Row {
  readonly cells: readonly string[];
  readonly ok: boolean;
}

const HEADINGS = ["mutant", "what is broken", "invariant", "caught at", "without the mutant"];

function rowOf(mutant: Mutant): Row {
  const { name, breaks, invariant, scenario, seeds } = mutant;
  const caught = hunt(mutant);
  const seed = caught?.seed ?? (seeds[0] as number);
  const { complete, violations } = runUnmutated(scenario, seed);
  const at =
    caught === undefined
      ? `ESCAPED, seeds ${seeds.join(" ")}`
      : `seed ${seed}, step ${caught.violation.step}, ${(caught.timeUs / 1_000_000).toFixed(3)} s`;
  const broken = [...new Set(violations.map((violation) => violation.invariant))];
  const unmutated = broken.length > 0 ? `VIOLATED: ${broken.join(" ")}` : complete ? "all hold" : "NOT COMPLETE";
  return { cells: [name, breaks, invariant, at, unmutated], ok: caught !== undefined && complete && broken.length === 0 };
}

function print(rows: readonly (readonly string[])[]): void {
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((cells) => (cells[column] as string).length)));
  for (const cells of rows) {
    const line = cells.map((cell, column) => cell.padEnd(widths[column] as number)).join("  ");
    process.stdout.write(`${line.trimEnd()}\n`);
  }
}

const rows = MUTANTS.map(rowOf);
print([HEADINGS, ...rows.map(({ cells }) => cells)]);
const without = INVARIANT_NAMES.filter((name) => !MUTANTS.some(({ invariant }) => invariant === name));
const caught = rows.filter(({ ok }) => ok).length;
process.stdout.write(`\n${caught} of ${rows.length} mutants caught; ${INVARIANT_NAMES.length} invariants`);
process.stdout.write(without.length === 0 ? ", each with a mutant\n" : `, without a mutant: ${without.join(" ")}\n`);
if (caught < rows.length || without.length > 0) process.exitCode = 1;
