/** The controller under any sequence of what brokers can do to it: its shape holds after every step. */
import { fc, test as property } from "@fast-check/vitest";
import { expect } from "vitest";
import { ControllerState, trackRegistration } from "../../../src/kafka/controller/controller-state.ts";
import type { PartitionIndex } from "../../../src/kafka/controller/partition-index.ts";
import { NONE } from "../../../src/kafka/ids.ts";
import { MetadataImage } from "../../../src/kafka/metadata/image.ts";
import { ControllerFixture } from "./controller-fixture.ts";

const BROKERS = [1, 2, 3, 4];
const ASSIGNMENT = [
  [1, 2, 3],
  [2, 3, 4],
  [4, 1, 2],
];

const anyStep = fc.record({
  what: fc.constantFrom("silence", "heartbeat", "shutdown", "restart", "clean restart", "expand", "shrink", "elect", "failover"),
  broker: fc.constantFrom(...BROKERS),
  partition: fc.integer({ min: 0, max: 2 }),
});
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

const anyHistory = fc.record({
  steps: fc.array(anyStep, { maxLength: 30 }),
  minIsr: fc.integer({ min: 1, max: 3 }),
  unclean: fc.boolean(),
  elr: fc.boolean(),
  /** As before KIP-841 and KIP-903: leaders propose whom they like. */
  lax: fc.boolean(),
});

function take(fixture: ControllerFixture, { what, broker, partition }: Step, incarnation: number): void {
  const others = BROKERS.filter((id) => id !== broker && fixture.image().isActive(id));
  const { isr, leader } = fixture.partition(partition);
  switch (what) {
    case "silence":
      if (fixture.image().broker(broker)?.fenced === false) fixture.fenceBySilence([broker], others);
      return;
    case "heartbeat":
      // Who has asked to stop goes on asking until its process ends.
      fixture.heartbeat(broker, { wantShutDown: fixture.image().broker(broker)?.inControlledShutdown === true });
      return;
    case "shutdown":
      fixture.heartbeat(broker, { wantShutDown: true });
      return;
    case "restart":
    case "clean restart": {
      const previousBrokerEpoch = what === "restart" ? -1 : fixture.brokerEpoch(broker);
      fixture.startBroker(broker, { incarnationId: `broker-${broker}/${incarnation}`, previousBrokerEpoch });
      return;
    }
    case "expand":
      if (leader !== NONE && !isr.includes(broker)) fixture.alterIsr(partition, [...isr, broker]);
      return;
    case "shrink":
      if (leader !== NONE && broker !== leader) {
        fixture.alterIsr(
          partition,
          isr.filter((id) => id !== broker),
        );
      }
      return;
    case "elect":
      fixture.call("ElectLeaders", { electionType: "PREFERRED", timeoutMs: 1, topicPartitions: null });
      return;
    case "failover":
      fixture.loseRaftLeadership();
      fixture.activate();
  }
}

property.prop([anyHistory])(
  "no fenced broker leads or is in an ISR it could leave; epochs and committed events agree",
  (history) => {
    const { steps, minIsr, unclean, elr, lax } = history;
    const dials = { "election.eligibleLeaderReplicas": elr, "isr.rejectIneligibleReplica": !lax, "isr.brokerEpochCheck": !lax };
    const fixture = new ControllerFixture({ dials }).activate().withBrokers(4);
    fixture.createTopic(ASSIGNMENT, { "min.insync.replicas": `${minIsr}`, "unclean.leader.election.enable": `${unclean}` });
    for (const [i, step] of steps.entries()) {
      take(fixture, step, i + 2);
      const image = fixture.image();
      for (const [partition, replicas] of ASSIGNMENT.entries()) {
        const now = fixture.partition(partition);
        expect(now.replicas).toEqual(replicas);
        if (now.leader !== NONE) {
          expect(image.isActive(now.leader)).toBe(true);
          expect(now.isr).toContain(now.leader);
        }
        if (!elr) expect(now.isr).not.toEqual([]);
        // Catalogue's FencedNotInIsr: without ELR the last member may be a fenced one, with it never.
        if (!lax && (elr || now.isr.length > 1)) for (const id of now.isr) expect(image.isActive(id)).toBe(true);
        const reported = fixture.events("PartitionChanged").findLast((event) => event.partition === partition);
        expect(reported).toMatchObject({ ...now });
      }
    }
  },
);

property.prop([anyHistory])("the index kept record by record is the index of the image", ({ steps, minIsr, elr }) => {
  const fixture = new ControllerFixture({ dials: { "election.eligibleLeaderReplicas": elr } }).activate().withBrokers(4);
  fixture.createTopic(ASSIGNMENT, { "min.insync.replicas": `${minIsr}` });
  for (const [i, step] of steps.entries()) take(fixture, step, i + 2);

  const kept = new ControllerState(new MetadataImage(), new Map());
  const offsets = new Map<number, number>();
  for (const batch of fixture.log.batches) {
    for (const [i, record] of batch.records.entries()) {
      kept.apply(record, batch.baseOffset + i);
      trackRegistration(offsets, record, batch.baseOffset + i);
    }
  }
  const fresh = new ControllerState(kept.image, offsets).index;
  const inOrder = (list: ReturnType<PartitionIndex["partitionsWithNoLeader"]>) => list.map(({ partition }) => partition).sort();
  for (const id of BROKERS) {
    expect(inOrder(kept.index.partitionsWithBrokerInIsr(id))).toEqual(inOrder(fresh.partitionsWithBrokerInIsr(id)));
    expect(inOrder(kept.index.partitionsWithBrokerInElr(id))).toEqual(inOrder(fresh.partitionsWithBrokerInElr(id)));
    expect(kept.index.hasLeaderships(id)).toBe(fresh.hasLeaderships(id));
    expect(kept.registrationOffset(id)).toBe(offsets.get(id));
  }
  expect(inOrder(kept.index.partitionsWithNoLeader())).toEqual(inOrder(fresh.partitionsWithNoLeader()));
  expect(inOrder(kept.index.imbalancedPartitions())).toEqual(inOrder(fresh.imbalancedPartitions()));
});
