/** Reads one replica: from its broker's process what the broker believes, and from the disk what it has, be the broker up or down. */
import type { GhostPartition, GhostReplica } from "../../checks/ghost/ghost-partition.ts";
import type { KafkaEvent } from "../../kafka/events.ts";
import { type BrokerId, NONE, type Offset, partitionName } from "../../kafka/ids.ts";
import { HIGH_WATERMARK_CHECKPOINT } from "../../kafka/log/checkpoints.ts";
import { StoredLog } from "../../kafka/log/stored-log.ts";
import type { LeaderReplica } from "../../kafka/replica/leader-replica.ts";
import type { LocalReplica } from "../../kafka/replica/local-replica.ts";
import type { ReplicaManager } from "../../kafka/replica/replica-manager.ts";
import { KafkaServer } from "../../kafka/server/kafka-server.ts";
import { ZkKafkaServer } from "../../kafka/server/zk-kafka-server.ts";
import type { NodeName } from "../../sim/host.ts";
import type { SimNode } from "../../sim/node.ts";
import type { Frame } from "../frame.ts";
import { membershipOf } from "./membership.ts";
import type { CommittedState, Lane, OffsetRange, Role, ServerCondition } from "./scene.ts";

export interface LaneReading {
  readonly lane: Omit<Lane, "runs">;
  readonly log: StoredLog;
}

/** A replica in its broker's process. */
interface LiveReplica {
  readonly local: LocalReplica;
  readonly leading: LeaderReplica | undefined;
}

export class LaneReader {
  private readonly frame: Frame;
  private readonly partition: GhostPartition;
  private readonly state: CommittedState;
  private readonly events: readonly KafkaEvent[];
  /** The leader that is committed, where it acts as it. */
  private readonly leader: LeaderReplica | undefined;

  constructor(frame: Frame, partition: GhostPartition, state: CommittedState, events: readonly KafkaEvent[]) {
    this.frame = frame;
    this.partition = partition;
    this.state = state;
    this.events = events;
    const live = state.leaderName === undefined ? undefined : this.liveReplica(this.nodeOf(state.leaderName));
    this.leader = live?.local.leaderEpoch === state.leaderEpoch ? live.leading : undefined;
  }

  read(broker: BrokerId): LaneReading {
    const node = this.nodeOf(this.nameOf(broker) as NodeName);
    const live = this.liveReplica(node);
    const { topic, partition } = this.partition;
    const log = new StoredLog(node.disk, partitionName(topic, partition));
    const ghost = this.partition.replica(broker);
    return { lane: this.laneOf(broker, node, live, log, ghost), log };
  }

  private laneOf(
    broker: BrokerId,
    node: SimNode,
    live: LiveReplica | undefined,
    log: StoredLog,
    ghost: GhostReplica | undefined,
  ): Omit<Lane, "runs"> {
    const { state } = this;
    const local = live?.local;
    const logEnd = local?.log.logEndOffset ?? log.endOffset;
    const isCut = this.cutTo(ghost, logEnd);
    return {
      broker,
      node: node.name,
      condition: conditionOf(node, live !== undefined || !log.exists),
      role: roleOf(broker, live, state),
      isElectable: state.isr.includes(broker) || state.elr.includes(broker),
      leaderEpoch: local?.leaderEpoch ?? NONE,
      follows: local === undefined ? undefined : this.nameOf(local.leader),
      isOutdated: local?.hosted === true && local.leaderEpoch < state.leaderEpoch,
      membership: membershipOf({ frame: this.frame, partition: this.partition, broker, state, leader: this.leader }),
      isFenced: this.isFenced(broker),
      isCutOff: this.isCutOff(node.name),
      logDirFailed: local?.context.logDirFailed === true,
      logStart: local?.log.logStartOffset ?? log.baseOffset,
      highWatermark: local?.log.highWatermark ?? this.checkpointed(node, log),
      logEnd,
      durableTo: Math.min(logEnd, log.durableTo),
      appended: this.appendedTo(broker),
      truncated: isCut,
      highWatermarkMoved: this.events.some((event) => event.kind === "HighWatermarkAdvanced" && this.isOf(event, broker)),
      lostByDisk: lostByDisk(ghost, logEnd),
    };
  }

  private nameOf(broker: BrokerId): NodeName | undefined {
    return this.frame.simulation.scenario.cluster.nodes.find(({ id }) => id === broker)?.name;
  }

  private nodeOf(name: NodeName): SimNode {
    return this.frame.simulation.world.node(name);
  }

  private liveReplica(node: SimNode): LiveReplica | undefined {
    const { topic, partition } = this.partition;
    const manager = replicaManagerOf(node);
    const hosted = manager?.partition(topic, partition);
    const local = hosted?.replica ?? manager?.replicaOnDisk(topic, partition);
    return local && { local, leading: hosted?.leading };
  }

  private isOf(
    event: { readonly topic: string; readonly partition: number; readonly broker: BrokerId },
    broker: BrokerId,
  ): boolean {
    return event.broker === broker && event.topic === this.partition.topic && event.partition === this.partition.partition;
  }

  private appendedTo(broker: BrokerId): OffsetRange | undefined {
    let range: OffsetRange | undefined;
    for (const event of this.events) {
      if (event.kind !== "RecordsAppended" || !this.isOf(event, broker)) continue;
      range = { from: range?.from ?? event.batch.baseOffset, to: event.batch.nextOffset };
    }
    return range;
  }

  /** By a truncation, or because the power went, or because less was found at the start than there had been. */
  private cutTo(ghost: GhostReplica | undefined, logEnd: Offset): OffsetRange | undefined {
    if (ghost === undefined) return undefined;
    let from: Offset = -1;
    for (const event of this.events) {
      if (event.kind === "LogTruncated" && this.isOf(event, ghost.broker.id)) from = Math.max(from, event.from);
    }
    if (!ghost.known && this.events.some(({ kind }) => isLossOfDisk(kind))) from = Math.max(from, ghost.endBeforeLoss);
    return from > logEnd ? { from: logEnd, to: from } : undefined;
  }

  private isFenced(broker: BrokerId): boolean {
    const { scenario, checker } = this.frame.simulation;
    const known = checker.ghost.brokers.get(broker);
    return known !== undefined && (scenario.cluster.mode === "zookeeper" ? !known.registered : known.fenced);
  }

  private isCutOff(name: NodeName): boolean {
    const { leaderName } = this.state;
    if (leaderName === undefined || leaderName === name) return false;
    const { links } = this.frame.simulation.checker.ghost;
    return !links.passes(name, leaderName) || !links.passes(leaderName, name);
  }

  /** With what a process that starts now would begin. */
  private checkpointed({ disk }: SimNode, log: StoredLog): Offset {
    if (disk.list(HIGH_WATERMARK_CHECKPOINT).length === 0) return log.baseOffset;
    const { topic, partition } = this.partition;
    const noted = disk.valueFile(HIGH_WATERMARK_CHECKPOINT).read() as { readonly byLog: ReadonlyMap<string, Offset> };
    return Math.min(Math.max(noted.byLog.get(partitionName(topic, partition)) ?? 0, log.baseOffset), log.endOffset);
  }
}

function replicaManagerOf({ process }: SimNode): ReplicaManager | undefined {
  return process instanceof KafkaServer || process instanceof ZkKafkaServer ? process.replicaManager : undefined;
}

function conditionOf(node: SimNode, isOpen: boolean): ServerCondition {
  if (!node.powered) return "without power";
  if (!node.running) return "down";
  if (node.paused) return "paused";
  return isOpen ? "running" : "starting";
}

function roleOf(broker: BrokerId, live: LiveReplica | undefined, state: CommittedState): Role {
  const acts = live?.leading !== undefined;
  if (acts) return state.leader === broker && live.local.leaderEpoch === state.leaderEpoch ? "leader" : "former";
  if (state.leader === broker) return "named";
  return live?.local.hosted === true ? "follower" : "none";
}

function isLossOfDisk(kind: string): boolean {
  return kind === "PowerLost" || kind === "DiskWiped";
}

function lostByDisk(ghost: GhostReplica | undefined, logEnd: Offset): OffsetRange | undefined {
  if (ghost === undefined) return undefined;
  if (!ghost.known) return ghost.endBeforeLoss > logEnd ? { from: logEnd, to: ghost.endBeforeLoss } : undefined;
  return ghost.hasLost && ghost.lostTo > ghost.lostFrom ? { from: ghost.lostFrom, to: ghost.lostTo } : undefined;
}
