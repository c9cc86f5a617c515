/** What is done to single messages does what it says, is marked in the trace as beyond TCP, and ends with `for`. */
import { describe, expect, test } from "vitest";
import type { Step } from "../../../src/sim/trace.ts";
import { play, type Story } from "./story.ts";

/** The messages of a kind that were tampered with: when, and which of its kind on its link. */
function marked(story: Story, beyondTcp: string, label: string): Step[] {
  return story.deliveries({ label }).filter(({ delivery }) => delivery?.beyondTcp === beyondTcp);
}

describe("drop", () => {
  test("loses one message; the client's timeout finds out, and the retry gets through", () => {
    const background = backgroundWith("request.timeout.ms: 1000, delivery.timeout.ms: 30000");
    const story = play("faults: [{ at: 5s, drop: { message: Produce, from: checkout } }]\nrun: { for: 15s }", { background });
    const dropped = marked(story, "dropped", "Produce");
    expect(dropped).toHaveLength(1);
    expect((dropped[0] as Step).events).toEqual([]);
    expect(story.events("ProduceRetried").length).toBeGreaterThan(0);
    expect(story.simulation.checker.records).toMatchObject({ lost: 0, failed: 0 });
  });

  test("`nth` lets the first ones pass, `times` takes several, and `partition` only those that speak of it", () => {
    const background = `
name: two partitions
cluster: { brokers: 3, controllers: 1 }
topics: { orders: { assignment: [[1, 2], [1, 3]] } }
producers: { checkout: { topic: orders, rate: 20/s, partition: round-robin, config: { linger.ms: 0 } } }
`;
    const story = play(
      "faults: [{ at: 5s, delay: { message: Produce, partition: orders-1, nth: 3, times: 2, by: 1ms } }]\nrun: { for: 8s }",
      { background },
    );
    const sent = story
      .deliveries({ label: "Produce" })
      .filter((step) => story.at(step) > 5 && JSON.stringify(step.message).includes('"index":1'));
    const hit = sent.map((step, index) => (step.delivery?.beyondTcp === "delayed" ? index + 1 : 0)).filter((n) => n > 0);
    expect(hit).toEqual([3, 4]);
    expect(marked(story, "delayed", "Produce")).toHaveLength(2);
  });

  test("`times: all` goes on until `for` is over", () => {
    const story = play(
      "faults: [{ at: 5s, drop: { message: BrokerHeartbeat, from: broker-3, times: all }, for: 12s }]\nrun: { for: 40s }",
    );
    expect(marked(story, "dropped", "BrokerHeartbeat").every((step) => story.at(step) >= 5 && story.at(step) < 17.1)).toBe(true);
    // broker.session.timeout.ms is 9 s, counted from the last heartbeat that came through.
    const [fenced] = story.moments("BrokerFenced", { broker: 3 });
    expect(fenced).toBeGreaterThan(11);
    expect(fenced).toBeLessThan(15);
    expect(story.moments("BrokerUnfenced", { broker: 3 }).at(-1)).toBeGreaterThan(17);
  });
});

describe("delay", () => {
  test("lets one message take longer by so much, and those behind it wait for it", () => {
    const story = play("faults: [{ at: 5s, delay: { message: Produce, by: 350ms } }]\nrun: { for: 8s }");
    const [late] = marked(story, "delayed", "Produce");
    expect(story.lag(late as Step)).toBeGreaterThanOrEqual(350_000);
    expect(story.lag(late as Step)).toBeLessThan(351_000);
    const numbers = story.deliveries({ label: "Produce", from: "checkout", to: "broker-1" }).map(({ delivery }) => delivery?.nth);
    expect(numbers).toEqual([...numbers].sort((a, b) => (a as number) - (b as number)));
  });
});

describe("hold and release", () => {
  const held = (end: string): Story =>
    play(
      `faults:
  - { at: 5s, name: held, hold: { message: Produce, from: checkout } }
  - { at: 6s, name: other, hold: { message: Fetch, from: broker-2 } }
  - ${end}
run: { for: 12s }`,
    );

  test("a held message arrives when its hold is released by name, and no other hold is", () => {
    const story = held("{ at: 8s, release: held }");
    const [freed] = marked(story, "held", "Produce");
    expect(story.at(freed as Step)).toBe(8);
    expect(marked(story, "held", "Fetch")).toEqual([]);
  });

  test("`release: all` lets everything go", () => {
    const story = held("{ at: 8s, release: all }");
    expect([...marked(story, "held", "Produce"), ...marked(story, "held", "Fetch")].map((step) => story.at(step))).toEqual([
      8, 8,
    ]);
  });

  test("a hold with `for` releases itself, and holds nothing more", () => {
    const story = play("faults: [{ at: 5s, hold: { message: Fetch, from: broker-2, times: all }, for: 2s }]\nrun: { for: 12s }");
    const freed = marked(story, "held", "Fetch");
    expect(freed.map((step) => story.at(step))).toEqual(freed.map(() => 7));
    expect(story.deliveriesBetween(7.5, 12, { label: "Fetch", from: "broker-2", to: "broker-1" }).length).toBeGreaterThan(5);
  });

  test("what nobody releases never arrives", () => {
    const story = held("{ at: 8s, sync: broker-1 }");
    expect([...marked(story, "held", "Produce"), ...marked(story, "held", "Fetch")]).toEqual([]);
    expect(story.simulation.checker.records.acknowledged).toBeLessThan(60);
  });
});

test("duplicate: a message arrives twice, and a producer without idempotence has its record in the log twice", () => {
  const story = play("faults: [{ at: 5s, duplicate: { message: Produce } }]\nrun: { for: 8s }");
  const [twin] = marked(story, "duplicated", "Produce");
  const same = story.deliveries({ label: "Produce" }).filter(({ delivery }) => delivery?.nth === twin?.delivery?.nth);
  expect(same).toHaveLength(2);
  expect(same[0]?.message).toBe(same[1]?.message);
  expect(story.simulation.checker.records.duplicated).toBe(1);
});

test("reorder: a message is overtaken by those that are sent behind it", () => {
  // Several requests of one connection have to be on their way at once, and both have to arrive before the first answer does.
  const background = `
name: reorder
cluster: { brokers: 1, controllers: 1 }
topics: { orders: { partitions: 1, replication.factor: 1 } }
producers: { checkout: { topic: orders, rate: 100/s, config: { linger.ms: 0 } } }
network: { latency: 30ms }
`;
  const story = play("faults: [{ at: 5s, reorder: { message: Produce, by: 15ms } }]\nrun: { for: 8s }", { background });
  const [straggler] = marked(story, "reordered", "Produce");
  const order = story.deliveries({ label: "Produce", from: "checkout" });
  const nth = straggler?.delivery?.nth ?? 0;
  const overtook = order.slice(0, order.indexOf(straggler as Step)).filter(({ delivery }) => (delivery?.nth ?? 0) > nth);
  expect(overtook.length).toBeGreaterThan(0);
  expect(story.lag(straggler as Step)).toBe(45_000);
});

function backgroundWith(config: string): string {
  return `
name: story
cluster: { brokers: 3, controllers: 1 }
topics: { orders: { assignment: [[1, 2, 3]], config: { min.insync.replicas: 2 } } }
producers: { checkout: { topic: orders, rate: 10/s, config: { acks: all, linger.ms: 0, ${config} } } }
`;
}
