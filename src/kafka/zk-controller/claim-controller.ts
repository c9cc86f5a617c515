/**
 * Wins or loses an election in one transaction: `/controller` is created and the epoch raised, or neither (KAFKA-6082, 2.1).
 *
 * A refusal may come from this very request, whose first answer was lost: then `/controller` names this broker, and the epoch is the one
 * that it wanted. Source: KafkaZkClient.registerControllerAndIncrementControllerEpoch.
 */
import { US_PER_MS } from "../../base/units.ts";
import { DONE, Procedure, type Step } from "../zk/procedure.ts";
import { create, dataOf, getData, setData } from "../zk/store-requests.ts";
import { CONTROLLER_EPOCH_PATH, CONTROLLER_PATH, type ControllerEpochZnode, type ControllerZnode } from "../zk/znodes.ts";
import type { ZkRequest, ZkResponse } from "../zookeeper/client-protocol.ts";
import type { ControllerSelf } from "./controller-self.ts";

const MOVED: Step = Object.freeze({ kind: "abort", reason: "controller-moved" });
const FAILED: Step = Object.freeze({ kind: "abort", reason: "failed" });

/** The node that names `self` as the controller. */
export function createController(self: ControllerSelf): Extract<ZkRequest, { readonly op: "create" }> {
  const data: ControllerZnode = Object.freeze({ brokerId: self.brokerId, timestampMs: Math.floor(self.host.now() / US_PER_MS) });
  return { op: "create", path: CONTROLLER_PATH, data, mode: "EPHEMERAL" };
}

export class ClaimController extends Procedure {
  readonly name = "ClaimController";
  private readonly self: ControllerSelf;
  private phase: "reading-epoch" | "creating-epoch" | "claiming" | "checking" = "reading-epoch";
  /** The one to win. */
  private epoch = 0;

  constructor(self: ControllerSelf) {
    super();
    this.self = self;
  }

  start(): Step {
    this.phase = "reading-epoch";
    return { kind: "ask", requests: [getData(CONTROLLER_EPOCH_PATH)] };
  }

  override onResponses(answers: readonly ZkResponse[]): Step {
    const [answer] = answers as readonly [ZkResponse];
    switch (this.phase) {
      case "reading-epoch":
        return this.onEpoch(answer);
      case "creating-epoch":
        if (answer.error === "NODEEXISTS") return this.start();
        return answer.error === "OK" ? this.claim(0, 0) : FAILED;
      case "claiming":
        return this.onClaimed(answer);
      case "checking":
        return this.onChecked(answers as readonly [ZkResponse, ZkResponse]);
    }
  }

  private onEpoch(answer: ZkResponse): Step {
    const epoch = dataOf<ControllerEpochZnode>(answer);
    if (epoch !== undefined && answer.stat !== undefined) return this.claim(epoch, answer.stat.version);
    this.phase = "creating-epoch";
    return { kind: "ask", requests: [create(CONTROLLER_EPOCH_PATH, 0)] };
  }

  private claim(epoch: number, version: number): Step {
    this.phase = "claiming";
    this.epoch = epoch + 1;
    const ops = [createController(this.self), setData(CONTROLLER_EPOCH_PATH, this.epoch, version)];
    return { kind: "ask", requests: [{ op: "multi", ops }] };
  }

  private onClaimed({ error, results }: ZkResponse): Step {
    const version = results?.[1]?.stat?.version;
    if (error === "OK" && version !== undefined) return this.won(version);
    if (error !== "NODEEXISTS" && error !== "BADVERSION") return FAILED;
    this.phase = "checking";
    return { kind: "ask", requests: [getData(CONTROLLER_PATH, true), getData(CONTROLLER_EPOCH_PATH)] };
  }

  private onChecked([controller, epoch]: readonly [ZkResponse, ZkResponse]): Step {
    const isOwn = dataOf<ControllerZnode>(controller)?.brokerId === this.self.brokerId;
    if (!isOwn || dataOf<ControllerEpochZnode>(epoch) !== this.epoch || epoch.stat === undefined) return MOVED;
    return this.won(epoch.stat.version);
  }

  private won(epochZkVersion: number): Step {
    this.self.onElected(this.epoch, epochZkVersion);
    return DONE;
  }
}
