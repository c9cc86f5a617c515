/**
 * Reports what the store has decided for good, in Kafka's words: each server does so when it applies a committed transaction, and
 * `metadataOffset`, the zxid, tells repetitions from news.
 *
 * It remembers nothing: what a change leaves out (replicas, settings) it looks up in the server's own tree, so it is right
 * whatever the server has replayed or taken over before.
 */
import type { Host } from "../../sim/host.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import { sameList } from "../controller/partition-change-builder.ts";
import { minIsrOf, uncleanElectionOf } from "../controller/topic-settings.ts";
import type { KafkaEvent } from "../events.ts";
import { NONE, type TopicPartition } from "../ids.ts";
import type { CommittedTransaction, TransactionListener, Znode, ZnodeChange, ZnodeReader } from "../zookeeper/znode.ts";
import {
  BROKER_IDS_PATH,
  CONTROLLER_EPOCH_PATH,
  CONTROLLER_PATH,
  type ControllerEpochZnode,
  type ControllerZnode,
  type PartitionStateZnode,
  partitionOfStatePath,
  partitionStatePath,
  TOPICS_PATH,
  type TopicConfigZnode,
  type TopicZnode,
  topicConfigPath,
  topicPath,
} from "./znodes.ts";

const BROKER_ID_PREFIX = `${BROKER_IDS_PATH}/`;
const TOPIC_PREFIX = `${TOPICS_PATH}/`;

export class StoreDecisions implements TransactionListener {
  private readonly host: Host;
  private readonly config: BrokerConfig;

  /** `config`: the brokers', for settings that a topic does not have of its own. */
  constructor(options: { readonly host: Host; readonly config: BrokerConfig }) {
    this.host = options.host;
    this.config = options.config;
  }

  onCommitted(transaction: CommittedTransaction, tree: ZnodeReader): void {
    for (const change of transaction.changes) this.report(change, transaction, tree);
  }

  private report(change: ZnodeChange, transaction: CommittedTransaction, tree: ZnodeReader): void {
    const { path } = change;
    if (path.startsWith(TOPIC_PREFIX)) this.reportTopics(change, transaction, tree);
    else if (path.startsWith(BROKER_ID_PREFIX)) this.reportBroker(change, transaction.zxid);
    else if (path === CONTROLLER_PATH) {
      const controller = dataOf<ControllerZnode>(change.after)?.brokerId ?? NONE;
      this.emit({ kind: "ControllerChanged", controller, metadataOffset: transaction.zxid });
    } else if (path === CONTROLLER_EPOCH_PATH) {
      const epoch = dataOf<ControllerEpochZnode>(change.after);
      if (epoch !== undefined) this.emit({ kind: "ControllerEpochChanged", epoch, metadataOffset: transaction.zxid });
    }
  }

  /** Registering is creating the node and, in the same transaction, setting its data: only the first is a registration. */
  private reportBroker({ path, before, after }: ZnodeChange, metadataOffset: number): void {
    const broker = Number(path.slice(BROKER_ID_PREFIX.length));
    if (after === undefined) {
      const brokerEpoch = before?.stat.czxid ?? NONE;
      this.emit({ kind: "BrokerUnregistered", broker, brokerEpoch, metadataOffset });
    } else if (before === undefined) {
      this.emit({ kind: "BrokerRegistered", broker, brokerEpoch: after.stat.czxid, metadataOffset });
    }
  }

  private reportTopics(change: ZnodeChange, transaction: CommittedTransaction, tree: ZnodeReader): void {
    const { path } = change;
    const below = path.slice(TOPIC_PREFIX.length);
    if (!below.includes("/")) this.reportTopic(below, change, transaction.zxid, tree);
    else if (path.endsWith("/state")) {
      const at = partitionOfStatePath(path);
      if (at !== undefined) this.reportState(at, change, transaction, tree);
    }
  }

  private reportTopic(topic: string, { before, after }: ZnodeChange, metadataOffset: number, tree: ZnodeReader): void {
    if (after === undefined) {
      this.emit({ kind: "TopicDeleted", topic, metadataOffset });
      return;
    }
    const { topicId, partitions } = after.data as TopicZnode;
    if (before === undefined) {
      this.emit({ kind: "TopicCreated", topic, topicId, metadataOffset });
      return;
    }
    const former = (before.data as TopicZnode).partitions;
    for (const [partition, assignment] of partitions.entries()) {
      const { replicas, addingReplicas, removingReplicas } = assignment;
      const was = former[partition];
      if (was === undefined || was === assignment) continue;
      if (!sameList(was.addingReplicas, addingReplicas) || !sameList(was.removingReplicas, removingReplicas)) {
        const change = { topic, partition, replicas, addingReplicas, removingReplicas, metadataOffset };
        this.emit({ kind: "PartitionReassigned", ...change });
      }
      if (sameList(was.replicas, replicas)) continue;
      const state = tree.get(partitionStatePath(topic, partition));
      if (state !== undefined) this.reportPartition({ topic, partition }, state, metadataOffset, tree);
    }
  }

  private reportState(
    at: TopicPartition,
    { before, after }: ZnodeChange,
    transaction: CommittedTransaction,
    tree: ZnodeReader,
  ): void {
    if (after === undefined) return;
    const metadataOffset = transaction.zxid;
    const { leader, leaderEpoch, isr, controllerEpoch } = after.data as PartitionStateZnode;
    const partitionEpoch = after.stat.version;
    this.emit({
      kind: "PartitionStateWritten",
      ...at,
      session: transaction.session,
      leader,
      leaderEpoch,
      isr,
      controllerEpoch,
      partitionEpoch,
      metadataOffset,
    });
    this.reportPartition(at, after, metadataOffset, tree);
    if (before === undefined) return;
    const former = before.data as PartitionStateZnode;
    if (!sameList(former.isr, isr)) {
      this.emit({ kind: "IsrChanged", ...at, from: former.isr, isr, leader, partitionEpoch, metadataOffset });
    }
    if (former.leaderEpoch !== leaderEpoch) {
      const unclean = leader !== NONE && !former.isr.includes(leader);
      this.emit({ kind: "LeaderElected", ...at, from: former.leader, leader, leaderEpoch, isr, unclean, metadataOffset });
    }
  }

  /** Without its topic's node a partition is nobody's any more, or not yet. */
  private reportPartition(at: TopicPartition, { data, stat }: Znode, metadataOffset: number, tree: ZnodeReader): void {
    const assigned = dataOf<TopicZnode>(tree.get(topicPath(at.topic)))?.partitions[at.partition];
    if (assigned === undefined) return;
    const { replicas } = assigned;
    const { leader, leaderEpoch, isr, leaderRecoveryState } = data as PartitionStateZnode;
    const settings = dataOf<TopicConfigZnode>(tree.get(topicConfigPath(at.topic)));
    this.emit({
      kind: "PartitionChanged",
      ...at,
      replicas,
      isr,
      elr: [],
      lastKnownElr: [],
      leader,
      leaderEpoch,
      partitionEpoch: stat.version,
      leaderRecoveryState,
      minIsr: minIsrOf(settings?.["min.insync.replicas"], this.config, replicas.length),
      uncleanElection: uncleanElectionOf(settings?.["unclean.leader.election.enable"], this.config),
      metadataOffset,
    });
  }

  private emit(event: KafkaEvent): void {
    this.host.emit(event);
  }
}

function dataOf<T>(znode: Znode | undefined): T | undefined {
  return znode === undefined || znode.data === null ? undefined : (znode.data as T);
}
