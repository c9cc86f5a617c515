/** What is lost when a leader is cut off from all but its client. */
import { play, scenarioOf } from "./experiment.ts";
import type { Figure, Row } from "./figure.ts";
import { spreadOf } from "./statistics.ts";

export interface Isolation {
  readonly mode: "zookeeper" | "kraft";
  readonly acks: "1" | "all";
  /** ISR changes go to ZooKeeper, as they did in 2.0; later to the controller. */
  readonly writesIsrItself?: boolean;
  readonly records: number;
  /** How often the client asks who leads, without a reason; 5 minutes if nothing is set. */
  readonly metadataMaxAgeMs?: number;
}

export interface Outcome {
  readonly acknowledged: number;
  readonly lost: number;
  readonly failed: number;
}

/** Reconstructed: see the figure's text. */
const RATE = 3_000;
const CUT_AFTER_SHARE = 0.6;
/** The leader looks at its ISR every 5 s; the golden ratio spreads any number of seeds over that. */
const ISR_CHECK_MS = 5_000;
const GOLDEN = 0.618_033_988_749_895;

export function isolationOf(isolation: Isolation, seed: number): Outcome {
  const { mode, acks, writesIsrItself = false, records, metadataMaxAgeMs = 300_000 } = isolation;
  const fromMs = Math.round(((seed * GOLDEN) % 1) * ISR_CHECK_MS);
  const sendingMs = Math.round((records / RATE) * 1_000);
  const scenario = scenarioOf(`
name: isolation
cluster:
  mode: ${mode}
  zookeeper: 1
  zookeeper-config: { tickTime: 2000 }
  config: { zookeeper.session.timeout.ms: 6000, replica.lag.time.max.ms: 10000 }
${writesIsrItself ? "dials: { isr.alterPartition: off }" : ""}
topics: { test1: { assignment: [[3, 1, 2]] } }
producers:
  client:
    topic: test1
    rate: ${RATE}/s
    count: ${records}
    from: ${fromMs}ms
    config: { acks: ${acks}, retries: 0, linger.ms: 5, request.timeout.ms: 5000, metadata.max.age.ms: ${metadataMaxAgeMs} }
faults:
  - { at: ${fromMs + Math.round(sendingMs * CUT_AFTER_SHARE)}ms, cut: broker-3, from: [broker-1, broker-2, ${mode === "kraft" ? "controllers" : "zookeepers"}] }
  - { at: ${fromMs + sendingMs + 30_000}ms, heal: all }
run: { for: ${fromMs + sendingMs + 90_000}ms }
`);
  const { checker } = play({ scenario, seed, measure: { onEvent: () => false } });
  const { acknowledged, lost, legallyLost, failed } = checker.records;
  return { acknowledged, lost: lost + legallyLost, failed };
}

export function isolation(records: number, seeds: number): Figure {
  const all = (what: Omit<Isolation, "records">, count = seeds): Outcome[] =>
    Array.from({ length: count }, (_, index) => isolationOf({ ...what, records }, index + 1));
  const row = (
    what: string,
    found: readonly Outcome[],
    published: Pick<Row, "published" | "expected">,
    basis: Row["basis"],
  ): Row => {
    const acknowledged = spreadOf(found.map((each) => each.acknowledged));
    const failed = spreadOf(found.map((each) => each.failed));
    return {
      what,
      ...published,
      simulated: spreadOf(found.map(({ lost }) => lost)),
      unit: "records",
      basis,
      remark: `of ${range(acknowledged)} acknowledged; ${range(failed)} failed`,
    };
  };
  const nothing = { published: "", expected: undefined };
  const none = { published: "none", expected: [0, 0] } as const;
  return {
    title: "A leader is isolated",
    source:
      'J. Vanlightly, "How to Lose Messages on a Kafka Cluster", 2018, and the same experiment by Bhuiyan; set-up after Vanlightly\'s published scripts',
    rows: [
      row(
        "acks=1, as in 2.0 (leaders write the ISR to ZooKeeper)",
        all({ mode: "zookeeper", acks: "1", writesIsrItself: true }),
        { published: "35,588 of 95,513 and 38,209 of 100,000 acknowledged", expected: [35_588, 38_209] },
        "reconstructed",
      ),
      row("acks=1, ZooKeeper mode of 3.9", all({ mode: "zookeeper", acks: "1" }, 3), nothing, "predicted"),
      row("acks=1, KRaft", all({ mode: "kraft", acks: "1" }, 3), nothing, "predicted"),
      row(
        "acks=1, KRaft, a client that asks every 5 s who leads",
        all({ mode: "kraft", acks: "1", metadataMaxAgeMs: 5_000 }, 3),
        nothing,
        "predicted",
      ),
      row("acks=all, as in 2.0", all({ mode: "zookeeper", acks: "all", writesIsrItself: true }, 3), none, "predicted"),
      row("acks=all, KRaft", all({ mode: "kraft", acks: "all" }, 3), none, "predicted"),
    ],
    text: `Vanlightly's post and scripts say: three brokers (Kafka 2.0), one ZooKeeper server, one partition of three replicas, 100,000 records, no retries. The leader
is cut off from the other brokers and from ZooKeeper, not from the client. \`min.insync.replicas\` is 1, sessions are 6 s, \`replica.lag.time.max.ms\` is 10 s, a request of
the client times out after 5 s, as the defaults were then.

How fast the client sent, and when the leader was cut off, is not known here. **Assumed:** ${RATE.toLocaleString("en-US")} records a second, cut off after 60 % of them, healed long after the last.
With these two numbers almost any number of lost records could be had; what is to be seen is how it comes about. A client that gets answers has no
reason to ask who leads: whatever it sends goes to the old leader, which acknowledges it, and has to cut it off its log after the heal. Nor does it help
to ask every 5 s: it asks whom it is connected to, and that one does not know better. How long sessions are plays no part.

The leader of 2.0 has an end of its own, though: 10 to 15 s after the cut it wants to shrink its ISR, holds the partition's lock until ZooKeeper
answers, and serves nobody any more. Then requests time out, the client looks around, and the rest goes to the new leader. So between 30,000 and all of the
last 40,000 records are lost, depending on when the leader looks at its ISR: both published numbers lie in between, with the failed records that one of
them has (4,487; fewer here, where only five requests are under way at once). Since 2.7 nothing is locked, and all of the last 40,000 are lost. KRaft does
not change that: acks=1 promises nothing. With acks=all nothing is acknowledged that could be lost; what has waited for 5 s has failed, and the client has
found the new leader.`,
  };
}

function range({ min, max }: { readonly min: number; readonly max: number }): string {
  const [low, high] = [min, max].map((value) => value.toLocaleString("en-US")) as [string, string];
  return low === high ? low : `${low} to ${high}`;
}
