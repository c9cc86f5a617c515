/** How long it takes to elect a leader for everything that a dead broker led, one after the other. */
import { elsewhereTheController, FAST_MACHINES, play, scenarioOf, slowZooKeeper } from "./experiment.ts";
import type { Figure } from "./figure.ts";
import { spreadOf } from "./statistics.ts";

interface Elections {
  /** All led by the broker that dies. */
  readonly partitions: number;
  /** One request after the other, as before 1.1, or ten on the wire. */
  readonly pipelined: boolean;
}

/** With what is there already, 1 ms for a read, and 4 ms for a write with the fsync of the servers: together 5 ms for an election. */
const READ_AND_WRITE = { oneWayUs: 470, logUs: 2_780 };

/** Seconds from the end of the dead broker's registration until its last partition has another leader in the store. */
export function electionSeconds({ partitions, pipelined }: Elections, seed: number): number {
  const assignment = JSON.stringify(Array.from({ length: partitions }, (_, index) => [3, 1 + (index % 2)]));
  const scenario = scenarioOf(`
name: elections
cluster: { mode: zookeeper, config: { zookeeper.session.timeout.ms: 6000 } }
dials: { controller.pipelineZkRequests: ${pipelined ? "on" : "off"} }
${FAST_MACHINES}
topics: { orders: { assignment: ${assignment} } }
faults:
${elsewhereTheController("broker-3")}
  - { at: 60s, crash: broker-3 }
${slowZooKeeper("50s", READ_AND_WRITE)}
run: { for: 300s }
`);
  let [gone, elected, last] = [0, 0, 0];
  play({
    scenario,
    seed,
    measure: {
      onEvent({ at, event }) {
        if (event.kind === "BrokerUnregistered" && event.broker === 3) gone = at;
        if (event.kind === "LeaderElected" && event.from === 3) {
          elected++;
          last = at;
        }
        return elected === partitions;
      },
    },
  });
  return last - gone;
}

export function elections(partitions: number, seeds: number): Figure {
  const all = (pipelined: boolean): number[] =>
    Array.from({ length: seeds }, (_, index) => electionSeconds({ partitions, pipelined }, index + 1));
  return {
    title: "Leaders are elected",
    source: 'J. Rao, "How to Choose the Number of Topics/Partitions in a Kafka Cluster?", 2015: his worked example',
    rows: [
      {
        what: "1,000 leaders, 5 ms each, one by one (before 1.1)",
        published: "up to 5 s",
        expected: [5, 5],
        simulated: spreadOf(all(false)),
        unit: "s",
        basis: "given",
      },
      {
        what: "the same with ten requests on the wire (since 1.1)",
        published: "",
        expected: undefined,
        simulated: spreadOf(all(true)),
        unit: "s",
        basis: "predicted",
      },
    ],
    text: `Three brokers, three ZooKeeper servers; broker-3 leads ${partitions.toLocaleString("en-US")} partitions of two replicas, is not the controller, and crashes. An election is a read and a
conditional write of the partition's state: 1 ms and, with the fsync of the servers, 4 ms. From the end of the broker's registration to the
last new leader in the store. Again the cost is the example's own, and only the sum is checked. Ten requests on the wire do not make it ten times as fast: a
write that comes while the log is being forced to disk has to wait for the next fsync.`,
  };
}
