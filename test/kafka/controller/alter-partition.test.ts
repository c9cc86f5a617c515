import { describe, expect, test } from "vitest";
import { type AlterPartitionData, validateAlterPartition } from "../../../src/kafka/controller/alter-partition.ts";
import type { Dials } from "../../../src/kafka/dials.ts";
import type { ErrorCode } from "../../../src/kafka/errors.ts";
import type { BrokerRegistration, PartitionRegistration } from "../../../src/kafka/metadata/image.ts";

type Members = readonly (number | readonly [broker: number, epoch: number])[];

/** Partition of replicas 1, 2, 3, 9 led by 1 in epoch 5, partition epoch 10; broker n is registered with epoch 100 + n; 9 is not. */
const PARTITION: PartitionRegistration = {
  replicas: [1, 2, 3, 9],
  isr: [1, 2],
  elr: [],
  lastKnownElr: [],
  leader: 1,
  leaderEpoch: 5,
  partitionEpoch: 10,
  leaderRecoveryState: "RECOVERED",
};

interface Proposal {
  readonly from?: number;
  readonly isr?: Members;
  readonly leaderEpoch?: number;
  readonly partitionEpoch?: number;
  readonly recovery?: AlterPartitionData["leaderRecoveryState"];
}

interface World {
  readonly partition?: Partial<PartitionRegistration> | null;
  readonly broker3?: Partial<BrokerRegistration>;
  readonly dials?: Partial<Dials>;
}

function verdict(proposal: Proposal, { partition, broker3, dials }: World = {}): ErrorCode {
  const registrationOf = (id: number): BrokerRegistration | undefined => {
    if (id === 9) return undefined;
    const broker = { id, epoch: 100 + id, incarnationId: `i${id}`, host: `broker-${id}`, rack: null };
    return { ...broker, fenced: false, inControlledShutdown: false, ...(id === 3 && broker3) };
  };
  return validateAlterPartition({
    brokerId: proposal.from ?? 1,
    partition: partition === null ? undefined : { ...PARTITION, ...partition },
    proposal: {
      partitionIndex: 0,
      leaderEpoch: proposal.leaderEpoch ?? 5,
      partitionEpoch: proposal.partitionEpoch ?? 10,
      leaderRecoveryState: proposal.recovery ?? "RECOVERED",
      newIsrWithEpochs: (proposal.isr ?? [1, 2, 3]).map((member) =>
        typeof member === "number"
          ? { brokerId: member, brokerEpoch: 100 + member }
          : { brokerId: member[0], brokerEpoch: member[1] },
      ),
    },
    registrationOf,
    dials: { "isr.brokerEpochCheck": true, "isr.rejectIneligibleReplica": true, ...dials },
  });
}

describe("AlterPartition validation, in order (coordination.md B3)", () => {
  test("a current proposal of the leader is accepted", () => {
    expect(verdict({})).toBe("NONE");
  });

  test.each<{ proposal: Proposal; world?: World; error: ErrorCode; because: string }>([
    { proposal: {}, world: { partition: null }, error: "UNKNOWN_TOPIC_OR_PARTITION", because: "there is no such partition" },
    {
      proposal: { leaderEpoch: 6 },
      error: "NOT_CONTROLLER",
      because: "the leader knows a newer leader epoch than the controller",
    },
    { proposal: { partitionEpoch: 11 }, error: "NOT_CONTROLLER", because: "the leader knows a newer partition epoch" },
    { proposal: { leaderEpoch: 4, partitionEpoch: 11 }, error: "NOT_CONTROLLER", because: "being behind comes before fencing" },
    { proposal: { leaderEpoch: 4 }, error: "FENCED_LEADER_EPOCH", because: "the leader epoch is old" },
    { proposal: { leaderEpoch: 4, from: 2 }, error: "FENCED_LEADER_EPOCH", because: "the epoch comes before the sender" },
    { proposal: { from: 2, partitionEpoch: 9 }, error: "INVALID_REQUEST", because: "the sender does not lead" },
    { proposal: { partitionEpoch: 9 }, error: "INVALID_UPDATE_VERSION", because: "the partition has changed since" },
    {
      proposal: { partitionEpoch: 9, isr: [1, 7] },
      error: "INVALID_UPDATE_VERSION",
      because: "the epoch comes before the content",
    },
    { proposal: { isr: [1, 7] }, error: "INVALID_REQUEST", because: "broker 7 is no replica" },
    { proposal: { isr: [1, 2, 2] }, error: "INVALID_REQUEST", because: "a member is named twice" },
    { proposal: { isr: [2, 3] }, error: "INVALID_REQUEST", because: "the leader is missing" },
    { proposal: { isr: [] }, error: "INVALID_REQUEST", because: "the leader is missing" },
    {
      proposal: { recovery: "RECOVERING" },
      world: { partition: { leaderRecoveryState: "RECOVERING" } },
      error: "INVALID_REQUEST",
      because: "a recovering leader is alone",
    },
    { proposal: { isr: [1], recovery: "RECOVERING" }, error: "INVALID_REQUEST", because: "recovery does not come back" },
    { proposal: { isr: [1, 9] }, error: "INELIGIBLE_REPLICA", because: "the member is not registered" },
    { proposal: {}, world: { broker3: { fenced: true } }, error: "INELIGIBLE_REPLICA", because: "the member is fenced" },
    {
      proposal: {},
      world: { broker3: { inControlledShutdown: true } },
      error: "INELIGIBLE_REPLICA",
      because: "the member is shutting down",
    },
    { proposal: { isr: [1, [3, 42]] }, error: "INELIGIBLE_REPLICA", because: "the member is another incarnation (KIP-903)" },
  ])("$error when $because", ({ proposal, world, error }) => {
    expect(verdict(proposal, world)).toBe(error);
  });

  test("a leader in recovery may say so alone, or that it is over", () => {
    const recovering = { partition: { isr: [1], leaderRecoveryState: "RECOVERING" } } as const;
    expect(verdict({ isr: [1], recovery: "RECOVERING" }, recovering)).toBe("NONE");
    expect(verdict({ isr: [1, 2], recovery: "RECOVERED" }, recovering)).toBe("NONE");
  });

  test("an unknown member epoch (-1) skips the incarnation check, not the others", () => {
    expect(verdict({ isr: [1, [3, -1]] })).toBe("NONE");
    expect(verdict({ isr: [1, [3, -1]] }, { broker3: { fenced: true } })).toBe("INELIGIBLE_REPLICA");
  });
});

describe("as releases before the fix", () => {
  test("before KIP-903 (isr.brokerEpochCheck=false) member epochs are ignored", () => {
    expect(verdict({ isr: [1, [3, 42]] }, { dials: { "isr.brokerEpochCheck": false } })).toBe("NONE");
  });

  test.each([{ fenced: true }, { inControlledShutdown: true }])(
    "before KIP-841 (isr.rejectIneligibleReplica=false) a member with %o is accepted",
    (broker3) => {
      expect(verdict({}, { broker3, dials: { "isr.rejectIneligibleReplica": false } })).toBe("NONE");
    },
  );

  test("the two dials are independent: a fenced member may pass, another incarnation of it may not", () => {
    const world = { broker3: { fenced: true }, dials: { "isr.rejectIneligibleReplica": false } };
    expect(verdict({ isr: [1, [3, 42]] }, world)).toBe("INELIGIBLE_REPLICA");
  });
});
