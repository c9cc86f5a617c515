/** The scenarios in which the mutants are let loose: small clusters in which one rule at a time matters. */

/** Sessions are short, so that what takes a minute in Kafka is over in a few seconds. So are lag times, unless they must not matter. */
const QUICK = ["broker.heartbeat.interval.ms: 500", "broker.session.timeout.ms: 3000"];
const SHORT_LAG = "replica.lag.time.max.ms: 2000";

/**
 * `orders-0` on three brokers, led by broker-1, with a durable producer, a careless one and a consumer. A broker takes one
 * request of a connection at a time, so it is the careless one that fills the log beyond what is committed.
 */
function partition(options: {
  readonly name: string;
  readonly seconds: number;
  readonly faults: readonly string[];
  readonly assignment?: string;
  readonly minIsr?: number;
  readonly config?: readonly string[];
  readonly rate?: string;
}): string {
  const { name, seconds, faults, assignment = "[1, 2, 3]", minIsr = 2, config = [SHORT_LAG], rate = "20/s" } = options;
  return `
name: ${name}
cluster: { brokers: 3, controllers: 3, config: { ${[...QUICK, ...config].join(", ")} } }
topics:
  orders: { assignment: [${assignment}], config: { min.insync.replicas: ${minIsr} } }
producers:
  checkout: { topic: orders, rate: ${rate}, config: { acks: all, linger.ms: 0, request.timeout.ms: 1500, socket.connection.setup.timeout.ms: 1000 } }
  tracker: { topic: orders, rate: ${rate}, config: { acks: 1, linger.ms: 0 } }
consumers:
  billing: { topics: [orders], config: { auto.offset.reset: earliest } }
${faultList(faults)}
run: { for: ${seconds}s }
`;
}

/** Three controllers, whose log is all that matters; the brokers have something to do so that it goes on. */
function quorum(options: {
  readonly name: string;
  readonly seconds: number;
  readonly faults: readonly string[];
  readonly release?: string;
}): string {
  const { name, seconds, faults, release = "4.1" } = options;
  return `
name: ${name}
kafka: "${release}"
cluster: { brokers: 3, controllers: 3, config: { ${QUICK.join(", ")} } }
topics:
  orders: { partitions: 3, replication.factor: 3, config: { min.insync.replicas: 2 } }
${faultList(faults)}
run: { for: ${seconds}s }
`;
}

function faultList(faults: readonly string[]): string {
  return faults.length === 0 ? "" : `faults:\n${faults.map((fault) => `  - { ${fault} }`).join("\n")}`;
}

// ---- one partition ----

/** The leader dies as soon as a record is read, when the followers do not know yet that it is committed. */
export const FAILOVER = partition({
  name: "The leader dies",
  seconds: 12,
  faults: ["when: { event: RecordsRead, nth: 30 }, crash: leader(orders-0)", "after: 6s, restart: all"],
});

/** What the leader sends reaches the followers late: a record is long in its log before it is committed. */
export const SLOW_FOLLOWERS = partition({
  name: "The followers are far away",
  seconds: 12,
  rate: "50/s",
  faults: [
    "at: 1s, slow-link: broker-1, to: [broker-2, broker-3], by: 100ms",
    "at: 4s, crash: broker-1",
    "after: 5s, restart: broker-1",
  ],
});

/** The leader goes on for a while, with one client and no follower, and then comes back to another leader that had the other client. */
export const ISOLATED_LEADER = partition({
  name: "The leader is cut off from all but one producer",
  seconds: 16,
  minIsr: 1,
  rate: "50/s",
  faults: ["at: 2s, cut: broker-1, from: [broker-2, broker-3, controllers, checkout], for: 7s"],
});

/** Only one replica is left of three: too few for acks=all. */
export const LAST_ONE = partition({
  name: "Both followers die",
  seconds: 14,
  faults: ["at: 2s, crash: [broker-2, broker-3]", "after: 8s, restart: [broker-2, broker-3]"],
});

const LEAVE_AND_REJOIN = ["at: 2s, crash: broker-3", "after: 6s, restart: broker-3", "after: 3s, crash: broker-3"];

/** It has to be caught up in small pieces, and leaves once more. */
export const REJOIN = partition({
  name: "A follower leaves, comes back and leaves again",
  seconds: 18,
  config: ["replica.fetch.max.bytes: 2000"],
  rate: "50/s",
  faults: ["at: 1s, slow-link: broker-3, to: broker-1, by: 20ms", ...LEAVE_AND_REJOIN],
});

/** The same below min.insync.replicas, so that the ELR has a member meanwhile. */
export const REJOIN_FROM_ELR = partition({
  name: "A follower leaves a small ISR, comes back and leaves again",
  seconds: 18,
  minIsr: 3,
  config: [],
  faults: LEAVE_AND_REJOIN,
});

/** The first replica after the leader can't follow and leaves the ISR, but lives; then the leader dies. */
export const LIVE_OUTSIDER = partition({
  name: "A broker that lives, but is not in sync, when the leader dies",
  seconds: 16,
  assignment: "[1, 3, 2]",
  faults: ["at: 1s, cut: broker-3, from: broker-1", "at: 6s, crash: broker-1", "after: 5s, heal: all, restart: all"],
});

/** A follower can't reach the leader, which asks for an ISR without it. */
export const LAGGING_FOLLOWER = partition({
  name: "A follower lags",
  seconds: 8,
  faults: ["at: 1s, cut: broker-3, from: broker-1, for: 5s"],
});

/** The next leader has more than the one after it, and dies when its epoch has just begun: that whole epoch has to be cut. */
export const EPOCH_OF_NOTHING = partition({
  name: "Two leaders die one after the other, the last replica was behind",
  seconds: 20,
  rate: "50/s",
  faults: [
    "at: 1s, slow-link: broker-3, to: broker-1, by: 200ms",
    "at: 4s, crash: broker-1",
    "when: { event: BecameLeader, broker: broker-2, leaderEpoch: 1 }, crash: broker-2",
    "after: 6s, restart: broker-2",
  ],
});

/** No power is lost: the page cache keeps everything. */
export const ALL_CRASH = partition({
  name: "All brokers crash at once",
  seconds: 16,
  faults: ["at: 3s, crash: brokers", "after: 6s, restart: brokers"],
});

/** An eligible leader replica comes back without what it had not flushed, and can't copy it back. */
export const LOSSY_ELR_MEMBER = partition({
  name: "A member of the ELR loses power",
  seconds: 20,
  faults: [
    "at: 2s, crash: broker-3",
    "at: 7s, power-loss: broker-2",
    "after: 5s, restart: broker-2, cut: broker-2, from: broker-1",
    "after: 4s, heal: all, restart: all",
  ],
});

// ---- the metadata quorum ----

export const QUIET_QUORUM = quorum({
  name: "Controllers far from each other",
  seconds: 5,
  faults: ["at: 1s, slow-link: controllers, to: controllers, by: 50ms", "at: 3s, crash: broker-1"],
});

/** It appends what nobody replicates, until it gives up; the others go on in another epoch. */
export const ISOLATED_ACTIVE_CONTROLLER = quorum({
  name: "The active controller is cut off from the others",
  seconds: 16,
  faults: ["at: 3s, cut: active-controller, from: standby-controllers, for: 8s"],
});

/** The third one still hears both. */
export const HALF_CUT_VOTER = quorum({
  name: "One controller does not hear the active one",
  seconds: 18,
  faults: ["at: 7s, cut: active-controller, from: standby-controller, for: 6s"],
});

/** It lacks what was committed without it when the active one dies. */
export const LATE_VOTER = quorum({
  name: "A controller comes back from behind when the active one dies",
  seconds: 16,
  release: "3.9",
  faults: ["at: 2s, isolate: standby-controller, for: 6s", "at: 8s, crash: active-controller", "after: 4s, restart: all"],
});

/** The leader alone can't reach it, so that it lags; its first fetch from the next leader starts far back. */
export const LAGGING_VOTER = quorum({
  name: "A controller lags behind when the active one dies",
  seconds: 14,
  faults: [
    "at: 2s, cut: active-controller, from: standby-controller",
    "at: 6s, crash: active-controller",
    "after: 4s, heal: all, restart: all",
  ],
});

/** All three stand again at about the same time, and votes travel slowly. */
export const CONTESTED_ELECTION = quorum({
  name: "Two candidates in one epoch",
  seconds: 14,
  release: "3.9",
  faults: [
    "at: 2s, slow-link: controllers, to: controllers, by: 100ms",
    "at: 4s, crash: active-controller",
    "after: 100ms, restart: all",
  ],
});

/** It raises its epoch again and again, of which only its own disk knows. */
export const LONELY_CANDIDATE = quorum({
  name: "A controller campaigns alone and loses power",
  seconds: 16,
  release: "3.9",
  faults: ["at: 2s, isolate: standby-controller", "at: 10s, power-loss: standby-controller", "after: 1s, restart: all"],
});

export const CONTROLLERS_LOSE_POWER = quorum({
  name: "All controllers lose power at once",
  seconds: 12,
  faults: ["at: 3s, power-loss: controllers", "after: 1s, restart: controllers"],
});
