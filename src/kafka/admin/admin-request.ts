/** What an administrator can be told to ask for. */
import type { Micros } from "../../base/units.ts";
import type { AdminRequestFailed } from "../events.ts";
import type { AlterPartitionReassignmentsRequest, DeleteTopicsRequest } from "../messages/control.ts";
import type { CreatePartitionsRequest, CreateTopicsRequest, ElectLeadersRequest } from "../messages/metadata.ts";
import type { ZnodeData } from "../zookeeper/znode.ts";

interface Timed {
  /** When it is made, after the start of the process; at once if left out. */
  readonly atUs?: Micros;
}

/**
 * Asked of the controller, whoever that is. The last two are answered in ZooKeeper mode only: a scenario that asks for them in
 * KRaft mode must be turned down when it is read.
 */
export type ControllerRequest = Timed &
  (
    | { readonly createTopics: CreateTopicsRequest["topics"] }
    | { readonly createPartitions: CreatePartitionsRequest["topics"] }
    | { readonly electLeaders: Pick<ElectLeadersRequest, "electionType" | "topicPartitions"> }
    | { readonly deleteTopics: DeleteTopicsRequest["topicNames"] }
    | { readonly reassign: AlterPartitionReassignmentsRequest["topics"] }
  );

/**
 * Done to the store itself, as by `zookeeper-shell`: in ZooKeeper mode only. To delete `/controller` is the documented way to
 * have another controller elected; `/admin/reassign_partitions` and `/admin/preferred_replica_election` were how tools gave orders
 * before there were requests for it. `data` is frozen.
 */
export type StoreRequest = Timed &
  ({ readonly deleteZnode: string } | { readonly writeZnode: { readonly path: string; readonly data: ZnodeData } });

/** One line of the script. */
export type AdminRequest = ControllerRequest | StoreRequest;

export function isStoreRequest(request: AdminRequest): request is StoreRequest {
  return "deleteZnode" in request || "writeZnode" in request;
}

/** What it is called where its failure is reported. */
export function apiOf(request: AdminRequest): AdminRequestFailed["api"] {
  if ("createTopics" in request) return "CreateTopics";
  if ("createPartitions" in request) return "CreatePartitions";
  if ("deleteTopics" in request) return "DeleteTopics";
  if ("reassign" in request) return "AlterPartitionReassignments";
  return "electLeaders" in request ? "ElectLeaders" : "zookeeper-shell";
}
