/** How each of the controller's APIs says that this is not the active controller. Source: ControllerApis, getErrorResponse. */
import { NONE } from "../ids.ts";
import type { RequestOf, ResponseOf } from "../messages/apis.ts";

/** The requests that only the active controller answers. */
export type ControllerApi =
  | "BrokerRegistration"
  | "BrokerHeartbeat"
  | "AlterPartition"
  | "CreateTopics"
  | "CreatePartitions"
  | "ElectLeaders";

const RESPONSES: { readonly [A in ControllerApi]: (request: RequestOf<A>) => ResponseOf<A> } = {
  BrokerRegistration: () => ({ errorCode: "NOT_CONTROLLER", brokerEpoch: NONE }),
  BrokerHeartbeat: () => ({ errorCode: "NOT_CONTROLLER", isCaughtUp: false, isFenced: true, shouldShutDown: false }),
  AlterPartition: () => ({ errorCode: "NOT_CONTROLLER", topics: [] }),
  CreateTopics: (request) => ({
    topics: request.topics.map(({ name }) => ({
      name,
      topicId: "",
      errorCode: "NOT_CONTROLLER",
      errorMessage: "this is not the active controller",
    })),
  }),
  CreatePartitions: (request) => ({
    results: request.topics.map(({ name }) => ({
      name,
      errorCode: "NOT_CONTROLLER",
      errorMessage: "this is not the active controller",
    })),
  }),
  ElectLeaders: () => ({ errorCode: "NOT_CONTROLLER", replicaElectionResults: [] }),
};

export function notControllerResponse<A extends ControllerApi>(api: A, request: RequestOf<A>): ResponseOf<A> {
  return RESPONSES[api](request);
}
