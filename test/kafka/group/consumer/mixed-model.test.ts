/**
 * Any history of a group whose members speak one protocol or the other, and go from one to the other: nothing that a member may own is
 * another's, every request is answered, and a group that is left alone comes to rest (KIP-848, online migration).
 */
import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { ConsumerGroup } from "../../../../src/kafka/group/consumer/consumer-group.ts";
import type { TopicPartition } from "../../../../src/kafka/ids.ts";
import type { ApiName, RequestOf } from "../../../../src/kafka/messages/apis.ts";
import { ConsumerWorld, GROUP, type TestRequest } from "./consumer-world.ts";

/** Two dynamic ones, and two that keep their instance id whatever they speak. */
const CLIENTS = [
  { name: "a", instance: null },
  { name: "b", instance: null },
  { name: "s", instance: "one" },
  { name: "t", instance: "two" },
] as const;

interface Client {
  readonly name: string;
  readonly instance: string | null;
  speaks: "nothing" | "classic" | "consumer";
  memberId: string;
  /** Generation or member epoch. */
  epoch: number;
  owned: readonly string[];
  assigned: readonly string[];
  /** Of the classic protocol: it has to send SyncGroup, JoinGroup. */
  next: "join" | "sync" | "heartbeat";
  waiting: TestRequest<"JoinGroup"> | TestRequest<"SyncGroup"> | undefined;
  starts: number;
}

type Action =
  | { readonly kind: "start"; readonly who: number; readonly speaks: "classic" | "consumer" }
  | { readonly kind: "step" | "leave" | "crash"; readonly who: number }
  | { readonly kind: "wait"; readonly seconds: number }
  | { readonly kind: "failover" };

const who = fc.nat(CLIENTS.length - 1);
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("start" as const), who, speaks: fc.constantFrom("classic", "consumer") }),
  },
  { weight: 16, arbitrary: fc.record({ kind: fc.constant("step" as const), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("leave" as const, "crash" as const), who }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("wait" as const), seconds: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("failover" as const) }) },
);
const histories = fc.array(action, { minLength: 1, maxLength: 70, size: "max" });

class Model {
  world = new ConsumerWorld({ config: { "group.initial.rebalance.delay.ms": 0 } });
  readonly reached = new Set<string>();
  /**
   * The group has gone back to the classic protocol, and no rebalance has ended since. If none comes, Kafka leaves it with what was the
   * target: who waited for partitions does not hear of them, and those of who has left are nobody's.
   */
  private takenBack = false;
  private readonly clients: Client[] = CLIENTS.map((client) => ({
    ...client,
    speaks: "nothing",
    memberId: "",
    epoch: 0,
    owned: [],
    assigned: [],
    next: "join",
    waiting: undefined,
    starts: 0,
  }));

  do(each: Action): void {
    const client = "who" in each ? this.clients[each.who] : undefined;
    if (each.kind === "wait") this.world.pass(each.seconds * 1_000);
    else if (each.kind === "failover") this.failover();
    else if (client !== undefined && each.kind === "start") this.start(client, each.speaks);
    else if (client !== undefined && each.kind === "step") this.step(client);
    else if (client !== undefined) this.stop(client, each.kind === "leave");
    this.check();
  }

  rest(): void {
    for (let round = 0; round < 40; round++) {
      for (const client of this.clients) {
        this.step(client);
        this.check();
      }
      this.world.pass(2_000);
    }
    const group = this.world.shard.groups.get(GROUP);
    if (group !== undefined && !["Stable", "Empty"].includes(group.state))
      expect.fail(`it does not come to rest: ${group.state}`);
    if (group?.state !== "Stable" || this.takenBack) return;
    const owned = this.clients.filter(({ speaks }) => speaks !== "nothing").flatMap((client) => client.owned);
    expect(owned.toSorted()).toEqual(["orders-0", "orders-1", "orders-2", "orders-3"]);
  }

  private failover(): void {
    for (const client of this.clients) if (client.waiting !== undefined) this.forget(client, client.memberId);
    this.world = this.world.failover();
  }

  private start(client: Client, speaks: "classic" | "consumer"): void {
    if (client.speaks !== "nothing") return;
    client.starts += 1;
    client.speaks = speaks;
    this.forget(client, speaks === "classic" ? "" : `${client.name}:${client.starts}`);
  }

  private forget(client: Client, memberId: string): void {
    Object.assign(client, { memberId, epoch: 0, owned: [], assigned: [], next: "join", waiting: undefined });
  }

  private stop(client: Client, politely: boolean): void {
    const { speaks, memberId, instance, epoch } = client;
    if (politely && speaks === "classic" && client.waiting === undefined && memberId !== "" && instance === null) {
      this.ask(client, "LeaveGroup", { groupId: GROUP, members: [{ memberId, groupInstanceId: null, reason: "" }] });
    }
    if (politely && speaks === "consumer" && epoch > 0) {
      this.world.heartbeat(memberId, { instanceId: instance, memberEpoch: instance === null ? -1 : -2 });
    }
    client.speaks = "nothing";
    this.forget(client, "");
  }

  /** What a client does next. */
  private step(client: Client): void {
    if (client.speaks === "consumer") this.beat(client);
    if (client.speaks !== "classic") return;
    if (client.waiting !== undefined) this.hear(client);
    else if (client.next === "join") this.join(client);
    else if (client.next === "sync") this.sync(client);
    else this.classicHeartbeat(client);
  }

  // ---- the new protocol ----

  private beat(client: Client): void {
    const { memberId, instance: instanceId, epoch: memberEpoch, owned } = client;
    const answer =
      memberEpoch === 0
        ? this.world.join(memberId, { instanceId })
        : this.world.heartbeat(memberId, { instanceId, memberEpoch, owned });
    this.reached.add(answer.error);
    if (answer.error !== "NONE") {
      this.forget(client, memberId);
      return;
    }
    client.epoch = answer.epoch;
    client.owned = answer.assignment ?? owned;
  }

  // ---- the classic protocol ----

  private join(client: Client): void {
    const ownedPartitions = client.owned.map((name): TopicPartition => ({ topic: "orders", partition: Number(name.slice(7)) }));
    const metadata = { topics: ["orders"], ownedPartitions, generationId: -1, rackId: null };
    client.waiting = this.ask(client, "JoinGroup", {
      groupId: GROUP,
      sessionTimeoutMs: 20_000,
      rebalanceTimeoutMs: 30_000,
      memberId: client.memberId,
      groupInstanceId: client.instance,
      protocolType: "consumer",
      protocols: [{ name: "cooperative-sticky", metadata }],
      reason: "",
    });
    this.hear(client);
  }

  private sync(client: Client): void {
    const { memberId, epoch: generationId, instance: groupInstanceId, assigned } = client;
    // A leader of the classic group: it deals out by turns.
    const members = assigned;
    const assignments = members.map((member, i) => ({
      memberId: member,
      assignment: {
        assignedPartitions: [0, 1, 2, 3]
          .filter((p) => p % members.length === i)
          .map((partition) => ({ topic: "orders", partition })),
      },
    }));
    client.assigned = [];
    client.waiting = this.ask(client, "SyncGroup", {
      groupId: GROUP,
      generationId,
      memberId,
      groupInstanceId,
      protocolType: "consumer",
      protocolName: "cooperative-sticky",
      assignments,
    });
    this.hear(client);
  }

  private classicHeartbeat(client: Client): void {
    const { memberId, epoch: generationId, instance: groupInstanceId } = client;
    const { answer } = this.ask(client, "Heartbeat", { groupId: GROUP, generationId, memberId, groupInstanceId });
    if (answer === undefined) expect.fail("a heartbeat is not answered");
    this.onError(client, answer.errorCode);
  }

  private hear(client: Client): void {
    const { waiting } = client;
    if (waiting?.answer === undefined) return;
    client.waiting = undefined;
    const { answer } = waiting;
    if (answer.errorCode !== "NONE") {
      if (answer.errorCode === "MEMBER_ID_REQUIRED" && "memberId" in answer) client.memberId = answer.memberId;
      else this.onError(client, answer.errorCode);
    } else if ("generationId" in answer) {
      Object.assign(client, { memberId: answer.memberId, epoch: answer.generationId, next: "sync" });
      client.assigned = answer.members.map(({ memberId }) => memberId);
    } else {
      client.owned = answer.assignment.assignedPartitions.map(({ topic, partition }) => `${topic}-${partition}`);
      client.next = "heartbeat";
    }
  }

  private onError(client: Client, error: string): void {
    this.reached.add(error);
    if (error === "NONE") return;
    client.next = "join";
    // Its process ends: there is another of its kind.
    if (error === "FENCED_INSTANCE_ID") this.stop(client, false);
    else if (error !== "REBALANCE_IN_PROGRESS") this.forget(client, error === "UNKNOWN_MEMBER_ID" ? "" : client.memberId);
  }

  private ask<A extends ApiName>(client: Client, api: A, body: RequestOf<A>): TestRequest<A> {
    return this.world.ask(api, client.name, body);
  }

  private noteWayBack(consumer: boolean): void {
    const changes = this.world.eventsOf("GroupStateChanged");
    const last = changes.findLastIndex(({ reason }) => reason === "downgraded");
    const rebalanced = changes.findLastIndex(
      ({ protocol, from, to }) => protocol === "classic" && from !== to && to === "Stable",
    );
    if (consumer || rebalanced > last) this.takenBack = false;
    else if (last >= 0) this.takenBack = true;
  }

  private check(): void {
    const group = this.world.shard.groups.get(GROUP);
    if (group === undefined) return;
    this.reached.add(`${group.protocol} ${group.state}`);
    this.noteWayBack(group instanceof ConsumerGroup);
    if (!(group instanceof ConsumerGroup)) return;
    if (group.members().some(({ classicMember }) => classicMember !== null)) this.reached.add("mixed");
    const holders = new Map<string, string>();
    for (const { memberId, assigned, pendingRevocation } of group.members()) {
      for (const name of this.world.names([...assigned, ...pendingRevocation])) {
        if (holders.has(name)) expect.fail(`NoDoubleClientAssignment: ${name} is ${memberId}'s and ${holders.get(name)}'s`);
        holders.set(name, memberId);
      }
    }
  }
}

property.prop([histories], { numRuns: 200 })(
  "whatever they speak, no two have the same, and the group comes to rest",
  (history) => {
    const model = new Model();
    for (const each of history) model.do(each);
    model.rest();
  },
);

test("such histories reach both protocols, mixed groups and the way back", () => {
  const reached = new Set<string>();
  for (const history of fc.sample(histories, { numRuns: 200, seed: 848 })) {
    const model = new Model();
    for (const each of history) model.do(each);
    for (const what of model.reached) reached.add(what);
    const states = model.world.eventsOf("GroupStateChanged");
    if (states.some(({ reason }) => reason === "downgraded")) reached.add("downgraded");
  }
  expect([...reached]).toEqual(
    expect.arrayContaining([
      ...["mixed", "downgraded", "consumer Stable", "consumer Reconciling", "classic Stable", "classic PreparingRebalance"],
      ...["UNRELEASED_INSTANCE_ID", "REBALANCE_IN_PROGRESS", "UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION"],
    ]),
  );
});
