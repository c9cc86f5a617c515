/** How what is decided about brokers, and what they say of themselves, changes the ghost. */
import type { KafkaEvent } from "../../kafka/events.ts";
import type { Observation } from "../observation.ts";
import type { Ghost } from "./ghost.ts";
import type { GhostBroker } from "./nodes.ts";

type BrokerEvent = Extract<
  KafkaEvent,
  {
    kind:
      | "BrokerRegistered"
      | "BrokerUnregistered"
      | "BrokerFenced"
      | "BrokerUnfenced"
      | "BrokerInControlledShutdown"
      | "BrokerStateChanged";
  }
>;

export function applyBrokerEvent(ghost: Ghost, event: BrokerEvent, o: Observation): void {
  if (event.kind === "BrokerStateChanged") {
    const broker = ghost.ownBroker(event.broker, o.node);
    broker.state = event.state;
    updateRunning(ghost, broker, o);
    return;
  }
  const broker = ghost.decided(event.broker, event.metadataOffset, o);
  if (broker === undefined) return;
  switch (event.kind) {
    case "BrokerRegistered":
      if (broker.epoch === event.brokerEpoch && broker.registered) return;
      broker.epoch = event.brokerEpoch;
      broker.registered = true;
      if (broker.incarnationEpoch < 0) broker.incarnationEpoch = event.brokerEpoch;
      broker.fenced = true;
      broker.inControlledShutdown = false;
      return;
    case "BrokerUnregistered":
      broker.registered = false;
      return;
    case "BrokerFenced":
    case "BrokerUnfenced":
      broker.fenced = event.kind === "BrokerFenced";
      return;
    case "BrokerInControlledShutdown":
      broker.inControlledShutdown = true;
  }
}

/** A controller's order has been accepted. Its first one makes a registered broker of ZooKeeper mode take part. */
export function onOrderAccepted(ghost: Ghost, broker: GhostBroker, controllerEpoch: number, o: Observation): void {
  const isFirst = broker.controllerEpochSeen < 0;
  broker.controllerEpochSeen = Math.max(broker.controllerEpochSeen, controllerEpoch);
  if (isFirst) updateRunning(ghost, broker, o);
}

function updateRunning(ghost: Ghost, broker: GhostBroker, o: Observation): void {
  const { state } = broker;
  const wasRunning = broker.running;
  const takesPart = state === "RECOVERY" || state === "RUNNING" || state === "PENDING_CONTROLLED_SHUTDOWN";
  broker.running = takesPart && (ghost.ensemble.servers.length === 0 || broker.controllerEpochSeen >= 0);
  for (const replica of broker.replicas) {
    if (broker.running && !wasRunning && replica.role === "leader") ghost.takeOffice(replica, o);
    ghost.touch(replica.partition);
  }
}
