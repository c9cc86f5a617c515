/**
 * The fetch sessions of a broker: one for each follower (KIP-227).
 *
 * A full fetch with epoch 0 begins a session, each request counts its epoch up by one, and one that does not fit is refused:
 * the fetcher begins anew. A fetcher that has lost its connection begins anew as well, so the newest session of a follower is
 * the only one that can go on. Consumers are given none, as by a broker whose cache is full.
 * Source: FetchManager, FetchSessionCache.
 */
import type { ErrorCode } from "../errors.ts";
import { type BrokerId, NONE } from "../ids.ts";
import type { FetchRequest } from "../messages/fetch.ts";
import { FetchSession } from "./fetch-session.ts";

/** Epochs of a full fetch: of one that asks for a session, and of one that does not. */
const INITIAL_EPOCH = 0;
const FINAL_EPOCH = -1;

export class FetchSessions {
  private readonly byReplica = new Map<BrokerId, FetchSession>();
  private lastId = 0;

  /** The session that `request` belongs to, brought up to date with it; or why there is none. */
  of(request: FetchRequest): FetchSession | ErrorCode {
    const { sessionId = 0, sessionEpoch = FINAL_EPOCH, replicaState } = request;
    const { replicaId } = replicaState;
    const known = this.byReplica.get(replicaId);
    if (isFull(request)) {
      const begins = sessionEpoch === INITIAL_EPOCH && replicaId !== NONE;
      if (known !== undefined && (begins || known.id === sessionId)) this.end(known);
      return begins ? this.begin(request) : new FetchSession(0, request);
    }
    if (known === undefined || known.id !== sessionId) return "FETCH_SESSION_ID_NOT_FOUND";
    if (known.epoch !== sessionEpoch) return "INVALID_FETCH_SESSION_EPOCH";
    known.update(request);
    if (!known.isEmpty) return known;
    this.end(known);
    return new FetchSession(0, request);
  }

  private begin(request: FetchRequest): FetchSession {
    const session = new FetchSession(++this.lastId, request);
    this.byReplica.set(session.replicaId, session);
    return session;
  }

  private end(session: FetchSession): void {
    this.byReplica.delete(session.replicaId);
    session.end();
  }
}

/** Whether the request names all that it wants. */
export function isFull({ sessionEpoch = FINAL_EPOCH }: FetchRequest): boolean {
  return sessionEpoch === INITIAL_EPOCH || sessionEpoch === FINAL_EPOCH;
}
