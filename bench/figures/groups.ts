/** What the figures about consumer groups share: a cluster that does nothing else, the protocols, and who owns what. */
import type { KafkaEvent } from "../../src/kafka/events.ts";
import type { NodeEvent } from "../../src/sim/node-events.ts";

export const PROTOCOLS = ["eager", "cooperative", "KIP-848"] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** Settings of the members. Eager is what a consumer does unless it is told otherwise. */
export const SETTINGS: { readonly [P in Protocol]: string } = {
  eager: "partition.assignment.strategy: range",
  cooperative: "partition.assignment.strategy: cooperative-sticky",
  "KIP-848": "group.protocol: consumer",
};

/** One broker is enough: nothing is measured that depends on replication. `more` are further settings of it. */
export function smallCluster(more = ""): string {
  return `cluster:
  brokers: 1
  controllers: 1
  config: { offsets.topic.num.partitions: 1, offsets.topic.replication.factor: 1${more === "" ? "" : `, ${more}`} }`;
}

/**
 * After a rebalance members send heartbeats in step, and Kafka's drift apart with time. Here each stands still for a moment, so that their
 * phases differ. `at`: seconds.
 */
export function outOfStep(members: number, at: number, seed: number): string {
  const pauses = Array.from({ length: members }, (_, index) => {
    const phase = (phaseOf(seed, 1) * (index + 1) + phaseOf(seed, 2)) % 1;
    return `  - { at: ${at}s, pause: billing-${index + 1}, for: ${1 + Math.round(phase * LONGEST_HEARTBEAT_US)}us }`;
  });
  return pauses.join("\n");
}

/** KIP-848's. */
const LONGEST_HEARTBEAT_US = 5_000_000;

/** Fractions that spread any number of seeds evenly, each in its own way. */
const SPREADS = [0.618_033_988_749_895, Math.SQRT2 - 1, Math.sqrt(3) - 1, Math.sqrt(7) - 2] as const;

/** Between 0 and 1, of this seed; `axis` for several that have nothing to do with each other. */
export function phaseOf(seed: number, axis = 0): number {
  return (seed * (SPREADS[axis] as number)) % 1;
}

/** Who owns the partitions of one topic, as the members believe. */
export class Ownership {
  /** By partition. */
  readonly owners = new Map<number, string>();
  private readonly group: string;

  constructor(group: string) {
    this.group = group;
  }

  ownedBy(client: string): number[] {
    return [...this.owners].filter(([, owner]) => owner === client).map(([partition]) => partition);
  }

  onEvent(event: KafkaEvent | NodeEvent): void {
    switch (event.kind) {
      case "PartitionsAssigned":
        if (event.group === this.group) for (const { partition } of event.partitions) this.owners.set(partition, event.client);
        break;
      case "PartitionsRevoked":
      case "PartitionsLost":
        if (event.group === this.group) for (const { partition } of event.partitions) this.release(partition, event.client);
        break;
      case "ProcessCrashed":
        for (const partition of this.ownedBy(event.node)) this.owners.delete(partition);
        break;
    }
  }

  /** A zombie gives up what somebody else may own by now. */
  private release(partition: number, client: string): void {
    if (this.owners.get(partition) === client) this.owners.delete(partition);
  }
}
