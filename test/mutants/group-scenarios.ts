/** The scenarios in which the mutants of consumer groups and clients are let loose. */

/** Sessions are short, so that what takes a minute in Kafka is over in a few seconds, and all groups have one coordinator. */
const QUICK = [
  "broker.heartbeat.interval.ms: 500",
  "broker.session.timeout.ms: 3000",
  "replica.lag.time.max.ms: 2000",
  "offsets.topic.num.partitions: 1",
  "group.initial.rebalance.delay.ms: 0",
  "group.consumer.session.timeout.ms: 6000",
  "group.consumer.heartbeat.interval.ms: 1000",
];

const CLASSIC = ["session.timeout.ms: 6000", "heartbeat.interval.ms: 1000", "max.poll.interval.ms: 10000"];
/** The protocol of KIP-848. */
const NEW = ["group.protocol: consumer", "max.poll.interval.ms: 10000"];

/** Longer than promises about settling allow: a minute, a session, and what members may take between polls. */
const QUIET_SECONDS = 84;

/** The group `billing` reads `orders`, of four partitions on three brokers. */
function group(options: {
  readonly name: string;
  readonly seconds: number;
  readonly billing: string;
  readonly consumer?: readonly string[];
  readonly config?: readonly string[];
  readonly checkout?: string;
  readonly producer?: readonly string[];
  readonly partitions?: number;
  readonly more?: string;
  readonly faults?: readonly string[];
}): string {
  const {
    name,
    seconds,
    billing,
    consumer = CLASSIC,
    config = [],
    checkout = "rate: 20/s, partition: round-robin",
    producer = [],
  } = options;
  const { partitions = 4, more = "", faults = [] } = options;
  return `
name: ${name}
cluster: { brokers: 3, controllers: 1, config: { ${[...QUICK, ...config].join(", ")} } }
topics:
  orders: { partitions: ${partitions}, replication.factor: 3, config: { min.insync.replicas: 2 } }
  audit: { partitions: 2, replication.factor: 3 }
producers:
  checkout: { topic: orders, ${checkout}, config: { ${["acks: all", ...producer].join(", ")} } }
consumers:
  billing: { topics: [orders], ${billing}, config: { ${["auto.offset.reset: earliest", ...consumer].join(", ")} } }
${more}
${faults.length === 0 ? "" : `faults:\n${faults.map((fault) => `  - { ${fault} }`).join("\n")}`}
run: { for: ${seconds}s }
`;
}

/** Batches hold several records. */
const IN_BATCHES = ["linger.ms: 200"];

// ---- one client ----

export const SMALL_POLLS = group({
  name: "A poll returns less than a batch",
  seconds: 4,
  billing: "members: 1, delivery: at-least-once, handler: 20ms",
  consumer: [...CLASSIC, "max.poll.records: 3"],
  checkout: "rate: 100/s",
  producer: ["linger.ms: 50"],
  partitions: 1,
});

/** Its successor learns late how far the last replica is, and so what is committed. */
export const SLOW_SUCCESSION = group({
  name: "A leader dies when a record has been read, and its followers are far from each other",
  seconds: 12,
  billing: "members: 1, commit: auto",
  partitions: 1,
  faults: [
    "at: 1s, slow-link: followers(orders-0), to: followers(orders-0), by: 1s",
    "when: { event: RecordsRead, nth: 30 }, crash: leader(orders-0)",
  ],
});

/** Its successor is known to the producer long before the request to it is given up. */
export const SILENT_LEADER = group({
  name: "A leader stands still with a request, and another one takes over",
  seconds: 14,
  billing: "members: 1, delivery: at-least-once",
  checkout: "rate: 40/s, partition: round-robin",
  producer: ["max.in.flight.requests.per.connection: 1", "request.timeout.ms: 6000", "metadata.max.age.ms: 610", "linger.ms: 0"],
  faults: ["at: 1.8s, pause: leader(orders-0), for: 9s"],
});

// ---- rebalances ----

/** The second member comes while the first one works; what is taken from the first is given up slowly. */
function newcomer(name: string, billing: string, consumer: readonly string[]): string {
  return group({ name, seconds: 14, billing: `members: 2, join: every 4s, ${billing}`, consumer });
}

const SLOW_REVOCATION = "delivery: at-least-once, handler: { on-revoke: 3s }";
const COOPERATIVE = [...CLASSIC, "partition.assignment.strategy: cooperative-sticky"];

export const COOPERATIVE_NEWCOMER = newcomer("A member joins a cooperative group", SLOW_REVOCATION, COOPERATIVE);

/** Who relies on it has its partitions owned throughout. */
export const UNDISTURBED_NEWCOMER = newcomer(
  "A member joins, and whoever keeps a partition goes on with it",
  "delivery: at-least-once, relies-on: RebalancePause",
  COOPERATIVE,
);

export const KIP_848_NEWCOMER = newcomer("A member joins a group of KIP-848", SLOW_REVOCATION, NEW);

export const WORKING_NEWCOMER = newcomer(
  "A member joins while another one has workers",
  "delivery: at-least-once, handler: { takes: 150ms, workers: 1 }",
  CLASSIC,
);

/** It relies on it that nobody works on what is another one's. */
export const TIDY_NEWCOMER = newcomer(
  "A member joins while another one has workers, which leave what is taken away",
  "delivery: at-least-once, handler: { takes: 150ms, workers: 1 }, relies-on: GroupExclusiveOwnership",
  CLASSIC,
);

export const DIFFERENT_SUBSCRIPTIONS = group({
  name: "Members that subscribe to different topics",
  seconds: 5,
  billing: "members: 1, delivery: at-least-once",
  consumer: [...CLASSIC, "partition.assignment.strategy: roundrobin"],
  more: `  auditing:
    topics: [orders, audit]
    group: billing
    delivery: at-least-once
    config: { ${[...CLASSIC, "partition.assignment.strategy: roundrobin", "auto.offset.reset: earliest"].join(", ")} }`,
});

/** What the first member had comes back to it. */
export const CONTINUED_ELSEWHERE = group({
  name: "A member comes and goes",
  seconds: 14,
  billing: "members: 2, commit: per-record, per-member: { billing-2: { from: 3s, until: 9s } }",
});

/** Three members for four partitions. */
export const UNEVEN_SHARES = group({
  name: "Members get unequal shares",
  seconds: 5,
  billing: "members: 3, delivery: at-least-once",
});

/** It waits for a member that works, and its connection breaks again and again. */
export const INTERRUPTED_JOIN = group({
  name: "A member's connection breaks while it waits to join",
  seconds: 20,
  billing: "members: 2, join: every 4s, delivery: at-least-once, handler: { on-revoke: 8s }",
  faults: [5, 6, 7, 8, 9].map((at) => `at: ${at}s, reset: billing-2`),
});

// ---- members and coordinators that fail ----

export const SILENT_DEPARTURE = group({
  name: "A member dies, and its coordinator at the same time",
  seconds: 6 + QUIET_SECONDS,
  billing: "members: 2, delivery: at-least-once",
  checkout: "rate: 5/s, partition: round-robin",
  faults: ["at: 5s, crash: [billing-2, coordinator(billing)]"],
});

/** It is still there, and a member no longer. */
export const RETURN_OF_THE_EXPELLED = group({
  name: "A member stands still for longer than its session, and goes on",
  seconds: 13 + QUIET_SECONDS,
  billing: "members: 2, delivery: at-least-once",
  checkout: "rate: 5/s, partition: round-robin",
  faults: ["at: 3s, pause: billing-1, for: 8s"],
});

export const KIP_848_DEPARTURE = group({
  name: "A member of KIP-848 dies",
  seconds: 6 + QUIET_SECONDS,
  billing: "members: 2, delivery: at-least-once",
  consumer: NEW,
  checkout: "rate: 5/s, partition: round-robin",
  faults: ["at: 5s, crash: billing-2"],
});

/** The others have got what they have in a high epoch. */
export const KIP_848_FAILOVER = group({
  name: "The coordinator of a group of KIP-848 dies, and then a member leaves",
  seconds: 18,
  billing: "members: 3, join: every 1s, delivery: at-least-once, per-member: { billing-1: { until: 14s } }",
  consumer: NEW,
  faults: ["at: 7s, crash: coordinator(billing)"],
});

/** It has its successor before the first member has given up what it is to. */
export const KIP_848_FAILOVER_IN_REBALANCE = group({
  name: "The coordinator of a group of KIP-848 dies while a member revokes partitions",
  seconds: 18,
  billing: "members: 2, join: every 4s, delivery: at-least-once, handler: { on-revoke: 7s }",
  consumer: NEW,
  faults: ["when: { event: MemberReconciled, state: UNREVOKED_PARTITIONS }, crash: coordinator(billing)"],
});

/** It does not hear that it is in a new epoch, and says so with what it has. */
export const KIP_848_LOST_ANSWER = group({
  name: "A member of KIP-848 is not told of its new epoch",
  seconds: 10,
  billing: "members: 2, join: every 4s, delivery: at-least-once",
  consumer: NEW,
  faults: ["when: { event: MemberReconciled, state: STABLE, memberEpoch: 2 }, reset: billing-1"],
});

/** It was working on records when it stood still, and wants to commit them when it goes on. */
export const KIP_848_ZOMBIE = group({
  name: "A member of KIP-848 stands still for longer than its session",
  seconds: 22,
  billing: "members: 2, delivery: at-least-once, handler: 20ms",
  consumer: NEW,
  checkout: "rate: 40/s, partition: round-robin",
  producer: IN_BATCHES,
  faults: ["when: { event: RecordsProcessed, client: billing-1, nth: 60 }, pause: billing-1, for: 12s"],
});

/** What it still writes must not count. */
export const FENCED_ZOMBIE = group({
  name: "A zombie writes to a store that looks at tokens",
  seconds: 22,
  billing:
    "members: 2, delivery: at-least-once, handler: { takes: 20ms, fencing-token: true }, relies-on: GroupExclusiveOwnership",
  checkout: "rate: 40/s, partition: round-robin",
  producer: IN_BATCHES,
  faults: ["when: { event: RecordsProcessed, client: billing-1, nth: 60 }, pause: billing-1, for: 12s"],
});

/** Nothing is committed between the failover and the rebalance. */
export const FAILOVER_AND_REBALANCE = group({
  name: "A member takes over what was committed with a coordinator that has died",
  seconds: 20,
  billing: "members: 2, delivery: at-least-once, per-member: { billing-1: { until: 14s } }",
  checkout: "rate: 20/s, until: 6s, partition: round-robin",
  faults: ["at: 8s, crash: coordinator(billing)"],
});

/** Its members live, and have nothing to commit. */
export const QUIET_TOPIC = group({
  name: "Nothing is produced for longer than offsets are kept",
  seconds: 85,
  billing: "members: 2, delivery: at-least-once",
  config: ["offsets.retention.minutes: 1", "offsets.retention.check.interval.ms: 5000"],
  checkout: "rate: 20/s, until: 4s, partition: round-robin",
  faults: ["at: 6s, crash: coordinator(billing)"],
});

// ---- applications ----

export const AUTO_COMMIT = group({
  name: "A slow application and auto-commit",
  seconds: 6,
  billing: "members: 1, commit: auto, handler: 20ms",
  consumer: [...CLASSIC, "auto.commit.interval.ms: 500"],
  producer: IN_BATCHES,
});

export const WORKERS = group({
  name: "Three workers",
  seconds: 6,
  billing: "members: 1, delivery: at-least-once, handler: { takes: 1ms..60ms, workers: 3 }",
  checkout: 'rate: 50/s, key: "k{n % 3}"',
  partitions: 1,
});

export const POISON = group({
  name: "A record that fails",
  seconds: 6,
  billing:
    "members: 1, delivery: at-least-once, handler: { takes: 2ms, poison: { producer: checkout, record: 45, takes: 10ms, attempts: 3 } }, relies-on: ExactlyOnceEffects",
  checkout: "rate: 50/s",
  producer: IN_BATCHES,
  partitions: 1,
});
