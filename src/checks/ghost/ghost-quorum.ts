/** What the observer knows of the metadata quorum: every node's metadata log, role and epoch, and what is truly committed. */
import type { Micros } from "../../base/units.ts";
import { type LeaderEpoch, NONE, type Offset, type ReplicaId } from "../../kafka/ids.ts";
import type { MetadataRecord } from "../../kafka/metadata/records.ts";
import type {
  RaftHighWatermarkAdvanced,
  RaftLogLoaded,
  RaftRecordsAppended,
  RaftRole,
  RaftStateChanged,
} from "../../kafka/quorum-events.ts";
import type { NodeName } from "../../sim/host.ts";
import { CommittedLog, ReplicaLog } from "./committed-log.ts";

export class GhostQuorumNode {
  readonly id: ReplicaId;
  node: NodeName | undefined;
  voter = false;
  readonly log: ReplicaLog<MetadataRecord>;
  known = true;
  up = true;
  role: RaftRole = "Unattached";
  epoch: LeaderEpoch = NONE;
  votedFor: ReplicaId = NONE;
  highWatermark: Offset = 0;
  /** Since when this incarnation has held its role. */
  roleStep = 0;
  roleTime: Micros = 0;
  /** Contact with the leader of `streakEpoch`: appended from it (or, as the leader, committed) without a gap since. */
  streakEpoch: LeaderEpoch = NONE;
  streakSince: Micros = 0;
  streakTo: Micros = NONE;
  /** The step of the last wipe of its disk; -1 for never. */
  wipedStep = -1;
  cutStep = 0;
  cutTime: Micros = 0;

  constructor(id: ReplicaId, committed: CommittedLog<MetadataRecord>) {
    this.id = id;
    this.log = new ReplicaLog(committed);
  }

  noteContact(epoch: LeaderEpoch, timeUs: Micros, gapMax: Micros): void {
    if (epoch !== this.streakEpoch || this.streakTo < 0 || timeUs - this.streakTo > gapMax) {
      this.streakEpoch = epoch;
      this.streakSince = timeUs;
    }
    this.streakTo = timeUs;
  }
}

export class GhostQuorum {
  readonly committed = new CommittedLog<MetadataRecord>();
  readonly nodes: GhostQuorumNode[] = [];
  readonly voterIds: ReplicaId[] = [];
  /** The leader of the newest epoch that had one. */
  leader: GhostQuorumNode | undefined;
  leaderEpoch: LeaderEpoch = NONE;
  /** Longest silence between two signs of contact that still counts as contact. */
  readonly contactGapMax: Micros;
  /** A voter's disk was wiped: what rests on durable votes and logs is no longer promised. */
  voterWiped = false;

  constructor(fetchTimeoutUs: Micros) {
    // A follower seeks another leader only after a whole fetch timeout of silence, on a clock of its own.
    this.contactGapMax = (fetchTimeoutUs * 3) / 4;
  }

  get majority(): number {
    return Math.floor(this.voterIds.length / 2) + 1;
  }

  node(id: ReplicaId): GhostQuorumNode {
    for (const node of this.nodes) if (node.id === id) return node;
    const node = new GhostQuorumNode(id, this.committed);
    node.voter = this.voterIds.includes(id);
    this.nodes.push(node);
    return node;
  }

  onLoaded(node: GhostQuorumNode, event: RaftLogLoaded, step: number, timeUs: Micros): void {
    if (event.voter) this.addVoter(event.replica);
    node.voter = event.voter;
    const last = event.batches[event.batches.length - 1];
    node.log.load(event.batches, event.batches[0]?.baseOffset ?? 0, last?.nextOffset ?? 0, 0);
    node.known = true;
    node.up = true;
    node.highWatermark = event.highWatermark;
    node.cutStep = step;
    node.cutTime = timeUs;
  }

  onState(node: GhostQuorumNode, event: RaftStateChanged, step: number, timeUs: Micros): void {
    if (event.role !== node.role || event.epoch !== node.epoch) {
      node.roleStep = step;
      node.roleTime = timeUs;
    }
    node.role = event.role;
    node.epoch = event.epoch;
    node.votedFor = event.votedFor;
  }

  onAppended(node: GhostQuorumNode, event: RaftRecordsAppended, timeUs: Micros): void {
    node.log.append(event.batch);
    // A leader's own append says nothing of its followers.
    if (node.role !== "Leader") node.noteContact(event.epoch, timeUs, this.contactGapMax);
    const first = event.batch.isControl ? event.batch.records[0] : undefined;
    if (first?.type === "LeaderChange") for (const voter of first.voters) this.addVoter(voter);
  }

  /** A leader finds out what is committed. Followers are told, and what they make of that proves nothing. */
  onHighWatermark(node: GhostQuorumNode, event: RaftHighWatermarkAdvanced, step: number, timeUs: Micros): void {
    node.highWatermark = event.to;
    if (event.role !== "leader") return;
    node.noteContact(event.epoch, timeUs, this.contactGapMax);
    if (event.to <= this.committed.end || node.log.agreedTo < this.committed.end) return;
    if (!node.log.commitUpTo(event.to, step, timeUs)) return;
    for (const each of this.nodes) each.log.absorb();
  }

  private addVoter(id: ReplicaId): void {
    if (this.voterIds.includes(id)) return;
    this.voterIds.push(id);
    this.node(id).voter = true;
  }
}
