/** Members of classic groups, against a coordinator that does what the test says. Source of the rules: clients.md 5 (AbstractCoordinator). */
import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import { LATENCY_US } from "../client/scripted-cluster.ts";
import { GroupWorld } from "./group-world.ts";

const COOPERATIVE = { "partition.assignment.strategy": "cooperative-sticky" };

describe("joining", () => {
  test("a new member is given an id, and joins again with it at once (KIP-394)", () => {
    const w = new GroupWorld({ partitions: 2 }).join("billing-1").runFor(seconds(1));
    const [first, second] = w.requestsOf("JoinGroup");
    expect(first?.body).toMatchObject({ memberId: "", sessionTimeoutMs: 45_000, rebalanceTimeoutMs: 300_000 });
    expect(second).toMatchObject({ at: (first?.at as number) + 2 * LATENCY_US, body: { memberId: "billing-1-1" } });
    expect(w.of("ConsumerJoined")).toMatchObject([{ generation: 1, member: "billing-1-1", leader: true, protocol: "classic" }]);
    expect(w.member("billing-1").log).toEqual(["assigned orders-0 orders-1"]);
    expect(w.of("PartitionsAssigned")[0]?.owned).toHaveLength(2);
  });

  test("a JoinGroup may wait for as long as a rebalance takes, and five seconds more", () => {
    const w = new GroupWorld({});
    w.coordinator.waitsFor = 2;
    w.join("billing-1", { config: { "max.poll.interval.ms": 60_000 } }).runFor(seconds(64));
    expect(w.requestsOf("JoinGroup")).toHaveLength(2);
    w.runFor(seconds(3));
    expect(w.requestsOf("JoinGroup")).toHaveLength(3);
  });

  test("with an eager assignor a member commits, gives up everything, and only then joins", () => {
    const w = new GroupWorld({ partitions: 2, records: 3 }).join("billing-1").runFor(seconds(1));
    w.join("billing-2").runFor(seconds(5));
    expect(w.member("billing-1").log).toEqual(["assigned orders-0 orders-1", "revoked orders-0 orders-1", "assigned orders-0"]);
    expect(w.member("billing-2").log).toEqual(["assigned orders-1"]);
    const [commit] = w.requestsOf("OffsetCommit");
    const join = w.requestsOf("JoinGroup").filter(({ body }) => body.memberId === "billing-1-1")[1];
    expect(w.of("OffsetsCommitted")[0]).toMatchObject({ occasion: "before-rebalance", at: (commit?.at as number) + LATENCY_US });
    expect(w.of("PartitionsRevoked")[0]).toMatchObject({ at: (commit?.at as number) + LATENCY_US, owned: [] });
    expect(join).toMatchObject({ at: (commit?.at as number) + 2 * LATENCY_US });
    expect(join?.body.protocols[0]?.metadata.ownedPartitions).toEqual([]);
    expect(w.member("billing-2").read).toEqual([]);
  });

  test("assignors of both kinds make an eager member, as Kafka's default does", () => {
    const w = new GroupWorld({ partitions: 1 }).join("billing-1").runFor(seconds(1));
    expect(w.requestsOf("JoinGroup")[0]?.body.protocols.map(({ name }) => name)).toEqual(["range", "cooperative-sticky"]);
    w.coordinator.rebalance();
    w.runFor(seconds(5));
    expect(w.member("billing-1").log).toEqual(["assigned orders-0", "revoked orders-0", "assigned orders-0"]);
  });

  test("with cooperative assignors a member keeps what it has, gives up what moves, and joins again at once (KIP-429)", () => {
    const w = new GroupWorld({ partitions: 4 }).join("billing-1", { config: COOPERATIVE }).runFor(seconds(1));
    w.join("billing-2", { config: COOPERATIVE }).runFor(seconds(8));
    const first = w.member("billing-1").log;
    expect(first).toHaveLength(4);
    expect(first.slice(0, 2)).toEqual([
      "assigned orders-0 orders-1 orders-2 orders-3",
      expect.stringMatching(/^revoked orders-\d orders-\d$/),
    ]);
    // In the rebalance in which nothing is gained the callback is called, too.
    expect(first.slice(2)).toEqual(["assigned", "assigned"]);
    expect(w.member("billing-2").log).toEqual(["assigned", (first[1] as string).replace("revoked", "assigned")]);
    const joins = w.requestsOf("JoinGroup").filter(({ body }) => body.memberId === "billing-1-1");
    expect(joins.map(({ body }) => body.protocols[0]?.metadata.ownedPartitions.length)).toEqual([0, 4, 2]);
    expect(joins.map(({ body }) => body.protocols[0]?.metadata.generationId)).toEqual([-1, 1, 2]);
    expect(w.coordinator.generation).toBe(3);
  });

  test("while a cooperative member waits to be joined it goes on reading: the coordinator has a connection of its own", () => {
    const w = new GroupWorld({ partitions: 1 }).join("billing-1", { config: COOPERATIVE }).runFor(seconds(1));
    w.coordinator.waitsFor = 2;
    w.coordinator.rebalance();
    w.runFor(seconds(5));
    expect(w.coordinator.state).toBe("PreparingRebalance");
    w.append(0, 3);
    w.runFor(seconds(2));
    expect(w.member("billing-1").read).toEqual(["orders-0@0", "orders-0@1", "orders-0@2"]);
  });

  test("what answers a JoinGroup is taken in within poll() only", () => {
    const w = new GroupWorld({ partitions: 1, records: 1 });
    w.join("billing-1", { config: { ...COOPERATIVE, "max.poll.records": 1 }, handlerUs: seconds(10) }).runFor(seconds(11));
    w.coordinator.waitsFor = 2;
    w.coordinator.rebalance();
    w.runFor(seconds(3));
    w.append(0, 1);
    w.runFor(seconds(1));
    expect(w.member("billing-1").read).toHaveLength(2);
    w.join("billing-2", { config: COOPERATIVE }).runFor(seconds(3));
    expect(w.coordinator.state).toBe("CompletingRebalance");
    w.runFor(seconds(7));
    expect(w.coordinator.state).toBe("Stable");
  });

  test.each(["COORDINATOR_LOAD_IN_PROGRESS", "NOT_COORDINATOR", "COORDINATOR_NOT_AVAILABLE"] as const)(
    "a JoinGroup answered with %s is made again after retry.backoff.ms",
    (error) => {
      const w = new GroupWorld({});
      w.cluster.answerWith("JoinGroup", error, 2);
      w.join("billing-1").runFor(seconds(2));
      expect(w.member("billing-1").log).toEqual(["assigned orders-0"]);
      const [first, second] = w.requestsOf("JoinGroup");
      expect((second?.at as number) - (first?.at as number)).toBeGreaterThanOrEqual(ms(100));
      expect(w.requestsOf("FindCoordinator").length > 1).toBe(error !== "COORDINATOR_LOAD_IN_PROGRESS");
    },
  );

  test("an unknown member joins again without an id", () => {
    const w = new GroupWorld({}).join("billing-1").runFor(seconds(1));
    w.cluster.answerWith("JoinGroup", "UNKNOWN_MEMBER_ID");
    w.coordinator.rebalance();
    w.runFor(seconds(5));
    expect(w.requestsOf("JoinGroup").map(({ body }) => body.memberId)).toEqual([
      "",
      "billing-1-1",
      "billing-1-1",
      "",
      "billing-1-2",
    ]);
    expect(w.of("ConsumerLeft")).toMatchObject([{ reason: "UNKNOWN_MEMBER_ID", member: "billing-1-1", generation: 1 }]);
  });

  test("a SyncGroup that comes too late for its generation makes the member join again with the id it has", () => {
    const w = new GroupWorld({}).join("billing-1").runFor(seconds(1));
    w.cluster.answerWith("SyncGroup", "REBALANCE_IN_PROGRESS");
    w.coordinator.rebalance();
    w.runFor(seconds(5));
    expect(w.coordinator.generation).toBe(3);
    expect(w.requestsOf("JoinGroup").map(({ body }) => body.memberId)).toEqual(["", "billing-1-1", "billing-1-1", "billing-1-1"]);
    expect(w.member("billing-1").log).toEqual(["assigned orders-0", "revoked orders-0", "assigned orders-0"]);
  });

  test.each([
    ["GROUP_MAX_SIZE_REACHED", "GroupMaxSizeReachedException"],
    ["INCONSISTENT_GROUP_PROTOCOL", "InconsistentGroupProtocolException"],
    ["FENCED_INSTANCE_ID", "FencedInstanceIdException"],
  ] as const)("%s makes poll() throw %s", (error, exception) => {
    const w = new GroupWorld({});
    w.cluster.answerWith("JoinGroup", error);
    w.join("billing-1").runFor(seconds(1));
    expect(w.member("billing-1").log).toEqual([`threw ${exception}`]);
    expect(w.running("billing-1")).toBe(false);
  });
});

describe("the leader", () => {
  test("has the group assigned anew when a topic has got more partitions", () => {
    const w = new GroupWorld({ partitions: 1 });
    w.join("billing-1", { config: { "metadata.max.age.ms": 2_000 } }).runFor(seconds(1));
    w.createTopic("orders", 2);
    w.runFor(seconds(5));
    expect(w.member("billing-1").log.at(-1)).toBe("assigned orders-0 orders-1");
    expect(w.requestsOf("JoinGroup").at(-1)?.body.reason).toBe("cached metadata has changed");
    expect(w.coordinator.generation).toBe(2);
  });

  test("has it assigned anew when a topic appears that members have been waiting for", () => {
    const w = new GroupWorld({ partitions: 1 });
    w.join("billing-1", { topics: ["orders", "refunds"], config: COOPERATIVE }).runFor(seconds(3));
    expect(w.member("billing-1").log).toEqual(["assigned orders-0"]);
    w.createTopic("refunds", 2);
    w.runFor(seconds(3));
    expect(w.member("billing-1").log).toEqual(["assigned orders-0", "assigned refunds-0 refunds-1"]);
  });

  test("asks about topics that only others have subscribed to, before it assigns", () => {
    const w = new GroupWorld({ partitions: 1 });
    w.createTopic("refunds", 1);
    w.coordinator.waitsFor = 2;
    w.join("billing-1")
      .runFor(ms(100))
      .join("billing-2", { topics: ["refunds"] })
      .runFor(seconds(3));
    expect(w.of("ConsumerJoined").map(({ client, leader }) => [client, leader])).toEqual([
      ["billing-1", true],
      ["billing-2", false],
    ]);
    expect(w.coordinator.assignments()).toEqual({ "billing-1": "orders-0", "billing-2": "refunds-0" });
  });

  test("assigns nothing when it is told to leave things as they are, and goes on watching (KIP-814)", () => {
    const w = new GroupWorld({ partitions: 1 });
    w.join("billing-1", { groupInstanceId: "till", config: { "metadata.max.age.ms": 2_000 } }).runFor(seconds(1));
    w.coordinator.skipAssignment = true;
    w.coordinator.rebalance();
    w.runFor(seconds(4));
    expect(w.requestsOf("SyncGroup").map(({ body }) => body.assignments.length)).toEqual([1, 0]);
    expect(w.member("billing-1").log.at(-1)).toBe("assigned orders-0");
    w.createTopic("orders", 2);
    w.runFor(seconds(4));
    expect(w.requestsOf("JoinGroup").at(-1)?.body.reason).toBe("cached metadata has changed");
  });

  test("is the only one that watches", () => {
    const w = new GroupWorld({ partitions: 2 });
    w.coordinator.waitsFor = 2;
    w.join("billing-1")
      .runFor(ms(100))
      .join("billing-2", { config: { "metadata.max.age.ms": 2_000 } })
      .runFor(seconds(3));
    w.createTopic("orders", 4);
    w.runFor(seconds(5));
    expect(w.coordinator.generation).toBe(1);
  });
});

describe("heartbeats", () => {
  test("are sent every heartbeat.interval.ms, even while the application works", () => {
    const w = new GroupWorld({ records: 1 }).join("billing-1", { handlerUs: seconds(30) }).runFor(seconds(20));
    const at = w.requestsOf("Heartbeat").map((request) => request.at);
    expect(at.length).toBe(6);
    for (const [index, moment] of at.entries()) if (index > 0) expect(moment - (at[index - 1] as number)).toBe(seconds(3));
  });

  // AbstractCoordinator.HeartbeatThread: all but FENCED_INSTANCE_ID is a failed heartbeat, and followed by another.
  test("an answer that nobody expects does not concern the application", () => {
    const w = new GroupWorld({ records: 1 }).join("billing-1").runFor(seconds(1));
    w.cluster.answerWith("Heartbeat", "UNKNOWN_SERVER_ERROR");
    w.runFor(seconds(5));
    expect(w.member("billing-1").log).toEqual(["assigned orders-0"]);
    expect(w.requestsOf("Heartbeat")).toHaveLength(2);
  });

  test("tell of a rebalance, and go on until the member has joined", () => {
    const w = new GroupWorld({ records: 1 }).join("billing-1", { handlerUs: seconds(14) }).runFor(seconds(2));
    w.coordinator.rebalance();
    w.runFor(seconds(10));
    expect(w.requestsOf("Heartbeat")).toHaveLength(3);
    expect(w.requestsOf("JoinGroup")).toHaveLength(2);
    w.runFor(seconds(5));
    expect(w.requestsOf("JoinGroup")).toHaveLength(3);
    expect(w.of("ConsumerLeft")).toEqual([]);
  });

  test("a leader that is expelled while it waits for metadata of the group's topics joins as a new member", () => {
    const w = new GroupWorld({ partitions: 1 });
    w.createTopic("payments", 1);
    w.join("billing-1", { config: COOPERATIVE }).runFor(seconds(1));
    w.join("billing-2", { config: COOPERATIVE, topics: ["payments"] }).runFor(seconds(1));
    w.cluster.answerWith("Metadata", "silence");
    w.runFor(seconds(5));
    const joinsAnew = () => w.requestsOf("JoinGroup").filter(({ body }) => body.memberId === "").length;
    expect(joinsAnew()).toBe(2);
    w.coordinator.expel("billing-1");
    w.runFor(seconds(60));
    expect(w.of("ConsumerLeft")).toMatchObject([{ client: "billing-1", reason: "UNKNOWN_MEMBER_ID" }]);
    expect(joinsAnew()).toBe(3);
  });

  test("UNKNOWN_MEMBER_ID: the partitions are lost, not revoked, and the member joins as a new one", () => {
    const w = new GroupWorld({ partitions: 1, records: 1 }).join("billing-1").runFor(seconds(1));
    w.coordinator.expel("billing-1");
    w.runFor(seconds(4));
    expect(w.of("ConsumerLeft")).toMatchObject([{ reason: "UNKNOWN_MEMBER_ID", generation: 1 }]);
    expect(w.of("PartitionsLost")).toMatchObject([{ partitions: [{ topic: "orders", partition: 0 }], owned: [] }]);
    expect(w.member("billing-1").log).toEqual(["assigned orders-0", "lost orders-0", "assigned orders-0"]);
    expect(w.requestsOf("JoinGroup").map(({ body }) => body.memberId)).toEqual(["", "billing-1-1", "", "billing-1-2"]);
  });

  test("ILLEGAL_GENERATION: the partitions are lost, but the id is kept", () => {
    const w = new GroupWorld({}).join("billing-1").runFor(seconds(1));
    w.coordinator.generation = 7;
    w.runFor(seconds(4));
    expect(w.member("billing-1").log).toEqual(["assigned orders-0", "lost orders-0", "assigned orders-0"]);
    expect(w.requestsOf("JoinGroup").at(-1)?.body).toMatchObject({ memberId: "billing-1-1" });
    expect(w.coordinator.generation).toBe(8);
  });

  test("FENCED_INSTANCE_ID: the next poll() throws (KIP-345)", () => {
    const w = new GroupWorld({ records: 1 });
    w.join("billing-1", { groupInstanceId: "till", handlerUs: seconds(8) }).runFor(seconds(1));
    w.coordinator.fenced.add(w.coordinator.memberOf("billing-1").id);
    w.runFor(seconds(6));
    expect(w.of("ConsumerLeft")).toMatchObject([{ reason: "FENCED_INSTANCE_ID", generation: 1 }]);
    expect(w.running("billing-1")).toBe(true);
    w.runFor(seconds(3));
    expect(w.member("billing-1").log).toEqual(["assigned orders-0", "threw FencedInstanceIdException"]);
  });

  test("NOT_COORDINATOR: the new one is found, and nothing is given up", () => {
    const w = new GroupWorld({ brokers: 2 }).join("billing-1").runFor(seconds(1));
    w.coordinator.broker = 2;
    w.runFor(seconds(10));
    expect(w.requestsOf("Heartbeat").at(-1)).toMatchObject({ broker: 2 });
    expect(w.member("billing-1").log).toEqual(["assigned orders-0"]);
    expect(w.coordinator.generation).toBe(1);
  });

  test("a coordinator that is silent for session.timeout.ms is looked for anew", () => {
    const w = new GroupWorld({ brokers: 2 }).join("billing-1", { config: { "session.timeout.ms": 10_000 } }).runFor(seconds(1));
    w.cluster.answerWith("Heartbeat", "silence", 1);
    w.runFor(seconds(8));
    expect(w.requestsOf("FindCoordinator")).toHaveLength(1);
    w.runFor(seconds(5));
    expect(w.requestsOf("FindCoordinator").length).toBeGreaterThan(1);
    expect(w.member("billing-1").log).toEqual(["assigned orders-0"]);
  });

  test("a coordinator that crashed is looked for at once, even while the application works", () => {
    const w = new GroupWorld({ brokers: 2, records: 1 }).join("billing-1", { handlerUs: seconds(30) }).runFor(seconds(1));
    w.coordinator.broker = 2;
    w.cluster.world.crash("broker-1");
    w.runFor(ms(10));
    expect(w.requestsOf("FindCoordinator")).toHaveLength(2);
    w.runFor(seconds(10));
    expect(w.requestsOf("Heartbeat").at(-1)).toMatchObject({ broker: 2 });
    expect(w.of("ConsumerLeft")).toEqual([]);
  });
});

describe("max.poll.interval.ms (KIP-62)", () => {
  const SLOW = { config: { "max.poll.interval.ms": 10_000 }, handlerUs: seconds(15) };

  test("an application that polls too late is out of the group before, and finds its partitions lost in its next poll()", () => {
    const w = new GroupWorld({ records: 1 }).join("billing-1", SLOW).runFor(seconds(9));
    expect(w.requestsOf("LeaveGroup")).toEqual([]);
    w.runFor(seconds(2));
    const [read] = w.of("RecordsRead");
    expect(w.requestsOf("LeaveGroup")).toMatchObject([
      { at: (read?.at as number) + seconds(10) + LATENCY_US, body: { members: [{ reason: "max.poll.interval.ms" }] } },
    ]);
    expect(w.of("ConsumerLeft")).toMatchObject([{ reason: "max.poll.interval.ms" }]);
    expect(w.member("billing-1").log).toEqual(["assigned orders-0"]);
    w.runFor(seconds(6));
    expect(w.member("billing-1").log).toEqual(["assigned orders-0", "lost orders-0", "assigned orders-0"]);
  });

  test("a static member says nothing (KIP-345)", () => {
    const w = new GroupWorld({ records: 1 }).join("billing-1", { ...SLOW, groupInstanceId: "till" }).runFor(seconds(12));
    expect(w.of("ConsumerLeft")).toMatchObject([{ reason: "max.poll.interval.ms" }]);
    expect(w.requestsOf("LeaveGroup")).toEqual([]);
  });

  test("poll() that waits for records is no absence", () => {
    const w = new GroupWorld({}).join("billing-1", { config: { "max.poll.interval.ms": 10_000 } }).runFor(seconds(60));
    expect(w.requestsOf("LeaveGroup")).toEqual([]);
  });

  test("a callback that takes longer is one", () => {
    const callbackUs = { onPartitionsAssigned: seconds(12) };
    const w = new GroupWorld({}).join("billing-1", { config: { "max.poll.interval.ms": 10_000 }, callbackUs });
    w.runFor(seconds(11));
    expect(w.of("ConsumerLeft")).toMatchObject([{ reason: "max.poll.interval.ms" }]);
  });
});

describe("callbacks", () => {
  test("the member joins when onPartitionsRevoked has returned; heartbeats go on meanwhile", () => {
    const w = new GroupWorld({}).join("billing-1", { callbackUs: { onPartitionsRevoked: seconds(7) } }).runFor(seconds(1));
    w.coordinator.rebalance();
    w.runFor(seconds(20));
    const heartbeat = w.requestsOf("Heartbeat")[0]?.at as number;
    const join = w.requestsOf("JoinGroup")[2]?.at as number;
    // The answer, the round trip of the commit, the callback, the way there.
    expect(join).toBe(heartbeat + LATENCY_US + 2 * LATENCY_US + seconds(7) + LATENCY_US);
    expect(w.requestsOf("Heartbeat").filter(({ at }) => at > heartbeat && at < join)).toHaveLength(2);
    expect(w.of("PartitionsRevoked")[0]?.at).toBe(join - LATENCY_US);
  });

  test("within onPartitionsRevoked the application may still commit", () => {
    const w = new GroupWorld({ records: 2 });
    w.join("billing-1", { config: { "enable.auto.commit": false }, commitsOnRevoke: true }).runFor(seconds(1));
    w.coordinator.rebalance();
    w.runFor(seconds(5));
    expect(w.member("billing-1").log).toEqual([
      "assigned orders-0",
      "revoked orders-0",
      "commit sync orders-0@2 NONE",
      "assigned orders-0",
    ]);
  });

  test("nothing is read of new partitions before onPartitionsAssigned has returned", () => {
    const w = new GroupWorld({ records: 1 }).join("billing-1", { callbackUs: { onPartitionsAssigned: seconds(2) } });
    w.runFor(seconds(1));
    expect(w.requestsOf("OffsetFetch")).toEqual([]);
    w.runFor(seconds(2));
    expect(w.member("billing-1").read).toEqual(["orders-0@0"]);
  });
});

describe("close()", () => {
  test("commits, gives up, says goodbye, in this order", () => {
    const w = new GroupWorld({ records: 2 }).join("billing-1").runFor(seconds(1));
    w.cluster.world.requestShutdown("billing-1");
    w.runFor(seconds(1));
    expect(w.member("billing-1").log).toEqual(["assigned orders-0", "revoked orders-0", "closed"]);
    expect(w.of("OffsetsCommitted")).toMatchObject([{ occasion: "close", offsets: [{ offset: 2 }] }]);
    expect(w.of("ConsumerLeft")).toMatchObject([{ reason: "closed" }]);
    const [commit] = w.requestsOf("OffsetCommit");
    expect(w.requestsOf("LeaveGroup")).toMatchObject([{ at: (commit?.at as number) + 2 * LATENCY_US }]);
    expect(w.coordinator.state).toBe("Empty");
  });

  test("a static member leaves without a word (KIP-345)", () => {
    const w = new GroupWorld({ records: 2 }).join("billing-1", { groupInstanceId: "till" }).runFor(seconds(1));
    w.cluster.world.requestShutdown("billing-1");
    w.runFor(seconds(1));
    expect(w.member("billing-1").log.at(-1)).toBe("closed");
    expect(w.requestsOf("LeaveGroup")).toEqual([]);
    expect(w.coordinator.members.size).toBe(1);
  });

  test("in the middle of a rebalance the partitions are lost, since others may have them already", () => {
    const w = new GroupWorld({ partitions: 2 }).join("billing-1", { config: COOPERATIVE }).runFor(seconds(1));
    w.coordinator.waitsFor = 2;
    w.coordinator.rebalance();
    w.runFor(seconds(5));
    w.cluster.world.requestShutdown("billing-1");
    w.runFor(seconds(1));
    expect(w.member("billing-1").log.at(-1)).toBe("lost orders-0 orders-1");
    // Its LeaveGroup stands behind the JoinGroup, which the coordinator has not answered.
    w.runFor(seconds(30));
    expect(w.member("billing-1").log.at(-1)).toBe("closed");
  });
});
