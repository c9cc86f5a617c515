/**
 * A scenario as everything behind the file format sees it: plain, complete, frozen.
 *
 * Durations are microseconds, defaults are filled in, names that are known before the run are resolved to nodes. It can be
 * cloned to a worker as it is. `source` is where in the file something stands (`file.yaml:9:5`).
 */
import type { Micros } from "../base/units.ts";
import type { GroupContract } from "../checks/group-contract.ts";
import type { BrokerConfig } from "../kafka/config/broker-config.ts";
import type { ConsumerConfig, ProducerConfig } from "../kafka/config/client-config.ts";
import type { ServiceCosts } from "../kafka/config/service-costs.ts";
import type { HandlerSpec } from "../kafka/consumer/handler-spec.ts";
import type { DialName, Dials } from "../kafka/dials.ts";
import type { BrokerId, ReplicaId, TopicPartition, ZkServerId } from "../kafka/ids.ts";
import type { JsonValue } from "../kafka/producer/record-template.ts";
import type { ClusterMode } from "../kafka/releases.ts";
import type { ZooKeeperConfig } from "../kafka/zookeeper/config.ts";
import type { DiskSpec } from "../sim/disk.ts";
import type { Distribution } from "../sim/distribution.ts";
import type { NodeName } from "../sim/host.ts";
import type { FaultSpec, NemesisSpec } from "./fault-spec.ts";
import type { NoteSpec } from "./note-spec.ts";
import type { EventPattern } from "./patterns.ts";
import type { RunEdit } from "./run-edit.ts";

export interface ScenarioSpec {
  /** As it was given to the loader. */
  readonly file: string;
  readonly name: string;
  readonly about: string;
  readonly tags: readonly string[];
  /** The Kafka release: `4.1`. */
  readonly release: string;
  readonly seed: number;
  readonly cluster: ClusterSpec;
  /** Every dial: the release's preset, with what the scenario turns. */
  readonly dials: Dials;
  /** Those the scenario turns away from its release by hand. */
  readonly turnedDials: readonly DialName[];
  readonly topics: readonly TopicSpec[];
  readonly producers: readonly ProducerSpec[];
  /** Those that read partitions assigned by hand. */
  readonly consumers: readonly ConsumerSpec[];
  readonly groups: readonly GroupSpec[];
  readonly network: NetworkSpec;
  readonly faults: readonly FaultSpec[];
  readonly nemesis: NemesisSpec | undefined;
  readonly run: RunSpec;
  readonly expect: ExpectSpec;
  /** What somebody changed by hand. */
  readonly edits: readonly RunEdit[];
  /** For people who walk through the run; they change nothing in it. */
  readonly notes: readonly NoteSpec[];
  /** What a run of this file came to, when it was saved; undefined for a file that nobody has saved from a run. */
  readonly recorded: RecordedSpec | undefined;
  /** Present when the file is played twice; this here is then the new side. */
  readonly exhibit: ExhibitSpec | undefined;
  /** On one side of an exhibit: its switch, and where it stands. */
  readonly switched: { readonly key: string; readonly value: string } | undefined;
}

export interface ClusterSpec {
  readonly mode: ClusterMode;
  /** Whether the controllers live in broker processes. False in ZooKeeper mode. */
  readonly combined: boolean;
  /** Kafka's servers: brokers first, then dedicated controllers, each by ascending id. */
  readonly nodes: readonly ServerSpec[];
  /** The ensemble, by ascending id. None in KRaft mode. */
  readonly zookeeper: readonly ZooKeeperSpec[];
  /** The broker settings that the scenario gives for the whole cluster, as written. */
  readonly config: ConfigOverrides;
  readonly costs: ServiceCosts;
  /** A server that has stopped by itself is started again so long after; undefined: never. */
  readonly restartAfterUs: Micros | undefined;
}

/** What every server has. */
interface MachineSpec {
  readonly name: NodeName;
  readonly rack: string | null;
  readonly disk: DiskSpec;
  readonly clock: ClockSpec;
}

/** A broker, a controller, or both in one. */
export interface ServerSpec extends MachineSpec {
  readonly id: ReplicaId;
  readonly broker: boolean;
  /** A voter of the metadata quorum. In ZooKeeper mode nobody is: any broker may be elected controller. */
  readonly controller: boolean;
  /** Effective: defaults, the cluster's settings, this node's. */
  readonly config: BrokerConfig;
}

export interface ZooKeeperSpec extends MachineSpec {
  readonly id: ZkServerId;
  /** Effective, as a broker's. */
  readonly config: ZooKeeperConfig;
}

export interface ClockSpec {
  readonly offsetUs: Micros;
  /** How much faster than virtual time it runs, in millionths. */
  readonly driftPpm: number;
}

/** Settings as written in the scenario, by Kafka's key. */
export type ConfigOverrides = Readonly<Record<string, number | boolean | string>>;

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Replicas of each partition, by hand; undefined lets the controller place them. */
  readonly assignment: readonly (readonly BrokerId[])[] | undefined;
  /** Only what is set; the rest is the broker's. */
  readonly config: ConfigOverrides;
  readonly source: string;
}

export interface ProducerSpec {
  readonly name: NodeName;
  readonly topic: string;
  readonly rate: RateSpec;
  /** Stops after so many records. */
  readonly count: number | undefined;
  readonly fromUs: Micros;
  readonly untilUs: Micros | undefined;
  /** What `compileRecordTemplate` takes, and has already been found to be right; null: records have no key. */
  readonly key: JsonValue;
  readonly value: JsonValue;
  /** Given by the application; undefined leaves it to the producer's partitioner. */
  readonly partition: number | "round-robin" | undefined;
  readonly config: ProducerConfig;
  readonly clock: ClockSpec;
  readonly source: string;
}

/** `records` in every `perUs`: the nth record is due `floor(n * perUs / records)` after the first. */
export interface RateSpec {
  readonly records: number;
  readonly perUs: Micros;
}

export interface ConsumerSpec {
  readonly name: NodeName;
  /** By hand, every one once, in the order of the file. */
  readonly assignment: readonly TopicPartition[];
  /** What the application takes for each record batch. */
  readonly handlerUs: Micros;
  readonly fromUs: Micros;
  readonly untilUs: Micros | undefined;
  readonly config: ConsumerConfig;
  readonly clock: ClockSpec;
  readonly source: string;
}

export const DELIVERIES = ["at-most-once", "at-least-once"] as const;

/** A consumer group: what is common to it, and its members. Several entries of the file may belong to one group. */
export interface GroupSpec {
  /** Its group.id. */
  readonly group: string;
  readonly members: readonly GroupMemberSpec[];
  /** The node of the store that refuses effects with an older fencing token; undefined where no handler has one. */
  readonly store: NodeName | undefined;
  /** What the checks hold it to. */
  readonly contract: GroupContract;
}

export interface GroupMemberSpec {
  /** `billing-2`. */
  readonly name: NodeName;
  readonly topics: readonly string[];
  readonly handler: HandlerSpec;
  /** group.instance.id; undefined for a dynamic member. */
  readonly instanceId: string | undefined;
  /** Where it stands, which is also its client.rack. */
  readonly rack: string | null;
  /** Only a fault or the nemesis starts it. */
  readonly spare: boolean;
  readonly fromUs: Micros;
  readonly untilUs: Micros | undefined;
  /** Having ended by itself, it is started again so long after; undefined: never. */
  readonly restartAfterUs: Micros | undefined;
  readonly config: ConsumerConfig;
  readonly clock: ClockSpec;
  readonly source: string;
}

export interface NetworkSpec {
  readonly latency: Distribution;
  /** Between nodes of different racks; undefined: as everywhere. */
  readonly acrossRacks: Distribution | undefined;
  /** 0 is unlimited. */
  readonly bytesPerSecond: number;
  readonly unreliable: UnreliableSpec | undefined;
  /** Later entries win. */
  readonly links: readonly LinkSpec[];
}

/** Between each of `a` and each of `b`, both ways. Undefined fields leave what holds otherwise. */
interface LinkSpec {
  readonly a: readonly NodeName[];
  readonly b: readonly NodeName[];
  readonly latency: Distribution | undefined;
  readonly bytesPerSecond: number | undefined;
  readonly unreliable: UnreliableSpec | undefined;
  readonly source: string;
}

/** Faults beyond TCP, by chance, each in millionths of the messages. */
export interface UnreliableSpec {
  readonly dropPpm: number;
  readonly duplicatePpm: number;
  readonly delayPpm: number;
  readonly delayUpToUs: Micros;
}

export interface RunSpec {
  readonly forUs: Micros;
  /** Steps after which the run is given up as undecided. */
  readonly maxEvents: number | undefined;
  /** Virtual time after `forUs` in which no producer sends, so that what is on its way can arrive. */
  readonly settleUs: Micros;
}

export interface ExpectSpec {
  /** Invariants of which each must be violated at least once; others may be, too. None: then none may be. */
  readonly violates: readonly string[];
  readonly records: RecordExpectations;
  readonly groups: readonly GroupExpectation[];
  /** The longest stretch without an acknowledgement that a client met. */
  readonly longestOutage: Bounds | undefined;
  readonly reaches: readonly GoalSpec[];
}

export const RECORD_COUNTS = ["lost", "legallyLost", "duplicated", "failed", "delayed"] as const;
type RecordCount = (typeof RECORD_COUNTS)[number];
type RecordExpectations = { readonly [C in RecordCount]: Bounds | undefined };

export const GROUP_COUNTS = [
  ...(["processedOnce", "processedAgain", "skipped", "outOfOrder", "givenUp", "unprocessed"] as const),
  ...(["lag", "highestLag", "rebalances"] as const),
] as const;
export type GroupCount = (typeof GROUP_COUNTS)[number];

export interface GroupExpectation {
  readonly group: string;
  readonly counts: { readonly [C in GroupCount]: Bounds | undefined };
  /** Summed over partitions, in microseconds. */
  readonly ownerless: Bounds | undefined;
}

/** Both included. */
export interface Bounds {
  readonly min: number;
  /** Undefined: no upper bound. */
  readonly max: number | undefined;
}

/** Something that must happen, `times` times or more. */
export interface GoalSpec {
  readonly pattern: EventPattern;
  readonly times: number;
  /** For people: `IsrChanged partition=orders-0 isr=[leader]`. */
  readonly text: string;
  readonly source: string;
}

/** How a run is known again. */
export interface RecordedSpec {
  /** Its trace hash. */
  readonly trace: string;
  readonly events: number;
  /** The version of kafka-sim that ran it. */
  readonly by: string;
}

/**
 * What a documented failure is to Kafka: a mistake that a release has fixed, one that none has yet, what its documents promise
 * no better, or a guard that it always had and that is taken away here to show what it is for.
 */
export const EXHIBIT_KINDS = ["bug", "open", "by-design", "control"] as const;
export type ExhibitKind = (typeof EXHIBIT_KINDS)[number];

/** A documented failure of Kafka: the same file with one switch in two positions. */
export interface ExhibitSpec {
  /** Where it is documented: `KAFKA-2729`, `KIP-966`. */
  readonly source: string;
  readonly kind: ExhibitKind;
  /** The switch, as `--set` takes it: a dial, a setting of Kafka, or a path in the file. */
  readonly key: string;
  readonly old: ExhibitSide;
  readonly new: ExhibitSide;
}

interface ExhibitSide {
  /** Where the switch stands, for people: `off`, `1`, `all`. */
  readonly value: string;
  readonly scenario: ScenarioSpec;
}
