/**
 * The requests of a client, from being asked to being answered: which goes out next, what is on the wire, what has to go out again.
 *
 * Each batch stands for a thread of Kafka's that waits until all of its requests have an answer. Only so many requests may be on
 * the wire at once. Who cannot go on waits for its turn, and a turn is one request then: a long batch does not starve the others.
 * Source: ZooKeeperClient.handleRequests (inFlightRequests), KafkaZkClient.retryRequestsUntilConnected.
 */
import type { ZkRequest, ZkResponse } from "../zookeeper/client-protocol.ts";
import type { ZkResponseHandler } from "./zk-client.ts";

const SESSION_EXPIRED: ZkResponse = Object.freeze({ error: "SESSIONEXPIRED", zxid: 0 });

export class Batch<C = unknown> {
  readonly requests: readonly ZkRequest[];
  /** One at a time. */
  readonly serial: boolean;
  private readonly handler: ZkResponseHandler<C>;
  private readonly context: C;
  /** To the first so many requests. What is sent and not answered follows, then what is not sent. */
  private readonly answers: ZkResponse[] = [];
  private sent = 0;

  constructor(requests: readonly ZkRequest[], serial: boolean, handler: ZkResponseHandler<C>, context: C) {
    this.requests = requests;
    this.serial = serial;
    this.handler = handler;
    this.context = context;
  }

  get hasUnsent(): boolean {
    return this.sent < this.requests.length;
  }

  get complete(): boolean {
    return this.answers.length === this.requests.length;
  }

  takeNext(): ZkRequest {
    return this.requests[this.sent++] as ZkRequest;
  }

  /** The one that is answered next. */
  get oldest(): ZkRequest {
    return this.requests[this.answers.length] as ZkRequest;
  }

  onAnswer(answer: ZkResponse): void {
    this.answers.push(answer);
  }

  /** What has no answer has to be sent again. */
  onConnectionLoss(): void {
    this.sent = this.answers.length;
  }

  /** Answers the handler, where there is no answer yet with SESSIONEXPIRED. */
  deliver(): void {
    while (!this.complete) this.answers.push(SESSION_EXPIRED);
    this.handler.onZkResponses(this.answers, this.context);
  }
}

export class RequestQueue {
  private readonly inFlightMax: number;
  /** Not answered completely, the oldest first. */
  private unfinished = new Set<Batch>();
  /** With something that may be sent, in the order of their turns. */
  private ready: Batch[] = [];
  private inFlight = 0;

  constructor(inFlightMax: number) {
    this.inFlightMax = inFlightMax;
  }

  add(batch: Batch): void {
    this.unfinished.add(batch);
    this.ready.push(batch);
  }

  /** Whose turn it is to send its next request; undefined if nobody may. */
  next(): Batch | undefined {
    if (this.inFlight >= this.inFlightMax) return undefined;
    return this.ready[0];
  }

  /** Takes the next request of the batch whose turn it is. */
  take(batch: Batch): ZkRequest {
    const request = batch.takeNext();
    this.inFlight += 1;
    const more = batch.hasUnsent && !batch.serial;
    if (more && this.inFlight < this.inFlightMax) return request;
    this.ready.shift();
    if (more) this.ready.push(batch);
    return request;
  }

  onAnswer(batch: Batch, answer: ZkResponse): void {
    this.inFlight -= 1;
    batch.onAnswer(answer);
    if (batch.complete) this.unfinished.delete(batch);
    else if (batch.serial) this.ready.push(batch);
  }

  /** What was on the wire goes out again when there is a connection, before anything that came later. */
  onConnectionLoss(): void {
    this.inFlight = 0;
    this.ready = [...this.unfinished];
    for (const batch of this.ready) batch.onConnectionLoss();
  }

  /** Everything that is not answered completely, the oldest first. Nothing is left. */
  takeAll(): Batch[] {
    const all = [...this.unfinished];
    this.unfinished = new Set();
    this.ready = [];
    this.inFlight = 0;
    return all;
  }
}
