/**
 * What must come to agree when the cluster is left alone: ControllerViewMatchesStore, ControllerViewMatchesBrokers,
 * BrokerEventuallyRegistered, AlterPartitionSettles.
 *
 * ControllerViewMatchesStore. The active controller's cache of a partition and the state znode say the same (ZooKeeper mode).
 * ControllerViewMatchesBrokers. Every live broker among a partition's replicas has the role, and the leader epoch, that the
 * committed state gives it.
 * BrokerEventuallyRegistered. A broker that runs is registered (ZooKeeper mode).
 * AlterPartitionSettles. A leader that wants another ISR is told yes or no.
 *
 * Each may be otherwise for a while, and as long as a link is cut or a process stands still: {@link SETTLING_TIME} of quiet is
 * too long. Legal: a broker that is down; a controller that is just being elected; a partition that nobody may lead; a broker
 * that was gone when a partition was moved away from it, and goes on believing that it leads there.
 */
import { NONE } from "../../kafka/ids.ts";
import type { Ghost } from "../ghost/ghost.ts";
import type { GhostPartition, GhostReplica } from "../ghost/ghost-partition.ts";
import type { GhostBroker } from "../ghost/nodes.ts";
import type { Fact, Invariant, Reporter } from "../invariant.ts";
import type { Observation, ObservedKind } from "../observation.ts";
import { type Lasting, Overdue } from "./overdue.ts";

export class ControllerViewMatchesStore implements Invariant {
  readonly name = "ControllerViewMatchesStore";
  readonly promise = "What the active controller takes for a partition's state is what stands in ZooKeeper.";
  readonly source = "KafkaController; KAFKA-6082";
  readonly watches = ["ControllerActivated", "ControllerRenounced"] as const;
  private readonly differing = new Overdue<GhostPartition>();

  /** With the controller its cache is another one. */
  observe(_o: Observation, ghost: Ghost, _reporter: Reporter): void {
    for (const partition of ghost.store.written.keys()) ghost.touch(partition);
  }

  checkPartition(partition: GhostPartition, ghost: Ghost, reporter: Reporter): void {
    if (partition.forgotten || differs(partition, ghost) === undefined) this.differing.forget(partition);
    else this.differing.note(partition, reporter.step, reporter.timeUs);
  }

  everySecond(ghost: Ghost, reporter: Reporter): void {
    if (!ghost.isUp(ghost.store.active?.node)) return;
    for (const [partition] of this.differing.due(ghost, reporter.timeUs)) {
      const difference = partition.forgotten ? undefined : differs(partition, ghost);
      if (difference === undefined) this.differing.forget(partition);
      else if (reporter.isNew(this, partition.name)) this.report(partition, difference, ghost, reporter);
    }
  }

  private report(partition: GhostPartition, difference: string, { store }: Ghost, reporter: Reporter): void {
    const { name } = partition;
    const written = store.written.get(partition);
    if (written === undefined || store.active === undefined) return;
    const { leader, leaderEpoch, isr } = written.event;
    reporter.report(this, {
      subject: name,
      partition: name,
      message: `${name}: the controller on broker ${store.active.broker} and ZooKeeper differ for good: ${difference}`,
      facts: [
        {
          step: written.step,
          timeUs: written.timeUs,
          text: `${name}: leader ${leader}, epoch ${leaderEpoch}, ISR [${isr.join(", ")}] was written to ZooKeeper`,
        },
        reporter.now(`${name}: the controller on broker ${store.active.broker} takes ${difference}`),
      ],
    });
  }
}

/** What the controller's cache has instead of what stands in the store; undefined if it has the same, or if there is no controller. */
function differs(partition: GhostPartition, { store }: Ghost): string | undefined {
  const written = store.written.get(partition)?.event;
  if (store.active === undefined || written === undefined) return undefined;
  const cached = store.cache.get(partition)?.event;
  if (cached === undefined) return "the partition for unknown";
  if (cached.leader !== written.leader) return `broker ${cached.leader} for the leader, not ${written.leader}`;
  if (cached.leaderEpoch !== written.leaderEpoch) return `${cached.leaderEpoch} for the leader epoch, not ${written.leaderEpoch}`;
  if (cached.partitionEpoch !== written.partitionEpoch) {
    return `${cached.partitionEpoch} for the version, not ${written.partitionEpoch} (ISR [${cached.isr.join(", ")}])`;
  }
  return undefined;
}

export class ControllerViewMatchesBrokers implements Invariant {
  readonly name = "ControllerViewMatchesBrokers";
  readonly promise = "Every live broker has the role, and the leader epoch, that the controller has given it.";
  readonly source = "KAFKA-2729, KIP-380";
  readonly watches = [] as const;
  private readonly differing = new Overdue<GhostPartition>();

  checkPartition(partition: GhostPartition, ghost: Ghost, reporter: Reporter): void {
    if (partition.forgotten || astray(partition, ghost) === undefined) this.differing.forget(partition);
    else this.differing.note(partition, reporter.step, reporter.timeUs);
  }

  everySecond(ghost: Ghost, reporter: Reporter): void {
    for (const [partition] of this.differing.due(ghost, reporter.timeUs)) {
      const broker = partition.forgotten ? undefined : astray(partition, ghost);
      if (broker === undefined) this.differing.forget(partition);
      else if (reporter.isNew(this, `${partition.name}/${broker.id}`)) this.report(partition, broker, reporter);
    }
  }

  private report(partition: GhostPartition, broker: GhostBroker, reporter: Reporter): void {
    const { name, state } = partition;
    if (state === undefined) return;
    const replica = partition.replica(broker.id);
    const has = replica === undefined || replica.role === "none" ? "no role" : `${replica.role} in epoch ${replica.leaderEpoch}`;
    reporter.report(this, {
      subject: `${name}/${broker.id}`,
      partition: name,
      message: `${name}: broker ${broker.id} is ${has}, and stays so, where leader ${state.leader}, epoch ${state.leaderEpoch} was decided`,
      facts: [
        {
          step: partition.stateStep,
          timeUs: partition.stateTime,
          text: `${name}: the controller decided leader ${state.leader}, epoch ${state.leaderEpoch}, ISR [${state.isr.join(", ")}]`,
        },
        reporter.now(`${name}: broker ${broker.id} is ${has}`),
      ],
    });
  }
}

/** A live broker that has not the role that was decided; undefined if there is none. */
function astray(partition: GhostPartition, ghost: Ghost): GhostBroker | undefined {
  const { state } = partition;
  if (state === undefined || state.leader === NONE) return undefined;
  for (const id of state.replicas) {
    const broker = ghost.brokers.get(id);
    if (broker?.node === undefined || broker.state !== "RUNNING" || !ghost.isUp(broker.node)) continue;
    const replica = partition.replica(id);
    const role = state.leader === id ? "leader" : "follower";
    if (replica === undefined || replica.role !== role || replica.leaderEpoch !== state.leaderEpoch) return broker;
  }
  return undefined;
}

export class BrokerEventuallyRegistered implements Invariant {
  readonly name = "BrokerEventuallyRegistered";
  readonly promise = "A broker that runs and reaches ZooKeeper is registered there.";
  readonly source = "KAFKA-7165";
  readonly watches = ["BrokerRegistered", "BrokerUnregistered", "BrokerStateChanged"] as const;
  private readonly missing = new Overdue<GhostBroker>();

  observe(_o: Observation, ghost: Ghost, reporter: Reporter): void {
    if (ghost.ensemble.servers.length === 0) return;
    for (const broker of ghost.brokers.values()) {
      if (broker.node !== undefined && wantsToBeRegistered(broker)) this.missing.note(broker, reporter.step, reporter.timeUs);
      else this.missing.forget(broker);
    }
  }

  everySecond(ghost: Ghost, reporter: Reporter): void {
    for (const [broker, since] of this.missing.due(ghost, reporter.timeUs)) {
      if (!ghost.isUp(broker.node)) continue;
      reporter.report(this, {
        subject: `${broker.id}`,
        message: `broker ${broker.id} runs, and ZooKeeper has no registration of it any more`,
        facts: [
          { step: broker.decidedStep, timeUs: broker.decidedTime, text: `the registration of broker ${broker.id} went` },
          { step: since.step, timeUs: since.began, text: `broker ${broker.id} ran without one` },
          reporter.now(`broker ${broker.id} still runs without one`),
        ],
      });
    }
  }
}

function wantsToBeRegistered({ registered, state }: GhostBroker): boolean {
  return !registered && (state === "STARTING" || state === "RECOVERY" || state === "RUNNING");
}

/** Answers that leave nothing pending: the leader has the ISR that it wanted, or goes on with the one that it had. */
const SETTLING: ReadonlySet<string> = new Set(["NONE", "OPERATION_NOT_ATTEMPTED", "INELIGIBLE_REPLICA"]);

export class AlterPartitionSettles implements Invariant {
  readonly name = "AlterPartitionSettles";
  readonly promise = "An ISR change that a leader has asked for is confirmed or refused, and the leader knows it.";
  readonly source = "AlterPartitionEpochEventuallyReachedOrZero (Vanlightly KIP-966); KAFKA-14154";
  readonly watches: readonly ObservedKind[] = [
    "IsrChangeProposed",
    "IsrChangeAnswered",
    "LeaderIsrUpdated",
    "BecameLeader",
    "BecameFollower",
    "ReplicaStopped",
  ];
  private readonly pending = new Overdue<GhostReplica>();

  observe(o: Observation, ghost: Ghost, _reporter: Reporter): void {
    const { event } = o;
    switch (event.kind) {
      case "IsrChangeProposed": {
        const replica = ghost.replicaOf(event.topic, event.partition, event.broker, o);
        this.pending.forget(replica);
        this.pending.note(replica, o.step, o.timeUs);
        return;
      }
      case "IsrChangeAnswered":
        // A leader that writes the ISR itself takes any refusal for the end of it.
        if (ghost.options.leadersWriteIsr || SETTLING.has(event.error)) {
          this.pending.forget(ghost.replicaOf(event.topic, event.partition, event.broker, o));
        }
        return;
      case "LeaderIsrUpdated":
        // While a member is being added, the maximal ISR is larger; while some are being dropped, nothing is told.
        if (event.isr.length === event.maximalIsr.length) this.forget(ghost);
        return;
      default:
        this.forget(ghost);
    }
  }

  everySecond(ghost: Ghost, reporter: Reporter): void {
    for (const [replica, since] of this.pending.due(ghost, reporter.timeUs)) {
      const { partition, broker } = replica;
      // A broker that was gone when the partition was moved away from it is never told (KIP-550, never built).
      const isStray = partition.state?.replicas.includes(broker.id) === false;
      if (partition.forgotten || isStray || replica.role !== "leader" || !ghost.isUp(broker.node)) this.pending.forget(replica);
      else this.report(replica, since, reporter);
    }
  }

  private forget({ replica }: Ghost): void {
    if (replica !== undefined) this.pending.forget(replica);
  }

  private report({ partition, broker }: GhostReplica, since: Lasting, reporter: Reporter): void {
    const { name } = partition;
    const proposed: Fact = { step: since.step, timeUs: since.began, text: `${name}: leader ${broker.id} asked for another ISR` };
    reporter.report(this, {
      subject: `${name}/${broker.id}`,
      partition: name,
      message: `${name}: what leader ${broker.id} asked for is neither confirmed nor refused for good`,
      facts: [proposed, reporter.now(`${name}: leader ${broker.id} still waits`)],
    });
  }
}
