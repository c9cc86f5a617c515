/** The partitions that can be looked at, and the one to begin with. */
import type { TopicPartition } from "../kafka/ids.ts";
import type { ScenarioSpec } from "../scenario/spec.ts";
import type { Tape } from "../walk/tape.ts";
import type { Frame } from "./frame.ts";
import { mainViolation } from "./violation.ts";

/** Those of the scenario's topics first, then what else has been heard of: topics made later, and Kafka's own. */
export function partitionsOf({ simulation }: Frame): readonly TopicPartition[] {
  const known = ofTopics(simulation.scenario);
  const names = new Set(known.map(({ topic, partition }) => `${topic}-${partition}`));
  const others = [...simulation.checker.ghost.topics.partitions].filter(
    ({ topic, partition }) => !names.has(`${topic}-${partition}`),
  );
  return [...known, ...others.map(({ topic, partition }) => ({ topic, partition }))];
}

/** The one of which a promise breaks; else the first there is. */
export function firstPartition(scenario: ScenarioSpec, tape: Tape): TopicPartition {
  const { violations } = tape;
  const broken = mainViolation(tape, scenario)?.partition ?? violations.find(({ partition }) => partition)?.partition;
  const [, topic, partition] = /^(.*)-(\d+)$/.exec(broken ?? "") ?? [];
  if (topic !== undefined) return { topic, partition: Number(partition) };
  return ofTopics(scenario)[0] ?? { topic: "__consumer_offsets", partition: 0 };
}

function ofTopics({ topics }: ScenarioSpec): TopicPartition[] {
  return topics.flatMap(({ name, partitions }) =>
    Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition })),
  );
}
