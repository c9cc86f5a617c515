/**
 * Keeps order on one server: transactions are applied in the order in which they were committed, and a session sees its requests done
 * in the order in which it made them. A read waits for the writes that its session has sent before; a commit waits for the reads that
 * are being worked on, and lets no new ones in before it. Source: CommitProcessor.
 */
import type { Host } from "../../sim/host.ts";
import type { ServiceCosts } from "../config/service-costs.ts";
import { Fifo } from "./fifo.ts";
import { isWriteRequest, type Proposal } from "./quorum-messages.ts";
import type { ClientRequest } from "./server-cnxn.ts";
import { type Service, ServiceQueue } from "./service-queue.ts";
import type { SessionId } from "./znode.ts";

/** Carries out what has its turn. Source: FinalRequestProcessor. */
export interface FinalProcessor {
  /** Applies a committed transaction; `request` is what a client of this server wanted by it. */
  onCommitted(proposal: Proposal, request: ClientRequest | undefined): void;
  /** Answers what needs no transaction. */
  onUncommitted(request: ClientRequest): void;
}

export class CommitProcessor implements Service<ClientRequest> {
  private readonly final: FinalProcessor;
  private readonly costs: ServiceCosts;
  /** A follower's syncs wait for the leader's answer; on the leader a sync has nothing to wait for. */
  private readonly matchSyncs: boolean;
  private readonly arrived = new Fifo<ClientRequest>();
  /** Committed and not yet applied; among them the syncs that the leader has answered. */
  private readonly committed = new Fifo<Proposal | ClientRequest>();
  /** What clients of this server wait for to be committed, in the order in which that must happen. */
  private readonly uncommitted = new Fifo<ClientRequest>();
  /** By session: a request that must be committed, and what came after it. */
  private readonly waiting = new Map<SessionId, ClientRequest[]>();
  private readonly reads: ServiceQueue<ClientRequest>;
  private running = false;
  private stopped = false;

  constructor(options: {
    readonly host: Host;
    readonly costs: ServiceCosts;
    readonly final: FinalProcessor;
    readonly matchSyncs: boolean;
  }) {
    this.final = options.final;
    this.costs = options.costs;
    this.matchSyncs = options.matchSyncs;
    this.reads = new ServiceQueue(options.host, "zookeeper.read", this);
  }

  /** A client of this server wants something. */
  process(request: ClientRequest): void {
    this.arrived.push(request);
    if (this.needsCommit(request)) this.uncommitted.push(request);
    this.run();
  }

  /** The next transaction, or the next sync, in the leader's order. */
  commit(committed: Proposal | ClientRequest): void {
    this.committed.push(committed);
    this.run();
  }

  /** Whatever was under way here is forgotten. */
  stop(): void {
    this.stopped = true;
    this.reads.stop();
  }

  /** Committed, but reads were in the way. */
  unapplied(): readonly Proposal[] {
    return this.committed.toArray().filter((each) => "transaction" in each);
  }

  serve(request: ClientRequest): void {
    this.final.onUncommitted(request);
    this.run();
  }

  private run(): void {
    if (this.running) return;
    this.running = true;
    while (!this.stopped && this.step());
    this.running = false;
  }

  private step(): boolean {
    if (this.committed.length > 0) {
      if (!this.reads.isIdle) return false;
      if (this.applyNext()) return true;
    }
    const request = this.arrived.shift();
    if (request === undefined) return false;
    const queue = this.waiting.get(request.session);
    if (queue !== undefined) queue.push(request);
    else if (this.needsCommit(request)) this.waiting.set(request.session, [request]);
    else this.reads.add(request, this.costOf(request));
    return true;
  }

  /** False if the request that the next commit answers has not had its turn yet. */
  private applyNext(): boolean {
    const next = this.committed.peek() as Proposal | ClientRequest;
    const request = this.requestOf(next);
    const queue = request && this.waiting.get(request.session);
    if (request !== undefined) {
      if (queue?.[0] !== request) return false;
      queue.shift();
      this.uncommitted.shift();
    }
    this.committed.shift();
    if ("transaction" in next) this.final.onCommitted(next, request);
    else this.reads.add(next, 0);
    if (queue !== undefined && request !== undefined) this.release(request.session, queue);
    return true;
  }

  /** The client's request that `committed` is the outcome of, if it is connected to this server. */
  private requestOf(committed: Proposal | ClientRequest): ClientRequest | undefined {
    const first = this.uncommitted.peek();
    // A sync that is not next was answered out of its turn: it is let through, as a transaction of another server would be.
    if (!("transaction" in committed)) return first === committed ? first : undefined;
    const { transaction, cxid } = committed;
    return first?.session === transaction.session && first.cxid === cxid ? first : undefined;
  }

  private release(session: SessionId, queue: ClientRequest[]): void {
    for (let next = queue[0]; next !== undefined && !this.needsCommit(next); next = queue[0]) {
      queue.shift();
      this.reads.add(next, this.costOf(next));
    }
    if (queue.length === 0) this.waiting.delete(session);
  }

  private needsCommit(request: ClientRequest): boolean {
    return isWriteRequest(request.request) || (this.matchSyncs && request.request.op === "sync");
  }

  private costOf({ request }: ClientRequest): number {
    return request.op === "ping" || request.op === "sync" ? 0 : this.costs.zookeeperReadUs;
  }
}
