/** The cluster: brokers, and controllers or ZooKeeper servers; who leads, who is fenced, paused, down or cut off; what differs from what is decided. */
import { cut, join } from "../fitting.ts";
import { type Line, span } from "../line.ts";
import type { Item, Pane, Room } from "../pane.ts";
import { type CellGroup, flow, gridLines, leastRows, strip } from "./grid.ts";
import { countCuts } from "./link-words.ts";
import { cutId } from "./links.ts";
import { lookAtCluster } from "./look.ts";
import { notesOf } from "./notes.ts";
import type { ClusterScene } from "./scene.ts";
import { brokerCell, controllerCell, zookeeperCell } from "./server-words.ts";

/** From here on there is room for whole sentences. */
const WIDE = 76;
const FACTS_MAX = 9;

export const clusterPane: Pane<ClusterScene> = {
  id: "cluster",
  name: "cluster",
  scene: lookAtCluster,
  items: itemsOf,
  title: titleOf,
  lines: linesOf,
  summary: summaryOf,
};

function groupsOf(scene: ClusterScene): CellGroup[] {
  return [
    { name: "brokers", cells: scene.brokers.map((broker) => brokerCell(broker, scene)) },
    { name: "controllers", cells: scene.controllers.map((controller) => controllerCell(controller, scene)) },
    { name: "zookeepers", cells: scene.zookeepers.map((server) => zookeeperCell(server, scene)) },
  ].filter(({ cells }) => cells.length > 0);
}

function itemsOf({ brokers, controllers, zookeepers, links }: ClusterScene): Item[] {
  const servers = [...brokers, ...controllers, ...zookeepers].map(({ node }): Item => {
    return { id: node, label: node, subject: { kind: "server", node }, watched: { what: "state", node } };
  });
  const cuts = links
    .filter((link) => link.cut !== "no")
    .map((link): Item => {
      const { a, b } = link;
      const label = link.cut === "both" ? `the cut between ${a} and ${b}` : `the cut from ${a} to ${b}`;
      return { id: cutId(link), label, subject: { kind: "cut", a, b } };
    });
  return [...servers, ...cuts];
}

function titleOf({ mode, truth }: ClusterScene): Line {
  const { controller, controllerActs, controllerPaused, epoch, zookeeperLeader, zookeeperLeaderActs } = truth;
  const name = span("cluster", "title");
  const still = controllerPaused ? [span(" but stands still", "warning")] : [];
  if (mode === "kraft") {
    if (controller === undefined) return [name, span(" · no controller yet")];
    const leads = controllerActs ? `${controller} leads, epoch ${epoch}` : `nobody leads since ${controller}, epoch ${epoch}`;
    return [name, span(` · ${leads}`), ...still];
  }
  const ensemble = zookeeperLeaderActs ? `${zookeeperLeader} leads` : "nobody leads ZooKeeper";
  const office = controllerActs
    ? `controller ${controller}`
    : `no controller${controller === undefined ? "" : `, but the store names ${controller}`}`;
  return [name, span(` · ${office}`), ...still, span(` · ${ensemble}`)];
}

function linesOf(scene: ClusterScene, { width, height, selected, present }: Room): Line[] {
  if (height <= 0 || width <= 0) return [];
  if (height === 1) return [cut(summaryOf(scene), width)];
  const groups = groupsOf(scene);
  const notes = flow(notesOf(scene, selected, width >= WIDE), width, 3);
  const forNotes = Math.min(notes.length, Math.max(1, height - leastRows(groups, width)));
  const servers = gridLines(groups, { width, height: height - forNotes, selected }, present ? 1 : FACTS_MAX);
  const left = Math.max(0, height - servers.length);
  return [...servers, ...shortened(notes, left)].slice(0, height).map((line) => cut(line, width));
}

/** What does not fit is counted. */
function shortened(lines: readonly Line[], height: number): Line[] {
  if (lines.length <= height) return [...lines];
  if (height === 0) return [];
  const more = lines.length - height;
  return [...lines.slice(0, height - 1), [span(`${more + 1} lines more`, "faint"), span(" ")]];
}

function summaryOf(scene: ClusterScene): Line {
  const { mode, truth, links } = scene;
  const strips = groupsOf(scene)
    .slice(0, 1)
    .flatMap((group) => strip(group, 40, 1, undefined));
  const leader: Line = truth.controllerActs
    ? [
        span(`${truth.controller} ${mode === "kraft" ? "leads" : "is the controller"}`),
        ...(truth.controllerPaused ? [span(", paused", "warning")] : []),
      ]
    : [span("no active controller", "bad")];
  const cuts = countCuts(links);
  const parts: Line[] = [...strips, leader];
  if (mode === "zookeeper" && !truth.zookeeperLeaderActs) parts.push([span("no ZooKeeper leader", "bad")]);
  if (truth.leaderless > 0) parts.push([span(`${truth.leaderless} leaderless`, "bad")]);
  if (cuts > 0) parts.push([span(`${cuts} ${cuts === 1 ? "cut" : "cuts"} ✂`, "bad")]);
  return join(parts, [span(" · ", "faint")]);
}
