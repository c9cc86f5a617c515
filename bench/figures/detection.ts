/** How long it takes until a broker that has crashed is known to be gone. */
import { seconds, US_PER_SECOND } from "../../src/base/units.ts";
import { play, scenarioOf } from "./experiment.ts";
import type { Figure, Row } from "./figure.ts";
import { spreadOf } from "./statistics.ts";

export interface Detection {
  /** From the crash, and from when a server last heard of the broker, until the decision is committed; in seconds. */
  readonly sinceCrash: number;
  readonly sinceHeard: number;
}

interface Session {
  readonly mode: "zookeeper" | "kraft";
  readonly seconds: number;
}

/** Crashes come at all phases of pings, heartbeats and ticks, none of which is longer. */
const PHASES = 6;
/** The golden ratio spreads any number of seeds evenly. */
const GOLDEN = 0.618_033_988_749_895;

export function detectionOf({ mode, seconds: session }: Session, seed: number): Detection {
  const crashAt = 10 + ((seed * GOLDEN) % 1) * PHASES;
  const scenario = scenarioOf(`
name: detection
cluster:
  mode: ${mode}
  zookeeper-config: { tickTime: 2000 }
  config: { zookeeper.session.timeout.ms: ${session * 1_000}, broker.session.timeout.ms: ${session * 1_000} }
topics: { orders: { assignment: [[3, 1, 2]] } }
faults: [{ at: ${Math.round(crashAt * US_PER_SECOND)}us, crash: broker-3 }]
run: { for: 60s }
`);
  let [crashedAt, goneAt] = [0, 0];
  const simulation = play({
    scenario,
    seed,
    traceLevel: "full",
    measure: {
      onEvent({ at, event }) {
        if (event.kind === "ProcessCrashed") crashedAt = at;
        const isGone = (event.kind === "BrokerUnregistered" || event.kind === "BrokerFenced") && event.broker === 3;
        if (isGone && crashedAt > 0) goneAt = at;
        return goneAt > 0;
      },
    },
  });
  const { world, readyAt } = simulation;
  const heard = world.trace
    .steps()
    .findLast(
      ({ kind, node, label, delivery, timeUs }) =>
        kind === "message" &&
        delivery?.from === "broker-3" &&
        (mode === "kraft" ? label === "BrokerHeartbeat" : node?.startsWith("zookeeper-")) &&
        timeUs <= readyAt + seconds(crashedAt + 1),
    );
  if (heard === undefined) throw new Error("broker-3 was never heard of");
  return { sinceCrash: goneAt - crashedAt, sinceHeard: goneAt - (heard.timeUs - readyAt) / US_PER_SECOND };
}

interface PublishedDetection extends Session {
  readonly published: string;
  readonly expected: readonly [number, number] | undefined;
}

const SESSIONS: readonly PublishedDetection[] = [
  { mode: "zookeeper", seconds: 6, published: "6 to 8 s", expected: [6, 8] },
  { mode: "zookeeper", seconds: 18, published: "18 to about 20 s", expected: [18, 20] },
  { mode: "kraft", seconds: 9, published: "9 s, by its setting", expected: [9, 9] },
];

export function detection(seeds: number): Figure {
  const rows = SESSIONS.flatMap((session): Row[] => {
    const found = Array.from({ length: seeds }, (_, index) => detectionOf(session, index + 1));
    const name = `${session.mode === "kraft" ? "KRaft" : "ZooKeeper"}, sessions of ${session.seconds} s`;
    const { published, expected } = session;
    return [
      {
        what: `${name}: since the broker was last heard of`,
        published,
        expected,
        simulated: spreadOf(found.map(({ sinceHeard }) => sinceHeard)),
        unit: "s",
        basis: "predicted",
      },
      {
        what: `${name}: since it crashed`,
        published: "",
        expected: undefined,
        simulated: spreadOf(found.map(({ sinceCrash }) => sinceCrash)),
        unit: "s",
        basis: "predicted",
      },
    ];
  });
  return {
    title: "Detection of a dead broker",
    source: "session timeouts as Kafka has them; the ensemble expires sessions tick by tick",
    rows,
    text: `Three brokers, three ZooKeeper servers with \`tickTime=2000\` as in the usual \`zoo.cfg\`, and KRaft with three controllers. broker-3 crashes, at
${seeds} phases of its pings and of the ticks. Until: the transaction that removes the broker's znode is committed, or the record that fences it.

A session ends at the first tick after its timeout is over, counted from when it was last heard of: so 6 to 8 s, and 18 to 20 s. Now and then it takes a
little longer, since the leader of the ensemble counts from when a follower told it of the client, which it does every half tick. From the crash
it is shorter, by the time that has passed since the last ping: a client that has nothing else to say pings the more seldom the longer its
session is. A broker of KRaft mode sends a heartbeat every 2 s, and nothing is rounded. Nothing was fitted.`,
  };
}
