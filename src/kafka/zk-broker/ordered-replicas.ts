/**
 * What LeaderAndIsr and StopReplica make of this broker's replicas, partition by partition.
 *
 * A LeaderAndIsr counts only in a leader epoch that is newer than the replica's. A replica whose leader is not known to live is
 * hosted, but not told who leads: it keeps its old epoch, and waits for the next order. Source: ReplicaManager.becomeLeaderOrFollower,
 * makeLeaders, makeFollowers, stopReplicas.
 */
import type { ErrorCode } from "../errors.ts";
import { report } from "../events.ts";
import { NONE, type TopicId } from "../ids.ts";
import {
  EPOCH_DURING_DELETE,
  type LeaderAndIsrPartitionState,
  type LeaderAndIsrRequest,
  type LeaderAndIsrResponse,
  type StopReplicaRequest,
  type StopReplicaResponse,
} from "../messages/control.ts";
import type { LocalReplica } from "../replica/local-replica.ts";
import type { Partition } from "../replica/partition.ts";
import type { ReplicaContext } from "../replica/replica-context.ts";
import type { ReplicaManager } from "../replica/replica-manager.ts";
import type { ControlOrderObeyed } from "../zookeeper-events.ts";

interface Order {
  readonly topic: string;
  readonly topicId: TopicId;
  readonly state: LeaderAndIsrPartitionState;
}

type StopOrder = StopReplicaRequest["topicStates"][number]["partitionStates"][number];

export class OrderedReplicas {
  private readonly context: ReplicaContext;
  private readonly replicas: ReplicaManager;
  /** The broker has been told to stop: what it follows from now on it does not copy, so that it stays out of ISRs it has left. */
  private shuttingDown = false;

  constructor(context: ReplicaContext, replicas: ReplicaManager) {
    this.context = context;
    this.replicas = replicas;
  }

  beginShutdown(): void {
    this.shuttingDown = true;
  }

  /** Topics of which a log will have to be created. */
  topicsToCreate(request: LeaderAndIsrRequest): readonly string[] {
    return request.topicStates
      .filter(({ topicName, partitionStates }) =>
        partitionStates.some(({ partitionIndex }) => this.replicas.replicaOnDisk(topicName, partitionIndex) === undefined),
      )
      .map(({ topicName }) => topicName);
  }

  // ---- LeaderAndIsr ----

  leaderAndIsr(request: LeaderAndIsrRequest): LeaderAndIsrResponse["topics"] {
    const leaders: Order[] = [];
    const followers: Order[] = [];
    const answer = request.topicStates.map(({ topicName: topic, topicId, partitionStates }) => ({
      topicName: topic,
      topicId,
      partitionErrors: partitionStates.map((state) => {
        const errorCode = this.judge(topic, topicId, state);
        if (errorCode === "NONE") (state.leader === this.context.brokerId ? leaders : followers).push({ topic, topicId, state });
        return { partitionIndex: state.partitionIndex, errorCode };
      }),
    }));
    for (const order of leaders) this.becomeLeader(order, request);
    this.becomeFollowers(followers, request);
    // From the first order on; what is not hosted by then is left out, and forgotten (KAFKA-1647, KIP-380).
    this.replicas.startHighWatermarkCheckpoints();
    this.replicas.closeIdleFetchers();
    return answer;
  }

  private judge(topic: string, topicId: TopicId, state: LeaderAndIsrPartitionState): ErrorCode {
    if (this.context.logDirFailed) return "KAFKA_STORAGE_ERROR";
    const { partitionIndex, leaderEpoch, replicas } = state;
    const known = this.replicas.replicaOnDisk(topic, partitionIndex)?.topicId ?? "";
    if (topicId !== "" && known !== "" && topicId !== known) return "INCONSISTENT_TOPIC_ID";
    const current = this.replicas.partition(topic, partitionIndex)?.leaderEpoch ?? NONE;
    if (leaderEpoch <= current) return "STALE_CONTROLLER_EPOCH";
    return replicas.includes(this.context.brokerId) ? "NONE" : "UNKNOWN_TOPIC_OR_PARTITION";
  }

  private becomeLeader({ topic, topicId, state }: Order, request: LeaderAndIsrRequest): void {
    const partition = this.replicas.host(topic, topicId, state.partitionIndex);
    this.obey(partition, state, request);
    this.replicas.becomeLeader(partition, state);
  }

  private becomeFollowers(orders: readonly Order[], request: LeaderAndIsrRequest): void {
    const inNewEpoch: Partition[] = [];
    for (const { topic, topicId, state } of orders) {
      const partition = this.replicas.host(topic, topicId, state.partitionIndex);
      if (this.context.metadata.broker(state.leader) === undefined) continue;
      this.obey(partition, state, request);
      if (this.replicas.becomeFollower(partition, state, !this.shuttingDown)) inNewEpoch.push(partition);
    }
    this.replicas.beginFollowing(inNewEpoch);
  }

  /** Unless the leader has learnt of a later state already, by the answer to its own proposal. */
  private obey(partition: Partition, state: LeaderAndIsrPartitionState, request: LeaderAndIsrRequest): void {
    if (partition.isOutdated(state)) return;
    const { replica } = partition;
    replica.controllerEpoch = state.controllerEpoch;
    this.reportObeyed("LeaderAndIsr", replica, state.leaderEpoch, request);
  }

  // ---- StopReplica ----

  stopReplica(request: StopReplicaRequest): StopReplicaResponse["partitionErrors"] {
    const deleted: LocalReplica[] = [];
    const answer: StopReplicaResponse["partitionErrors"] = request.topicStates.flatMap(({ topicName, partitionStates }) =>
      partitionStates.map((order) => {
        const errorCode = this.judgeStop(topicName, order);
        if (errorCode === "NONE") deleted.push(...this.stop(topicName, order, request));
        return { topicName, partitionIndex: order.partitionIndex, errorCode };
      }),
    );
    this.replicas.deleteFromDisk(deleted);
    this.replicas.closeIdleFetchers();
    return answer;
  }

  private judgeStop(topic: string, { partitionIndex, leaderEpoch }: StopOrder): ErrorCode {
    if (this.context.logDirFailed) return "KAFKA_STORAGE_ERROR";
    const current = this.replicas.partition(topic, partitionIndex)?.leaderEpoch ?? NONE;
    const checked = this.context.dials["broker.stopReplicaCheckLeaderEpoch"];
    const names = leaderEpoch !== NONE && leaderEpoch !== EPOCH_DURING_DELETE;
    return checked && names && leaderEpoch < current ? "FENCED_LEADER_EPOCH" : "NONE";
  }

  /** What is to be deleted. Without deletion a follower only stops copying, and a leader goes on: it copies nothing. */
  private stop(topic: string, order: StopOrder, request: StopReplicaRequest): readonly LocalReplica[] {
    const { partitionIndex, leaderEpoch, deletePartition } = order;
    const partition = this.replicas.partition(topic, partitionIndex);
    if (!deletePartition) {
      if (partition === undefined || !this.replicas.isFetching(partition)) return [];
      this.reportObeyed("StopReplica", partition.replica, leaderEpoch, request);
      this.replicas.stopFetching(partition);
      return [];
    }
    // Not hosted, but on the disk: the topic may have been deleted while this broker was down.
    const replica = partition?.replica ?? this.replicas.replicaOnDisk(topic, partitionIndex);
    if (replica === undefined) return [];
    this.reportObeyed("StopReplica", replica, leaderEpoch, request);
    if (partition !== undefined) this.replicas.stop(partition);
    return [replica];
  }

  private reportObeyed(
    api: ControlOrderObeyed["api"],
    { topic, partition }: LocalReplica,
    leaderEpoch: number,
    { controllerEpoch, brokerEpoch }: LeaderAndIsrRequest | StopReplicaRequest,
  ): void {
    const { host, brokerId: broker } = this.context;
    const order = { broker, api, topic, partition, controllerEpoch, brokerEpoch, leaderEpoch };
    report(host, { kind: "ControlOrderObeyed", ...order });
  }
}
