/** Who leads, by strategy. Source: PartitionLeaderElectionAlgorithms; coordination A5. */
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import type { BrokerId } from "../../../src/kafka/ids.ts";
import type { Leadership } from "../../../src/kafka/zk-controller/controller-context.ts";
import {
  type ElectionQuestion,
  electLeader,
  initialLeadership,
  withoutReplica,
} from "../../../src/kafka/zk-controller/leader-election.ts";

/** Replicas 1, 2, 3, led by 1 in epoch 4, all in sync, all online. */
const CURRENT: Leadership = {
  leader: 1,
  leaderEpoch: 4,
  isr: [1, 2, 3],
  controllerEpoch: 2,
  leaderRecoveryState: "RECOVERED",
  partitionEpoch: 7,
};

function question(change: {
  readonly current?: Partial<Leadership>;
  readonly replicas?: readonly BrokerId[];
  readonly removing?: readonly BrokerId[];
  readonly online?: readonly BrokerId[];
  readonly shuttingDown?: readonly BrokerId[];
  readonly allowUnclean?: boolean;
}): ElectionQuestion {
  const { replicas = [1, 2, 3], shuttingDown = [] } = change;
  const online = change.online ?? replicas.filter((id) => !shuttingDown.includes(id));
  return {
    current: { ...CURRENT, ...change.current },
    assignment: { replicas, addingReplicas: [], removingReplicas: change.removing ?? [] },
    online: new Set(online),
    reachable: new Set([...online, ...shuttingDown]),
    shuttingDown: new Set(shuttingDown),
    allowUnclean: change.allowUnclean ?? false,
  };
}

describe("offline", () => {
  test("the first live member of the ISR in assignment order leads, the dead leave the ISR, the leader epoch rises (A5)", () => {
    const { elected, recipients } = electLeader("offline", question({ online: [2, 3], current: { isr: [3, 2, 1] } }));
    expect(elected).toMatchObject({ leader: 2, isr: [3, 2], leaderEpoch: 5, leaderRecoveryState: "RECOVERED" });
    expect(recipients).toEqual([2, 3]);
  });

  test("a live replica outside of the ISR does not lead, unless that is allowed", () => {
    const lost = { online: [2, 3], current: { isr: [1] } };
    expect(electLeader("offline", question(lost)).elected).toBeUndefined();
    expect(electLeader("offline", question({ ...lost, allowUnclean: true })).elected).toMatchObject({ leader: 2, isr: [2] });
  });

  test("an unclean leader starts as RECOVERING; a clean one keeps what the state was (KIP-704)", () => {
    const unclean = question({ online: [3], current: { isr: [1] }, allowUnclean: true });
    expect(electLeader("offline", unclean).elected?.leaderRecoveryState).toBe("RECOVERING");
    const clean = question({ current: { isr: [1], leaderRecoveryState: "RECOVERING" } });
    expect(electLeader("offline", clean).elected?.leaderRecoveryState).toBe("RECOVERING");
  });

  test("what is allowed is not needed while somebody in the ISR is alive", () => {
    const one = question({ online: [1, 3], current: { isr: [3] }, allowUnclean: true });
    expect(electLeader("offline", one).elected).toMatchObject({ leader: 3, isr: [3] });
  });
});

test("reassign: the first target replica that is live and in sync leads, the ISR stays, all target replicas hear of it (A5)", () => {
  const moving = question({ replicas: [4, 5, 1, 2], removing: [1, 2], online: [5, 1, 2], current: { isr: [1, 4, 5] } });
  const { elected, recipients } = electLeader("reassign", moving);
  expect(elected).toMatchObject({ leader: 5, isr: [1, 4, 5], leaderEpoch: 5 });
  expect(recipients).toEqual([4, 5]);
  const nobody = { ...moving, current: { ...CURRENT, isr: [1, 4] } };
  expect(electLeader("reassign", nobody).elected).toBeUndefined();
});

test("preferred: the first replica or nobody, the ISR stays (A5)", () => {
  const led = { current: { leader: 2, isr: [2, 1] } };
  expect(electLeader("preferred", question(led)).elected).toMatchObject({ leader: 1, isr: [2, 1], leaderEpoch: 5 });
  expect(electLeader("preferred", question({ ...led, online: [2, 3] })).elected).toBeUndefined();
  expect(electLeader("preferred", question({ current: { leader: 2, isr: [2, 3] } })).elected).toBeUndefined();
});

test("controlled shutdown: the first in sync that does not shut down leads, those that do leave the ISR but are told (A5, A8)", () => {
  const { elected, recipients } = electLeader("controlled-shutdown", question({ shuttingDown: [1] }));
  expect(elected).toMatchObject({ leader: 2, isr: [2, 3], leaderEpoch: 5 });
  expect(recipients).toEqual([1, 2, 3]);
  expect(
    electLeader("controlled-shutdown", question({ shuttingDown: [1, 2], current: { isr: [1, 2] } })).elected,
  ).toBeUndefined();
});

test("a new partition is led by its first live replica, all live replicas in sync, in epoch 0 (replication 5.1)", () => {
  expect(initialLeadership([3, 1, 2], new Set([1, 2]), 9)).toEqual({
    leader: 1,
    leaderEpoch: 0,
    isr: [1, 2],
    controllerEpoch: 9,
    leaderRecoveryState: "RECOVERED",
    partitionEpoch: 0,
  });
  expect(initialLeadership([3], new Set([1, 2]), 9)).toBeUndefined();
});

test("a replica that goes offline leaves the ISR in a new leader epoch; the last member stays, and leads nobody (A4)", () => {
  expect(withoutReplica(CURRENT, 2)).toMatchObject({ leader: 1, isr: [1, 3], leaderEpoch: 5 });
  expect(withoutReplica(CURRENT, 1)).toMatchObject({ leader: -1, isr: [2, 3], leaderEpoch: 5 });
  expect(withoutReplica({ ...CURRENT, isr: [1] }, 1)).toMatchObject({ leader: -1, isr: [1], leaderEpoch: 5 });
});

const brokers = fc.subarray([1, 2, 3, 4, 5]);
const strategies = fc.constantFrom("offline", "reassign", "preferred", "controlled-shutdown") as fc.Arbitrary<
  Parameters<typeof electLeader>[0]
>;

property.prop({
  strategy: strategies,
  replicas: fc.shuffledSubarray([1, 2, 3, 4, 5], { minLength: 1 }),
  isr: brokers,
  online: brokers,
  shuttingDown: brokers,
  allowUnclean: fc.boolean(),
})(
  "whoever is elected is a live replica in its own ISR, one epoch on, and was in the ISR before unless that was waived",
  ({ strategy, replicas, isr, online, shuttingDown, allowUnclean }) => {
    const before = replicas.filter((id) => isr.includes(id));
    const live = online.filter((id) => !shuttingDown.includes(id));
    const asked = question({ replicas, online: live, shuttingDown, allowUnclean, current: { isr: before } });
    const { elected } = electLeader(strategy, asked);
    if (elected === undefined) {
      if (strategy === "offline")
        expect(replicas.some((id) => live.includes(id) && (allowUnclean || before.includes(id)))).toBe(false);
      return;
    }
    expect(elected.leaderEpoch).toBe(CURRENT.leaderEpoch + 1);
    expect(elected.isr).toContain(elected.leader);
    expect(replicas).toContain(elected.leader);
    expect(live).toContain(elected.leader);
    if (strategy !== "offline" || !allowUnclean) expect(before).toContain(elected.leader);
    if (!before.includes(elected.leader)) expect(elected.isr).toEqual([elected.leader]);
  },
);
