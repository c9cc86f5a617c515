/** What a decision of the controller is made from, and what comes out of it. */
import type { BrokerConfig } from "../config/broker-config.ts";
import type { Dials } from "../dials.ts";
import type { MetadataRecord } from "../metadata/records.ts";
import type { ControllerState } from "./controller-state.ts";

export interface ControllerContext {
  readonly state: ControllerState;
  readonly config: BrokerConfig;
  readonly dials: Dials;
}

/** The records to write, all or none, and the reply to give when they have committed. Source: ControllerResult. */
export interface ControllerResult<R> {
  readonly records: readonly MetadataRecord[];
  readonly reply: R;
}
