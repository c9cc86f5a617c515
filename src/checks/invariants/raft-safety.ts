/**
 * RaftElectionSafety, RaftMonotonicEpoch and RaftLeaderCompleteness: who leads the metadata quorum.
 *
 * RaftElectionSafety. In one epoch no two replicas lead, nobody names another leader than the others do, and no voter
 * votes for two candidates.
 * RaftMonotonicEpoch. The epoch of a replica never falls, not over a restart either: it is on disk before it is used.
 * RaftLeaderCompleteness. The leader of the newest epoch has every committed metadata record.
 *
 * Legal: a stale leader that does not know of the newer one. A replica whose disk was wiped begins anew.
 */
import { NONE } from "../../kafka/ids.ts";
import type { Ghost } from "../ghost/ghost.ts";
import type { Invariant, Reporter } from "../invariant.ts";
import type { Observation } from "../observation.ts";

interface Told {
  readonly what: number;
  readonly step: number;
  readonly timeUs: number;
}

export class RaftElectionSafety implements Invariant {
  readonly name = "RaftElectionSafety";
  readonly promise = "The metadata quorum has at most one leader per epoch, and a voter votes at most once in it.";
  readonly source = "Raft; KIP-595; ElectionSafety (Vanlightly KIP-996)";
  readonly watches = ["RaftLeaderElected", "RaftStateChanged"] as const;
  private readonly leaders = new Map<number, Told>();
  private readonly votes = new Map<number, { epoch: number; vote: Told }>();

  observe(o: Observation, _ghost: Ghost, reporter: Reporter): void {
    const { event } = o;
    if (event.kind === "RaftLeaderElected") this.named(event.epoch, event.replica, o, reporter);
    else if (event.kind === "RaftStateChanged") {
      if (event.leaderId !== NONE) this.named(event.epoch, event.leaderId, o, reporter);
      if (event.votedFor !== NONE) this.voted(event.replica, event.epoch, event.votedFor, o, reporter);
    }
  }

  private named(epoch: number, leader: number, o: Observation, reporter: Reporter): void {
    const known = this.leaders.get(epoch);
    if (known === undefined) {
      this.leaders.set(epoch, { what: leader, step: o.step, timeUs: o.timeUs });
    } else if (known.what !== leader) {
      reporter.report(this, {
        subject: `epoch ${epoch}`,
        message: `the metadata quorum has leaders ${known.what} and ${leader} in epoch ${epoch}`,
        facts: [
          { step: known.step, timeUs: known.timeUs, text: `${known.what} was named leader of epoch ${epoch}` },
          reporter.now(`${leader} was named leader of epoch ${epoch}`),
        ],
      });
    }
  }

  private voted(replica: number, epoch: number, candidate: number, o: Observation, reporter: Reporter): void {
    const known = this.votes.get(replica);
    if (known === undefined || known.epoch !== epoch) {
      this.votes.set(replica, { epoch, vote: { what: candidate, step: o.step, timeUs: o.timeUs } });
    } else if (known.vote.what !== candidate) {
      reporter.report(this, {
        subject: `${replica}@${epoch}`,
        message: `${replica} voted for ${known.vote.what} and for ${candidate} in epoch ${epoch}`,
        facts: [
          { step: known.vote.step, timeUs: known.vote.timeUs, text: `${replica} voted for ${known.vote.what} in epoch ${epoch}` },
          reporter.now(`${replica} voted for ${candidate} in epoch ${epoch}`),
        ],
      });
    }
  }
}

export class RaftMonotonicEpoch implements Invariant {
  readonly name = "RaftMonotonicEpoch";
  readonly promise = "The epoch of a member of the metadata quorum never falls, not even over a restart.";
  readonly source = "MonotonicEpoch (RaftEventSimulationTest)";
  readonly watches = ["RaftStateChanged", "RaftLogLoaded"] as const;
  private readonly known = new Map<number, { epoch: number; step: number; timeUs: number }>();

  observe(o: Observation, ghost: Ghost, reporter: Reporter): void {
    const { event } = o;
    const node = ghost.quorumNode;
    if ((event.kind !== "RaftStateChanged" && event.kind !== "RaftLogLoaded") || node === undefined) return;
    const known = this.known.get(event.replica);
    if (known === undefined || node.wipedStep > known.step) {
      this.known.set(event.replica, { epoch: event.epoch, step: o.step, timeUs: o.timeUs });
      return;
    }
    if (event.epoch < known.epoch) {
      reporter.report(this, {
        subject: `${event.replica}`,
        message: `the epoch of ${event.replica} fell from ${known.epoch} to ${event.epoch}`,
        facts: [
          { step: known.step, timeUs: known.timeUs, text: `${event.replica} was in epoch ${known.epoch}` },
          reporter.now(`${event.replica} ${event.kind === "RaftLogLoaded" ? "started" : "went on"} in epoch ${event.epoch}`),
        ],
      });
    }
    known.epoch = event.epoch;
    known.step = o.step;
    known.timeUs = o.timeUs;
  }
}

export class RaftLeaderCompleteness implements Invariant {
  readonly name = "RaftLeaderCompleteness";
  readonly promise = "The newest leader of the metadata quorum has every committed metadata record.";
  readonly source = "Raft; LeaderHasAllAckedValues (Vanlightly KIP-996)";
  readonly watches = ["RaftLeaderElected", "RaftHighWatermarkAdvanced"] as const;

  observe(_o: Observation, { quorum }: Ghost, reporter: Reporter): void {
    const { leader, committed } = quorum;
    if (leader === undefined || !leader.known || leader.log.agreedTo >= committed.end) return;
    const subject = `epoch ${quorum.leaderEpoch}`;
    if (!reporter.isNew(this, subject)) return;
    const { agreed, agreedTo } = leader.log;
    reporter.report(this, {
      subject,
      message: `${leader.id} leads the metadata quorum in epoch ${quorum.leaderEpoch} without the committed records [${agreedTo}, ${committed.end})`,
      facts: [
        { step: committed.stepOf(agreed), timeUs: committed.timeOf(agreed), text: `metadata offset ${agreedTo} was committed` },
        reporter.now(`${leader.id} leads epoch ${quorum.leaderEpoch}`),
      ],
    });
  }
}
