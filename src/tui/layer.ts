/** What lies over the panes, or asks in the last line, and takes the keys as long as it does. */
import type { Overlay } from "../view/overlays/overlay.ts";
import type { Prompt } from "../view/screen/bottom-line.ts";

export interface Layer {
  readonly overlay?: Overlay;
  /** Between panes and last line. */
  readonly note?: Overlay;
  readonly prompt?: Prompt;
  /** Its keys, for the last line. */
  readonly hint?: string | undefined;
  press(key: string): void;
}
