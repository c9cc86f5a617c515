/** Rules of a broker's life that only a whole cluster shows. */
import { expect, test } from "vitest";
import { parseScenario } from "../../../src/scenario/loader.ts";
import { Simulation } from "../../../src/scenario/simulation/simulation.ts";

function run(text: string, seed = 1): Simulation {
  const scenario = parseScenario(text, "test.yaml");
  const simulation = new Simulation({
    scenario,
    seed: String(seed),
    withTimeline: true,
    traceLevel: "full",
  });
  simulation.run();
  return simulation;
}

test("whoever sets the controller's clock fences nobody: sessions are measured with System.nanoTime (BrokerHeartbeatTracker)", () => {
  const { timeline } = run(`
name: clock
cluster: { brokers: 3, controllers: 1 }
topics: { orders: { partitions: 3, replication.factor: 3 } }
faults:
  - { at: 2s, clock: { node: controllers, jump: 60s } }
  - { at: 8s, clock: { node: controllers, jump: -200s } }
  - { at: 12s, crash: broker-1 }
run: { for: 30s }
`);
  const fenced = timeline?.entries.filter(({ text }) => text.includes("is fenced")).map(({ text }) => text);
  expect(fenced).toEqual(["broker-1 is fenced by the controller"]);
});

test("a voter that comes back with an empty disk and is told that it leads stops, for it would follow itself (QuorumState)", () => {
  let stopped = 0;
  for (let seed = 1; seed <= 5; seed++) {
    const { timeline, phase } = run(
      `
name: amnesia
kafka: "3.9"
cluster: { brokers: 3, controllers: 3, combined: true }
topics: { orders: { partitions: 1, replication.factor: 3 } }
faults:
  - { at: 2s, wipe: active-controller }
  - { at: 2050ms, restart: controllers }
run: { for: 10s }
`,
      seed,
    );
    expect(phase).toBe("over");
    if (timeline?.entries.some(({ text }) => /exits: raft: told of leader/.test(text))) stopped++;
  }
  expect(stopped).toBeGreaterThan(0);
});

test("a broker that has put everything on disk takes no more records while its voter hands over (BrokerServer.shutdown)", () => {
  const { world, readyAt } = run(`
name: stop
cluster: { brokers: 3, controllers: 3, combined: true, config: { controlled.shutdown.enable: false } }
topics: { orders: { partitions: 3, replication.factor: 1, assignment: [[1], [2], [3]] } }
producers: { checkout: { topic: orders, rate: 200/s, partition: round-robin, config: { acks: 1, linger.ms: 0 } } }
faults:
  - { at: 1990ms, pause: standby-controllers }
  - { at: 2s, stop: active-controller }
run: { for: 10s }
`);
  const steps = world.trace.steps();
  const exit = steps.find(({ timeUs, events }) => timeUs > readyAt && events.some(({ kind }) => kind === "ProcessExited"));
  const after = steps.filter(
    (step) => step.timeUs > readyAt + 2_000_000 && step.node === exit?.node && step.timeUs <= (exit?.timeUs ?? 0),
  );
  // Nobody can take the lead of the quorum over: that leaves time for mischief.
  expect((exit?.timeUs ?? 0) - readyAt).toBeGreaterThan(4_000_000);
  expect(after.flatMap(({ events }) => events).filter(({ kind }) => kind === "RecordsAppended")).toEqual([]);
});

test("a broker lets nobody in before the controller has unfenced it (BrokerServer.startup)", () => {
  const { world, readyAt } = run(`
name: port
cluster: { brokers: 3, controllers: 3 }
topics: { orders: { partitions: 3, replication.factor: 3 } }
producers: { checkout: { topic: orders, rate: 50/s } }
consumers:
${[1, 2, 3, 4, 5, 6, 7, 8].map((n) => `  late-${n}: { topics: [orders], from: 18s }`).join("\n")}
faults:
  - { at: 2s, crash: broker-1, for: 15s }
  # The word that it is unfenced comes late: long enough for others to try its port.
  - { when: { event: BrokerStateChanged, broker: 1, state: RECOVERY }, hold: { message: BrokerHeartbeatResponse, to: broker-1, times: all }, for: 3s }
run: { for: 30s }
`);
  const since = world.trace.steps().filter((step) => step.timeUs >= readyAt + 17_000_000);
  const running = since.find((step) =>
    step.events.some(
      (event) => event.kind === "BrokerStateChanged" && (event as unknown as { state: string }).state === "RUNNING",
    ),
  );
  const accepted = since.filter((step) => step.label === "SYN-ACK" && step.delivery?.from === "broker-1");
  const unfenced = since.find((step) => step.events.some((event) => event.kind === "BrokerUnfenced"));
  const refused = since.filter((step) => step.label === "RST" && step.delivery?.from === "broker-1");
  expect(running?.node).toBe("broker-1");
  expect(refused.length).toBeGreaterThan(0);
  expect(accepted.length).toBeGreaterThan(0);
  expect(accepted[0]?.number).toBeGreaterThan(running?.number ?? Number.POSITIVE_INFINITY);
  expect(running?.number).toBeGreaterThan(unfenced?.number ?? Number.POSITIVE_INFINITY);
});
