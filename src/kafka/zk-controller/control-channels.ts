/**
 * The controller's orders on their way: one queue for each broker, one request in flight, in order, again and again until it is answered.
 *
 * A broker that can't be reached holds up nobody else, and gets everything once it can be, in the order in which it was decided: what
 * brokers know differs for a while. Source: ControllerChannelManager, RequestSendThread.
 */
import { assert } from "../../base/assert.ts";
import { ms } from "../../base/units.ts";
import type { Host, NodeName, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { BrokerId } from "../ids.ts";
import type { RequestOf } from "../messages/apis.ts";
import { type Completion, type CompletionHandler, NetworkClient } from "../net/network-client.ts";
import type { ControlApi } from "../zookeeper-events.ts";

/** An order and its answer. */
export type ControlAnswer = Extract<Completion<BrokerId>, { readonly api: ControlApi }>;

export interface ControlAnswerHandler {
  onControlAnswer(broker: BrokerId, answer: ControlAnswer): void;
}

interface QueuedOrder {
  readonly api: ControlApi;
  /** Frozen. */
  readonly body: RequestOf<ControlApi>;
}

interface Channel {
  readonly broker: BrokerId;
  readonly node: NodeName;
  /** The first one is under way. */
  queue: QueuedOrder[];
  state: "idle" | "awaiting-answer" | "resting";
  retryTimer: TimerId;
}

interface RetryTimer extends Timer {
  readonly kind: "controller.retry";
  readonly broker: BrokerId;
}

const RETRY_BACKOFF_MS = 100;

export class ControlChannels implements CompletionHandler<BrokerId>, TimerTarget {
  private readonly host: Host;
  private readonly handler: ControlAnswerHandler;
  private readonly client: NetworkClient<BrokerId>;
  private readonly channels = new Map<BrokerId, Channel>();

  constructor(host: Host, config: BrokerConfig, handler: ControlAnswerHandler) {
    this.host = host;
    this.handler = handler;
    const setupTimeoutMs = Math.min(config["socket.connection.setup.timeout.ms"], config["controller.socket.timeout.ms"]);
    // The pause between attempts is the only backoff.
    const network = {
      "reconnect.backoff.ms": 0,
      "reconnect.backoff.max.ms": 0,
      "socket.connection.setup.timeout.ms": setupTimeoutMs,
    };
    this.client = new NetworkClient(host, network, config["request.timeout.ms"], this);
  }

  addBroker(broker: BrokerId, node: NodeName): void {
    if (this.channels.has(broker)) return;
    this.channels.set(broker, { broker, node, queue: [], state: "idle", retryTimer: 0 });
  }

  /** Whatever has not been answered is given up. */
  removeBroker(broker: BrokerId): void {
    const channel = this.channels.get(broker);
    if (channel === undefined) return;
    this.channels.delete(broker);
    this.host.cancelTimer(channel.retryTimer);
    this.client.forget(channel.node);
  }

  /** Source: ControllerChannelManager.shutdown. */
  removeAll(): void {
    for (const broker of [...this.channels.keys()]) this.removeBroker(broker);
  }

  /** Falls away if the broker is not there. */
  send<A extends ControlApi>(broker: BrokerId, api: A, body: RequestOf<A>): void {
    const channel = this.channels.get(broker);
    if (channel === undefined) return;
    channel.queue.push({ api, body: Object.freeze(body) as RequestOf<ControlApi> });
    if (channel.state === "idle") this.begin(channel);
  }

  onCompletion(completion: Completion<BrokerId>): void {
    const channel = this.channels.get(completion.context);
    assert(channel?.state === "awaiting-answer", `an answer of ${completion.peer}, whose channel waits for none`);
    if (completion.response === undefined) {
      this.rest(channel);
      return;
    }
    channel.queue.shift();
    channel.state = "idle";
    this.handler.onControlAnswer(channel.broker, completion as ControlAnswer);
    if (this.channels.get(channel.broker) === channel && channel.state === "idle") this.begin(channel);
  }

  onTimer(timer: Timer): void {
    const channel = this.channels.get((timer as RetryTimer).broker);
    assert(channel?.state === "resting", "a channel tries again that does not rest");
    channel.retryTimer = 0;
    this.begin(channel);
  }

  private begin(channel: Channel): void {
    const [order] = channel.queue;
    channel.state = order === undefined ? "idle" : "awaiting-answer";
    if (order !== undefined) this.client.send(channel.node, order.api, order.body, channel.broker);
  }

  /** Nothing came of it: a pause, then a new connection and the same request. */
  private rest(channel: Channel): void {
    channel.state = "resting";
    const timer: RetryTimer = { kind: "controller.retry", target: this, broker: channel.broker };
    channel.retryTimer = this.host.setTimer(ms(RETRY_BACKOFF_MS), timer);
  }
}
