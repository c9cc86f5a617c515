/** Who is alive, as the kernel and the processes themselves report it. */
import type { BrokerState } from "../../kafka/events.ts";
import type { BrokerEpoch, BrokerId, Offset } from "../../kafka/ids.ts";
import type { NodeName } from "../../sim/host.ts";
import type { GhostReplica } from "./ghost-partition.ts";

export class GhostBroker {
  readonly id: BrokerId;
  node: NodeName | undefined;
  /**
   * Whether it takes part: this incarnation has registered and caught up (RECOVERY, RUNNING, PENDING_CONTROLLED_SHUTDOWN).
   * Before that the controller has not yet judged how it stopped (KIP-966), and it accepts no requests, whatever role the
   * metadata that it has read so far gives it. In ZooKeeper mode a registration is judged when the controller gets to it: until
   * an order tells so, the broker has no role. True until something else is reported.
   */
  running = true;
  /** What the committed metadata says of it. */
  fenced = false;
  inControlledShutdown = false;
  epoch: BrokerEpoch = -1;
  /** Whether the store, or the metadata, has a registration of it. */
  registered = false;
  /** Under which epoch this incarnation of its process first registered; -1 before it did. */
  incarnationEpoch: BrokerEpoch = -1;
  /** As it says itself. */
  state: BrokerState = "NOT_RUNNING";
  /** The newest controller epoch of an order that this incarnation has accepted; -1 for none. */
  controllerEpochSeen = -1;
  /** Metadata offset of the last decision about it. */
  decidedAt: Offset = -1;
  decidedStep = 0;
  decidedTime = 0;
  /** In order of first appearance. */
  readonly replicas = new Set<GhostReplica>();

  constructor(id: BrokerId) {
    this.id = id;
  }
}

export class GhostNode {
  readonly name: NodeName;
  up = true;
  paused = false;
  broker: GhostBroker | undefined;

  constructor(name: NodeName) {
    this.name = name;
  }
}
