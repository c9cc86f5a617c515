/**
 * A broker's life as the controller sees it: registration, heartbeats, unfencing, controlled shutdown.
 *
 * The broker registers with a fresh incarnation id and gets a broker epoch; then it heartbeats. It asks to stay fenced until it
 * has caught up with the metadata and recovered its logs; the controller lifts the fence when the broker's metadata has
 * reached its own registration. Failed requests are sent again after an exponential backoff up to the session timeout.
 * Source: BrokerLifecycleManager, KIP-631.
 */
import { ms } from "../../base/units.ts";
import type { Host, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import { type BrokerState, report } from "../events.ts";
import { type BrokerEpoch, type BrokerId, NONE, type Offset } from "../ids.ts";
import type { BrokerHeartbeatResponse, BrokerRegistrationResponse } from "../messages/broker-lifecycle.ts";
import { type Completion, type CompletionHandler, NetworkClient } from "../net/network-client.ts";
import type { ActiveController } from "./active-controller.ts";

/** What the lifecycle tells and asks the broker that it belongs to. */
export interface LifecycleOwner {
  /** The offset of the last metadata record that the broker has applied. */
  appliedMetadataOffset(): Offset;
  /** The controller has seen that the broker's metadata has reached its own registration. */
  onCaughtUp(): void;
  /** The controller has lifted the fence for the first time. */
  onUnfenced(): void;
  /** The controller lets the broker go: nothing depends on it any more. */
  onShutdownGranted(): void;
}

interface LifecycleOptions {
  readonly host: Host;
  readonly config: BrokerConfig;
  readonly clusterId: string;
  readonly brokerId: BrokerId;
  readonly rack: string | null;
  readonly previousBrokerEpoch: BrokerEpoch;
  readonly controller: ActiveController;
  readonly owner: LifecycleOwner;
}

const FIRST_HEARTBEAT_DELAY_MS = 10;
const SECOND_SHUTDOWN_HEARTBEAT_DELAY_MS = 50;
const RESEND_BACKOFF_MS = 100;
const RESEND_JITTER_PERCENT = 2;

export class BrokerLifecycle implements TimerTarget, CompletionHandler<undefined> {
  private readonly options: LifecycleOptions;
  private readonly client: NetworkClient<undefined>;
  private readonly incarnationId: string;
  private readonly registrationDeadline: number;
  private current: BrokerState = "NOT_RUNNING";
  private epoch: BrokerEpoch = NONE;
  private readyToUnfence = false;
  private shutdownAnswered = false;
  private failedAttempts = 0;
  private inFlight = false;
  /** A state change wants to be told at once, but a request is still under way. */
  private tellNext = false;
  private timer: TimerId = 0;

  constructor(options: LifecycleOptions) {
    const { host, config } = options;
    this.options = options;
    // A request must fail in time for another to save the session.
    const requestTimeoutMs = Math.min(config["request.timeout.ms"], Math.floor(config["broker.session.timeout.ms"] / 2));
    this.client = new NetworkClient(host, config, requestTimeoutMs, this);
    this.incarnationId = `${host.name}/${host.random("incarnation").bits().toString(16)}`;
    this.registrationDeadline = host.steadyNow() + ms(config["initial.broker.registration.timeout.ms"]);
  }

  get state(): BrokerState {
    return this.current;
  }

  /** -1 until registered. */
  get brokerEpoch(): BrokerEpoch {
    return this.epoch;
  }

  start(): void {
    this.enter("STARTING");
    this.communicateAfter(0);
  }

  /** Logs are recovered and requests are served: the fence may be lifted. */
  setReadyToUnfence(): void {
    this.readyToUnfence = true;
    if (this.epoch !== NONE) this.communicateNow();
  }

  /** False if there is nothing to hand over, because the broker was never unfenced. */
  beginControlledShutdown(): boolean {
    if (this.current !== "RUNNING") return false;
    this.enter("PENDING_CONTROLLED_SHUTDOWN");
    this.communicateNow();
    return true;
  }

  /** The broker has stopped: the controller hears no more of it. */
  stop(): void {
    if (this.current !== "SHUTTING_DOWN") this.enter("SHUTTING_DOWN");
    this.options.host.cancelTimer(this.timer);
  }

  onTimer(_timer: Timer): void {
    this.timer = 0;
    this.communicate();
  }

  onCompletion(completion: Completion<undefined>): void {
    this.inFlight = false;
    if (this.current === "SHUTTING_DOWN") return;
    if (completion.api === "BrokerRegistration") this.onRegistered(completion.response);
    else if (completion.api === "BrokerHeartbeat") this.onHeartbeat(completion.response);
  }

  private communicate(): void {
    if (this.inFlight) {
      this.tellNext = true;
      return;
    }
    const { host, clusterId, brokerId, rack, previousBrokerEpoch, controller, owner } = this.options;
    if (this.epoch === NONE && host.steadyNow() >= this.registrationDeadline) {
      host.exit("could not register with the controller in time");
      return;
    }
    const peer = controller.activeController();
    if (peer === undefined) {
      this.communicateAfterFailure();
      return;
    }
    this.inFlight = true;
    if (this.epoch === NONE) {
      const { incarnationId } = this;
      const request = { brokerId, clusterId, incarnationId, host: host.name, rack, previousBrokerEpoch };
      this.client.send(peer, "BrokerRegistration", request, undefined);
      return;
    }
    this.client.send(
      peer,
      "BrokerHeartbeat",
      {
        brokerId,
        brokerEpoch: this.epoch,
        currentMetadataOffset: owner.appliedMetadataOffset(),
        wantFence: !this.readyToUnfence,
        wantShutDown: this.current === "PENDING_CONTROLLED_SHUTDOWN",
      },
      undefined,
    );
  }

  private onRegistered(response: BrokerRegistrationResponse | undefined): void {
    if (response === undefined || response.errorCode !== "NONE") {
      this.communicateAfterFailure();
      return;
    }
    this.failedAttempts = 0;
    this.epoch = response.brokerEpoch;
    this.communicateAfter(ms(FIRST_HEARTBEAT_DELAY_MS));
  }

  private onHeartbeat(response: BrokerHeartbeatResponse | undefined): void {
    if (response === undefined || response.errorCode !== "NONE") {
      this.communicateAfterFailure();
      return;
    }
    this.failedAttempts = 0;
    switch (this.current) {
      case "STARTING":
        this.communicateAfter(ms(FIRST_HEARTBEAT_DELAY_MS));
        if (!response.isCaughtUp) return;
        this.enter("RECOVERY");
        this.options.owner.onCaughtUp();
        return;
      case "RECOVERY":
        this.communicateAfterSuccess();
        if (response.isFenced) return;
        this.enter("RUNNING");
        this.options.owner.onUnfenced();
        return;
      case "PENDING_CONTROLLED_SHUTDOWN":
        this.onShutdownHeartbeat(response);
        return;
      default:
        this.communicateAfterSuccess();
    }
  }

  private onShutdownHeartbeat(response: BrokerHeartbeatResponse): void {
    if (response.shouldShutDown) {
      this.enter("SHUTTING_DOWN");
      this.options.owner.onShutdownGranted();
      return;
    }
    // The second one goes out early: handing over a few partitions takes no two seconds.
    if (this.shutdownAnswered) this.communicateAfterSuccess();
    else this.communicateAfter(ms(SECOND_SHUTDOWN_HEARTBEAT_DELAY_MS));
    this.shutdownAnswered = true;
  }

  private communicateNow(): void {
    this.communicateAfter(0);
  }

  private communicateAfterSuccess(): void {
    this.communicateAfter(this.tellNext ? 0 : ms(this.options.config["broker.heartbeat.interval.ms"]));
  }

  private communicateAfterFailure(): void {
    const { host, config } = this.options;
    const base = Math.min(RESEND_BACKOFF_MS * 2 ** Math.min(this.failedAttempts++, 20), config["broker.session.timeout.ms"]);
    const spread = Math.floor((ms(base) * RESEND_JITTER_PERCENT) / 100);
    this.communicateAfter(ms(base) - spread + host.random("lifecycle").below(2 * spread + 1));
  }

  private communicateAfter(delay: number): void {
    const { host } = this.options;
    const actualDelay = this.tellNext ? 0 : delay;
    this.tellNext = false;
    host.cancelTimer(this.timer);
    this.timer = host.setTimer(actualDelay, { kind: "broker.heartbeat", target: this });
  }

  private enter(state: BrokerState): void {
    this.current = state;
    report(this.options.host, { kind: "BrokerStateChanged", broker: this.options.brokerId, state });
  }
}
