/**
 * What one step of the controller orders the brokers to do: gathered, merged per broker, then sent as LeaderAndIsr, UpdateMetadata and
 * StopReplica, in this order. Source: AbstractControllerBrokerRequestBatch.
 *
 * What is equal for several brokers is built once and shared between their requests.
 */
import type { BrokerEpoch, BrokerId, TopicPartition } from "../ids.ts";
import {
  LEADER_DURING_DELETE,
  type LeaderAndIsrPartitionState,
  type StopReplicaRequest,
  type UpdateMetadataPartitionState,
  type UpdateMetadataRequest,
} from "../messages/control.ts";
import type { Leadership } from "./controller-context.ts";
import type { ControllerCore } from "./controller-core.ts";

type ByTopic<T> = Map<string, Map<number, T>>;
type StopOrder = StopReplicaRequest["topicStates"][number]["partitionStates"][number];

/** Made for one step, sent once. */
export class ControlRequestBatch {
  private readonly core: ControllerCore;
  private readonly leaderAndIsr = new Map<BrokerId, ByTopic<LeaderAndIsrPartitionState>>();
  private readonly stopReplica = new Map<BrokerId, ByTopic<StopOrder>>();
  private readonly metadata: ByTopic<TopicPartition> = new Map();
  private readonly metadataReceivers = new Set<BrokerId>();
  private metadataToAll = false;

  constructor(core: ControllerCore) {
    this.core = core;
  }

  /** Every broker that is live or shutting down hears of it too, by UpdateMetadata. */
  addLeaderAndIsr(
    brokers: readonly BrokerId[],
    partition: TopicPartition,
    leadership: Leadership,
    { isNew }: { readonly isNew: boolean },
  ): void {
    const state = leaderAndIsrState(this.core, partition, leadership, isNew);
    for (const broker of brokers) {
      const states = partitionsIn(this.leaderAndIsr, broker, partition.topic);
      const alreadyNew = states.get(partition.partition)?.isNew === true;
      states.set(partition.partition, alreadyNew && !isNew ? { ...state, isNew: true } : state);
    }
    this.addUpdateMetadataForAll([partition]);
  }

  addStopReplica(broker: BrokerId, partition: TopicPartition, { deletePartition }: { readonly deletePartition: boolean }): void {
    const { context } = this.core;
    const orders = partitionsIn(this.stopReplica, broker, partition.topic);
    orders.set(partition.partition, {
      partitionIndex: partition.partition,
      // Brokers before 2.6 don't look at it.
      leaderEpoch: context.leaderEpoch(partition),
      deletePartition: deletePartition || orders.get(partition.partition)?.deletePartition === true,
    });
  }

  /** What the context says of `partitions` when the batch is sent goes to every broker that is live or shutting down then. */
  addUpdateMetadataForAll(partitions: readonly TopicPartition[]): void {
    this.metadataToAll = true;
    this.addMetadata(partitions);
  }

  /** As {@link addUpdateMetadataForAll}. One batch has one content: whoever is added gets all of it. */
  addUpdateMetadata(brokers: readonly BrokerId[], partitions: readonly TopicPartition[]): void {
    for (const broker of brokers) this.metadataReceivers.add(broker);
    this.addMetadata(partitions);
  }

  /** Hands over to the channels. Orders to brokers that are not there fall away. */
  send(): void {
    this.sendLeaderAndIsr();
    this.sendUpdateMetadata();
    this.sendStopReplica();
  }

  private addMetadata(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) partitionsOf(this.metadata, partition.topic).set(partition.partition, partition);
  }

  private sendLeaderAndIsr(): void {
    const { context, channels } = this.core;
    for (const { id, epoch } of context.liveOrShuttingDownBrokers()) {
      const topics = this.leaderAndIsr.get(id);
      if (topics === undefined) continue;
      const leaders = new Set<BrokerId>();
      const topicStates = [...topics].map(([topicName, partitions]) => {
        const partitionStates = [...partitions.values()];
        for (const { leader } of partitionStates) leaders.add(leader);
        return { topicName, topicId: context.topicId(topicName), partitionStates };
      });
      const liveLeaders = context.liveOrShuttingDownBrokers().filter((broker) => leaders.has(broker.id));
      channels.send(id, "LeaderAndIsr", {
        ...this.header(epoch),
        liveLeaders: liveLeaders.map(({ id: brokerId, host }) => ({ brokerId, host })),
        topicStates,
      });
    }
  }

  private sendUpdateMetadata(): void {
    const { context, channels } = this.core;
    const brokers = context.liveOrShuttingDownBrokers();
    const receivers = this.metadataToAll ? brokers : brokers.filter(({ id }) => this.metadataReceivers.has(id));
    if (receivers.length === 0) return;
    const topicStates: UpdateMetadataRequest["topicStates"] = Object.freeze(
      [...this.metadata].flatMap(([topicName, partitions]) => {
        const partitionStates = [...partitions.values()].flatMap((partition) => metadataState(this.core, partition));
        return partitionStates.length === 0 ? [] : [{ topicName, topicId: context.topicId(topicName), partitionStates }];
      }),
    );
    const liveBrokers = Object.freeze(brokers.map(({ id, host, rack }) => ({ id, host, rack })));
    for (const { id, epoch } of receivers) {
      channels.send(id, "UpdateMetadata", { ...this.header(epoch), topicStates, liveBrokers });
    }
  }

  /** Before leader epochs were checked, what was to be deleted went in a request of its own. */
  private sendStopReplica(): void {
    const { context, channels, dials } = this.core;
    for (const { id, epoch } of context.liveOrShuttingDownBrokers()) {
      const topics = this.stopReplica.get(id);
      if (topics === undefined) continue;
      const split = dials["broker.stopReplicaCheckLeaderEpoch"]
        ? [stopOrders(topics, () => true)]
        : [stopOrders(topics, (order) => order.deletePartition), stopOrders(topics, (order) => !order.deletePartition)];
      for (const topicStates of split) {
        if (topicStates.length > 0) channels.send(id, "StopReplica", { ...this.header(epoch), topicStates });
      }
    }
  }

  private header(brokerEpoch: BrokerEpoch): { controllerId: BrokerId; controllerEpoch: number; brokerEpoch: BrokerEpoch } {
    return { controllerId: this.core.brokerId, controllerEpoch: this.core.context.epoch, brokerEpoch };
  }
}

/** Which brokers live, and what the context says of `partitions`, to `brokers`. Source: KafkaController.sendUpdateMetadataRequest. */
export function sendUpdateMetadata(
  core: ControllerCore,
  brokers: readonly BrokerId[],
  partitions: readonly TopicPartition[],
): void {
  const batch = new ControlRequestBatch(core);
  batch.addUpdateMetadata(brokers, partitions);
  batch.send();
}

function leaderAndIsrState(
  { context }: ControllerCore,
  partition: TopicPartition,
  { controllerEpoch, leader, leaderEpoch, isr, partitionEpoch, leaderRecoveryState }: Leadership,
  isNew: boolean,
): LeaderAndIsrPartitionState {
  const { replicas, addingReplicas, removingReplicas } = context.assignment(partition);
  return {
    partitionIndex: partition.partition,
    controllerEpoch,
    leader,
    leaderEpoch,
    isr,
    partitionEpoch,
    replicas,
    addingReplicas,
    removingReplicas,
    isNew,
    leaderRecoveryState,
  };
}

/** Nothing while the partition has never had a leader. */
function metadataState({ context }: ControllerCore, partition: TopicPartition): readonly UpdateMetadataPartitionState[] {
  const leadership = context.leadership(partition);
  if (leadership === undefined) return [];
  const { controllerEpoch, leader, leaderEpoch, isr, partitionEpoch } = leadership;
  const beingDeleted = context.topicsToBeDeleted.has(partition.topic);
  const replicas = context.replicas(partition);
  return [
    {
      partitionIndex: partition.partition,
      controllerEpoch,
      leader: beingDeleted ? LEADER_DURING_DELETE : leader,
      leaderEpoch: beingDeleted ? 0 : leaderEpoch,
      isr,
      partitionEpoch: beingDeleted ? 0 : partitionEpoch,
      replicas,
      offlineReplicas: replicas.filter((id) => !context.isReplicaOnline(id, partition)),
    },
  ];
}

function stopOrders(topics: ByTopic<StopOrder>, isMeant: (order: StopOrder) => boolean): StopReplicaRequest["topicStates"] {
  return [...topics].flatMap(([topicName, orders]) => {
    const partitionStates = [...orders.values()].filter(isMeant);
    return partitionStates.length === 0 ? [] : [{ topicName, partitionStates }];
  });
}

function partitionsIn<T>(brokers: Map<BrokerId, ByTopic<T>>, broker: BrokerId, topic: string): Map<number, T> {
  let topics = brokers.get(broker);
  if (topics === undefined) {
    topics = new Map();
    brokers.set(broker, topics);
  }
  return partitionsOf(topics, topic);
}

function partitionsOf<T>(topics: ByTopic<T>, topic: string): Map<number, T> {
  let partitions = topics.get(topic);
  if (partitions === undefined) {
    partitions = new Map();
    topics.set(topic, partitions);
  }
  return partitions;
}
