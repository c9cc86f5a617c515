/** `kafka-sim list`, `dials` and `checks`: what there is to run, to turn, and to break. */
import { INVARIANT_NAMES, INVARIANTS } from "../checks/catalogue.ts";
import { DIAL_DOCS, DIAL_VALUES, type DialName } from "../kafka/dials.ts";
import type { Paint } from "../report/paint.ts";
import { loadScenario } from "../scenario/loader.ts";
import { bundledFile, bundledNames } from "./scenario-files.ts";

/** The bundled scenarios by theme. */
export function listScenarios(paint: Paint): string[] {
  const names = bundledNames();
  const width = Math.max(...names.map((name) => name.length));
  let theme = "";
  const listed = names.flatMap((name) => {
    const scenario = loadScenario(bundledFile(name), { invariants: INVARIANT_NAMES });
    const lines = [` ${name.padEnd(width)}  ${scenario.name}`];
    const folder = name.slice(0, name.lastIndexOf("/"));
    if (folder !== theme) lines.unshift("", ` ${paint.strong(folder)}`);
    theme = folder;
    return lines;
  });
  return [...listed, "", paint.faint(" kafka-sim museum   plays those of the museum, and says whether each failure showed"), ""];
}

export function listDials(paint: Paint): string[] {
  return (Object.keys(DIAL_VALUES) as DialName[]).flatMap((dial) => {
    const values: readonly (boolean | string)[] = DIAL_VALUES[dial];
    const words = values.map((value) => (value === true ? "on" : value === false ? "off" : value)).join(" | ");
    return [` ${paint.strong(dial)} = ${words}`, `   ${DIAL_DOCS[dial]}`];
  });
}

export function listChecks(paint: Paint): string[] {
  return INVARIANTS.flatMap(({ name, promise, source }) => [
    ` ${paint.strong(name)}`,
    `   ${promise}`,
    `   ${paint.faint(source)}`,
  ]);
}
