/** The clients: producers, consumers by hand, and groups; how far they have got, and what keeps them. */
import { grouped } from "../../report/numbers.ts";
import { waited } from "../cluster/words.ts";
import { cut, join } from "../fitting.ts";
import { type Line, span } from "../line.ts";
import type { Item, Pane, Room } from "../pane.ts";
import { arrange } from "./arrange.ts";
import { isRebalancing } from "./group-words.ts";
import { lookAtClients } from "./look.ts";
import type { ClientsScene, ConsumerScene } from "./scene.ts";

export const clientsPane: Pane<ClientsScene> = {
  id: "clients",
  name: "clients",
  scene: lookAtClients,
  items: itemsOf,
  title: () => [span("clients", "title"), span(" · partition@position(committed)+lag", "faint")],
  lines: linesOf,
  summary: summaryOf,
};

function itemsOf({ producers, consumers, groups, chosen }: ClientsScene): Item[] {
  const readers = [...consumers, ...groups.flatMap(({ members }) => members)];
  return [
    ...producers.map(({ node }): Item => {
      return { id: node, label: node, subject: { kind: "producer", node }, watched: { what: "state", node } };
    }),
    ...readers.map((reader): Item => readerItem(reader, chosen)),
  ];
}

/** Its position in the chosen partition, if it reads that; else in the first that it reads. */
function readerItem({ node, positions }: ConsumerScene, chosen: ClientsScene["chosen"]): Item {
  const own = positions.find(({ topic, partition }) => topic === chosen.topic && partition === chosen.partition) ?? positions[0];
  const subject = { kind: "consumer", node } as const;
  if (own === undefined) return { id: node, label: node, subject, watched: { what: "state", node } };
  const { topic, partition } = own;
  return { id: node, label: node, subject, watched: { what: "position", client: node, topic, partition } };
}

function linesOf(scene: ClientsScene, room: Room): Line[] {
  const { width, height } = room;
  if (height <= 0 || width <= 0) return [];
  if (scene.producers.length + scene.consumers.length + scene.groups.length === 0) {
    return [cut([span("no clients in this scenario", "faint")], width)];
  }
  if (height === 1) return [cut(summaryOf(scene), width)];
  return arrange(scene, room).map((line) => cut(line, width));
}

function summaryOf({ producers, consumers, groups }: ClientsScene): Line {
  const parts: Line[] = [];
  const total = (of: (producer: (typeof producers)[number]) => number): number =>
    producers.reduce((sum, each) => sum + of(each), 0);
  if (producers.length > 0) {
    const failed = total((each) => each.failed);
    const longest = Math.max(...producers.map(({ longestWaitUs }) => longestWaitUs));
    parts.push([span(`✓ ${grouped(total((each) => each.acknowledged))}`, "good")]);
    if (failed > 0) parts.push([span(`✗ ${grouped(failed)}`, "bad")]);
    if (producers.some(({ isBlocked }) => isBlocked)) parts.push([span("blocked", "bad")]);
    if (longest > 0) parts.push([span(`oldest ${waited(longest)}`)]);
  }
  for (const { node, positions } of consumers.slice(0, 2)) {
    const lag = positions.reduce((sum, { position, end }) => sum + (position < 0 ? 0 : Math.max(0, end - position)), 0);
    parts.push([span(`${node} lag ${grouped(lag)}`)]);
  }
  for (const group of groups.slice(0, 4)) {
    const state = group.held?.state ?? "?";
    parts.push([
      span(`${group.group} `),
      span(state, isRebalancing(group) ? "warning" : undefined),
      span(` lag ${grouped(group.lag)}`),
    ]);
  }
  const rest = Math.max(0, consumers.length - 2) + Math.max(0, groups.length - 4);
  if (rest > 0) parts.push([span(`+${rest} more`, "faint")]);
  return parts.length === 0 ? [span("no clients", "faint")] : join(parts, [span(" · ", "faint")]);
}
