/** Administrators at work while brokers come and go: whole servers around a store that does what the test says. */
import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../src/base/units.ts";
import type { MetadataResponse } from "../../../src/kafka/messages/metadata.ts";
import {
  CONTROLLER_PATH,
  DELETE_TOPICS_PATH,
  type PartitionStateZnode,
  PREFERRED_ELECTION_PATH,
  partitionStatePath,
  REASSIGN_PARTITIONS_PATH,
  TOPICS_PATH,
  type TopicZnode,
  topicPath,
} from "../../../src/kafka/zk/znodes.ts";
import { RandomStream } from "../../../src/sim/random.ts";
import { ServerWorld } from "../zk-broker/server-world.ts";

const BROKERS = [1, 2, 3, 4];
const TOPICS = ["bills", "carts", "mails"];
const AUTO = { numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] };

/** One thing that an administrator asks for, or that happens to a broker, and a while in which it takes its course. */
function happen(world: ServerWorld, random: RandomStream): void {
  const topic = random.pick(TOPICS);
  const controller = world.controllerId ?? 1;
  const someReplicas = () => random.shuffled(BROKERS).slice(0, 1 + random.below(3));
  const broker = random.pick(BROKERS);
  switch (random.below(10)) {
    case 0:
    case 1:
      world.send(controller, "CreateTopics", {
        timeoutMs: 5_000,
        topics: [{ ...AUTO, name: topic, numPartitions: 1 + random.below(4), replicationFactor: 1 + random.below(3) }],
      });
      break;
    case 2:
      world.send(controller, "DeleteTopics", { timeoutMs: 5_000, topicNames: [topic] });
      break;
    case 3:
    case 4: {
      const partitions = [0, 1].map((partitionIndex) => ({
        partitionIndex,
        replicas: random.chance(1, 4) ? null : someReplicas(),
      }));
      world.send(controller, "AlterPartitionReassignments", { timeoutMs: 5_000, topics: [{ name: topic, partitions }] });
      break;
    }
    case 5: {
      const partitions = [{ topic, partition: 0, replicas: someReplicas() }];
      world.write({ op: "create", path: REASSIGN_PARTITIONS_PATH, data: Object.freeze({ partitions }), mode: "PERSISTENT" });
      break;
    }
    case 6:
      world.send(controller, "ElectLeaders", { electionType: "PREFERRED", timeoutMs: 5_000, topicPartitions: null });
      world.write({
        op: "create",
        path: PREFERRED_ELECTION_PATH,
        data: Object.freeze({ partitions: [{ topic, partition: 0 }] }),
        mode: "PERSISTENT",
      });
      break;
    case 7: {
      if (!world.isUp(broker)) break;
      const session = world.isRegistered(broker) ? world.sessionOf(broker) : undefined;
      world.world.crash(`broker-${broker}`);
      if (session !== undefined && random.chance(1, 2)) world.expire(session);
      break;
    }
    case 8:
      if (random.chance(1, 2)) world.write({ op: "delete", path: CONTROLLER_PATH, version: -1 });
      else if (world.isUp(broker)) world.world.requestShutdown(`broker-${broker}`);
      break;
    default:
      heal(world);
  }
  world.runFor(ms(random.below(3_000)));
}

/** Whoever is down starts again; the session that it had before has run out by then. */
function heal(world: ServerWorld): void {
  for (const id of BROKERS) {
    if (world.isUp(id)) continue;
    if (world.isRegistered(id)) world.expire(world.sessionOf(id));
    world.start(id);
  }
}

function storedTopics(world: ServerWorld): [name: string, znode: TopicZnode][] {
  const isTopic = (path: string) => path.startsWith(`${TOPICS_PATH}/`) && !path.slice(TOPICS_PATH.length + 1).includes("/");
  return [...world.tree].flatMap(([path, { data }]) =>
    isTopic(path) ? [[path.slice(TOPICS_PATH.length + 1), data as TopicZnode]] : [],
  );
}

function metadataOf(world: ServerWorld, broker: number): MetadataResponse {
  const sent = world.send(broker, "Metadata", { topics: null });
  world.runFor(ms(100));
  return world.answer("Metadata", sent) ?? expect.fail(`broker ${broker} does not answer`);
}

/**
 * Whoever is asked says what the store says. Not every wish comes true: a reassignment that drops the only replica in sync has
 * lost the partition (KRaft would refuse it), and a replica that its broker kept from an earlier topic stays out of sync.
 */
function expectAgreement(world: ServerWorld): void {
  const paths = [...world.tree.keys()];
  expect(paths.filter((path) => path.startsWith(`${DELETE_TOPICS_PATH}/`))).toEqual([]);
  expect(paths).not.toContain(PREFERRED_ELECTION_PATH);
  const topics = storedTopics(world);
  for (const topic of TOPICS.filter((name) => !topics.some(([stored]) => stored === name))) {
    expect(paths.filter((path) => path.startsWith(topicPath(topic)))).toEqual([]);
  }
  const stored = topics.flatMap(([topic, { partitions }]) =>
    partitions.map(({ replicas, addingReplicas, removingReplicas }, partition) => {
      const name = `${topic}-${partition}`;
      const state = world.tree.get(partitionStatePath(topic, partition))?.data as PartitionStateZnode;
      const inSync = state.isr.filter((broker) => replicas.includes(broker));
      expect(state.leader, name).toBe(inSync.length === 0 ? -1 : inSync.find((broker) => broker === state.leader));
      const target = replicas.filter((broker) => !removingReplicas.includes(broker));
      if (addingReplicas.length + removingReplicas.length > 0) {
        expect(
          target.every((broker) => state.isr.includes(broker)),
          `${name} waits for somebody`,
        ).toBe(false);
      }
      return `${name} ${state.leader}/${state.leaderEpoch} of ${replicas}`;
    }),
  );
  for (const broker of BROKERS) {
    const known = metadataOf(world, broker).topics.flatMap(({ name, partitions }) =>
      partitions.map((each) => `${name}-${each.partitionIndex} ${each.leaderId}/${each.leaderEpoch} of ${each.replicaNodes}`),
    );
    expect(known.sort(), `broker ${broker}`).toEqual([...stored].sort());
  }
}

const ERAS = [
  { era: "3.9", dials: {} },
  { era: "leaders write the ISR (before 2.7)", dials: { "isr.alterPartition": false } },
  {
    era: "one request after the other (before 1.1)",
    dials: { "isr.alterPartition": false, "controller.pipelineZkRequests": false },
  },
  { era: "topics have no id (before 2.8)", dials: { "topic.identifyById": false } },
];

describe("whatever administrators ask for while brokers come and go, in the end all agree about it", () => {
  test.each(ERAS)("$era", ({ era, dials }) => {
    const reached = { topicsDeleted: 0, reassignmentsBegun: 0, reassignmentsDone: 0, failovers: 0 };
    for (let i = 0; i < 6; i++) {
      const random = new RandomStream(`${era} ${i}`, "history");
      const config = { "controlled.shutdown.retry.backoff.ms": 500, "replica.lag.time.max.ms": 5_000 };
      const world = new ServerWorld({ brokers: BROKERS.length, config, dials }).startAll();
      for (let step = 0; step < 25; step++) happen(world, random);
      for (let round = 0; round < 3; round++) {
        heal(world);
        world.runFor(seconds(20));
      }
      expectAgreement(world);
      for (const op of writesOf(world)) {
        if (op.op === "delete" && TOPICS.some((topic) => op.path === topicPath(topic))) reached.topicsDeleted += 1;
        if (op.op !== "setData" || !TOPICS.some((topic) => op.path === topicPath(topic))) continue;
        const moving = (op.data as TopicZnode).partitions.some(({ addingReplicas }) => addingReplicas.length > 0);
        if (moving) reached.reassignmentsBegun += 1;
        else reached.reassignmentsDone += 1;
      }
      reached.failovers += world.of("ControllerFailoverCompleted").length - 1;
    }
    for (const [what, count] of Object.entries(reached)) expect(count, what).toBeGreaterThan(3);
  });
});

/** Those of controllers. */
function writesOf(world: ServerWorld) {
  return world.arrived.flatMap(({ request }) => (request.op === "multi" ? request.ops : []));
}
