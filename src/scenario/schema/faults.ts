/** The schema of what goes wrong: faults, their triggers, and the nemesis. */
import { z } from "zod";
import { API_NAMES } from "../../kafka/messages/apis.ts";
import { ZK_CLIENT_MESSAGE_KINDS } from "../../kafka/zookeeper/client-protocol.ts";
import { ZK_QUORUM_MESSAGE_KINDS } from "../../kafka/zookeeper/quorum-messages.ts";
import { EVENT_FIELDS, EVENT_KINDS } from "../event-fields.ts";
import { NEMESIS_FAULTS } from "../fault-spec.ts";
import type { MessageKind } from "../patterns.ts";
import { readDrift, readDuration, readDurationRange } from "../quantities.ts";
import { A_DURATION, duration, PARTITIONS_MAX, TOPIC_SHAPE } from "./cluster.ts";
import { object, oneOrMore, quantity, wholeNumber, word } from "./kit.ts";

/** Every request with its response; then what ZooKeeper's clients and servers say. */
export const MESSAGE_KINDS: readonly MessageKind[] = [
  ...API_NAMES.flatMap((api) => [api, `${api}Response`] as const),
  ...(ZK_CLIENT_MESSAGE_KINDS as readonly `Zk${string}`[]),
  ...ZK_QUORUM_MESSAGE_KINDS,
];

const SELECTORS =
  "names, brokers, controllers, zookeepers, clients, servers, all, rack(a), leader(orders-0), follower(orders-0), " +
  "followers(orders-0), replicas(orders-0), isr(orders-0), preferred(orders-0), active-controller, standby-controller, " +
  "standby-controllers, zookeeper-leader, zookeeper-follower, zookeeper-followers, members(billing), member(billing), " +
  "owner(billing orders-0), coordinator(billing)";
const A_NODE = "a node, such as broker-1 or leader(orders-0)";

function nodes(description: string) {
  return oneOrMore(A_NODE, description);
}

/** What a field of an event may be compared with. */
const FIELD_VALUE = z.union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number()]))], {
  error: () => "this must be a value to compare with, or a list of them",
});
export type WrittenField = z.output<typeof FIELD_VALUE>;

/** Every field that any event has, with the events that have it. */
function eventFieldShape(): Record<string, z.ZodOptional<typeof FIELD_VALUE>> {
  const kindsByField = new Map<string, string[]>();
  for (const kind of EVENT_KINDS) {
    for (const [field, type] of Object.entries(EVENT_FIELDS[kind])) {
      if (type === "opaque") continue;
      kindsByField.set(field, [...(kindsByField.get(field) ?? []), kind]);
    }
  }
  const shape: Record<string, z.ZodOptional<typeof FIELD_VALUE>> = {};
  for (const [field, kinds] of kindsByField)
    shape[field] = FIELD_VALUE.describe(`Field \`${field}\` of ${kinds.join(", ")}.`).optional();
  return shape;
}

const NTH = "Only at the nth time: 1 (by default), 2, …";
const PARTITION = "A partition, such as orders-0.";
const ZNODE_PATH = "only ZooKeeper messages about this path, such as /controller; /brokers/ids/* for all that begin so.";

const EVENT_SHAPE = {
  ...eventFieldShape(),
  partition: FIELD_VALUE.describe(PARTITION).optional(),
  event: word("What happened: the kind of a domain event.", EVENT_KINDS as readonly [string, ...string[]]).optional(),
  node: nodes(`The node that reports it: ${SELECTORS}.`).optional(),
  nth: wholeNumber(NTH, 1).optional(),
};

/** A bare word is short for the event of that kind, whatever its fields. */
function orBareEvent<S extends z.ZodType>(schema: S, description: string) {
  return z
    .union([z.string(), schema])
    .transform(
      (written) => (typeof written === "string" ? { event: written, bare: true } : written) as z.output<S> & { bare?: boolean },
    )
    .describe(description);
}

export const GOAL_SCHEMA = orBareEvent(
  object("an event", "An event, by its kind and some of its fields.", EVENT_SHAPE),
  "An event: its kind, or its kind and some of its fields.",
);
export type WrittenGoal = z.output<typeof GOAL_SCHEMA>;

export const WHEN_SCHEMA = orBareEvent(
  object("a condition", "An event or a message to wait for.", {
    ...EVENT_SHAPE,
    message: FIELD_VALUE.describe(`Waits for a message instead of an event: ${MESSAGE_KINDS.join(", ")}.`).optional(),
    path: FIELD_VALUE.describe(`Of a message: ${ZNODE_PATH}`).optional(),
    from: FIELD_VALUE.describe(`Of a message: its sender, ${SELECTORS}. Of an event: its field.`).optional(),
    to: FIELD_VALUE.describe(`Of a message: its receiver, ${SELECTORS}. Of an event: its field.`).optional(),
    moment: word("Of a message: when it is sent (the default), or just before it is handed over.", [
      "sent",
      "delivered",
    ]).optional(),
  }),
  "What to wait for: the kind of an event, an event with some of its fields, or a message.",
);
export type WrittenWhen = z.output<typeof WHEN_SCHEMA>;

const MESSAGE_SHAPE = {
  message: word(
    "The kind of message: a Kafka API, or that API and Response; or what ZooKeeper's clients and servers say.",
    MESSAGE_KINDS as unknown as readonly [string, ...string[]],
  ),
  from: nodes("Its sender. Default: any.").optional(),
  to: nodes("Its receiver. Default: any.").optional(),
  partition: z.string().describe("Only messages that speak of this partition, such as orders-0.").optional(),
  path: z.string().describe(`A znode: ${ZNODE_PATH}`).optional(),
  nth: wholeNumber("The first one meant, counted from when the fault fires. Default: 1.", 1).optional(),
  times: z
    .union([z.int().min(1), z.literal("all")], { error: () => "this must be a whole number from 1 up, or all" })
    .describe("How many, from the nth on: a number, or all. Default: 1.")
    .optional(),
};

function messages(description: string) {
  return object("a message", description, MESSAGE_SHAPE).optional();
}

function messagesBy(description: string, by: string) {
  return object("a message", description, { ...MESSAGE_SHAPE, by: duration(by) }).optional();
}

export type WrittenMessage = NonNullable<z.output<ReturnType<typeof messages>>>;

export const FAULT_SCHEMA = object(
  "a fault",
  "Something that goes wrong (or is put right), and when. A list of faults is read as a story.",
  {
    name: z.string().min(1).describe("What the fault is called, in the verdict and in `since` and `release`.").optional(),
    at: duration("Fires at this time.").optional(),
    after: duration("Fires so long after the fault before it; with `when`: so long after the condition came true.").optional(),
    when: WHEN_SCHEMA.optional(),
    since: z
      .string()
      .describe(
        "From when on `after` counts and `when` watches: previous (the fault before it, the default), start, or a fault's name.",
      )
      .optional(),
    for: duration("Undone after so long.").optional(),

    crash: nodes(`Their processes die; what was written lives on in the page cache. ${SELECTORS}.`).optional(),
    "power-loss": nodes("Their hosts go dark: what was not forced to disk is lost.").optional(),
    tail: word(
      "With power-loss: unforced writes are all lost; or the first of them is left torn; or as many survive as chance will have.",
      ["lost", "torn", "random"],
    ).optional(),
    restart: nodes("Their processes start again, where none is running.").optional(),
    stop: nodes("A controlled shutdown: leaders are handed over first, a consumer is closed.").optional(),
    roll: nodes(
      "They are stopped and started again one after the other, as in a rolling deploy: see `every` and `down`.",
    ).optional(),
    every: duration("With roll: from one to the next.").optional(),
    down: duration("With roll: how long each is down. Default: 2s.").optional(),
    pause: nodes("Their processes stand still, as in a long garbage collection.").optional(),
    resume: nodes("Paused processes go on.").optional(),
    wipe: nodes("Their disks are replaced by empty ones. What runs on them dies first.").optional(),
    sync: nodes("Their operating systems force everything written to disk now.").optional(),

    cut: nodes("Nothing passes between these nodes and those in `from`.").optional(),
    from: nodes("With cut: the nodes that the others are cut off from.").optional(),
    direction: word("With cut: both ways, only what the nodes in `cut` send, or only what they should get. Default: both.", [
      "both",
      "outgoing",
      "incoming",
    ]).optional(),
    isolate: nodes("They are cut off from every other node.").optional(),
    heal: nodes("Cuts that touch these nodes end, and slow or clogged links; `all` ends every one.").optional(),
    reset: nodes("Connections between these nodes and those in `to` (by default, all) break.").optional(),
    clog: nodes("Messages between these nodes and those in `to` pile up, and arrive in one burst when it is undone.").optional(),
    "slow-link": nodes("Messages between these nodes and those in `to` take longer, by `by`.").optional(),
    to: nodes("With reset, clog and slow-link: the other ends. Default: all other nodes.").optional(),
    by: duration("With slow-link and slow-disk: how much longer it takes.").optional(),

    "slow-disk": nodes("Each write and fsync takes longer, by `by`.").optional(),
    "stall-disk": nodes("Writes and fsyncs wait until it is undone.").optional(),
    "fail-disk": nodes("Every access ends in an I/O error.").optional(),
    "fill-disk": nodes("Writes fail: no space is left.").optional(),
    "repair-disk": nodes("Slow, stalled, failing and full disks work again.").optional(),
    corrupt: object("corrupt", "The last entry of some files turns to garbage, to be found when they are read next.", {
      node: nodes("On whose disks."),
      partition: z.string().describe(`In the log of a partition: ${PARTITION}`).optional(),
      file: z.string().min(1).describe("In the files whose path starts so.").optional(),
    }).optional(),
    clock: object("clock", "A clock jumps, or begins to run fast or slow.", {
      node: nodes("Whose clocks."),
      jump: quantity(A_DURATION, "Forward, or (negative) back. Default: 0s.", (text) => readDuration(text, "signed")).optional(),
      drift: quantity(
        "a drift, such as 100ppm",
        "How much faster (or, negative, slower) it runs from now on.",
        readDrift,
      ).optional(),
    }).optional(),
    elect: object("elect", "An administrator asks for an election.", {
      partition: z.string().describe(PARTITION),
      type: word("Back to the preferred leader (the default), or whoever is left, at the price of records.", [
        "preferred",
        "unclean",
      ]).optional(),
    }).optional(),
    "create-topic": z
      .union([z.string(), object("create-topic", "A topic.", { topic: z.string().describe("Its name."), ...TOPIC_SHAPE })], {
        error: () => "this must be the name of a topic, or a topic",
      })
      .transform((written) => (typeof written === "string" ? { topic: written } : written))
      .describe("An administrator creates a topic. What is not said of it is as in `topics`.")
      .optional(),
    "add-partitions": object("add-partitions", "An administrator adds partitions to a topic.", {
      topic: z.string().describe("Its name."),
      to: wholeNumber("How many it has then.", 2, PARTITIONS_MAX),
    }).optional(),
    "delete-topic": z.string().describe("An administrator deletes a topic. ZooKeeper mode.").optional(),
    reassign: object("reassign", "An administrator moves a partition to other replicas. ZooKeeper mode.", {
      partition: z.string().describe(PARTITION),
      replicas: z
        .union([z.array(z.union([z.string(), z.int()])).min(1), z.literal("cancel")], {
          error: () => "this must be a list of brokers, or cancel",
        })
        .describe("Where it shall be, the preferred leader first; or `cancel`, to call off what is under way."),
    }).optional(),
    "delete-znode": z
      .string()
      .describe("An operator deletes a znode by hand, such as /controller, which forces an election. ZooKeeper mode.")
      .optional(),

    drop: messages("A message is lost for good."),
    delay: messagesBy("A message takes longer.", "How much longer."),
    hold: messages("A message waits until `release`."),
    duplicate: messages("A message arrives twice."),
    reorder: messagesBy("A message is overtaken by those sent behind it.", "By those that are sent so long after it, at most."),
    release: z.string().describe("Lets go what a hold holds: the name of that fault, or all.").optional(),
  },
);
export type WrittenFault = z.output<typeof FAULT_SCHEMA>;

function durations(description: string) {
  return quantity("a duration or a range of them, such as 5s..15s", description, readDurationRange);
}

export const NEMESIS_SCHEMA = object(
  "nemesis",
  "Draws faults from the seed. It never breaks more at once than `at-most` allows.",
  {
    faults: z
      .array(word("A kind of fault.", NEMESIS_FAULTS))
      .min(1)
      .describe(`Which kinds: ${NEMESIS_FAULTS.join(", ")}. One named twice is drawn twice as often.`),
    every: durations("From the beginning of one to the beginning of the next. Default: 5s..15s.").optional(),
    for: durations("How long each lasts. Default: 2s..10s.").optional(),
    on: nodes("Whom it may hit. Default: servers.").optional(),
    "at-most": wholeNumber("How many may be at work at the same time. Default: 1.", 1, 100).optional(),
    from: duration("When it begins. Default: 5s.").optional(),
    until: duration("When it ends and everything is healed. Default: `quiet` before the end of the run.").optional(),
    quiet: duration(
      "How long the cluster is left alone at the end. Default: 20s; with groups, their longest session (less run.settle) besides.",
    ).optional(),
  },
);
