import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import {
  buildPartitionChange,
  type Election,
  type PartitionChange,
} from "../../../src/kafka/controller/partition-change-builder.ts";
import { type BrokerId, NONE } from "../../../src/kafka/ids.ts";
import { changedPartition, type PartitionRegistration } from "../../../src/kafka/metadata/image.ts";

/** Replicas 1, 2, 3, all in sync, led by 1 in epoch 5, at partition epoch 10. */
function partitionWith(overrides: Partial<PartitionRegistration> = {}): PartitionRegistration {
  return {
    replicas: [1, 2, 3],
    isr: [1, 2, 3],
    elr: [],
    lastKnownElr: [],
    leader: 1,
    leaderEpoch: 5,
    partitionEpoch: 10,
    leaderRecoveryState: "RECOVERED",
    ...overrides,
  };
}

interface Circumstances {
  readonly isr?: readonly BrokerId[];
  readonly alive?: readonly BrokerId[];
  readonly election?: Election;
  readonly minIsr?: number;
  readonly elr?: boolean;
  readonly uncleanShutdown?: BrokerId;
  readonly recovery?: PartitionRegistration["leaderRecoveryState"];
}

function changeOf(partition: PartitionRegistration, to: Circumstances): PartitionChange {
  const alive = to.alive ?? [1, 2, 3];
  return {
    topicId: "topic",
    partitionId: 0,
    partition,
    targetIsr: to.isr ?? partition.isr,
    election: to.election ?? "ONLINE",
    isAcceptableLeader: (id) => alive.includes(id),
    minIsr: to.minIsr ?? 1,
    eligibleLeaderReplicas: to.elr ?? false,
    ...(to.recovery !== undefined && { targetLeaderRecoveryState: to.recovery }),
    ...(to.uncleanShutdown !== undefined && { uncleanShutdownReplica: to.uncleanShutdown }),
  };
}

/** The fields that the change sets; undefined for no change at all. */
function fieldsOf(partition: PartitionRegistration, to: Circumstances): object | undefined {
  const record = buildPartitionChange(changeOf(partition, to));
  if (record === undefined) return undefined;
  const { type: _type, topicId: _topicId, partitionId: _partitionId, ...fields } = record;
  return fields;
}

describe("elections (replication.md 5.3)", () => {
  test("nothing is written when nothing changes", () => {
    expect(fieldsOf(partitionWith(), {})).toBeUndefined();
  });

  test("a follower leaving the ISR does not touch the leader or its epoch (KAFKA-15021)", () => {
    expect(fieldsOf(partitionWith(), { isr: [1, 3] })).toEqual({ isr: [1, 3] });
  });

  test("the leader stays while it is valid, although it is not the preferred one", () => {
    expect(fieldsOf(partitionWith({ leader: 2 }), { election: "ONLINE" })).toBeUndefined();
  });

  test("when the leader is gone the first valid replica in assignment order leads", () => {
    const partition = partitionWith({ replicas: [1, 3, 2], isr: [1, 2, 3] });
    expect(fieldsOf(partition, { isr: [2, 3], alive: [2, 3] })).toEqual({ isr: [2, 3], leader: 3 });
  });

  test("a replica outside the ISR is not elected cleanly", () => {
    expect(fieldsOf(partitionWith({ isr: [1] }), { isr: [], alive: [2, 3] })).toEqual({ leader: NONE });
  });

  test("without ELR the last ISR member stays in the ISR of a leaderless partition", () => {
    const partition = partitionWith({ isr: [1] });
    const record = buildPartitionChange(changeOf(partition, { isr: [], alive: [] }));
    expect(record && changedPartition(partition, record)).toMatchObject({
      isr: [1],
      leader: NONE,
      leaderEpoch: 6,
      partitionEpoch: 11,
    });
  });

  test("an ISR member that comes back leads again, with nothing else changed", () => {
    expect(fieldsOf(partitionWith({ isr: [1], leader: NONE }), { alive: [1] })).toEqual({ leader: 1 });
  });

  test("PREFERRED moves leadership to the first replica only if it is in the ISR and may lead", () => {
    const partition = partitionWith({ leader: 2 });
    expect(fieldsOf(partition, { election: "PREFERRED" })).toEqual({ leader: 1 });
    expect(fieldsOf(partition, { election: "PREFERRED", alive: [2, 3] })).toBeUndefined();
    expect(fieldsOf({ ...partition, isr: [2, 3] }, { election: "PREFERRED" })).toBeUndefined();
  });

  test("PREFERRED falls back to any valid leader but never to an unclean one", () => {
    expect(fieldsOf(partitionWith({ leader: NONE, isr: [2] }), { election: "PREFERRED" })).toEqual({ leader: 2 });
    expect(fieldsOf(partitionWith({ leader: NONE, isr: [2] }), { election: "PREFERRED", alive: [1, 3] })).toBeUndefined();
  });

  test("UNCLEAN prefers a valid leader to data loss", () => {
    expect(fieldsOf(partitionWith(), { isr: [3], alive: [2, 3], election: "UNCLEAN" })).toEqual({ isr: [3], leader: 3 });
  });

  test("UNCLEAN makes the first live replica the whole ISR, in recovery (KIP-704)", () => {
    expect(fieldsOf(partitionWith({ isr: [1] }), { isr: [], alive: [3, 2], election: "UNCLEAN" })).toEqual({
      isr: [2],
      leader: 2,
      leaderRecoveryState: "RECOVERING",
    });
  });

  test("UNCLEAN with nobody alive leaves the partition without a leader", () => {
    expect(fieldsOf(partitionWith({ isr: [1] }), { isr: [], alive: [], election: "UNCLEAN" })).toEqual({ leader: NONE });
  });

  test("a leader that reports itself recovered ends the recovery", () => {
    const partition = partitionWith({ isr: [1], leaderRecoveryState: "RECOVERING" });
    expect(fieldsOf(partition, { recovery: "RECOVERED" })).toEqual({ leaderRecoveryState: "RECOVERED" });
  });
});

describe("eligible leader replicas (KIP-966, replication.md 5.6)", () => {
  test("who leaves an ISR that falls below its minimum stays eligible", () => {
    expect(fieldsOf(partitionWith(), { isr: [1], minIsr: 2, elr: true })).toEqual({ isr: [1], eligibleLeaderReplicas: [2, 3] });
  });

  test("who leaves an ISR that keeps its minimum does not", () => {
    expect(fieldsOf(partitionWith(), { isr: [1, 2], minIsr: 2, elr: true })).toEqual({ isr: [1, 2] });
  });

  test("an ISR back at its minimum empties the ELR", () => {
    const partition = partitionWith({ isr: [1], elr: [2, 3] });
    expect(fieldsOf(partition, { isr: [1, 2], minIsr: 2, elr: true })).toEqual({ isr: [1, 2], eligibleLeaderReplicas: [] });
  });

  test("the last ISR member may leave; it is eligible, and remembered as the last leader", () => {
    const partition = partitionWith({ isr: [1], elr: [2] });
    expect(fieldsOf(partition, { isr: [], alive: [], minIsr: 2, elr: true })).toEqual({
      isr: [],
      leader: NONE,
      eligibleLeaderReplicas: [1, 2],
      lastKnownElr: [1],
    });
  });

  test("with an empty ISR the first live ELR member is elected, cleanly, and is the new ISR", () => {
    const partition = partitionWith({ isr: [], elr: [1, 2], leader: NONE, lastKnownElr: [1] });
    expect(fieldsOf(partition, { alive: [2], minIsr: 2, elr: true })).toEqual({
      isr: [2],
      leader: 2,
      eligibleLeaderReplicas: [1],
      lastKnownElr: [],
    });
  });

  test("an ELR member is not elected while the ISR still has members, even dead ones", () => {
    const partition = partitionWith({ isr: [1], elr: [2], leader: NONE });
    expect(fieldsOf(partition, { alive: [2], minIsr: 2, elr: true })).toBeUndefined();
  });

  test("an unclean shutdown takes a replica out of the ISR and keeps it out of the ELR", () => {
    // kip-966-last-replica-standing: the intact replica 2 leads, not the torn replica 3 that was the last in the ISR.
    const partition = partitionWith({ isr: [3], elr: [1, 2], leader: NONE, lastKnownElr: [3] });
    const to = { isr: [], alive: [2], minIsr: 2, elr: true, uncleanShutdown: 3 };
    expect(fieldsOf(partition, to)).toEqual({ isr: [2], leader: 2, eligibleLeaderReplicas: [1], lastKnownElr: [] });
  });

  test("an unclean shutdown takes a replica out of the ELR", () => {
    const partition = partitionWith({ isr: [], elr: [1, 2], leader: NONE, lastKnownElr: [1] });
    const to = { alive: [], minIsr: 2, elr: true, uncleanShutdown: 2 };
    expect(fieldsOf(partition, to)).toEqual({ eligibleLeaderReplicas: [1] });
  });

  test("with ISR and ELR empty the last known leader takes over, uncleanly", () => {
    const partition = partitionWith({ isr: [], leader: NONE, lastKnownElr: [3] });
    expect(fieldsOf(partition, { alive: [1, 3], minIsr: 2, elr: true })).toEqual({
      isr: [3],
      leader: 3,
      leaderRecoveryState: "RECOVERING",
      lastKnownElr: [],
    });
  });

  test("a last known leader that is fenced is not elected (KAFKA-19522)", () => {
    const partition = partitionWith({ isr: [], leader: NONE, lastKnownElr: [3] });
    expect(fieldsOf(partition, { alive: [1], minIsr: 2, elr: true })).toBeUndefined();
  });

  test("an unclean election forgets the ELR", () => {
    const partition = partitionWith({ isr: [], elr: [1], leader: NONE, lastKnownElr: [1] });
    expect(fieldsOf(partition, { alive: [2], minIsr: 2, elr: true, election: "UNCLEAN" })).toEqual({
      isr: [2],
      leader: 2,
      leaderRecoveryState: "RECOVERING",
      eligibleLeaderReplicas: [],
      lastKnownElr: [],
    });
  });
});

describe("any history of brokers coming, going and losing records", () => {
  const step = fc.record({
    broker: fc.integer({ min: 1, max: 4 }),
    what: fc.constantFrom("fence", "unfence", "unclean", "shrink", "expand", "preferred", "electUnclean"),
  });

  property.prop([fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 4 }), fc.boolean(), fc.boolean()])(
    "the leader is in the ISR or is nobody; ISR and ELR are disjoint subsets of the replicas; epochs rise",
    (steps, minIsr, elr, uncleanElection) => {
      const replicas = [3, 1, 4, 2];
      let partition = partitionWith({ replicas, isr: replicas, leader: 3 });
      const alive = new Set(replicas);
      for (const { broker, what } of steps) {
        const isr = partition.isr;
        const to: { -readonly [K in keyof Circumstances]: Circumstances[K] } = { minIsr, elr };
        to.election = uncleanElection ? "UNCLEAN" : "ONLINE";
        if (what === "fence") {
          alive.delete(broker);
          to.isr = isr.filter((id) => id !== broker);
        } else if (what === "unfence") alive.add(broker);
        else if (what === "unclean") {
          alive.delete(broker);
          to.isr = isr.filter((id) => id !== broker);
          to.uncleanShutdown = broker;
        } else if (what === "preferred") to.election = "PREFERRED";
        else if (what === "electUnclean") to.election = "UNCLEAN";
        else if (partition.leader === NONE) continue;
        else if (what === "shrink" && broker !== partition.leader) to.isr = isr.filter((id) => id !== broker);
        else if (what === "expand" && alive.has(broker) && !isr.includes(broker)) to.isr = [...isr, broker];
        to.alive = [...alive];

        const record = buildPartitionChange(changeOf(partition, to));
        if (record === undefined) continue;
        const after = changedPartition(partition, record);
        if (after.leader !== NONE) {
          expect(after.isr).toContain(after.leader);
          expect(alive).toContain(after.leader);
        }
        expect(new Set(after.isr).size).toBe(after.isr.length);
        for (const id of [...after.isr, ...after.elr]) expect(replicas).toContain(id);
        expect(after.isr.filter((id) => after.elr.includes(id))).toEqual([]);
        if (after.isr.length >= minIsr || !elr) expect(after.elr).toEqual([]);
        if (!elr) expect(after.isr).not.toEqual([]);
        expect(after.partitionEpoch).toBe(partition.partitionEpoch + 1);
        expect(after.leaderEpoch - partition.leaderEpoch).toBe(after.leader === partition.leader ? 0 : 1);
        expect(after.lastKnownElr.length).toBeLessThanOrEqual(after.leader === NONE ? 1 : 0);
        partition = after;
      }
    },
  );
});
