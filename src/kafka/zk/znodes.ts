/** Kafka's znodes: their paths and what stands in them. Values are frozen before they are stored. Source: ZkData. */
import type { BrokerId, LeaderEpoch, TopicId, TopicPartition } from "../ids.ts";
import type { LeaderRecoveryState } from "../messages/broker-lifecycle.ts";

export const CONTROLLER_PATH = "/controller";
export const CONTROLLER_EPOCH_PATH = "/controller_epoch";
export const BROKER_IDS_PATH = "/brokers/ids";
export const TOPICS_PATH = "/brokers/topics";
export const ISR_CHANGE_NOTIFICATION_PATH = "/isr_change_notification";
export const LOG_DIR_EVENT_NOTIFICATION_PATH = "/log_dir_event_notification";
export const DELETE_TOPICS_PATH = "/admin/delete_topics";
export const REASSIGN_PARTITIONS_PATH = "/admin/reassign_partitions";
export const PREFERRED_ELECTION_PATH = "/admin/preferred_replica_election";
const TOPIC_CONFIGS_PATH = "/config/topics";

/** Persistent nodes that a broker makes sure of when it starts, parents first. Source: ZkData.PersistentZkPaths. */
export const PERSISTENT_PATHS: readonly string[] = [
  "/brokers",
  BROKER_IDS_PATH,
  TOPICS_PATH,
  "/config",
  TOPIC_CONFIGS_PATH,
  "/admin",
  DELETE_TOPICS_PATH,
  ISR_CHANGE_NOTIFICATION_PATH,
  LOG_DIR_EVENT_NOTIFICATION_PATH,
];

export function brokerIdPath(broker: BrokerId): string {
  return `${BROKER_IDS_PATH}/${broker}`;
}

export function topicPath(topic: string): string {
  return `${TOPICS_PATH}/${topic}`;
}

export function topicPartitionsPath(topic: string): string {
  return `${topicPath(topic)}/partitions`;
}

export function topicPartitionPath(topic: string, partition: number): string {
  return `${topicPartitionsPath(topic)}/${partition}`;
}

export function partitionStatePath(topic: string, partition: number): string {
  return `${topicPartitionPath(topic, partition)}/state`;
}

export function topicConfigPath(topic: string): string {
  return `${TOPIC_CONFIGS_PATH}/${topic}`;
}

export function deleteTopicPath(topic: string): string {
  return `${DELETE_TOPICS_PATH}/${topic}`;
}

/** The partition whose state stands at `path`; undefined for any other path. */
export function partitionOfStatePath(path: string): TopicPartition | undefined {
  const match = /^\/brokers\/topics\/([^/]+)\/partitions\/(\d+)\/state$/.exec(path);
  return match === null ? undefined : { topic: match[1] as string, partition: Number(match[2]) };
}

/** `/controller`. */
export interface ControllerZnode {
  readonly brokerId: BrokerId;
  /** By the clock of the broker that wrote it. */
  readonly timestampMs: number;
}

/** `/controller_epoch` holds the epoch itself, as a number. */
export type ControllerEpochZnode = number;

/** `/brokers/ids/<id>`: its czxid is the broker epoch. */
export interface BrokerIdZnode {
  /** The node that clients and brokers connect to. */
  readonly host: string;
  readonly rack: string | null;
}

/** While a partition is reassigned, `replicas` holds the target followed by what will go. */
export interface ReplicaAssignment {
  readonly replicas: readonly BrokerId[];
  readonly addingReplicas: readonly BrokerId[];
  readonly removingReplicas: readonly BrokerId[];
}

/** `/brokers/topics/<topic>`. */
export interface TopicZnode {
  /** Empty where topics have no id (before 2.8). */
  readonly topicId: TopicId;
  /** By partition number. */
  readonly partitions: readonly ReplicaAssignment[];
}

/** `…/partitions/<p>/state`: the znode's version is the partition epoch. */
export interface PartitionStateZnode {
  /** -1 when nobody may lead. */
  readonly leader: BrokerId;
  readonly leaderEpoch: LeaderEpoch;
  readonly isr: readonly BrokerId[];
  /** Of the controller that wrote it, or that the leader that wrote it knew. */
  readonly controllerEpoch: number;
  readonly leaderRecoveryState: LeaderRecoveryState;
}

/** `/isr_change_notification/isr_change_N`. */
export interface IsrChangeNotificationZnode {
  readonly partitions: readonly TopicPartition[];
}

/** `/log_dir_event_notification/log_dir_event_N`. */
export interface LogDirEventZnode {
  readonly broker: BrokerId;
}

/** `/admin/reassign_partitions`. */
export interface ReassignPartitionsZnode {
  readonly partitions: readonly (TopicPartition & { readonly replicas: readonly BrokerId[] })[];
}

/** `/admin/preferred_replica_election`. */
export interface PreferredElectionZnode {
  readonly partitions: readonly TopicPartition[];
}

/** `/config/topics/<topic>`: by Kafka's key, as text. */
export type TopicConfigZnode = Readonly<Record<string, string>>;
