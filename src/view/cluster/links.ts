/** What is wrong between two nodes, both directions together. */
import type { Micros } from "../../base/units.ts";
import type { NodeName } from "../../sim/host.ts";
import type { LinkTrouble } from "../../sim/link.ts";

/** Where cut in one direction only, that is from `a` to `b`. */
export interface LinkScene {
  readonly a: NodeName;
  readonly b: NodeName;
  readonly cut: "both" | "one way" | "no";
  readonly isClogged: boolean;
  readonly slowedBy: Micros;
}

/** `order` is that of the nodes. */
export function linksOf(troubles: readonly LinkTrouble[], order: ReadonlyMap<NodeName, number>): LinkScene[] {
  const placeOf = (node: NodeName): number => order.get(node) ?? 0;
  const pairs = new Map<string, { there: LinkTrouble | undefined; back: LinkTrouble | undefined }>();
  for (const trouble of troubles) {
    const forward = placeOf(trouble.from) <= placeOf(trouble.to);
    const key = forward ? `${trouble.from} ${trouble.to}` : `${trouble.to} ${trouble.from}`;
    const pair = pairs.get(key) ?? { there: undefined, back: undefined };
    pairs.set(key, pair);
    if (forward) pair.there = trouble;
    else pair.back = trouble;
  }
  const links = [...pairs.values()].flatMap(({ there, back }) => {
    const known = there ?? back;
    if (known === undefined) return [];
    const isBackOnly = back?.isCut === true && there?.isCut !== true;
    const { from, to } = there ?? { from: known.to, to: known.from };
    const cut = there?.isCut === true && back?.isCut === true ? "both" : there?.isCut === true || isBackOnly ? "one way" : "no";
    const isClogged = there?.isClogged === true || back?.isClogged === true;
    const slowedBy = Math.max(there?.slowedBy ?? 0, back?.slowedBy ?? 0);
    return [{ a: isBackOnly ? to : from, b: isBackOnly ? from : to, cut, isClogged, slowedBy } satisfies LinkScene];
  });
  return links.sort((one, other) => placeOf(one.a) - placeOf(other.a) || placeOf(one.b) - placeOf(other.b));
}

/** Names what is selected when the cut is. */
export function cutId({ a, b, cut }: LinkScene): string {
  return cut === "both" ? `cut ${a} ${b}` : `cut ${a} → ${b}`;
}

/** Those of the servers that are cut off from all the others, one way at least. */
export function isolatedOf(links: readonly LinkScene[], servers: readonly { readonly node: NodeName }[]): NodeName[] {
  const names = new Set(servers.map(({ node }) => node));
  const cuts = new Map<NodeName, number>();
  for (const { a, b, cut } of links) {
    if (cut === "no" || !names.has(a) || !names.has(b)) continue;
    for (const end of [a, b]) cuts.set(end, (cuts.get(end) ?? 0) + 1);
  }
  return [...names].filter((node) => names.size > 1 && cuts.get(node) === names.size - 1);
}
