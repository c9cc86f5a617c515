/** The scenarios in which the mutants of ZooKeeper mode are let loose. */

/** A broker is known to be dead after a few seconds. */
const SHORT_SESSION = "zookeeper.session.timeout.ms: 4000";
const SHORT_LAG = "replica.lag.time.max.ms: 2000";
/** An order that is not answered is sent again soon. */
const SHORT_REQUESTS = ["request.timeout.ms: 2000", "socket.connection.setup.timeout.ms: 1000"];

/** Each broker leads one partition, and has no replica of another. */
const EVERYWHERE = "[[1, 2, 3], [2, 3, 4], [3, 4, 1], [4, 1, 2]]";

/** `orders` on four brokers, and a producer. Promises about what settles need a quiet minute after the last fault. */
function cluster(options: {
  readonly name: string;
  readonly seconds: number;
  readonly faults: readonly string[];
  readonly assignment?: string;
  readonly config?: readonly string[];
  /** The ensemble, and how it is set up. */
  readonly zookeeper?: string;
}): string {
  const { name, seconds, faults, assignment = EVERYWHERE, config = [SHORT_SESSION], zookeeper = "zookeeper: 3" } = options;
  return `
name: ${name}
cluster: { mode: zookeeper, brokers: 4, ${zookeeper}, config: { ${[SHORT_LAG, ...config].join(", ")} }, zookeeper-config: { tickTime: 500 } }
topics:
  orders: { assignment: ${assignment}, config: { min.insync.replicas: 2 } }
producers:
  checkout: { topic: orders, rate: 20/s, partition: round-robin, config: { acks: all, linger.ms: 0 } }
faults:
${faults.map((fault) => `  - { ${fault} }`).join("\n")}
run: { for: ${seconds}s }
`;
}

/** Longer than what promises about settling allow. */
const QUIET_SECONDS = 65;

// ---- the controller ----

/** It stands still in the middle of a decision, with a session that goes on, and has a successor when it wakes up. */
export const DEPOSED_CONTROLLER = cluster({
  name: "A controller stands still while another one is elected",
  seconds: 14,
  assignment: "[[1, 2, 3]]",
  faults: [
    "at: 2s, cut: standby-controller, from: zookeepers",
    "when: { message: ZkGetData, path: /brokers/topics/orders/partitions/0/state, from: active-controller }, pause: active-controller, for: 2s",
    "after: 10ms, heal: all",
    "when: BrokerRegistered, after: 300ms, delete-znode: /controller",
  ],
});

/** What it has told one broker arrives there after what its successor had to say. */
export const LATE_ORDERS = cluster({
  name: "An order is overtaken by another controller's",
  seconds: 12,
  faults: [
    "at: 2s, name: order, hold: { message: UpdateMetadata, to: standby-controller }",
    "after: 1ms, create-topic: { topic: audit, assignment: [[4, 3, 1]] }",
    "after: 1s, delete-znode: /controller",
    "after: 1s, reassign: { partition: audit-0, replicas: [4, 1, 3] }",
    "after: 1s, release: order",
  ],
});

/** Its leader lets it go, and takes it back, by way of the controller. */
export const REJOIN_BY_CONTROLLER = cluster({
  name: "A follower leaves the ISR and comes back, and then there is quiet",
  seconds: 12 + QUIET_SECONDS,
  assignment: "[[1, 2, 3]]",
  faults: ["at: 2s, cut: broker-3, from: broker-1, for: 6s"],
});

export const EXPIRED_BROKER = cluster({
  name: "A broker loses its session and gets another one",
  seconds: 14 + QUIET_SECONDS,
  faults: ["at: 2s, cut: standby-controller, from: zookeepers, for: 8s"],
});

/** It can't be told of the leader that takes over meanwhile. */
export const UNREACHABLE_FOLLOWER = cluster({
  name: "A leader dies while the controller can't reach a follower",
  seconds: 20 + QUIET_SECONDS,
  config: [SHORT_SESSION, ...SHORT_REQUESTS],
  faults: [
    "at: 2s, cut: active-controller, from: standby-controller, for: 14s",
    "at: 3s, crash: broker-4",
    "at: 18s, restart: all",
  ],
});

/** Its replicas fall behind, and nobody can ask it for an ISR without them. */
export const UNREACHABLE_CONTROLLER = cluster({
  name: "No broker reaches the controller",
  seconds: 14 + QUIET_SECONDS,
  config: [SHORT_SESSION, ...SHORT_REQUESTS],
  faults: ["at: 2s, cut: active-controller, from: standby-controllers, for: 8s"],
});

/** Its session owns two nodes. */
export const CONTROLLER_CRASH = cluster({
  name: "The controller dies",
  seconds: 12,
  faults: ["at: 2s, crash: active-controller", "after: 7s, restart: all"],
});

// ---- the ensemble ----

/** A server comes back that was away when the last epoch began, and the other that remembers it leads. */
export const RETURN_FROM_EARLIER_EPOCH = cluster({
  name: "A ZooKeeper server comes back that has missed an epoch",
  seconds: 20,
  faults: [
    "at: 1s, crash: zookeeper-1",
    "at: 2s, crash: zookeeper-3",
    "after: 500ms, restart: zookeeper-3",
    "after: 4s, crash: zookeeper-leader",
    "after: 500ms, restart: zookeeper-1",
    "after: 5s, restart: all",
  ],
});

/** What the leader alone has on disk when it dies was never committed. */
export const FOLLOWERS_LOSE_POWER = cluster({
  name: "The followers of the ensemble lose power before they have written what the leader wants to commit",
  seconds: 20,
  faults: [
    "at: 2s, slow-disk: zookeeper-followers, by: 500ms",
    "after: 10ms, create-topic: { topic: audit, partitions: 4, replication.factor: 3 }",
    "after: 100ms, power-loss: zookeeper-followers, for: 1s",
    "after: 0s, crash: zookeeper-leader, for: 8s",
  ],
});

/** Its partitions are made by many writes at once, which are committed together. */
export const NEW_TOPIC = cluster({
  name: "A topic is created",
  seconds: 5,
  faults: ["at: 2s, create-topic: { topic: audit, partitions: 16, replication.factor: 3 }"],
});

/** It does not give up for a while; meanwhile it is all that clients of the others can turn to. */
export const DEPOSED_ENSEMBLE_LEADER = cluster({
  name: "The leader of the ensemble is cut off and slow to notice",
  seconds: 20,
  config: ["zookeeper.session.timeout.ms: 9000"],
  zookeeper: "zookeeper: 5, per-node: { zookeeper-5: { zookeeper-config: { syncLimit: 40 } } }",
  faults: [
    "at: 2s, cut: zookeeper-5, from: zookeepers, for: 8s",
    "at: 6s, delete-znode: /controller",
    "after: 500ms, crash: [zookeeper-1, zookeeper-2, zookeeper-3, zookeeper-4]",
    "after: 3s, restart: all",
  ],
});
