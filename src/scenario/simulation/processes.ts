/** Makes the processes of a scenario's nodes. Factories are shared by forks: they hold only what never changes. */
import { assert, unreachable } from "../../base/assert.ts";
import { markImmutable } from "../../base/immutable.ts";
import { US_PER_SECOND } from "../../base/units.ts";
import { type AdminBootstrap, AdminProcess } from "../../kafka/admin/admin-process.ts";
import type { AdminRequest } from "../../kafka/admin/admin-request.ts";
import { ConsumerProcess } from "../../kafka/consumer/consumer-process.ts";
import { EffectStore } from "../../kafka/consumer/effect-store.ts";
import { MemberProcess } from "../../kafka/consumer/member-process.ts";
import { ProducerProcess } from "../../kafka/producer/producer-process.ts";
import { compileRecordTemplate, type JsonValue, type RecordTemplate } from "../../kafka/producer/record-template.ts";
import { KafkaServer } from "../../kafka/server/kafka-server.ts";
import type { ClusterTopology } from "../../kafka/server/topology.ts";
import { ZkKafkaServer } from "../../kafka/server/zk-kafka-server.ts";
import { StoreDecisions } from "../../kafka/zk/store-decisions.ts";
import { ZooKeeperServer } from "../../kafka/zookeeper/zookeeper-server.ts";
import type { Host, NodeName, Process } from "../../sim/host.ts";
import type { ProcessFactory } from "../../sim/node.ts";
import type { AdminAction } from "../fault-spec.ts";
import { ADMIN_NODE } from "../names.ts";
import type {
  ConsumerSpec,
  GroupMemberSpec,
  GroupSpec,
  ProducerSpec,
  ScenarioSpec,
  ServerSpec,
  TopicSpec,
  ZooKeeperSpec,
} from "../spec.ts";

export class ServerFactory implements ProcessFactory {
  private readonly scenario: ScenarioSpec;
  private readonly server: ServerSpec;
  private readonly topology: ClusterTopology;

  constructor(scenario: ScenarioSpec, server: ServerSpec, topology: ClusterTopology) {
    this.scenario = scenario;
    this.server = server;
    this.topology = topology;
  }

  create(host: Host): Process {
    const { id, broker, controller, rack, config } = this.server;
    const roles = [...(broker ? (["broker"] as const) : []), ...(controller ? (["controller"] as const) : [])];
    const { dials, cluster } = this.scenario;
    return new KafkaServer({ host, config, dials, costs: cluster.costs, topology: this.topology, nodeId: id, roles, rack });
  }
}
markImmutable(ServerFactory);

/** A broker of ZooKeeper mode. */
export class ZkServerFactory implements ProcessFactory {
  private readonly scenario: ScenarioSpec;
  private readonly server: ServerSpec;
  private readonly topology: ClusterTopology;

  constructor(scenario: ScenarioSpec, server: ServerSpec, topology: ClusterTopology) {
    this.scenario = scenario;
    this.server = server;
    this.topology = topology;
  }

  create(host: Host): Process {
    const { id, rack, config } = this.server;
    const { dials, cluster } = this.scenario;
    return new ZkKafkaServer({ host, config, dials, costs: cluster.costs, topology: this.topology, brokerId: id, rack });
  }
}
markImmutable(ZkServerFactory);

/** A member of the ensemble. */
export class ZooKeeperFactory implements ProcessFactory {
  private readonly scenario: ScenarioSpec;
  private readonly server: ZooKeeperSpec;
  private readonly topology: ClusterTopology;

  constructor(scenario: ScenarioSpec, server: ZooKeeperSpec, topology: ClusterTopology) {
    this.scenario = scenario;
    this.server = server;
    this.topology = topology;
  }

  create(host: Host): Process {
    const { id, config } = this.server;
    const { nodes, costs } = this.scenario.cluster;
    // What Kafka has decided is read off the committed transactions, and min.insync.replicas is the brokers'.
    const listener = new StoreDecisions({ host, config: (nodes[0] as ServerSpec).config });
    return new ZooKeeperServer({ host, config, costs, topology: this.topology, serverId: id, listener });
  }
}
markImmutable(ZooKeeperFactory);

export class ProducerFactory implements ProcessFactory {
  private readonly scenario: ScenarioSpec;
  private readonly spec: ProducerSpec;
  private readonly bootstrap: readonly NodeName[];
  private readonly key: RecordTemplate | null;
  private readonly value: RecordTemplate;

  constructor(scenario: ScenarioSpec, spec: ProducerSpec, bootstrap: readonly NodeName[]) {
    this.scenario = scenario;
    this.spec = spec;
    this.bootstrap = bootstrap;
    this.key = spec.key === null ? null : compiled(spec.key);
    this.value = compiled(spec.value);
  }

  create(host: Host): Process {
    const { name, topic, config, rate, count, fromUs, untilUs, partition } = this.spec;
    const workload = {
      rate: (rate.records * US_PER_SECOND) / rate.perUs,
      startUs: 0,
      key: this.key,
      value: this.value,
      ...(count !== undefined && { count }),
      ...(untilUs !== undefined && { stopUs: untilUs - fromUs }),
      ...(partition !== undefined && { partition }),
    };
    const { dials } = this.scenario;
    return new ProducerProcess({ host, name, topic, config, dials, workload, bootstrap: this.bootstrap });
  }
}
markImmutable(ProducerFactory);

/** The loader has compiled it once already, for the errors. */
function compiled(source: JsonValue): RecordTemplate {
  const result = compileRecordTemplate(source);
  assert(result.ok, "a scenario was let through with a broken record template");
  return result.template;
}

export class ConsumerFactory implements ProcessFactory {
  private readonly scenario: ScenarioSpec;
  private readonly spec: ConsumerSpec;
  private readonly bootstrap: readonly NodeName[];

  constructor(scenario: ScenarioSpec, spec: ConsumerSpec, bootstrap: readonly NodeName[]) {
    this.scenario = scenario;
    this.spec = spec;
    this.bootstrap = bootstrap;
  }

  create(host: Host): Process {
    const { name, assignment, config, handlerUs } = this.spec;
    const assignments = assignment.map(({ topic, partition }) => ({ topic, partitions: [partition] }));
    const { dials } = this.scenario;
    return new ConsumerProcess({ host, name, assignments, config, dials, handlerUs, bootstrap: this.bootstrap });
  }
}
markImmutable(ConsumerFactory);

/** A member of a consumer group. */
export class MemberFactory implements ProcessFactory {
  private readonly scenario: ScenarioSpec;
  private readonly group: GroupSpec;
  private readonly member: GroupMemberSpec;
  private readonly bootstrap: readonly NodeName[];

  constructor(scenario: ScenarioSpec, group: GroupSpec, member: GroupMemberSpec, bootstrap: readonly NodeName[]) {
    this.scenario = scenario;
    this.group = group;
    this.member = member;
    this.bootstrap = bootstrap;
  }

  create(host: Host): Process {
    const { name, topics, handler, instanceId = null, config } = this.member;
    const group = { groupId: this.group.group, groupInstanceId: instanceId, topics };
    const { dials } = this.scenario;
    return new MemberProcess({ host, name, group, config, dials, handler, store: this.group.store, bootstrap: this.bootstrap });
  }
}
markImmutable(MemberFactory);

/** Where effects with a fencing token go. */
export class EffectStoreFactory implements ProcessFactory {
  create(host: Host): Process {
    return new EffectStore(host);
  }
}
markImmutable(EffectStoreFactory);

export class AdminFactory implements ProcessFactory {
  private readonly scenario: ScenarioSpec;
  private readonly bootstrap: AdminBootstrap;

  constructor(scenario: ScenarioSpec, { voters, brokers, zookeeper }: ClusterTopology) {
    this.scenario = scenario;
    const names = (servers: readonly { readonly node: NodeName }[]): readonly NodeName[] => servers.map(({ node }) => node);
    this.bootstrap =
      scenario.cluster.mode === "zookeeper"
        ? { brokers: names(brokers), zookeeper: names(zookeeper) }
        : { controllers: names(voters) };
  }

  create(host: Host): Process {
    const topics = this.scenario.topics.map(newTopic);
    const requests = topics.length === 0 ? [] : [{ createTopics: topics }];
    return new AdminProcess({ host, name: ADMIN_NODE, ...this.bootstrap, requests });
  }
}
markImmutable(AdminFactory);

/** What an administrator is told to ask for. */
export function adminRequestOf(action: AdminAction): AdminRequest {
  switch (action.do) {
    case "elect": {
      const { topic, partition, type } = action;
      return { electLeaders: { electionType: type, topicPartitions: [{ topic, partitions: [partition] }] } };
    }
    case "create-topic":
      return { createTopics: [newTopic(action.topic)] };
    case "add-partitions":
      return { createPartitions: [{ name: action.topic, count: action.to, assignments: null }] };
    case "delete-topic":
      return { deleteTopics: [action.topic] };
    case "reassign": {
      const { topic, partition, replicas } = action;
      return { reassign: [{ name: topic, partitions: [{ partitionIndex: partition, replicas }] }] };
    }
    case "delete-znode":
      return { deleteZnode: action.path };
    default:
      return unreachable(action);
  }
}

function newTopic({ name, partitions, replicationFactor, assignment, config }: TopicSpec) {
  return {
    name,
    numPartitions: assignment === undefined ? partitions : -1,
    replicationFactor: assignment === undefined ? replicationFactor : -1,
    assignments: (assignment ?? []).map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
    configs: Object.entries(config).map(([key, value]) => ({ name: key, value: String(value) })),
  };
}
