/** What is to be said about the cluster as a whole: beliefs that differ from what is decided, who is missing, and what is cut. */
import { type Line, span } from "../line.ts";
import { drawLinks } from "./link-words.ts";
import type { ClusterScene } from "./scene.ts";
import { isRival, isRivalController, isRivalLeader } from "./server-words.ts";

/** The worst first. */
export function notesOf(scene: ClusterScene, selected: string | undefined, isWide: boolean): Line[] {
  return [...beliefs(scene, isWide), ...missing(scene), ...drawLinks(scene, selected, isWide)];
}

/** Two that take themselves for the same: each with its epoch. */
function beliefs({ brokers, controllers, zookeepers, truth }: ClusterScene, isWide: boolean): Line[] {
  const { controller, epoch, zookeeperLeader } = truth;
  const note = (node: string, office: string, own: number | undefined, other: string, short: string): Line =>
    isWide
      ? [span(`☆ ${node} takes itself for the ${office} (epoch ${own}), ${other}`, "bad")]
      : [span(`☆ ${node} e${own} ≠ ${short}`, "bad")];
  const leads = controller === undefined ? "nobody leads" : `${controller} leads (epoch ${epoch})`;
  const shortly = controller === undefined ? "nobody" : epoch < 0 ? controller : `${controller} e${epoch}`;
  const is = `the store names ${controller ?? "nobody"}`;
  const established = `${zookeeperLeader ?? "nobody"} leads`;
  return [
    ...[...brokers, ...controllers]
      .filter((each) => isRival(each, truth))
      .map(({ node, quorum }) => note(node, "leader", quorum?.epoch, leads, shortly)),
    ...brokers
      .filter((each) => isRivalController(each, truth))
      .map(({ node, controllerEpoch }) => note(node, "controller", controllerEpoch, is, shortly)),
    ...zookeepers
      .filter((each) => isRivalLeader(each, truth))
      .map(({ node, ensemble }) => note(node, "leader", ensemble?.epoch, established, zookeeperLeader ?? "nobody")),
  ];
}

function missing({ mode, truth }: ClusterScene): Line[] {
  const notes: Line[] = [];
  if (!truth.controllerActs) notes.push([span("no active controller", "bad")]);
  if (mode === "zookeeper" && !truth.zookeeperLeaderActs) notes.push([span("no ZooKeeper leader", "bad")]);
  if (truth.leaderless > 0) {
    notes.push([span(`${truth.leaderless} of ${truth.partitions} partitions without a leader`, "bad")]);
  }
  return notes;
}
