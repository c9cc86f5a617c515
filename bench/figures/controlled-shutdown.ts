/** Controlled shutdown with 25,000 partitions, before 1.1 and since. */
import type { Figure, Row } from "./figure.ts";
import { type Cluster, type Costs, controlledShutdownSeconds } from "./shutdown.ts";
import { spreadOf } from "./statistics.ts";

const MACHINES: Costs = {
  oneWayUs: 0,
  logUs: 0,
  zookeeperReadUs: 20,
  zookeeperWriteUs: 40,
  controllerPartitionUs: 5,
  metadataRecordUs: 0,
};

/** Fitted: 390 s one by one. */
const ALL_OF_IT: Costs = { ...MACHINES, oneWayUs: 9_560 };
/** Fitted: 30 s one by one. */
const WITHOUT_LOGGING: Costs = { ...MACHINES, oneWayUs: 662 };
/** Fitted: 9.7 s with one request on the wire, and 6.2 s with two. What can't be hidden by a second request is the controller's own work. */
export const SWEEP: Costs = { ...MACHINES, oneWayUs: 98, controllerPartitionUs: 87 };

const POST = 'J. Rao, "Apache Kafka Supports 200K Partitions Per Cluster", 2018';
const THREAD = "O. Karaman in the pull request of KAFKA-5894 (apache/kafka #3860), 2017";

/** What is predicted is simulated for so many seeds; what is fitted for one. */
const SEEDS = 3;

export function controlledShutdown(partitions: number): Figure {
  const row = (what: string, published: number, basis: Row["basis"], cluster: Omit<Cluster, "mode" | "partitions">): Row => {
    const seeds = Array.from({ length: basis === "fitted" ? 1 : SEEDS }, (_, index) => index + 1);
    return {
      what,
      published: published === 390 ? "6.5 min" : `${published} s`,
      expected: [published, published],
      simulated: spreadOf(seeds.map((seed) => controlledShutdownSeconds({ mode: "zookeeper", partitions, ...cluster }, seed))),
      unit: "s",
      basis,
    };
  };
  return {
    title: "Controlled shutdown, before 1.1 and since",
    source: `${POST}; with one and two requests on the wire: ${THREAD}`,
    rows: [
      row("before 1.1, with its logging", 390, "fitted", { costs: ALL_OF_IT, pipelined: false }),
      row("→ since 1.1, if all of that had been ZooKeeper", 3, "predicted", { costs: ALL_OF_IT }),
      row("before 1.1, without the logging", 30, "fitted", { costs: WITHOUT_LOGGING, pipelined: false }),
      row("→ since 1.1", 3, "predicted", { costs: WITHOUT_LOGGING }),
      row("batched, one request on the wire", 9.7, "fitted", { costs: SWEEP, inFlight: 1 }),
      row("batched, two", 6.2, "fitted", { costs: SWEEP, inFlight: 2 }),
      row("→ batched, ten, as it was released", 3, "predicted", { costs: SWEEP }),
    ],
    text: `Five brokers, five ZooKeeper servers, ${partitions.toLocaleString("en-US")} partitions of two replicas: 5,000 to hand over and 5,000 to leave. From the broker's request to
the controller's last answer. (The source has a topic for each partition; here a topic has 1,000, which changes nothing: a partition's state
is a znode of its own either way.) Before 1.1 the controller asks for one thing after the other (\`controller.pipelineZkRequests: off\`).

The source itself explains most of the 6.5 minutes: every change of one leader wrote all partitions of the cluster to a log file. Without that it
took 30 s, and with pipelined requests 3 s. The logging is not modelled. So the first pair, which charges all 6.5 minutes to ZooKeeper, predicts far
too much, as it must; the second, fitted with one number (a request's way to ZooKeeper and back) to the 30 s, predicts the 3 s.

The last three rows begin with measurements that were made while \`zookeeper.max.in.flight.requests\` was being added, on five brokers and five
ZooKeeper servers; that it was the same number of partitions is assumed. Fitted with two numbers: the way to ZooKeeper, and the controller's own work
for each partition. (One number does not do: with two requests on the wire half the time would be left.) The 3 s that come last are the post's, perhaps from other machines.`,
  };
}
