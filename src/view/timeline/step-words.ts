/** A step in words: what was delivered, which timer was due. For steps that report nothing, and for the way from one step to the next. */
import type { Tape } from "../../walk/tape.ts";
import { lasting } from "./clock.ts";

/** `Fetch #412 from broker-2 to broker-1`, `timer replica.fetch-timeout at broker-1`. */
export function describeStep(tape: Tape, step: number): string {
  const node = tape.nodeOf(step);
  const label = tape.labelOf(step);
  const at = node === undefined ? "" : ` at ${node}`;
  switch (tape.kindOf(step)) {
    case "message": {
      const delivery = tape.deliveryOf(step);
      if (delivery === undefined) return `${label}${at}`;
      const { message, nth, from, to } = delivery;
      return `${message}${nth > 0 ? ` #${nth}` : ""} from ${from} to ${to}`;
    }
    case "connection":
      return `connection ${label}${at}`;
    case "timer":
      return `timer ${label}${at}`;
    case "disk":
      return `disk has done ${label}${at}`;
    case "start":
      return node === undefined ? "start" : `${node} is started`;
    case "action":
      return `${label}${at}`;
  }
}

/** The same, with how long it took to come: `…, 0.4 ms on its way`, `…, set 20 ms before`. */
export function describeComing(tape: Tape, step: number): string {
  const words = describeStep(tape, step);
  const cause = tape.causeOf(step);
  if (cause === 0) return words;
  const took = lasting(tape.timeOf(step) - tape.timeOf(cause));
  const mark = tape.beyondTcpOf(step);
  switch (tape.kindOf(step)) {
    case "message":
      return `${words}, ${took} on its way${mark === undefined ? "" : ` (${mark})`}`;
    case "timer":
      return `${words}, set ${took} before`;
    case "disk":
      return `${words}, asked ${took} before`;
    default:
      return `${words}, ${took} later`;
  }
}
