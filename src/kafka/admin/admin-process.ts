/**
 * An administrator with a script: creates topics, and asks for leader elections.
 *
 * It talks to the controllers themselves (`bootstrap.controllers`, KIP-919) and looks for the active one by trying: a
 * controller that answers NOT_CONTROLLER, or not at all, makes it try the next after a backoff. A request is given up
 * `default.api.timeout.ms` after it was due. Each request of the script goes its own way; none waits for another.
 */
import { type Micros, ms } from "../../base/units.ts";
import type { Connection, DiskOperation, Host, Message, NodeName, Process, Timer } from "../../sim/host.ts";
import type { RandomStream } from "../../sim/random.ts";
import { retryBackoff } from "../client/retry-backoff.ts";
import { ADMIN_CONFIG, type AdminConfig } from "../config/client-config.ts";
import { effectiveConfig } from "../config/definition.ts";
import type { ErrorCode } from "../errors.ts";
import type { AdminRequestFailed } from "../events.ts";
import { partitionName } from "../ids.ts";
import type { CreateTopicsRequest, ElectLeadersRequest } from "../messages/metadata.ts";
import { type Completion, type CompletionHandler, type CompletionOf, NetworkClient } from "../net/network-client.ts";
import { electionOutcome, topicOutcome } from "./admin-outcome.ts";

/** One line of the script. */
export type AdminRequest = {
  /** When it is made, after the start of the process; at once if left out. */
  readonly atUs?: Micros;
} & (
  | { readonly createTopics: CreateTopicsRequest["topics"] }
  | { readonly electLeaders: Pick<ElectLeadersRequest, "electionType" | "topicPartitions"> }
);

/** A request under way. */
interface Call {
  readonly request: AdminRequest;
  /** Topics still to be created. */
  topics: CreateTopicsRequest["topics"];
  readonly deadline: Micros;
  failures: number;
  /** An attempt went without an answer: it may have been carried out. */
  outcomeUnknown: boolean;
}

interface CallTimer extends Timer {
  readonly kind: "admin.request" | "admin.retry";
  readonly call: Call;
}

export class AdminProcess implements Process, CompletionHandler<Call> {
  private readonly host: Host;
  private readonly name: string;
  private readonly config: AdminConfig;
  private readonly controllers: readonly NodeName[];
  private readonly requests: readonly AdminRequest[];
  private readonly network: NetworkClient<Call>;
  private readonly random: RandomStream;
  /** Index of the controller that is taken for the active one. */
  private controller = 0;

  constructor(options: {
    readonly host: Host;
    readonly name: string;
    readonly controllers: readonly NodeName[];
    readonly requests: readonly AdminRequest[];
    readonly config?: AdminConfig;
  }) {
    const { host } = options;
    this.host = host;
    this.name = options.name;
    this.config = options.config ?? effectiveConfig(ADMIN_CONFIG);
    this.controllers = options.controllers;
    this.requests = options.requests;
    this.network = new NetworkClient(host, this.config, this.config["request.timeout.ms"], this);
    this.random = host.random("admin");
  }

  onStart(): void {
    this.controller = this.random.below(this.controllers.length);
    for (const request of this.requests) this.submit(request);
  }

  /** Makes a request that is not in the script; its `atUs` counts from now. */
  submit(request: AdminRequest): void {
    const atUs = request.atUs ?? 0;
    const call: Call = {
      request,
      topics: "createTopics" in request ? request.createTopics : [],
      deadline: this.host.now() + atUs + ms(this.config["default.api.timeout.ms"]),
      failures: 0,
      // What an earlier incarnation had done is not known to this one.
      outcomeUnknown: this.host.incarnation > 1,
    };
    if (atUs === 0) this.send(call);
    else this.sendLater(call, "admin.request", atUs);
  }

  onConnected(connection: Connection): void {
    this.network.onConnected(connection);
  }

  onMessage(connection: Connection, message: Message): void {
    this.network.onMessage(connection, message);
  }

  onDisconnected(connection: Connection): void {
    this.network.onDisconnected(connection);
  }

  onTimer(timer: Timer): void {
    if (timer.target !== this) timer.target.onTimer(timer);
    else this.send((timer as CallTimer).call);
  }

  onDiskDone(_operation: DiskOperation, _ok: boolean): void {}

  onShutdownRequested(): void {
    this.host.exit("admin closed");
  }

  onCompletion(completion: Completion<Call>): void {
    const call = completion.context;
    if (completion.response === undefined) {
      call.outcomeUnknown = true;
      this.tryNextController(completion.peer);
      this.retry(call, completion.error ?? "NETWORK_EXCEPTION");
    } else if (completion.api === "CreateTopics") {
      this.onTopicsAnswered(call, completion);
    } else if (completion.api === "ElectLeaders") {
      this.onElectionsAnswered(call, completion);
    }
  }

  private send(call: Call): void {
    const node = this.controllers[this.controller] as NodeName;
    const timeoutMs = this.config["request.timeout.ms"];
    const { request } = call;
    if ("createTopics" in request) this.network.send(node, "CreateTopics", { timeoutMs, topics: call.topics }, call);
    else this.network.send(node, "ElectLeaders", { timeoutMs, ...request.electLeaders }, call);
  }

  private sendLater(call: Call, kind: CallTimer["kind"], delay: Micros): void {
    const timer: CallTimer = { kind, target: this, call };
    this.host.setTimer(delay, timer);
  }

  private onTopicsAnswered(call: Call, completion: CompletionOf<"CreateTopics", Call>): void {
    const again: CreateTopicsRequest["topics"][number][] = [];
    let lastError: ErrorCode = "NONE";
    for (const result of completion.response?.topics ?? []) {
      const outcome = topicOutcome(result.errorCode, call.outcomeUnknown);
      const topic = call.topics.find((candidate) => candidate.name === result.name);
      if (outcome === "refused") this.fail(call, result.errorCode, `${result.name}: ${result.errorMessage ?? result.errorCode}`);
      if (outcome !== "retry" || topic === undefined) continue;
      again.push(topic);
      lastError = result.errorCode;
    }
    call.topics = again;
    if (again.length === 0) return;
    this.afterError(call, completion.peer, lastError);
  }

  private onElectionsAnswered(call: Call, completion: CompletionOf<"ElectLeaders", Call>): void {
    const { response, peer } = completion;
    if (response === undefined) return;
    if (response.errorCode !== "NONE") {
      if (electionOutcome(response.errorCode) === "retry") this.afterError(call, peer, response.errorCode);
      else this.fail(call, response.errorCode, response.errorCode);
      return;
    }
    for (const { topic, partitionResult } of response.replicaElectionResults) {
      for (const { partitionId, errorCode } of partitionResult) {
        if (electionOutcome(errorCode) !== "done")
          this.fail(call, errorCode, `${partitionName(topic, partitionId)}: ${errorCode}`);
      }
    }
  }

  private afterError(call: Call, peer: NodeName, error: ErrorCode): void {
    if (error === "NOT_CONTROLLER") this.tryNextController(peer);
    // The controller gave up waiting; the change may still commit.
    if (error === "REQUEST_TIMED_OUT") call.outcomeUnknown = true;
    this.retry(call, error);
  }

  /** Unless another call has moved on already. */
  private tryNextController(from: NodeName): void {
    if (this.controllers[this.controller] === from) this.controller = (this.controller + 1) % this.controllers.length;
  }

  private retry(call: Call, error: ErrorCode): void {
    const backoff = retryBackoff(this.config, call.failures++, this.random);
    if (this.host.now() + backoff < call.deadline) {
      this.sendLater(call, "admin.retry", backoff);
      return;
    }
    const about = call.topics.map((topic) => topic.name).join(", ");
    this.fail(call, "TIMEOUT", `${about === "" ? "" : `${about}: `}no success in time; last: ${error}`);
  }

  private fail(call: Call, error: ErrorCode | "TIMEOUT", message: string): void {
    const api = "createTopics" in call.request ? "CreateTopics" : "ElectLeaders";
    const event: AdminRequestFailed = { kind: "AdminRequestFailed", client: this.name, api, error, message };
    this.host.emit(event);
  }
}
