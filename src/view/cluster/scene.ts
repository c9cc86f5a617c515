/** What the cluster pane shows of a moment: what every server believes, beside what is committed; and what is wrong between them. */
import type { BrokerState } from "../../kafka/events.ts";
import type { LeaderEpoch, Offset } from "../../kafka/ids.ts";
import type { EpochState } from "../../kafka/raft/quorum-state.ts";
import type { ClusterMode } from "../../kafka/releases.ts";
import type { ZkServerState } from "../../kafka/zookeeper-events.ts";
import type { NodeName } from "../../sim/host.ts";
import type { LinkScene } from "./links.ts";
import type { MachineScene } from "./machine.ts";

export interface ClusterScene {
  readonly mode: ClusterMode;
  readonly brokers: readonly BrokerScene[];
  /** Dedicated ones; combined servers are among the brokers. */
  readonly controllers: readonly ControllerScene[];
  readonly zookeepers: readonly ZooKeeperScene[];
  readonly truth: ClusterTruth;
  readonly links: readonly LinkScene[];
  /** Cut off from every other server. */
  readonly isolated: readonly NodeName[];
  /** Of all nodes, clients included. */
  readonly nodes: readonly NodeName[];
}

/** As it is decided, whoever has heard of it. */
export interface ClusterTruth {
  /** The leader of the newest epoch of the metadata quorum, or the broker that the store names; undefined for nobody. */
  readonly controller: NodeName | undefined;
  /** It runs and knows that it is. */
  readonly controllerActs: boolean;
  /** It stands still, and knows nothing of what has happened since. */
  readonly controllerPaused: boolean;
  /** Of the quorum's newest leader; -1 before the first, and in ZooKeeper mode. */
  readonly epoch: LeaderEpoch;
  /** The metadata log is committed up to here. */
  readonly committedEnd: Offset;
  readonly zookeeperLeader: NodeName | undefined;
  readonly zookeeperLeaderActs: boolean;
  readonly partitions: number;
  readonly leaderless: number;
}

/** A member of the metadata quorum, or an observer, as it sees itself. */
export interface QuorumScene {
  readonly role: EpochState["role"];
  readonly epoch: LeaderEpoch;
  /** Whom it takes for the leader. */
  readonly leader: NodeName | undefined;
  readonly logEnd: Offset;
}

export interface BrokerScene extends MachineScene {
  readonly id: number;
  /** As it says itself. */
  readonly state: BrokerState | undefined;
  readonly registered: boolean;
  readonly fenced: boolean;
  readonly inControlledShutdown: boolean;
  /** Partitions whose committed leader it is. */
  readonly leads: number;
  /** Partitions that it takes itself for the leader of, while another one is. */
  readonly leadsBesides: number;
  readonly leadsChosen: boolean;
  readonly rack: string | null;
  /** KRaft: its place in the quorum. */
  readonly quorum: QuorumScene | undefined;
  readonly isVoter: boolean;
  /** The epoch in which it takes itself for the controller (ZooKeeper mode); undefined if it does not. */
  readonly controllerEpoch: number | undefined;
}

export interface ControllerScene extends MachineScene {
  readonly quorum: QuorumScene | undefined;
}

export interface ZooKeeperScene extends MachineScene {
  /** Undefined while it does not run. */
  readonly ensemble: EnsembleScene | undefined;
}

interface EnsembleScene {
  readonly state: ZkServerState;
  readonly epoch: number;
  /** Whom it takes for the leader. */
  readonly leader: NodeName | undefined;
  readonly lastZxid: number;
  readonly serves: boolean;
}
