/**
 * The leader's side of replication: it appends, answers fetches, and finds out from them what is committed.
 *
 * Replication is pulled: a fetch from offset n says that everything below n is in the fetcher's log, durably if it is a
 * voter. The leader counts its own log only as far as it has been forced to disk (kraft.flushBeforeAck), but hands new
 * records out before, so that the others' disks work at the same time.
 *
 * Source: KafkaRaftClient.pollLeader, maybeAppendBatches, handleFetchRequest, tryCompleteFetchRequest; KIP-595, KIP-1166.
 */
import type { ErrorCode } from "../errors.ts";
import type { LeaderEpoch } from "../ids.ts";
import type { FetchPartition, FetchRequest, FetchResponse } from "../messages/fetch.ts";
import type { PendingRequest } from "../net/request-channel.ts";
import type { LeaderState } from "./leader-state.ts";
import { answeredPartition, emptyFetchResponse, metadataFetchResponse, requestedPartition } from "./metadata-fetch.ts";
import type { RaftReplica } from "./raft-replica.ts";

export class LeaderReplication {
  private readonly replica: RaftReplica;

  constructor(replica: RaftReplica) {
    this.replica = replica;
  }

  /** Writes what was gathered, if it is time. The thread may be blocked afterwards. */
  maybeAppend(leader: LeaderState): void {
    const { replica } = this;
    if (leader.accumulator.drainAt > replica.host.now()) return;
    if (!replica.admitWrite(leader.accumulator.pendingBytes)) return;
    for (const batch of leader.accumulator.drain()) {
      if (!replica.log.appendAsLeader(batch, leader.epoch)) {
        replica.fatal("the metadata log cannot be written");
        return;
      }
    }
    if (!replica.dials["kraft.flushBeforeAck"]) this.countOwnLog(leader);
    this.answerWaiting();
    if (replica.dials["kraft.flushBeforeAck"]) replica.flush();
  }

  /** The log has been forced to disk, as far as it went. */
  onFlushed(): void {
    const { state } = this.replica.quorum;
    if (state.role === "Leader") this.countOwnLog(state.leader);
  }

  onFetch(request: PendingRequest<"Fetch">): void {
    const { replica } = this;
    const { body } = request;
    if (body.clusterId !== replica.clusterId) {
      request.respond({ errorCode: "INCONSISTENT_CLUSTER_ID", responses: [] });
      return;
    }
    const partition = requestedPartition(body);
    if (partition === undefined || partition.fetchOffset < 0 || partition.lastFetchedEpoch > partition.currentLeaderEpoch) {
      request.respond(emptyFetchResponse("INVALID_REQUEST", replica.quorum));
      return;
    }
    const answer = this.answer(body, partition);
    if (body.maxWaitMs === 0 || hasNews(answer, partition)) request.respond(answer);
    else replica.purgatory.await(request, answer);
  }

  private answer(request: FetchRequest, partition: FetchPartition): FetchResponse {
    const { quorum, log, host } = this.replica;
    const error = this.validateLeaderOnly(partition.currentLeaderEpoch);
    const { state } = quorum;
    if (error !== "NONE" || state.role !== "Leader") return emptyFetchResponse(error, quorum);
    const { leader } = state;
    const diverging = log.divergingFrom(partition.fetchOffset, partition.lastFetchedEpoch);
    if (diverging !== undefined) {
      return metadataFetchResponse({ errorCode: "NONE", quorum, highWatermark: leader.highWatermark, records: [], diverging });
    }
    const records = log.readUncommitted(partition.fetchOffset);
    if (leader.updateFetch(request.replicaState.replicaId, partition.fetchOffset, host.now())) this.onHighWatermark(leader);
    return metadataFetchResponse({ errorCode: "NONE", quorum, highWatermark: leader.highWatermark, records });
  }

  private validateLeaderOnly(epoch: LeaderEpoch): ErrorCode {
    const { quorum, shuttingDown } = this.replica;
    if (epoch < quorum.epoch) return "FENCED_LEADER_EPOCH";
    if (epoch > quorum.epoch) return "UNKNOWN_LEADER_EPOCH";
    if (quorum.state.role !== "Leader") return "NOT_LEADER_OR_FOLLOWER";
    return shuttingDown ? "BROKER_NOT_AVAILABLE" : "NONE";
  }

  private countOwnLog(leader: LeaderState): void {
    const { log, dials } = this.replica;
    const end = dials["kraft.flushBeforeAck"] ? log.flushedOffset : log.endOffset;
    if (leader.updateLocalEnd(end)) this.onHighWatermark(leader);
  }

  private onHighWatermark(leader: LeaderState): void {
    const { replica } = this;
    replica.advanceHighWatermark(leader.highWatermark, "leader");
    if (replica.dials["kraft.fetchReportsHighWatermark"]) this.answerWaiting();
    replica.progress.deliver(leader.highWatermark);
    replica.progress.leading(replica.quorum.nodeId, leader.epoch, leader.epochStartOffset);
  }

  /** There is something new for everybody who waits. */
  private answerWaiting(): void {
    for (const { request, answer } of this.replica.purgatory.takeAll()) {
      const partition = requestedPartition(request.body);
      request.respond(partition === undefined ? answer : this.answer(request.body, partition));
    }
  }
}

/** Whether an answer is worth sending at once. */
function hasNews(answer: FetchResponse, asked: FetchPartition): boolean {
  const partition = answeredPartition(answer);
  if (partition === undefined || partition.errorCode !== "NONE" || partition.divergingEpoch !== undefined) return true;
  return partition.records.length > 0 || (asked.highWatermark !== undefined && asked.highWatermark < partition.highWatermark);
}
