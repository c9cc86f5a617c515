/** Which entries of `consumers` are consumer groups, or parts of one, and the nodes that each of them stands for. */
import type { GroupSeat } from "./group-names.ts";
import type { WrittenScenario } from "./schema/scenario.ts";

/** Settings of a consumer that only mean something to the member of a group. */
export const SETTINGS_OF_GROUPS: readonly string[] = [
  ...["group.protocol", "group.remote.assignor", "partition.assignment.strategy", "session.timeout.ms"],
  ...["heartbeat.interval.ms", "max.poll.interval.ms", "enable.auto.commit", "auto.commit.interval.ms"],
];

export type WrittenConsumer = NonNullable<WrittenScenario["consumers"]>[string];

export function isGroup({ members, group }: WrittenConsumer): boolean {
  return members !== undefined || group !== undefined;
}

/** Undefined for a consumer that reads partitions assigned by hand. */
export function groupSeatOf(entry: string, written: WrittenScenario): GroupSeat | undefined {
  const consumer = written.consumers?.[entry];
  if (consumer === undefined || !isGroup(consumer)) return undefined;
  const { group = entry } = consumer;
  const length = membersOf(consumer) + (consumer.spares ?? 0);
  const members = Array.from({ length }, (_, index) => `${entry}-${index + 1}`);
  return {
    entry,
    group,
    members,
    spares: members.slice(membersOf(consumer)),
    store: hasToken(consumer) ? `${group}-store` : undefined,
  };
}

/** Without the spare ones. */
export function membersOf({ members, spares = 0, "instance-ids": ids }: WrittenConsumer): number {
  return members ?? Math.max(1, (ids?.length ?? 1) - spares);
}

function hasToken({ handler, "per-member": own = {} }: WrittenConsumer): boolean {
  const handlers = [handler, ...Object.values(own).map((each) => each?.handler)];
  return handlers.some((each) => each !== undefined && "fencing-token" in each && each["fencing-token"] === true);
}
