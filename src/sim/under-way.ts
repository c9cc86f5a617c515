/** A message on its way, as somebody who looks at the network from outside sees it. */
import type { Micros } from "../base/units.ts";
import type { Message, NodeName } from "./host.ts";
import type { BeyondTcp } from "./trace.ts";

/**
 * `travelling`: arrives at its time. `held`: by an edit. `blocked`: a cut, a clog, or a receiver without power. `queued`: what was sent
 * before it has not arrived. `waiting`: at a receiver that stands still.
 */
export type Whereabouts = "travelling" | "held" | "blocked" | "queued" | "waiting";

export interface MessageUnderWay {
  readonly message: Message;
  readonly from: NodeName;
  readonly to: NodeName;
  /** It is the nth message of its kind on its link, from 1; 0 where nobody counts. */
  readonly nth: number;
  /** The step that sent it. */
  readonly sentBy: number;
  readonly whereabouts: Whereabouts;
  /** For what travels. */
  readonly arrivesAt: Micros | undefined;
  /** A second one of the same name, made by an edit or by chance. */
  readonly isCopy: boolean;
  /** It will never be handed over. */
  readonly isLost: boolean;
  readonly beyondTcp: BeyondTcp | undefined;
  /** The edit that holds it. */
  readonly heldBy: string | undefined;
}
