/** Requests about offsets that wait for the log: a commit until it is committed there, a fetch for what was written before it. */
import type { ErrorCode } from "../errors.ts";
import type { OffsetCommitResponse } from "../messages/group-offsets.ts";
import type { PendingRequest } from "../net/request-channel.ts";
import type { WriteWaiter } from "./shard.ts";

export class DelayedOffsetCommit implements WriteWaiter {
  private readonly request: PendingRequest<"OffsetCommit">;
  /** What is said of each partition if all goes well. */
  private readonly topics: OffsetCommitResponse["topics"];
  private readonly newCoordinator: boolean;

  constructor(request: PendingRequest<"OffsetCommit">, topics: OffsetCommitResponse["topics"], newCoordinator: boolean) {
    this.request = request;
    this.topics = topics;
    this.newCoordinator = newCoordinator;
  }

  onWritten(error: ErrorCode): void {
    if (error === "NONE") {
      this.request.respond({ topics: this.topics });
      return;
    }
    const tooLarge = !this.newCoordinator && error === "UNKNOWN_SERVER_ERROR";
    const ifWritten = tooLarge ? "INVALID_COMMIT_OFFSET_SIZE" : error;
    const topics = this.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex, errorCode }) => ({
        partitionIndex,
        errorCode: errorCode === "NONE" ? ifWritten : errorCode,
      })),
    }));
    this.request.respond({ topics });
  }
}

export interface OffsetReader {
  answerFetch(request: PendingRequest<"OffsetFetch">): void;
}

export class DelayedOffsetFetch implements WriteWaiter {
  private readonly request: PendingRequest<"OffsetFetch">;
  private readonly reader: OffsetReader;

  constructor(request: PendingRequest<"OffsetFetch">, reader: OffsetReader) {
    this.request = request;
    this.reader = reader;
  }

  onWritten(error: ErrorCode): void {
    if (error === "NONE") this.reader.answerFetch(this.request);
    else this.request.respond({ errorCode: error, topics: [] });
  }
}
