/**
 * The two coordinators of Kafka: the old one (GroupCoordinator.scala, up to 3.9 and in ZooKeeper mode) and its successor on the
 * coordinator runtime (KIP-848; GroupMetadataManager). They treat classic groups alike but for a few details.
 */
import type { BrokerConfig } from "../../config/broker-config.ts";

/** Only the new one speaks the new protocol. */
export function isNewCoordinator(config: BrokerConfig): boolean {
  return config["group.coordinator.rebalance.protocols"] !== "classic";
}
