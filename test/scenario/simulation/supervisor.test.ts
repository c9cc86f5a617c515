/** What stops by itself is started again; what was told to stop, or taken down, is not. */
import { describe, expect, test } from "vitest";
import { play, type Story } from "./story.ts";

/** With one log directory, an I/O error ends a broker. */
const DISK_FAILS = "{ at: 2s, fail-disk: broker-2, for: 3s }";

function cluster(more: string, mode = "kraft"): string {
  return `
name: supervised
cluster: { mode: ${mode}, controllers: 1, zookeeper-config: { tickTime: 500 }, config: { zookeeper.session.timeout.ms: 4000 }${more} }
topics: { orders: { assignment: [[1, 2, 3]], config: { min.insync.replicas: 2 } } }
producers: { checkout: { topic: orders, rate: 10/s, config: { acks: all, linger.ms: 0 } } }
`;
}

function tell(faults: string, background: string = cluster("")): Story {
  return play(`faults: [${faults}]\nrun: { for: 25s }`, { background });
}

/** The moments after time 0 at which a node's process began. */
function starts(story: Story, node: string): number[] {
  return story.moments("ProcessStarted", { node }).filter((at) => at > 0);
}

function exits(story: Story, node: string): number[] {
  return story.moments("ProcessExited", { node });
}

describe.each(["kraft", "zookeeper"])("in %s mode", (mode) => {
  test("a server that stops by itself is started again after 5 s, and as often as it stops", () => {
    const story = tell("{ at: 2s, fail-disk: broker-2, for: 8s }", cluster("", mode));
    const [first, ...others] = exits(story, "broker-2");
    expect(first).toBeGreaterThan(2);
    expect(first).toBeLessThan(3);
    const again = starts(story, "broker-2");
    expect(again).toHaveLength(others.length + 1);
    expect(again[0]).toBeCloseTo((first as number) + 5, 5);
    // Its disk works again by then, and it comes back into the ISR.
    expect(story.events("IsrChanged", { topic: "orders" }).at(-1)?.isr.length).toBe(3);
  });

  test("`restart-after` is how long it rests; `never` leaves it down", () => {
    const soon = tell(DISK_FAILS, cluster(", restart-after: 1500ms", mode));
    expect(starts(soon, "broker-2")[0]).toBeCloseTo((exits(soon, "broker-2")[0] as number) + 1.5, 5);
    const never = tell(DISK_FAILS, cluster(", restart-after: never", mode));
    expect(starts(never, "broker-2")).toEqual([]);
  });

  test("what was told to stop stays down, and what a fault took down is the fault's to start", () => {
    const stopped = tell("{ at: 2s, stop: broker-2 }", cluster("", mode));
    expect([exits(stopped, "broker-2").length, starts(stopped, "broker-2")]).toEqual([1, []]);
    const crashed = tell("{ at: 2s, crash: broker-2, for: 12s }", cluster("", mode));
    expect(starts(crashed, "broker-2")[0]).toBe(14);
  });
});

test("a fault that takes down what is down already keeps it there, until the fault ends", () => {
  const story = tell(`${DISK_FAILS}, { at: 4s, power-loss: broker-2, for: 10s }`);
  expect(exits(story, "broker-2")).toHaveLength(1);
  expect(starts(story, "broker-2")).toEqual([14]);
  const crashed = tell(`${DISK_FAILS}, { at: 4s, crash: broker-2 }`);
  expect(starts(crashed, "broker-2")).toEqual([]);
});

test("who is started by a fault meanwhile is not started twice", () => {
  const story = tell(`${DISK_FAILS}, { at: 5.5s, restart: broker-2 }, { at: 6s, crash: broker-2 }`);
  // The supervisor was due at about 7 s: for the process that had failed, not for the one that was crashed since.
  expect(starts(story, "broker-2")).toEqual([5.5]);
});

test("clients that have done their work are not servers", () => {
  const background = `${cluster("")}consumers: { billing: { topics: [orders], until: 3s } }\n`;
  const story = tell("{ at: 1s, pause: broker-3, for: 100ms }", background);
  expect([exits(story, "billing").length, starts(story, "billing").length]).toEqual([1, 0]);
});

test("a broker that comes back before its old session has ended can't register, and is started again until it can", () => {
  const story = tell(
    "{ at: 2s, crash: broker-2 }, { after: 100ms, restart: broker-2 }",
    cluster(", restart-after: 1s", "zookeeper"),
  );
  const refused = story.events("ProcessExited", { node: "broker-2" });
  expect(refused.length).toBeGreaterThan(1);
  for (const { reason } of refused) expect(reason).toMatch(/could not register/);
  const [expired] = story.moments("BrokerUnregistered", { broker: 2 });
  const registered = story.moments("BrokerRegistered", { broker: 2 }).filter((at) => at > 0);
  expect(refused.at(-1)?.at).toBeLessThan(expired as number);
  expect(registered[0]).toBeGreaterThan(expired as number);
  // It has registered with the first attempt after that.
  expect(registered[0]).toBeLessThan((expired as number) + 1.5);
});
