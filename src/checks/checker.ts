/**
 * The checker: the ghost, the invariants, and the table that leads each kind of event to those who watch it.
 *
 * An event costs a look into the table, the ghost's update, and the invariants that watch its kind. Partitions that a step
 * has touched are judged once, when the first event of a later step arrives. Nothing is allocated while nothing is wrong.
 */
import { assert } from "../base/assert.ts";
import { type Micros, ms, seconds } from "../base/units.ts";
import type { DomainEvent, NodeName } from "../sim/host.ts";
import { longestOutage, type Outage, outages } from "./availability.ts";
import { allInvariants, INVARIANT_NAMES } from "./catalogue.ts";
import { fourNumbers, type RecordNumbers } from "./four-numbers.ts";
import { Ghost } from "./ghost/ghost.ts";
import { GHOST_KINDS } from "./ghost/ghost-kinds.ts";
import type { GroupContract } from "./group-contract.ts";
import { type GroupNumbers, groupNumbers } from "./group-numbers.ts";
import { type Invariant, Reporter, type Violation } from "./invariant.ts";
import type { Observation, ObservedEvent } from "./observation.ts";

export interface CheckerOptions {
  /** Names of the invariants to judge by; all, unless given. */
  readonly enabled?: readonly string[];
  /** An acknowledgement later than this counts as delayed. */
  readonly delayBoundUs?: Micros;
  /** `controller.quorum.fetch.timeout.ms` of the cluster. */
  readonly raftFetchTimeoutUs?: Micros;
  /** Whether KIP-966 is on in this cluster. Unless given, what is legal either way is accepted. */
  readonly eligibleLeaderReplicas?: boolean;
  /** Whether leaders write the ISR to ZooKeeper themselves (before 2.7). They don't, unless given. */
  readonly leadersWriteIsr?: boolean;
  /** The consumer groups to follow, and what each may count on. */
  readonly groups?: readonly GroupContract[];
  /** Producers whose records must come into the log in the order in which they were sent: no retry can overtake another request. */
  readonly orderedProducers?: readonly NodeName[];
}

/** What the checker looks at again and again, filled anew for each event. */
interface Current {
  step: number;
  timeUs: Micros;
  node: NodeName | undefined;
  event: ObservedEvent;
}

const NOTHING: ObservedEvent = { kind: "Resumed", node: "" };

export class Checker {
  readonly invariants: readonly Invariant[];
  readonly ghost: Ghost;
  private readonly reporter = new Reporter();
  private readonly watchers = new Map<string, Invariant[]>();
  private readonly partitionInvariants: readonly Invariant[];
  private readonly groupInvariants: readonly Invariant[];
  private readonly timedInvariants: readonly Invariant[];
  private nextSecond: Micros = 0;
  private readonly current: Current = { step: 0, timeUs: 0, node: undefined, event: NOTHING };
  private finishedAt: Micros = -1;

  constructor(options: CheckerOptions = {}) {
    const { enabled } = options;
    for (const name of enabled ?? []) assert(INVARIANT_NAMES.includes(name), `no invariant is called ${name}`);
    this.invariants = allInvariants().filter(({ name }) => enabled === undefined || enabled.includes(name));
    this.timedInvariants = this.invariants.filter((invariant) => invariant.everySecond !== undefined);
    this.groupInvariants = this.invariants.filter((invariant) => invariant.checkGroup !== undefined);
    this.partitionInvariants = this.invariants.filter((invariant) => invariant.checkPartition !== undefined);
    this.ghost = new Ghost({
      delayBoundUs: options.delayBoundUs ?? seconds(1),
      raftFetchTimeoutUs: options.raftFetchTimeoutUs ?? ms(2_000),
      eligibleLeaderReplicas: options.eligibleLeaderReplicas,
      leadersWriteIsr: options.leadersWriteIsr ?? false,
      groups: options.groups ?? [],
      orderedProducers: options.orderedProducers ?? [],
    });
    for (const kind of GHOST_KINDS) this.watchers.set(kind, []);
    for (const invariant of this.invariants) {
      for (const kind of invariant.watches) {
        const watchers = this.watchers.get(kind);
        if (watchers === undefined) this.watchers.set(kind, [invariant]);
        else watchers.push(invariant);
      }
    }
  }

  /** Events come in order of their steps. Kinds that nobody watches cost nothing. */
  observe(step: number, timeUs: Micros, node: NodeName | undefined, event: DomainEvent): void {
    const watchers = this.watchers.get(event.kind);
    if (watchers === undefined) return;
    const { reporter, ghost, current } = this;
    if (step !== reporter.step) {
      if (ghost.dirty.length > 0) this.endStep();
      if (ghost.groups.dirty.length > 0) this.judgeGroups();
      reporter.step = step;
    }
    reporter.timeUs = timeUs;
    current.step = step;
    current.timeUs = timeUs;
    current.node = node;
    // The table has only kinds that are observed.
    current.event = event as ObservedEvent;
    ghost.apply(current as Observation);
    for (let i = 0; i < watchers.length; i++) (watchers[i] as Invariant).observe?.(current, ghost, reporter);
    if (timeUs >= this.nextSecond) this.lookAtTime(timeUs);
  }

  /** The run is over at `timeUs`. Once; nothing is observed afterwards. */
  finish(timeUs: Micros): void {
    if (this.finishedAt >= 0) return;
    if (this.ghost.dirty.length > 0) this.endStep();
    if (this.ghost.groups.dirty.length > 0) this.judgeGroups();
    this.finishedAt = timeUs;
    this.reporter.timeUs = timeUs;
    this.lookAtTime(timeUs);
    for (const invariant of this.invariants) invariant.atEnd?.(this.ghost, this.reporter);
  }

  /** In order of discovery. */
  get violations(): readonly Violation[] {
    return this.reporter.violations;
  }

  /** The four numbers as of now: one pass over all logs. */
  get records(): RecordNumbers {
    return fourNumbers(this.ghost);
  }

  /** Each producer's longest outage as of now. */
  get outages(): readonly Outage[] {
    return outages(this.ghost, this.now);
  }

  /** What became of the records in each group, and who owned what, as of now. */
  get groups(): readonly GroupNumbers[] {
    return groupNumbers(this.ghost, this.now);
  }

  get longestOutage(): Outage | undefined {
    return longestOutage(this.ghost, this.now);
  }

  private get now(): Micros {
    return this.finishedAt >= 0 ? this.finishedAt : this.reporter.timeUs;
  }

  private lookAtTime(timeUs: Micros): void {
    this.nextSecond = timeUs + seconds(1);
    this.ghost.groups.sample(timeUs);
    for (const invariant of this.timedInvariants) invariant.everySecond?.(this.ghost, this.reporter);
  }

  private judgeGroups(): void {
    const { ghost, reporter, groupInvariants } = this;
    const { dirty } = ghost.groups;
    for (let i = 0; i < dirty.length; i++) {
      const group = dirty[i];
      if (group === undefined) continue;
      group.dirty = false;
      for (const invariant of groupInvariants) invariant.checkGroup?.(group, ghost, reporter);
    }
    dirty.length = 0;
  }

  private endStep(): void {
    const { ghost, reporter, partitionInvariants } = this;
    for (let i = 0; i < ghost.dirty.length; i++) {
      const partition = ghost.dirty[i];
      if (partition === undefined) continue;
      partition.dirty = false;
      for (let k = 0; k < partitionInvariants.length; k++) {
        (partitionInvariants[k] as Invariant).checkPartition?.(partition, ghost, reporter);
      }
      partition.freshLoss = undefined;
    }
    ghost.dirty.length = 0;
  }
}
