/**
 * Wins or loses an election as before 2.1: first `/controller` is created, then the epoch raised. In between somebody else may have been
 * elected. Source: KafkaController.elect, incrementControllerEpoch (2.0).
 */
import { DONE, Procedure, type Step } from "../zk/procedure.ts";
import { create, dataOf, getData, setData } from "../zk/store-requests.ts";
import { CONTROLLER_EPOCH_PATH, CONTROLLER_PATH, type ControllerEpochZnode, type ControllerZnode } from "../zk/znodes.ts";
import type { ZkResponse } from "../zookeeper/client-protocol.ts";
import { createController } from "./claim-controller.ts";
import type { ControllerSelf } from "./controller-self.ts";

/** Whoever was elected then started at 1. */
const INITIAL_EPOCH = 1;

const FAILED: Step = Object.freeze({ kind: "abort", reason: "failed" });

export class ClaimControllerInTwoSteps extends Procedure {
  readonly name = "ClaimController";
  private readonly self: ControllerSelf;
  private phase: "claiming" | "looking" | "reading-epoch" | "raising-epoch" | "creating-epoch" = "claiming";
  private epoch = 0;

  constructor(self: ControllerSelf) {
    super();
    this.self = self;
  }

  start(): Step {
    this.phase = "claiming";
    return { kind: "ask", requests: [createController(this.self)] };
  }

  override onResponses([answer]: readonly [ZkResponse]): Step {
    switch (this.phase) {
      case "claiming":
        return this.onClaimed(answer);
      case "looking":
        return this.onFound(answer);
      case "reading-epoch":
        return this.onEpoch(answer);
      case "raising-epoch":
        return this.onRaised(answer);
      case "creating-epoch":
        return answer.error === "OK" ? this.won(answer) : FAILED;
    }
  }

  private onClaimed({ error }: ZkResponse): Step {
    if (error === "OK") return this.claimed();
    if (error !== "NODEEXISTS") return FAILED;
    this.phase = "looking";
    return { kind: "ask", requests: [getData(CONTROLLER_PATH, true)] };
  }

  private onFound(answer: ZkResponse): Step {
    const found = dataOf<ControllerZnode>(answer);
    if (found === undefined) return this.start();
    // Created by this request, whose first answer was lost.
    if (answer.stat?.ephemeralOwner === this.self.zk.session) return this.claimed();
    this.self.activeControllerId = found.brokerId;
    return DONE;
  }

  private claimed(): Step {
    this.self.activeControllerId = this.self.brokerId;
    this.phase = "reading-epoch";
    return { kind: "ask", requests: [getData(CONTROLLER_EPOCH_PATH)] };
  }

  private onEpoch(answer: ZkResponse): Step {
    const before = dataOf<ControllerEpochZnode>(answer);
    if (before === undefined || answer.stat === undefined) {
      this.phase = "creating-epoch";
      this.epoch = INITIAL_EPOCH;
      return { kind: "ask", requests: [create(CONTROLLER_EPOCH_PATH, this.epoch)] };
    }
    this.phase = "raising-epoch";
    this.epoch = before + 1;
    return { kind: "ask", requests: [setData(CONTROLLER_EPOCH_PATH, this.epoch, answer.stat.version)] };
  }

  /** Another version: another controller. Or this very request, whose first answer was lost: nobody told them apart. */
  private onRaised(answer: ZkResponse): Step {
    return answer.error === "OK" ? this.won(answer) : FAILED;
  }

  private won({ stat }: ZkResponse): Step {
    this.self.onElected(this.epoch, stat?.version ?? 0);
    return DONE;
  }
}
