/**
 * An administrator with a script: creates, grows and deletes topics, asks for leader elections and reassignments, works on the store by hand.
 *
 * In KRaft mode it talks to the controllers themselves (`bootstrap.controllers`, KIP-919) and looks for the active one by trying;
 * in ZooKeeper mode any broker tells it which of them is the controller. A controller that answers NOT_CONTROLLER, or not at
 * all, makes it look again after a backoff. A request is given up `default.api.timeout.ms` after it was due. Each request of the
 * script goes its own way; none waits for another. Source: KafkaAdminClient.
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
import type { AlterPartitionReassignmentsResponse } from "../messages/control.ts";
import type { ElectLeadersResponse } from "../messages/metadata.ts";
import { type Completion, type CompletionHandler, NetworkClient } from "../net/network-client.ts";
import type { ZkError } from "../zookeeper/client-protocol.ts";
import {
  type AdminOutcome,
  deletionOutcome,
  electionOutcome,
  growthOutcome,
  reassignmentOutcome,
  topicOutcome,
} from "./admin-outcome.ts";
import { type AdminRequest, apiOf, type ControllerRequest, isStoreRequest, type StoreRequest } from "./admin-request.ts";
import { ControllerByMetadata, ControllerByTrial, type ControllerLocator } from "./controller-locator.ts";
import { ZooKeeperShell, type ZooKeeperShellOwner } from "./zookeeper-shell.ts";

/** A request under way. */
interface Call {
  readonly request: ControllerRequest;
  /** Topics still to be created, grown, or deleted. */
  topics: readonly string[];
  readonly deadline: Micros;
  failures: number;
  /** An attempt went without an answer: it may have been carried out. */
  outcomeUnknown: boolean;
}

interface AdminTimer extends Timer {
  readonly kind: "admin.request" | "admin.retry" | "admin.store-request";
  readonly due: Call | StoreRequest;
}

/** Whom an administrator knows from the start. */
export type AdminBootstrap =
  /** KRaft mode. */
  | { readonly controllers: readonly NodeName[] }
  /** ZooKeeper mode. */
  | { readonly brokers: readonly NodeName[]; readonly zookeeper: readonly NodeName[] };

type AdminOptions = AdminBootstrap & {
  readonly host: Host;
  readonly name: string;
  readonly requests: readonly AdminRequest[];
  readonly config?: AdminConfig;
};

/** What its connections are attached to. */
interface ConnectionEnd {
  onConnected(connection: Connection): void;
  onMessage(connection: Connection, message: Message): void;
  onDisconnected(connection: Connection): void;
}

export class AdminProcess implements Process, CompletionHandler<Call>, ZooKeeperShellOwner {
  private readonly host: Host;
  private readonly name: string;
  private readonly config: AdminConfig;
  private readonly bootstrap: AdminBootstrap;
  private readonly requests: readonly AdminRequest[];
  private readonly network: NetworkClient<Call>;
  private readonly random: RandomStream;
  private locator: ControllerLocator | undefined = undefined;

  constructor(options: AdminOptions) {
    const { host } = options;
    this.host = host;
    this.name = options.name;
    this.config = options.config ?? effectiveConfig(ADMIN_CONFIG);
    this.bootstrap = options;
    this.requests = options.requests;
    this.network = new NetworkClient(host, this.config, this.config["request.timeout.ms"], this);
    this.random = host.random("admin");
  }

  onStart(): void {
    const { bootstrap, random } = this;
    this.locator =
      "controllers" in bootstrap
        ? new ControllerByTrial(bootstrap.controllers, random)
        : new ControllerByMetadata(bootstrap.brokers, random);
    for (const request of this.requests) this.submit(request);
  }

  /** Makes a request that is not in the script; its `atUs` counts from now. */
  submit(request: AdminRequest): void {
    const atUs = request.atUs ?? 0;
    if (isStoreRequest(request)) {
      if (atUs === 0) this.openShell(request);
      else this.setTimer("admin.store-request", request, atUs);
      return;
    }
    const call: Call = {
      request,
      topics: topicsOf(request),
      deadline: this.host.now() + atUs + ms(this.config["default.api.timeout.ms"]),
      failures: 0,
      // What an earlier incarnation had done is not known to this one.
      outcomeUnknown: this.host.incarnation > 1,
    };
    if (atUs === 0) this.send(call);
    else this.setTimer("admin.request", call, atUs);
  }

  onConnected(connection: Connection): void {
    (connection.attachment as ConnectionEnd).onConnected(connection);
  }

  onMessage(connection: Connection, message: Message): void {
    (connection.attachment as ConnectionEnd).onMessage(connection, message);
  }

  onDisconnected(connection: Connection): void {
    (connection.attachment as ConnectionEnd).onDisconnected(connection);
  }

  onTimer(timer: Timer): void {
    if (timer.target !== this) {
      timer.target.onTimer(timer);
      return;
    }
    const { kind, due } = timer as AdminTimer;
    if (kind === "admin.store-request") this.openShell(due as StoreRequest);
    else this.send(due as Call);
  }

  onDiskDone(_operation: DiskOperation, _ok: boolean): void {}

  onShutdownRequested(): void {
    this.host.exit("admin closed");
  }

  // ---- asking ----

  private send(call: Call): void {
    const { locator, network, config } = this;
    if (locator === undefined) return;
    const node = locator.controller;
    if (node === undefined) {
      network.send(locator.broker, "Metadata", { topics: [] }, call);
      return;
    }
    const timeoutMs = config["request.timeout.ms"];
    const { request, topics: names } = call;
    if ("createTopics" in request) {
      const topics = request.createTopics.filter(({ name }) => names.includes(name));
      network.send(node, "CreateTopics", { timeoutMs, topics }, call);
    } else if ("createPartitions" in request) {
      const topics = request.createPartitions.filter(({ name }) => names.includes(name));
      network.send(node, "CreatePartitions", { timeoutMs, topics }, call);
    } else if ("deleteTopics" in request) network.send(node, "DeleteTopics", { timeoutMs, topicNames: names }, call);
    else if ("reassign" in request)
      network.send(node, "AlterPartitionReassignments", { timeoutMs, topics: request.reassign }, call);
    else network.send(node, "ElectLeaders", { timeoutMs, ...request.electLeaders }, call);
  }

  private setTimer(kind: AdminTimer["kind"], due: Call | StoreRequest, delay: Micros): void {
    const timer: AdminTimer = { kind, target: this, due };
    this.host.setTimer(delay, timer);
  }

  // ---- answers ----

  onCompletion(completion: Completion<Call>): void {
    const { context: call, peer, response } = completion;
    if (completion.api === "Metadata") {
      if (this.locator?.onMetadata(peer, completion.response)) this.send(call);
      else this.retry(call, completion.error ?? "BROKER_NOT_AVAILABLE");
      return;
    }
    if (response === undefined) {
      call.outcomeUnknown = true;
      this.locator?.giveUp(peer);
      this.retry(call, completion.error ?? "NETWORK_EXCEPTION");
    } else if (completion.api === "CreateTopics") {
      const { topics } = response as NonNullable<typeof completion.response>;
      this.onTopicsAnswered(call, peer, topics, topicOutcome);
    } else if (completion.api === "CreatePartitions") {
      const { results } = response as NonNullable<typeof completion.response>;
      this.onTopicsAnswered(call, peer, results, growthOutcome);
    } else if (completion.api === "DeleteTopics") {
      const { responses } = response as NonNullable<typeof completion.response>;
      this.onTopicsAnswered(call, peer, responses, deletionOutcome);
    } else if (completion.api === "ElectLeaders") {
      this.onPartitionsAnswered(call, peer, electionResults(response as ElectLeadersResponse), electionOutcome);
    } else if (completion.api === "AlterPartitionReassignments") {
      const results = reassignmentResults(response as AlterPartitionReassignmentsResponse);
      this.onPartitionsAnswered(call, peer, results, reassignmentOutcome);
    }
  }

  /** Topics succeed, fail and are tried again one by one. */
  private onTopicsAnswered(
    call: Call,
    peer: NodeName,
    results: readonly { readonly name: string; readonly errorCode: ErrorCode; readonly errorMessage?: string | null }[],
    outcomeOf: (error: ErrorCode, outcomeUnknown: boolean) => AdminOutcome,
  ): void {
    const again: string[] = [];
    let lastError: ErrorCode = "NONE";
    for (const { name, errorCode, errorMessage } of results) {
      const outcome = outcomeOf(errorCode, call.outcomeUnknown);
      if (outcome === "refused") this.fail(call.request, errorCode, `${name}: ${errorMessage ?? errorCode}`);
      if (outcome !== "retry" || !call.topics.includes(name)) continue;
      again.push(name);
      lastError = errorCode;
    }
    call.topics = again;
    if (again.length > 0) this.afterError(call, peer, lastError);
  }

  /** Partitions are tried again together, when none of them was looked at. */
  private onPartitionsAnswered(
    call: Call,
    peer: NodeName,
    results: PartitionResults,
    outcomeOf: (error: ErrorCode) => AdminOutcome,
  ): void {
    const { errorCode: overall, partitions } = results;
    const error =
      overall === "NONE" && partitions.some(({ errorCode }) => errorCode === "NOT_CONTROLLER") ? "NOT_CONTROLLER" : overall;
    if (error !== "NONE") {
      if (outcomeOf(error) === "retry") this.afterError(call, peer, error);
      else this.fail(call.request, error, error);
      return;
    }
    for (const { partition, errorCode } of partitions) {
      if (outcomeOf(errorCode) !== "done") this.fail(call.request, errorCode, `${partition}: ${errorCode}`);
    }
  }

  private afterError(call: Call, peer: NodeName, error: ErrorCode): void {
    if (error === "NOT_CONTROLLER") this.locator?.giveUp(peer);
    // The controller gave up waiting; the change may still commit.
    if (error === "REQUEST_TIMED_OUT") call.outcomeUnknown = true;
    this.retry(call, error);
  }

  private retry(call: Call, error: ErrorCode): void {
    const backoff = retryBackoff(this.config, call.failures++, this.random);
    if (this.host.now() + backoff < call.deadline) {
      this.setTimer("admin.retry", call, backoff);
      return;
    }
    const about = call.topics.join(", ");
    this.fail(call.request, "TIMEOUT", `${about === "" ? "" : `${about}: `}no success in time; last: ${error}`);
  }

  // ---- the store ----

  private openShell(request: StoreRequest): void {
    const { host, bootstrap } = this;
    if (!("zookeeper" in bootstrap)) {
      this.fail(request, "UNSUPPORTED_VERSION", "there is no ZooKeeper in KRaft mode");
      return;
    }
    const timeoutMs = this.config["default.api.timeout.ms"];
    new ZooKeeperShell({ host, servers: bootstrap.zookeeper, request, timeoutMs, owner: this });
  }

  /** What is gone already need not be deleted. */
  onStoreRequestEnded(request: StoreRequest, error: ZkError | "TIMEOUT"): void {
    if (error === "OK" || (error === "NONODE" && "deleteZnode" in request)) return;
    const path = "deleteZnode" in request ? request.deleteZnode : request.writeZnode.path;
    this.fail(request, error, `${path}: ${error === "TIMEOUT" ? "no answer in time" : error}`);
  }

  private fail(request: AdminRequest, error: AdminRequestFailed["error"], message: string): void {
    const event: AdminRequestFailed = { kind: "AdminRequestFailed", client: this.name, api: apiOf(request), error, message };
    this.host.emit(event);
  }
}

interface PartitionResults {
  /** Of the request as a whole. */
  readonly errorCode: ErrorCode;
  readonly partitions: readonly { readonly partition: string; readonly errorCode: ErrorCode }[];
}

function electionResults({ errorCode, replicaElectionResults }: ElectLeadersResponse): PartitionResults {
  const partitions = replicaElectionResults.flatMap(({ topic, partitionResult }) =>
    partitionResult.map((result) => ({ partition: partitionName(topic, result.partitionId), errorCode: result.errorCode })),
  );
  return { errorCode, partitions };
}

function reassignmentResults({ errorCode, responses }: AlterPartitionReassignmentsResponse): PartitionResults {
  const partitions = responses.flatMap(({ name, partitions: results }) =>
    results.map((result) => ({ partition: partitionName(name, result.partitionIndex), errorCode: result.errorCode })),
  );
  return { errorCode, partitions };
}

function topicsOf(request: ControllerRequest): readonly string[] {
  if ("createTopics" in request) return request.createTopics.map(({ name }) => name);
  if ("createPartitions" in request) return request.createPartitions.map(({ name }) => name);
  return "deleteTopics" in request ? request.deleteTopics : [];
}
