/**
 * Any history of a KIP-848 group against what Vanlightly's specification promises of it: NoDoubleClientAssignment, ValidPartitionEpoch,
 * MemberEpochMonotonic, ValidMemberEpoch, LegalTargetAssignment, ValidStableGroupState, EventuallyConverges (failures.md 1.4).
 */
import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { ConsumerGroup } from "../../../../src/kafka/group/consumer/consumer-group.ts";
import { samePartitions } from "../../../../src/kafka/group/consumer/partition-set.ts";
import { type Answer, ConsumerWorld, GROUP, type Heartbeat } from "./consumer-world.ts";

const CLIENTS = ["a", "b", "c", "d"];

/** A member as it sees itself. */
interface Client {
  readonly id: string;
  /** Undefined: no member. */
  epoch: number | undefined;
  /** What it has heard that it may own. */
  assigned: readonly string[];
  owned: readonly string[];
  /** What it has last said to own. */
  said: readonly string[] | undefined;
  topics: readonly string[];
  /** It is to say everything: it has joined, or has had no answer. */
  full: boolean;
}

const TOPIC_CHOICES = [["orders"], ["refunds"], ["orders", "refunds"]] as const;

type Action =
  | { readonly kind: "beat" | "lost" | "apply" | "leave"; readonly who: number }
  | { readonly kind: "join"; readonly who: number; readonly topics: number }
  | { readonly kind: "subscribe"; readonly who: number; readonly topics: number }
  | { readonly kind: "wait"; readonly seconds: number }
  | { readonly kind: "grow" | "remake" | "failover" };

const who = fc.nat(CLIENTS.length - 1);
const topics = fc.nat(TOPIC_CHOICES.length - 1);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("beat" as const), who }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("lost" as const), who }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("apply" as const), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("leave" as const), who }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("join" as const), who, topics }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("subscribe" as const), who, topics }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), seconds: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("grow" as const, "remake" as const, "failover" as const) }) },
);
const histories = fc.array(action, { minLength: 1, maxLength: 60, size: "max" });

class Model {
  world: ConsumerWorld;
  /** What was reached, so that a history that says nothing is noticed. */
  readonly reached = new Set<string>();
  private readonly clients: readonly Client[] = CLIENTS.map((id) => ({
    id,
    epoch: undefined,
    assigned: [],
    owned: [],
    said: undefined,
    topics: ["orders"],
    full: true,
  }));
  private readonly epochs = new Map<string, number>();
  private partitions = 3;

  constructor(waitForRevocationAck: boolean) {
    const dials = { "group.waitForRevocationAck": waitForRevocationAck };
    this.world = new ConsumerWorld({ topics: { orders: this.partitions, refunds: 2 }, dials });
  }

  do(each: Action): void {
    switch (each.kind) {
      case "beat":
        this.hear(this.client(each.who), this.beat(this.client(each.who)));
        break;
      case "lost":
        this.beat(this.client(each.who));
        this.client(each.who).full = true;
        break;
      case "apply":
        this.apply(this.client(each.who));
        break;
      case "leave":
        this.leave(this.client(each.who));
        break;
      case "join":
        this.join(this.client(each.who), TOPIC_CHOICES[each.topics] ?? ["orders"]);
        break;
      case "subscribe":
        this.client(each.who).topics = TOPIC_CHOICES[each.topics] ?? ["orders"];
        this.client(each.who).full = true;
        break;
      case "wait":
        this.world.pass(each.seconds * 1_000);
        break;
      case "grow":
        this.partitions += 1;
        this.world.changeTopics((metadata) => metadata.grow("orders", this.partitions));
        break;
      case "remake":
        this.world.changeTopics((metadata) => metadata.make("refunds", 2));
        break;
      case "failover":
        this.world = this.world.failover();
        break;
    }
    this.check();
  }

  /** Nobody interferes any more: all heartbeat and do what they are told. */
  converge(): void {
    for (let round = 0; round < 15; round++) {
      for (const client of this.clients) {
        if (client.epoch === undefined) continue;
        this.hear(client, this.beat(client));
        this.check();
        this.apply(client);
      }
      this.world.pass(5_000);
      this.check();
    }
  }

  get group(): ConsumerGroup | undefined {
    const group = this.world.shard.groups.get(GROUP);
    return group instanceof ConsumerGroup ? group : undefined;
  }

  private client(index: number): Client {
    const client = this.clients[index];
    if (client === undefined) throw new Error(`no client ${index}`);
    return client;
  }

  private join(client: Client, subscribedTopicNames: readonly string[]): void {
    if (client.epoch !== undefined) return;
    client.topics = subscribedTopicNames;
    this.hear(client, this.world.join(client.id, { subscribedTopicNames }));
  }

  /**
   * It says what it owns when that is news, or when it says all; never while it is still on its way to an assignment that it has
   * heard of, since what it will own then would be taken for given up.
   */
  private beat(client: Client): Answer | undefined {
    const { epoch: memberEpoch, id, full, topics: subscribedTopicNames } = client;
    if (memberEpoch === undefined) return undefined;
    if (full) this.apply(client);
    const { owned, assigned, said } = client;
    const settled = owned.join() === assigned.join();
    const everything: Heartbeat = { rebalanceTimeoutMs: 60_000, subscribedTopicNames, owned };
    const news: Heartbeat = settled && said?.join() !== owned.join() ? { owned } : {};
    client.said = settled ? owned : said;
    return this.world.heartbeat(id, { memberEpoch, ...(full ? everything : news) });
  }

  private hear(client: Client, answer: Answer | undefined): void {
    if (answer === undefined) return;
    this.reached.add(answer.error);
    if (answer.error !== "NONE") {
      Object.assign(client, { epoch: undefined, assigned: [], owned: [], said: undefined, full: true });
      return;
    }
    client.epoch = answer.epoch;
    client.full = false;
    if (answer.assignment !== null) client.assigned = answer.assignment;
  }

  /** It gives up what it may not own any more, and takes what it may. */
  private apply(client: Client): void {
    if (client.epoch !== undefined) client.owned = client.assigned;
  }

  private leave(client: Client): void {
    if (client.epoch === undefined) return;
    this.world.heartbeat(client.id, { memberEpoch: -1 });
    Object.assign(client, { epoch: undefined, assigned: [], owned: [], said: undefined, full: true });
  }

  private check(): void {
    const { group } = this;
    if (group === undefined) return;
    this.reached.add(group.state);
    const holders = new Map<string, string>();
    for (const { memberId, memberEpoch, state, assigned, pendingRevocation } of group.members()) {
      this.reached.add(state);
      for (const name of this.world.names([...assigned, ...pendingRevocation])) {
        if (holders.has(name)) expect.fail(`NoDoubleClientAssignment: ${name} is ${memberId}'s and ${holders.get(name)}'s`);
        holders.set(name, memberId);
      }
      if (memberEpoch > group.assignmentEpoch) expect.fail(`ValidMemberEpoch: ${memberId} is at ${memberEpoch}`);
    }
    this.checkEpochs(group);
    for (const { id, partitions } of this.world.metadata.topics()) {
      for (const partition of partitions.keys()) {
        const held = holders.has(`${id.slice(3)}-${partition}`);
        if (held === (group.partitionEpoch(id, partition) === -1)) expect.fail(`ValidPartitionEpoch: ${id} ${partition}`);
      }
    }
    if (group.state === "Stable") this.checkStable(group);
    this.checkOwners(group);
  }

  private checkEpochs(group: ConsumerGroup): void {
    for (const id of CLIENTS) {
      const now = group.member(id)?.memberEpoch;
      const before = this.epochs.get(id);
      if (now === undefined) this.epochs.delete(id);
      else {
        if (now < (before ?? 0)) expect.fail(`MemberEpochMonotonic: ${id} goes from ${before} to ${now}`);
        this.epochs.set(id, now);
      }
    }
  }

  private checkStable(group: ConsumerGroup): void {
    for (const { memberId, state, memberEpoch, pendingRevocation, assigned } of group.members()) {
      const settled = state === "STABLE" && memberEpoch === group.groupEpoch && pendingRevocation.length === 0;
      if (!settled || !samePartitions(assigned, group.target(memberId))) {
        expect.fail(`ValidStableGroupState: ${memberId} is ${this.world.picture(memberId)}`);
      }
    }
  }

  /** Whoever the coordinator takes for a member owns nothing but what it holds there. */
  private checkOwners(group: ConsumerGroup): void {
    for (const { id, epoch, owned } of this.clients) {
      const member = group.member(id);
      if (epoch === undefined || member === undefined) continue;
      const held = this.world.names([...member.assigned, ...member.pendingRevocation]);
      for (const name of owned) if (!held.includes(name)) expect.fail(`GroupExclusiveOwnership: ${id} owns ${name}`);
    }
  }

  /** Everything that somebody subscribes to is owned by exactly one. */
  checkConverged(): void {
    const { group } = this;
    if (group === undefined || group.isEmpty) return;
    expect(group.state, "EventuallyConverges").toBe("Stable");
    const wanted = new Set(group.members().flatMap(({ subscribedTopicNames }) => subscribedTopicNames));
    const all = [...this.world.metadata.topics()]
      .filter(({ name }) => wanted.has(name))
      .flatMap(({ id, partitions }) => [...partitions.keys()].map((partition) => `${id.slice(3)}-${partition}`));
    const owned = this.clients.filter(({ epoch }) => epoch !== undefined).flatMap((client) => client.owned);
    expect([...owned].sort(), "LegalTargetAssignment").toEqual(all.sort());
  }
}

property.prop([histories], { numRuns: 300 })(
  "whatever happens, a partition is held by one member at most, and the group converges",
  (history) => {
    const model = new Model(true);
    for (const each of history) model.do(each);
    model.converge();
    model.checkConverged();
  },
);

test("such histories reach every state and the refusals", () => {
  const reached = new Set<string>();
  for (const history of fc.sample(histories, { numRuns: 200, seed: 848 })) {
    const model = new Model(true);
    for (const each of history) model.do(each);
    for (const state of model.reached) reached.add(state);
  }
  expect([...reached]).toEqual(
    expect.arrayContaining([
      ...["Empty", "Assigning", "Reconciling", "Stable"],
      ...["STABLE", "UNREVOKED_PARTITIONS", "UNRELEASED_PARTITIONS"],
      ...["UNKNOWN_MEMBER_ID", "FENCED_MEMBER_EPOCH"],
    ]),
  );
});

test("without the guard such a history breaks it: the checks of this file can fail", () => {
  const outcome = fc.check(
    fc.property(histories, (history) => {
      const model = new Model(false);
      for (const each of history) model.do(each);
    }),
    { numRuns: 300, seed: 848 },
  );
  expect(outcome.failed).toBe(true);
  expect(String(outcome.errorInstance)).toContain("NoDoubleClientAssignment");
});

test("kip-848-assign-before-revocation-ack: the new owner is given what the old one has not let go (dial group.waitForRevocationAck)", () => {
  function story(waitForRevocationAck: boolean): { readonly ofNew: readonly string[] | null; readonly old: string } {
    const world = new ConsumerWorld({ topics: { orders: 2 }, dials: { "group.waitForRevocationAck": waitForRevocationAck } });
    world.join("m1");
    const { assignment: ofNew } = world.join("m2");
    return { ofNew, old: world.picture("m1") };
  }
  expect(story(true)).toEqual({ ofNew: [], old: "STABLE 1 [orders-0 orders-1]" });
  expect(story(false)).toEqual({ ofNew: ["orders-1"], old: "STABLE 1 [orders-0 orders-1]" });
});
