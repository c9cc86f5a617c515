/** What the store has decided, in Kafka's words, from what a server has applied. Source: ZkData; coordination A2. */
import { expect, test } from "vitest";
import { BROKER_CONFIG, type BrokerConfig } from "../../../src/kafka/config/broker-config.ts";
import { effectiveConfig } from "../../../src/kafka/config/definition.ts";
import { StoreDecisions } from "../../../src/kafka/zk/store-decisions.ts";
import {
  brokerIdPath,
  CONTROLLER_EPOCH_PATH,
  CONTROLLER_PATH,
  type PartitionStateZnode,
  partitionStatePath,
  type TopicZnode,
  topicConfigPath,
  topicPartitionPath,
  topicPath,
} from "../../../src/kafka/zk/znodes.ts";
import type { SessionId, Znode, ZnodeChange, ZnodeData } from "../../../src/kafka/zookeeper/znode.ts";
import type { DomainEvent, Host } from "../../../src/sim/host.ts";

/** One server's tree, and what is reported of it. */
class Store {
  readonly tree = new Map<string, Znode>();
  zxid = 0;
  private events: DomainEvent[] = [];
  private readonly decisions: StoreDecisions;

  constructor(settings: Partial<BrokerConfig> = {}) {
    const host = { emit: (event: DomainEvent) => this.events.push(event) } as unknown as Host;
    this.decisions = new StoreDecisions({ host, config: effectiveConfig(BROKER_CONFIG, settings) });
  }

  /** Commits a transaction that puts each value at its path, or deletes what is there. What was decided by it. */
  commit(values: readonly (readonly [path: string, data: ZnodeData | undefined])[], session: SessionId = 7): DomainEvent[] {
    this.zxid += 1;
    const changes = values.map(([path, data]): ZnodeChange => {
      const before = this.tree.get(path);
      if (data === undefined) {
        this.tree.delete(path);
        return { path, before, after: undefined };
      }
      const stat = {
        czxid: before?.stat.czxid ?? this.zxid,
        mzxid: this.zxid,
        version: before === undefined ? 0 : before.stat.version + 1,
        ephemeralOwner: 0,
      };
      this.tree.set(path, { data, stat });
      return { path, before, after: { data, stat } };
    });
    this.events = [];
    this.decisions.onCommitted({ zxid: this.zxid, session, changes }, this.tree);
    return this.events;
  }

  put(path: string, data: ZnodeData): DomainEvent[] {
    return this.commit([[path, data]]);
  }

  remove(path: string): DomainEvent[] {
    return this.commit([[path, undefined]]);
  }
}

function topic(...partitions: (readonly number[])[]): TopicZnode {
  return { topicId: "id-1", partitions: partitions.map((replicas) => ({ replicas, addingReplicas: [], removingReplicas: [] })) };
}

function state(leader: number, leaderEpoch: number, isr: readonly number[]): PartitionStateZnode {
  return { leader, leaderEpoch, isr, controllerEpoch: 4, leaderRecoveryState: "RECOVERED" };
}

const STATE_PATH = partitionStatePath("orders", 0);

function withTopic(settings: Partial<BrokerConfig> = {}): Store {
  const store = new Store(settings);
  store.put(topicPath("orders"), topic([1, 2, 3]));
  return store;
}

test("a broker is registered when its node is created, and its epoch is the zxid of that (KIP-380)", () => {
  const store = new Store();
  // Created and set in one transaction, as Kafka does it.
  const data = { host: "broker-3", rack: null };
  expect(
    store.commit([
      [brokerIdPath(3), null],
      [brokerIdPath(3), data],
    ]),
  ).toEqual([{ kind: "BrokerRegistered", broker: 3, brokerEpoch: 1, metadataOffset: 1 }]);
  expect(store.put(brokerIdPath(3), data)).toEqual([]);
  expect(store.remove(brokerIdPath(3))).toEqual([{ kind: "BrokerUnregistered", broker: 3, brokerEpoch: 1, metadataOffset: 3 }]);
});

test("one transaction may end a controller and a broker: the session that had both", () => {
  const store = new Store();
  store.put(CONTROLLER_EPOCH_PATH, 1);
  expect(
    store.commit([
      [CONTROLLER_PATH, { brokerId: 3, timestampMs: 0 }],
      [CONTROLLER_EPOCH_PATH, 2],
    ]),
  ).toEqual([
    { kind: "ControllerChanged", controller: 3, metadataOffset: 2 },
    { kind: "ControllerEpochChanged", epoch: 2, metadataOffset: 2 },
  ]);
  store.put(brokerIdPath(3), {});
  expect(
    store.commit([
      [CONTROLLER_PATH, undefined],
      [brokerIdPath(3), undefined],
    ]),
  ).toEqual([
    { kind: "ControllerChanged", controller: -1, metadataOffset: 4 },
    { kind: "BrokerUnregistered", broker: 3, brokerEpoch: 3, metadataOffset: 4 },
  ]);
});

test("a topic is created and deleted with its node; what stands below and beside it is no topic", () => {
  const store = new Store();
  expect(store.put(topicConfigPath("orders"), { "min.insync.replicas": "2" })).toEqual([]);
  expect(store.put(topicPath("orders"), topic([1]))).toEqual([
    { kind: "TopicCreated", topic: "orders", topicId: "id-1", metadataOffset: 2 },
  ]);
  expect(store.put(topicPartitionPath("orders", 0), null)).toEqual([]);
  expect(store.remove(topicPartitionPath("orders", 0))).toEqual([]);
  expect(store.remove(topicPath("orders"))).toEqual([{ kind: "TopicDeleted", topic: "orders", metadataOffset: 5 }]);
});

test("a first state is a change of the partition, with what its topic and its settings say, but no election", () => {
  const store = withTopic({ "min.insync.replicas": 1 });
  store.put(topicConfigPath("orders"), { "min.insync.replicas": "2", "unclean.leader.election.enable": "true" });
  expect(store.put(STATE_PATH, state(1, 0, [1, 2, 3]))).toEqual([
    {
      kind: "PartitionStateWritten",
      topic: "orders",
      partition: 0,
      session: 7,
      leader: 1,
      leaderEpoch: 0,
      isr: [1, 2, 3],
      controllerEpoch: 4,
      partitionEpoch: 0,
      metadataOffset: 3,
    },
    {
      kind: "PartitionChanged",
      topic: "orders",
      partition: 0,
      replicas: [1, 2, 3],
      isr: [1, 2, 3],
      elr: [],
      lastKnownElr: [],
      leader: 1,
      leaderEpoch: 0,
      partitionEpoch: 0,
      leaderRecoveryState: "RECOVERED",
      minIsr: 2,
      uncleanElection: true,
      metadataOffset: 3,
    },
  ]);
});

test("what a topic does not set is as the brokers have it, and min.insync.replicas is never above the number of replicas", () => {
  const store = withTopic({ "min.insync.replicas": 5, "unclean.leader.election.enable": true });
  expect(store.put(STATE_PATH, state(1, 0, [1]))[1]).toMatchObject({ minIsr: 3, uncleanElection: true });
});

test("a state that is written changes the ISR, elects a leader, or both", () => {
  const store = withTopic();
  store.put(STATE_PATH, state(1, 0, [1, 2, 3]));
  // The leader itself shrinks: no election.
  expect(store.put(STATE_PATH, state(1, 0, [1, 2])).slice(1)).toMatchObject([
    { kind: "PartitionChanged", isr: [1, 2], partitionEpoch: 1 },
    { kind: "IsrChanged", from: [1, 2, 3], isr: [1, 2], leader: 1, partitionEpoch: 1, metadataOffset: 3 },
  ]);
  expect(store.put(STATE_PATH, state(2, 1, [2])).slice(2)).toMatchObject([
    { kind: "IsrChanged", from: [1, 2], isr: [2], leader: 2 },
    { kind: "LeaderElected", from: 1, leader: 2, leaderEpoch: 1, isr: [2], unclean: false },
  ]);
  // The last member dies, and nobody may lead.
  expect(store.put(STATE_PATH, state(-1, 2, [2])).slice(2)).toMatchObject([
    { kind: "LeaderElected", from: 2, leader: -1, leaderEpoch: 2, unclean: false },
  ]);
  // One that was not in the former ISR.
  expect(store.put(STATE_PATH, state(3, 3, [3])).slice(2)).toMatchObject([
    { kind: "IsrChanged", from: [2], isr: [3] },
    { kind: "LeaderElected", from: -1, leader: 3, unclean: true },
  ]);
});

test("a state that is written anew, but says the same, is no change of ISR or leader", () => {
  const store = withTopic();
  store.put(STATE_PATH, state(1, 0, [1, 2]));
  expect(store.put(STATE_PATH, state(1, 0, [1, 2])).map(({ kind }) => kind)).toEqual([
    "PartitionStateWritten",
    "PartitionChanged",
  ]);
});

test("a changed assignment is a change of those partitions that have a state and other replicas", () => {
  const store = new Store();
  store.put(topicPath("orders"), topic([1, 2], [2, 3]));
  store.put(STATE_PATH, state(1, 0, [1, 2]));
  store.put(partitionStatePath("orders", 1), state(2, 0, [2, 3]));
  expect(store.put(topicPath("orders"), topic([4, 1, 2], [2, 3], [1, 2]))).toMatchObject([
    { kind: "PartitionChanged", partition: 0, replicas: [4, 1, 2], isr: [1, 2], partitionEpoch: 0, metadataOffset: 4 },
  ]);
});

test("a topic that was deleted and created again begins anew", () => {
  const store = withTopic();
  store.put(STATE_PATH, state(1, 5, [1]));
  expect(store.remove(STATE_PATH)).toEqual([]);
  store.remove(topicPath("orders"));
  store.put(topicPath("orders"), topic([2, 3]));
  expect(store.put(STATE_PATH, state(2, 0, [2, 3])).map(({ kind }) => kind)).toEqual([
    "PartitionStateWritten",
    "PartitionChanged",
  ]);
});

test("a server that has taken over another's state goes on from there: what it has not seen written it knows all the same", () => {
  const informed = withTopic();
  informed.put(STATE_PATH, state(1, 0, [1, 2, 3]));
  const newcomer = new Store();
  newcomer.zxid = informed.zxid;
  for (const [path, znode] of informed.tree) newcomer.tree.set(path, znode);
  expect(newcomer.put(STATE_PATH, state(2, 1, [2, 3]))).toEqual(informed.put(STATE_PATH, state(2, 1, [2, 3])));
});
