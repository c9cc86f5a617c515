/**
 * One Kafka server process of ZooKeeper mode: a broker, and a controller that may be the active one.
 *
 * It starts step by step: connects, makes sure of the persistent paths, opens its logs, registers, starts the controller, and only
 * then opens its port; a step that fails ends the process. It passes on what arrives, and decides nothing else. Source: KafkaServer.
 */
import { ms } from "../../base/units.ts";
import type { Host, Timer } from "../../sim/host.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { ServiceCosts } from "../config/service-costs.ts";
import type { Dials } from "../dials.ts";
import { type BrokerState, report } from "../events.ts";
import { offsetsTopic } from "../group/offsets-topic.ts";
import type { BrokerEpoch, BrokerId } from "../ids.ts";
import type { AnyPendingRequest } from "../net/request-channel.ts";
import { ServerProcess } from "../net/server-process.ts";
import type { ReplicaManager } from "../replica/replica-manager.ts";
import { KafkaZkClient } from "../zk/kafka-zk-client.ts";
import type { AbortReason } from "../zk/procedure.ts";
import { create } from "../zk/store-requests.ts";
import type { ZkClientListener, ZkResponseHandler } from "../zk/zk-client.ts";
import { PERSISTENT_PATHS } from "../zk/znodes.ts";
import { ControlledShutdown, type ControlledShutdownOwner } from "../zk-broker/controlled-shutdown.ts";
import { ZkBroker, type ZkBrokerOwner } from "../zk-broker/zk-broker.ts";
import type { RegistrationOwner } from "../zk-controller/controller-self.ts";
import type { ShutdownOwner } from "../zk-controller/end-of-controller.ts";
import { KafkaController } from "../zk-controller/kafka-controller.ts";
import { ZkAdminManager } from "../zk-controller/zk-admin-manager.ts";
import type { WatchedEvent, ZkResponse } from "../zookeeper/client-protocol.ts";
import type { ClusterTopology } from "./topology.ts";

export interface ZkKafkaServerOptions {
  readonly host: Host;
  readonly config: BrokerConfig;
  readonly dials: Dials;
  readonly costs: ServiceCosts;
  readonly topology: ClusterTopology;
  readonly brokerId: BrokerId;
  readonly rack: string | null;
}

type Phase = "connecting" | "starting" | "running" | "shutting-down" | "stopped";

export class ZkKafkaServer
  extends ServerProcess
  implements ZkClientListener, ZkResponseHandler, ZkBrokerOwner, RegistrationOwner, ControlledShutdownOwner, ShutdownOwner
{
  private readonly config: BrokerConfig;
  private readonly brokerId: BrokerId;
  private readonly zk: KafkaZkClient;
  readonly broker: ZkBroker;
  readonly controller: KafkaController;
  private readonly admin: ZkAdminManager;
  private readonly controlledShutdown: ControlledShutdown;
  phase: Phase = "connecting";
  private exitReason = "shut down";

  constructor(options: ZkKafkaServerOptions) {
    const { host, config, dials, costs, topology, brokerId, rack } = options;
    super(host);
    this.config = config;
    this.brokerId = brokerId;
    const servers = topology.zookeeper.map(({ node }) => node);
    const sessionTimeoutMs = config["zookeeper.session.timeout.ms"];
    const maxInFlightRequests = config["zookeeper.max.in.flight.requests"];
    this.zk = new KafkaZkClient({ host, servers, sessionTimeoutMs, listener: this, maxInFlightRequests });
    const { zk } = this;
    this.broker = new ZkBroker({ host, config, dials, costs, topology, brokerId, zk, owner: this });
    this.controller = new KafkaController({ host, config, dials, costs, brokerId, rack, zk });
    this.admin = new ZkAdminManager(this.controller, this.broker.metadata);
    this.controlledShutdown = new ControlledShutdown({ host, config, brokerId, finder: this.broker, owner: this });
  }

  get replicaManager(): ReplicaManager {
    return this.broker.replicaManager;
  }

  get brokerEpoch(): BrokerEpoch {
    return this.controller.brokerEpoch;
  }

  // ---- starting ----

  onStart(): void {
    this.enter("STARTING");
    // `zookeeper.connection.timeout.ms`, which is the session timeout if it is not set.
    this.host.setTimer(ms(this.config["zookeeper.session.timeout.ms"]), { kind: "zookeeper.connection-timeout", target: this });
    this.zk.start();
  }

  override onTimer(timer: Timer): void {
    if (timer.target !== this) super.onTimer(timer);
    else if (this.phase === "connecting") this.host.exit("could not connect to ZooKeeper in time");
  }

  onZkConnected(fresh: boolean): void {
    if (this.phase === "connecting") {
      this.phase = "starting";
      this.zk.request(
        PERSISTENT_PATHS.map((path) => create(path)),
        this,
        undefined,
        "serially",
      );
    } else if (fresh) {
      this.broker.onNewSession();
    }
    this.controller.onZkConnected(fresh);
  }

  /** The persistent paths have been made, or were there. */
  onZkResponses(responses: readonly ZkResponse[]): void {
    if (responses.every(({ error }) => error === "OK" || error === "NODEEXISTS")) this.broker.loadLogs();
  }

  /**
   * RECOVERY, which Kafka has passed through by now, is not reported: logs open in no time here, and to whom watches the word
   * means that a broker has registered.
   */
  onLogsLoaded(): void {
    this.controller.registerBroker(this);
  }

  onBrokerRegistered(_brokerEpoch: BrokerEpoch): void {
    this.phase = "running";
    this.controller.startup();
    this.host.listen();
    this.enter("RUNNING");
  }

  onBrokerRegistrationFailed(reason: AbortReason): void {
    this.exitReason = `could not register with ZooKeeper: ${reason === "failed" ? "the broker id is taken" : reason}`;
    // As after any shutdown: the logs that were opened are closed, and so is the session.
    this.phase = "stopped";
    this.broker.stop();
    this.zk.close();
  }

  private enter(state: BrokerState): void {
    report(this.host, { kind: "BrokerStateChanged", broker: this.brokerId, state });
  }

  // ---- from the store ----

  onZkDisconnected(): void {}

  onZkSessionExpired(): void {
    if (this.phase === "starting") this.host.exit("the session with ZooKeeper expired while starting up");
    else this.controller.onZkSessionExpired();
  }

  onWatchedEvent(event: WatchedEvent): void {
    this.controller.onWatchedEvent(event);
  }

  // ---- requests ----

  onRequest(request: AnyPendingRequest): void {
    if (this.phase === "stopped") {
      request.closeConnection();
      return;
    }
    switch (request.api) {
      case "AlterPartition":
      case "ControlledShutdown":
      case "AlterPartitionReassignments":
        this.controller.onRequest(request);
        return;
      case "CreateTopics":
      case "CreatePartitions":
      case "DeleteTopics":
      case "ElectLeaders":
        this.admin.onRequest(request);
        return;
      case "Vote":
      case "BeginQuorumEpoch":
      case "EndQuorumEpoch":
      case "BrokerRegistration":
      case "BrokerHeartbeat":
        // The broker does not speak KRaft.
        request.closeConnection();
        return;
      default:
        this.broker.admit(request);
    }
  }

  /** Any broker writes it to the store, whoever is the controller. */
  makeOffsetsTopic(): void {
    this.admin.createInternalTopic(offsetsTopic(this.config));
  }

  onMetadataUpdated(): void {
    this.admin.onMetadataUpdated();
  }

  // ---- stopping ----

  /** Kafka's shutdown hook can't stop a server that is still starting, and halts it. */
  onShutdownRequested(): void {
    if (this.phase === "connecting" || this.phase === "starting") this.host.exit("told to stop while starting up");
    if (this.phase !== "running") return;
    this.phase = "shutting-down";
    this.broker.beginShutdown();
    if (!this.config["controlled.shutdown.enable"]) {
      this.onControlledShutdownEnded();
      return;
    }
    this.enter("PENDING_CONTROLLED_SHUTDOWN");
    this.controlledShutdown.start();
  }

  onControlledShutdownEnded(): void {
    this.phase = "stopped";
    this.enter("SHUTTING_DOWN");
    this.broker.stop();
    this.controller.shutdown(this);
  }

  onControllerStopped(): void {
    this.zk.close();
  }

  onZkClosed(): void {
    this.host.exit(this.exitReason);
  }
}
