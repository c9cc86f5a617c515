/** Cuts, clogs and slow links drawn in words: those of one node in one go, and nodes in whose places they are the same side by side. */
import { span as spanOfTime } from "../../report/numbers.ts";
import type { NodeName } from "../../sim/host.ts";
import { type Line, span } from "../line.ts";
import { cutId, type LinkScene } from "./links.ts";
import type { ClusterScene } from "./scene.ts";

/** Links of one kind, between each of some nodes and each of others. */
interface Bundle {
  readonly left: readonly NodeName[];
  readonly right: readonly NodeName[];
}

interface Kind {
  readonly sign: string;
  readonly wideSign: string;
  readonly word: string;
  readonly isDirected: boolean;
  readonly isBad: boolean;
  readonly links: LinkScene[];
}

/** One after the other, the worst first; the selected one by itself, with a mark. */
export function drawLinks(scene: ClusterScene, selected: string | undefined, isWide: boolean): Line[] {
  return kindsOf(scene.links).flatMap((kind) => {
    const { isDirected, isBad, word } = kind;
    const sign = isWide ? kind.wideSign : kind.sign;
    const chosen = kind.links.find((link) => link.cut !== "no" && cutId(link) === selected);
    const others = kind.links.filter((link) => link !== chosen);
    const draw = (left: string, right: string, isSelected: boolean): Line => [
      ...(isSelected ? [span("▸", "selected")] : []),
      span(left, isSelected ? "selected" : undefined),
      span(` ${sign} `, isBad ? "bad" : "warning"),
      span(right, isSelected ? "selected" : undefined),
      ...(word === "" ? [] : [span(` ${word}`, "warning")]),
    ];
    const bundles = bundled(others, isDirected).map(({ left, right }) => draw(shortList(left), ends(scene, left, right), false));
    return chosen === undefined ? bundles : [draw(chosen.a, chosen.b, true), ...bundles];
  });
}

export function countCuts(links: readonly LinkScene[]): number {
  return links.filter(({ cut }) => cut !== "no").length;
}

function kindsOf(links: readonly LinkScene[]): Kind[] {
  const kinds = new Map<string, Kind>();
  const put = (key: string, link: LinkScene, kind: Omit<Kind, "links">): void => {
    const known = kinds.get(key);
    if (known === undefined) kinds.set(key, { ...kind, links: [link] });
    else known.links.push(link);
  };
  for (const link of links) {
    const { cut, isClogged, slowedBy } = link;
    if (cut === "both") put("cut", link, { sign: "✂", wideSign: "─✂─", word: "", isDirected: false, isBad: true });
    if (cut === "one way") put("way", link, { sign: "✂→", wideSign: "─✂→", word: "", isDirected: true, isBad: true });
    if (isClogged) put("clog", link, { sign: "▒", wideSign: "─▒─", word: "clogged", isDirected: false, isBad: false });
    if (slowedBy > 0) {
      const word = `+${spanOfTime(slowedBy)}`;
      put(word, link, { sign: "~", wideSign: "~~~", word, isDirected: false, isBad: false });
    }
  }
  return [...kinds.values()].sort((one, other) => Number(other.isBad) - Number(one.isBad));
}

/** Star by star, the largest first; then stars with the same rays become one. */
function bundled(links: readonly LinkScene[], isDirected: boolean): Bundle[] {
  const stars: { left: NodeName[]; right: NodeName[] }[] = [];
  let rest = [...links];
  while (rest.length > 0) {
    const centre = isDirected ? (rest[0] as LinkScene).a : busiest(rest);
    const rays = rest.filter(({ a, b }) => a === centre || (!isDirected && b === centre));
    rest = rest.filter((link) => !rays.includes(link));
    const right = rays.map(({ a, b }) => (a === centre ? b : a));
    const same = stars.find((star) => star.right.join() === right.join());
    if (same === undefined) stars.push({ left: [centre], right });
    else same.left.push(centre);
  }
  return stars;
}

function busiest(links: readonly LinkScene[]): NodeName {
  const degrees = new Map<NodeName, number>();
  for (const { a, b } of links) for (const end of [a, b]) degrees.set(end, (degrees.get(end) ?? 0) + 1);
  let most = (links[0] as LinkScene).a;
  for (const [node, degree] of degrees) if (degree > (degrees.get(most) as number)) most = node;
  return most;
}

/** `everybody`, `other servers`, or by name. */
function ends(
  { nodes, brokers, controllers, zookeepers }: ClusterScene,
  left: readonly NodeName[],
  right: readonly NodeName[],
): string {
  if (right.length > 2 && right.length + left.length === nodes.length) return "everybody";
  const servers = [...brokers, ...controllers, ...zookeepers].map(({ node }) => node).filter((node) => !left.includes(node));
  const isAll = right.length > 2 && right.length === servers.length && servers.every((node) => right.includes(node));
  return isAll ? "other servers" : shortList(right);
}

/** `broker-1,3 controller-1…4 checkout`. */
export function shortList(names: readonly NodeName[]): string {
  const numbers = new Map<string, number[]>();
  for (const name of names) {
    const [, stem = name, number] = /^(.*-)(\d+)$/.exec(name) ?? [];
    const known = numbers.get(stem);
    if (known === undefined) numbers.set(stem, number === undefined ? [] : [Number(number)]);
    else if (number !== undefined) known.push(Number(number));
  }
  return [...numbers].map(([stem, each]) => `${stem}${ranges(each.sort((a, b) => a - b))}`).join(" ");
}

function ranges(numbers: readonly number[]): string {
  const parts: [from: number, to: number][] = [];
  for (const number of numbers) {
    const last = parts.at(-1);
    if (last !== undefined && last[1] + 1 === number) last[1] = number;
    else parts.push([number, number]);
  }
  return parts.map(([from, to]) => (from === to ? `${from}` : to === from + 1 ? `${from},${to}` : `${from}…${to}`)).join(",");
}
