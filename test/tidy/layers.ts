/** Who may know whom: a folder has a rank and imports only from lower ones. The table of docs and linter, enforced here. */
import type { SourceFile } from "./source-file.ts";

/** Two folders of one rank never see each other. */
export const RANKS: Readonly<Record<string, number>> = {
  base: 0,
  sim: 1,
  kafka: 2,
  checks: 3,
  scenario: 4,
  run: 5,
  explain: 6,
  report: 6,
  walk: 6,
  gateway: 6,
  testing: 7,
  view: 7,
  tui: 8,
  cli: 9,
};

/** Layers that lean on nothing outside of the repository but what stands here. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = { base: [], sim: ["seedrandom"], kafka: [], checks: [] };

/** Layers that know only these: what people see is drawn, and computed elsewhere. */
const ONLY: Readonly<Record<string, readonly string[]>> = { tui: ["base", "walk", "view"] };

/** Layers from which a layer takes only types: their effects come through what it is handed. */
const TYPES_ONLY: Readonly<Record<string, string>> = { kafka: "sim" };

export function layerProblems(file: SourceFile): string[] {
  if (!file.isSource) return [];
  if (file.path === "src/index.ts") return indexProblems(file);
  const { layer } = file;
  if (layer === undefined) return ["lies outside of every layer"];
  const rank = RANKS[layer];
  if (rank === undefined) return [`the folder src/${layer} has no rank`];
  const problems: string[] = [];
  for (const { specifier, typeOnly } of file.imports) {
    const path = file.resolve(specifier);
    if (path === undefined) {
      const allowed = PACKAGES[layer];
      if (allowed !== undefined && !allowed.includes(specifier)) problems.push(`${layer} may not lean on ${specifier}`);
      continue;
    }
    const other = /^src\/([^/]+)\//.exec(path)?.[1];
    if (other === undefined) problems.push(`imports ${path}, which is no layer`);
    else if (other !== layer && (RANKS[other] ?? Number.POSITIVE_INFINITY) >= rank)
      problems.push(`${layer} may not know ${other} (${specifier})`);
    else if (other !== layer && ONLY[layer]?.includes(other) === false)
      problems.push(`${layer} may not know ${other}: it draws what others have computed`);
    else if (TYPES_ONLY[layer] === other && !typeOnly) problems.push(`${layer} takes only types from ${other} (${specifier})`);
  }
  return problems;
}

/** The public face has no features of its own. */
function indexProblems(file: SourceFile): string[] {
  const rest = file.code.replace(/export\s+(type\s+)?(\*(\s+as\s+\w+)?|\{[^}]*\})\s+from\s*;/g, "");
  return rest.trim() === "" ? [] : ["does more than re-export"];
}
