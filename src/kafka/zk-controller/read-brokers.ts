/** Reads which brokers are registered, watching for changes. Source: KafkaZkClient.getAllBrokerAndEpochsInCluster. */
import type { BrokerId } from "../ids.ts";
import { Procedure, type Step } from "../zk/procedure.ts";
import { childrenOf, dataOf, getChildren, getData } from "../zk/store-requests.ts";
import { BROKER_IDS_PATH, type BrokerIdZnode, brokerIdPath } from "../zk/znodes.ts";
import type { ZkResponse } from "../zookeeper/client-protocol.ts";
import type { LiveBroker } from "./controller-context.ts";

/** Ends with {@link LiveBroker}s, ascending. */
export class ReadBrokers extends Procedure {
  readonly name = "ReadBrokers";
  private ids: readonly BrokerId[] | undefined;

  start(): Step {
    return { kind: "ask", requests: [getChildren(BROKER_IDS_PATH, true)] };
  }

  override onResponses(answers: readonly ZkResponse[]): Step {
    if (this.ids === undefined) {
      this.ids = childrenOf(answers[0] as ZkResponse)
        .map(Number)
        .sort((a, b) => a - b);
      return { kind: "ask", requests: this.ids.map((id) => getData(brokerIdPath(id))) };
    }
    return { kind: "done", result: this.ids.flatMap((id, i) => liveBroker(id, answers[i] as ZkResponse)) };
  }
}

/** None if it has gone since it was listed. */
function liveBroker(id: BrokerId, answer: ZkResponse): LiveBroker[] {
  const znode = dataOf<BrokerIdZnode>(answer);
  if (znode === undefined || answer.stat === undefined) return [];
  return [Object.freeze({ id, host: znode.host, rack: znode.rack, epoch: answer.stat.czxid })];
}
