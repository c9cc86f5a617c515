/**
 * Asks the controller to take over what this broker leads, before it stops: `controlled.shutdown.max.retries` times at most,
 * with a rest in between. Whatever comes of it, the broker stops then. Source: KafkaServer.controlledShutdown.
 */
import { ms } from "../../base/units.ts";
import type { Host, NodeName, Timer, TimerTarget } from "../../sim/host.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { BrokerId } from "../ids.ts";
import type { ControlledShutdownResponse } from "../messages/control.ts";
import { type Completion, type CompletionHandler, NetworkClient } from "../net/network-client.ts";
import type { ControllerFinder } from "../replica/replica-context.ts";

export interface ControlledShutdownOwner {
  onControlledShutdownEnded(): void;
}

export class ControlledShutdown implements CompletionHandler<undefined>, TimerTarget {
  private readonly host: Host;
  private readonly config: BrokerConfig;
  private readonly brokerId: BrokerId;
  private readonly finder: ControllerFinder;
  private readonly owner: ControlledShutdownOwner;
  private readonly client: NetworkClient<undefined>;
  private attemptsLeft: number;
  /** Asked last. It is asked again if no other one is known by then. */
  private controller: NodeName | undefined = undefined;

  constructor(options: {
    readonly host: Host;
    readonly config: BrokerConfig;
    readonly brokerId: BrokerId;
    readonly finder: ControllerFinder;
    readonly owner: ControlledShutdownOwner;
  }) {
    const { host, config } = options;
    this.host = host;
    this.config = config;
    this.brokerId = options.brokerId;
    this.finder = options.finder;
    this.owner = options.owner;
    this.client = new NetworkClient(host, config, config["request.timeout.ms"], this);
    this.attemptsLeft = config["controlled.shutdown.max.retries"];
  }

  start(): void {
    this.attempt();
  }

  onTimer(_timer: Timer): void {
    this.attempt();
  }

  onCompletion(completion: Completion<undefined>): void {
    const response = completion.response as ControlledShutdownResponse | undefined;
    if (response === undefined) this.client.forget(completion.peer);
    if (response?.errorCode === "NONE" && response.remainingPartitions.length === 0) this.owner.onControlledShutdownEnded();
    else this.attemptLater();
  }

  private attempt(): void {
    if (this.attemptsLeft === 0) {
      this.owner.onControlledShutdownEnded();
      return;
    }
    this.attemptsLeft--;
    this.controller = this.finder.activeController() ?? this.controller;
    if (this.controller === undefined) {
      this.attemptLater();
      return;
    }
    const request = { brokerId: this.brokerId, brokerEpoch: this.finder.brokerEpoch() };
    this.client.send(this.controller, "ControlledShutdown", request, undefined);
  }

  private attemptLater(): void {
    if (this.attemptsLeft === 0) this.owner.onControlledShutdownEnded();
    else
      this.host.setTimer(ms(this.config["controlled.shutdown.retry.backoff.ms"]), {
        kind: "controlled-shutdown.retry",
        target: this,
      });
  }
}
