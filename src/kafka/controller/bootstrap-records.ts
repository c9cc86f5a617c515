/** What the first active controller of a cluster writes. Source: ActivationRecordsGenerator, BootstrapMetadata, KIP-778. */
import type { Dials } from "../dials.ts";
import type { MetadataImage } from "../metadata/image.ts";
import type { MetadataRecord } from "../metadata/records.ts";

const METADATA_VERSION = "metadata.version";
/** 4.0-IV3. The dials, not this number, say how the cluster behaves. */
const METADATA_VERSION_LEVEL = 25;

/** Nothing if the log has its bootstrap records already. */
export function bootstrapRecords(committed: MetadataImage, dials: Dials): MetadataRecord[] {
  if (committed.feature(METADATA_VERSION) > 0) return [];
  const records: MetadataRecord[] = [{ type: "FeatureLevel", name: METADATA_VERSION, featureLevel: METADATA_VERSION_LEVEL }];
  if (dials["election.eligibleLeaderReplicas"]) {
    records.push({ type: "FeatureLevel", name: "eligible.leader.replicas.version", featureLevel: 1 });
  }
  return records;
}
