/** Mutants of ZooKeeper mode: the ensemble, its clients, the elected controller, and the brokers that take its orders. */

import type { BrokerId, ZkServerId } from "../../src/kafka/ids.ts";
import type { Completion } from "../../src/kafka/net/network-client.ts";
import { AlterPartitionManager } from "../../src/kafka/replica/alter-partition-manager.ts";
import type { IsrProposal, IsrProposer } from "../../src/kafka/replica/isr-manager.ts";
import { KafkaZkClient } from "../../src/kafka/zk/kafka-zk-client.ts";
import { DONE } from "../../src/kafka/zk/procedure.ts";
import { ControlRequests } from "../../src/kafka/zk-broker/control-requests.ts";
import { ControlChannels } from "../../src/kafka/zk-controller/control-channels.ts";
import { reelect } from "../../src/kafka/zk-controller/controller-election.ts";
import type { ControllerSelf } from "../../src/kafka/zk-controller/controller-self.ts";
import { KafkaController } from "../../src/kafka/zk-controller/kafka-controller.ts";
import { RefreshPartitionStates } from "../../src/kafka/zk-controller/partition-state-refresh.ts";
import { ZkConnectFrame, type ZkRequest } from "../../src/kafka/zookeeper/client-protocol.ts";
import { ClientService } from "../../src/kafka/zookeeper/client-service.ts";
import type { CommitProcessor } from "../../src/kafka/zookeeper/commit-processor.ts";
import type { Fifo } from "../../src/kafka/zookeeper/fifo.ts";
import { Follower } from "../../src/kafka/zookeeper/follower.ts";
import { FollowerServer } from "../../src/kafka/zookeeper/follower-server.ts";
import { Leader } from "../../src/kafka/zookeeper/leader.ts";
import { OutstandingChanges } from "../../src/kafka/zookeeper/outstanding-changes.ts";
import type { FollowerMessage, LeaderMessage, Proposal } from "../../src/kafka/zookeeper/quorum-messages.ts";
import type { ServerContext } from "../../src/kafka/zookeeper/server-context.ts";
import type { Zxid } from "../../src/kafka/zookeeper/zxid.ts";
import { inside, type Mutant, SEEDS } from "./mutant.ts";
import {
  CONTROLLER_CRASH,
  DEPOSED_CONTROLLER,
  DEPOSED_ENSEMBLE_LEADER,
  EXPIRED_BROKER,
  FOLLOWERS_LOSE_POWER,
  LATE_ORDERS,
  NEW_TOPIC,
  REJOIN_BY_CONTROLLER,
  RETURN_FROM_EARLIER_EPOCH,
  UNREACHABLE_CONTROLLER,
  UNREACHABLE_FOLLOWER,
} from "./zookeeper-scenarios.ts";

interface InsideControlRequests {
  controllerEpoch: number;
  takeUpNext(): void;
}

interface InsideController extends ControllerSelf {
  readonly started: boolean;
  readonly stopped: boolean;
  onZkConnected(fresh: boolean): void;
}

interface Channel {
  readonly queue: unknown[];
  state: "idle" | "awaiting-answer" | "resting";
}

interface InsideChannels {
  readonly channels: ReadonlyMap<BrokerId, Channel>;
  begin(channel: Channel): void;
  rest(channel: Channel): void;
}

interface InsideIsrManager {
  readonly unanswered: Map<IsrProposer, IsrProposal>;
  onCompletion(completion: Completion<readonly IsrProposal[]>): void;
  retryLater(): void;
}

interface InsideLeader {
  readonly context: ServerContext;
  onConnecting(sid: ZkServerId, acceptedEpoch: number): void;
}

interface InsideFollower {
  readonly phase: string;
  onBroadcastMessage(message: LeaderMessage): void;
  send(message: Pick<FollowerMessage & { kind: "ZabAck" }, "kind" | "zxid">): void;
}

interface InsideFollowerServer {
  readonly pending: Fifo<Proposal>;
  readonly commits: CommitProcessor;
  commit(zxid: Zxid): void;
}

const follower = inside<InsideFollower>(Follower);
const channels = inside<InsideChannels>(ControlChannels);

/** The write itself, if the request is one with a check of the controller epoch before it. */
function unfenced(request: ZkRequest): ZkRequest {
  if (request.op !== "multi") return request;
  const [check, write] = request.ops;
  return check?.op === "check" && write !== undefined && write.op !== "check" ? write : request;
}

export const ZOOKEEPER_MUTANTS: readonly Mutant[] = [
  {
    name: "write-without-fence",
    breaks: "A controller's writes to ZooKeeper do not check whether another one has been elected.",
    invariant: "SingleActiveController",
    scenario: DEPOSED_CONTROLLER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        KafkaZkClient.prototype,
        "request",
        (request) =>
          function (this: KafkaZkClient, requests, handler, context, how) {
            request.call(this, requests.map(unfenced), handler as never, context, how);
          },
      ),
  },
  {
    name: "obey-any-controller",
    breaks: "A broker forgets after each order which controller it came from.",
    invariant: "StaleControlRequestIgnored",
    scenario: LATE_ORDERS,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        inside<InsideControlRequests>(ControlRequests),
        "takeUpNext",
        (takeUpNext) =>
          function (this: InsideControlRequests) {
            this.controllerEpoch = 0;
            takeUpNext.call(this);
          },
      ),
  },
  {
    name: "cache-not-updated",
    breaks: "The controller does not take note of the ISRs that leaders asked it to write.",
    invariant: "ControllerViewMatchesStore",
    scenario: REJOIN_BY_CONTROLLER,
    seeds: SEEDS,
    patch: (patches) => patches.replace(RefreshPartitionStates.prototype, "onResponses", () => () => DONE),
  },
  {
    name: "session-without-registration",
    breaks: "A broker that gets a new session stands for election, but does not register.",
    invariant: "BrokerEventuallyRegistered",
    scenario: EXPIRED_BROKER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        inside<InsideController>(KafkaController),
        "onZkConnected",
        () =>
          function (this: InsideController, fresh) {
            if (fresh && this.started && !this.stopped) this.thread.submit(reelect(this));
          },
      ),
  },
  {
    name: "order-not-repeated",
    breaks: "The controller goes on to the next order when a broker has not answered one.",
    invariant: "ControllerViewMatchesBrokers",
    scenario: UNREACHABLE_FOLLOWER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        channels,
        "rest",
        (rest) =>
          function (this: InsideChannels, channel) {
            channel.queue.shift();
            rest.call(this, channel);
          },
      ),
  },
  {
    name: "proposal-forgotten",
    breaks: "A leader does not ask again for an ISR when the controller could not be asked.",
    invariant: "AlterPartitionSettles",
    scenario: UNREACHABLE_CONTROLLER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        inside<InsideIsrManager>(AlterPartitionManager),
        "retryLater",
        () =>
          function (this: InsideIsrManager) {
            this.unanswered.clear();
          },
      ),
  },
  {
    name: "ephemeral-left-behind",
    breaks: "The end of a session takes only the first of its ephemeral nodes with it.",
    invariant: "ZkEphemeralsGoWithSession",
    scenario: CONTROLLER_CRASH,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        OutstandingChanges.prototype,
        "ephemeralsOf",
        (ephemeralsOf) =>
          function (this: OutstandingChanges, session) {
            return ephemeralsOf.call(this, session).slice(0, 1);
          },
      ),
  },
  {
    name: "epoch-not-raised",
    breaks: "A new leader of the ensemble asks its followers, but not itself, which epochs there have been.",
    invariant: "ZkElectionSafety",
    scenario: RETURN_FROM_EARLIER_EPOCH,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        inside<InsideLeader>(Leader),
        "onConnecting",
        (onConnecting) =>
          function (this: InsideLeader, sid, acceptedEpoch) {
            onConnecting.call(this, sid, sid === this.context.serverId ? 0 : acceptedEpoch);
          },
      ),
  },
  {
    name: "acknowledge-before-logging",
    breaks: "A follower of the ensemble acknowledges a transaction when it hears of it, not when it is on its disk.",
    invariant: "ZkCommittedWritesKept",
    scenario: FOLLOWERS_LOSE_POWER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        follower,
        "onBroadcastMessage",
        (onBroadcastMessage) =>
          function (this: InsideFollower, message) {
            onBroadcastMessage.call(this, message);
            if (message.kind !== "ZabProposal" || this.phase !== "BROADCAST") return;
            this.send({ kind: "ZabAck", zxid: message.proposal.transaction.zxid });
          },
      ),
  },
  {
    name: "commit-skipped",
    breaks: "A follower of the ensemble that is told of several commits at once takes note of the last.",
    invariant: "ZkTotalOrder",
    scenario: NEW_TOPIC,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        inside<InsideFollowerServer>(FollowerServer),
        "commit",
        () =>
          function (this: InsideFollowerServer, zxid) {
            for (let first = this.pending.peek(); first !== undefined; first = this.pending.peek()) {
              if (first.transaction.zxid > zxid) return;
              this.pending.shift();
              if (first.transaction.zxid === zxid) this.commits.commit(first);
            }
          },
      ),
  },
  {
    name: "server-behind-accepts",
    breaks: "A ZooKeeper server takes clients in that have seen more than it has.",
    invariant: "ZkSessionMonotonic",
    scenario: DEPOSED_ENSEMBLE_LEADER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        ClientService.prototype,
        "onConnect",
        (onConnect) =>
          function (this: ClientService, connection, { session, timeoutMs }) {
            onConnect.call(this, connection, new ZkConnectFrame(session, timeoutMs, 0));
          },
      ),
  },
];
