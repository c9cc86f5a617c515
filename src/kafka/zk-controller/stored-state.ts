/** Between the controller's cache and a partition's state znode. Source: TopicPartitionStateZNode. */
import type { PartitionEpoch } from "../ids.ts";
import type { StoredPartitionState } from "../zk/store-requests.ts";
import type { PartitionStateZnode } from "../zk/znodes.ts";
import type { Leadership } from "./controller-context.ts";

/** As it is written. */
export function storedState({ leader, leaderEpoch, isr, controllerEpoch, leaderRecoveryState }: Leadership): PartitionStateZnode {
  return Object.freeze({ leader, leaderEpoch, isr, controllerEpoch, leaderRecoveryState });
}

/** As it has been read. */
export function readLeadership({ state, partitionEpoch }: StoredPartitionState): Leadership {
  return Object.freeze({ ...state, partitionEpoch });
}

/** As it stands there once `written` has been. */
export function writtenLeadership(written: Leadership, partitionEpoch: PartitionEpoch): Leadership {
  return Object.freeze({ ...written, partitionEpoch });
}
