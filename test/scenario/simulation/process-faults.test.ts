/** What is done to processes does what it says, and `for` undoes it. */
import { describe, expect, test } from "vitest";
import { play, type Story } from "./story.ts";

const DOWN = ["ProcessCrashed", "PowerLost", "ProcessExited"] as const;

/** How the log of orders-0 came back on a broker after it had been down, and what was in it before. */
function recovery(story: Story, broker: number): { readonly shutdown: string; readonly found: number; readonly before: number } {
  const [down] = DOWN.flatMap((kind) => story.events(kind, { node: `broker-${broker}` })).map(({ step }) => step.number);
  const appended = story.events("RecordsAppended", { broker }).filter(({ step }) => step.number < (down as number));
  const loaded = story.events("LogLoaded", { broker }).find(({ step }) => step.number > (down as number));
  if (loaded === undefined) throw new Error(`broker-${broker} did not come back`);
  return { shutdown: loaded.shutdown, found: loaded.logEndOffset, before: appended.at(-1)?.batch.nextOffset ?? 0 };
}

describe("crash", () => {
  const story = play("faults: [{ at: 5s, crash: broker-1, for: 3s }]\nrun: { for: 20s }");

  test("ends the process at its time, and `for` starts it again", () => {
    expect(story.events("ProcessCrashed").map(({ node, at }) => [node, at])).toEqual([["broker-1", 5]]);
    expect(story.moments("ProcessStarted", { node: "broker-1", incarnation: 2 })).toEqual([8]);
  });

  test("leaves the page cache: not a record is missing after an unclean shutdown", () => {
    const { shutdown, found, before } = recovery(story, 1);
    expect(shutdown).toBe("unclean");
    expect(found).toBe(before);
    expect(found).toBeGreaterThan(40);
  });

  test("without `for`, and without a restart, the broker stays down", () => {
    const forever = play("faults: [{ at: 5s, crash: broker-1 }]\nrun: { for: 20s }");
    expect(forever.moments("ProcessStarted", { node: "broker-1" })).toHaveLength(1);
    expect(forever.simulation.world.node("broker-1").running).toBe(false);
  });

  test("hits whoever has the role at that moment", () => {
    const twice = play(
      "faults: [{ at: 2s, crash: leader(orders-0) }, { when: LeaderElected, after: 1s, crash: leader(orders-0) }]\nrun: { for: 20s }",
    );
    const [first, second] = twice.events("ProcessCrashed").map(({ node }) => node);
    expect(first).toBe("broker-1");
    expect(second).toBe(`broker-${twice.events("LeaderElected", { from: 1 })[0]?.leader}`);
  });

  test("a list hits each of them at one moment, and what is down already is left alone", () => {
    const all = play("faults: [{ at: 1s, crash: broker-2 }, { at: 2s, crash: brokers }]\nrun: { for: 5s }");
    expect(all.events("ProcessCrashed").map(({ node, at }) => [node, at])).toEqual([
      ["broker-2", 1],
      ["broker-1", 2],
      ["broker-3", 2],
    ]);
  });
});

describe("power-loss", () => {
  const withTail = (tail: string, seed = "1"): Story =>
    play(`faults: [{ at: 5s, power-loss: broker-1, tail: ${tail}, for: 3s }]\nrun: { for: 20s }`, { seed });

  test("takes what was never forced to disk, and `for` brings the host back", () => {
    const story = withTail("lost");
    expect(story.moments("PowerLost", { node: "broker-1" })).toEqual([5]);
    expect(story.moments("ProcessStarted", { node: "broker-1", incarnation: 2 })).toEqual([8]);
    expect(recovery(story, 1)).toMatchObject({ shutdown: "unclean", found: 0 });
    expect(recovery(story, 1).before).toBeGreaterThan(40);
  });

  test("a torn tail is found by recovery and cut away", () => {
    expect(recovery(withTail("torn"), 1)).toMatchObject({ shutdown: "unclean", found: 0 });
  });

  test("with a random tail some prefix survives, another with another seed", () => {
    const found = ["1", "2", "3", "4"].map((seed) => recovery(withTail("random", seed), 1));
    for (const each of found) expect(each.found).toBeLessThanOrEqual(each.before);
    expect(new Set(found.map((each) => each.found)).size).toBeGreaterThan(1);
  });

  test("without power nobody answers: connections are not reset, they fall silent", () => {
    const crashed = play("faults: [{ at: 5s, crash: broker-1 }]\nrun: { for: 5.5s }");
    const dark = play("faults: [{ at: 5s, power-loss: broker-1 }]\nrun: { for: 5.5s }");
    const resets = (story: Story): number =>
      story.steps.filter((step) => step.kind === "connection" && step.label === "RST" && story.at(step) > 5).length;
    expect(resets(crashed)).toBeGreaterThan(0);
    expect(resets(dark)).toBe(0);
  });

  test("what `sync` wrote back before survives", () => {
    const story = play("faults: [{ at: 4s, sync: broker-1 }, { at: 5s, power-loss: broker-1, for: 3s }]\nrun: { for: 20s }");
    const { found, before } = recovery(story, 1);
    const atSync = story
      .events("RecordsAppended", { broker: 1 })
      .filter(({ at }) => at <= 4)
      .at(-1)?.batch.nextOffset;
    expect(found).toBe(atSync);
    expect(found).toBeLessThan(before);
  });
});

describe("stop", () => {
  const story = play("faults: [{ at: 5s, stop: broker-1, for: 5s }]\nrun: { for: 20s }");

  test("is a controlled shutdown: the controller hands the leadership over before the process ends", () => {
    const [asked] = story.moments("BrokerInControlledShutdown", { broker: 1 });
    const [handedOver] = story.moments("LeaderElected", { from: 1 });
    const [exited] = story.moments("ProcessExited", { node: "broker-1" });
    expect(asked).toBeGreaterThan(5);
    expect(handedOver).toBeGreaterThanOrEqual(asked as number);
    expect(exited).toBeGreaterThan(handedOver as number);
    expect(exited).toBeLessThan(8);
  });

  test("leaves clean logs with every record, and `for` starts the broker again", () => {
    expect(story.moments("ProcessStarted", { node: "broker-1", incarnation: 2 })).toEqual([10]);
    const { shutdown, found, before } = recovery(story, 1);
    expect([shutdown, found]).toEqual(["clean", before]);
  });

  test("a restart that comes while it is stopping waits until it has stopped", () => {
    const hasty = play("faults: [{ at: 5s, stop: broker-1 }, { after: 1ms, restart: broker-1 }]\nrun: { for: 20s }");
    const [exited] = hasty.moments("ProcessExited", { node: "broker-1" });
    expect(exited).toBeGreaterThan(5.001);
    expect(hasty.moments("ProcessStarted", { node: "broker-1", incarnation: 2 })).toEqual([exited]);
    expect(recovery(hasty, 1).shutdown).toBe("clean");
  });
});

describe("restart", () => {
  test("starts what is down and leaves alone what runs", () => {
    const story = play("faults: [{ at: 5s, crash: broker-1 }, { after: 2s, restart: brokers }]\nrun: { for: 10s }");
    const late = story.events("ProcessStarted").filter(({ at }) => at > 0);
    expect(late.map(({ node, at }) => [node, at])).toEqual([["broker-1", 7]]);
  });
});

describe("pause", () => {
  const story = play("faults: [{ at: 5s, pause: broker-2, for: 4s }]\nrun: { for: 20s }");

  test("lets a process stand still: it takes no step until `for` resumes it", () => {
    expect(story.moments("Paused", { node: "broker-2" })).toEqual([5]);
    expect(story.moments("Resumed", { node: "broker-2" })).toEqual([9]);
    const during = story.steps.filter((step) => step.node === "broker-2" && story.at(step) > 5 && story.at(step) < 9);
    expect(during).toEqual([]);
  });

  test("what came meanwhile is handled when it goes on, and its memory is as it was", () => {
    const atOnce = story.steps.filter((step) => step.node === "broker-2" && story.at(step) === 9);
    expect(atOnce.length).toBeGreaterThan(1);
    expect(story.moments("ProcessStarted", { node: "broker-2" })).toHaveLength(1);
  });

  test("resume ends it by hand", () => {
    const byHand = play("faults: [{ at: 5s, pause: broker-2 }, { at: 6s, resume: broker-2 }]\nrun: { for: 8s }");
    expect(byHand.moments("Resumed", { node: "broker-2" })).toEqual([6]);
  });
});

describe("wipe", () => {
  const story = play("faults: [{ at: 5s, wipe: broker-2 }, { after: 2s, restart: broker-2 }]\nrun: { for: 30s }");

  test("takes the broker down and gives it an empty disk", () => {
    expect(story.moments("ProcessCrashed", { node: "broker-2" })).toEqual([5]);
    expect(story.moments("DiskWiped", { node: "broker-2" })).toEqual([5]);
    const [loaded] = story.events("LogLoaded", { broker: 2 }).filter(({ at }) => at > 5);
    expect(loaded).toMatchObject({ shutdown: "new", logEndOffset: 0 });
  });

  test("it copies everything anew from the leader, from offset 0 on", () => {
    const [first] = story.events("RecordsAppended", { broker: 2 }).filter(({ at }) => at > 7);
    expect(first?.batch.baseOffset).toBe(0);
    expect(story.simulation.checker.violations).toEqual([]);
  });

  test("actions of one fault are carried out in the author's order: wiped, then started", () => {
    const together = play("faults: [{ at: 5s, wipe: broker-2, restart: broker-2 }]\nrun: { for: 10s }");
    expect(together.moments("ProcessStarted", { node: "broker-2", incarnation: 2 })).toEqual([5]);
    expect(together.events("LogLoaded", { broker: 2 }).at(-1)).toMatchObject({ shutdown: "new" });
  });
});
