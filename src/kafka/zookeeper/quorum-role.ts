/** What leader and follower are given, and what they tell. */
import type { Micros } from "../../base/units.ts";
import type { ClientService } from "./client-service.ts";
import type { ServerContext } from "./server-context.ts";
import type { SyncRequestProcessor } from "./sync-request-processor.ts";
import type { ZkDatabase } from "./zk-database.ts";

export interface RoleOptions {
  readonly context: ServerContext;
  readonly db: ZkDatabase;
  readonly syncer: SyncRequestProcessor;
  readonly clients: ClientService;
  readonly listener: RoleListener;
}

export interface RoleListener {
  /** The server is in step with `epoch`: it serves. */
  onEstablished(epoch: number): void;
  /** The role is over; the server must look for a leader again, after a rest perhaps. */
  onRoleLost(rest?: Micros): void;
}
