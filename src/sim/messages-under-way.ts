/** Finds every message that is on its way, wherever in the world it waits. Only looks. */
import type { Micros } from "../base/units.ts";
import type { Flow } from "./connection.ts";
import { Delivery, NO_PLACE } from "./delivery.ts";
import type { Queued } from "./event-queue.ts";
import type { Network } from "./network.ts";
import type { SimNode } from "./node.ts";
import type { ScheduledEvent } from "./scheduled.ts";
import { isSignal } from "./signal.ts";
import type { MessageUnderWay, Whereabouts } from "./under-way.ts";

/**
 * What travels, by arrival; then what is held, in the order in which it was sent; what is blocked, by link; what waits at nodes that stand
 * still; and what came early, by flow and place. Signals are left out, and so is what waits at its sender for a handshake.
 */
export function listMessagesUnderWay(
  future: readonly Queued<ScheduledEvent>[],
  network: Network,
  nodes: Iterable<SimNode>,
): MessageUnderWay[] {
  const listing = new Listing();
  for (const { at, payload } of future) if (payload instanceof Delivery) listing.add(payload, "travelling", at);
  for (const delivery of network.tampering.held) listing.add(delivery, "held");
  for (const link of network.allLinks()) for (const delivery of link.parked) listing.add(delivery, "blocked");
  for (const node of nodes) {
    for (const event of node.backlog) if (event instanceof Delivery) listing.add(event, "waiting");
  }
  listing.addEarly();
  return listing.messages;
}

class Listing {
  readonly messages: MessageUnderWay[] = [];
  private readonly flows = new Set<Flow>();

  add(delivery: Delivery, whereabouts: Whereabouts, arrivesAt?: Micros): void {
    this.flows.add(delivery.flow);
    const { message, nth, cause, beyondTcp, heldBy, place } = delivery;
    if (isSignal(message) || isEmptyPlace(delivery)) return;
    const { from, to } = delivery.flow.link;
    this.messages.push({
      message,
      from: from.name,
      to: to.name,
      nth,
      sentBy: cause,
      whereabouts,
      arrivesAt,
      isCopy: place === NO_PLACE && beyondTcp === "duplicated",
      isLost: isLost(delivery, whereabouts),
      beyondTcp,
      heldBy: heldBy?.spec.name,
    });
  }

  /** What came early waits for something that is under way itself, so its flow has been seen. */
  addEarly(): void {
    for (const { early } of this.flows) {
      const inOrder = [...early].sort((one, other) => one.place - other.place);
      for (const delivery of inOrder) this.add(delivery, "queued");
    }
  }
}

/** It only keeps the place of a straggler. */
function isEmptyPlace({ lost, beyondTcp, place }: Delivery): boolean {
  return lost && beyondTcp === "reordered" && place !== NO_PLACE;
}

function isLost({ lost, flow }: Delivery, whereabouts: Whereabouts): boolean {
  const { source, target, link } = flow;
  if (lost || target === undefined || isGone(target.state)) return true;
  // What a clog held arrives by itself; what a cut held, or a host without power, has to be sent again.
  return whereabouts === "blocked" && link.clogs === 0 && (source === undefined || isGone(source.state));
}

function isGone(state: "connecting" | "open" | "closed" | "vanished"): boolean {
  return state === "closed" || state === "vanished";
}
