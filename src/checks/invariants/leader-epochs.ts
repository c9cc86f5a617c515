/**
 * SingleLeaderPerEpoch and LeaderEpochMonotonic: a leader epoch names one leader, and epochs only grow.
 *
 * SingleLeaderPerEpoch. For each partition and epoch, all brokers that act as leader in it, and the leader that the
 * controller has named for it, are one broker.
 * LeaderEpochMonotonic. Per replica and incarnation the leader epoch never falls. At the controller neither does it, it
 * rises when the leader changes, and the partition epoch rises with every change of leader or ISR.
 *
 * Legal: two brokers may believe they lead, in different epochs. A restarted broker learns the epochs anew. What a new
 * controller reports again is told by its metadata offset.
 */
import type { PartitionChanged } from "../../kafka/events.ts";
import { NONE } from "../../kafka/ids.ts";
import type { Ghost } from "../ghost/ghost.ts";
import type { GhostPartition, GhostReplica } from "../ghost/ghost-partition.ts";
import type { Fact, Invariant, Reporter } from "../invariant.ts";
import type { Observation } from "../observation.ts";

interface Named {
  readonly leader: number;
  readonly step: number;
  readonly timeUs: number;
}

export class SingleLeaderPerEpoch implements Invariant {
  readonly name = "SingleLeaderPerEpoch";
  readonly promise = "In one leader epoch of a partition only one broker acts as its leader.";
  readonly source = "Kafka's design; cf. Raft election safety";
  readonly watches = ["BecameLeader", "PartitionChanged"] as const;
  private readonly leaders = new Map<GhostPartition, Map<number, Named>>();

  observe(o: Observation, ghost: Ghost, reporter: Reporter): void {
    const { event } = o;
    const { partition } = ghost;
    if (partition === undefined) return;
    if (event.kind === "BecameLeader") this.note(partition, event.leaderEpoch, event.broker, o, reporter);
    else if (event.kind === "PartitionChanged" && ghost.isNews && event.leader !== NONE) {
      this.note(partition, event.leaderEpoch, event.leader, o, reporter);
    }
  }

  private note(partition: GhostPartition, epoch: number, leader: number, o: Observation, reporter: Reporter): void {
    let ofPartition = this.leaders.get(partition);
    if (ofPartition === undefined) {
      ofPartition = new Map();
      this.leaders.set(partition, ofPartition);
    }
    const known = ofPartition.get(epoch);
    if (known === undefined) {
      ofPartition.set(epoch, { leader, step: o.step, timeUs: o.timeUs });
    } else if (known.leader !== leader) {
      const { name } = partition;
      reporter.report(this, {
        subject: `${name}@${epoch}`,
        partition: name,
        message: `${name}: brokers ${known.leader} and ${leader} are both leader in epoch ${epoch}`,
        facts: [
          { step: known.step, timeUs: known.timeUs, text: `${name}: broker ${known.leader} is the leader of epoch ${epoch}` },
          reporter.now(`${name}: broker ${leader} is the leader of epoch ${epoch}`),
        ],
      });
    }
  }
}

export class LeaderEpochMonotonic implements Invariant {
  readonly name = "LeaderEpochMonotonic";
  readonly promise = "Leader epochs only grow, at the controller and on every replica.";
  readonly source = "IdSequence.tla (hachikuji); KIP-101";
  readonly watches = ["BecameLeader", "BecameFollower", "PartitionChanged", "LogLoaded"] as const;
  private readonly known = new Map<GhostReplica, { epoch: number; step: number; timeUs: number }>();

  observe(o: Observation, ghost: Ghost, reporter: Reporter): void {
    const { event } = o;
    const { partition, replica } = ghost;
    if (partition === undefined) return;
    if (event.kind === "PartitionChanged") {
      this.observeController(o, ghost, partition, reporter);
    } else if (event.kind === "LogLoaded") {
      if (replica !== undefined) this.known.delete(replica);
    } else if ((event.kind === "BecameLeader" || event.kind === "BecameFollower") && replica !== undefined) {
      const known = this.known.get(replica);
      if (known !== undefined && event.leaderEpoch < known.epoch) {
        const before = {
          step: known.step,
          timeUs: known.timeUs,
          text: `broker ${event.broker} was in epoch ${known.epoch} of ${partition.name}`,
        };
        this.fell(
          partition,
          `${partition.name}/${event.broker}`,
          `broker ${event.broker}`,
          known.epoch,
          event.leaderEpoch,
          before,
          reporter,
        );
      }
      if (known === undefined) this.known.set(replica, { epoch: event.leaderEpoch, step: o.step, timeUs: o.timeUs });
      else {
        known.epoch = event.leaderEpoch;
        known.step = o.step;
        known.timeUs = o.timeUs;
      }
    }
  }

  private observeController(o: Observation, ghost: Ghost, partition: GhostPartition, reporter: Reporter): void {
    const { event } = o;
    const before = ghost.stateBefore;
    if (event.kind !== "PartitionChanged" || !ghost.isNews || before === undefined) return;
    const risen =
      event.leaderEpoch > before.leaderEpoch || (event.leaderEpoch === before.leaderEpoch && event.leader === before.leader);
    // In ZooKeeper the assignment stands in a node of its own: the state's version does not tell of its changes.
    const reassigned = event.partitionEpoch === before.partitionEpoch && sameState(event, before);
    if (risen && (reassigned || event.partitionEpoch > before.partitionEpoch)) return;
    const { name } = partition;
    const text = `${name}: leader ${before.leader}, leader epoch ${before.leaderEpoch}, partition epoch ${before.partitionEpoch}`;
    reporter.report(this, {
      subject: name,
      partition: name,
      message: `${name}: leader ${event.leader}, leader epoch ${event.leaderEpoch}, partition epoch ${event.partitionEpoch} does not follow on ${text}`,
      facts: [
        { step: ghost.stateBeforeStep, timeUs: ghost.stateBeforeTime, text },
        reporter.now(
          `${name}: leader ${event.leader}, leader epoch ${event.leaderEpoch}, partition epoch ${event.partitionEpoch}`,
        ),
      ],
    });
  }

  private fell(
    partition: GhostPartition,
    subject: string,
    who: string,
    from: number,
    to: number,
    before: Fact,
    reporter: Reporter,
  ): void {
    reporter.report(this, {
      subject,
      partition: partition.name,
      message: `${partition.name}: the leader epoch of ${who} fell from ${from} to ${to}`,
      facts: [before, reporter.now(`${who} went to epoch ${to}`)],
    });
  }
}

function sameState(a: PartitionChanged, b: PartitionChanged): boolean {
  return a.leader === b.leader && a.leaderEpoch === b.leaderEpoch && a.isr.join() === b.isr.join();
}
