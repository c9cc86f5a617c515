/**
 * A group that speaks the classic protocol: its members, its state, and what of it is known to those who ask.
 *
 * Members stand in the order in which they came; the first is the leader. What happens to the group is decided elsewhere
 * ({@link Rebalances}, the handlers of requests); here each change keeps members, static members, leader and those awaited in step,
 * and is reported. Source: ClassicGroup.
 */
import { assert } from "../../../base/assert.ts";
import { US_PER_MS } from "../../../base/units.ts";
import type { TimerId } from "../../../sim/host.ts";
import type { ErrorCode } from "../../errors.ts";
import { report } from "../../events.ts";
import type { MemberRemoved } from "../../group-events.ts";
import type { JoinGroupRequest, JoinGroupResponse, SyncGroupResponse } from "../../messages/groups.ts";
import type { PendingRequest } from "../../net/request-channel.ts";
import type { GroupMetadataValue } from "../coordinator-records.ts";
import type { Group } from "../group.ts";
import type { ShardContext } from "../shard.ts";
import { type ClassicGroupState, mayBecome } from "./classic-group-state.ts";
import { ClassicMember } from "./classic-member.ts";
import { joinError, syncError } from "./group-answers.ts";
import type { MemberSessions } from "./member-sessions.ts";
import { type MemberProtocols, selectProtocol, sharesProtocol } from "./protocol-selection.ts";

/** The protocol type of consumers, the only one whose subscriptions a coordinator can read. */
const CONSUMER_PROTOCOL_TYPE = "consumer";

export class ClassicGroup implements Group {
  readonly groupId: string;
  readonly protocol = "classic";
  state: ClassicGroupState = "Empty";
  /** The state before this one: whether a rebalance is a group's first. */
  previousState: ClassicGroupState = "Empty";
  stateSinceMs: number | undefined;
  /** Counts the join phases that have ended. */
  generation = 0;
  /** Null in a group that has only ever committed offsets. */
  protocolType: string | null = null;
  /** The assignor of this generation; null while there are no members. */
  protocolName: string | null = null;
  leaderId: string | null = null;
  /** Since the initial delay began, or was last extended. */
  newMemberAdded = false;
  /** Members that joined this generation and have not sent SyncGroup since. */
  readonly pendingSyncs = new Set<string>();
  /** Ends the join phase, the sync phase; 0 when none runs. {@link Rebalances} owns them. */
  joinTimer: TimerId = 0;
  syncTimer: TimerId = 0;
  private readonly shard: ShardContext;
  private readonly sessions: MemberSessions;
  private readonly members = new Map<string, ClassicMember>();
  /** Member ids of static members by their instance id. */
  private readonly staticMembers = new Map<string, string>();
  /** Who has been given an id and is expected back with it, and until when. */
  private readonly pendingJoins = new Map<string, TimerId>();
  private subscribedTopics: ReadonlySet<string> | undefined;
  private membersAwaitingJoin = 0;

  constructor(options: { readonly groupId: string; readonly shard: ShardContext; readonly sessions: MemberSessions }) {
    this.groupId = options.groupId;
    this.shard = options.shard;
    this.sessions = options.sessions;
    this.stateSinceMs = this.nowMs();
  }

  /** The group as it was stored: Stable, or Empty. No timers run yet. */
  restore(value: GroupMetadataValue): void {
    for (const { subscription, ...stored } of value.members) {
      const protocols = [{ name: value.protocol ?? "", metadata: subscription }];
      this.put(new ClassicMember({ ...stored, protocols }));
    }
    this.state = value.members.length === 0 ? "Empty" : "Stable";
    this.previousState = this.state;
    this.stateSinceMs = value.currentStateTimestamp === -1 ? undefined : value.currentStateTimestamp;
    this.generation = value.generation;
    this.protocolType = value.protocolType === "" ? null : value.protocolType;
    this.protocolName = value.protocol;
    this.leaderId = value.leader;
    this.subscribedTopics = this.topicsOfMembers();
  }

  // ---- what others ask of a group ----

  get isEmpty(): boolean {
    return this.state === "Empty";
  }

  get usesConsumerProtocol(): boolean {
    return this.protocolType === CONSUMER_PROTOCOL_TYPE;
  }

  /** While it is not known what a group of consumers subscribes to, it may be anything. */
  isSubscribedTo(topic: string): boolean {
    return this.subscribedTopics?.has(topic) ?? this.usesConsumerProtocol;
  }

  validateOffsetCommit(commit: Parameters<Group["validateOffsetCommit"]>[0]): ErrorCode {
    const { memberId, groupInstanceId, generationIdOrMemberEpoch: generation } = commit;
    const checked = this.shard.dials["group.checkGenerationOnCommit"];
    if (this.state === "Dead") return "COORDINATOR_NOT_AVAILABLE";
    // Somebody who is no member: the admin client, or a consumer that assigns itself.
    if (generation < 0 && this.state === "Empty") return "NONE";
    if (generation < 0 && memberId === "" && groupInstanceId === null) return "UNKNOWN_MEMBER_ID";
    const member = this.find(memberId, groupInstanceId);
    if (typeof member === "string" && (checked || member === "FENCED_INSTANCE_ID")) return member;
    if (generation !== this.generation && checked) return "ILLEGAL_GENERATION";
    // Its member knows the new generation already, but not yet what is its own in it.
    if (this.state === "CompletingRebalance") return "REBALANCE_IN_PROGRESS";
    if (typeof member !== "string") this.sessions.renew(this.groupId, member);
    return "NONE";
  }

  validateOffsetFetch(_memberId: string | null, _memberEpoch: number): ErrorCode {
    return this.state === "Dead" ? "GROUP_ID_NOT_FOUND" : "NONE";
  }

  // ---- members ----

  get size(): number {
    return this.members.size;
  }

  /** In the order in which they came. */
  allMembers(): readonly ClassicMember[] {
    return [...this.members.values()];
  }

  member(memberId: string): ClassicMember | undefined {
    return this.members.get(memberId);
  }

  staticMember(groupInstanceId: string): ClassicMember | undefined {
    return this.members.get(this.staticMembers.get(groupInstanceId) ?? "");
  }

  isLeader(member: ClassicMember): boolean {
    return this.leaderId === member.memberId;
  }

  /** Of the members' own ones the longest (max.poll.interval.ms). */
  get rebalanceTimeoutMs(): number {
    return this.allMembers().reduce((longest, member) => Math.max(longest, member.rebalanceTimeoutMs), 0);
  }

  /** The member that a request speaks for; of a static member (KIP-345) only the newest process may speak. */
  find(memberId: string, groupInstanceId: string | null): ClassicMember | ErrorCode {
    if (this.state === "Dead") return "COORDINATOR_NOT_AVAILABLE";
    if (groupInstanceId !== null) {
      const current = this.staticMember(groupInstanceId);
      if (current === undefined) return "UNKNOWN_MEMBER_ID";
      if (current.memberId !== memberId && this.shard.dials["group.fenceStaticInstance"]) return "FENCED_INSTANCE_ID";
      return current;
    }
    return this.members.get(memberId) ?? "UNKNOWN_MEMBER_ID";
  }

  /**
   * Whether group.max.size leaves room. While members rejoin, those count who have: whoever comes last is turned away, were
   * he a member before.
   */
  accepts(memberId: string): boolean {
    const member = this.members.get(memberId);
    const maxSize = this.shard.config["group.max.size"];
    switch (this.state) {
      case "Empty":
      case "Dead":
        return true;
      case "PreparingRebalance":
        return member?.join !== undefined || this.membersAwaitingJoin < maxSize;
      case "CompletingRebalance":
      case "Stable":
        return member !== undefined || this.members.size < maxSize;
    }
  }

  supportsProtocols(protocolType: string, protocols: MemberProtocols): boolean {
    if (this.state === "Empty") return protocolType !== "" && protocols.length > 0;
    return this.protocolType === protocolType && sharesProtocol(protocols, this.protocolsOfMembers());
  }

  /** The assignor that the members would choose now. */
  selectProtocol(): string | null {
    return selectProtocol(this.protocolsOfMembers()) ?? null;
  }

  add(member: ClassicMember, protocolType: string): void {
    if (this.members.size === 0) this.protocolType = protocolType;
    this.put(member);
    this.leaderId ??= member.memberId;
    this.dropPending(member.memberId);
    this.reportAdded(member, null);
  }

  /** Whoever still waits is told that he is unknown: he may come back as somebody new. */
  remove(member: ClassicMember, reason: MemberRemoved["reason"]): void {
    this.answerJoin(member, joinError("UNKNOWN_MEMBER_ID", ""));
    this.answerSync(member, syncError("UNKNOWN_MEMBER_ID"));
    this.takeOut(member);
    if (this.isLeader(member)) this.leaderId = this.members.keys().next().value ?? null;
    this.pendingSyncs.delete(member.memberId);
    this.reportRemoved(member, reason);
  }

  /** The same member under a new id, on behalf of a process that says it is it (KIP-345). The older process is told, if it waits. */
  replaceStaticMember(old: ClassicMember, memberId: string): ClassicMember {
    const fenced = this.shard.dials["group.fenceStaticInstance"] ? "FENCED_INSTANCE_ID" : "REBALANCE_IN_PROGRESS";
    this.answerJoin(old, joinError(fenced, old.memberId));
    this.answerSync(old, syncError(fenced));
    this.takeOut(old);
    const member = new ClassicMember({ ...old, memberId });
    this.put(member);
    if (this.isLeader(old)) this.leaderId = memberId;
    this.reportRemoved(old, "replaced");
    this.reportAdded(member, old.memberId);
    return member;
  }

  /** What a member says of itself when it joins again. */
  update(member: ClassicMember, said: Pick<JoinGroupRequest, "protocols" | "rebalanceTimeoutMs" | "sessionTimeoutMs">): void {
    member.protocols = said.protocols;
    member.rebalanceTimeoutMs = said.rebalanceTimeoutMs;
    member.sessionTimeoutMs = said.sessionTimeoutMs;
  }

  // ---- members to be ----

  isPending(memberId: string): boolean {
    return this.pendingJoins.has(memberId);
  }

  addPending(memberId: string, sessionTimeoutMs: number): void {
    this.pendingJoins.set(memberId, this.sessions.expectJoin(this.groupId, memberId, sessionTimeoutMs));
  }

  /** False if nobody of that id was expected. */
  dropPending(memberId: string): boolean {
    const timer = this.pendingJoins.get(memberId);
    if (timer !== undefined) this.shard.host.cancelTimer(timer);
    return this.pendingJoins.delete(memberId);
  }

  // ---- phases ----

  get hasAllMembersJoined(): boolean {
    return this.members.size === this.membersAwaitingJoin && this.pendingJoins.size === 0;
  }

  /** The leader stays if it has rejoined; else it is the first who has. False if nobody has, or there is nobody. */
  electJoinedLeader(): boolean {
    const joined = this.allMembers().filter((member) => member.join !== undefined);
    const leader = joined.find((member) => this.isLeader(member)) ?? joined[0];
    if (leader !== undefined) this.leaderId = leader.memberId;
    return leader !== undefined;
  }

  beginGeneration(reason: string): void {
    this.generation += 1;
    this.protocolName = this.selectProtocol();
    this.subscribedTopics = this.topicsOfMembers();
    this.pendingSyncs.clear();
    this.transitionTo(this.members.size === 0 ? "Empty" : "CompletingRebalance", reason);
  }

  transitionTo(to: ClassicGroupState, reason: string): void {
    assert(mayBecome(this.state, to), `group ${this.groupId}: ${this.state} -> ${to}`);
    this.previousState = this.state;
    this.state = to;
    this.stateSinceMs = this.nowMs();
    this.reportState(this.previousState, reason);
  }

  /** Forgotten here: it was deleted, changed its protocol, or has another coordinator. Nothing that concerns it will happen any more. */
  end(error: ErrorCode): void {
    this.previousState = this.state;
    this.state = "Dead";
    for (const member of this.members.values()) {
      this.answerJoin(member, joinError(error, member.memberId));
      this.answerSync(member, syncError(error));
      this.sessions.stop(member);
    }
    for (const timer of [...this.pendingJoins.values(), this.joinTimer, this.syncTimer]) {
      if (timer !== 0) this.shard.host.cancelTimer(timer);
    }
    this.pendingJoins.clear();
  }

  // ---- requests that wait ----

  awaitJoin(member: ClassicMember, request: PendingRequest<"JoinGroup">): void {
    // The client has given up on the older one, and closed its connection.
    this.answerJoin(member, joinError("REBALANCE_IN_PROGRESS", member.memberId));
    member.join = request;
    this.membersAwaitingJoin += 1;
  }

  answerJoin(member: ClassicMember, response: JoinGroupResponse): void {
    const { join } = member;
    if (join === undefined) return;
    member.join = undefined;
    this.membersAwaitingJoin -= 1;
    join.respond(response);
  }

  awaitSync(member: ClassicMember, request: PendingRequest<"SyncGroup">): void {
    this.answerSync(member, syncError("REBALANCE_IN_PROGRESS"));
    member.sync = request;
  }

  /** False if it did not wait. */
  answerSync(member: ClassicMember, response: SyncGroupResponse): boolean {
    const { sync } = member;
    member.sync = undefined;
    sync?.respond(response);
    return sync !== undefined;
  }

  /** That `member` is in the current generation; the leader is told all subscriptions. */
  joinResponse(member: ClassicMember, { skipAssignment }: { readonly skipAssignment: boolean }): JoinGroupResponse {
    const { generation, protocolName } = this;
    assert(protocolName !== null, `group ${this.groupId} has members and no assignor`);
    const told = this.isLeader(member) ? this.allMembers() : [];
    return {
      errorCode: "NONE",
      generationId: generation,
      protocolName,
      leader: this.leaderId ?? "",
      skipAssignment,
      memberId: member.memberId,
      members: told.map((each) => ({
        memberId: each.memberId,
        groupInstanceId: each.groupInstanceId,
        metadata: each.subscription(protocolName),
      })),
    };
  }

  // ---- reports ----

  reportState(from: ClassicGroupState, reason: string): void {
    const { groupId: group, protocol, state: to, generation } = this;
    const { host, brokerId: broker } = this.shard;
    report(host, { kind: "GroupStateChanged", broker, group, protocol, from, to, generation, reason });
  }

  /** It has just been read from the log. */
  reportLoaded(): void {
    const { groupId: group, protocol, state, generation } = this;
    const { host, brokerId: broker } = this.shard;
    const members = this.allMembers().map(({ memberId: member, clientId: client }) => ({ member, client }));
    const loaded = { from: state, to: state, generation, reason: "loaded", members };
    report(host, { kind: "GroupStateChanged", broker, group, protocol, ...loaded });
  }

  private reportAdded(added: ClassicMember, replaces: string | null): void {
    const { memberId: member, groupInstanceId: instanceId, clientId: client } = added;
    const { host, brokerId: broker } = this.shard;
    report(host, { kind: "MemberAdded", broker, group: this.groupId, member, instanceId, client, replaces });
  }

  private reportRemoved({ memberId: member }: ClassicMember, reason: MemberRemoved["reason"]): void {
    const { host, brokerId: broker } = this.shard;
    report(host, { kind: "MemberRemoved", broker, group: this.groupId, member, reason });
  }

  private put(member: ClassicMember): void {
    this.members.set(member.memberId, member);
    if (member.groupInstanceId !== null) this.staticMembers.set(member.groupInstanceId, member.memberId);
  }

  private takeOut(member: ClassicMember): void {
    this.sessions.stop(member);
    this.members.delete(member.memberId);
    if (member.groupInstanceId !== null) this.staticMembers.delete(member.groupInstanceId);
  }

  private protocolsOfMembers(): readonly MemberProtocols[] {
    return this.allMembers().map((member) => member.protocols);
  }

  private topicsOfMembers(): ReadonlySet<string> | undefined {
    const { protocolName } = this;
    if (!this.usesConsumerProtocol) return undefined;
    if (this.members.size > 0 && protocolName === null) return undefined;
    return new Set(this.allMembers().flatMap((member) => member.subscription(protocolName ?? "").topics));
  }

  private nowMs(): number {
    return Math.floor(this.shard.host.now() / US_PER_MS);
  }
}
