/** The controller as the handlers see it that elect it, make it resign, or follow the brokers: more than its duties may touch. */

import type { BrokerEpoch, BrokerId } from "../ids.ts";
import type { AbortReason } from "../zk/procedure.ts";
import type { BrokerIdZnode } from "../zk/znodes.ts";
import type { SessionId } from "../zookeeper/znode.ts";
import type { ControllerCore, ControllerDuty } from "./controller-core.ts";

export interface ControllerSelf extends ControllerCore {
  /** Whom this broker takes for the controller: what `/controller` said when it was last read; -1 for nobody. */
  activeControllerId: BrokerId;
  readonly duties: readonly ControllerDuty[];
  /** What stands in this broker's registration. */
  readonly registration: BrokerIdZnode;
  /** The session that this process has last registered with, as far as it knows; 0 before the first. */
  readonly sessionOfRegistration: SessionId;
  onRegistered(brokerEpoch: BrokerEpoch): void;
  /** The election is won: `/controller_epoch` holds `epoch`, at `epochZkVersion`. */
  onElected(epoch: number, epochZkVersion: number): void;
  /** Everything has been read and told. */
  onFailoverCompleted(): void;
  /** Drops all that a controller knows and has under way. Nothing happens if there is nothing. Source: onControllerResignation. */
  resign(): void;
}

/** Who has asked for this broker's first registration. */
export interface RegistrationOwner {
  onBrokerRegistered(brokerEpoch: BrokerEpoch): void;
  /** `failed`: the node is there under a foreign session. */
  onBrokerRegistrationFailed(reason: AbortReason): void;
}
