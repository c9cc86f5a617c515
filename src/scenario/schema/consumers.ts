/** The schema of what reads: consumers by themselves, and the members of consumer groups. */
import { z } from "zod";
import { COMMIT_POLICIES } from "../../kafka/consumer/handler-spec.ts";
import { bad, good, type Reading, readDistribution, readDuration } from "../quantities.ts";
import { DELIVERIES } from "../spec.ts";
import { duration } from "./cluster.ts";
import { CONSUMER_CONFIG_SCHEMA } from "./config.ts";
import { named, object, oneOrMore, quantity, reading, wholeNumber, word } from "./kit.ts";

const TAKES = "a duration or a range of them, such as 5ms or 2ms..8ms";

const HANDLER_SHAPE = {
  takes: quantity(
    TAKES,
    "What one record takes: 5ms; 2ms..8ms; or lowest..median..p99..highest. Default: 0.",
    readDistribution,
  ).optional(),
  poison: object("poison", "A record that takes long or fails, whoever gets it, each time.", {
    producer: z.string().describe("Who sends it."),
    record: wholeNumber("Which of that producer's records, as {n} counts them: from 0.", 0),
    takes: duration("What it takes, each time. Default: 0.").optional(),
    attempts: wholeNumber("It fails, and is given up after so many attempts. Default: it does not fail.", 1).optional(),
  }).optional(),
  workers: wholeNumber(
    "Records are handed to so many threads, a partition's always to the same, and poll() goes on. Default: 0, the thread that polls works on them.",
    0,
    1_000,
  ).optional(),
  "on-revoke": duration("What onPartitionsRevoked takes, besides a commit. Default: 0.").optional(),
  "commit-on-revoke": z
    .boolean()
    .describe("Whether onPartitionsRevoked commits what has been processed. Default: with delivery: at-least-once.")
    .optional(),
  "finishes-lost-work": z
    .boolean()
    .describe("Whether records in hand are finished even when their partition is known to be lost. Default: false.")
    .optional(),
  "fencing-token": z
    .boolean()
    .describe("Whether effects go to a store (a node, billing-store) that refuses those of an older generation. Default: false.")
    .optional(),
};

const HANDLER_SCHEMA = z
  .union(
    [
      object("handler", "What the application does with its records.", HANDLER_SHAPE),
      quantity(TAKES, "What one record takes; without a group, what one record batch takes.", readDistribution),
    ],
    { error: () => `this must be ${TAKES}, or what the application does in detail` },
  )
  .describe("What the application does with each record (without a group: each record batch). Default: nothing that takes time.");
export type WrittenHandler = z.output<typeof HANDLER_SCHEMA>;

function every(description: string) {
  return quantity("a pace, such as every 10s", description, (text): Reading<number> => {
    const pace = /^every\s+(.+)$/.exec(text.trim())?.[1];
    if (pace === undefined) return bad(`\`${text}\` is not a pace`, "write how far they are apart, such as every 10s");
    return readDuration(pace);
  }).optional();
}

const FROM = "When it begins. Default: 0s.";
const UNTIL = "When it stops, as an application that is closed. Default: at the end.";

const MEMBERS = reading(
  z.int().max(1_000),
  "How many members of the group: billing-1, billing-2, … Each is a node. Default, with `group`: 1.",
  (members): Reading<number> =>
    members > 0 ? good(members) : bad(`a group of ${members} members reads nothing`, "write how many there are, from 1 up"),
);

const PER_MEMBER_SCHEMA = named(
  "members",
  "What differs on single members, by name.",
  object("a member", "What differs on this member.", {
    from: duration(FROM).optional(),
    until: duration(UNTIL).optional(),
    handler: HANDLER_SCHEMA.optional(),
    config: CONSUMER_CONFIG_SCHEMA.optional(),
  }),
);

export const CONSUMERS_SCHEMA = named(
  "consumers",
  "Applications that read, by name: each by itself, or, with `members` or `group`, the members of a consumer group.",
  object("a consumer", "An application that reads: partitions that it names itself, or its share of a group's.", {
    topics: oneOrMore("a topic", "The topics that it reads: every partition, or its share of them.").optional(),
    partitions: oneOrMore(
      "a partition, such as orders-0",
      "Without a group: single partitions that it reads: orders-0.",
    ).optional(),
    group: z
      .string()
      .regex(/^[^\s(),]+$/, "a group's name has no blanks, parentheses or commas")
      .describe("The group.id. Default: the name of this entry. Several entries may name one group.")
      .optional(),
    members: MEMBERS.optional(),
    spares: wholeNumber(
      "Further members that only a fault (restart, or the nemesis' join) starts. Default: 0.",
      0,
      1_000,
    ).optional(),
    delivery: word(
      "What the application is built for: at-least-once (commits what is processed, and when partitions are revoked) or at-most-once (commits first).",
      DELIVERIES,
    ).optional(),
    commit: word(
      "When offsets are committed: auto (enable.auto.commit); before the records of a poll are processed; after-poll; per-record; async, after each poll's records; none.",
      COMMIT_POLICIES,
    ).optional(),
    handler: HANDLER_SCHEMA.optional(),
    static: z
      .boolean()
      .describe("Whether members are static (KIP-345), with their node's name as group.instance.id. Default: false.")
      .optional(),
    "instance-ids": z
      .array(z.string().min(1))
      .min(1)
      .describe("The group.instance.id of each member, where it is not its node's name.")
      .optional(),
    "stands-in-for": z
      .string()
      .describe("A static member whose group.instance.id this one takes as well, as a second process that is started for it.")
      .optional(),
    racks: z
      .array(z.string().regex(/^[A-Za-z0-9_-]+$/, "a rack's name is letters, digits, - and _"))
      .min(1)
      .describe("Racks, dealt out to the members in turn: their client.rack, and where they stand.")
      .optional(),
    join: every("How far apart members begin: every 10s. Default: all at once."),
    leave: every("How far apart members stop, from `until` on: every 10s. Default: all at once."),
    from: duration(FROM).optional(),
    until: duration(UNTIL).optional(),
    "restart-after": quantity(
      "a duration, such as 5s, or never",
      "How long after a member has ended by itself it is started again; or never. Default: 5s.",
      (text): Reading<number | "never"> => (text === "never" ? good(text) : readDuration(text)),
    ).optional(),
    config: CONSUMER_CONFIG_SCHEMA.optional(),
    "per-member": PER_MEMBER_SCHEMA.optional(),
    "relies-on": oneOrMore(
      "an invariant",
      "Invariants that this application relies on: what Kafka does not promise of them is not excused.",
    ).optional(),
  }),
);
