/**
 * The purgatory: replies that are known and wait until what they rest on has committed.
 *
 * A reply without records of its own waits as well if anything before it does, because it was made from that state. So a
 * controller that is cut off from its quorum soon answers nobody, not even heartbeats.
 * Source: DeferredEventQueue, QuorumController.ControllerWriteEvent.
 */
import { assert } from "../../base/assert.ts";
import { NONE, type Offset } from "../ids.ts";
import type { RequestOf, ResponseOf } from "../messages/apis.ts";
import { type ControllerApi, notControllerResponse } from "./not-controller.ts";

/** The request as this file needs it: what was asked, and the way back. */
export interface AnswerableRequest<A extends ControllerApi = ControllerApi> {
  readonly api: A;
  readonly body: RequestOf<A>;
  respond(body: ResponseOf<A>): void;
}

interface DeferredReply {
  readonly offset: Offset;
  readonly request: AnswerableRequest;
  readonly body: ResponseOf<ControllerApi>;
}

export class DeferredReplies {
  /** By ascending offset. */
  private waiting: DeferredReply[] = [];

  add<A extends ControllerApi>(offset: Offset, request: AnswerableRequest<A>, body: ResponseOf<A>): void {
    const highest = this.waiting.at(-1)?.offset ?? NONE;
    assert(offset >= highest, `a reply for offset ${offset} after one for ${highest}`);
    this.waiting.push({ offset, request: request as AnswerableRequest, body });
  }

  /** Everything up to and including `offset` has committed. An answer may bring in the connection's next request at once. */
  completeUpTo(offset: Offset): void {
    if (this.waiting.length === 0) return;
    let due = this.waiting.findIndex((reply) => reply.offset > offset);
    if (due === -1) due = this.waiting.length;
    for (const { request, body } of this.waiting.splice(0, due)) request.respond(body);
  }

  /** This is no longer the active controller: what was asked for may still commit, under the next one. */
  failAll(): void {
    const failed = this.waiting;
    this.waiting = [];
    for (const { request } of failed) request.respond(notControllerResponse(request.api, request.body));
  }
}
