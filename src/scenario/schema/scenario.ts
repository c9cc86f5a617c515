/** The schema of a whole scenario. */
import { z } from "zod";
import { readBounds, readDurationBounds, readSeed } from "../quantities.ts";
import { EXHIBIT_KINDS } from "../spec.ts";
import {
  CLOCKS_SCHEMA,
  CLUSTER_SCHEMA,
  DISKS_SCHEMA,
  duration,
  NETWORK_SCHEMA,
  RELEASE_SCHEMA,
  TOPICS_SCHEMA,
} from "./cluster.ts";
import { DIAL_NAMES, DIALS_SCHEMA } from "./config.ts";
import { CONSUMERS_SCHEMA } from "./consumers.ts";
import { EDITS_SCHEMA } from "./edits.ts";
import { FAULT_SCHEMA, GOAL_SCHEMA, NEMESIS_SCHEMA } from "./faults.ts";
import { named, object, oneOrMore, quantity, wholeNumber, word } from "./kit.ts";
import { NOTES_SCHEMA } from "./notes.ts";
import { PRODUCERS_SCHEMA } from "./producers.ts";
import { RECORDED_SCHEMA } from "./recorded.ts";

function count(description: string) {
  return quantity('a number of records, such as 0, ">0" or 1..5', description, readBounds).optional();
}

const EXPECT_SHAPE = {
  violates: oneOrMore(
    "an invariant",
    "Invariants that the run must violate, each at least once. Others may be, too. Default: none, and then none may be.",
  ).optional(),
  records: object("records", "How many records must have met which fate.", {
    lost: count("Acknowledged, and lost against Kafka's promise. Default: 0 unless `violates` says otherwise."),
    "legally-lost": count("Acknowledged, and lost as this configuration allows (acks=0 or 1)."),
    duplicated: count("In the log more than once."),
    failed: count("Given up by the producer, which said so."),
    delayed: count("Acknowledged, but later than a second after they were sent."),
  }).optional(),
  groups: named(
    "groups",
    "What must have become of the records in a consumer group, by its group.id.",
    object("a group", "How many records of the group must have met which fate, and how it must have fared.", {
      "processed-once": count("Records that had an effect."),
      "processed-again": count("Effects beyond the first of a record."),
      skipped: count("Records that the group went past without processing them."),
      "out-of-order": count("Records processed after a later one of the same key."),
      "given-up": count("Records that the application gave up."),
      unprocessed: count("Records that the group had not reached when the run ended."),
      lag: count("Records behind the group's committed offsets when the run ended."),
      "highest-lag": count("The same at its highest."),
      rebalances: count("Generations, or group epochs, after the first."),
      ownerless: quantity(
        "a range of durations, such as ..10s",
        "Time in which a partition had no owner, summed over partitions: ..10s.",
        readDurationBounds,
      ).optional(),
    }),
  ).optional(),
  "longest-outage": quantity(
    "a range of durations, such as 30s..45s",
    "The longest stretch without an acknowledgement that a producer met: 30s..45s, ..10s.",
    readDurationBounds,
  ).optional(),
  reaches: z
    .array(GOAL_SCHEMA)
    .min(1)
    .describe("What must happen at least once (or `nth` times), lest the run prove nothing.")
    .optional(),
};

const BY_MODE_SHAPE = {
  ...EXPECT_SHAPE,
  kraft: object("expect", "What to expect besides in KRaft mode, or instead.", EXPECT_SHAPE).optional(),
  zookeeper: object("expect", "What to expect besides in ZooKeeper mode, or instead.", EXPECT_SHAPE).optional(),
};

const EXPECT_SCHEMA = object("expect", "How the run must end. By default nothing is violated and nothing lost.", BY_MODE_SHAPE);
export type WrittenExpect = z.output<typeof EXPECT_SCHEMA>;

const POSITION = z.union([z.boolean(), z.string(), z.number()], {
  error: () => "this must be one value: a text, a number, on or off",
});

const EXHIBIT_SCHEMA = object(
  "exhibit",
  "A documented failure. One file, two runs: the same faults and seed, with one switch at its old and at its new position.",
  {
    source: z
      .string({ error: () => "this must be a text" })
      .min(1)
      .describe("Where it is documented: KAFKA-2729, KIP-966."),
    kind: word(
      "bug: fixed in some release. open: fixed in none. by-design: nothing better is promised. control: a guard that Kafka always had, taken away.",
      EXHIBIT_KINDS,
    ),
    dial: z
      .enum(DIAL_NAMES as [string, ...string[]])
      .describe("The switch: a dial.")
      .optional(),
    set: z
      .string({ error: () => "this must be a text" })
      .describe("The switch, where it is no dial: a setting of Kafka, or a path in the file, as --set takes it.")
      .optional(),
    old: POSITION.describe("The position before the fix. Default, of a dial: what the newest release does not have.").optional(),
    new: POSITION.describe("The position since the fix. Default, of a dial: what the newest release has.").optional(),
    violates: oneOrMore("an invariant", "What the old position violates.").optional(),
    "old-expect": object("old-expect", "What else to expect at the old position.", BY_MODE_SHAPE).optional(),
    "new-expect": object("new-expect", "What to expect at the new position. Default: `expect`.", BY_MODE_SHAPE).optional(),
  },
);

export const SCENARIO_SCHEMA = object(
  "the scenario",
  "A scenario for kafka-sim: a cluster, its clients, what goes wrong, and how it must end.",
  {
    $schema: z.string().describe("Where the schema of this file is, for editors.").optional(),
    name: z
      .string({ error: () => "this must be a text" })
      .min(1)
      .describe("What the scenario is called."),
    about: z.string().describe("What happens in it and why, for someone who is learning Kafka.").optional(),
    tags: z.array(z.string()).describe("Words to find it by.").optional(),
    kafka: RELEASE_SCHEMA.optional(),
    seed: quantity("a whole number", "The seed of the run. Default: 1.", readSeed).optional(),
    cluster: CLUSTER_SCHEMA.optional(),
    dials: DIALS_SCHEMA.optional(),
    topics: TOPICS_SCHEMA.optional(),
    producers: PRODUCERS_SCHEMA.optional(),
    consumers: CONSUMERS_SCHEMA.optional(),
    network: NETWORK_SCHEMA.optional(),
    disks: DISKS_SCHEMA.optional(),
    clocks: CLOCKS_SCHEMA.optional(),
    faults: z.array(FAULT_SCHEMA).describe("What goes wrong, in order.").optional(),
    nemesis: NEMESIS_SCHEMA.optional(),
    run: object("run", "How long it goes on.", {
      for: duration("Virtual time. Default: 60s.").optional(),
      "max-events": wholeNumber("Steps after which the run is given up as undecided.", 1).optional(),
      settle: duration(
        "Virtual time after that, without new records, in which what is on its way can arrive. Default: 0s.",
      ).optional(),
    }).optional(),
    expect: EXPECT_SCHEMA.optional(),
    exhibit: EXHIBIT_SCHEMA.optional(),
    edits: EDITS_SCHEMA.optional(),
    notes: NOTES_SCHEMA.optional(),
    recorded: RECORDED_SCHEMA.optional(),
  },
);
export type WrittenScenario = z.output<typeof SCENARIO_SCHEMA>;
