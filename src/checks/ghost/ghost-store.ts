/** What the observer knows of the elected controller of ZooKeeper mode: its epoch in the store, its cache, and whom brokers obey. */
import type { Micros } from "../../base/units.ts";
import type { KafkaEvent } from "../../kafka/events.ts";
import { type BrokerId, NONE } from "../../kafka/ids.ts";
import type { ControllerCacheUpdated, PartitionStateWritten } from "../../kafka/zookeeper-events.ts";
import type { NodeName } from "../../sim/host.ts";
import type { NodeEvent } from "../../sim/node-events.ts";
import type { Observation } from "../observation.ts";
import { onOrderAccepted } from "./broker-events.ts";
import type { Ghost } from "./ghost.ts";
import type { GhostPartition } from "./ghost-partition.ts";

interface Noted<E> {
  readonly event: E;
  readonly step: number;
  readonly timeUs: Micros;
}

export class GhostStore {
  /** As `/controller_epoch` says. */
  controllerEpoch = 0;
  epochStep = 0;
  epochTime: Micros = 0;
  /** The newest controller that has become active and not given up; undefined if there is none. */
  active: { readonly broker: BrokerId; readonly epoch: number; readonly node: NodeName | undefined } | undefined;
  /** Its cache, as far as it has told. */
  readonly cache = new Map<GhostPartition, Noted<ControllerCacheUpdated>>();
  readonly written = new Map<GhostPartition, Noted<PartitionStateWritten>>();
  /** What was there before the write that is looked at. */
  writtenBefore: Noted<PartitionStateWritten> | undefined;
  isNews = false;
}

export function applyStoreEvent(ghost: Ghost, event: KafkaEvent | NodeEvent, o: Observation): void {
  const { store } = ghost;
  switch (event.kind) {
    case "ControllerEpochChanged":
      if (event.epoch <= store.controllerEpoch) return;
      store.controllerEpoch = event.epoch;
      store.epochStep = o.step;
      store.epochTime = o.timeUs;
      return;
    case "ControllerActivated":
      if (store.active !== undefined && event.epoch <= store.active.epoch) return;
      store.active = { broker: event.replica, epoch: event.epoch, node: o.node };
      store.cache.clear();
      return;
    case "ControllerRenounced":
      if (store.active?.epoch === event.epoch) store.active = undefined;
      return;
    case "ControllerCacheUpdated": {
      if (event.epoch !== store.active?.epoch) return;
      const partition = ghost.partitionOf(event.topic, event.partition);
      if (event.leaderEpoch === NONE) store.cache.delete(partition);
      else store.cache.set(partition, { event, step: o.step, timeUs: o.timeUs });
      ghost.touch(partition);
      return;
    }
    case "PartitionStateWritten": {
      store.isNews = false;
      if (ghost.topics.isPast(event.topic, event.metadataOffset)) return;
      const partition = ghost.partitionOf(event.topic, event.partition);
      const before = store.written.get(partition);
      store.isNews = before === undefined || event.metadataOffset > before.event.metadataOffset;
      if (!store.isNews) return;
      store.writtenBefore = before;
      store.written.set(partition, { event, step: o.step, timeUs: o.timeUs });
      ghost.touch(partition);
      return;
    }
    case "PartitionReassigned": {
      if (ghost.topics.isPast(event.topic, event.metadataOffset)) return;
      const partition = ghost.partitionOf(event.topic, event.partition);
      if (event.metadataOffset < partition.reassignedAt) return;
      partition.reassignedAt = event.metadataOffset;
      partition.removing = event.removingReplicas;
      ghost.touch(partition);
      return;
    }
    case "ControlRequestHandled": {
      const broker = ghost.ownBroker(event.broker, o.node);
      if (event.error === "NONE") onOrderAccepted(ghost, broker, event.controllerEpoch, o);
      return;
    }
    default:
  }
}
