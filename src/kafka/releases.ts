/** Kafka releases as presets: which dials stand where, which defaults differ, and how a cluster of that release is coordinated. */
import { DIAL_VALUES, type Dials } from "./dials.ts";

/** Who decides: a quorum of controllers of Kafka's own, or brokers by way of a ZooKeeper ensemble. */
export const CLUSTER_MODES = ["kraft", "zookeeper"] as const;
export type ClusterMode = (typeof CLUSTER_MODES)[number];
/** For people. */
export const MODE_NAMES: { readonly [M in ClusterMode]: string } = { kraft: "KRaft", zookeeper: "ZooKeeper" };

/** A release in one mode. */
export interface Release {
  readonly version: string;
  readonly dials: Dials;
  /** Defaults of this release that differ from the newest one's, by Kafka's key. */
  readonly producerDefaults: Readonly<Record<string, number>>;
  readonly brokerDefaults: Readonly<Record<string, string>>;
}

/** Before 4.0 the protocol of KIP-848 is only there for those who ask for it. */
const CLASSIC_GROUPS = { "group.coordinator.rebalance.protocols": "classic" } as const;

const NEWEST_DIALS = Object.fromEntries(
  Object.entries(DIAL_VALUES).map(([dial, values]) => [dial, values[0]]),
) as unknown as Dials;

const KRAFT_RELEASES: readonly Release[] = [
  { version: "4.1", dials: NEWEST_DIALS, producerDefaults: {}, brokerDefaults: {} },
  {
    version: "4.0",
    dials: { ...NEWEST_DIALS, "election.eligibleLeaderReplicas": false, "kraft.fetchReportsHighWatermark": false },
    producerDefaults: {},
    brokerDefaults: {},
  },
  {
    version: "3.9",
    dials: {
      ...NEWEST_DIALS,
      "election.eligibleLeaderReplicas": false,
      "kraft.fetchReportsHighWatermark": false,
      "kraft.preVote": false,
    },
    producerDefaults: { "linger.ms": 0 },
    brokerDefaults: CLASSIC_GROUPS,
  },
];

const ZOOKEEPER_RELEASES: readonly Release[] = [
  {
    version: "3.9",
    // Its controller never looks at the broker epochs of an ISR (KIP-903 is KRaft's), and knows no eligible leader replicas.
    dials: { ...NEWEST_DIALS, "isr.brokerEpochCheck": false, "election.eligibleLeaderReplicas": false },
    producerDefaults: { "linger.ms": 0 },
    brokerDefaults: CLASSIC_GROUPS,
  },
];

function releasesOf(mode: ClusterMode): readonly Release[] {
  return mode === "kraft" ? KRAFT_RELEASES : ZOOKEEPER_RELEASES;
}

/** Of either mode, newest first. */
export const RELEASE_VERSIONS: readonly string[] = [
  ...new Set([...KRAFT_RELEASES, ...ZOOKEEPER_RELEASES].map((release) => release.version)),
];

export function newestRelease(mode: ClusterMode): Release {
  return releasesOf(mode)[0] as Release;
}

/** Undefined for a version that is not modelled, or not in this mode. */
export function releaseOf(version: string, mode: ClusterMode): Release | undefined {
  return releasesOf(mode).find((release) => release.version === version);
}
