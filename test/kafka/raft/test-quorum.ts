/** A metadata quorum in a world of its own: voters 1, 2, …, observers 101, …, and a state machine on each that only remembers. */
import { ms, seconds } from "../../../src/base/units.ts";
import { BROKER_CONFIG } from "../../../src/kafka/config/broker-config.ts";
import { effectiveConfig } from "../../../src/kafka/config/definition.ts";
import type { Dials } from "../../../src/kafka/dials.ts";
import { NONE, type ReplicaId } from "../../../src/kafka/ids.ts";
import type { MetadataRecord } from "../../../src/kafka/metadata/records.ts";
import type { AnyPendingRequest } from "../../../src/kafka/net/request-channel.ts";
import { ServerProcess } from "../../../src/kafka/net/server-process.ts";
import { RaftClient, type RaftListener, type RaftShutdownHandler } from "../../../src/kafka/raft/raft-client.ts";
import type { RecordBatch } from "../../../src/kafka/records.ts";
import { newestRelease, releaseOf } from "../../../src/kafka/releases.ts";
import type { ClusterTopology } from "../../../src/kafka/server/topology.ts";
import { DEFAULT_DISK } from "../../../src/sim/disk.ts";
import { constant } from "../../../src/sim/distribution.ts";
import type { Host, Process } from "../../../src/sim/host.ts";
import type { ProcessFactory } from "../../../src/sim/node.ts";
import { World } from "../../../src/sim/world.ts";
import { RaftInvariants } from "./invariants.ts";

interface QuorumOptions {
  readonly voters?: number;
  readonly observers?: number;
  readonly seed?: string;
  readonly kafka?: string;
  readonly dials?: Partial<Dials>;
  readonly config?: Readonly<Record<string, number>>;
  /** How long each fsync takes; by default as on a fast disk. */
  readonly fsyncMs?: number;
}

export class RaftProcess extends ServerProcess implements RaftListener, RaftShutdownHandler {
  readonly raft: RaftClient;
  readonly committed: RecordBatch<MetadataRecord>[] = [];
  /** What the state machine was told: `[leader, epoch]`. */
  readonly leaders: [ReplicaId, number][] = [];

  constructor(host: Host, options: ConstructorParameters<typeof RaftClient>[0]) {
    super(host);
    this.raft = new RaftClient(options);
    this.raft.listener = this;
  }

  onCommit(batches: readonly RecordBatch<MetadataRecord>[]): void {
    this.committed.push(...batches);
  }

  onLeaderChange(leaderId: ReplicaId, epoch: number): void {
    this.leaders.push([leaderId, epoch]);
  }

  onRaftShutdown(): void {
    this.host.exit("shut down");
  }

  onStart(): void {
    this.host.listen();
    this.raft.start();
  }

  onRequest(request: AnyPendingRequest): void {
    this.raft.onRequest(request);
  }

  onShutdownRequested(): void {
    this.raft.shutdown(this);
  }
}

class RaftProcessFactory implements ProcessFactory {
  private readonly options: Omit<ConstructorParameters<typeof RaftClient>[0], "host">;

  constructor(options: Omit<ConstructorParameters<typeof RaftClient>[0], "host">) {
    this.options = options;
  }

  create(host: Host): Process {
    return new RaftProcess(host, { host, ...this.options });
  }
}

export class TestQuorum {
  readonly world: World;
  readonly invariants: RaftInvariants;
  readonly voters: readonly ReplicaId[];
  readonly observers: readonly ReplicaId[];
  private appended = 0;

  constructor({
    voters = 3,
    observers = 0,
    seed = "quorum",
    kafka = newestRelease("kraft").version,
    dials,
    config,
    fsyncMs,
  }: QuorumOptions = {}) {
    this.voters = Array.from({ length: voters }, (_, i) => i + 1);
    this.observers = Array.from({ length: observers }, (_, i) => i + 101);
    this.world = new World({ seed });
    this.invariants = new RaftInvariants(this.voters);
    this.world.observer = this.invariants;
    const topology: ClusterTopology = {
      clusterId: "test-cluster",
      voters: this.voters.map((id) => ({ id, node: nameOf(id) })),
      zookeeper: [],
      brokers: this.observers.map((id) => ({ id, node: nameOf(id), rack: null })),
    };
    const release = releaseOf(kafka, "kraft");
    if (release === undefined) throw new Error(`no Kafka ${kafka}`);
    const effective = effectiveConfig(BROKER_CONFIG, config ?? {});
    for (const nodeId of [...this.voters, ...this.observers]) {
      const factory = new RaftProcessFactory({ config: effective, dials: { ...release.dials, ...dials }, topology, nodeId });
      const fsync = fsyncMs === undefined ? DEFAULT_DISK.fsync : constant(ms(fsyncMs));
      this.world.addNode({ name: nameOf(nodeId), factory }, { ...DEFAULT_DISK, fsync });
    }
  }

  /** Starts these replicas, or all. */
  start(...ids: ReplicaId[]): this {
    for (const id of ids.length > 0 ? ids : [...this.voters, ...this.observers]) this.world.start(nameOf(id));
    return this;
  }

  isRunning(id: ReplicaId): boolean {
    return this.world.node(nameOf(id)).running;
  }

  process(id: ReplicaId): RaftProcess {
    const { process } = this.world.node(nameOf(id));
    if (process === undefined) throw new Error(`${nameOf(id)} does not run`);
    return process as RaftProcess;
  }

  raft(id: ReplicaId): RaftClient {
    return this.process(id).raft;
  }

  crash(...ids: ReplicaId[]): void {
    for (const id of ids) this.world.crash(nameOf(id));
  }

  losePower(...ids: ReplicaId[]): void {
    for (const id of ids) this.world.losePower(nameOf(id));
  }

  shutDown(id: ReplicaId): void {
    this.world.requestShutdown(nameOf(id));
  }

  cut(a: ReplicaId, b: ReplicaId): void {
    this.world.cut(nameOf(a), nameOf(b));
  }

  /** Cuts every link between the two sides. */
  partition(side: readonly ReplicaId[], other: readonly ReplicaId[]): void {
    for (const a of side) for (const b of other) this.cut(a, b);
  }

  heal(): void {
    this.world.healAll();
  }

  runFor(durationInSeconds: number): void {
    this.world.runUntil(this.world.time + seconds(durationInSeconds));
  }

  /** True if `condition` came to hold within the time. */
  runUntil(condition: () => boolean, withinSeconds = 20): boolean {
    const limit = this.world.time + seconds(withinSeconds);
    while (!condition()) {
      const next = this.world.nextEventAt;
      if (next === undefined || next > limit || !this.world.step()) return false;
    }
    return true;
  }

  /** Running replicas that lead, by their own belief. */
  get leaders(): readonly ReplicaId[] {
    return this.voters.filter((id) => this.isRunning(id) && this.raft(id).isLeader);
  }

  /** Runs until exactly one of `among` leads and all of them follow it; which one. */
  electLeader(among: readonly ReplicaId[] = this.voters, withinSeconds = 20): ReplicaId {
    const agreed = (): boolean => {
      if (!among.every((id) => this.isRunning(id))) return false;
      const [first] = among;
      const leader = first === undefined ? NONE : this.raft(first).leaderId;
      return among.includes(leader) && this.raft(leader).isLeader && among.every((id) => this.raft(id).leaderId === leader);
    };
    if (!this.runUntil(agreed, withinSeconds)) throw new Error(`no leader among ${among.join(",")} within ${withinSeconds} s`);
    return this.raft(among[0] as ReplicaId).leaderId;
  }

  /** The leader appends a record of its own; the offset that it gets. */
  append(leader: ReplicaId): number {
    const raft = this.raft(leader);
    const offset = raft.scheduleAppend(raft.epoch, [counter(this.appended++)]);
    if (offset === undefined) throw new Error(`${leader} does not lead`);
    return offset;
  }

  /** Appends and runs until `on` know it to be committed. */
  commit(leader: ReplicaId, on: readonly ReplicaId[] = this.voters): number {
    const offset = this.append(leader);
    if (!this.runUntil(() => on.every((id) => this.isRunning(id) && this.raft(id).highWatermark > offset)))
      throw new Error(`${offset} is not committed`);
    return offset;
  }

  /** The replicas that have been elected since, oldest first. */
  get elected(): readonly ReplicaId[] {
    return this.invariants.elections.map((election) => election.replica);
  }

  values(id: ReplicaId): readonly string[] {
    return this.process(id).committed.flatMap((batch) =>
      batch.records.flatMap((record) => (record.type === "Config" ? [record.value ?? ""] : [])),
    );
  }
}

export function nameOf(id: ReplicaId): string {
  return id > 100 ? `broker-${id}` : `controller-${id}`;
}

function counter(value: number): MetadataRecord {
  return { type: "Config", resourceType: "TOPIC", resourceName: "counter", name: "n", value: String(value) };
}
