import { describe, expect, test } from "vitest";
import { ms } from "../../../src/base/units.ts";
import { forkOf } from "../../../src/sim/fork.ts";
import { ControllerFixture, registration } from "./controller-fixture.ts";

/** Making a record takes 10 ms. */
function slowController(): ControllerFixture {
  const fixture = new ControllerFixture({ recordCost: ms(10) }).activate();
  // The record of the metadata version.
  fixture.runFor(10);
  return fixture;
}

const THREE_TOPICS = {
  timeoutMs: 1_000,
  topics: ["a", "b", "c"].map((name) => ({ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] })),
};

describe("a controller that takes time to make records (QuorumController, one event queue)", () => {
  test("records reach the log when they have been made, all of an event at once", () => {
    const fixture = slowController();
    const end = fixture.log.logEndOffset;
    const asked = fixture.ask("BrokerRegistration", registration(1));
    fixture.runFor(9);
    expect(fixture.log.logEndOffset).toBe(end);
    fixture.runFor(1);
    expect(fixture.log.logEndOffset).toBe(end + 1);
    expect(asked.answer?.errorCode).toBe("NONE");
  });

  test("the time grows with the records: a topic and its partition, three times", () => {
    const fixture = slowController();
    fixture.ask("BrokerRegistration", registration(1));
    fixture.runFor(10);
    fixture.ask("BrokerHeartbeat", {
      brokerId: 1,
      brokerEpoch: fixture.brokerEpoch(1),
      currentMetadataOffset: fixture.log.logEndOffset,
      wantFence: false,
      wantShutDown: false,
    });
    fixture.runFor(10);
    const asked = fixture.ask("CreateTopics", THREE_TOPICS);
    fixture.runFor(59);
    expect(asked.answer).toBeUndefined();
    fixture.runFor(1);
    expect(asked.answer?.topics.map(({ errorCode }) => errorCode)).toEqual(["NONE", "NONE", "NONE"]);
  });

  test("whoever comes meanwhile waits, even for a mere refusal, and even an answer that could be given", () => {
    const fixture = slowController();
    const first = fixture.ask("BrokerRegistration", registration(1));
    const second = fixture.ask("BrokerRegistration", registration(2));
    const refused = fixture.ask("BrokerRegistration", registration(3, { clusterId: "another" }));
    fixture.runFor(19);
    // The first record has committed after 10 ms, and the second has been under way since.
    expect(fixture.image().broker(1)).toBeDefined();
    expect([first.answer, second.answer, refused.answer]).toEqual([undefined, undefined, undefined]);
    fixture.runFor(1);
    const answers = [first, second, refused].map(({ answer }) => answer?.errorCode);
    expect(answers).toEqual(["NONE", "NONE", "INCONSISTENT_CLUSTER_ID"]);
  });

  test("its own periodic looks wait as well", () => {
    const fixture = new ControllerFixture({ recordCost: ms(300), config: { "metadata.max.idle.interval.ms": 500 } }).activate();
    fixture.runFor(300);
    fixture.runFor(150);
    // 450 ms: busy until 750 with this, while the no-op record is due at 500.
    fixture.ask("BrokerRegistration", registration(1));
    fixture.runFor(300);
    expect(fixture.lastBatch()).toMatchObject([{ type: "RegisterBroker" }]);
    fixture.runFor(299);
    expect(fixture.lastBatch()).toMatchObject([{ type: "RegisterBroker" }]);
    fixture.runFor(1);
    expect(fixture.lastBatch()).toEqual([{ type: "NoOp" }]);
  });

  test("answers whose records have committed wait for the event that is being worked at", () => {
    const fixture = slowController();
    const first = fixture.ask("BrokerRegistration", registration(1));
    fixture.host.run(ms(10), () => undefined); // written, not committed
    fixture.ask("BrokerRegistration", registration(2));
    fixture.commit();
    expect(first.answer).toBeUndefined();
    fixture.runFor(10);
    expect(first.answer?.errorCode).toBe("NONE");
  });

  test("a controller that is deposed drops what it was making, and refuses all who wait", () => {
    const fixture = slowController();
    const end = fixture.log.logEndOffset;
    const made = fixture.ask("BrokerRegistration", registration(1));
    const waiting = fixture.ask("BrokerRegistration", registration(2));
    fixture.loseRaftLeadership();
    expect([made.answer?.errorCode, waiting.answer?.errorCode]).toEqual(["NOT_CONTROLLER", "NOT_CONTROLLER"]);
    fixture.runFor(1_000);
    expect(fixture.log.logEndOffset).toBe(end);
  });

  test("a controller whose Raft no longer leads when the records are made gives up then", () => {
    const fixture = slowController();
    const asked = fixture.ask("BrokerRegistration", registration(1));
    fixture.log.isLeader = false;
    fixture.runFor(10);
    expect(asked.answer?.errorCode).toBe("NOT_CONTROLLER");
    expect(fixture.controller.isActive).toBe(false);
  });

  test("a fork goes on with what was being made", () => {
    const fixture = slowController();
    fixture.ask("BrokerRegistration", registration(1));
    const waiting = fixture.ask("BrokerRegistration", registration(2));
    const fork = forkOf(fixture);
    fork.runFor(20);
    expect(fork.image().broker(2)).toBeDefined();
    expect(waiting.answer).toBeUndefined();
    expect(fixture.image().broker(1)).toBeUndefined();
  });
});
