/**
 * KRaft mode: makes of the committed metadata what this broker hosts, and in what role.
 *
 * Each change is applied as a whole: first what goes, then what this broker leads, then what it follows (B4).
 * Source: BrokerMetadataPublisher, ReplicaManager.applyDelta.
 */
import { NONE } from "../ids.ts";
import type { MetadataImage, PartitionRegistration } from "../metadata/image.ts";
import type { LocalReplica } from "../replica/local-replica.ts";
import type { Partition } from "../replica/partition.ts";
import type { ReplicaContext } from "../replica/replica-context.ts";
import type { ReplicaManager } from "../replica/replica-manager.ts";
import type { ChangedPartition } from "./metadata-loader.ts";

/** What a change makes of a partition here. */
interface LocalChange extends ChangedPartition {
  readonly registration: PartitionRegistration;
}

export class BrokerMetadataPublisher {
  private readonly context: ReplicaContext;
  private readonly replicas: ReplicaManager;
  private readonly image: MetadataImage;
  private metadataKnown = false;
  private serving = false;

  /** `image` is the context's own metadata. */
  constructor(context: ReplicaContext, replicas: ReplicaManager, image: MetadataImage) {
    this.context = context;
    this.replicas = replicas;
    this.image = image;
  }

  /** The first call must bring all partitions, with the metadata caught up; then each brings what changed since. */
  applyMetadata(changed: readonly ChangedPartition[]): void {
    const { context, image, replicas } = this;
    if (context.logDirFailed) return;
    if (!this.metadataKnown) {
      this.metadataKnown = true;
      this.deleteStrays();
      replicas.startHighWatermarkCheckpoints();
    }
    const leaders: LocalChange[] = [];
    const followers: LocalChange[] = [];
    const stopped: LocalReplica[] = [];
    for (const change of changed) {
      const registration = image.topicById(change.topicId)?.partitions[change.partition];
      if (registration === undefined || !registration.replicas.includes(context.brokerId)) stopped.push(...this.stop(change));
      else if (registration.leader !== context.brokerId) followers.push({ ...change, registration });
      else if (this.serving) leaders.push({ ...change, registration });
      else replicas.stopFetching(this.host(change));
    }
    replicas.deleteFromDisk(stopped);
    for (const change of leaders) this.becomeLeader(change);
    this.becomeFollowers(followers);
    replicas.closeIdleFetchers();
  }

  /**
   * The controller has unfenced this broker, and requests come in from now on: it takes the offices that the
   * metadata gives it. Before, nobody could reach it as a leader; an office of its last incarnation is gone by now.
   */
  startServing(): void {
    const { brokerId } = this.context;
    this.serving = true;
    for (const { name, id, partitions } of this.image.topics()) {
      for (const [partition, registration] of partitions.entries()) {
        if (registration.leader === brokerId) this.becomeLeader({ topic: name, topicId: id, partition, registration });
      }
    }
  }

  /** What was deleted, or moved away, while this broker was down. Source: LogManager.isStrayKraftReplica. */
  private deleteStrays(): void {
    const { brokerId } = this.context;
    const strays = [...this.replicas.replicasOnDisk()].filter(({ topicId, partition }) => {
      const registration = this.image.topicById(topicId)?.partitions[partition];
      return registration === undefined || !registration.replicas.includes(brokerId);
    });
    this.replicas.deleteFromDisk(strays);
  }

  private stop({ topic, topicId, partition: index }: ChangedPartition): readonly LocalReplica[] {
    const partition = this.replicas.partition(topic, index);
    if (partition?.replica.topicId !== topicId) return [];
    this.replicas.stop(partition);
    return [partition.replica];
  }

  private becomeLeader(change: LocalChange): void {
    const partition = this.host(change);
    if (isNews(partition.replica, change.registration)) this.replicas.becomeLeader(partition, change.registration);
  }

  private becomeFollowers(changes: readonly LocalChange[]): void {
    const inNewEpoch: Partition[] = [];
    for (const change of changes) {
      const { registration } = change;
      const partition = this.host(change);
      if (!isNews(partition.replica, registration)) continue;
      const fetches = !this.leavesDuringShutdown(registration);
      if (this.replicas.becomeFollower(partition, registration, fetches)) inNewEpoch.push(partition);
    }
    this.replicas.beginFollowing(inNewEpoch);
  }

  /** While it hands over what it led, a broker stops following where it is out of the ISR or there is nobody to follow. */
  private leavesDuringShutdown(registration: PartitionRegistration): boolean {
    const { brokerId, controller } = this.context;
    const own = this.image.broker(brokerId);
    // What the metadata says of an earlier incarnation of this broker is not about this one.
    if (own === undefined || own.epoch !== controller.brokerEpoch() || !own.inControlledShutdown) return false;
    return registration.leader === NONE || !registration.isr.includes(brokerId);
  }

  private host({ topic, topicId, partition }: ChangedPartition): Partition {
    return this.replicas.host(topic, topicId, partition);
  }
}

/** What the controller's answer to a proposal already told is no news when the metadata brings it. */
function isNews(replica: LocalReplica, registration: PartitionRegistration): boolean {
  return registration.partitionEpoch !== replica.partitionEpoch || registration.leaderEpoch !== replica.leaderEpoch;
}
