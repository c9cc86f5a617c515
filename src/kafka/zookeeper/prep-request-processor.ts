/**
 * The leader's first station: everything that its own clients ask for, and what followers pass on, in the order of arrival. Writes become
 * transactions here, which takes its time; whoever has no right to ask any more is refused. Source: PrepRequestProcessor.
 */
import type { ServiceCosts } from "../config/service-costs.ts";
import type { OutstandingChanges } from "./outstanding-changes.ts";
import { isWriteRequest, type SubmittedRequest, type ZkWriteRequest } from "./quorum-messages.ts";
import type { ClientRequest } from "./server-cnxn.ts";
import type { ServerContext } from "./server-context.ts";
import { type Service, ServiceQueue } from "./service-queue.ts";
import type { SessionOwner, SessionTracker } from "./session-tracker.ts";
import type { TxnBody, ZkTransaction } from "./transaction.ts";
import { prepareClose, prepareParts } from "./transaction-preparation.ts";
import type { Zxid } from "./zxid.ts";

/** What waits to be looked at. */
export interface PrepRequest extends SubmittedRequestFields {
  /** Who passed it on. */
  readonly owner: SessionOwner;
  /** Set if it came from a client of this server. */
  readonly local: ClientRequest | undefined;
}

interface SubmittedRequestFields extends Omit<SubmittedRequest, "request"> {
  readonly request: SubmittedRequest["request"] | ClientRequest["request"];
}

export interface PrepListener {
  /** The zxid of the next transaction; taken with this call. */
  nextZxid(): Zxid;
  /** To be proposed now; it answers `request`. */
  onPrepared(transaction: ZkTransaction, request: PrepRequest): void;
  /** A read of a client of this server. */
  onLocalRead(request: ClientRequest): void;
  /** A follower wants to be brought up to date. */
  onSync(owner: SessionOwner): void;
}

export class PrepRequestProcessor implements Service<PrepRequest> {
  private readonly costs: ServiceCosts;
  private readonly changes: OutstandingChanges;
  private readonly sessions: SessionTracker;
  private readonly listener: PrepListener;
  private readonly queue: ServiceQueue<PrepRequest>;

  constructor(options: {
    readonly context: ServerContext;
    readonly changes: OutstandingChanges;
    readonly sessions: SessionTracker;
    readonly listener: PrepListener;
  }) {
    const { context, changes, sessions, listener } = options;
    this.costs = context.costs;
    this.changes = changes;
    this.sessions = sessions;
    this.listener = listener;
    this.queue = new ServiceQueue(context.host, "zookeeper.prepare", this);
  }

  process(request: PrepRequest): void {
    this.queue.add(request, this.costOf(request.request));
  }

  stop(): void {
    this.queue.stop();
  }

  serve(request: PrepRequest): void {
    const { listener } = this;
    if (isWriteRequest(request.request)) {
      const zxid = listener.nextZxid();
      const body = this.prepare(request, request.request, zxid);
      listener.onPrepared(Object.freeze({ zxid, session: request.session, body }), request);
    } else if (request.local === undefined) listener.onSync(request.owner);
    else {
      const error = this.sessions.check(request.session, request.owner);
      if (error !== "OK") request.local.refusal = error;
      listener.onLocalRead(request.local);
    }
  }

  private prepare({ session, owner, client }: PrepRequest, request: ZkWriteRequest, zxid: Zxid): TxnBody {
    const { sessions, changes } = this;
    switch (request.op) {
      case "createSession":
        sessions.track(session, request.timeoutMs, client);
        sessions.setOwner(session, owner);
        return Object.freeze({ type: "createSession", client, timeoutMs: request.timeoutMs });
      case "closeSession": {
        const paths = prepareClose({ changes, zxid, session });
        sessions.setClosing(session);
        const holder = sessions.clientOf(session) ?? client;
        return Object.freeze({ type: "closeSession", client: holder, reason: request.reason ?? "closed", paths });
      }
      default: {
        const parts = request.op === "multi" ? request.ops : [request];
        const error = sessions.check(session, owner);
        if (error !== "OK") return Object.freeze({ type: "error", errors: Object.freeze([error]) });
        return prepareParts(parts, { changes, zxid, session });
      }
    }
  }

  private costOf(request: PrepRequest["request"]): number {
    if (!isWriteRequest(request)) return 0;
    return this.costs.zookeeperWriteUs * (request.op === "multi" ? Math.max(1, request.ops.length) : 1);
  }
}
