/** Topics are marked for deletion in the store: the controller finds the marks there. Source: ZkAdminManager.deleteTopics, AdminZkClient.deleteTopic. */
import type { ErrorCode } from "../errors.ts";
import type { PendingRequest } from "../net/request-channel.ts";
import { DONE, Procedure, type Step } from "../zk/procedure.ts";
import { CreateRecursive } from "../zk/recursive.ts";
import { exists } from "../zk/store-requests.ts";
import { deleteTopicPath, topicPath } from "../zk/znodes.ts";
import type { ZkError, ZkResponse } from "../zookeeper/client-protocol.ts";

export interface MarkedTopic {
  readonly name: string;
  readonly errorCode: ErrorCode;
}

export interface TopicDeletionRequester {
  onTopicsMarked(request: PendingRequest<"DeleteTopics">, topics: readonly MarkedTopic[]): void;
}

/** One topic after the other. Ends with its requester's being told, whatever happens. */
export class MarkTopicsForDeletion extends Procedure {
  readonly name = "MarkTopicsForDeletion";
  private readonly request: PendingRequest<"DeleteTopics">;
  private readonly requester: TopicDeletionRequester;
  /** The next one last. */
  private readonly waiting: string[];
  private readonly marked: MarkedTopic[] = [];

  constructor(request: PendingRequest<"DeleteTopics">, topics: readonly string[], requester: TopicDeletionRequester) {
    super();
    this.request = request;
    this.requester = requester;
    this.waiting = [...topics].reverse();
  }

  start(): Step {
    const name = this.waiting.at(-1);
    if (name !== undefined) return { kind: "ask", requests: [exists(topicPath(name))] };
    this.requester.onTopicsMarked(this.request, this.marked);
    return DONE;
  }

  override onResponses([answer]: readonly [ZkResponse]): Step {
    if (answer.error !== "OK") return this.end("UNKNOWN_TOPIC_OR_PARTITION");
    return { kind: "call", procedure: new CreateRecursive(deleteTopicPath(this.waiting.at(-1) as string)) };
  }

  /** A topic that has been marked before is waited for all the same. */
  override onReturned(result: unknown): Step {
    const error = result as ZkError;
    return this.end(error === "OK" || error === "NODEEXISTS" ? "NONE" : "UNKNOWN_SERVER_ERROR");
  }

  override onAborted(): void {
    for (const name of this.waiting.reverse()) this.marked.push({ name, errorCode: "UNKNOWN_SERVER_ERROR" });
    this.requester.onTopicsMarked(this.request, this.marked);
  }

  private end(errorCode: ErrorCode): Step {
    const name = this.waiting.pop() as string;
    this.marked.push({ name, errorCode });
    return this.start();
  }
}
