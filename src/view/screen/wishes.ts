/** How many lines some panes have a use for. It depends on scenario and screen, not on the moment: nothing may jump while somebody walks. */
import type { Frame } from "../frame.ts";
import type { PaneId } from "../pane.ts";

/** Lanes of two lines, with blank ones between them, are for bodies from this height on. */
const AIRY_HEIGHT = 26;

export function wishesOf({ simulation, choice }: Frame, height: number): Readonly<Partial<Record<PaneId, number>>> {
  const { cluster, topics, producers, consumers, groups } = simulation.scenario;
  const replicas = topics.find(({ name }) => name === choice.partition.topic)?.replicationFactor ?? 3;
  const servers = Math.max(cluster.nodes.length, cluster.nodes.filter(({ broker }) => broker).length + cluster.zookeeper.length);
  const members = groups.reduce((sum, group) => sum + 1 + group.members.length, 0);
  return {
    // An axis, the lanes, and a line for what is lost or selected.
    lanes: height >= AIRY_HEIGHT ? 3 * replicas + 1 : replicas + 2,
    // With what is to be said of links and disagreements.
    cluster: servers + 3,
    // A consumer without a group has a line for each of some partitions.
    clients: 2 + producers.length + 4 * consumers.length + members,
  };
}
