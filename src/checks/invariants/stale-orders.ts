/**
 * SingleActiveController and StaleControlRequestIgnored: who has been replaced changes nothing any more.
 *
 * SingleActiveController. Once `/controller_epoch` has passed a controller's epoch, no partition state of that controller
 * takes effect in the store: none that raises the leader epoch, and none over a state of its successor.
 * StaleControlRequestIgnored. An order with a smaller controller epoch than the broker has accepted, with the epoch of an
 * earlier registration than this incarnation's first, or with a smaller leader epoch than the replica's, changes no replica
 * and no metadata.
 *
 * Legal: a leader that writes its ISR itself (before 2.7) names the controller epoch that it was appointed under. A broker
 * whose session has expired may not know of its own new registration yet, so only an earlier incarnation's epoch counts.
 */
import { NONE } from "../../kafka/ids.ts";
import type { ControlOrderObeyed } from "../../kafka/zookeeper-events.ts";
import type { Ghost } from "../ghost/ghost.ts";
import type { Fact, Invariant, Reporter } from "../invariant.ts";
import type { Observation } from "../observation.ts";

export class SingleActiveController implements Invariant {
  readonly name = "SingleActiveController";
  readonly promise = "Once another controller has been elected, no decision of the former one takes effect.";
  readonly source = "the controller epoch in ZooKeeper; KAFKA-6082";
  readonly watches = ["PartitionStateWritten"] as const;

  observe({ event }: Observation, ghost: Ghost, reporter: Reporter): void {
    const { store, partition } = ghost;
    if (event.kind !== "PartitionStateWritten" || !store.isNews || partition === undefined) return;
    const before = store.writtenBefore;
    const { controllerEpoch, leaderEpoch, leader } = event;
    const decides = before === undefined || leaderEpoch > before.event.leaderEpoch;
    const overSuccessor = before !== undefined && controllerEpoch < before.event.controllerEpoch;
    if (!overSuccessor && !(decides && controllerEpoch < store.controllerEpoch)) return;
    const newer = overSuccessor
      ? {
          step: before.step,
          timeUs: before.timeUs,
          text: `${partition.name}: the controller of epoch ${before.event.controllerEpoch} had decided leader ${before.event.leader}, epoch ${before.event.leaderEpoch}`,
        }
      : { step: store.epochStep, timeUs: store.epochTime, text: `the controller of epoch ${store.controllerEpoch} was elected` };
    const what = `the controller of epoch ${controllerEpoch} wrote leader ${leader}, epoch ${leaderEpoch}`;
    reporter.report(this, {
      subject: `${partition.name}@${controllerEpoch}`,
      partition: partition.name,
      message: `${partition.name}: ${what}, when there was a newer controller`,
      facts: [newer, reporter.now(`${partition.name}: ${what}`)],
    });
  }
}

export class StaleControlRequestIgnored implements Invariant {
  readonly name = "StaleControlRequestIgnored";
  readonly promise = "An order of an older controller, for an earlier incarnation, or of an older leader epoch changes nothing.";
  readonly source = "KIP-380, KIP-570; the controller epoch";
  readonly watches = ["ControlOrderObeyed", "MetadataCacheUpdated"] as const;

  observe(o: Observation, ghost: Ghost, reporter: Reporter): void {
    const { event } = o;
    if (event.kind === "ControlOrderObeyed") this.judgeOrder(event, o, ghost, reporter);
    else if (event.kind === "MetadataCacheUpdated") {
      const { broker, controllerEpoch } = event;
      const seen = ghost.ownBroker(broker, o.node).controllerEpochSeen;
      if (controllerEpoch >= seen) return;
      const known = reporter.now(`broker ${broker} had accepted orders of controller epoch ${seen}`);
      const name = `${event.topic}-${event.partition}`;
      this.report(name, broker, known, `took over metadata of controller epoch ${controllerEpoch}`, reporter);
    }
  }

  private judgeOrder(event: ControlOrderObeyed, o: Observation, ghost: Ghost, reporter: Reporter): void {
    const replica = ghost.replicaOf(event.topic, event.partition, event.broker, o);
    const { broker } = replica;
    const { name } = replica.partition;
    const { api, controllerEpoch, brokerEpoch, leaderEpoch } = event;
    const order = `obeyed ${api === "StopReplica" ? "a StopReplica" : "a LeaderAndIsr"}`;
    if (controllerEpoch < broker.controllerEpochSeen) {
      const known = reporter.now(`broker ${broker.id} had accepted orders of controller epoch ${broker.controllerEpochSeen}`);
      this.report(name, broker.id, known, `${order} of controller epoch ${controllerEpoch}`, reporter);
    } else if (brokerEpoch !== NONE && brokerEpoch < broker.incarnationEpoch) {
      const text = `broker ${broker.id} registered anew, with broker epoch ${broker.incarnationEpoch}`;
      const known = { step: broker.decidedStep, timeUs: broker.decidedTime, text };
      this.report(name, broker.id, known, `${order} meant for broker epoch ${brokerEpoch}`, reporter);
    } else if (leaderEpoch >= 0 && leaderEpoch < replica.leaderEpoch) {
      const text = `${name}: broker ${broker.id} was ${replica.role} in epoch ${replica.leaderEpoch}`;
      const known = { step: replica.roleStep, timeUs: replica.roleTime, text };
      this.report(name, broker.id, known, `${order} of leader epoch ${leaderEpoch}`, reporter);
    }
  }

  private report(partition: string, broker: number, known: Fact, what: string, reporter: Reporter): void {
    reporter.report(this, {
      subject: `${partition}/${broker}`,
      partition,
      message: `${partition}: broker ${broker} ${what}`,
      facts: [known, reporter.now(`${partition}: broker ${broker} ${what}`)],
    });
  }
}
