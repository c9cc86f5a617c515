/** How many lines some panes have a use for. It depends on the scenario, not on the moment: a screen must not jump while somebody walks. */
import type { Frame } from "../frame.ts";
import type { PaneId } from "../pane.ts";

export function wishesOf({ simulation, choice }: Frame): Readonly<Partial<Record<PaneId, number>>> {
  const { cluster, topics, producers, consumers, groups } = simulation.scenario;
  const topic = topics.find(({ name }) => name === choice.partition.topic);
  const servers = Math.max(cluster.nodes.length, cluster.zookeeper.length);
  const members = groups.reduce((sum, group) => sum + group.members.length + 1, 0);
  return {
    lanes: 3 + 2 * (topic?.replicationFactor ?? 3),
    cluster: 4 + servers,
    clients: 2 + 2 * producers.length + 2 * consumers.length + members,
  };
}
