/**
 * What TCP would never do to a message, done on purpose (by an edit) or by chance, and marked in the trace.
 *
 * A message that is dropped, delayed or held keeps its place in its flow: what was sent behind it waits for it.
 * A duplicate and a straggler travel outside of the order.
 */
import type { Micros } from "../base/units.ts";
import { Delivery, NO_PLACE } from "./delivery.ts";
import { Edit, type EditSpec } from "./edits.ts";
import type { NodeName } from "./host.ts";
import type { LinkChances } from "./link.ts";
import type { World } from "./world.ts";

export class Tampering {
  readonly edits: Edit[] = [];
  private readonly world: World;
  /** In the order in which they were sent. */
  held: Delivery[] = [];

  constructor(world: World) {
    this.world = world;
  }

  addEdit(spec: EditSpec): Edit {
    const edit = new Edit(spec);
    if (spec.byHand) this.edits.unshift(edit);
    else this.edits.push(edit);
    return edit;
  }

  /** The edits of this name apply to nothing more. */
  retire(name: string): void {
    for (const edit of this.edits) if (edit.spec.name === name && !edit.spec.byHand) edit.spent = true;
  }

  /** Lets go what the edits of this name hold; they hold no more from now on. */
  release(name: string): number {
    this.retire(name);
    const released = this.held.filter((delivery) => delivery.heldBy?.spec.name === name);
    this.held = this.held.filter((delivery) => delivery.heldBy?.spec.name !== name);
    for (const delivery of released) {
      delivery.heldBy = undefined;
      this.world.schedule(0, delivery);
    }
    return released.length;
  }

  /** The message that goes by this name, if an edit holds it. */
  heldMessage(kind: string, from: NodeName, to: NodeName, nth: number): Delivery | undefined {
    return this.held.find((held) => {
      const { link } = held.flow;
      return held.nth === nth && held.message.kind === kind && link.from.name === from && link.to.name === to;
    });
  }

  /** Lets one message go; the edit that held it stays in force. */
  releaseOne(delivery: Delivery): void {
    this.held = this.held.filter((held) => held !== delivery);
    delivery.heldBy = undefined;
    this.world.schedule(0, delivery);
  }

  /** What happens to a message that would arrive at `arrival`: when it will, or undefined if it is held. */
  tamper(delivery: Delivery, arrival: Micros): Micros | undefined {
    const { chances } = delivery.flow.link;
    // Chance draws for every message, so that an edit of one doesn't change the luck of the next.
    const luck = chances === undefined ? undefined : delivery.flow.link.drawLuck(chances as LinkChances);
    const edit = this.editOf(delivery);
    if (edit !== undefined) return this.applyEdit(edit, delivery, arrival);
    if (luck === undefined) return arrival;
    if (luck.dropped) return this.drop(delivery, arrival);
    if (luck.duplicated) this.duplicate(delivery, arrival);
    if (luck.reorderedBy !== undefined) return this.reorder(delivery, arrival, luck.reorderedBy);
    return luck.delayedBy > 0 ? this.delay(delivery, arrival, luck.delayedBy) : arrival;
  }

  /** The first edit that means this delivery. One made by hand leaves the count of the others as it would have been. */
  private editOf(delivery: Delivery): Edit | undefined {
    const { message, nth, flow } = delivery;
    let byHand: Edit | undefined;
    for (const edit of this.edits) {
      if (!edit.takes(message, flow.link.from.name, flow.link.to.name, nth)) continue;
      if (!edit.spec.byHand) return byHand ?? edit;
      byHand ??= edit;
    }
    return byHand;
  }

  private applyEdit(edit: Edit, delivery: Delivery, arrival: Micros): Micros | undefined {
    const { action } = edit.spec;
    switch (action.do) {
      case "drop":
        return this.drop(delivery, arrival);
      case "delay":
        return this.delay(delivery, arrival, action.byUs);
      case "hold":
        delivery.heldBy = edit;
        delivery.beyondTcp = "held";
        this.held.push(delivery);
        return undefined;
      case "duplicate":
        this.duplicate(delivery, arrival);
        return arrival;
      case "reorder":
        return this.reorder(delivery, arrival, action.byUs);
    }
  }

  private drop(delivery: Delivery, arrival: Micros): Micros {
    delivery.lost = true;
    delivery.beyondTcp = "dropped";
    return arrival;
  }

  private delay(delivery: Delivery, arrival: Micros, by: Micros): Micros {
    delivery.beyondTcp = "delayed";
    return arrival + by;
  }

  private duplicate(delivery: Delivery, arrival: Micros): void {
    this.outOfOrder(delivery, arrival + 1, "duplicated");
  }

  /** The message gives up its place and arrives outside of the flow's order. */
  private reorder(delivery: Delivery, arrival: Micros, by: Micros): Micros {
    this.outOfOrder(delivery, arrival + by, "reordered");
    delivery.lost = true;
    delivery.beyondTcp = "reordered";
    return arrival;
  }

  private outOfOrder(delivery: Delivery, arrival: Micros, mark: "duplicated" | "reordered"): void {
    const { cause, flow, message, nth } = delivery;
    const twin = new Delivery(cause, flow, message, NO_PLACE, nth);
    twin.beyondTcp = mark;
    this.world.schedule(arrival - this.world.time, twin);
  }
}
