/** A message on its way. */
import type { Flow } from "./connection.ts";
import type { Edit } from "./edits.ts";
import type { Message } from "./host.ts";
import { ScheduledEvent } from "./scheduled.ts";
import type { BeyondTcp } from "./trace.ts";
import type { World } from "./world.ts";

/** The place of what travels outside of its flow's order: a duplicate, a straggler. */
export const NO_PLACE = -1;

export class Delivery extends ScheduledEvent {
  readonly flow: Flow;
  readonly message: Message;
  /** Place in the flow, or {@link NO_PLACE}. */
  readonly place: number;
  /** It is the nth message of its kind on its link. 0 where nobody counts. */
  readonly nth: number;
  beyondTcp: BeyondTcp | undefined = undefined;
  /** Keeps its place but is never handed over. */
  lost = false;
  heldBy: Edit | undefined = undefined;

  constructor(cause: number, flow: Flow, message: Message, place: number, nth: number) {
    super(cause);
    this.flow = flow;
    this.message = message;
    this.place = place;
    this.nth = nth;
  }

  run(world: World): void {
    world.network.arrive(this);
  }
}
