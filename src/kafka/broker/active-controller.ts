/** Where the active controller is, as far as this node knows. */
import type { NodeName } from "../../sim/host.ts";

export interface ActiveController {
  /** Undefined while no leader of the metadata quorum is known. */
  activeController(): NodeName | undefined;
}
