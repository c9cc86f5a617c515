/** How somebody looks at a walk: what is chosen, focused, enlarged, hidden, and what lies over it. Plain data, no Kafka. */
import type { TopicPartition } from "../kafka/ids.ts";
import type { PaneId } from "./pane.ts";

/** How much of what happened stands in the timeline: what a reader would want to know; everything about the chosen partition; everything. */
export type TimelineDetail = "story" | "partition" | "everything";

export interface Choice {
  readonly partition: TopicPartition;
  readonly detail: TimelineDetail;
  /** What is searched for in the timeline; matches are marked. */
  readonly search: string | undefined;
  /** The id of the selected item of each pane that has one selected. */
  readonly selected: Readonly<Partial<Record<PaneId, string>>>;
}

export interface ViewState {
  readonly choice: Choice;
  readonly focus: PaneId;
  readonly enlarged: PaneId | undefined;
  readonly hidden: readonly PaneId[];
  /** Larger, fewer panes, for a projector. */
  readonly present: boolean;
}
