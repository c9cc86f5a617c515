/**
 * __consumer_offsets is made when somebody looks for a coordinator and there is none: a broker asks the active controller for it, one
 * request at a time, over a connection of its own.
 *
 * What becomes of it the broker sees in its metadata; who asked for the coordinator asks again.
 * Source: DefaultAutoTopicCreationManager, NodeToControllerChannelManager.
 */
import { ms } from "../../base/units.ts";
import type { Host, Timer, TimerTarget } from "../../sim/host.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { CreateTopicsResponse } from "../messages/metadata.ts";
import { type Completion, type CompletionHandler, NetworkClient } from "../net/network-client.ts";
import type { ControllerFinder, ReplicaContext } from "../replica/replica-context.ts";
import { offsetsTopic } from "./offsets-topic.ts";

/** Who makes the topic if it is not there. */
export interface OffsetsTopicMaker {
  makeOffsetsTopic(): void;
}

/** The rest before a controller is looked for again, and how long it is tried at all. Source: NodeToControllerRequestThread. */
const RETRY_BACKOFF_MS = 100;
const RETRY_TIMEOUT_MS = 60_000;

export class AutoTopicCreation implements OffsetsTopicMaker, CompletionHandler<undefined>, TimerTarget {
  private readonly host: Host;
  private readonly config: BrokerConfig;
  private readonly controller: ControllerFinder;
  private readonly client: NetworkClient<undefined>;
  /** On the steady clock: when the request that is under way is given up. Undefined: none is. */
  private deadline: number | undefined = undefined;

  constructor({ host, config, controller }: Pick<ReplicaContext, "host" | "config" | "controller">) {
    this.host = host;
    this.config = config;
    this.controller = controller;
    this.client = new NetworkClient(host, config, config["request.timeout.ms"], this);
  }

  makeOffsetsTopic(): void {
    if (this.deadline !== undefined) return;
    this.deadline = this.host.steadyNow() + ms(RETRY_TIMEOUT_MS);
    this.ask();
  }

  onTimer(_timer: Timer): void {
    this.ask();
  }

  onCompletion(completion: Completion<undefined>): void {
    const response = completion.response as CreateTopicsResponse | undefined;
    if (response === undefined || response.topics.some(({ errorCode }) => errorCode === "NOT_CONTROLLER")) this.askLater();
    else this.deadline = undefined;
  }

  private ask(): void {
    const controller = this.controller.activeController();
    if (controller === undefined) {
      this.askLater();
      return;
    }
    const request = { timeoutMs: this.config["request.timeout.ms"], topics: [offsetsTopic(this.config)] };
    this.client.send(controller, "CreateTopics", request, undefined);
  }

  private askLater(): void {
    if (this.host.steadyNow() >= (this.deadline ?? 0)) this.deadline = undefined;
    else this.host.setTimer(ms(RETRY_BACKOFF_MS), { kind: "group.topic-creation", target: this });
  }
}
