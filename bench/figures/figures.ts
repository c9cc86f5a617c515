/**
 * Published figures beside simulated ones: `npm run figures`; with `--write` into docs/figures.md. `npm run figures -- groups` makes only those
 * whose name begins so, and `--write` then leaves the rest of the page as it is.
 *
 * It takes a few minutes. Times are virtual, so the machine makes no difference to what comes out.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { controlledShutdown } from "./controlled-shutdown.ts";
import { detection } from "./detection.ts";
import { documentOf, mergedInto, tableOf } from "./document.ts";
import { elections } from "./elections.ts";
import { TOTAL } from "./experiment.ts";
import { failoverReads } from "./failover-reads.ts";
import type { Figure } from "./figure.ts";
import { groupsCrash } from "./groups-crash.ts";
import { groupsDeploy } from "./groups-deploy.ts";
import { groupsDuplicates } from "./groups-duplicates.ts";
import { groupsPartitions } from "./groups-partitions.ts";
import { isolation } from "./isolation.ts";
import { twoMillion } from "./two-million.ts";

const PAGE = fileURLToPath(new URL("../../docs/figures.md", import.meta.url));

interface Maker {
  readonly name: string;
  readonly make: () => Figure;
}

const MAKERS: readonly Maker[] = [
  { name: "detection", make: () => detection(40) },
  { name: "failover-reads", make: () => failoverReads(10_000, 3) },
  { name: "elections", make: () => elections(1_000, 5) },
  { name: "controlled-shutdown", make: () => controlledShutdown(25_000) },
  { name: "two-million", make: () => twoMillion([5_000, 10_000, 20_000]) },
  { name: "isolation", make: () => isolation(100_000, 20) },
  { name: "groups-crash", make: () => groupsCrash(100) },
  { name: "groups-duplicates", make: () => groupsDuplicates(1_000, 200) },
  { name: "groups-partitions", make: () => groupsPartitions(900, 20) },
  { name: "groups-deploy", make: () => groupsDeploy(20) },
];

const wanted = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const chosen = MAKERS.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.startsWith(word)));
if (chosen.length === 0) throw new Error(`there is no such figure; there are ${MAKERS.map(({ name }) => name).join(", ")}`);

const figures = chosen.map(({ make }) => {
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
if (process.argv.includes("--write")) {
  const page = chosen.length === MAKERS.length ? documentOf(figures) : mergedInto(readFileSync(PAGE, "utf8"), figures);
  writeFileSync(PAGE, page);
}
