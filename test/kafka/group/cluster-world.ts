/** A whole KRaft cluster, one controller and some brokers, with a client that asks about groups. Everything is real but the client. */
import { ms, seconds } from "../../../src/base/units.ts";
import { BROKER_CONFIG } from "../../../src/kafka/config/broker-config.ts";
import { effectiveConfig } from "../../../src/kafka/config/definition.ts";
import { DEFAULT_SERVICE_COSTS } from "../../../src/kafka/config/service-costs.ts";
import { DIAL_VALUES, type Dials } from "../../../src/kafka/dials.ts";
import type { KafkaEvent, KafkaEventKind } from "../../../src/kafka/events.ts";
import { partitionForGroup } from "../../../src/kafka/group/java-hash.ts";
import type { BrokerId } from "../../../src/kafka/ids.ts";
import type { ApiName, RequestOf, ResponseOf } from "../../../src/kafka/messages/apis.ts";
import { KafkaServer } from "../../../src/kafka/server/kafka-server.ts";
import type { DomainEvent, Host, Process } from "../../../src/sim/host.ts";
import { World, type WorldObserver } from "../../../src/sim/world.ts";
import { TestClient } from "../replica/replica-world.ts";

const NEWEST_DIALS = Object.fromEntries(
  Object.entries(DIAL_VALUES).map(([dial, values]) => [dial, values[0]]),
) as unknown as Dials;

export const OFFSETS = "__consumer_offsets";
const CONTROLLER = 100;

interface Commit {
  readonly group?: string;
  readonly topic?: string;
  readonly partition?: number;
  readonly offset: number;
  readonly generation?: number;
  readonly member?: string;
  readonly metadata?: string;
  readonly epoch?: number;
}

export class ClusterWorld implements WorldObserver {
  readonly world: World;
  readonly events: KafkaEvent[] = [];
  readonly brokers: readonly BrokerId[];
  /** Of __consumer_offsets. */
  private readonly partitions: number;

  constructor(
    options: {
      readonly brokers?: number;
      readonly config?: Readonly<Record<string, string | number | boolean>>;
      readonly dials?: Partial<Dials>;
    } = {},
  ) {
    this.brokers = Array.from({ length: options.brokers ?? 3 }, (_, i) => i + 1);
    const few = { "offsets.topic.num.partitions": 4, "offsets.topic.replication.factor": this.brokers.length };
    const config = effectiveConfig(BROKER_CONFIG, { ...few, ...options.config });
    this.partitions = config["offsets.topic.num.partitions"];
    const dials = { ...NEWEST_DIALS, ...options.dials };
    this.world = new World({ seed: "groups", latency: { default: { kind: "constant", us: 200 } }, traceLevel: "off" });
    this.world.observer = this;
    const topology = {
      clusterId: "test",
      voters: [{ id: CONTROLLER, node: "controller" }],
      zookeeper: [],
      brokers: this.brokers.map((id) => ({ id, node: `broker-${id}`, rack: null })),
    };
    const server = (nodeId: number, role: "broker" | "controller") => (host: Host) =>
      new KafkaServer({ host, config, dials, costs: DEFAULT_SERVICE_COSTS, topology, nodeId, roles: [role], rack: null });
    this.add("controller", server(CONTROLLER, "controller"));
    for (const id of this.brokers) this.add(`broker-${id}`, server(id, "broker"));
    // A broker takes up one request of a connection at a time: who reads while somebody waits needs one of his own.
    for (const client of ["client", "reader"]) this.add(client, (host) => new TestClient(host, config));
    this.runUntil(() => this.running().length === this.brokers.length);
  }

  private add(name: string, create: (host: Host) => Process): void {
    this.world.addNode({ name, factory: Object.freeze({ create }) });
    this.world.start(name);
  }

  private running(): KafkaEvent[] {
    return this.of("BrokerStateChanged").filter(({ state }) => state === "RUNNING");
  }

  onEvent(_world: World, _node: string | undefined, event: DomainEvent): void {
    this.events.push(event as KafkaEvent);
  }

  onWatch(): void {}

  of<K extends KafkaEventKind>(kind: K): Extract<KafkaEvent, { kind: K }>[] {
    return this.events.filter((event): event is Extract<KafkaEvent, { kind: K }> => event.kind === kind);
  }

  // ---- asking ----

  /** To the controller's node, and of no interest to anybody else. */
  createTopic(name: string, partitions = 1): this {
    const topic = { name, numPartitions: partitions, replicationFactor: this.brokers.length, assignments: [], configs: [] };
    this.askNode("controller", "CreateTopics", { timeoutMs: 1_000, topics: [topic] });
    return this.runFor(ms(200));
  }

  ask<A extends ApiName>(to: BrokerId, api: A, body: RequestOf<A>): ResponseOf<A> | undefined {
    const sent = this.send(to, api, body);
    this.runFor(ms(100));
    return this.answer(api, sent);
  }

  private askNode<A extends ApiName>(node: string, api: A, body: RequestOf<A>): void {
    this.client.sendTo(node, api, body);
  }

  send<A extends ApiName>(to: BrokerId, api: A, body: RequestOf<A>): number {
    return this.client.send(to, api, body);
  }

  answer<A extends ApiName>(_api: A, sent: number): ResponseOf<A> | undefined {
    return this.client.answers.find(({ context }) => context === sent)?.response as ResponseOf<A> | undefined;
  }

  private get client(): TestClient {
    return this.world.node("client").process as TestClient;
  }

  private get reader(): TestClient {
    return this.world.node("reader").process as TestClient;
  }

  findCoordinator(group: string, at: BrokerId = this.alive()): ResponseOf<"FindCoordinator"> | undefined {
    return this.ask(at, "FindCoordinator", { key: group, keyType: "group" });
  }

  /** Asks until there is one that has read its partition. */
  coordinator(group = "billing"): BrokerId {
    for (let attempt = 0; attempt < 100; attempt++) {
      const found = this.findCoordinator(group);
      if (found?.errorCode === "NONE" && this.isLoaded(found.nodeId, group)) return found.nodeId;
    }
    throw new Error(`nobody coordinates ${group}`);
  }

  private isLoaded(broker: BrokerId, group: string): boolean {
    const partition = this.partitionOf(group);
    const last = this.events.findLast(
      (event) =>
        (event.kind === "CoordinatorLoaded" || event.kind === "CoordinatorUnloaded") &&
        event.broker === broker &&
        event.partition === partition,
    );
    return last?.kind === "CoordinatorLoaded";
  }

  /** Runs until somebody has taken over the group's partition. */
  nextLeader(group = "billing"): BrokerId {
    const isElection = (event: KafkaEvent): event is Extract<KafkaEvent, { kind: "BecameLeader" }> =>
      event.kind === "BecameLeader" && event.topic === OFFSETS && event.partition === this.partitionOf(group);
    const before = this.events.filter(isElection).length;
    this.runUntil(() => this.events.filter(isElection).length > before);
    return this.events.findLast(isElection)?.broker ?? -1;
  }

  partitionOf(group: string): number {
    return partitionForGroup(group, this.partitions);
  }

  private alive(): BrokerId {
    const id = this.brokers.find((broker) => this.world.node(`broker-${broker}`).process !== undefined);
    if (id === undefined) throw new Error("no broker lives");
    return id;
  }

  // ---- offsets ----

  sendCommit(to: BrokerId, commit: Commit): number {
    const { group = "billing", topic = "orders", partition = 0, offset, generation = -1, member = "", metadata = "" } = commit;
    return this.send(to, "OffsetCommit", {
      groupId: group,
      generationIdOrMemberEpoch: generation,
      memberId: member,
      groupInstanceId: null,
      topics: [
        {
          name: topic,
          partitions: [
            {
              partitionIndex: partition,
              committedOffset: offset,
              committedLeaderEpoch: commit.epoch ?? 0,
              committedMetadata: metadata,
            },
          ],
        },
      ],
    });
  }

  commit(to: BrokerId, commit: Commit): string | undefined {
    const sent = this.sendCommit(to, commit);
    this.runFor(ms(100));
    return this.committed(sent);
  }

  committed(sent: number): string | undefined {
    return this.answer("OffsetCommit", sent)?.topics[0]?.partitions[0]?.errorCode;
  }

  sendFetch(
    from: BrokerId,
    group = "billing",
    options: { readonly all?: boolean; readonly requireStable?: boolean } = {},
  ): number {
    const topics = options.all ? null : [{ name: "orders", partitionIndexes: [0] }];
    const { requireStable = true } = options;
    return this.reader.send(from, "OffsetFetch", { groupId: group, memberId: null, memberEpoch: -1, topics, requireStable });
  }

  fetchAnswer(sent: number): ResponseOf<"OffsetFetch"> | undefined {
    return this.reader.answers.find(({ context }) => context === sent)?.response as ResponseOf<"OffsetFetch"> | undefined;
  }

  /** The offset, or the error. */
  fetch(from: BrokerId, group = "billing", options: { readonly requireStable?: boolean } = {}): number | string | undefined {
    const sent = this.sendFetch(from, group, options);
    this.runFor(ms(100));
    return this.fetched(sent);
  }

  fetched(sent: number): number | string | undefined {
    const answer = this.fetchAnswer(sent);
    if (answer === undefined) return undefined;
    return answer.errorCode === "NONE" ? answer.topics[0]?.partitions[0]?.committedOffset : answer.errorCode;
  }

  /** The client is the only member of the group from now on, and its leader. Returns its id and the generation. */
  join(at: BrokerId, group = "billing", memberId = ""): { readonly member: string; readonly generation: number } {
    const protocols = [{ name: "range", metadata: { topics: ["orders"], ownedPartitions: [], generationId: -1, rackId: null } }];
    const sent = this.send(at, "JoinGroup", {
      groupId: group,
      sessionTimeoutMs: 1_800_000,
      rebalanceTimeoutMs: 300_000,
      memberId,
      groupInstanceId: null,
      protocolType: "consumer",
      protocols,
      reason: "",
    });
    this.runFor(seconds(4));
    const joined = this.answer("JoinGroup", sent);
    if (joined?.errorCode === "MEMBER_ID_REQUIRED") return this.join(at, group, joined.memberId);
    if (joined?.errorCode !== "NONE") throw new Error(`the join ends in ${joined?.errorCode}`);
    const { memberId: member, generationId: generation } = joined;
    const assignment = { assignedPartitions: [{ topic: "orders", partition: 0 }] };
    const synced = this.ask(at, "SyncGroup", {
      groupId: group,
      generationId: generation,
      memberId: member,
      groupInstanceId: null,
      protocolType: "consumer",
      protocolName: "range",
      assignments: [{ memberId: member, assignment }],
    });
    if (synced?.errorCode !== "NONE") throw new Error(`the sync ends in ${synced?.errorCode}`);
    return { member, generation };
  }

  leave(at: BrokerId, member: string, group = "billing"): void {
    this.ask(at, "LeaveGroup", { groupId: group, members: [{ memberId: member, groupInstanceId: null, reason: "" }] });
  }

  // ---- time and harm ----

  runFor(us: number): this {
    this.world.runUntil(this.world.time + us);
    return this;
  }

  runUntil(reached: () => boolean): void {
    const deadline = this.world.time + seconds(120);
    while (!reached()) if (this.world.time > deadline || !this.world.step()) throw new Error("not reached within two minutes");
  }

  crash(id: BrokerId): this {
    this.world.crash(`broker-${id}`);
    return this;
  }

  restart(id: BrokerId): this {
    this.world.start(`broker-${id}`);
    return this.runFor(seconds(3));
  }

  /** From all other servers; the client still reaches it. */
  isolate(id: BrokerId): this {
    for (const other of ["controller", ...this.brokers.filter((each) => each !== id).map((each) => `broker-${each}`)]) {
      this.world.cut(`broker-${id}`, other);
    }
    return this;
  }

  /** From the other brokers only. */
  cutReplication(id: BrokerId): this {
    for (const other of this.brokers) if (other !== id) this.world.cut(`broker-${id}`, `broker-${other}`);
    return this;
  }

  healReplication(id: BrokerId): this {
    for (const other of this.brokers) if (other !== id) this.world.heal(`broker-${id}`, `broker-${other}`);
    return this;
  }
}
