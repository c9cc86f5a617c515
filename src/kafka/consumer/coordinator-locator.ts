/** Which broker coordinates the group, as this consumer knows. Source: AbstractCoordinator.lookupCoordinator, CoordinatorRequestManager. */
import type { NodeName } from "../../sim/host.ts";

export interface CoordinatorLocator {
  /** Undefined while it is not known. */
  readonly node: NodeName | undefined;
  /** Begins to ask for it, unless it is known or being asked for already. Goes on until it is known. */
  lookUp(): void;
  /** It does not answer, or says that it coordinates no longer. */
  markUnknown(cause: string): void;
}
