/**
 * From time to time the controller looks whether leaders have strayed from their preferred replicas, and brings them back.
 *
 * First 5 s after it has taken over, then `leader.imbalance.check.interval.seconds` after each look.
 * Source: KafkaController.processAutoPreferredReplicaLeaderElection.
 */
import { type Micros, seconds } from "../../base/units.ts";
import type { TimerId, TimerTarget } from "../../sim/host.ts";
import type { TopicPartition } from "../ids.ts";
import { DONE, Procedure, type Step } from "../zk/procedure.ts";
import { PREFERRED_ELECTION_PATH } from "../zk/znodes.ts";
import type { WatchedEvent } from "../zookeeper/client-protocol.ts";
import { ChangePartitionStates } from "./change-partition-states.ts";
import { type ControllerCore, type ControllerDuty, workOn } from "./controller-core.ts";
import { imbalancedPartitions } from "./leader-imbalance.ts";
import { ZkLeaderElection } from "./replica-leader-election.ts";

const FIRST_CHECK_US = seconds(5);

/** Preferred leaders: those that the store asks for, and those that are due. */
export class LeaderRebalanceDuty implements ControllerDuty, TimerTarget {
  private readonly core: ControllerCore;
  private timer: TimerId = 0;

  constructor(core: ControllerCore) {
    this.core = core;
  }

  resumeAfterFailover(): Procedure {
    return new ResumeRebalancing(this.core, this);
  }

  onResigned(): void {
    this.core.host.cancelTimer(this.timer);
    this.timer = 0;
  }

  onWatchedEvent({ type, path }: WatchedEvent): Procedure | undefined {
    return type === "NodeCreated" && path === PREFERRED_ELECTION_PATH ? new ZkLeaderElection(this.core) : undefined;
  }

  onTimer(): void {
    this.timer = 0;
    this.core.thread.submit(new AutoPreferredReplicaLeaderElection(this.core, this));
  }

  scheduleFirst(): void {
    if (this.core.config["auto.leader.rebalance.enable"]) this.schedule(FIRST_CHECK_US);
  }

  scheduleNext(): void {
    this.schedule(seconds(this.core.config["leader.imbalance.check.interval.seconds"]));
  }

  private schedule(delay: Micros): void {
    const { host } = this.core;
    host.cancelTimer(this.timer);
    this.timer = host.setTimer(delay, { kind: "controller.leader-rebalance", target: this });
  }
}

/** An election that the last controller has left undone, then the checks. */
class ResumeRebalancing extends Procedure {
  readonly name = "ResumeRebalancing";
  private readonly core: ControllerCore;
  private readonly duty: LeaderRebalanceDuty;

  constructor(core: ControllerCore, duty: LeaderRebalanceDuty) {
    super();
    this.core = core;
    this.duty = duty;
  }

  start(): Step {
    return { kind: "call", procedure: new ZkLeaderElection(this.core) };
  }

  override onReturned(): Step {
    this.duty.scheduleFirst();
    return DONE;
  }
}

class AutoPreferredReplicaLeaderElection extends Procedure {
  readonly name = "AutoPreferredReplicaLeaderElection";
  private readonly core: ControllerCore;
  private readonly duty: LeaderRebalanceDuty;
  /** Broker by broker, what it should lead and does not. */
  private imbalanced: (readonly TopicPartition[])[] = [];

  constructor(core: ControllerCore, duty: LeaderRebalanceDuty) {
    super();
    this.core = core;
    this.duty = duty;
  }

  start(): Step {
    return this.core.isActive ? workOn(this.core, this.core.context.partitionCount) : DONE;
  }

  override onRested(): Step {
    const { context, config } = this.core;
    const partitions = context
      .allPartitions()
      .filter(({ topic }) => !context.topicsToBeDeleted.has(topic))
      .flatMap((partition) => {
        const [preferred] = context.replicas(partition);
        return preferred === undefined ? [] : [{ partition, preferred, leader: context.leadership(partition)?.leader }];
      });
    this.imbalanced = [...imbalancedPartitions(partitions, config["leader.imbalance.per.broker.percentage"]).values()];
    return this.next();
  }

  override onReturned(): Step {
    return this.next();
  }

  /** It is tried again later, whatever has gone wrong. A resignation ends it. */
  override onAborted(): void {
    this.duty.scheduleNext();
  }

  private next(): Step {
    const partitions = this.imbalanced.shift();
    if (partitions === undefined) {
      this.duty.scheduleNext();
      return DONE;
    }
    const { core } = this;
    const candidates = partitions.filter((partition) => canPreferredReplicaLead(core, partition));
    return { kind: "call", procedure: new ChangePartitionStates(core, candidates, "OnlinePartition", { kind: "preferred" }) };
  }
}

function canPreferredReplicaLead({ context }: ControllerCore, partition: TopicPartition): boolean {
  const [preferred] = context.replicas(partition);
  if (preferred === undefined || !context.isReplicaOnline(preferred, partition)) return false;
  return context.leadership(partition)?.isr.includes(preferred) === true;
}
