/**
 * The ISR as leaders changed it before there was AlterPartition: the leader writes it to the store itself, over the version of
 * the znode that it knows, and lets the controller know afterwards.
 *
 * A leader whose version is not the znode's has been replaced, or does not know it yet: its ISR stays as it was, and it tries
 * again at every check, until a LeaderAndIsr puts it right. Changes are gathered and announced at `/isr_change_notification`: looked
 * at every 2.5 s, when there was none for 5 s or nothing has been announced for 60 s.
 *
 * Kafka holds the partition's lock while it waits for the store. So here: see {@link isLocked}.
 * Source: Partition.expandIsr and shrinkIsr, ReplicationUtils, ReplicaManager.maybePropagateIsrChanges (2.6).
 */
import { type Micros, ms } from "../../base/units.ts";
import type { Host, Timer, TimerTarget } from "../../sim/host.ts";
import type { ErrorCode } from "../errors.ts";
import { type BrokerId, partitionName, type TopicPartition } from "../ids.ts";
import type { AfterRefusal, IsrManager, IsrProposal, IsrProposer } from "../replica/isr-manager.ts";
import { type ConditionalUpdateHandler, type ConditionalUpdateOutcome, ConditionalUpdates } from "../zk/conditional-update.ts";
import type { ZkClient, ZkResponseHandler } from "../zk/zk-client.ts";
import {
  ISR_CHANGE_NOTIFICATION_PATH,
  type IsrChangeNotificationZnode,
  type PartitionStateZnode,
  partitionStatePath,
} from "../zk/znodes.ts";
import type { ZkResponse } from "../zookeeper/client-protocol.ts";

const CHECK_INTERVAL = ms(2_500);
const LINGER = ms(5_000);
const MAX_DELAY = ms(60_000);

/** By partition name, in order of their first change. */
type IsrChanges = Map<string, TopicPartition>;

/** Requests may wait for a partition's lock. */
export interface UnlockListener {
  onUnlocked(): void;
}

export class ZkIsrManager
  implements IsrManager, ConditionalUpdateHandler<IsrProposal>, ZkResponseHandler<IsrChanges>, TimerTarget
{
  private readonly host: Host;
  private readonly brokerId: BrokerId;
  private readonly zk: ZkClient;
  private readonly listener: UnlockListener;
  private readonly updates: ConditionalUpdates<IsrProposal>;
  private readonly unanswered = new Set<IsrProposer>();
  /** Their partitions, by name. */
  private readonly locked = new Map<string, TopicPartition>();
  private unannounced: IsrChanges = new Map();
  private announcing = false;
  private lastChange: Micros;
  private lastAnnouncement: Micros;

  constructor(options: {
    readonly host: Host;
    readonly brokerId: BrokerId;
    readonly zk: ZkClient;
    readonly listener: UnlockListener;
  }) {
    const { host, brokerId, zk, listener } = options;
    this.host = host;
    this.brokerId = brokerId;
    this.zk = zk;
    this.listener = listener;
    this.updates = new ConditionalUpdates(zk, this);
    this.lastChange = host.now();
    this.lastAnnouncement = host.now();
  }

  start(): void {
    this.host.setTimer(CHECK_INTERVAL, { kind: "isr-change-propagation", target: this });
  }

  /** Whether the store has been asked for a change of this partition's ISR, and has not answered: nothing else may touch it meanwhile. */
  isLocked(topic: string, partition: number): boolean {
    return this.locked.has(partitionName(topic, partition));
  }

  get holdsLocks(): boolean {
    return this.locked.size > 0;
  }

  lockedPartitions(): Iterable<TopicPartition> {
    return this.locked.values();
  }

  hasProposalOf(proposer: IsrProposer): boolean {
    return this.unanswered.has(proposer);
  }

  submit(proposal: IsrProposal): void {
    const { topic, partition, leaderEpoch, controllerEpoch, partitionEpoch, pending } = proposal;
    const state: PartitionStateZnode = Object.freeze({
      leader: this.brokerId,
      leaderEpoch,
      isr: pending.proposed,
      controllerEpoch,
      leaderRecoveryState: "RECOVERED",
    });
    this.unanswered.add(proposal.proposer);
    this.locked.set(partitionName(topic, partition), { topic, partition });
    this.updates.update(partitionStatePath(topic, partition), state, partitionEpoch, proposal);
  }

  afterRefusal(_error: ErrorCode): AfterRefusal {
    return "take-back";
  }

  onConditionalUpdate(outcome: ConditionalUpdateOutcome, proposal: IsrProposal): void {
    const { topic, partition, leaderEpoch, pending, proposer } = proposal;
    const name = partitionName(topic, partition);
    this.unanswered.delete(proposer);
    this.locked.delete(name);
    if (outcome.kind === "written") {
      this.unannounced.set(name, { topic, partition });
      this.lastChange = this.host.now();
      proposer.onIsrAnswer(pending, "NONE", { leaderEpoch, isr: pending.proposed, partitionEpoch: outcome.version });
    } else {
      // A session that ended in between is an exception to Kafka, which leaves everything as it was.
      proposer.onIsrAnswer(pending, outcome.kind === "refused" ? "INVALID_UPDATE_VERSION" : "UNKNOWN_SERVER_ERROR", undefined);
    }
    this.listener.onUnlocked();
  }

  // ---- announcements ----

  onTimer(_timer: Timer): void {
    this.host.setTimer(CHECK_INTERVAL, { kind: "isr-change-propagation", target: this });
    if (this.unannounced.size === 0 || this.announcing) return;
    const now = this.host.now();
    if (this.lastChange + LINGER < now || this.lastAnnouncement + MAX_DELAY < now) this.announce();
  }

  private announce(): void {
    const announced = this.unannounced;
    this.unannounced = new Map();
    const partitions = Object.freeze([...announced.values()]);
    const data: IsrChangeNotificationZnode = Object.freeze({ partitions });
    const path = `${ISR_CHANGE_NOTIFICATION_PATH}/isr_change_`;
    this.announcing = true;
    this.zk.request([{ op: "create", path, data, mode: "PERSISTENT_SEQUENTIAL" }], this, announced);
  }

  onZkResponses([answer]: readonly [ZkResponse], announced: IsrChanges): void {
    this.announcing = false;
    if (answer.error === "OK") this.lastAnnouncement = this.host.now();
    else this.unannounced = new Map([...announced, ...this.unannounced]);
  }
}
