/**
 * Brokers have registered, or their registrations are gone.
 *
 * A broker that has registered anew since it was last looked at has died and come back, whether its absence was seen or not: its czxid is
 * higher (KIP-380, 2.2). Before, it went unnoticed, and the broker waited for orders that never came.
 * Source: KafkaController.processBrokerChange, onBrokerStartup, onBrokerFailure.
 */
import type { BrokerId } from "../ids.ts";
import { DONE, Procedure, type Step } from "../zk/procedure.ts";
import { ChangeReplicaStates } from "./change-replica-states.ts";
import { sendUpdateMetadata } from "./control-request-batch.ts";
import type { LiveBroker } from "./controller-context.ts";
import { workOn } from "./controller-core.ts";
import type { ControllerSelf } from "./controller-self.ts";
import { bringPartitionsOnline } from "./failover.ts";
import { InOrder } from "./in-order.ts";
import { compareBrokers } from "./live-brokers.ts";
import { ReadBrokers } from "./read-brokers.ts";
import { ReplicasOffline } from "./replicas-offline.ts";

export class BrokerChange extends Procedure {
  readonly name = "BrokerChange";
  private readonly self: ControllerSelf;
  private phase: "reading" | "following" = "reading";

  constructor(self: ControllerSelf) {
    super();
    this.self = self;
  }

  start(): Step {
    return this.self.isActive ? { kind: "call", procedure: new ReadBrokers() } : DONE;
  }

  override onReturned(result: unknown): Step {
    if (this.phase === "following") return DONE;
    this.phase = "following";
    return { kind: "call", procedure: new InOrder("BrokersChanged", this.follow(result as readonly LiveBroker[])) };
  }

  private follow(current: readonly LiveBroker[]): Procedure[] {
    const { self } = this;
    const { context, channels, dials } = self;
    const detectBounced = dials["zk.detectBouncedBroker"];
    const { added, bounced, dead } = compareBrokers(context.liveOrShuttingDownBrokers(), current, detectBounced);
    const bouncedIds = bounced.map(({ id }) => id);

    for (const { id, host } of added) channels.addBroker(id, host);
    for (const { id, host } of bounced) {
      channels.removeBroker(id);
      channels.addBroker(id, host);
    }
    for (const id of dead) channels.removeBroker(id);
    if (!detectBounced) {
      // The dead were gone before anybody was greeted.
      context.removeLiveBrokers(dead);
      context.addLiveBrokers(added);
    }

    const procedures: Procedure[] = [];
    if (added.length > 0) procedures.push(new BrokersStarted(self, added));
    if (bounced.length > 0) procedures.push(new BrokersFailed(self, bouncedIds), new BrokersStarted(self, bounced));
    if (dead.length > 0) procedures.push(new BrokersFailed(self, dead));
    return procedures;
  }
}

/** They hear of everything, their replicas are online, and whatever has waited for them goes on. Source: KafkaController.onBrokerStartup. */
class BrokersStarted extends Procedure {
  readonly name = "BrokersStarted";
  private readonly self: ControllerSelf;
  private readonly brokers: readonly LiveBroker[];
  private readonly ids: readonly BrokerId[];
  private phase: "replicas" | "partitions" | "duties" = "replicas";

  constructor(self: ControllerSelf, brokers: readonly LiveBroker[]) {
    super();
    this.self = self;
    this.brokers = brokers;
    this.ids = brokers.map(({ id }) => id);
  }

  start(): Step {
    const { self, ids } = this;
    const { context } = self;
    context.addLiveBrokers(this.brokers);
    for (const id of ids) context.replicasOnOfflineDirs.delete(id);
    const others = context.liveOrShuttingDownBrokerIds().filter((id) => !ids.includes(id));
    sendUpdateMetadata(self, others, []);
    sendUpdateMetadata(self, ids, context.partitionsWithLeaders());
    return workOn(self, context.partitionCount);
  }

  override onRested(): Step {
    const replicas = this.self.context.replicasOnBrokers(this.ids);
    return { kind: "call", procedure: new ChangeReplicaStates(this.self, replicas, "OnlineReplica") };
  }

  override onReturned(): Step {
    const { self, ids } = this;
    switch (this.phase) {
      case "replicas":
        this.phase = "partitions";
        return { kind: "call", procedure: bringPartitionsOnline(self) };
      case "partitions": {
        this.phase = "duties";
        const procedures = self.duties.flatMap((duty) => duty.onBrokersStarted?.(ids) ?? []);
        return { kind: "call", procedure: new InOrder("BrokersStarted", procedures) };
      }
      case "duties":
        return DONE;
    }
  }
}

/** Source: KafkaController.onBrokerFailure. */
class BrokersFailed extends Procedure {
  readonly name = "BrokersFailed";
  private readonly self: ControllerSelf;
  private readonly ids: readonly BrokerId[];

  constructor(self: ControllerSelf, ids: readonly BrokerId[]) {
    super();
    this.self = self;
    this.ids = ids;
  }

  start(): Step {
    const { self, ids } = this;
    const { context } = self;
    context.removeLiveBrokers(ids);
    for (const id of ids) {
      context.replicasOnOfflineDirs.delete(id);
      context.shuttingDownBrokers.delete(id);
    }
    return { kind: "call", procedure: new ReplicasOffline(self, context.replicasOnBrokers(ids)) };
  }

  override onReturned(): Step {
    return DONE;
  }
}
