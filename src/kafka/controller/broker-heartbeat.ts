/** A broker says that it lives and what it wants; the controller moves it on. Source: ReplicationControlManager.processBrokerHeartbeat. */
import { assert } from "../../base/assert.ts";
import type { Micros } from "../../base/units.ts";
import { NONE } from "../ids.ts";
import type { BrokerHeartbeatRequest, BrokerHeartbeatResponse } from "../messages/broker-lifecycle.ts";
import type { BrokerRegistration } from "../metadata/image.ts";
import type { MetadataRecord } from "../metadata/records.ts";
import { type BrokerControlState, nextBrokerState } from "./broker-state.ts";
import type { ControllerContext, ControllerResult } from "./controller-context.ts";
import type { HeartbeatManager } from "./heartbeat-manager.ts";
import { beginControlledShutdown, fenceBroker, unfenceBroker } from "./leader-and-isr-updates.ts";

export interface HeartbeatResult extends ControllerResult<BrokerHeartbeatResponse> {
  /** The caller must tell the heartbeat manager the offset of the last record, once it knows it. */
  readonly inControlledShutdown: boolean;
}

const NO_RECORDS: readonly MetadataRecord[] = [];
const STALE: HeartbeatResult = {
  records: NO_RECORDS,
  reply: { errorCode: "STALE_BROKER_EPOCH", isCaughtUp: false, isFenced: true, shouldShutDown: false },
  inControlledShutdown: false,
};

export function processBrokerHeartbeat(
  context: ControllerContext,
  heartbeats: HeartbeatManager,
  request: BrokerHeartbeatRequest,
  now: Micros,
): HeartbeatResult {
  const { image, index } = context.state;
  const { brokerId, currentMetadataOffset } = request;
  const broker = image.broker(brokerId);
  if (broker === undefined || broker.epoch !== request.brokerEpoch) return STALE;
  const registrationOffset = context.state.registrationOffset(brokerId);
  assert(registrationOffset !== undefined, `broker ${brokerId} is registered, but no record says so`);

  const current = heartbeats.controlState(brokerId);
  const shuttingDown = current === "CONTROLLED_SHUTDOWN";
  const next = nextBrokerState(current, request, {
    registrationOffset,
    leadsPartitions: index.hasLeaderships(brokerId),
    controlledShutdownOffset: heartbeats.controlledShutdownOffset(brokerId),
    lowestActiveOffset: shuttingDown ? heartbeats.lowestActiveOffset() : NONE,
  });
  const records = current === next ? NO_RECORDS : transition(context, broker, next);
  const fenced = next === "FENCED" || next === "SHUTDOWN_NOW";
  heartbeats.touch(brokerId, { fenced, metadataOffset: currentMetadataOffset, now });
  return {
    records,
    reply: {
      errorCode: "NONE",
      isCaughtUp: currentMetadataOffset >= registrationOffset,
      isFenced: fenced,
      shouldShutDown: next === "SHUTDOWN_NOW",
    },
    inControlledShutdown: next === "CONTROLLED_SHUTDOWN",
  };
}

function transition(context: ControllerContext, broker: BrokerRegistration, next: BrokerControlState): MetadataRecord[] {
  switch (next) {
    case "FENCED":
    case "SHUTDOWN_NOW":
      return fenceBroker(context, broker);
    case "UNFENCED":
      return unfenceBroker(context, broker);
    case "CONTROLLED_SHUTDOWN":
      return beginControlledShutdown(context, broker);
  }
}
