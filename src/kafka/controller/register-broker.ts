/**
 * A broker registers: it appears, comes back as another incarnation, or says the same again.
 *
 * A new incarnation gets the offset of its registration record as its broker epoch and starts fenced. While the old one's
 * session lives it is refused, so a broker that crashed and comes back fast waits for its own ghost to be fenced.
 * Source: ClusterControlManager.registerBroker, KIP-631, KIP-903, KIP-966.
 */
import type { Micros } from "../../base/units.ts";
import type { ErrorCode } from "../errors.ts";
import { NONE } from "../ids.ts";
import type { BrokerRegistrationRequest, BrokerRegistrationResponse } from "../messages/broker-lifecycle.ts";
import type { MetadataRecord } from "../metadata/records.ts";
import type { ControllerContext, ControllerResult } from "./controller-context.ts";
import type { HeartbeatManager } from "./heartbeat-manager.ts";
import { endIncarnation } from "./leader-and-isr-updates.ts";

/** Touches `heartbeats` too: a registration counts as a sign of life. */
export function registerBroker(
  context: ControllerContext,
  heartbeats: HeartbeatManager,
  request: BrokerRegistrationRequest,
  { clusterId, now }: { readonly clusterId: string; readonly now: Micros },
): ControllerResult<BrokerRegistrationResponse> {
  const { image } = context.state;
  const { brokerId, incarnationId } = request;
  if (request.clusterId !== clusterId) return refused("INCONSISTENT_CLUSTER_ID");
  const existing = image.broker(brokerId);
  const sameIncarnation = existing?.incarnationId === incarnationId;
  if (existing !== undefined && !sameIncarnation && heartbeats.hasValidSession(brokerId, now)) {
    return refused("DUPLICATE_BROKER_REGISTRATION");
  }

  const records: MetadataRecord[] = [];
  if (!sameIncarnation) {
    const cleanShutdown = existing !== undefined && existing.epoch === request.previousBrokerEpoch;
    for (const record of endIncarnation(context, brokerId, cleanShutdown)) records.push(record);
    heartbeats.remove(brokerId);
  }
  const brokerEpoch = sameIncarnation ? existing.epoch : image.nextOffset + records.length;
  const fenced = sameIncarnation ? existing.fenced : true;
  records.push({
    type: "RegisterBroker",
    brokerId,
    brokerEpoch,
    incarnationId,
    host: request.host,
    rack: request.rack,
    fenced,
    inControlledShutdown: sameIncarnation && existing.inControlledShutdown,
  });
  heartbeats.touch(brokerId, { fenced, metadataOffset: NONE, now });
  return { records, reply: { errorCode: "NONE", brokerEpoch } };
}

function refused(errorCode: ErrorCode): ControllerResult<BrokerRegistrationResponse> {
  return { records: [], reply: { errorCode, brokerEpoch: NONE } };
}
