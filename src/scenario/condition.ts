/** What somebody who walks through a run waits for. */
import type { EventPattern, MessagePattern } from "./patterns.ts";

/** An event or a message, as in the trigger of a fault; it comes true any number of times. */
export type Condition =
  | { readonly kind: "event"; readonly pattern: EventPattern; readonly text: string }
  | {
      readonly kind: "message";
      readonly pattern: MessagePattern;
      readonly moment: "sent" | "delivered";
      readonly text: string;
    };
