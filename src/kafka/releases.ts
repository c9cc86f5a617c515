/** Kafka releases as presets: which dials stand where, and which defaults differ. */
import { DIAL_VALUES, type Dials } from "./dials.ts";

export interface Release {
  readonly version: string;
  readonly dials: Dials;
  /** Defaults of this release that differ from the newest one's, by Kafka's key. */
  readonly producerDefaults: Readonly<Record<string, number>>;
}

const NEWEST_DIALS = Object.fromEntries(
  Object.entries(DIAL_VALUES).map(([dial, values]) => [dial, values[0]]),
) as unknown as Dials;

const RELEASES: readonly Release[] = [
  { version: "4.1", dials: NEWEST_DIALS, producerDefaults: {} },
  {
    version: "4.0",
    dials: { ...NEWEST_DIALS, "election.eligibleLeaderReplicas": false, "kraft.fetchReportsHighWatermark": false },
    producerDefaults: {},
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
  },
];

/** Newest first. */
export const RELEASE_VERSIONS: readonly string[] = RELEASES.map((release) => release.version);
export const NEWEST_RELEASE = RELEASE_VERSIONS[0] as string;

/** Undefined for a version that is not modelled. */
export function releaseOf(version: string): Release | undefined {
  return RELEASES.find((release) => release.version === version);
}
