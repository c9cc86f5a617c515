/**
 * Published figures beside simulated ones: `npm run figures`; with `--write` into docs/figures.md.
 *
 * It takes a few minutes. Times are virtual, so the machine makes no difference to what comes out.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { controlledShutdown } from "./controlled-shutdown.ts";
import { detection } from "./detection.ts";
import { documentOf, tableOf } from "./document.ts";
import { elections } from "./elections.ts";
import { TOTAL } from "./experiment.ts";
import { failoverReads } from "./failover-reads.ts";
import type { Figure } from "./figure.ts";
import { isolation } from "./isolation.ts";
import { twoMillion } from "./two-million.ts";

const PAGE = fileURLToPath(new URL("../../docs/figures.md", import.meta.url));

const MAKERS: readonly (() => Figure)[] = [
  () => detection(40),
  () => failoverReads(10_000, 3),
  () => elections(1_000, 5),
  () => controlledShutdown(25_000),
  () => twoMillion([5_000, 10_000, 20_000]),
  () => isolation(100_000, 20),
];

const figures = MAKERS.map((make) => {
  const startedAt = performance.now();
  const figure = make();
  console.error(`${figure.title}: ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
  return figure;
});
const { runs, events, virtualSeconds } = TOTAL;
console.log(tableOf(figures));
console.log(
  `\n${runs} runs, ${events.toLocaleString("en-US")} events, ${Math.round(virtualSeconds / 60)} minutes of virtual time`,
);
if (process.argv.includes("--write")) writeFileSync(PAGE, documentOf(figures));
