/** Who takes itself for the owner of which partition of a group, from what the members themselves report. */
import type { KafkaEvent } from "../../kafka/events.ts";
import { partitionName, type TopicPartition } from "../../kafka/ids.ts";
import type { DomainEvent, NodeName } from "../../sim/host.ts";

export class ObservedGroups {
  /** By group, then by partition. Where two believe it, the one that came to believe it last. */
  private readonly owners = new Map<string, Map<string, NodeName>>();

  observe(event: DomainEvent): void {
    const known = event as KafkaEvent;
    switch (known.kind) {
      case "PartitionsAssigned":
        for (const partition of known.partitions) this.ownersOf(known.group).set(nameOf(partition), known.client);
        return;
      case "PartitionsRevoked":
      case "PartitionsLost": {
        const owners = this.ownersOf(known.group);
        for (const partition of known.partitions) {
          if (owners.get(nameOf(partition)) === known.client) owners.delete(nameOf(partition));
        }
        return;
      }
    }
  }

  /** A member that has died is the owner until somebody else is. */
  owner(group: string, topic: string, partition: number): NodeName | undefined {
    return this.owners.get(group)?.get(partitionName(topic, partition));
  }

  private ownersOf(group: string): Map<string, NodeName> {
    let owners = this.owners.get(group);
    if (owners === undefined) {
      owners = new Map();
      this.owners.set(group, owners);
    }
    return owners;
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return partitionName(topic, partition);
}
