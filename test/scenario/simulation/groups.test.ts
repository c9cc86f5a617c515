/** Members of consumer groups are nodes: they start, stop and fail as the scenario says, and selectors find them. */
import { describe, expect, test } from "vitest";
import { play, type Story, type StoryOptions } from "./story.ts";

/** Two partitions, a group that notices within six seconds, and `billing` made of `entry`. */
function world(entry: string, more = ""): StoryOptions {
  return {
    background: `
name: groups
cluster:
  controllers: 1
  racks: [a, b, c]
  config: { group.initial.rebalance.delay.ms: 0, offsets.topic.num.partitions: 3 }
topics: { orders: { assignment: [[1, 2, 3], [2, 3, 1]], config: { min.insync.replicas: 2 } } }
producers: { checkout: { topic: orders, rate: 20/s, key: "k{n % 5}" } }
consumers:
  billing: { topics: orders, ${entry}, config: { auto.offset.reset: earliest, session.timeout.ms: 6000, heartbeat.interval.ms: 1000 } }
${more}`,
  };
}

const TWO = "members: 2, delivery: at-least-once";

/** The moments at which a process began, after time 0. */
function starts(story: Story, node: string): number[] {
  return story.moments("ProcessStarted", { node }).filter((at) => at >= 0);
}

describe("members", () => {
  test("begin and stop at their time, one after the other, closing as applications do", () => {
    const story = play(
      "run: { for: 20s }",
      world("members: 2, delivery: at-least-once, from: 1s, join: every 2s, until: 10s, leave: every 3s"),
    );
    expect(["billing-1", "billing-2"].map((node) => starts(story, node))).toEqual([[1], [3]]);
    const [first, second] = ["billing-1", "billing-2"].map((node) => story.moments("ProcessExited", { node })[0] as number);
    expect(first).toBeCloseTo(10, 1);
    expect(second).toBeCloseTo(13, 1);
    expect(story.events("ConsumerLeft").map(({ client, reason }) => [client, reason])).toEqual([
      ["billing-1", "closed"],
      ["billing-2", "closed"],
    ]);
  });

  test("divide their topics, process every record and commit", () => {
    const { simulation } = play("run: { for: 20s, settle: 5s }", world(TWO));
    const [billing] = simulation.checker.groups;
    expect(billing).toMatchObject({ group: "billing", processedOnce: 401, processedAgain: 0, skipped: 0, unprocessed: 0 });
    expect(billing?.lag.atEnd).toBe(0);
    expect(new Set(billing?.ownership.map(({ client }) => client))).toEqual(new Set(["billing-1", "billing-2"]));
  });

  test("spare ones wait until a fault starts them", () => {
    const story = play("faults: [{ at: 5s, restart: billing-2 }]\nrun: { for: 15s }", world("members: 1, spares: 1"));
    expect(starts(story, "billing-2")).toEqual([5]);
    expect(story.events("ConsumerJoined", { client: "billing-2" }).length).toBeGreaterThan(0);
  });

  test("with static membership keep their place over a restart, under the id that the scenario gives them", () => {
    const story = play(
      "faults: [{ at: 8s, stop: billing-1, for: 2s }]\nrun: { for: 20s }",
      world("members: 2, instance-ids: [left, right]"),
    );
    const [back] = story.events("MemberAdded", { client: "billing-1" }).filter(({ replaces }) => replaces !== null);
    expect(back).toMatchObject({ instanceId: "left" });
    expect(back?.at).toBeGreaterThan(10);
    expect(story.eventsBetween(8, 20, "MemberRemoved", { group: "billing", reason: "left" })).toEqual([]);
  });

  test("stand in racks, which their consumers are told", () => {
    const { simulation } = play("run: { for: 1s }", world("members: 2, racks: [c, a]"));
    const members = simulation.scenario.groups[0]?.members ?? [];
    expect(members.map(({ rack, config }) => [rack, config["client.rack"]])).toEqual([
      ["c", "c"],
      ["a", "a"],
    ]);
  });

  test("that end by themselves are started again after a rest, and not after their time", () => {
    // Nothing is committed, so that there is no position: poll() throws.
    const entry =
      "members: 1, until: 20s, config: { auto.offset.reset: none, session.timeout.ms: 6000, heartbeat.interval.ms: 1000 }";
    const background = (rest: string): string => `
name: thrown out
cluster: { controllers: 1, config: { group.initial.rebalance.delay.ms: 0, offsets.topic.num.partitions: 1 } }
topics: { orders: { assignment: [[1, 2, 3]] } }
consumers: { billing: { topics: orders, ${entry}${rest} } }`;
    const again = play("run: { for: 40s }", { background: background("") });
    const exits = again.events("ProcessExited", { node: "billing-1" });
    expect(exits.length).toBeGreaterThan(1);
    for (const { reason } of exits) expect(reason).toContain("NoOffsetForPartition");
    const [, second] = starts(again, "billing-1");
    expect(second).toBeCloseTo((exits[0]?.at as number) + 5, 5);
    expect(starts(again, "billing-1").every((at) => at < 20)).toBe(true);
    const never = play("run: { for: 20s }", { background: background(", restart-after: never") });
    expect(starts(never, "billing-1")).toHaveLength(1);
  });

  test("write what carries a fencing token to a store of their own", () => {
    const story = play("run: { for: 10s }", world("members: 1, delivery: at-least-once, handler: { fencing-token: true }"));
    expect(starts(story, "billing-store")).toEqual([0]);
    expect(story.deliveries({ from: "billing-1", to: "billing-store" }).length).toBeGreaterThan(0);
    expect(story.events("RecordsProcessed").length).toBeGreaterThan(0);
  });
});

describe("selectors", () => {
  test("`owner` is who owns the partition at that moment, and stays it when it has died", () => {
    const story = play(
      "faults: [{ at: 6s, crash: owner(billing orders-0) }, { at: 7s, restart: owner(billing orders-0) }]\nrun: { for: 15s }",
      world(TWO),
    );
    const owner = story
      .events("PartitionsAssigned")
      .findLast(({ at, partitions }) => at < 6 && partitions.some(({ partition }) => partition === 0));
    expect(story.events("ProcessCrashed").map(({ node }) => node)).toEqual([owner?.client]);
    expect(story.moments("ProcessStarted", { node: owner?.client as string }).at(-1)).toBe(7);
  });

  test("`coordinator` is the broker that the group's members speak to", () => {
    const story = play("faults: [{ at: 6s, crash: coordinator(billing), for: 3s }]\nrun: { for: 20s }", world(TWO));
    const [crashed] = story.events("ProcessCrashed").map(({ node }) => node);
    const [decided] = story.events("GroupStateChanged", { group: "billing" });
    expect(crashed).toBe(`broker-${decided?.broker}`);
    // Another broker goes on with the group.
    expect(story.eventsBetween(6, 20, "CoordinatorLoaded").some(({ groups }) => groups.includes("billing"))).toBe(true);
  });

  test("`members` are all of a group, and an entry's name means those of the entry; conditions know them", () => {
    const more = "  late: { topics: orders, group: billing, delivery: at-least-once, from: 5s }";
    const story = play(
      "faults: [{ when: { event: ConsumerJoined, client: members(late) }, pause: members(billing), for: 1s }]\nrun: { for: 10s }",
      world(TWO, more),
    );
    const [joined] = story.moments("ConsumerJoined", { client: "late-1" });
    expect(story.events("Paused").map(({ node, at }) => [node, at])).toEqual([
      ["billing-1", joined],
      ["billing-2", joined],
      ["late-1", joined],
    ]);
  });

  test("`partitions` of an event are those that must be among them, and none at all for an empty list", () => {
    const gained = play(
      "faults: [{ when: { event: PartitionsAssigned, partitions: [orders-1] }, crash: owner(billing orders-1) }]\nrun: { for: 5s }",
      world(TWO),
    );
    const [first] = gained
      .events("PartitionsAssigned")
      .filter(({ partitions }) => partitions.some(({ partition }) => partition === 1));
    expect(gained.events("ProcessCrashed").map(({ node, at }) => [node, at])).toEqual([[first?.client, first?.at]]);
    const idle = play(
      "faults: [{ when: { event: PartitionsAssigned, owned: [] }, stop: billing-1 }]\nrun: { for: 15s }",
      world("members: 3, delivery: at-least-once"),
    );
    const [nothing] = idle.events("PartitionsAssigned").filter(({ owned }) => owned.length === 0);
    expect(nothing).toBeDefined();
    expect(idle.moments("ProcessExited", { node: "billing-1" })[0]).toBeGreaterThanOrEqual(nothing?.at as number);
  });
});

describe("roll", () => {
  test("stops one after the other, each down for so long, and the group is whole in the end", () => {
    const story = play(
      "faults: [{ at: 5s, roll: members(billing), every: 4s, down: 1s }]\nrun: { for: 20s, settle: 5s }",
      world(TWO),
    );
    expect(story.events("ProcessExited", { reason: "consumer closed" }).map(({ node, at }) => [node, Math.floor(at)])).toEqual([
      ["billing-1", 5],
      ["billing-2", 9],
    ]);
    expect(starts(story, "billing-1")).toEqual([0, 6]);
    expect(starts(story, "billing-2")).toEqual([0, 10]);
    expect(story.simulation.checker.groups[0]).toMatchObject({ skipped: 0, processedAgain: 0, unprocessed: 0 });
  });

  test("does the same to brokers, and leaves alone who is down already", () => {
    const story = play(
      "faults: [{ at: 1s, crash: broker-2 }, { at: 2s, roll: brokers, every: 5s, down: 3s }]\nrun: { for: 25s }",
      world(TWO),
    );
    expect(starts(story, "broker-2")).toEqual([]);
    expect(starts(story, "broker-1")).toHaveLength(1);
    expect(starts(story, "broker-3")).toHaveLength(1);
    expect(starts(story, "broker-3")[0]).toBeGreaterThanOrEqual(15);
  });
});

describe("add-partitions", () => {
  test.each(["kraft", "zookeeper"])("gives a topic as many as it says, and the group reads them (%s)", (mode) => {
    const options = world("members: 2, delivery: at-least-once");
    const background = `${options.background?.replace("controllers: 1", `mode: ${mode}`)}`.replace(
      "session.timeout.ms",
      "metadata.max.age.ms: 2000, session.timeout.ms",
    );
    const producer = background.replace(
      'key: "k{n % 5}"',
      "config: { metadata.max.age.ms: 2000, partitioner.class: RoundRobinPartitioner }",
    );
    const story = play("faults: [{ at: 5s, add-partitions: { topic: orders, to: 4 } }]\nrun: { for: 20s, settle: 5s }", {
      background: producer,
    });
    const owned = new Set(
      story.events("PartitionsAssigned").flatMap(({ partitions }) => partitions.map(({ partition }) => partition)),
    );
    expect(owned).toEqual(new Set([0, 1, 2, 3]));
    expect(story.events("AdminRequestFailed")).toEqual([]);
  });
});

describe("the nemesis", () => {
  const NEMESIS = "every: 2s..4s, for: 1s..4s, from: 3s, at-most: 3, quiet: 20s";
  const told = (story: Story, pattern: RegExp): string[] =>
    (story.simulation.timeline?.entries ?? []).map(({ text }) => text).filter((text) => pattern.test(text));

  test("has members leave and come back, and spare ones join for a while", () => {
    const story = play(`nemesis: { faults: [leave, join], on: members(billing), ${NEMESIS} }\nrun: { for: 60s }`, {
      ...world("members: 2, spares: 1, delivery: at-least-once"),
      seed: "6",
    });
    const leaves = told(story, /leaves its group$/).length;
    const joins = told(story, /joins its group$/);
    expect(leaves).toBeGreaterThan(0);
    expect(new Set(joins)).toEqual(new Set(["billing-3 joins its group"]));
    // In the end those that belong there are there.
    const running = ["billing-1", "billing-2", "billing-3"].map((node) => story.simulation.world.node(node).running);
    expect(running).toEqual([true, true, false]);
  });

  test("may take all members at once, but not a majority of the controllers", () => {
    const story = play(
      `nemesis: { faults: [crash], on: [controllers, members(billing)], ${NEMESIS.replace("2s..4s", "0.3s..0.6s").replace("at-most: 3", "at-most: 9")} }\nrun: { for: 50s }`,
      world(TWO),
    );
    const down = new Set<string>();
    let most = 0;
    for (const step of story.steps) {
      for (const event of step.events as { kind: string; node: string }[]) {
        if (event.kind === "ProcessCrashed") down.add(event.node);
        if (event.kind === "ProcessStarted") down.delete(event.node);
        expect([...down].some((node) => node.startsWith("controller"))).toBe(false);
        most = Math.max(most, down.size);
      }
    }
    expect(most).toBe(2);
  });

  test.each(["classic", "consumer"])("leaves groups stable and caught up (%s)", (protocol) => {
    const settings =
      protocol === "classic" ? "session.timeout.ms: 6000, heartbeat.interval.ms: 1000" : "group.protocol: consumer";
    const background = world(`${TWO}, spares: 1, handler: 2ms`)
      .background?.replace("session.timeout.ms: 6000, heartbeat.interval.ms: 1000", settings)
      .replace(
        "offsets.topic",
        "group.consumer.session.timeout.ms: 6000, group.consumer.heartbeat.interval.ms: 1000, offsets.topic",
      ) as string;
    for (const seed of ["1", "2"]) {
      const faults = "faults: [crash, power-loss, pause, isolate, leave, join, slow-link, clock]";
      const nemesis = `nemesis: { ${faults}, on: [members(billing), coordinator(billing)], ${NEMESIS} }`;
      const { simulation } = play(`${nemesis}\nrun: { for: 60s, settle: 10s }`, { background, seed });
      expect(simulation.checker.violations).toEqual([]);
      expect(simulation.checker.groups[0]).toMatchObject({ skipped: 0, unprocessed: 0, lag: { atEnd: 0 } });
    }
  });
});
