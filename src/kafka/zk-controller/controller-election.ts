/**
 * Who is the controller: looks at `/controller`, stands for election when nobody is, resigns when somebody else is.
 * Source: KafkaController.elect, maybeResign, triggerControllerMove.
 */
import { NONE } from "../ids.ts";
import { type AbortReason, DONE, Procedure, type Step } from "../zk/procedure.ts";
import { dataOf, deleteNode, type EpochFence, exists, fenced, getData } from "../zk/store-requests.ts";
import { CONTROLLER_PATH, type ControllerZnode } from "../zk/znodes.ts";
import type { ZkResponse } from "../zookeeper/client-protocol.ts";
import { ClaimController } from "./claim-controller.ts";
import { ClaimControllerInTwoSteps } from "./claim-controller-in-two-steps.ts";
import type { ControllerSelf } from "./controller-self.ts";
import { Failover } from "./failover.ts";
import { epochFence } from "./fenced-writes.ts";
import { InOrder } from "./in-order.ts";
import { RegisterBroker } from "./register-broker.ts";

// ---- events ----

export function startup(self: ControllerSelf): Procedure {
  return new InOrder("Startup", [new MaybeResign(self), new Elect(self)]);
}

/** `/controller` was created, or names another. */
export function controllerChange(self: ControllerSelf): Procedure {
  return new InOrder("ControllerChange", [new MaybeResign(self)]);
}

/** `/controller` is gone. */
export function reelect(self: ControllerSelf): Procedure {
  return new InOrder("Reelect", [new MaybeResign(self), new Elect(self)]);
}

/** There is a new session. */
export function registerBrokerAndReelect(self: ControllerSelf): Procedure {
  return new InOrder("RegisterBrokerAndReelect", [new RegisterBroker(self), new MaybeResign(self), new Elect(self)]);
}

// ---- their parts ----

function controllerIn(answer: ZkResponse): number {
  return dataOf<ControllerZnode>(answer)?.brokerId ?? NONE;
}

/** Looks again who the controller is, and on from there; resigns if that is no longer this broker. */
class MaybeResign extends Procedure {
  readonly name = "MaybeResign";
  private readonly self: ControllerSelf;

  constructor(self: ControllerSelf) {
    super();
    this.self = self;
  }

  start(): Step {
    return { kind: "ask", requests: [exists(CONTROLLER_PATH, true), getData(CONTROLLER_PATH, true)] };
  }

  override onResponses(answers: readonly ZkResponse[]): Step {
    const { self } = this;
    const wasActive = self.isActive;
    self.activeControllerId = controllerIn(answers[1] as ZkResponse);
    if (wasActive && !self.isActive) self.resign();
    return DONE;
  }
}

/** Stands for election if there is no controller, and takes over if it wins. */
class Elect extends Procedure {
  readonly name = "Elect";
  private readonly self: ControllerSelf;
  private phase: "looking" | "claiming" | "taking-over" = "looking";

  constructor(self: ControllerSelf) {
    super();
    this.self = self;
  }

  start(): Step {
    return { kind: "ask", requests: [getData(CONTROLLER_PATH, true)] };
  }

  override onResponses([answer]: readonly [ZkResponse]): Step {
    const { self } = this;
    self.activeControllerId = controllerIn(answer);
    if (self.activeControllerId !== NONE) return DONE;
    this.phase = "claiming";
    const fences = self.dials["zk.fenceWritesWithControllerEpoch"];
    return { kind: "call", procedure: fences ? new ClaimController(self) : new ClaimControllerInTwoSteps(self) };
  }

  override onReturned(): Step {
    if (this.phase === "taking-over" || !this.self.isActive) return DONE;
    this.phase = "taking-over";
    return { kind: "call", procedure: new Failover(this.self) };
  }

  override onAborted(reason: AbortReason): void {
    if (reason === "failed") this.self.thread.submitFirst(new TriggerControllerMove(this.self));
  }
}

/**
 * Gives up an election that has been won, so that there will be another one. Without the fence whoever is the controller by now
 * loses its node (before 2.1).
 */
class TriggerControllerMove extends Procedure {
  readonly name = "TriggerControllerMove";
  private readonly self: ControllerSelf;
  private phase: "looking" | "deleting" = "looking";

  constructor(self: ControllerSelf) {
    super();
    this.self = self;
  }

  start(): Step {
    if (!this.self.dials["zk.fenceWritesWithControllerEpoch"]) return this.move(undefined);
    return { kind: "ask", requests: [getData(CONTROLLER_PATH, true)] };
  }

  override onResponses([answer]: readonly [ZkResponse]): Step {
    if (this.phase === "deleting") return DONE;
    this.self.activeControllerId = controllerIn(answer);
    return this.self.isActive ? this.move(epochFence(this.self)) : DONE;
  }

  private move(fence: EpochFence): Step {
    this.phase = "deleting";
    this.self.activeControllerId = NONE;
    this.self.resign();
    return { kind: "ask", requests: [fenced(deleteNode(CONTROLLER_PATH), fence)] };
  }
}
