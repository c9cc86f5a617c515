/** What has become of the brokers since they were last looked at. Source: KafkaController.processBrokerChange. */
import type { BrokerId } from "../ids.ts";
import type { LiveBroker } from "./controller-context.ts";

export interface BrokerComparison {
  readonly added: readonly LiveBroker[];
  /** Registered anew; as they are now. */
  readonly bounced: readonly LiveBroker[];
  readonly dead: readonly BrokerId[];
}

/** Each ascending, as `known` and `current` are. */
export function compareBrokers(
  known: readonly LiveBroker[],
  current: readonly LiveBroker[],
  detectBounced: boolean,
): BrokerComparison {
  const before = new Map(known.map((broker) => [broker.id, broker]));
  const now = new Set(current.map(({ id }) => id));
  return {
    added: current.filter(({ id }) => !before.has(id)),
    bounced: current.filter(({ id, epoch }) => detectBounced && epoch > (before.get(id)?.epoch ?? Number.POSITIVE_INFINITY)),
    dead: known.map(({ id }) => id).filter((id) => !now.has(id)),
  };
}
