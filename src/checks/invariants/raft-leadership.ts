/**
 * LeaderStability and StaleLeaderBounded: a useful leader of the metadata quorum is left alone, a useless one steps down.
 *
 * LeaderStability. Nobody is elected over a leader that a majority of the voters (itself included) has been in contact
 * with, without a gap, for {@link STABLE_TIMEOUTS} fetch timeouts. Contact of a follower is that it appends what this
 * leader sends (a no-op every 500 ms at the least), of the leader that its high watermark advances; a gap is three quarters
 * of a fetch timeout, so that no follower can have given it up. Nothing hidden from the observer (a slow link, a stalled
 * disk) can be mistaken for a break of the promise, because it makes a gap.
 * Legal: the leader resigned, died, stood still; some voter was in a later epoch already when, or soon after, it was
 * elected: such a voter deposes it whenever it returns (KAFKA-17641). A quorum that writes no no-ops is not judged.
 *
 * StaleLeaderBounded. A leader that too few voters to make a majority can reach (they are down, stand still, or what they
 * send is cut off) is no longer leader after 1.5 × the fetch timeout; a fifth of that and a second are allowed for clocks
 * and for what was on its way. Legal: a quorum of one voter; a leader that stands still itself. Not seen from here: a disk
 * that is stalled keeps a leader from resigning.
 */
import type { Micros } from "../../base/units.ts";
import { seconds } from "../../base/units.ts";
import { NONE } from "../../kafka/ids.ts";
import type { Ghost } from "../ghost/ghost.ts";
import type { GhostQuorumNode } from "../ghost/ghost-quorum.ts";
import type { Invariant, Reporter } from "../invariant.ts";
import type { Observation, ObservedKind } from "../observation.ts";

const STABLE_TIMEOUTS = 2.5;

interface Reign {
  readonly leader: number;
  readonly epoch: number;
  readonly step: number;
  readonly timeUs: Micros;
  resigned: boolean;
  /** When some voter was first in a later epoch; -1 while none is. */
  overtakenAt: Micros;
  /** It lost its office, or a member of its majority went to a later epoch, while a majority was in contact with it. */
  deposedStep: number;
}

export class LeaderStability implements Invariant {
  readonly name = "LeaderStability";
  readonly promise = "While a majority hears the leader of the metadata quorum, nobody else is elected.";
  readonly source = "KIP-996; Raft 9.6";
  readonly watches = ["RaftLeaderElected", "RaftStateChanged", "RaftLeaderResigned"] as const;
  private reign: Reign | undefined;

  observe(o: Observation, ghost: Ghost, reporter: Reporter): void {
    const { event } = o;
    const { reign } = this;
    if (event.kind === "RaftLeaderResigned") {
      if (reign?.leader === event.replica) reign.resigned = true;
    } else if (event.kind === "RaftStateChanged") {
      if (reign === undefined || event.epoch <= reign.epoch || ghost.quorumNode?.voter !== true) return;
      if (reign.overtakenAt < 0) reign.overtakenAt = o.timeUs;
      if (reign.deposedStep < 0 && this.takesOffice(reign, ghost.quorumNode, o, ghost)) reign.deposedStep = o.step;
    } else if (event.kind === "RaftLeaderElected" && (reign === undefined || event.epoch > reign.epoch)) {
      if (reign !== undefined && (reign.deposedStep >= 0 || this.isHealthy(reign, o, ghost))) {
        this.report(reign, event.replica, event.epoch, reporter);
      }
      this.reign = newReign(event.replica, event.epoch, o, ghost);
    }
  }

  /** `left` is in a later epoch now: whether that alone takes the leader's office, or its majority, away. */
  private takesOffice(reign: Reign, left: GhostQuorumNode, o: Observation, ghost: Ghost): boolean {
    return this.isHealthy(reign, o, ghost) && (left.id === reign.leader || !this.isHealthy(reign, o, ghost, left));
  }

  private isHealthy(reign: Reign, o: Observation, { quorum, options }: Ghost, without?: GhostQuorumNode): boolean {
    const stable = options.raftFetchTimeoutUs * STABLE_TIMEOUTS;
    const overtakenAt = reign.overtakenAt < 0 ? o.timeUs : reign.overtakenAt;
    if (reign.resigned || overtakenAt - reign.timeUs < stable) return false;
    let inContact = 0;
    let leaderToo = false;
    for (const node of quorum.nodes) {
      if (!node.voter || node === without || node.streakEpoch !== reign.epoch) continue;
      if (node.streakTo < 0 || o.timeUs - node.streakTo > quorum.contactGapMax || o.timeUs - node.streakSince < stable) continue;
      inContact++;
      if (node.id === reign.leader) leaderToo = true;
    }
    return leaderToo && inContact >= quorum.majority;
  }

  private report(reign: Reign, successor: number, epoch: number, reporter: Reporter): void {
    reporter.report(this, {
      subject: `epoch ${reign.epoch}`,
      message: `${successor} was elected in epoch ${epoch} although a majority was in contact with ${reign.leader}, the leader of epoch ${reign.epoch}`,
      facts: [
        { step: reign.step, timeUs: reign.timeUs, text: `${reign.leader} was elected in epoch ${reign.epoch}` },
        reporter.now(`${successor} was elected in epoch ${epoch}`),
      ],
    });
  }
}

export class StaleLeaderBounded implements Invariant {
  readonly name = "StaleLeaderBounded";
  readonly promise = "A leader of the metadata quorum that no majority can reach resigns within 1.5 fetch timeouts.";
  readonly source = "KAFKA-15489, KIP-595";
  readonly watches: readonly ObservedKind[] = [
    "RaftStateChanged",
    "RaftLeaderElected",
    "RaftLogLoaded",
    "RaftRecordsAppended",
    "RaftHighWatermarkAdvanced",
    "LinkCut",
    "LinkHealed",
    "ProcessStarted",
    "ProcessCrashed",
    "ProcessExited",
    "PowerLost",
    "Paused",
    "Resumed",
  ];
  /** Leaders out of reach, and since when. */
  private readonly isolated = new Map<GhostQuorumNode, { step: number; timeUs: Micros }>();

  observe(o: Observation, ghost: Ghost, reporter: Reporter): void {
    const { kind } = o.event;
    if (this.isolated.size > 0) this.judge(o.timeUs, ghost, reporter);
    if (kind === "RaftRecordsAppended" || kind === "RaftHighWatermarkAdvanced") return;
    for (const node of ghost.quorum.nodes) {
      if (node.role !== "Leader" || !this.isOutOfReach(node, ghost)) this.isolated.delete(node);
      else if (!this.isolated.has(node)) this.isolated.set(node, { step: o.step, timeUs: o.timeUs });
    }
  }

  atEnd(ghost: Ghost, reporter: Reporter): void {
    this.judge(reporter.timeUs, ghost, reporter);
  }

  private judge(timeUs: Micros, ghost: Ghost, reporter: Reporter): void {
    const bound = (ghost.options.raftFetchTimeoutUs * 3) / 2;
    for (const [leader, since] of this.isolated) {
      if (timeUs - since.timeUs <= bound * 1.2 + seconds(1)) continue;
      const subject = `${leader.id}@${leader.epoch}`;
      if (!reporter.isNew(this, subject)) continue;
      reporter.report(this, {
        subject,
        message: `${leader.id} still leads the metadata quorum in epoch ${leader.epoch}, ${(timeUs - since.timeUs) / seconds(1)} s after the last majority could reach it`,
        facts: [
          { step: since.step, timeUs: since.timeUs, text: `from here on no majority of the voters could reach ${leader.id}` },
          reporter.now(`${leader.id} has not resigned`),
        ],
      });
    }
  }

  private isOutOfReach(leader: GhostQuorumNode, ghost: Ghost): boolean {
    const { quorum, links } = ghost;
    if (leader.node === undefined || !ghost.isAwake(leader.node)) return false;
    let reached = 1;
    for (const node of quorum.nodes) {
      if (!node.voter || node === leader) continue;
      if (node.node === undefined || (ghost.isAwake(node.node) && links.passes(node.node, leader.node))) reached++;
    }
    return reached < quorum.majority;
  }
}

function newReign(leader: number, epoch: number, o: Observation, { quorum }: Ghost): Reign {
  const overtaken = quorum.nodes.some((node) => node.voter && node.epoch > epoch);
  return {
    leader,
    epoch,
    step: o.step,
    timeUs: o.timeUs,
    resigned: false,
    overtakenAt: overtaken ? o.timeUs : NONE,
    deposedStep: NONE,
  };
}
