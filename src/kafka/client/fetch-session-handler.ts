/**
 * A fetch session as its fetcher sees it: the number that its next request has to bear (KIP-227).
 *
 * A session begins with a request that names everything, and goes on only while each request is answered by the leader that
 * knows it. After a lost connection, or a refusal, another one is begun. Source: FetchSessionHandler, FetchMetadata.
 */
import type { FetchRequest, FetchResponse } from "../messages/fetch.ts";

const NO_SESSION = 0;
const INITIAL_EPOCH = 0;

export class FetchSessionHandler {
  private sessionId = NO_SESSION;
  private epoch = INITIAL_EPOCH;

  /** Whether the next request begins a session, and so must name all that is wanted. */
  get begins(): boolean {
    return this.epoch === INITIAL_EPOCH;
  }

  /** What the next request says of the session. */
  next(): Required<Pick<FetchRequest, "sessionId" | "sessionEpoch">> {
    return { sessionId: this.sessionId, sessionEpoch: this.epoch };
  }

  /** False if the answer is of no use but to begin anew at once. */
  onResponse({ errorCode, sessionId = NO_SESSION }: FetchResponse): boolean {
    if (errorCode === "FETCH_SESSION_ID_NOT_FOUND") this.sessionId = NO_SESSION;
    if (errorCode !== "NONE") {
      this.epoch = INITIAL_EPOCH;
      return false;
    }
    this.sessionId = sessionId;
    this.epoch = sessionId === NO_SESSION ? INITIAL_EPOCH : this.epoch + 1;
    return true;
  }

  /** There was no answer. The next request closes the session, if the leader still knows it. */
  onFailure(): void {
    this.epoch = INITIAL_EPOCH;
  }
}
