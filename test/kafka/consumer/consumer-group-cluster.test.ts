/** Members of KIP-848 with real brokers: owners and the coordinator crash, an owner stands still and is a zombie for a while. */
import { describe, expect, test } from "vitest";
import { seconds } from "../../../src/base/units.ts";
import type { KafkaEvent, KafkaEventKind } from "../../../src/kafka/events.ts";
import { parseScenario } from "../../../src/scenario/loader.ts";
import { Simulation } from "../../../src/scenario/simulation/simulation.ts";
import { forkOf } from "../../../src/sim/fork.ts";
import type { TraceLevel } from "../../../src/sim/trace.ts";

const SCENARIO = `
name: members of KIP-848
cluster:
  brokers: 3
  controllers: 1
  config: { group.consumer.session.timeout.ms: 10000, group.consumer.heartbeat.interval.ms: 2000 }
topics: { orders: { partitions: 4, replication.factor: 3, config: { min.insync.replicas: 2 } } }
producers: { checkout: { topic: orders, rate: 20/s, key: "{n % 10}" } }
consumers:
  billing:
    topics: [orders]
    members: 3
    join: every 2s
    delivery: at-least-once
    handler: { takes: 5ms, on-revoke: 300ms }
    config: { auto.offset.reset: earliest, group.protocol: consumer, max.poll.interval.ms: 8000 }
faults:
  - { at: 12s, crash: owner(billing orders-0), for: 5s }
  - { at: 22s, crash: coordinator(billing), for: 12s }
  - { at: 40s, pause: owner(billing orders-1), for: 14s }
run: { for: 60s, settle: 60s }
`;

function simulationOf(seed: string, traceLevel: TraceLevel = "full"): Simulation {
  return new Simulation({ scenario: parseScenario(SCENARIO, "members.yaml"), seed, traceLevel });
}

function eventsOf<K extends KafkaEventKind>(simulation: Simulation, kind: K): Extract<KafkaEvent, { kind: K }>[] {
  return simulation.world.trace
    .steps()
    .flatMap(({ events }) => events.filter((event) => event.kind === kind) as unknown as Extract<KafkaEvent, { kind: K }>[]);
}

describe("a group of KIP-848", () => {
  test.each(["1", "2"])("processes every record, however its members and its coordinator come and go (seed %s)", (seed) => {
    const simulation = simulationOf(seed);
    simulation.run();
    expect(simulation.checker.violations).toEqual([]);
    const produced = new Set(eventsOf(simulation, "RecordSent").map(({ record }) => record.origin.sequence));
    const processed = new Set(
      eventsOf(simulation, "RecordsProcessed").flatMap(({ records }) => records.map(({ origin }) => origin.sequence)),
    );
    expect(produced.size).toBeGreaterThan(1_000);
    expect(processed.size).toBe(produced.size);
    // The one that stood still for longer than its session hears of it afterwards.
    expect(eventsOf(simulation, "ConsumerLeft").map(({ reason }) => reason)).toContain("UNKNOWN_MEMBER_ID");
    expect(eventsOf(simulation, "PartitionsLost").length).toBeGreaterThan(0);
    // What a member takes for its own, the coordinator has given it.
    const granted = new Set(
      eventsOf(simulation, "MemberReconciled").flatMap(({ member, assigned, pendingRevocation }) =>
        [...assigned, ...pendingRevocation].map(({ topic, partition }) => `${member} ${topic}-${partition}`),
      ),
    );
    for (const { member, owned } of eventsOf(simulation, "PartitionsAssigned")) {
      for (const { topic, partition } of owned) expect(granted).toContain(`${member} ${topic}-${partition}`);
    }
  });

  test("can be forked at any moment, in the middle of a reconciliation, too, and the copy goes on as the original does", () => {
    for (const at of [4.2, 54.2]) {
      const simulation = simulationOf("1", "off");
      while (simulation.world.time < seconds(at) && simulation.step());
      const copy = forkOf(simulation);
      copy.run();
      simulation.run();
      expect(copy.world.trace.hash(), `forked at ${at} s`).toBe(simulation.world.trace.hash());
    }
  });
});
