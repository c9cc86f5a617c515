/** What the clients pane shows of a moment: how far producers and consumers have got, and what groups believe, beside what is committed. */
import type { Micros } from "../../base/units.ts";
import type { GroupProtocol, GroupState } from "../../kafka/group-events.ts";
import type { Offset, TopicPartition } from "../../kafka/ids.ts";
import type { NodeName } from "../../sim/host.ts";
import type { MachineScene } from "../cluster/machine.ts";

export interface ClientsScene {
  readonly producers: readonly ProducerScene[];
  /** Those that read by hand. */
  readonly consumers: readonly ConsumerScene[];
  readonly groups: readonly GroupScene[];
  readonly chosen: TopicPartition;
}

export interface ProducerScene extends MachineScene {
  readonly topic: string;
  readonly acks: string;
  /** `100/s`. */
  readonly rate: string;
  readonly acknowledged: number;
  readonly failed: number;
  /** In batches that have not been sent, or are to be sent again. */
  readonly waiting: number;
  readonly inFlight: number;
  /** A send() has not returned. */
  readonly isBlocked: boolean;
  /** Of the oldest record that has neither been acknowledged nor given up. */
  readonly longestWaitUs: Micros;
}

export interface ConsumerScene extends MachineScene {
  readonly positions: readonly PositionScene[];
}

/** A partition that somebody reads. Offsets are -1 where there is none. */
export interface PositionScene extends TopicPartition {
  /** Where it goes on, as it believes. */
  readonly position: Offset;
  /** What its group has committed, in truth; undefined outside of groups. */
  readonly committed: Offset | undefined;
  /** The partition is committed up to here. */
  readonly end: Offset;
  /** `fetches`, or why not. */
  readonly state: "fetches" | "no position" | "validates" | "paused" | "gives up";
  /** Others that believe that it is theirs. */
  readonly rivals: readonly NodeName[];
}

export interface MemberScene extends ConsumerScene {
  /** As it sees itself: `STABLE`, `PREPARING_REBALANCE`, `JOINING`; undefined while it does not run. */
  readonly state: string | undefined;
  readonly generation: number;
  /** The coordinator has it as a member; undefined where that is not to be found out. */
  readonly isKnown: boolean | undefined;
  /** What its application is at: `handling`, `committing`, `revoking`. */
  readonly activity: string | undefined;
  /** How long until its application must poll(), where it does not; it is too late where that is negative. */
  readonly pollDueInUs: Micros | undefined;
  /** Only a fault starts it. */
  readonly isSpare: boolean;
}

export interface GroupScene {
  readonly group: string;
  readonly members: readonly MemberScene[];
  readonly coordinator: CoordinatorScene;
  /** As the coordinator has it; undefined where it has none. */
  readonly held: HeldGroup | undefined;
  /** Between what is committed in the group's topics and what the group has committed. */
  readonly lag: number;
  /** Partitions that nobody believes to own, where somebody has owned any; and those that several do. */
  readonly ownerless: readonly string[];
  readonly contested: readonly string[];
}

interface CoordinatorScene {
  /** The leader of its partition of __consumer_offsets; undefined without one. */
  readonly node: NodeName | undefined;
  readonly state: "coordinates" | "loads" | "not yet" | "down";
  /** Others that take themselves for it. */
  readonly rivals: readonly NodeName[];
}

export interface HeldGroup {
  readonly protocol: GroupProtocol;
  readonly state: GroupState;
  readonly generation: number;
  readonly size: number;
  /** The members that the rebalance waits for. */
  readonly awaited: readonly NodeName[];
}
