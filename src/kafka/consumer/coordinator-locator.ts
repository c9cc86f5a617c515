/** Which broker coordinates the group, as this consumer knows. Source: AbstractCoordinator.lookupCoordinator, CoordinatorRequestManager. */
import type { NodeName } from "../../sim/host.ts";

export interface CoordinatorLocator {
  /** Undefined while it is not known: then asking for it has begun, or begins with the next poll(). */
  readonly node: NodeName | undefined;
  /** It does not answer, or says that it coordinates no longer. */
  markUnknown(cause: string): void;
}
