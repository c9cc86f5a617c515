/**
 * Draws faults from the seed: which, on whom, when, for how long.
 *
 * It never breaks more than the promise under test allows: no more faults at once than it was told; never more than a minority of
 * the quorum that decides (the voters, or the ZooKeeper ensemble); and a fault that costs a replica its unflushed records (a
 * power loss) only strikes while the cluster is whole, and nothing else strikes until it is whole again: Kafka promises nothing if
 * as many replicas as min.insync.replicas stop uncleanly at a time (KIP-966). Members of consumer groups may all fail, however, and at any
 * time: whatever becomes of them, no record is lost. Each run uses a subset of the faults that it may
 * use, drawn first, so that runs differ in kind and not only in detail.
 */
import { unreachable } from "../../base/assert.ts";
import type { Micros } from "../../base/units.ts";
import type { NodeName } from "../../sim/host.ts";
import type { CutDirection } from "../../sim/node-events.ts";
import type { RandomStream } from "../../sim/random.ts";
import type { WorldAction } from "../../sim/scheduled.ts";
import type { World } from "../../sim/world.ts";
import type { DurationRange, NemesisFault, NemesisSpec } from "../fault-spec.ts";
import { type ClusterFacts, resolveNodes } from "../selectors.ts";
import type { GroupMemberSpec } from "../spec.ts";
import type { ObservedCluster } from "./observed-cluster.ts";
import { cut, slowLink, type Undo, undo } from "./undo.ts";

/** Told what the nemesis does, for the timeline. */
export interface NemesisListener {
  onNemesis(world: World, text: string): void;
}

interface Strike {
  readonly text: string;
  readonly undos: readonly Undo[];
  /** The member of the quorum that can't take part meanwhile, if one can't. */
  readonly member?: NodeName | undefined;
}

/** The victim is slower or wrong about the time, but takes part. */
const BEARABLE: readonly NemesisFault[] = ["slow-link", "slow-disk", "clock"];

const SLOW_LINK_MAX_US = 500_000;
const SLOW_DISK_MAX_US = 200_000;
const CLOCK_JUMP_MAX_US = 30_000_000;

export class Nemesis {
  private readonly spec: NemesisSpec;
  private readonly facts: ClusterFacts;
  private readonly cluster: ObservedCluster;
  /** The voters of the metadata quorum, or the ensemble. */
  private readonly quorum: readonly NodeName[];
  /** The members of consumer groups. */
  private readonly members: ReadonlyMap<NodeName, GroupMemberSpec>;
  private readonly listener: NemesisListener;
  private readonly stream: RandomStream;
  /** What this run uses. */
  readonly repertoire: readonly NemesisFault[];
  /** Strikes in force, in order. */
  private inForce: Strike[] = [];
  /** Power was lost, and the cluster has not been whole since. */
  private recovering = false;
  private over = false;
  /** When the run began. */
  private beganAt: Micros = 0;

  constructor(
    spec: NemesisSpec,
    around: {
      readonly facts: ClusterFacts;
      readonly cluster: ObservedCluster;
      readonly quorum: readonly NodeName[];
      readonly members: readonly GroupMemberSpec[];
    },
    listener: NemesisListener,
    stream: RandomStream,
  ) {
    this.spec = spec;
    this.facts = around.facts;
    this.cluster = around.cluster;
    this.quorum = around.quorum;
    this.members = new Map(around.members.map((member) => [member.name, member]));
    this.listener = listener;
    this.stream = stream;
    this.repertoire = stream.shuffled(spec.faults).slice(0, stream.between(1, spec.faults.length));
  }

  /** The run begins now. */
  start(world: World): void {
    this.beganAt = world.time;
    world.do(this.spec.fromUs + this.draw(this.spec.every), new NextStrike(this));
    world.do(this.spec.untilUs, new LastHeal(this));
  }

  strike(world: World): void {
    if (this.over) return;
    world.do(this.draw(this.spec.every), new NextStrike(this));
    // Everything is drawn whether or not it is used, so that what happens elsewhere changes no later draw.
    const fault = this.stream.pick(this.repertoire);
    const targets = resolveNodes(this.spec.on, this.facts);
    // A role such as active-controller may be vacant.
    const [victim, other] =
      targets.length === 0 ? [this.nobody(), this.nobody()] : [this.stream.pick(targets), this.stream.pick(targets)];
    const lasts = this.draw(this.spec.lasts);
    const strength = this.stream.below(1_000);
    if (victim === undefined || other === undefined) return;
    const whole = this.inForce.length === 0 && this.cluster.isWhole;
    if (whole) this.recovering = false;
    if (this.inForce.length >= this.spec.atMost) return;
    if (
      !(this.members.has(victim)
        ? this.isAllowedOnMember(world, fault, victim, lasts)
        : this.isAllowed(world, fault, victim, whole))
    )
      return;
    const member = this.voterHit(fault, victim, other);
    if (member !== undefined && !this.leavesMajority(world, member)) return;
    const struck = this.carryOut(world, fault, victim, other, strength);
    if (struck === undefined) return;
    const strike = { ...struck, member };
    this.listener.onNemesis(world, strike.text);
    this.inForce.push(strike);
    if (fault === "power-loss" && !this.members.has(victim)) this.recovering = true;
    world.do(lasts, new EndStrike(this, strike));
  }

  end(world: World, strike: Strike): void {
    if (!this.inForce.includes(strike)) return;
    this.inForce = this.inForce.filter((each) => each !== strike);
    for (const each of strike.undos) undo(world, each);
  }

  endAll(world: World): void {
    this.over = true;
    for (const strike of [...this.inForce]) this.end(world, strike);
    this.listener.onNemesis(world, "everything is healed");
  }

  private isAllowed(world: World, fault: NemesisFault, victim: NodeName, whole: boolean): boolean {
    const node = world.node(victim);
    if (this.recovering || fault === "leave" || fault === "join") return false;
    if (fault !== "clock" && !fault.includes("link") && !fault.includes("cut") && !node.running) return false;
    return fault !== "power-loss" || whole;
  }

  /** A spare member joins for a while; the others leave, and come back. What is about disks does not touch them: they have none. */
  private isAllowedOnMember(world: World, fault: NemesisFault, victim: NodeName, lasts: Micros): boolean {
    const { running } = world.node(victim);
    const { spare, untilUs } = this.members.get(victim) as GroupMemberSpec;
    if (untilUs !== undefined && world.time - this.beganAt + lasts >= untilUs) return false;
    if (fault === "join") return spare && !running;
    return running && fault !== "slow-disk" && fault !== "stall-disk";
  }

  /** Whom the quorum would have to do without. Of two members that can't hear each other, one is enough. */
  private voterHit(fault: NemesisFault, victim: NodeName, other: NodeName): NodeName | undefined {
    if (BEARABLE.includes(fault) || !this.quorum.includes(victim)) return undefined;
    const betweenTwo = fault === "partial-cut" || fault === "one-way-cut";
    return betweenTwo && !this.quorum.includes(other) ? undefined : victim;
  }

  /** Whether the others are a majority without `member`, without those that are struck already, and without those that are down. */
  private leavesMajority(world: World, member: NodeName): boolean {
    const missing = this.quorum.filter(
      (name) => name === member || !world.node(name).running || this.inForce.some((strike) => strike.member === name),
    );
    return missing.length * 2 < this.quorum.length;
  }

  private carryOut(world: World, fault: NemesisFault, victim: NodeName, other: NodeName, strength: number): Strike | undefined {
    switch (fault) {
      case "crash":
        world.crash(victim);
        return { text: `${victim} crashes`, undos: [{ undo: "restart", node: victim }] };
      case "power-loss":
        world.losePower(victim, "random");
        return { text: `${victim} loses power`, undos: [{ undo: "restart", node: victim }] };
      case "stop":
        world.requestShutdown(victim);
        return { text: `${victim} is told to stop`, undos: [{ undo: "restart", node: victim }] };
      case "leave":
        world.requestShutdown(victim);
        return { text: `${victim} leaves its group`, undos: [{ undo: "restart", node: victim }] };
      case "join":
        world.start(victim);
        return { text: `${victim} joins its group`, undos: [{ undo: "leave", node: victim }] };
      case "pause":
        world.pause(victim);
        return { text: `${victim} is paused`, undos: [{ undo: "resume", node: victim }] };
      case "isolate": {
        const names = [...world.nodes()].map((node) => node.name).filter((name) => name !== victim);
        return cutOff(world, `${victim} is isolated`, victim, names, "both");
      }
      case "cut":
        return cutOff(
          world,
          `${victim} is cut off from the ${this.members.has(victim) ? "" : "other "}servers`,
          victim,
          this.serversBut(victim),
          "both",
        );
      case "partial-cut":
        return this.haveNothingToSay(victim, other)
          ? undefined
          : cutOff(world, `${victim} and ${other} are cut off from each other`, victim, [other], "both");
      case "one-way-cut": {
        const direction = strength % 2 === 0 ? "from" : "to";
        if (this.haveNothingToSay(victim, other)) return undefined;
        return cutOff(world, `nothing arrives ${direction} ${victim} at ${other}`, victim, [other], direction);
      }
      case "slow-link": {
        if (this.haveNothingToSay(victim, other)) return undefined;
        const by = Math.floor((SLOW_LINK_MAX_US * (strength + 1)) / 1_000);
        const undos = [slowLink(world, victim, other, by)];
        return { text: `the link ${victim} - ${other} is slower by ${by / 1_000} ms`, undos };
      }
      case "slow-disk": {
        const by = Math.floor((SLOW_DISK_MAX_US * (strength + 1)) / 1_000);
        const { disk } = world.node(victim);
        disk.slowDown(disk.slowedBy + by);
        return {
          text: `the disk of ${victim} is slower by ${by / 1_000} ms`,
          undos: [{ undo: "quick-disk", node: victim, byUs: by }],
        };
      }
      case "stall-disk":
        world.stallDisk(victim, true);
        return { text: `the disk of ${victim} stalls`, undos: [{ undo: "unstall-disk", node: victim }] };
      case "clock": {
        const jump = Math.floor((CLOCK_JUMP_MAX_US * (strength - 500)) / 500);
        world.adjustClock(victim, { jump });
        return { text: `the clock of ${victim} jumps by ${jump / 1_000} ms`, undos: [] };
      }
      default:
        return unreachable(fault);
    }
  }

  /** Members of groups speak to brokers only. */
  private haveNothingToSay(a: NodeName, b: NodeName): boolean {
    return a === b || (this.members.has(a) && this.members.has(b));
  }

  private serversBut(victim: NodeName): readonly NodeName[] {
    return resolveNodes(this.spec.on, this.facts).filter((name) => !this.haveNothingToSay(name, victim));
  }

  /** Draws as often as a pick would. */
  private nobody(): undefined {
    this.stream.bits();
  }

  private draw(range: DurationRange): Micros {
    return this.stream.between(range.minUs, range.maxUs);
  }
}

function cutOff(world: World, text: string, victim: NodeName, from: readonly NodeName[], direction: CutDirection): Strike {
  return { text, undos: from.map((other) => cut(world, victim, other, direction)) };
}

class NextStrike implements WorldAction {
  readonly label = "nemesis";
  private readonly nemesis: Nemesis;

  constructor(nemesis: Nemesis) {
    this.nemesis = nemesis;
  }

  run(world: World): void {
    this.nemesis.strike(world);
  }
}

class EndStrike implements WorldAction {
  readonly label = "nemesis relents";
  private readonly nemesis: Nemesis;
  private readonly strike: Strike;

  constructor(nemesis: Nemesis, strike: Strike) {
    this.nemesis = nemesis;
    this.strike = strike;
  }

  run(world: World): void {
    this.nemesis.end(world, this.strike);
  }
}

class LastHeal implements WorldAction {
  readonly label = "nemesis ends";
  private readonly nemesis: Nemesis;

  constructor(nemesis: Nemesis) {
    this.nemesis = nemesis;
  }

  run(world: World): void {
    this.nemesis.endAll(world);
  }
}
