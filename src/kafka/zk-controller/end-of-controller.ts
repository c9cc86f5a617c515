/** Ways in which a controller comes to its end that nobody else has to be elected for. Source: KafkaController.processExpire, shutdown. */
import { NONE } from "../ids.ts";
import { DONE, Procedure, type Step } from "../zk/procedure.ts";
import type { ControllerSelf } from "./controller-self.ts";

/** The session is gone. Only when everything from before has come to its end does a new one begin. */
export class Expire extends Procedure {
  readonly name = "Expire";
  private readonly self: ControllerSelf;

  constructor(self: ControllerSelf) {
    super();
    this.self = self;
  }

  start(): Step {
    this.self.activeControllerId = NONE;
    this.self.resign();
    this.self.zk.startNewSession();
    return DONE;
  }
}

export interface ShutdownOwner {
  /** No handler runs, and none will. */
  onControllerStopped(): void;
}

export class ShutdownEventThread extends Procedure {
  readonly name = "ShutdownEventThread";
  private readonly self: ControllerSelf;
  private readonly owner: ShutdownOwner;

  constructor(self: ControllerSelf, owner: ShutdownOwner) {
    super();
    this.self = self;
    this.owner = owner;
  }

  start(): Step {
    this.self.activeControllerId = NONE;
    this.self.resign();
    this.owner.onControllerStopped();
    return DONE;
  }
}
