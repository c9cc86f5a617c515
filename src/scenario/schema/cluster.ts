/** The schema of what a scenario runs on: servers, topics, network, disks and clocks. */
import { z } from "zod";
import { DEFAULT_SERVICE_COSTS, type ServiceCosts } from "../../kafka/config/service-costs.ts";
import { CLUSTER_MODES, type ClusterMode, RELEASE_VERSIONS } from "../../kafka/releases.ts";
import { nearest } from "../nearest.ts";
import {
  bad,
  good,
  quote,
  type Reading,
  readBandwidth,
  readDistribution,
  readDrift,
  readDuration,
  readShare,
  readSize,
} from "../quantities.ts";
import { BROKER_CONFIG_SCHEMA, TOPIC_CONFIG_SCHEMA, ZOOKEEPER_CONFIG_SCHEMA } from "./config.ts";
import { named, object, oneOrMore, quantity, reading, wholeNumber } from "./kit.ts";

export const A_DURATION = "a duration, such as 500us, 20ms, 5s or 2m";

export function duration(description: string) {
  return quantity(A_DURATION, description, readDuration);
}

function distribution(description: string) {
  return quantity("a duration or a range of them, such as 1ms or 0.2ms..2ms", description, readDistribution);
}

export const RELEASE_SCHEMA = reading(
  z.union([z.string(), z.number()], { error: () => 'this must be a Kafka release, such as "4.1"' }),
  `The Kafka release to behave as: ${RELEASE_VERSIONS.join(", ")}. The newest of the cluster's mode by default.`,
  (written): Reading<string> => {
    const version = String(written);
    if (RELEASE_VERSIONS.includes(version)) return good(version);
    const shorter = /^(\d+\.\d+)\.\d+$/.exec(version)?.[1];
    if (shorter !== undefined && RELEASE_VERSIONS.includes(shorter))
      return bad(`releases are named without the patch: ${quote(version)}`, `write "${shorter}"`);
    return bad(`Kafka ${version} is not modelled`, `the releases are ${RELEASE_VERSIONS.join(", ")}`);
  },
);

const MODE = reading(
  z.string(),
  `Who decides: ${CLUSTER_MODES.join(" (controllers) or ")} (an ensemble, and the broker that it elects). Default: kraft.`,
  (written): Reading<ClusterMode> => {
    const mode = CLUSTER_MODES.find((each) => each === written);
    if (mode !== undefined) return good(mode);
    const guess = written.toLowerCase() === "zk" ? "zookeeper" : nearest(written.toLowerCase(), CLUSTER_MODES);
    const hint = guess === undefined ? `write ${CLUSTER_MODES.join(" or ")}` : `did you mean ${guess}?`;
    return bad(`${quote(written)} is not a mode`, hint);
  },
);

export const ENSEMBLE_MAX = 7;

const ENSEMBLE = reading(
  wholeNumber("", 1, ENSEMBLE_MAX),
  "How many ZooKeeper servers there are: zookeeper-1, zookeeper-2, … An odd number. Default: 3.",
  (servers): Reading<number> =>
    servers % 2 === 1
      ? good(servers)
      : bad(
          `an ensemble of ${servers} survives no more failures than one of ${servers - 1}`,
          servers < ENSEMBLE_MAX ? `write ${servers - 1} or ${servers + 1}` : `write ${servers - 1}`,
        ),
);

/** How each cost is written, and what it is. */
export const COST_KEYS = {
  "zookeeper-read": ["zookeeperReadUs", "A ZooKeeper server answers a read."],
  "zookeeper-write": [
    "zookeeperWriteUs",
    "A ZooKeeper server takes up a write, and each part of a multi; its fsync comes on top.",
  ],
  "controller-partition": ["controllerPartitionUs", "ZooKeeper mode: the controller works on one partition in one step."],
  "broker-replica": ["brokerReplicaUs", "A broker carries out what it was told of one replica: to lead, to follow, to stop."],
  "metadata-record": ["metadataRecordUs", "KRaft: the active controller makes one record of its log."],
} as const satisfies Readonly<Record<string, readonly [keyof ServiceCosts, string]>>;

function cost(key: keyof typeof COST_KEYS) {
  const [field, what] = COST_KEYS[key];
  return duration(`${what} Default: ${DEFAULT_SERVICE_COSTS[field]}us.`).optional();
}

const COSTS_SCHEMA = object("costs", "What single pieces of work cost a node; everything else in it takes no time.", {
  "zookeeper-read": cost("zookeeper-read"),
  "zookeeper-write": cost("zookeeper-write"),
  "controller-partition": cost("controller-partition"),
  "broker-replica": cost("broker-replica"),
  "metadata-record": cost("metadata-record"),
});

export const CLUSTER_SCHEMA = object("cluster", "The servers.", {
  mode: MODE.optional(),
  brokers: wholeNumber("How many brokers there are: broker-1, broker-2, … Default: 3.", 1, 1_000).optional(),
  controllers: wholeNumber("KRaft: how many controllers there are: controller-1, controller-2, … Default: 3.", 1, 99).optional(),
  combined: z
    .boolean()
    .describe(
      "KRaft: whether the controllers live inside the first brokers instead of in processes of their own. Default: false.",
    )
    .optional(),
  zookeeper: ENSEMBLE.optional(),
  racks: z
    .array(z.string().regex(/^[A-Za-z0-9_-]+$/, "a rack's name is letters, digits, - and _"))
    .min(1)
    .describe("Racks, dealt out to the brokers in turn; and to the controllers, or to the ZooKeeper servers.")
    .optional(),
  config: BROKER_CONFIG_SCHEMA.optional(),
  "zookeeper-config": ZOOKEEPER_CONFIG_SCHEMA.optional(),
  costs: COSTS_SCHEMA.optional(),
  "restart-after": quantity(
    "a duration, such as 5s, or never",
    "How long after a server has stopped by itself it is started again, as by systemd; or never. Default: 5s.",
    (text): Reading<number | "never"> => (text === "never" ? good(text) : readDuration(text)),
  ).optional(),
  "per-node": named(
    "nodes",
    "What differs on single servers, by name.",
    object("a node", "What differs on this node.", {
      rack: z.string().describe("The rack it stands in.").optional(),
      config: BROKER_CONFIG_SCHEMA.optional(),
      "zookeeper-config": ZOOKEEPER_CONFIG_SCHEMA.optional(),
    }),
  ).optional(),
});

export const PARTITIONS_MAX = 10_000;

export const TOPIC_SHAPE = {
  partitions: wholeNumber("How many partitions it has. Default: the broker's num.partitions.", 1, PARTITIONS_MAX).optional(),
  "replication.factor": wholeNumber(
    "How many replicas each has. Default: the broker's default.replication.factor.",
    1,
    1_000,
  ).optional(),
  assignment: z
    .array(
      z
        .array(z.union([z.string(), z.int()], { error: () => "this must be a broker: its number or its name" }))
        .min(1)
        .describe("The replicas of one partition; the first is the preferred leader."),
    )
    .min(1)
    .describe("The replicas of each partition, by hand: [[1, 2, 3], [2, 3, 1]]. Otherwise the controller places them.")
    .optional(),
  config: TOPIC_CONFIG_SCHEMA.optional(),
};

export const TOPICS_SCHEMA = named(
  "topics",
  "The topics, by name. They are created when the run begins.",
  object("a topic", "A topic.", TOPIC_SHAPE),
);

const LATENCY = "How long a message is on its way: a duration, or a range to draw from.";
const UNRELIABLE_SCHEMA = object("unreliable", "Faults beyond what TCP lets through, by chance, as shares of all messages.", {
  drop: quantity("a share, such as 0.1%", "Messages that are lost for good.", readShare).optional(),
  duplicate: quantity("a share, such as 0.1%", "Messages that arrive twice.", readShare).optional(),
  delay: quantity("a share, such as 0.1%", "Messages that take longer.", readShare).optional(),
  "delay-up-to": duration("How much longer those take, at most. Default: 100ms.").optional(),
});

export const NETWORK_SCHEMA = object("network", "What connects the nodes.", {
  latency: distribution(`${LATENCY} Default: 0.1ms..0.5ms.`).optional(),
  "across-racks": distribution("The same between nodes of different racks.").optional(),
  bandwidth: quantity("a bandwidth, such as 10MB/s or 1Gbit/s", "Of every link. Default: unlimited.", readBandwidth).optional(),
  unreliable: UNRELIABLE_SCHEMA.optional(),
  links: z
    .array(
      object("a link", "What differs on some links, both ways. Later entries win.", {
        between: oneOrMore("a node", "The nodes at one end: names, brokers, controllers, clients, servers, rack(a)."),
        and: oneOrMore("a node", "The nodes at the other end."),
        latency: distribution(LATENCY).optional(),
        bandwidth: quantity("a bandwidth, such as 10MB/s or 1Gbit/s", "Of each of these links.", readBandwidth).optional(),
        unreliable: UNRELIABLE_SCHEMA.optional(),
      }),
    )
    .describe("Links that differ from the rest.")
    .optional(),
});

const DISK_SHAPE = {
  fsync: distribution("How long it takes to force what was written to the platter. Default: 0.5ms..2ms.").optional(),
  write: distribution("How long a write waits before the page cache takes it. Default: 0.").optional(),
  writeback: duration("Age at which the operating system writes a dirty page back by itself. Default: 30s.").optional(),
  capacity: quantity("a size, such as 10GB", "Writes beyond it fail. Default: unlimited.", readSize).optional(),
};

export const DISKS_SCHEMA = object("disks", "The disks of the servers.", {
  ...DISK_SHAPE,
  on: named(
    "disks",
    "What differs on single nodes, by name.",
    object("a disk", "What differs on this node's disk.", DISK_SHAPE),
  ).optional(),
});

export const CLOCKS_SCHEMA = named(
  "clocks",
  "Clocks that go wrong from the start, by node or client.",
  object("a clock", "How far this node's clock is off.", {
    offset: quantity(A_DURATION, "What it is ahead (or, negative, behind) when the run begins.", (text) =>
      readDuration(text, "signed"),
    ).optional(),
    drift: quantity(
      "a drift, such as 100ppm",
      "How much faster (or, negative, slower) it runs: 100ppm, 0.1%.",
      readDrift,
    ).optional(),
  }),
);
