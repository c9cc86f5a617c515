/**
 * RaftLogMatching, MetadataLogMatching, ConsistentCommittedData, RaftMajorityReachedHighWatermark and
 * RaftMonotonicHighWatermark: what the metadata quorum has committed, and where it is.
 *
 * RaftLogMatching. Below its high watermark every voter's log is the committed log, and no voter cuts below it.
 * MetadataLogMatching. The same for the brokers that observe, and a broker applies only what is committed.
 * ConsistentCommittedData. A committed offset keeps its value: the newest leader appends nothing else there, and at the end
 * every replica's prefix below its high watermark is the committed one.
 * RaftMajorityReachedHighWatermark. When a leader's high watermark reaches an offset, the logs of a majority of the voters
 * do, of stopped ones too; and a voter that comes back after a loss of power does not undo that.
 * RaftMonotonicHighWatermark. The high watermark of the newest leader never falls, over elections too; nor does that of
 * any replica while it runs.
 *
 * Legal: a restarted replica knows no high watermark. A stale leader may still raise its own, with fetches that were on
 * their way. Once a voter's disk was wiped, nothing is said any more about majorities.
 */
import { NONE } from "../../kafka/ids.ts";
import type { Ghost } from "../ghost/ghost.ts";
import type { GhostQuorum, GhostQuorumNode } from "../ghost/ghost-quorum.ts";
import type { Invariant, Reporter } from "../invariant.ts";
import type { Observation } from "../observation.ts";

export class RaftLogMatching implements Invariant {
  readonly name = "RaftLogMatching";
  readonly promise = "Below their high watermarks the metadata logs of all voters are the same.";
  readonly source = "Raft; NoLogDivergence (Vanlightly KIP-996)";
  readonly watches = ["RaftHighWatermarkAdvanced", "RaftLogTruncated"] as const;

  observe({ event }: Observation, { quorum, quorumNode }: Ghost, reporter: Reporter): void {
    if (quorumNode === undefined || !quorumNode.voter) return;
    if (event.kind === "RaftLogTruncated") judgeCut(this, quorumNode, event.to, reporter);
    else if (event.kind === "RaftHighWatermarkAdvanced") judgePrefix(this, quorum, quorumNode, event.to, "has", reporter);
  }
}

export class MetadataLogMatching implements Invariant {
  readonly name = "MetadataLogMatching";
  readonly promise = "Every broker's metadata log is a prefix of the controllers', and it applies only what is committed.";
  readonly source = "MetadataLogMatchingProperty (Vanlightly)";
  readonly watches = ["RaftHighWatermarkAdvanced", "RaftLogTruncated", "MetadataApplied"] as const;

  observe({ event }: Observation, ghost: Ghost, reporter: Reporter): void {
    const { quorum, quorumNode } = ghost;
    if (event.kind === "MetadataApplied") {
      const node = quorum.node(event.replica);
      if (event.to > quorum.committed.end && reporter.isNew(this, `${node.id} ahead`)) {
        const newest = quorum.committed.batches.length - 1;
        reporter.report(this, {
          subject: `${node.id} ahead`,
          message: `${node.id} applied metadata up to ${event.to}, but committed is only up to ${quorum.committed.end}`,
          facts: [
            {
              step: quorum.committed.stepOf(newest),
              timeUs: quorum.committed.timeOf(newest),
              text: `the metadata quorum committed up to ${quorum.committed.end}`,
            },
            reporter.now(`${node.id} applied up to ${event.to}`),
          ],
        });
      }
      judgePrefix(this, quorum, node, event.to, "applied", reporter);
    } else if (quorumNode !== undefined && !quorumNode.voter) {
      if (event.kind === "RaftLogTruncated") judgeCut(this, quorumNode, event.to, reporter);
      else if (event.kind === "RaftHighWatermarkAdvanced") judgePrefix(this, quorum, quorumNode, event.to, "has", reporter);
    }
  }
}

export class ConsistentCommittedData implements Invariant {
  readonly name = "ConsistentCommittedData";
  readonly promise = "A committed metadata offset keeps its value for ever, on every replica.";
  readonly source = "ConsistentCommittedData (RaftEventSimulationTest)";
  readonly watches = ["RaftRecordsAppended"] as const;

  observe({ event }: Observation, { quorum, quorumNode }: Ghost, reporter: Reporter): void {
    if (event.kind !== "RaftRecordsAppended" || quorumNode === undefined || quorumNode !== quorum.leader) return;
    if (event.epoch < quorum.leaderEpoch) return;
    judgePrefix(this, quorum, quorumNode, event.batch.nextOffset, "appended", reporter);
  }

  atEnd({ quorum }: Ghost, reporter: Reporter): void {
    for (const node of quorum.nodes) {
      if (node.known && node.up) judgePrefix(this, quorum, node, node.highWatermark, "has", reporter);
    }
  }
}

export class RaftMajorityReachedHighWatermark implements Invariant {
  readonly name = "RaftMajorityReachedHighWatermark";
  readonly promise = "What the metadata quorum has committed is in the logs of a majority of its voters.";
  readonly source = "MajorityReachedHighWatermark (RaftEventSimulationTest)";
  readonly watches = ["RaftHighWatermarkAdvanced", "RaftLogLoaded"] as const;

  observe({ event }: Observation, { quorum, quorumNode }: Ghost, reporter: Reporter): void {
    if (quorum.voterWiped || quorumNode === undefined) return;
    let to: number;
    if (event.kind === "RaftHighWatermarkAdvanced" && event.role === "leader") to = event.to;
    else if (event.kind === "RaftLogLoaded" && quorumNode.voter) to = quorum.committed.end;
    else return;
    if (to === 0) return;
    let reached = 0;
    for (const node of quorum.nodes) {
      if (!node.voter) continue;
      // A log that was opened again counts only by what it really still has.
      if (event.kind === "RaftLogLoaded" ? node.log.agreedTo >= to : node.log.endOffset >= to) reached++;
    }
    if (reached >= quorum.majority || !reporter.isNew(this, `${quorumNode.id}`)) return;
    const { committed } = quorum;
    const index = committed.indexOf(to - 1);
    const found = `${reached} of ${quorum.voterIds.length} voters have metadata offset ${to - 1}`;
    const now = event.kind === "RaftLogLoaded" ? `${quorumNode.id} opened a log that ends at ${quorumNode.log.endOffset}` : found;
    reporter.report(this, {
      subject: `${quorumNode.id}`,
      message: `only ${found}, which is committed`,
      facts: [
        { step: committed.stepOf(index), timeUs: committed.timeOf(index), text: `metadata offset ${to - 1} was committed` },
        reporter.now(now),
      ],
    });
  }
}

export class RaftMonotonicHighWatermark implements Invariant {
  readonly name = "RaftMonotonicHighWatermark";
  readonly promise = "The metadata quorum's high watermark never falls.";
  readonly source = "MonotonicHighWatermark (RaftEventSimulationTest)";
  readonly watches = ["RaftHighWatermarkAdvanced", "RaftLogLoaded"] as const;
  private readonly known = new Map<number, { to: number; step: number; timeUs: number }>();

  observe(o: Observation, { quorum }: Ghost, reporter: Reporter): void {
    const { event } = o;
    if (event.kind === "RaftLogLoaded") {
      this.known.delete(event.replica);
    } else if (event.kind === "RaftHighWatermarkAdvanced") {
      this.note(event.replica, event.to, `${event.replica}`, o, reporter);
      if (event.role === "leader" && event.epoch >= quorum.leaderEpoch) this.note(NONE, event.to, "the quorum", o, reporter);
    }
  }

  private note(key: number, to: number, who: string, o: Observation, reporter: Reporter): void {
    const known = this.known.get(key);
    if (known === undefined) {
      this.known.set(key, { to, step: o.step, timeUs: o.timeUs });
      return;
    }
    if (to < known.to) {
      reporter.report(this, {
        subject: who,
        message: `the high watermark of ${who} fell from ${known.to} to ${to}`,
        facts: [
          { step: known.step, timeUs: known.timeUs, text: `the high watermark of ${who} was ${known.to}` },
          reporter.now(`the high watermark of ${who} is ${to}`),
        ],
      });
      return;
    }
    known.to = to;
    known.step = o.step;
    known.timeUs = o.timeUs;
  }
}

/** Below `to` this replica must have the committed log. */
function judgePrefix(
  invariant: Invariant,
  quorum: GhostQuorum,
  node: GhostQuorumNode,
  to: number,
  verb: string,
  reporter: Reporter,
): void {
  const { log } = node;
  if (log.agreesUpTo(to) || !node.known || !reporter.isNew(invariant, `${node.id}`)) return;
  const { committed } = quorum;
  reporter.report(invariant, {
    subject: `${node.id}`,
    message: `at metadata offset ${log.agreedTo} ${node.id} ${verb} something else than is committed there`,
    facts: [
      {
        step: committed.stepOf(log.agreed),
        timeUs: committed.timeOf(log.agreed),
        text: `metadata offset ${log.agreedTo} was committed`,
      },
      reporter.now(`${node.id} ${verb} its own log up to ${to}`),
    ],
  });
}

function judgeCut(invariant: Invariant, node: GhostQuorumNode, to: number, reporter: Reporter): void {
  if (to >= node.highWatermark || !reporter.isNew(invariant, `${node.id} cut`)) return;
  const { committed } = node.log;
  const index = committed.indexOf(to);
  reporter.report(invariant, {
    subject: `${node.id} cut`,
    message: `${node.id} cut its metadata log to ${to}, below its high watermark ${node.highWatermark}`,
    facts: [
      { step: committed.stepOf(index), timeUs: committed.timeOf(index), text: `metadata offset ${to} was committed` },
      reporter.now(`${node.id} cut its metadata log to ${to}`),
    ],
  });
}
