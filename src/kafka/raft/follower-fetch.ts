/**
 * The follower's side of replication, and how a replica without a leader looks for one: by fetching.
 *
 * A fetch to anybody but the leader is answered with who leads, if that is known. Observers (brokers) find the leader so,
 * and with KIP-996 voters too, who otherwise hear of it from the leader (BeginQuorumEpoch) or from other answers.
 * A voter forces what it appends to disk before it fetches on, for by fetching it acknowledges (kraft.flushBeforeAck).
 *
 * Source: KafkaRaftClient.handleFetchResponse, maybeSendFetchToBestNode, maybeSendFetchToAnyBootstrap.
 */
import { ms } from "../../base/units.ts";
import { NONE, type Offset } from "../ids.ts";
import type { FetchPartitionResponse, FetchResponse } from "../messages/fetch.ts";
import type { MetadataRecord } from "../metadata/records.ts";
import { answeredPartition, metadataFetchRequest } from "./metadata-fetch.ts";
import type { FollowerState } from "./quorum-state.ts";
import type { RaftReplica } from "./raft-replica.ts";

export class FollowerFetch {
  private readonly replica: RaftReplica;
  /** Came with records that are being forced to disk; -1 for none. */
  private pendingHighWatermark: Offset = NONE;

  constructor(replica: RaftReplica) {
    this.replica = replica;
  }

  /** Fetches from the leader; from another voter while the leader does not answer, for there may be a new one. */
  fetchFromBestNode(state: FollowerState): void {
    const { requests, quorum, dials, host } = this.replica;
    if (requests.hasAnyInFlight) return;
    const leaderTimedOut = !quorum.isVoter && state.fetchDeadline <= host.now();
    const looksAround = !quorum.isVoter || dials["kraft.preVote"];
    if (looksAround && (leaderTimedOut || requests.isBackingOff(state.leaderId))) this.fetchFromAnyone();
    else if (requests.isReady(state.leaderId)) this.fetchFrom(state.leaderId);
  }

  fetchFromAnyone(): void {
    const voter = this.replica.requests.findReadyBootstrapServer();
    if (voter !== undefined) this.fetchFrom(voter);
  }

  /** True if the answer was of use; else the voter is left alone for a while. */
  onResponse(response: FetchResponse): boolean {
    const { replica } = this;
    const partition = answeredPartition(response);
    if (response.errorCode !== "NONE" || partition === undefined) return false;
    const { leaderId, leaderEpoch } = partition.currentLeader ?? { leaderId: NONE, leaderEpoch: NONE };
    const handling = replica.handleCommonResponse(partition.errorCode, leaderId, leaderEpoch);
    if (handling !== "continue") return handling === "handled";
    const { state } = replica.quorum;
    if (state.role !== "Follower" || partition.errorCode !== "NONE") return false;
    this.take(partition);
    state.fetchDeadline = replica.host.now() + ms(replica.config["controller.quorum.fetch.timeout.ms"]);
    state.hasFetchedFromLeader = true;
    return true;
  }

  /** What was appended is on disk, and the high watermark that came with it may count. */
  onFlushed(): void {
    const highWatermark = this.pendingHighWatermark;
    this.pendingHighWatermark = NONE;
    if (this.replica.quorum.state.role === "Follower") this.updateHighWatermark(highWatermark);
  }

  private fetchFrom(voter: number): void {
    const { requests, clusterId, quorum, log, dials } = this.replica;
    const reportsHighWatermark = dials["kraft.fetchReportsHighWatermark"];
    requests.send(voter, "Fetch", metadataFetchRequest({ clusterId, quorum, log, reportsHighWatermark }));
  }

  private take({ divergingEpoch, records, highWatermark }: FetchPartitionResponse<MetadataRecord>): void {
    const { replica } = this;
    const { log, quorum } = replica;
    if (divergingEpoch !== undefined) {
      if (divergingEpoch.endOffset < quorum.highWatermark) {
        replica.fatal(`told to truncate to ${divergingEpoch.endOffset}, below the high watermark ${quorum.highWatermark}`);
      } else log.truncateTo({ epoch: divergingEpoch.epoch, offset: divergingEpoch.endOffset });
      return;
    }
    for (const batch of records) {
      if (log.appendAsFollower(batch)) continue;
      replica.fatal("the metadata log cannot be written");
      return;
    }
    if (records.length > 0 && quorum.isVoter && replica.dials["kraft.flushBeforeAck"]) {
      this.pendingHighWatermark = highWatermark;
      replica.flush();
    } else this.updateHighWatermark(highWatermark);
  }

  private updateHighWatermark(ofLeader: Offset): void {
    if (ofLeader < 0) return;
    const { replica } = this;
    const to = Math.min(ofLeader, replica.log.endOffset);
    const { highWatermark: from } = replica.quorum;
    if (to < from) replica.fatal(`the high watermark would go back from ${from} to ${to}`);
    if (to <= from) return;
    replica.advanceHighWatermark(to, "follower");
    replica.progress.deliver(to);
  }
}
