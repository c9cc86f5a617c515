/**
 * The fetch sessions of a broker, one for each fetcher (KIP-227).
 *
 * A full fetch with epoch 0 begins a session, each request counts its epoch up by one, and one that does not fit is refused:
 * the fetcher begins anew. A fetcher that has lost its connection begins anew as well, so the newest session of a fetcher is
 * the only one that can go on. That there are never too many of them is not modelled.
 * Source: FetchManager, FetchSessionCache.
 */
import type { NodeName } from "../../sim/host.ts";
import type { ErrorCode } from "../errors.ts";
import { type BrokerId, NONE } from "../ids.ts";
import type { FetchRequest } from "../messages/fetch.ts";
import { FetchSession } from "./fetch-session.ts";

/** Epochs of a full fetch: of one that asks for a session, and of one that does not. */
const INITIAL_EPOCH = 0;
const FINAL_EPOCH = -1;

export class FetchSessions {
  private readonly byFetcher = new Map<NodeName | BrokerId, FetchSession>();
  private lastId = 0;

  /** The session that a request of `from` belongs to, brought up to date with it; or why there is none. */
  of(from: NodeName, request: FetchRequest): FetchSession | ErrorCode {
    const { sessionId = 0, sessionEpoch = FINAL_EPOCH } = request;
    const { replicaId } = request.replicaState;
    // Fetches for more than one consumer from one node are not modelled.
    const fetcher = replicaId === NONE ? from : replicaId;
    const known = this.byFetcher.get(fetcher);
    if (isFull(request)) {
      const begins = sessionEpoch === INITIAL_EPOCH;
      if (known !== undefined && (begins || known.id === sessionId)) this.end(fetcher, known);
      if (!begins) return new FetchSession(0, request);
      const session = new FetchSession(++this.lastId, request);
      this.byFetcher.set(fetcher, session);
      return session;
    }
    if (known === undefined || known.id !== sessionId) return "FETCH_SESSION_ID_NOT_FOUND";
    if (known.epoch !== sessionEpoch) return "INVALID_FETCH_SESSION_EPOCH";
    known.update(request);
    if (!known.isEmpty) return known;
    this.end(fetcher, known);
    return new FetchSession(0, request);
  }

  private end(fetcher: NodeName | BrokerId, session: FetchSession): void {
    this.byFetcher.delete(fetcher);
    session.end();
  }
}

/** Whether the request names all that it wants. */
export function isFull({ sessionEpoch = FINAL_EPOCH }: FetchRequest): boolean {
  return sessionEpoch === INITIAL_EPOCH || sessionEpoch === FINAL_EPOCH;
}
