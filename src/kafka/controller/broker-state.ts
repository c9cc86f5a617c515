/**
 * A broker's way from registration to exit, as the controller grants it, one heartbeat at a time.
 *
 * A broker starts fenced, is unfenced once it has seen its own registration, and is let go when it leads nothing any more
 * and everybody else knows. Source: BrokerHeartbeatManager.calculateNextBrokerState, KIP-631, KAFKA-13959.
 */
import type { Offset } from "../ids.ts";
import type { BrokerHeartbeatRequest } from "../messages/broker-lifecycle.ts";

export type BrokerControlState = "FENCED" | "UNFENCED" | "CONTROLLED_SHUTDOWN" | "SHUTDOWN_NOW";

export interface BrokerFacts {
  /** Of the record that registered this incarnation. */
  readonly registrationOffset: Offset;
  readonly leadsPartitions: boolean;
  /** The last record of its controlled shutdown; whoever has seen it no longer takes this broker for a leader. */
  readonly controlledShutdownOffset: Offset;
  /** What the slowest of the brokers that stay has seen of the metadata log. */
  readonly lowestActiveOffset: Offset;
}

/** The state after a heartbeat. */
export function nextBrokerState(
  current: BrokerControlState,
  wish: Pick<BrokerHeartbeatRequest, "wantFence" | "wantShutDown" | "currentMetadataOffset">,
  facts: BrokerFacts,
): BrokerControlState {
  switch (current) {
    case "FENCED":
      if (wish.wantShutDown) return "SHUTDOWN_NOW";
      return !wish.wantFence && wish.currentMetadataOffset >= facts.registrationOffset ? "UNFENCED" : "FENCED";
    case "UNFENCED":
      if (wish.wantFence) return wish.wantShutDown ? "SHUTDOWN_NOW" : "FENCED";
      if (!wish.wantShutDown) return "UNFENCED";
      return facts.leadsPartitions ? "CONTROLLED_SHUTDOWN" : "SHUTDOWN_NOW";
    case "CONTROLLED_SHUTDOWN":
      if (facts.leadsPartitions) return "CONTROLLED_SHUTDOWN";
      return facts.controlledShutdownOffset <= facts.lowestActiveOffset ? "SHUTDOWN_NOW" : "CONTROLLED_SHUTDOWN";
    case "SHUTDOWN_NOW":
      return "SHUTDOWN_NOW";
  }
}
