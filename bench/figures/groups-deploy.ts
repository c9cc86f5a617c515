/** How long partitions have no owner while members join, and while they are deployed one after the other. */
import { US_PER_SECOND } from "../../src/base/units.ts";
import { play, scenarioOf } from "./experiment.ts";
import type { Figure, Row } from "./figure.ts";
import { Ownership, outOfStep, PROTOCOLS, type Protocol, phaseOf, SETTINGS, smallCluster } from "./groups.ts";
import { spreadOf } from "./statistics.ts";

export interface Deployment {
  readonly protocol: Protocol;
  /** One more joins, or all are closed and started again one after the other. */
  readonly what: "join" | "roll";
}

export interface Pause {
  /** Partitions that had no owner at some time. */
  readonly partitions: number;
  /** Summed over partitions, in seconds. */
  readonly ownerless: number;
  /** Records that were processed once more. */
  readonly again: number;
}

export const PARTITIONS = 12;
const MEMBERS = 4;
/** For each record: seldom long. Members are busy about a third of the time. */
const HANDLER = "20ms..50ms..500ms..3s";
const RATE = 20;
const DOWN_S = 2;
const EVERY_S = 20;
/** After the last of it. */
const SETTLES_S = 40;

const FAULTS: { readonly [W in Deployment["what"]]: string } = {
  join: `restart: billing-${MEMBERS + 1}`,
  roll: `roll: [${Array.from({ length: MEMBERS }, (_, index) => `billing-${index + 1}`).join(", ")}], every: ${EVERY_S}s, down: ${DOWN_S}s`,
};
const LASTS_S: { readonly [W in Deployment["what"]]: number } = { join: SETTLES_S, roll: MEMBERS * EVERY_S + SETTLES_S };

export function pauseOf({ protocol, what }: Deployment, seed: number): Pause {
  const at = 30 + phaseOf(seed) * EVERY_S;
  const until = at + LASTS_S[what];
  const scenario = scenarioOf(`
name: members come and go
${smallCluster()}
topics: { orders: { partitions: ${PARTITIONS}, replication.factor: 1 } }
producers: { checkout: { topic: orders, rate: ${RATE}/s, from: 10s, partition: round-robin } }
consumers:
  billing: { topics: [orders], members: ${MEMBERS}, spares: 1, handler: ${HANDLER}, config: { auto.offset.reset: earliest, ${SETTINGS[protocol]} } }
faults:
${outOfStep(MEMBERS, 20, seed)}
  - { at: ${Math.round(at * US_PER_SECOND)}us, ${FAULTS[what]} }
run: { for: ${Math.ceil(until)}s }
`);
  const ownership = new Ownership("billing");
  const since = new Map<number, number>();
  const paused = new Set<number>();
  let ownerless = 0;
  const { checker } = play({
    scenario,
    seed,
    measure: {
      onEvent({ at: now, event }) {
        ownership.onEvent(event);
        if (now < at) return false;
        for (let partition = 0; partition < PARTITIONS; partition++) {
          const start = since.get(partition);
          if (!ownership.owners.has(partition)) {
            if (start === undefined) since.set(partition, now);
            paused.add(partition);
          } else if (start !== undefined) {
            ownerless += now - start;
            since.delete(partition);
          }
        }
        return now >= until;
      },
    },
  });
  if (since.size > 0)
    throw new Error(`${protocol}, ${what}, seed ${seed}: partitions ${[...since.keys()]} have no owner in the end`);
  const again = checker.groups[0]?.processedAgain ?? 0;
  return { partitions: paused.size, ownerless, again };
}

/** For balance a fifth member needs two of twelve partitions; the others keep two or three each. */
const MOVING = Math.floor(PARTITIONS / (MEMBERS + 1));

export function groupsDeploy(seeds: number): Figure {
  const all = (protocol: Protocol, what: Deployment["what"]): Pause[] =>
    Array.from({ length: seeds }, (_, index) => pauseOf({ protocol, what }, index + 1));
  const joins = PROTOCOLS.map((protocol) => ({ protocol, found: all(protocol, "join") }));
  const rolls = PROTOCOLS.map((protocol) => ({ protocol, found: all(protocol, "roll") }));
  const nothing = { published: "", expected: undefined };
  const row = (
    what: string,
    found: readonly number[],
    unit: Row["unit"],
    published: Pick<Row, "published" | "expected">,
  ): Row => ({
    what,
    ...published,
    simulated: spreadOf(found),
    unit,
    basis: "predicted",
  });
  const paused = (protocol: Protocol): Pick<Row, "published" | "expected"> =>
    protocol === "eager"
      ? { published: `all ${PARTITIONS}`, expected: [PARTITIONS, PARTITIONS] }
      : { published: `those that move: ${MOVING}`, expected: [MOVING, MOVING] };
  return {
    title: "Members join and are deployed",
    source: "KIP-429: eager rebalancing stops the world, cooperative rebalancing only what moves; KIP-848: no barrier at all",
    rows: [
      ...joins.map(({ protocol, found }) =>
        row(
          `${protocol}: one joins: partitions without an owner`,
          found.map(({ partitions }) => partitions),
          "partitions",
          paused(protocol),
        ),
      ),
      ...joins.map(({ protocol, found }) =>
        row(
          `${protocol}: one joins: partition-seconds without an owner`,
          found.map(({ ownerless }) => ownerless),
          "partition-seconds",
          nothing,
        ),
      ),
      ...joins.map(({ protocol, found }) =>
        row(
          `${protocol}: one joins: records processed again`,
          found.map(({ again }) => again),
          "records",
          nothing,
        ),
      ),
      ...rolls.map(({ protocol, found }) =>
        row(
          `${protocol}: all are deployed: partition-seconds without an owner`,
          found.map(({ ownerless }) => ownerless),
          "partition-seconds",
          nothing,
        ),
      ),
    ],
    text: `${MEMBERS} members and ${PARTITIONS} partitions, ${RATE} records a second; a record takes 50 ms, seldom as much as 3 s; Kafka's defaults otherwise (auto-commit every 5 s). Then a fifth member joins; or all are
closed and started again, one every ${EVERY_S} s, ${DOWN_S} s later each. ${seeds} runs, at other phases of the heartbeats. Counted from then on, as members believe to own; who loses nothing is not counted, but with an
eager assignor everybody loses everything.

What takes the time is waiting for members: each hears of the rebalance with its next heartbeat, and joins when it has finished the records in hand. With an eager assignor every member has given up everything by then, and
all of it waits for the slowest. With a cooperative one only what moves waits, though for two rounds of that. With KIP-848 it waits for one member to let go and one to ask. When all are deployed, most of it are the partitions of those that are
down or just back, and the protocols are nearer to each other.

Nobody was killed, and yet with a cooperative assignor records are processed twice: members go on reading while they wait for the others, and give up what moves when the round is over, without another commit by themselves, as
Kafka's client does. \`delivery: at-least-once\`, which commits in onPartitionsRevoked, is spared that. Eager members commit before they give up everything; those of KIP-848 stop reading what they are to give up, and commit it. When a member is killed the
protocol makes no difference to what is processed twice: see [above](#processed-again-after-a-crash).`,
  };
}
