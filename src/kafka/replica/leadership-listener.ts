/** Who hears of what happens to a partition here beyond serving it: the coordinator of the groups that a partition holds. */
import type { Offset } from "../ids.ts";
import type { Partition } from "./partition.ts";

export interface LeadershipListener {
  /** This broker leads it, perhaps in a newer epoch than before. */
  onLeading(partition: Partition): void;
  /** This broker follows it, or has it no more. */
  onNotLeading(partition: Partition): void;
}

export interface HighWatermarkListener {
  /** Everything below `to` is committed. */
  onHighWatermark(to: Offset): void;
}
