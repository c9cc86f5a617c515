/**
 * A handler that has to wait, as data.
 *
 * Kafka's controller runs one handler after the other on one thread, and a handler blocks while ZooKeeper answers. Here a handler
 * is a procedure: each of its methods does what can be done at once and says what to wait for; the thread comes back with it.
 * What a procedure has to remember stands in its fields, so that it can be copied with the rest of the process.
 */
import { fail } from "../../base/assert.ts";
import type { Micros } from "../../base/units.ts";
import type { ZkRequest, ZkResponse } from "../zookeeper/client-protocol.ts";

export type Step =
  /** Comes back by `onResponses`, unless the session expires: that ends the whole handler. */
  | { readonly kind: "ask"; readonly requests: readonly ZkRequest[] }
  /** Comes back by `onReturned`. */
  | { readonly kind: "call"; readonly procedure: Procedure }
  /** Work that takes time: comes back by `onRested`. */
  | { readonly kind: "rest"; readonly us: Micros }
  | { readonly kind: "done"; readonly result?: unknown }
  /** Ends the handler, with whoever called it. */
  | { readonly kind: "abort"; readonly reason: AbortReason };

export type AbortReason =
  /** Another controller has been elected: ControllerMovedException. */
  | "controller-moved"
  | "session-expired"
  /** What the store holds is not what the handler can work with: it is logged, and the thread goes on with the next. */
  | "failed";

export const DONE: Step = Object.freeze({ kind: "done" });

export abstract class Procedure {
  /** Shown where the handler is named: `BrokerChange`. */
  abstract readonly name: string;

  abstract start(): Step;

  onResponses(_responses: readonly ZkResponse[]): Step {
    return fail(`${this.name} has asked for nothing`);
  }

  onReturned(_result: unknown): Step {
    return fail(`${this.name} has called nobody`);
  }

  onRested(): Step {
    return fail(`${this.name} has not rested`);
  }

  /** The handler that this is part of ended before its time. For what must be tidied up; must not wait. */
  onAborted(_reason: AbortReason): void {}
}
