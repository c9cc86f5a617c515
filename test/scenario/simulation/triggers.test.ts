/** A fault fires once: at its time, after another one, or when something was reported or sent. */
import { describe, expect, test } from "vitest";
import { play, type Story } from "./story.ts";

/** When each fault fired, by its label in the trace. */
function fired(story: Story): Record<string, number> {
  const notes = (story.simulation.timeline?.entries ?? []).filter(({ text }) => /^(\w+|fault \d+): /.test(text));
  const faults = story.simulation.scenario.faults.map(({ name }) => name);
  return Object.fromEntries(
    faults.flatMap((name) => {
      const entry = notes.find(({ text }) => text.startsWith(`${name}: `));
      return entry === undefined ? [] : [[name, story.simulation.since(entry.timeUs) / 1_000_000]];
    }),
  );
}

describe("at and after", () => {
  test("`at` counts from the moment at which the cluster is ready, `after` from the fault before it", () => {
    const story = play(
      "faults: [{ at: 2s, sync: broker-1 }, { after: 1.5s, sync: broker-1 }, { after: 0, sync: broker-1 }]\nrun: { for: 5s }",
    );
    expect(fired(story)).toEqual({ "fault 1": 2, "fault 2": 3.5, "fault 3": 3.5 });
  });

  test("`since` counts from the start of the run, or from a fault by its name", () => {
    const story = play(
      `faults:
  - { name: first, at: 2s, sync: broker-1 }
  - { name: second, after: 1s, sync: broker-1 }
  - { name: third, since: first, after: 4s, sync: broker-1 }
  - { name: fourth, since: start, after: 2.5s, sync: broker-1 }
run: { for: 8s }`,
    );
    expect(fired(story)).toEqual({ first: 2, second: 3, third: 6, fourth: 2.5 });
  });

  test("the time of a fault that waits begins with the firing of the one before it, not with its end", () => {
    const story = play("faults: [{ at: 2s, crash: broker-3, for: 3s }, { after: 1s, sync: broker-1 }]\nrun: { for: 6s }");
    expect(fired(story)["fault 2"]).toBe(3);
  });
});

describe("when an event is reported", () => {
  test("its fields decide: an ISR by its members in any order, a leader by its role", () => {
    const story = play(
      `faults:
  - { name: away, at: 2s, stop: broker-2, for: 4s }
  - { name: smaller, when: { event: IsrChanged, partition: orders-0, isr: [3, leader] }, sync: broker-1 }
  - { name: whole, when: { event: IsrChanged, partition: orders-0, isr: [3, 2, 1] }, sync: broker-1 }
run: { for: 15s }`,
    );
    const changes = story.events("IsrChanged").filter(({ at }) => at > 0);
    expect(fired(story)).toMatchObject({ smaller: changes[0]?.at, whole: changes.at(-1)?.at });
  });

  test("it acts in the middle of the handler that reports it: a leader that dies between append and reply", () => {
    // One replica only, and no idempotence: the record is in the log, the producer hears nothing, sends it again.
    const background = `
name: between
cluster: { brokers: 1, controllers: 1 }
topics: { orders: { partitions: 1, replication.factor: 1, config: { min.insync.replicas: 1 } } }
producers: { checkout: { topic: orders, rate: 10/s, config: { acks: "1", linger.ms: 0 } } }
`;
    const story = play(
      "faults: [{ when: { event: RecordsAppended, role: leader, nth: 20 }, crash: leader(orders-0), for: 2s }]\nrun: { for: 15s, settle: 5s }",
      { background },
    );
    const appended = story.events("RecordsAppended")[19];
    const [crashed] = story.events("ProcessCrashed");
    expect(crashed?.step).toBe(appended?.step);
    // The rest of that step went nowhere: nobody was answered, in that step or because of it.
    expect(appended?.step.events.map(({ kind }) => kind)).toEqual(["RecordsAppended", "ProcessCrashed"]);
    expect(story.deliveries({ label: "ProduceResponse" }).filter(({ cause }) => cause === appended?.step.number)).toEqual([]);
    expect(story.simulation.checker.records).toMatchObject({ lost: 0, duplicated: 1, failed: 0 });
  });

  test("`nth` waits for the nth match since it began to watch, and `after` waits on from there", () => {
    const story = play(
      "faults: [{ at: 2s, sync: broker-1 }, { when: { event: RecordsAppended, broker: 2, nth: 5 }, after: 100ms, sync: broker-1 }]\nrun: { for: 5s }",
    );
    const fifth = story.events("RecordsAppended", { broker: 2 }).filter(({ at }) => at > 2)[4];
    expect(fired(story)["fault 2"]).toBeCloseTo((fifth?.at as number) + 0.1, 6);
  });

  test("`node` is who reports it", () => {
    const story = play(
      "faults: [{ when: { event: HighWatermarkAdvanced, node: follower(orders-0) }, name: seen, sync: broker-1 }]\nrun: { for: 3s }",
    );
    const first = story.events("HighWatermarkAdvanced", { broker: 2 }).find(({ at }) => at > 0);
    expect(fired(story).seen).toBe(first?.at);
  });

  test("it watches from when the fault before it has done its work: it does not see that work itself", () => {
    const story = play(
      "faults: [{ at: 2s, crash: broker-2 }, { when: ProcessCrashed, name: late, sync: broker-1 }, { at: 4s, crash: broker-3 }]\nrun: { for: 6s }",
    );
    expect(fired(story).late).toBe(4);
  });

  test("it fires once, however often the event comes", () => {
    const story = play("faults: [{ when: HighWatermarkAdvanced, crash: broker-3, for: 1s }]\nrun: { for: 10s }");
    expect(story.events("ProcessCrashed")).toHaveLength(1);
  });
});

describe("when a message is sent or delivered", () => {
  test("sent: at that moment, before it arrives", () => {
    const story = play(
      "faults: [{ when: { message: Fetch, from: broker-2, nth: 3 }, name: seen, sync: broker-1 }]\nrun: { for: 3s }",
    );
    const third = story.deliveries({ label: "Fetch", from: "broker-2" }).filter((step) => story.lag(step) >= 0 && step.cause > 0);
    const sentAt = third
      .map((step) => (step.timeUs - story.lag(step) - story.simulation.readyAt) / 1_000_000)
      .filter((at) => at >= 0);
    expect(fired(story).seen).toBe(sentAt.sort((a, b) => a - b)[2]);
  });

  test("delivered: just before it is handed over, so that its receiver can be made to die first", () => {
    const story = play(
      "faults: [{ when: { message: Produce, to: leader(orders-0), moment: delivered, nth: 10 }, crash: leader(orders-0) }]\nrun: { for: 5s }",
    );
    const [crashed] = story.events("ProcessCrashed");
    expect(crashed?.step.label).toBe("Produce");
    expect(crashed?.step.events.map(({ kind }) => kind)).toEqual(["ProcessCrashed"]);
    expect(story.events("RecordsAppended", { broker: 1 })).toHaveLength(9);
  });

  test("`partition` is one that the message speaks of; from and to are roles as of that moment", () => {
    const background = `
name: two partitions
cluster: { brokers: 3, controllers: 1 }
topics: { orders: { assignment: [[1, 2], [3, 2]] } }
producers: { checkout: { topic: orders, rate: 10/s, partition: round-robin, config: { linger.ms: 0 } } }
`;
    const story = play(
      "faults: [{ when: { message: Produce, partition: orders-1, from: clients, to: leader(orders-1), moment: delivered }, crash: leader(orders-1) }]\nrun: { for: 5s }",
      { background },
    );
    const [crashed] = story.events("ProcessCrashed");
    expect(crashed).toMatchObject({ node: "broker-3" });
    expect(crashed?.step.node).toBe("broker-3");
    expect(story.events("RecordsAppended", { partition: 0 }).length).toBeGreaterThan(5);
    expect(story.events("RecordsAppended", { partition: 1 })).toEqual([]);
  });
});

test("a fault that waited in vain is known by its name and place, and so is one that came too late", () => {
  const story = play(
    `faults:
  - { name: never, when: { event: LogDirFailed }, crash: broker-1 }
  - { name: behind it, after: 1s, crash: broker-2 }
  - { at: 1s, sync: broker-1 }
run: { for: 3s }`,
  );
  expect(story.simulation.unfiredFaults().map(({ name, source }) => [name, source])).toEqual([
    ["never", "story.yaml:8:5"],
    ["behind it", "story.yaml:9:5"],
  ]);
});

test("faults on messages that found none are known", () => {
  const story = play(
    `faults:
  - { name: in vain, at: 1s, drop: { message: ElectLeaders }, delay: { message: Fetch, by: 1ms } }
  - { at: 1s, hold: { message: Vote, nth: 3 } }
run: { for: 3s }`,
  );
  expect(story.simulation.unusedEdits().map(({ fault, action }) => [fault.name, action.do, action.text])).toEqual([
    ["in vain", "drop", "ElectLeaders"],
    ["fault 2", "hold", "Vote nth=3"],
  ]);
});
