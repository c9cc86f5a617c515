/**
 * What a server does for clients while it is in step with a leader, or leads: sessions are set up, requests answered, watches kept. When
 * that ends, all clients lose their connections, and none is let in until it begins again.
 *
 * Source: ZooKeeperServer.processConnectRequest, finishSessionInit, FinalRequestProcessor.
 */
import { assert } from "../../base/assert.ts";
import type { Connection, Message } from "../../sim/host.ts";
import {
  type WatchedEvent,
  type ZkConnectFrame,
  ZkConnectResponseFrame,
  type ZkReadOp,
  ZkRequestFrame,
  type ZkResponse,
  ZkResponseFrame,
  type ZkResult,
  ZkWatchEventFrame,
} from "./client-protocol.ts";
import type { FinalProcessor } from "./commit-processor.ts";
import type { AppliedTransaction } from "./data-tree.ts";
import type { Proposal } from "./quorum-messages.ts";
import { ClientRequest, ServerCnxn } from "./server-cnxn.ts";
import type { ServerContext } from "./server-context.ts";
import { WatchManager, type WatchNotifier } from "./watch-manager.ts";
import { answerTo } from "./write-answer.ts";
import type { ZkDatabase } from "./zk-database.ts";
import type { SessionId } from "./znode.ts";

/** How requests get on: by the leader itself, or by way of one. */
export interface ServingRole {
  submit(request: ClientRequest): void;
  /** A session was heard of. False if it has ended: then nothing is done for it. */
  touch(session: SessionId, timeoutMs: number): boolean;
  /** Ends in {@link ClientService.finishSessionInit}. */
  revalidate(cnxn: ServerCnxn): void;
  onApplied(applied: AppliedTransaction): void;
}

/** So many sessions a server can number in one incarnation, and so many incarnations it can have. */
const SESSIONS_PER_INCARNATION = 2 ** 24;
const INCARNATIONS = 2 ** 20;

export class ClientService implements FinalProcessor, WatchNotifier {
  private readonly context: ServerContext;
  private readonly db: ZkDatabase;
  private readonly watches = new WatchManager(this);
  private readonly cnxns = new Set<ServerCnxn>();
  private role: ServingRole | undefined;
  private sessionsCreated = 0;

  constructor(context: ServerContext, db: ZkDatabase) {
    this.context = context;
    this.db = db;
  }

  get isServing(): boolean {
    return this.role !== undefined;
  }

  start(role: ServingRole): void {
    this.role = role;
  }

  /** Every client must look for another server. */
  stop(): void {
    this.role = undefined;
    for (const cnxn of [...this.cnxns]) this.close(cnxn);
    this.watches.clear();
  }

  /** The first message of a connection. */
  onConnect(connection: Connection, frame: ZkConnectFrame): void {
    // A server that has seen less than the client would show it the past.
    if (this.role === undefined || frame.lastZxidSeen > this.db.lastZxid) {
      this.context.host.close(connection);
      return;
    }
    const cnxn = new ServerCnxn(connection);
    connection.attachment = cnxn;
    this.cnxns.add(cnxn);
    const { minSessionTimeoutMs, maxSessionTimeoutMs } = this.context;
    cnxn.timeoutMs = Math.min(Math.max(frame.timeoutMs, minSessionTimeoutMs), maxSessionTimeoutMs);
    if (frame.session === 0) {
      cnxn.session = this.newSessionId();
      this.role.submit(new ClientRequest(cnxn, 0, { op: "createSession", timeoutMs: cnxn.timeoutMs }));
      return;
    }
    this.closeSession(frame.session, cnxn);
    cnxn.session = frame.session;
    this.role.revalidate(cnxn);
  }

  onMessage(cnxn: ServerCnxn, message: Message): void {
    if (cnxn.closed || !(message instanceof ZkRequestFrame)) return;
    if (cnxn.established) this.onRequest(cnxn, message);
    else cnxn.early.push(message);
  }

  onDisconnected(cnxn: ServerCnxn): void {
    this.forget(cnxn);
  }

  /** Whether the session is valid has been found out. */
  finishSessionInit(cnxn: ServerCnxn, valid: boolean): void {
    if (cnxn.closed) return;
    const { host } = this.context;
    host.send(cnxn.connection, new ZkConnectResponseFrame(valid ? cnxn.session : 0, valid ? cnxn.timeoutMs : 0));
    if (!valid) {
      this.close(cnxn);
      return;
    }
    cnxn.established = true;
    for (const frame of cnxn.early.splice(0)) if (!cnxn.closed) this.onRequest(cnxn, frame);
  }

  onCommitted({ transaction }: Proposal, request: ClientRequest | undefined): void {
    const applied = this.db.applyCommitted(transaction);
    for (const change of applied.changes) this.watches.trigger(change);
    this.role?.onApplied(applied);
    if (request !== undefined) this.answerWrite(request, applied);
    if (transaction.body.type === "closeSession") this.closeSession(transaction.session);
  }

  onUncommitted(clientRequest: ClientRequest): void {
    const { cnxn, request, refusal } = clientRequest;
    const zxid = this.db.lastZxid;
    if (refusal !== undefined) {
      this.refuse(clientRequest, { error: refusal, zxid });
      return;
    }
    switch (request.op) {
      case "ping":
      case "sync":
        this.answer(clientRequest, { error: "OK", zxid });
        return;
      case "setWatches":
        if (!cnxn.closed) this.watches.restore(request, this.db.tree, cnxn);
        this.answer(clientRequest, { error: "OK", zxid });
        return;
      case "getData":
      case "exists":
      case "getChildren":
        this.answer(clientRequest, { ...this.read(request, cnxn), zxid });
        return;
      default:
        assert(false, `${request.op} is no read`);
    }
  }

  notify(cnxn: ServerCnxn, event: WatchedEvent): void {
    this.context.host.send(cnxn.connection, new ZkWatchEventFrame(event));
  }

  private onRequest(cnxn: ServerCnxn, { xid, request }: ZkRequestFrame): void {
    const { role } = this;
    if (role?.touch(cnxn.session, cnxn.timeoutMs) === true) role.submit(new ClientRequest(cnxn, xid, request));
  }

  private read(op: ZkReadOp, cnxn: ServerCnxn): ZkResult {
    const node = this.db.tree.get(op.path);
    const watch = op.watch && !cnxn.closed;
    if (node === undefined) {
      if (watch && op.op === "exists") this.watches.watchData(op.path, cnxn);
      return { error: "NONODE" };
    }
    if (watch && op.op === "getChildren") this.watches.watchChildren(op.path, cnxn);
    else if (watch) this.watches.watchData(op.path, cnxn);
    switch (op.op) {
      case "getData":
        return { error: "OK", data: node.data, stat: node.stat };
      case "exists":
        return { error: "OK", stat: node.stat };
      case "getChildren":
        return { error: "OK", children: this.db.tree.children(op.path) };
    }
  }

  private answerWrite(clientRequest: ClientRequest, applied: AppliedTransaction): void {
    const { request, cnxn } = clientRequest;
    if (request.op === "createSession") this.finishSessionInit(cnxn, true);
    else {
      const response = answerTo(request, applied);
      if (response.error === "SESSIONMOVED") this.refuse(clientRequest, response);
      else this.answer(clientRequest, response);
    }
  }

  /** Whose session has moved to another server is not served here any more: that connection is of the past. */
  private refuse(clientRequest: ClientRequest, response: ZkResponse): void {
    this.answer(clientRequest, response);
    if (response.error === "SESSIONMOVED") this.close(clientRequest.cnxn);
  }

  private answer({ cnxn, cxid, request }: ClientRequest, response: ZkResponse): void {
    if (cnxn.closed || request.op === "createSession") return;
    this.context.host.send(cnxn.connection, new ZkResponseFrame(request.op, cxid, response));
  }

  /** Connections of a session that has ended, or gone to another connection. */
  private closeSession(session: SessionId, except?: ServerCnxn): void {
    for (const cnxn of [...this.cnxns]) if (cnxn.session === session && cnxn !== except) this.close(cnxn);
  }

  private close(cnxn: ServerCnxn): void {
    this.forget(cnxn);
    this.context.host.close(cnxn.connection);
  }

  private forget(cnxn: ServerCnxn): void {
    cnxn.closed = true;
    this.cnxns.delete(cnxn);
    this.watches.forget(cnxn);
  }

  /** Never given twice: it names the server, its incarnation, and the session. */
  private newSessionId(): SessionId {
    const { serverId, host } = this.context;
    const id = (serverId * INCARNATIONS + host.incarnation) * SESSIONS_PER_INCARNATION + ++this.sessionsCreated;
    assert(Number.isSafeInteger(id) && this.sessionsCreated < SESSIONS_PER_INCARNATION, "out of session ids");
    return id;
  }
}
