/**
 * A scenario at work: its world, the checks that watch it, and what is done to it.
 *
 * First the cluster boots: servers start, brokers register, topics are created, until every partition has its full ISR. That
 * moment is time 0 of the scenario: clients start, faults and nemesis begin to count. Like the world, a simulation is data
 * and can be forked at any step.
 */
import { assert } from "../../base/assert.ts";
import { type Micros, ms, seconds } from "../../base/units.ts";
import { INVARIANT_NAMES } from "../../checks/catalogue.ts";
import { Checker } from "../../checks/checker.ts";
import { promisesOf } from "../../checks/promises.ts";
import type { AdminProcess } from "../../kafka/admin/admin-process.ts";
import { NONE } from "../../kafka/ids.ts";
import type { MessageWatch } from "../../sim/edits.ts";
import type { DomainEvent, Message, NodeName } from "../../sim/host.ts";
import type { WorldAction } from "../../sim/scheduled.ts";
import type { TraceLevel } from "../../sim/trace.ts";
import type { World, WorldObserver } from "../../sim/world.ts";
import type { Condition } from "../condition.ts";
import { matchesEvent } from "../event-matcher.ts";
import type { AdminAction, FaultSpec, Nodes } from "../fault-spec.ts";
import { ADMIN_NODE } from "../names.ts";
import { describeEdit, type RunEdit, type RunMoment } from "../run-edit.ts";
import { type ClusterFacts, resolveNodes } from "../selectors.ts";
import type { GoalSpec, ScenarioSpec, TopicSpec } from "../spec.ts";
import { buildWorld } from "./build-world.ts";
import { CommittedOnce } from "./committed-once.ts";
import { Director, type DirectorListener, type UnusedEdit } from "./director.ts";
import { EditsByHand, type EditsByHandListener, type UnusedRunEdit } from "./edits-by-hand.ts";
import type { FaultSurroundings } from "./faults.ts";
import { Nemesis, type NemesisListener } from "./nemesis.ts";
import { ObservedCluster } from "./observed-cluster.ts";
import { ObservedFacts } from "./observed-facts.ts";
import { ObservedGroups } from "./observed-groups.ts";
import { adminRequestOf } from "./processes.ts";
import { Stops } from "./stops.ts";
import { Supervisor } from "./supervisor.ts";
import { Timeline } from "./timeline.ts";

export interface SimulationOptions {
  readonly scenario: ScenarioSpec;
  readonly seed: string;
  readonly traceLevel?: TraceLevel;
  /** Whether what a reader would want to know is written down. */
  readonly withTimeline?: boolean;
  readonly listener?: SimulationListener;
  /** What is changed by hand; by default what the scenario has. */
  readonly edits?: readonly RunEdit[];
  /** Counts messages by name from the start, so that edits can be added later that name one. */
  readonly nameDeliveries?: boolean;
}

/** Hears, by virtual time, of every fact once, of time 0, and of each fault as it begins. Data, as all that a fork copies. */
export interface SimulationListener {
  onReady(timeUs: Micros): void;
  onEvent(timeUs: Micros, event: DomainEvent): void;
  onFault(timeUs: Micros): void;
}

/** `ready`: time 0 has come. `unready`: the cluster did not get there in time. `over`: all of the scenario's time has passed. */
export type Phase = "booting" | "ready" | "over" | "unready" | "out-of-events";

const BOOT_TIME_MAX: Micros = seconds(120);
/** Servers start within this long of each other. */
const BOOT_SPREAD: Micros = seconds(0.2);
const EVENTS_MAX = 100_000_000;
/** So many events at one moment are an endless loop of ours. */
const EVENTS_AT_ONCE_MAX = 1_000_000;

export class Simulation implements WorldObserver, FaultSurroundings, DirectorListener, NemesisListener, EditsByHandListener {
  readonly scenario: ScenarioSpec;
  readonly world: World;
  readonly checker: Checker;
  readonly timeline: Timeline | undefined;
  readonly nemesis: Nemesis | undefined;
  phase: Phase = "booting";
  /** When time 0 was. */
  readyAt: Micros = 0;
  private endsAt: Micros = BOOT_TIME_MAX;
  private adminStarted = false;
  /** So many of the scenario's topics have been found to be served. */
  private topicsServed = 0;
  /** World time of the moment at which the world stands, and the last step before it. */
  private momentUs: Micros = 0;
  private stepBeforeMoment = 0;
  private readonly byHand = new EditsByHand();
  private readonly stops = new Stops();
  private readonly listener: SimulationListener | undefined;
  private readonly cluster: ObservedCluster;
  private readonly groups = new ObservedGroups();
  /** Who leads, controls and coordinates, as it is decided. */
  readonly facts: ClusterFacts;
  private readonly director: Director;
  private readonly supervisor: Supervisor;
  private readonly committedOnce = new CommittedOnce();
  private readonly goals: readonly GoalSpec[];
  private readonly goalCounts: number[];

  constructor(options: SimulationOptions) {
    const { scenario, seed } = options;
    this.scenario = scenario;
    this.world = buildWorld(scenario, seed, options.traceLevel ?? "off");
    if (options.nameDeliveries) this.world.namesDeliveries = true;
    this.world.observer = this;
    const { mode, nodes, zookeeper } = scenario.cluster;
    const servers = [...nodes, ...zookeeper].map((server) => server.name);
    const members = scenario.groups.flatMap((group) => group.members);
    const quorum = [...nodes.filter((node) => node.controller), ...zookeeper].map((server) => server.name);
    const promised = promisesOf(scenario.release, mode);
    const awaited = [...scenario.expect.violates, ...scenario.groups.flatMap(({ contract }) => contract.reliesOn)];
    this.checker = new Checker({
      // What the scenario expects to see broken is watched in any case, and what an application relies on.
      enabled: INVARIANT_NAMES.filter((name) => promised.includes(name) || awaited.includes(name)),
      raftFetchTimeoutUs: ms(nodes[0]?.config["controller.quorum.fetch.timeout.ms"] ?? 2_000),
      eligibleLeaderReplicas: scenario.dials["election.eligibleLeaderReplicas"],
      leadersWriteIsr: !scenario.dials["isr.alterPartition"],
      groups: scenario.groups.map(({ contract }) => contract),
      // One request at a time: a retry has nothing to overtake.
      orderedProducers: scenario.producers
        .filter(({ config }) => config["max.in.flight.requests.per.connection"] === 1)
        .map(({ name }) => name),
    });
    this.timeline = options.withTimeline ? new Timeline() : undefined;
    this.listener = options.listener;
    this.cluster = new ObservedCluster(mode);
    this.supervisor = new Supervisor(restsOf(scenario));
    this.facts = new ObservedFacts(scenario, this.cluster, this.groups);
    this.director = new Director(scenario.faults, this.facts, this, this);
    const { nemesis } = scenario;
    this.nemesis =
      nemesis &&
      new Nemesis(nemesis, { facts: this.facts, cluster: this.cluster, quorum, members }, this, this.world.stream("nemesis"));
    this.goals = scenario.expect.reaches;
    this.goalCounts = this.goals.map(() => 0);
    for (const edit of options.edits ?? scenario.edits) this.addEdit(edit);
    const boot = this.world.stream("boot");
    for (const server of servers) this.world.start(server, boot.below(BOOT_SPREAD));
  }

  /** Lets the next step happen. False when the run has ended. */
  step(): boolean {
    const { trace } = this.world;
    const before = trace.step;
    this.stops.clear();
    // What leaves no trace, such as a message that gets to a cut, belongs to what comes next: so one always stands just behind a step.
    while (trace.step === before) if (!this.advance()) return false;
    this.byHand.tellOfSent(this.world, this);
    return true;
  }

  private advance(): boolean {
    const { world, byHand } = this;
    const editAt = this.editDueAt();
    const next = editAt ?? world.nextEventAt;
    if (next === undefined || next > this.endsAt) {
      // What has ended stays as it has, however often it is asked to go on.
      if (this.phase === "booting") this.phase = "unready";
      else if (this.phase === "ready") this.phase = "over";
    } else if (world.trace.step >= (this.scenario.run.maxEvents ?? EVENTS_MAX)) this.phase = "out-of-events";
    else {
      if (next > this.momentUs) {
        this.momentUs = next;
        this.stepBeforeMoment = world.trace.step;
      }
      if (editAt === undefined) world.step();
      else {
        world.letTimePass(editAt);
        byHand.doNext(world, this, this);
      }
      assert(world.trace.step - this.stepBeforeMoment < EVENTS_AT_ONCE_MAX, `virtual time stands still at ${world.time} us`);
      return true;
    }
    return false;
  }

  /** World time of the next edit, if it comes before the next event. */
  private editDueAt(): Micros | undefined {
    const edit = this.byHand.next;
    if (edit === undefined || this.phase !== "ready") return undefined;
    const { timeUs, steps } = edit.moment;
    const at = this.readyAt + timeUs;
    const next = this.world.nextEventAt ?? Number.POSITIVE_INFINITY;
    if (next > at) return at;
    const stepsDone = this.world.time === at ? this.moment.steps : 0;
    return next === at && stepsDone >= steps ? at : undefined;
  }

  /**
   * Adds to what is changed by hand. The run has not ended, and stands before what the edit changes: before its message is sent, before its
   * moment or in it. It goes on as one that had the edit from the start, behind those that it has.
   */
  addEdit(edit: RunEdit): void {
    const { phase } = this;
    assert(phase === "booting" || phase === "ready", `the run is ${phase}, so nothing can be changed any more`);
    if (edit.kind === "moment" && phase === "ready") {
      const { timeUs, steps } = this.moment;
      const isToCome = edit.moment.timeUs > timeUs || (edit.moment.timeUs === timeUs && edit.moment.steps >= steps);
      assert(isToCome, `the run has passed the moment of an edit: ${describeEdit(edit)}`);
    }
    this.byHand.add(this.world, edit);
  }

  /** The place in the run, just behind its last step: what is done by hand at this moment is done next. */
  get moment(): RunMoment {
    return { timeUs: this.since(this.momentUs), steps: this.world.trace.step - this.stepBeforeMoment };
  }

  /** From now on, {@link met} says when one of these comes true, and no others. The run is the same. */
  stopWhen(conditions: readonly Condition[]): void {
    this.stops.set(this.world, conditions);
  }

  /** What came true in the last step, each as often as it did. */
  get met(): readonly Condition[] {
    return this.stops.met;
  }

  /** Runs to the end. */
  run(): void {
    while (this.step());
    this.checker.finish(this.phase === "over" ? this.endsAt : this.world.time);
  }

  /** Scenario time of a moment of the world. */
  since(timeUs: Micros): Micros {
    return timeUs - this.readyAt;
  }

  /** Faults that waited in vain. */
  unfiredFaults(): FaultSpec[] {
    return this.phase === "unready" ? [] : this.director.unfired();
  }

  /** Faults on messages that never found one. */
  unusedEdits(): UnusedEdit[] {
    return this.director.unusedEdits(this.world);
  }

  /** What was to be changed by hand and was not, for there was nothing to change. */
  unusedRunEdits(): UnusedRunEdit[] {
    return this.phase === "unready" ? [] : this.byHand.unused();
  }

  /** How often each goal was reached, in the order of the scenario. */
  reached(): readonly number[] {
    return this.goalCounts;
  }

  // ---- what the world reports ----

  onEvent(world: World, node: NodeName | undefined, event: DomainEvent): void {
    this.checker.observe(world.trace.step, world.time, node, event);
    if (event.kind === "ProcessExited" && node !== undefined) this.supervisor.onExited(world, node);
    if (!this.committedOnce.isNews(node, world.trace.step, event)) return;
    this.cluster.observe(event);
    this.groups.observe(event);
    this.timeline?.onEvent(world, event);
    this.listener?.onEvent(world.time, event);
    if (this.phase === "booting") this.boot(world, event);
    else {
      this.countGoals(node, event);
      this.stops.onEvent(node, event, this.facts);
      this.director.onEvent(world, node, event);
    }
  }

  onWatch(world: World, watch: MessageWatch, _message: Message, from: NodeName, to: NodeName): void {
    if (!this.stops.owns(watch)) this.director.onWatch(world, watch, from, to);
    else if (this.phase !== "booting") this.stops.onWatch(watch, from, to, this.facts);
  }

  onEditByHand(world: World, edit: RunEdit, isFault: boolean): void {
    this.timeline?.note(world, `by hand: ${describeEdit(edit)}`);
    if (isFault) this.listener?.onFault(world.time);
  }

  onFault(world: World, fault: FaultSpec): void {
    this.timeline?.onFault(world, fault);
    this.listener?.onFault(world.time);
  }

  onFaultUndone(world: World, fault: FaultSpec): void {
    this.timeline?.onFaultUndone(world, fault);
  }

  onNemesis(world: World, text: string): void {
    this.timeline?.note(world, text);
    this.listener?.onFault(world.time);
  }

  // ---- what faults need ----

  resolve(nodes: Nodes): readonly NodeName[] {
    return resolveNodes(nodes, this.facts);
  }

  administer(world: World, action: AdminAction): void {
    const admin = world.node(ADMIN_NODE).process as AdminProcess | undefined;
    admin?.submit(adminRequestOf(action));
  }

  leaveDown(node: NodeName): void {
    this.supervisor.leave(node);
  }

  // ---- boot ----

  private boot(world: World, event: DomainEvent): void {
    switch (event.kind) {
      case "BrokerUnfenced":
      case "BrokerRegistered":
      case "ControllerFailoverCompleted":
        this.startAdmin(world);
        return;
      case "BecameLeader":
      case "PartitionChanged":
        if (this.adminStarted && this.allAreServed()) this.begin(world);
    }
  }

  /** One topic after the other is asked about, and all of them once more in the end: one may have fallen back. */
  private allAreServed(): boolean {
    const { topics } = this.scenario;
    const isServed = ({ name, partitions }: TopicSpec): boolean => this.cluster.isServing(name, partitions);
    while (this.topicsServed < topics.length && isServed(topics[this.topicsServed] as TopicSpec)) this.topicsServed++;
    return this.topicsServed === topics.length && topics.every(isServed);
  }

  /** Once every broker takes part. */
  private startAdmin(world: World): void {
    const { nodes } = this.scenario.cluster;
    if (this.adminStarted || !this.cluster.hasWorkingController) return;
    if (!nodes.every((node) => !node.broker || this.cluster.isLive(node.id))) return;
    this.adminStarted = true;
    world.start(ADMIN_NODE);
    if (this.scenario.topics.length === 0) this.begin(world);
  }

  /** Time 0. */
  private begin(world: World): void {
    const { run, producers, consumers, groups } = this.scenario;
    const members = groups.flatMap((group) => group.members);
    this.phase = "ready";
    this.readyAt = world.time;
    this.endsAt = world.time + run.forUs + run.settleUs;
    for (const { store } of groups) if (store !== undefined) world.start(store);
    for (const client of [...producers, ...consumers]) world.start(client.name, client.fromUs);
    for (const { name, spare, fromUs } of members) if (!spare) world.start(name, fromUs);
    for (const { name, untilUs } of [...consumers, ...members]) {
      if (untilUs !== undefined) world.do(untilUs, new StopClient(this.supervisor, name));
    }
    if (run.settleUs > 0) for (const { name } of producers) world.do(run.forUs, new StopClient(this.supervisor, name));
    this.timeline?.begin(world);
    this.listener?.onReady(world.time);
    for (const topic of this.scenario.topics) {
      for (let partition = 0; partition < topic.partitions; partition++) {
        const state = this.cluster.partition(topic.name, partition);
        if (state !== undefined && state.leader !== NONE) this.timeline?.onServing(world, state);
      }
    }
    this.director.start(world);
    this.nemesis?.start(world);
  }

  private countGoals(node: NodeName | undefined, event: DomainEvent): void {
    for (let i = 0; i < this.goals.length; i++) {
      const goal = this.goals[i] as GoalSpec;
      if (matchesEvent(goal.pattern, event, node, this.facts)) this.goalCounts[i] = (this.goalCounts[i] as number) + 1;
    }
  }
}

/** Of servers and members of groups; those that stay down have none. */
function restsOf({ cluster, groups }: ScenarioSpec): ReadonlyMap<NodeName, Micros> {
  const rests = new Map<NodeName, Micros>();
  const { nodes, zookeeper, restartAfterUs } = cluster;
  for (const { name } of [...nodes, ...zookeeper]) if (restartAfterUs !== undefined) rests.set(name, restartAfterUs);
  for (const { name, restartAfterUs: restUs } of groups.flatMap((group) => group.members)) {
    if (restUs !== undefined) rests.set(name, restUs);
  }
  return rests;
}

class StopClient implements WorldAction {
  readonly label = "client stops";
  private readonly supervisor: Supervisor;
  private readonly name: NodeName;

  constructor(supervisor: Supervisor, name: NodeName) {
    this.supervisor = supervisor;
    this.name = name;
  }

  run(world: World): void {
    this.supervisor.leave(this.name);
    world.requestShutdown(this.name);
  }
}
