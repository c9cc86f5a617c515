/** Runs to report on. */
import { INVARIANT_NAMES } from "../../src/checks/catalogue.ts";
import type { RunResult } from "../../src/run/result.ts";
import { runSide, sidesOf } from "../../src/run/run-scenario.ts";
import { parseScenario } from "../../src/scenario/loader.ts";

const CLUSTER = `
cluster: { brokers: 2, controllers: 1, config: { replica.lag.time.max.ms: 2000 } }
topics: { orders: { assignment: [[1, 2]], config: { min.insync.replicas: 1, unclean.leader.election.enable: true } } }
producers: { checkout: { topic: orders, rate: 20/s, config: { acks: all } } }
`;
const CALM = `${CLUSTER}run: { for: 3s }\n`;
const LOSSY = `${CLUSTER}run: { for: 20s }
faults: [{ at: 1s, cut: broker-2, from: broker-1 }, { when: { event: IsrChanged, isr: [1] }, after: 1s, crash: broker-1 }]
`;

function results(name: string, text: string, file: string): RunResult[] {
  const scenario = parseScenario(`name: ${JSON.stringify(name)}\n${text}`, file, { invariants: INVARIANT_NAMES });
  const options = { withTimeline: true, withCauses: true };
  return sidesOf(scenario).map((side) => runSide(side, String(scenario.seed), options));
}

export const AS_EXPECTED = results("Calm", `${CALM}seed: 11`, "calm.yaml")[0] as RunResult;
/** It breaks what nobody expected to break, and its name is a nuisance to every format. */
export const UNEXPECTED = results('Loss <&> "quoted" \u0007 ]]>', LOSSY, "dir/loss.yaml")[0] as RunResult;
export const UNDECIDED = results("Waits", `${CALM}faults: [{ when: Paused, crash: broker-1 }]`, "waits.yaml")[0] as RunResult;
/** A group whose first member dies and leaves what it had not committed to the other. */
export const GROUP = results(
  "Group",
  `cluster: { brokers: 2, controllers: 1, config: { group.initial.rebalance.delay.ms: 0, offsets.topic.replication.factor: 2 } }
topics: { orders: { assignment: [[1, 2], [2, 1]], config: { min.insync.replicas: 1 } } }
producers: { checkout: { topic: orders, rate: 40/s, key: "k{n % 5}" } }
consumers:
  billing:
    topics: orders
    members: 2
    handler: { takes: 1ms, workers: 3 }
    config: { auto.offset.reset: earliest, session.timeout.ms: 6000, heartbeat.interval.ms: 2000 }
faults: [{ at: 7s, crash: owner(billing orders-0) }]
run: { for: 20s, settle: 5s }
expect: { groups: { billing: { processed-again: ">0", lag: 0 } } }
`,
  "group.yaml",
)[0] as RunResult;
export const EXHIBIT = results(
  "Exhibit",
  `${CALM}exhibit: { source: KIP-996, kind: bug, dial: kraft.preVote, violates: LeaderStability }`,
  "exhibit.yaml",
);
