/** The names that a scenario has once it has been read, for what is read later in its terms. */
import type { FaultAction } from "./fault-spec.ts";
import type { GroupSeat } from "./group-names.ts";
import { ScenarioNames } from "./names.ts";
import type { ProblemSink } from "./problem-sink.ts";
import { offsetsTopic } from "./read-topics.ts";
import type { GroupSpec, ScenarioSpec, TopicSpec } from "./spec.ts";

/** What can't be found is complained about to `sink`. */
export function namesIn(scenario: ScenarioSpec, sink: ProblemSink): ScenarioNames {
  const { cluster, topics, producers, consumers, groups, faults } = scenario;
  const members = groups.flatMap((group) => group.members);
  const internal = groups.length > 0 ? [offsetsTopic(cluster)] : [];
  return new ScenarioNames(sink, {
    cluster,
    topics: [...topics, ...internal, ...faults.flatMap(({ actions }) => actions.flatMap(topicsOf))],
    clients: [...producers, ...consumers, ...members].map(({ name }) => name),
    groups: groups.flatMap(seatsOf),
  });
}

/** A topic as a fault makes it, or lets it grow. */
function topicsOf(action: FaultAction): readonly Pick<TopicSpec, "name" | "partitions">[] {
  if (action.do === "create-topic") return [action.topic];
  return action.do === "add-partitions" ? [{ name: action.topic, partitions: action.to }] : [];
}

/** A member is called after its entry of the file: `billing-2` is one of `billing`. */
function seatsOf({ group, members, store }: GroupSpec): GroupSeat[] {
  const entryOf = (name: string): string => name.replace(/-\d+$/, "");
  const entries = [...new Set(members.map(({ name }) => entryOf(name)))];
  return entries.map((entry) => {
    const own = members.filter(({ name }) => entryOf(name) === entry);
    return {
      entry,
      group,
      members: own.map(({ name }) => name),
      spares: own.filter(({ spare }) => spare).map(({ name }) => name),
      store,
    };
  });
}
