/** How long a controller that takes over reads the state of all partitions from ZooKeeper. */
import { FAST_MACHINES, play, scenarioOf, slowZooKeeper, topicsOf } from "./experiment.ts";
import type { Figure } from "./figure.ts";
import { spreadOf } from "./statistics.ts";

interface Failover {
  readonly partitions: number;
  /** One request after the other, as before 1.1, or ten on the wire. */
  readonly pipelined: boolean;
}

/** 20 us each way and 20 us of work are there already: together 2 ms for a read. */
const ONE_WAY_US = 970;

/** Seconds from the election of a controller until it has taken over, while nobody else has failed. */
export function failoverSeconds({ partitions, pipelined }: Failover, seed: number): number {
  const scenario = scenarioOf(`
name: failover reads
cluster: { mode: zookeeper }
dials: { controller.pipelineZkRequests: ${pipelined ? "on" : "off"} }
${FAST_MACHINES}
${topicsOf(partitions, 1)}
faults:
${slowZooKeeper("0s", { oneWayUs: ONE_WAY_US, logUs: 0 })}
  - { at: 1s, delete-znode: /controller }
run: { for: 300s }
`);
  let tookUs = 0;
  play({
    scenario,
    seed,
    measure: {
      onEvent({ at, event }) {
        if (at > 0 && event.kind === "ControllerFailoverCompleted") tookUs = event.tookUs;
        return tookUs > 0;
      },
    },
  });
  return tookUs / 1_000_000;
}

export function failoverReads(partitions: number, seeds: number): Figure {
  const all = (pipelined: boolean): number[] =>
    Array.from({ length: seeds }, (_, index) => failoverSeconds({ partitions, pipelined }, index + 1));
  return {
    title: "A controller takes over",
    source: 'J. Rao, "How to Choose the Number of Topics/Partitions in a Kafka Cluster?", 2015: his worked example',
    rows: [
      {
        what: "10,000 partitions, 2 ms each, read one by one (before 1.1)",
        published: "about 20 s",
        expected: [20, 20],
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
    text: `Three brokers, three ZooKeeper servers, ${partitions.toLocaleString("en-US")} partitions of one replica. A request to ZooKeeper takes 2 ms, by its way there and back. Somebody deletes
\`/controller\`; nobody dies, so that reading is most of what is done: from the election to the end of the failover. \`controller.pipelineZkRequests: off\` asks
for one thing after the other. The 2 ms are the example's own: that the sum is right says that each partition is read once, and that nothing else
grows as fast. With \`zookeeper.max.in.flight.requests\` at its 10 the same takes a tenth.`,
  };
}
