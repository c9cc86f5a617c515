/**
 * The KIP-848 groups of one partition of __consumer_offsets: requests in, records out, and the groups made from the records.
 * Source: GroupMetadataManager.
 */
import type { Timer, TimerTarget } from "../../../sim/host.ts";
import { report } from "../../events.ts";
import type { GroupState, MemberRemoved } from "../../group-events.ts";
import type { PendingRequest } from "../../net/request-channel.ts";
import type { ClassicGroups, ClassicRequest } from "../classic/classic-groups.ts";
import type { CoordinatorRecord } from "../coordinator-records.ts";
import type { Group } from "../group.ts";
import type { ShardContext, ShardPart } from "../shard.ts";
import { ClassicMembers } from "./classic-members.ts";
import { ConsumerGroup } from "./consumer-group.ts";
import { consumerGroup, isConsumerRecord, replayConsumerRecord } from "./consumer-records.ts";
import { Departures } from "./departures.ts";
import { Heartbeats } from "./heartbeats.ts";
import { type MemberTimer, type MemberTimerKind, MemberTimers } from "./member-timers.ts";
import { Reconciler } from "./reconciler.ts";
import { configuredAssignors } from "./target-assignment-builder.ts";

const FENCED_BY: { readonly [K in MemberTimerKind]: MemberRemoved["reason"] } = {
  session: "session-expired",
  rebalance: "rebalance-timeout",
  join: "did-not-rejoin",
  sync: "did-not-sync",
};

export class ConsumerGroups implements ShardPart, TimerTarget {
  private readonly shard: ShardContext;
  private readonly timers: MemberTimers;
  private readonly reconciler: Reconciler;
  private readonly departures: Departures;
  private readonly heartbeats: Heartbeats;
  private readonly classicMembers: ClassicMembers;

  constructor(shard: ShardContext, classic: ClassicGroups) {
    const assignors = configuredAssignors(shard.config["group.consumer.assignors"]);
    const timers = new MemberTimers(shard.host, this);
    const reconciler = new Reconciler(shard, timers, assignors);
    const departures = new Departures(shard, classic, timers);
    this.shard = shard;
    this.timers = timers;
    this.reconciler = reconciler;
    this.departures = departures;
    this.heartbeats = new Heartbeats({ shard, assignors: assignors.map(({ name }) => name), timers, reconciler, departures });
    this.classicMembers = new ClassicMembers({ shard, classic, timers, reconciler, departures });
    classic.consumerGroups = this;
  }

  onRequest(request: PendingRequest<"ConsumerGroupHeartbeat">): void {
    this.heartbeats.onRequest(request);
  }

  /** What a member that speaks the classic protocol asks of a group that speaks the new one. */
  onClassicRequest(request: ClassicRequest, group: Group): void {
    if (group instanceof ConsumerGroup) this.classicMembers.onRequest(request, group);
  }

  replay(record: CoordinatorRecord): void {
    if (!isConsumerRecord(record)) return;
    const { groups, active } = this.shard;
    const { group: groupId } = record.key;
    const group = consumerGroup(groups, groupId);
    replayConsumerRecord(groups, record);
    if (active && group !== undefined && groups.get(groupId) === undefined) this.reportState(group, "Dead", "deleted");
  }

  /** Sessions begin anew: nobody is to blame for the time in which there was no coordinator. */
  onLoaded(): void {
    const { config, groups } = this.shard;
    for (const group of groups.all()) {
      if (!(group instanceof ConsumerGroup)) continue;
      const { groupId } = group;
      group.reportedState = group.state;
      this.reportLoaded(group);
      for (const { memberId: member, memberEpoch, state: memberState, rebalanceTimeoutMs } of group.members()) {
        const timer = { group: groupId, member, memberEpoch };
        this.timers.schedule({ what: "session", ...timer }, config["group.consumer.session.timeout.ms"]);
        if (memberState === "UNREVOKED_PARTITIONS") this.timers.schedule({ what: "rebalance", ...timer }, rebalanceTimeoutMs);
      }
    }
  }

  onUnloaded(): void {
    this.timers.cancelAll();
  }

  onMetadataChanged(): void {
    // Groups look at their topics again with the next word of a member.
    this.reconciler.metadataVersion += 1;
  }

  onTimer(timer: Timer): void {
    const due = timer as MemberTimer;
    this.timers.forget(due);
    if (!this.shard.active) return;
    const group = consumerGroup(this.shard.groups, due.group);
    const member = group?.member(due.member);
    if (group === undefined || member === undefined) return;
    if (due.what === "rebalance" && member.memberEpoch !== due.memberEpoch) return;
    const error = this.departures.fence(group, member, FENCED_BY[due.what]);
    if (error !== "NONE" && error !== "NOT_COORDINATOR" && error !== "COORDINATOR_LOAD_IN_PROGRESS") this.timers.retry(due);
  }

  private reportLoaded(group: ConsumerGroup): void {
    const { host, brokerId: broker } = this.shard;
    const { groupId, protocol, state, groupEpoch: generation } = group;
    const members = [...group.members()].map(({ memberId: member, clientId: client }) => ({ member, client }));
    const loaded = { from: state, to: state, generation, reason: "loaded", members };
    report(host, { kind: "GroupStateChanged", broker, group: groupId, protocol, ...loaded });
  }

  private reportState(group: ConsumerGroup, to: GroupState, reason: string): void {
    const { host, brokerId: broker } = this.shard;
    const { groupId, protocol, reportedState: from, groupEpoch: generation } = group;
    report(host, { kind: "GroupStateChanged", broker, group: groupId, protocol, from, to, generation, reason });
  }
}
