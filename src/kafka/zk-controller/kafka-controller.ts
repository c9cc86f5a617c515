/**
 * The controller of ZooKeeper mode, as every broker has it: one of them is active.
 *
 * All that it does, it does as one handler after the other on one thread: a handler that waits for the store holds up the rest, and
 * what it knows may have been overtaken meanwhile. Nobody but the store decides who is active: a controller may go on believing in
 * itself for a while, and is kept from harm by conditional writes and by the brokers, who have heard of a later one.
 * Source: KafkaController, ControllerEventManager.
 */
import { fail } from "../../base/assert.ts";
import type { Micros } from "../../base/units.ts";
import type { Host } from "../../sim/host.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { ServiceCosts } from "../config/service-costs.ts";
import type { Dials } from "../dials.ts";
import { report } from "../events.ts";
import { type BrokerEpoch, type BrokerId, NONE } from "../ids.ts";
import type { AnyPendingRequest } from "../net/request-channel.ts";
import type { AbortReason, Procedure } from "../zk/procedure.ts";
import { type ProcedureOwner, ProcedureThread } from "../zk/procedure-thread.ts";
import type { ZkClient } from "../zk/zk-client.ts";
import { BROKER_IDS_PATH, type BrokerIdZnode, CONTROLLER_PATH } from "../zk/znodes.ts";
import type { WatchedEvent } from "../zookeeper/client-protocol.ts";
import type { SessionId } from "../zookeeper/znode.ts";
import { BrokerChange } from "./broker-change.ts";
import { type ControlAnswer, type ControlAnswerHandler, ControlChannels } from "./control-channels.ts";
import { ControllerContext } from "./controller-context.ts";
import type { ControllerDuty, DeletedReplica } from "./controller-core.ts";
import { controllerDuties } from "./controller-duties.ts";
import { controllerChange, reelect, registerBrokerAndReelect, startup } from "./controller-election.ts";
import type { ControllerSelf, RegistrationOwner } from "./controller-self.ts";
import { Expire, ShutdownEventThread, type ShutdownOwner } from "./end-of-controller.ts";
import { LeaderAndIsrResponseReceived } from "./leader-and-isr-answer.ts";
import { RegisterBroker } from "./register-broker.ts";

export class KafkaController implements ControllerSelf, ControlAnswerHandler, ProcedureOwner {
  readonly host: Host;
  readonly config: BrokerConfig;
  readonly dials: Dials;
  readonly costs: ServiceCosts;
  readonly brokerId: BrokerId;
  readonly registration: BrokerIdZnode;
  readonly zk: ZkClient;
  readonly thread: ProcedureThread;
  readonly context: ControllerContext;
  readonly channels: ControlChannels;
  readonly duties: readonly ControllerDuty[];
  activeControllerId: BrokerId = NONE;
  sessionOfRegistration: SessionId = 0;
  private epochOfRegistration: BrokerEpoch = NONE;
  /** Takes part in elections. */
  private started = false;
  private stopped = false;
  /** When the election was won that made this broker the controller; undefined while it is none. */
  private electedAt: Micros | undefined;

  constructor(options: {
    readonly host: Host;
    readonly config: BrokerConfig;
    readonly dials: Dials;
    readonly costs: ServiceCosts;
    readonly brokerId: BrokerId;
    readonly rack: string | null;
    /** Its listener passes on to this what it hears: connections, expiries, events. */
    readonly zk: ZkClient;
  }) {
    const { host, config, dials, brokerId, zk } = options;
    this.host = host;
    this.config = config;
    this.dials = dials;
    this.costs = options.costs;
    this.brokerId = brokerId;
    this.registration = Object.freeze({ host: host.name, rack: options.rack });
    this.zk = zk;
    this.thread = new ProcedureThread({ host, zk, owner: this, pipelined: dials["controller.pipelineZkRequests"] });
    this.context = new ControllerContext(host, brokerId);
    this.channels = new ControlChannels(host, config, this);
    this.duties = controllerDuties(this);
  }

  // ---- for the server ----

  get isActive(): boolean {
    return this.activeControllerId === this.brokerId;
  }

  /** 0 while this is not the controller. */
  get controllerEpoch(): number {
    return this.context.epoch;
  }

  get brokerEpoch(): BrokerEpoch {
    return this.epochOfRegistration;
  }

  /** The first registration. Afterwards a new session brings a new one by itself. */
  registerBroker(owner: RegistrationOwner): void {
    this.thread.submit(new RegisterBroker(this, owner));
  }

  /** Stands for election from now on. */
  startup(): void {
    this.started = true;
    this.thread.submit(startup(this));
  }

  /** The running handler goes on to its end, what waits falls away. `owner` hears when nothing runs any more. */
  shutdown(owner: ShutdownOwner): void {
    this.stopped = true;
    this.thread.clearAndSubmit(new ShutdownEventThread(this, owner));
  }

  /** AlterPartition, ControlledShutdown and what administrators ask for. */
  onRequest(request: AnyPendingRequest): void {
    if (!this.duties.some((duty) => duty.onRequest?.(request) === true)) fail(`${request.api} is not the controller's`);
  }

  // ---- from the store ----

  onZkConnected(fresh: boolean): void {
    if (fresh && this.started && !this.stopped) this.thread.submit(registerBrokerAndReelect(this));
  }

  onZkSessionExpired(): void {
    if (this.started && !this.stopped) this.thread.clearAndSubmit(new Expire(this));
    else this.zk.startNewSession();
  }

  onWatchedEvent(event: WatchedEvent): void {
    const procedure = this.started && !this.stopped ? this.procedureFor(event) : undefined;
    if (procedure !== undefined) this.thread.submit(procedure);
  }

  private procedureFor(event: WatchedEvent): Procedure | undefined {
    if (event.path === CONTROLLER_PATH) return event.type === "NodeDeleted" ? reelect(this) : controllerChange(this);
    if (event.path === BROKER_IDS_PATH) return new BrokerChange(this);
    for (const duty of this.duties) {
      const procedure = duty.onWatchedEvent?.(event);
      if (procedure !== undefined) return procedure;
    }
    return undefined;
  }

  // ---- from the brokers ----

  onControlAnswer(broker: BrokerId, answer: ControlAnswer): void {
    if (answer.response === undefined) return;
    if (answer.api === "LeaderAndIsr") this.thread.submit(new LeaderAndIsrResponseReceived(this, broker, answer.response));
    if (answer.api === "StopReplica") this.onStopReplicaAnswer(broker, answer);
  }

  /** Only deletions matter: that a replica just stops is taken for granted. */
  private onStopReplicaAnswer(broker: BrokerId, answer: Extract<ControlAnswer, { readonly api: "StopReplica" }>): void {
    const { request, response } = answer;
    if (response === undefined) return;
    const ordered = new Map(
      request.topicStates.map(({ topicName, partitionStates }) => {
        const toDelete = partitionStates.filter((state) => state.deletePartition);
        return [topicName, new Set(toDelete.map((state) => state.partitionIndex))];
      }),
    );
    const deleted: DeletedReplica[] = response.partitionErrors
      .filter(({ topicName, partitionIndex }) => {
        const isOrdered = ordered.get(topicName)?.has(partitionIndex) === true;
        return isOrdered && this.context.topicsWithDeletionStarted.has(topicName);
      })
      .map(({ topicName, partitionIndex, errorCode }) => ({ topic: topicName, partition: partitionIndex, errorCode }));
    if (deleted.length === 0) return;
    for (const duty of this.duties) {
      const procedure = duty.onReplicaDeletionAnswered?.(broker, response.errorCode, deleted);
      if (procedure !== undefined) this.thread.submit(procedure);
    }
  }

  // ---- for its own handlers ----

  onRegistered(brokerEpoch: BrokerEpoch): void {
    this.epochOfRegistration = brokerEpoch;
    this.sessionOfRegistration = this.zk.session;
  }

  onElected(epoch: number, epochZkVersion: number): void {
    this.context.epoch = epoch;
    this.context.epochZkVersion = epochZkVersion;
    this.activeControllerId = this.brokerId;
    this.electedAt = this.host.steadyNow();
    report(this.host, { kind: "ControllerActivated", replica: this.brokerId, epoch });
  }

  onFailoverCompleted(): void {
    const { brokerId: controller, context } = this;
    const tookUs = this.host.steadyNow() - (this.electedAt ?? fail("a failover without an election"));
    const partitions = context.partitionCount;
    report(this.host, { kind: "ControllerFailoverCompleted", controller, epoch: context.epoch, partitions, tookUs });
  }

  resign(): void {
    if (this.electedAt !== undefined) {
      this.electedAt = undefined;
      report(this.host, { kind: "ControllerRenounced", replica: this.brokerId, epoch: this.context.epoch });
      for (const duty of this.duties) duty.onResigned?.();
    }
    this.channels.removeAll();
    this.context.reset();
  }

  /** The handler itself is over. Its error is only logged, unless it shows that there is another controller. */
  onHandlerAborted(_name: string, reason: AbortReason): void {
    if (reason === "controller-moved") this.thread.submitFirst(controllerChange(this));
  }
}
