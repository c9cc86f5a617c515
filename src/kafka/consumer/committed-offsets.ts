/**
 * Where the group has got to: partitions of a new assignment begin at what is committed, or, if nothing is, by `auto.offset.reset`.
 *
 * Asked within poll(), for all partitions that wait; taken in within poll(), too. An offset that is not stable yet (a transaction
 * has not ended, or its record is not replicated) is asked for again. Source: ConsumerCoordinator.initWithCommittedOffsetsIfNeeded,
 * OffsetFetchResponseHandler.
 */
import type { Host, NodeName, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import type { RandomStream } from "../../sim/random.ts";
import { retryBackoff } from "../client/retry-backoff.ts";
import type { ConsumerConfig } from "../config/client-config.ts";
import { type ErrorCode, isRetriable } from "../errors.ts";
import type { ConsumerPositionSet } from "../group-events.ts";
import { NONE } from "../ids.ts";
import type { OffsetFetchRequest, OffsetFetchResponse } from "../messages/group-offsets.ts";
import type { CompletionOf, NetworkClient } from "../net/network-client.ts";
import type { AssignedPartition } from "./assigned-partition.ts";
import type { CoordinatorLocator } from "./coordinator-locator.ts";
import type { GroupMembership } from "./group-membership.ts";
import type { OffsetFetcher } from "./offset-fetcher.ts";

type CommittedPartition = OffsetFetchResponse["topics"][number]["partitions"][number];

/** Is told when poll() has something to do, or to throw. */
export interface CommittedOffsetsListener {
  wakeUp(): void;
  raise(exception: string): void;
}

export class CommittedOffsets implements TimerTarget {
  private readonly host: Host;
  private readonly name: NodeName;
  private readonly config: ConsumerConfig;
  private readonly network: NetworkClient;
  private readonly coordinator: CoordinatorLocator;
  private readonly membership: GroupMembership;
  private readonly offsetFetcher: OffsetFetcher;
  private readonly listener: CommittedOffsetsListener;
  private readonly random: RandomStream;
  /** The partitions of the last request, as long as it is unanswered. */
  private asked: readonly AssignedPartition[] | undefined = undefined;
  private failures = 0;
  private retryTimer: TimerId = 0;

  constructor(options: {
    readonly host: Host;
    readonly name: NodeName;
    readonly config: ConsumerConfig;
    readonly network: NetworkClient;
    readonly coordinator: CoordinatorLocator;
    readonly membership: GroupMembership;
    readonly offsetFetcher: OffsetFetcher;
    readonly listener: CommittedOffsetsListener;
  }) {
    this.host = options.host;
    this.name = options.name;
    this.config = options.config;
    this.network = options.network;
    this.coordinator = options.coordinator;
    this.membership = options.membership;
    this.offsetFetcher = options.offsetFetcher;
    this.listener = options.listener;
    this.random = options.host.random("committed-retry");
  }

  /** True if none of `unsettled` waits for the group's offset. */
  askIfNeeded(unsettled: Iterable<AssignedPartition>): boolean {
    const waiting = [...unsettled].filter(({ state }) => state === "INITIALIZING");
    if (waiting.length === 0) return true;
    if (this.retryTimer !== 0 || (this.asked !== undefined && sameSet(this.asked, waiting))) return false;
    const { node } = this.coordinator;
    if (node === undefined) this.coordinator.lookUp();
    else this.ask(node, waiting);
    return false;
  }

  onOffsetFetch({ context, response, error }: CompletionOf<"OffsetFetch">): void {
    const partitions = context as readonly AssignedPartition[];
    // The assignment has changed since: another request is under way.
    if (this.asked !== partitions) return;
    this.asked = undefined;
    if (response === undefined) {
      this.onError(error ?? "NETWORK_EXCEPTION");
      return;
    }
    const { errorCode, topics } = response;
    const answers = topics.flatMap(({ partitions: ofTopic }) => ofTopic);
    const refusals = [errorCode, ...answers.map((answer) => answer.errorCode)].filter((code) => code !== "NONE");
    const refusal = refusals.find((code) => !isRetriable(code) || code === "UNKNOWN_TOPIC_OR_PARTITION") ?? refusals[0];
    if (refusal !== undefined) {
      this.onError(refusal);
      return;
    }
    this.failures = 0;
    for (const partition of partitions) {
      const answer = topics
        .find(({ name }) => name === partition.topic)
        ?.partitions.find(({ partitionIndex }) => partitionIndex === partition.partition);
      if (answer !== undefined && partition.state === "INITIALIZING") this.settle(partition, answer);
    }
  }

  onTimer(_timer: Timer): void {
    this.retryTimer = 0;
    this.listener.wakeUp();
  }

  private ask(node: NodeName, partitions: readonly AssignedPartition[]): void {
    const byTopic = new Map<string, number[]>();
    for (const { topic, partition } of partitions) {
      const indexes = byTopic.get(topic);
      if (indexes === undefined) byTopic.set(topic, [partition]);
      else indexes.push(partition);
    }
    const byMember = this.config["group.protocol"] === "consumer";
    const { groupId, memberId, generation } = this.membership;
    const body: OffsetFetchRequest = {
      groupId,
      memberId: byMember ? memberId : null,
      memberEpoch: byMember ? generation : NONE,
      topics: [...byTopic].map(([name, partitionIndexes]) => ({ name, partitionIndexes })),
      requireStable: true,
    };
    this.asked = partitions;
    this.network.send(node, "OffsetFetch", body, partitions);
  }

  private settle(partition: AssignedPartition, { committedOffset, committedLeaderEpoch }: CommittedPartition): void {
    if (committedOffset === NONE) {
      partition.requestReset("initial");
      return;
    }
    this.offsetFetcher.useCommitted(partition, committedOffset, committedLeaderEpoch);
    const { groupId, memberId, generation } = this.membership;
    const event: ConsumerPositionSet = {
      kind: "ConsumerPositionSet",
      source: "committed",
      group: groupId,
      client: this.name,
      member: memberId,
      generation,
      topic: partition.topic,
      partition: partition.partition,
      offset: committedOffset,
      leaderEpoch: committedLeaderEpoch,
    };
    this.host.emit(event);
  }

  private onError(error: ErrorCode): void {
    if (error === "COORDINATOR_NOT_AVAILABLE" || error === "NOT_COORDINATOR") this.coordinator.markUnknown(error);
    // A member whose epoch is out of date hears so from its heartbeat, and asks again with the right one.
    const staleMember = error === "STALE_MEMBER_EPOCH" || error === "UNKNOWN_MEMBER_ID";
    if (error === "UNKNOWN_TOPIC_OR_PARTITION" || (!isRetriable(error) && !staleMember)) {
      this.listener.raise(`KafkaException (offset fetch: ${error})`);
      return;
    }
    const timer: Timer = { kind: "group.offset-fetch", target: this };
    this.retryTimer = this.host.setTimer(retryBackoff(this.config, this.failures++, this.random), timer);
  }
}

function sameSet(some: readonly AssignedPartition[], others: readonly AssignedPartition[]): boolean {
  return some.length === others.length && some.every((partition) => others.includes(partition));
}
