/**
 * Histories of a classic group: processes that join, sync, fall silent, restart and leave, and a log that is slow or refuses; and
 * what has to hold whatever they do. Two processes share the static instance `one`, so that they fence each other.
 */
import { expect } from "vitest";
import { ClassicGroup } from "../../../../src/kafka/group/classic/classic-group.ts";
import type { JoinGroupResponse, SyncGroupResponse } from "../../../../src/kafka/messages/groups.ts";
import { ClassicWorld, GROUP, type TestRequest } from "./classic-world.ts";

export type Step =
  /** The process does what a consumer would do next. */
  | { readonly do: "go on"; readonly process: number }
  | { readonly do: "join again"; readonly process: number; readonly topics: number }
  | { readonly do: "restart" | "leave" | "repeat sync"; readonly process: number }
  | { readonly do: "remove by instance" | "commit" | "time out" | "refuse" | "accept" | "delete" | "fail over" }
  | { readonly do: "pass"; readonly milliseconds: number };

const INSTANCES: readonly (string | null)[] = [null, null, null, "one", "one"];
export const PROCESSES = INSTANCES.length;
/** A phase ends before a session does, so that members can be too slow without being silent. */
const TIMEOUTS = { sessionMs: 30_000, rebalanceMs: 8_000 };
const TOPICS: readonly (readonly string[])[] = [["orders"], ["orders", "returns"]];

/** Source: ClassicGroupState. */
const TRANSITIONS: ReadonlySet<string> = new Set([
  "Empty>PreparingRebalance",
  "Stable>PreparingRebalance",
  "CompletingRebalance>PreparingRebalance",
  "PreparingRebalance>CompletingRebalance",
  "PreparingRebalance>Empty",
  "CompletingRebalance>Stable",
  "Empty>Dead",
  "PreparingRebalance>Dead",
]);

interface Process {
  readonly client: string;
  readonly instance: string | null;
  memberId: string;
  generation: number;
  topics: number;
  phase: "out" | "joined" | "synced";
  /** What it has been told, if it leads. */
  told: JoinGroupResponse["members"];
  waiting: TestRequest<"JoinGroup"> | TestRequest<"SyncGroup"> | undefined;
}

type Options = NonNullable<ConstructorParameters<typeof ClassicWorld>[0]>;

export class History {
  world: ClassicWorld;
  /** What was reached, for the test of tests. */
  readonly reached = new Set<string>();
  private readonly options: Options;
  private readonly processes: readonly Process[];
  private readonly answered = new Set<TestRequest>();
  /** The events that were looked at, and what they say of the group. */
  private seen = 0;
  private state = "Empty";
  private generation = 0;
  private readonly members = new Set<string>();
  /** Member ids that are one member, by the first of them: a static member's. */
  private readonly lineage = new Map<string, string>();
  private readonly leaders = new Map<string, string>();
  private readonly owners = new Map<string, string>();
  /** Incarnations of the group: it may be deleted and founded anew, and begins at generation 0 again. */
  private life = 0;
  /** The log has something that memory has not, or the other way round. */
  private diverged = false;
  private logged = 0;

  constructor(options: Options) {
    this.options = { ...options, slowCommits: true };
    this.world = new ClassicWorld(this.options);
    this.processes = INSTANCES.map((instance, i) => ({
      client: `p${i}`,
      instance,
      memberId: "",
      generation: -1,
      topics: 0,
      phase: "out" as const,
      told: [],
      waiting: undefined,
    }));
  }

  take(step: Step): void {
    const { world } = this;
    switch (step.do) {
      case "pass":
        this.pass(step.milliseconds);
        break;
      case "commit":
        world.commit();
        break;
      case "time out":
        this.timeOut();
        break;
      case "refuse":
        world.shard.refuses = "COORDINATOR_NOT_AVAILABLE";
        break;
      case "accept":
        world.shard.refuses = "NONE";
        break;
      case "delete":
        world.deleteIfEmpty();
        break;
      case "remove by instance":
        world.leave({ instance: "one" });
        break;
      case "fail over":
        this.failOver();
        break;
      default:
        this.act(step);
    }
    this.check();
  }

  /** Everything works from now on, and nobody says anything any more. */
  end(): void {
    this.world.shard.refuses = "NONE";
    this.world.slowCommits = false;
    this.world.commit();
    this.check();
    this.world.pass(3_600_000);
    this.check();
    expect(this.world.requests.filter(({ error }) => error === "waits")).toEqual([]);
    expect(this.world.host.pendingTimers).toBe(0);
    const group = this.world.shard.groups.get(GROUP);
    expect(group?.state ?? "Empty").toBe("Empty");
  }

  /** No write is waited for longer than offsets.commit.timeout.ms, which is less than any session. */
  private pass(milliseconds: number): void {
    const { world } = this;
    const limit = world.shard.config["offsets.commit.timeout.ms"];
    for (let left = milliseconds; left > 0; left -= limit) {
      world.pass(Math.min(left, limit));
      if (left >= limit) this.timeOut();
    }
  }

  private timeOut(): void {
    this.diverged ||= this.world.shard.waiting.length > 0;
    this.world.timeOutWrites();
  }

  // ---- what processes do ----

  private act(step: Extract<Step, { readonly process: number }>): void {
    const process = this.processes[step.process] as Process;
    switch (step.do) {
      case "go on":
        if (process.waiting === undefined) this.goOn(process);
        break;
      case "join again":
        process.topics = step.topics;
        this.join(process);
        break;
      case "restart":
        Object.assign(process, { memberId: "", generation: -1, phase: "out", waiting: undefined });
        break;
      case "leave":
        this.world.leave(
          process.instance === null ? process.memberId : { memberId: process.memberId, instance: process.instance },
        );
        break;
      case "repeat sync":
        if (process.generation >= 0) this.sync(process);
        break;
    }
  }

  private goOn(process: Process): void {
    if (process.phase === "out") this.join(process);
    else if (process.phase === "joined") this.sync(process);
    else {
      const answer = this.world.heartbeat(process.memberId, process.generation, process.instance);
      if (answer !== "NONE" && answer !== "waits") process.phase = "out";
      if (answer === "UNKNOWN_MEMBER_ID" || answer === "FENCED_INSTANCE_ID") process.memberId = "";
    }
  }

  private join(process: Process): void {
    const { client, memberId, instance } = process;
    const topics = TOPICS[process.topics] ?? [];
    process.waiting = this.world.join(client, { memberId, instance, topics, ...TIMEOUTS });
  }

  /** A leader gives the n-th that it was told of partition n. */
  private sync(process: Process): void {
    const { memberId, generation, instance, told } = process;
    const assignments = Object.fromEntries(told.map((member, i) => [member.memberId, [i]]));
    process.waiting = this.world.sync(memberId, { generation, instance, assignments, assignor: "range" });
  }

  private absorb(process: Process): void {
    const { waiting } = process;
    if (waiting?.answer === undefined) return;
    process.waiting = undefined;
    const { errorCode } = waiting.answer;
    if (waiting.api === "JoinGroup") {
      const answer = waiting.answer as JoinGroupResponse;
      if (errorCode === "MEMBER_ID_REQUIRED") process.memberId = answer.memberId;
      if (errorCode === "NONE") {
        Object.assign(process, { memberId: answer.memberId, generation: answer.generationId, phase: "joined" });
        process.told = answer.skipAssignment ? [] : answer.members;
      }
    } else process.phase = errorCode === "NONE" ? "synced" : "out";
    if (errorCode === "UNKNOWN_MEMBER_ID" || errorCode === "FENCED_INSTANCE_ID") process.memberId = "";
  }

  // ---- the coordinator moves ----

  private failOver(): void {
    const { world } = this;
    world.shard.active = false;
    world.shard.end("NOT_COORDINATOR");
    world.groups.onUnloaded();
    this.check();
    expect(world.host.pendingTimers).toBe(0);
    const next = ClassicWorld.over(world.log, { ...this.options, time: world.host.time, node: `broker-${this.life + 2}` });
    next.requests.push(...world.requests.filter(({ error }) => error === "waits"));
    this.world = next;
    this.seen = 0;
    this.members.clear();
    this.owners.clear();
    this.leaders.clear();
    this.lineage.clear();
    // What was never stored never was: generations may come a second time.
    this.life += 1;
    this.diverged = false;
    this.logged = next.log.length;
    const group = next.shard.groups.get(GROUP);
    this.state = group?.state ?? "Empty";
    this.generation = group?.generation ?? 0;
    if (group instanceof ClassicGroup) for (const { memberId } of group.allMembers()) this.members.add(memberId);
  }

  // ---- what holds ----

  private check(): void {
    this.checkEvents();
    for (const request of this.world.requests) {
      if (request.answer === undefined || this.answered.has(request)) continue;
      this.answered.add(request);
      if (request.api === "JoinGroup") this.checkJoin(request.answer as JoinGroupResponse);
      if (request.api === "SyncGroup") this.checkSync(request as unknown as TestRequest<"SyncGroup">);
    }
    for (const process of this.processes) this.absorb(process);
    const group = this.world.shard.groups.get(GROUP);
    if (group instanceof ClassicGroup && this.world.shard.active) this.checkGroup(group);
  }

  private checkEvents(): void {
    const { events } = this.world.host;
    for (const event of events.slice(this.seen)) {
      if (event.kind === "MemberAdded") {
        expect(this.members).not.toContain(event.member);
        this.members.add(event.member);
        if (event.replaces !== null) this.lineage.set(event.member, this.rootOf(event.replaces));
        if (event.replaces !== null) this.reached.add("replaced");
      } else if (event.kind === "MemberRemoved") {
        expect(this.members).toContain(event.member);
        this.members.delete(event.member);
        this.reached.add(event.reason);
      } else if (event.kind === "TargetAssignmentChosen") {
        for (const { member } of event.members) expect(this.members).toContain(member);
        expect(event.members).toHaveLength(this.members.size);
        expect([this.state, event.epoch]).toEqual(["CompletingRebalance", this.generation]);
      } else if (event.kind === "GroupStateChanged" && event.reason !== "loaded") {
        expect(event.from).toBe(this.state);
        expect(TRANSITIONS).toContain(`${event.from}>${event.to}`);
        const ends = event.from === "PreparingRebalance" && event.to !== "Dead";
        expect(event.generation).toBe(this.generation + (ends ? 1 : 0));
        this.state = event.to;
        this.generation = event.generation;
        this.reached.add(event.to);
        if (event.to === "Dead") this.onDead();
      }
    }
    this.seen = events.length;
  }

  private onDead(): void {
    this.life += 1;
    this.state = "Empty";
    this.generation = 0;
    this.members.clear();
  }

  /** In one generation there is one leader: the same member, if under a new id. */
  private checkJoin(answer: JoinGroupResponse): void {
    if (answer.errorCode !== "NONE") return;
    expect(answer.generationId).toBeLessThanOrEqual(this.generation);
    expect(answer.protocolName).toBe("range");
    const key = `${this.life}/${answer.generationId}`;
    const leader = this.rootOf(answer.leader);
    expect(this.leaders.get(key) ?? leader).toBe(leader);
    this.leaders.set(key, leader);
    if (answer.members.length > 0) {
      expect(answer.leader).toBe(answer.memberId);
      expect(answer.members.map(({ memberId }) => memberId)).toContain(answer.memberId);
    }
    if (answer.skipAssignment) this.reached.add("skipAssignment");
  }

  /** In one generation a partition is given to one member, and who is given one is in the group. */
  private checkSync(request: TestRequest<"SyncGroup">): void {
    const { errorCode, assignment } = request.answer as SyncGroupResponse;
    this.reached.add(`sync ${errorCode}`);
    if (errorCode !== "NONE") return;
    const member = this.rootOf(request.body.memberId);
    for (const { partition } of assignment.assignedPartitions) {
      const key = `${this.life}/${request.body.generationId}/${partition}`;
      expect(this.owners.get(key) ?? member).toBe(member);
      this.owners.set(key, member);
      this.reached.add("assigned");
    }
  }

  private checkGroup(group: ClassicGroup): void {
    expect([group.state, group.generation]).toEqual([this.state, this.generation]);
    expect(new Set(group.allMembers().map(({ memberId }) => memberId))).toEqual(this.members);
    expect(group.leaderId === null || this.members.has(group.leaderId)).toBe(true);
    expect(group.leaderId === null).toBe(group.size === 0);
    if (group.state === "Empty") expect(group.size).toBe(0);
    if (group.state === "Stable" || group.state === "CompletingRebalance") expect(group.size).toBeGreaterThan(0);
    if (group.state !== "CompletingRebalance") for (const { sync } of group.allMembers()) expect(sync).toBeUndefined();
    this.checkReplay(group);
  }

  /** What is stored is what there is, whenever nothing is under way. */
  private checkReplay(group: ClassicGroup): void {
    const { log, shard } = this.world;
    if (log.length > this.logged) this.diverged = false;
    this.logged = log.length;
    if (shard.refuses !== "NONE") this.diverged = true;
    const founding = group.generation === 0;
    if (this.diverged || founding || (group.state !== "Stable" && group.state !== "Empty")) return;
    const replayed = ClassicWorld.over(log).group;
    expect(picture(replayed)).toEqual(picture(group));
    this.reached.add(`replayed ${group.state}`);
  }

  private rootOf(memberId: string): string {
    return this.lineage.get(memberId) ?? memberId;
  }
}

function picture(group: ClassicGroup): unknown {
  const { state, generation, protocolType, protocolName, leaderId } = group;
  // What is stored with an assignment is since when it was awaited.
  const stateSinceMs = state === "Empty" ? group.stateSinceMs : undefined;
  const members = group.allMembers().map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    clientId: member.clientId,
    sessionTimeoutMs: member.sessionTimeoutMs,
    rebalanceTimeoutMs: member.rebalanceTimeoutMs,
    subscription: member.subscription(protocolName ?? ""),
    assignment: member.assignment,
  }));
  return { state, generation, protocolType, protocolName, leaderId, stateSinceMs, members };
}
