/** What is processed twice when a member with auto-commit is killed. */
import { US_PER_SECOND } from "../../src/base/units.ts";
import { play, scenarioOf } from "./experiment.ts";
import type { Figure, Row } from "./figure.ts";
import { PROTOCOLS, type Protocol, phaseOf, SETTINGS, smallCluster } from "./groups.ts";
import { meanOf, spreadOf } from "./statistics.ts";

export interface Habit {
  /** auto.commit.interval.ms, in seconds: the published T. */
  readonly everyS: number;
  /** Records per second of the partition: the published r. */
  readonly rate: number;
}

const FROM_S = 1;

/** When to kill it: after its first commit, at a phase that depends on the seed. */
function killedAt({ everyS }: Habit, seed: number, joinedS: number): number {
  return Math.round((joinedS + everyS * (1 + phaseOf(seed))) * US_PER_SECOND);
}

/**
 * Effects beyond the first of a record. A static member gets its partition back when it is started again, so that there is no rebalance
 * and nobody else: whatever is processed twice, was processed after the last commit.
 */
export function duplicatesOf(habit: Habit, seed: number): number {
  const { everyS, rate } = habit;
  const at = killedAt(habit, seed, FROM_S);
  return processedAgain(
    `
name: killed and started again
${smallCluster("group.initial.rebalance.delay.ms: 0")}
topics: { orders: { partitions: 1, replication.factor: 1 } }
producers: { checkout: { topic: orders, rate: ${rate}/s, from: ${FROM_S}s, until: ${at}us, config: { linger.ms: 0 } } }
consumers:
  billing:
    topics: [orders]
    members: 1
    static: true
    config: { auto.offset.reset: earliest, auto.commit.interval.ms: ${everyS * 1_000} }
faults: [{ at: ${at}us, crash: billing-1, for: 100ms }]
run: { for: ${at + US_PER_SECOND}us }
`,
    seed,
  );
}

/** Kafka's shortest session, so that the other member takes over soon. */
const SESSION_S = 6;
const HEARTBEAT_MS = 1_000;
const JOINED_S = 7;

/** The same of one of two members with a partition each: the other takes over. */
export function duplicatesAtTakeover(protocol: Protocol, habit: Habit, seed: number): number {
  const { everyS, rate } = habit;
  const at = killedAt(habit, seed, JOINED_S);
  const session =
    protocol === "KIP-848" ? "" : `, session.timeout.ms: ${SESSION_S * 1_000}, heartbeat.interval.ms: ${HEARTBEAT_MS}`;
  return processedAgain(
    `
name: killed and taken over
${smallCluster(`group.consumer.session.timeout.ms: ${SESSION_S * 1_000}, group.consumer.heartbeat.interval.ms: ${HEARTBEAT_MS}`)}
topics: { orders: { partitions: 2, replication.factor: 1 } }
producers:
  checkout: { topic: orders, rate: ${2 * rate}/s, from: ${JOINED_S}s, until: ${at}us, partition: round-robin, config: { linger.ms: 0 } }
consumers:
  billing:
    topics: [orders]
    members: 2
    config: { auto.offset.reset: earliest, auto.commit.interval.ms: ${everyS * 1_000}, ${SETTINGS[protocol]}${session} }
faults: [{ at: ${at}us, crash: owner(billing orders-0) }]
run: { for: ${at + (SESSION_S + 3) * US_PER_SECOND}us }
`,
    seed,
  );
}

function processedAgain(text: string, seed: number): number {
  const { checker } = play({ scenario: scenarioOf(text), seed, measure: { onEvent: () => false } });
  const [group] = checker.groups;
  if (group === undefined || group.unprocessed > 0 || group.skipped > 0)
    throw new Error(`seed ${seed}: not everything was processed`);
  return group.processedAgain;
}

/** Default interval first; then another interval, another rate, and both with the same product. */
const HABITS: readonly Habit[] = [
  { everyS: 5, rate: 20 },
  { everyS: 10, rate: 20 },
  { everyS: 5, rate: 40 },
  { everyS: 1, rate: 100 },
];

export function groupsDuplicates(crashes: number, takeovers: number): Figure {
  const rows = HABITS.flatMap((habit): Row[] => {
    const { everyS, rate } = habit;
    const found = Array.from({ length: crashes }, (_, index) => duplicatesOf(habit, index + 1));
    const most = everyS * rate;
    const name = `a commit every ${everyS} s, ${rate} records/s`;
    return [
      average(name, most / 2, found),
      {
        what: `${name}: at most`,
        published: `rT = ${most}`,
        expected: [0, most],
        simulated: spreadOf([Math.max(...found)]),
        unit: "records",
        basis: "predicted",
      },
    ];
  });
  const [usual] = HABITS as [Habit];
  const takenOver = PROTOCOLS.map((protocol) => {
    const found = Array.from({ length: takeovers }, (_, index) => duplicatesAtTakeover(protocol, usual, index + 1));
    return average(`${protocol}: another member takes over`, (usual.everyS * usual.rate) / 2, found);
  });
  return {
    title: "Processed again after a crash",
    source: "arithmetic: with auto-commit every T, what came since the last commit is read again, rT/2 on average",
    rows: [...rows, ...takenOver],
    text: `One partition, written at an even rate; its consumer takes no time to process a record, and commits by itself every T. It is killed, ${crashes.toLocaleString("en-US")} times at
phases that are spread evenly over T, and is started again. Counted: effects beyond the first of a record. So that nothing else can repeat anything it is a static member
(KIP-345), which gets its partition back without a rebalance. What it had processed since its last commit it processes once more, and nothing else.

The last three rows, of ${takeovers} crashes each: two members with a partition each, sessions of 6 s; one is killed for good (T = ${usual.everyS} s, r = ${usual.rate}/s of that partition). The protocol decides how many partitions have to be
let go before somebody takes over, and how long that takes. It does not decide what is repeated: who is dead commits nothing, and the other
commits what it has processed before it gives anything up. Nothing was fitted.`,
  };
}

function average(what: string, expected: number, found: readonly number[]): Row {
  return {
    what: `${what}: on average`,
    published: `rT/2 = ${expected}`,
    expected: [expected, expected],
    simulated: spreadOf([meanOf(found)]),
    unit: "records",
    basis: "predicted",
  };
}
