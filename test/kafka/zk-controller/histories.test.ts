/** Controllers over a real ensemble, under any history of faults: afterwards there is one, and everybody agrees. Coordination A3-A6. */
import { describe, expect, test } from "vitest";
import { type BrokerId, partitionName } from "../../../src/kafka/ids.ts";
import { RandomStream } from "../../../src/sim/random.ts";
import { RealCluster } from "./real-cluster.ts";

const ASSIGNMENT = [
  [1, 2, 3],
  [2, 3, 4],
  [3, 4, 1],
  [4, 1, 2],
];

function started(seed: string, dials: ConstructorParameters<typeof RealCluster>[0]["dials"] = {}): RealCluster {
  const c = new RealCluster({ seed, brokers: 4, dials });
  c.putTopic("orders", ASSIGNMENT);
  expect(c.states.size).toBe(4);
  return c;
}

const FAULTS = ["kill", "pause", "isolate from zookeeper", "isolate from brokers", "crash zookeeper", "reset"] as const;

/** A fault now, and its end after a while; sessions may expire meanwhile or not. */
function hurt(c: RealCluster, random: RandomStream): void {
  const fault = FAULTS[random.below(FAULTS.length)];
  const id = c.brokers[random.below(c.brokers.length)] as BrokerId;
  const node = `broker-${id}`;
  const server = c.zkServers[random.below(3)] as string;
  const { world } = c;
  const durationSeconds = random.below(12) + 1;
  switch (fault) {
    case "kill":
      world.crash(node);
      break;
    case "pause":
      world.pause(node);
      break;
    case "isolate from zookeeper":
      for (const each of c.zkServers) world.cut(node, each);
      break;
    case "isolate from brokers":
      for (const each of c.brokers) if (each !== id) world.cut(node, `broker-${each}`);
      break;
    case "crash zookeeper":
      world.crash(server);
      break;
    default:
      for (const each of c.zkServers) world.resetConnections(node, each);
  }
  c.runFor(durationSeconds);
  if (random.below(2) === 0) heal(c);
}

function heal(c: RealCluster): void {
  c.world.healAll();
  for (const name of [...c.zkServers, ...c.brokers.map((id) => `broker-${id}`)]) {
    c.world.resume(name);
    c.world.start(name);
  }
}

/** Everything is up again and has had its time; a broker whose old session had to run out first is started once more. */
function settle(c: RealCluster): void {
  for (let i = 0; i < 4; i++) {
    heal(c);
    c.runFor(15);
  }
}

function expectAgreement(c: RealCluster): void {
  expect(c.living().map(({ id }) => id)).toEqual([...c.brokers]);
  const active = c.living().filter(({ controller }) => controller.isActive);
  expect(active).toHaveLength(1);
  const [{ controller }] = active as [(typeof active)[number]];
  for (const broker of c.living()) expect(broker.controller.activeControllerId).toBe(controller.brokerId);
  expect(controller.thread.isIdle).toBe(true);
  expect(controller.context.liveOrShuttingDownBrokerIds()).toEqual([...c.brokers]);

  for (const partition of controller.context.allPartitions()) {
    const stored = c.states.get(partitionName(partition.topic, partition.partition));
    const cached = controller.context.leadership(partition);
    const { leader, leaderEpoch, isr, partitionEpoch } = stored ?? expect.fail("not in the store");
    expect(cached).toMatchObject({ leader, leaderEpoch, isr, partitionEpoch });
    expect(isr).toContain(leader);
    for (const id of controller.context.replicas(partition)) {
      const ordered = lastOrder(c, id, partition.partition);
      expect(ordered, `broker ${id} of ${partition.partition}`).toMatchObject({ leader, leaderEpoch, isr });
    }
  }
}

/** What the process that runs now was last ordered for the partition, by the newest leader epoch. */
function lastOrder(c: RealCluster, id: BrokerId, partition: number) {
  const states =
    c
      .broker(id)
      ?.got("LeaderAndIsr")
      .flatMap(({ topicStates }) => topicStates.flatMap((topic) => topic.partitionStates)) ?? [];
  return states
    .filter((state) => state.partitionIndex === partition)
    .sort((a, b) => a.leaderEpoch - b.leaderEpoch)
    .at(-1);
}

describe("after any history of faults there is one controller, its cache is what the store holds, and every replica has been told", () => {
  test.each(Array.from({ length: 12 }, (_, i) => `history-${i}`))("%s", (seed) => {
    const c = started(seed);
    const random = new RandomStream(seed, "faults");
    for (let i = 0; i < 8; i++) hurt(c, random);
    settle(c);
    expectAgreement(c);
    const epochs = c.of("ControllerActivated").map(({ epoch }) => epoch);
    expect(new Set(epochs).size).toBe(epochs.length);
    // The fence: what a controller writes, no controller before it overwrites.
    const writers = c.written.map(({ controllerEpoch }) => controllerEpoch);
    expect(writers).toEqual([...writers].sort((a, b) => a - b));
    for (const partition of ASSIGNMENT.keys()) {
      const leaderEpochs = c.written.filter((state) => state.partition === partition).map(({ leaderEpoch }) => leaderEpoch);
      expect(leaderEpochs).toEqual([...new Set(leaderEpochs)].sort((a, b) => a - b));
    }
  });
});
