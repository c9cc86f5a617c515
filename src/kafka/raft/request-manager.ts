/**
 * The replica's requests to the voters: at most one that matters at a time to each, and a rest after one that failed.
 *
 * A change of role makes everything outstanding meaningless: the slate is wiped, and what is still answered is ignored.
 * Source: RequestManager, KafkaNetworkChannel.
 */
import { assert } from "../../base/assert.ts";
import { type Micros, ms } from "../../base/units.ts";
import type { Host, NodeName } from "../../sim/host.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { ReplicaId } from "../ids.ts";
import type { ApiName, RequestOf } from "../messages/apis.ts";
import { type CompletionHandler, NetworkClient } from "../net/network-client.ts";
import type { ClusterTopology } from "../server/topology.ts";

/** Before any moment that a clock can show: one that is behind shows moments before 0. */
const LONG_AGO: Micros = Number.NEGATIVE_INFINITY;

/** Goes along with each request, and tells whether its answer is still wanted. */
export interface RaftRequestContext {
  readonly voter: ReplicaId;
  readonly sequence: number;
}

interface Peer {
  readonly id: ReplicaId;
  readonly node: NodeName;
  /** Of the request whose answer is awaited; 0 for none. */
  awaited: number;
  /** In the past: ready. */
  backoffUntil: Micros;
}

export class RequestManager {
  private readonly host: Host;
  private readonly network: NetworkClient<RaftRequestContext>;
  private readonly retryBackoff: Micros;
  /** Ascending by id; without this replica. */
  private readonly peers: readonly Peer[];
  private nextSequence = 1;
  /** Peers whose answer is awaited. */
  private awaiting = 0;

  constructor(options: {
    readonly host: Host;
    readonly config: BrokerConfig;
    readonly voters: ClusterTopology["voters"];
    readonly nodeId: ReplicaId;
    readonly handler: CompletionHandler<RaftRequestContext>;
  }) {
    const { host, config, voters, nodeId, handler } = options;
    this.host = host;
    this.network = new NetworkClient(host, config, config["controller.quorum.request.timeout.ms"], handler);
    this.retryBackoff = ms(config["controller.quorum.retry.backoff.ms"]);
    this.peers = voters
      .filter((voter) => voter.id !== nodeId)
      .map((voter) => ({ id: voter.id, node: voter.node, awaited: 0, backoffUntil: LONG_AGO }))
      .sort((a, b) => a.id - b.id);
  }

  get hasAnyInFlight(): boolean {
    return this.awaiting > 0;
  }

  isReady(voter: ReplicaId): boolean {
    const peer = this.peer(voter);
    return peer.awaited === 0 && peer.backoffUntil <= this.host.now();
  }

  /** Rests after a failure, or its connection does. */
  isBackingOff(voter: ReplicaId): boolean {
    const peer = this.peer(voter);
    return peer.backoffUntil > this.host.now() || (peer.awaited === 0 && !this.network.isAvailable(peer.node));
  }

  /** When the first rest ends that is not over; infinity if nobody rests. */
  get nextReadyAt(): Micros {
    const now = this.host.now();
    let first = Number.POSITIVE_INFINITY;
    for (const peer of this.peers) if (peer.backoffUntil > now && peer.backoffUntil < first) first = peer.backoffUntil;
    return first;
  }

  /** Some voter to ask who leads, beginning anywhere; rather one whose connection is not known to be down. Undefined while an answer is awaited. */
  findReadyBootstrapServer(): ReplicaId | undefined {
    if (this.awaiting > 0 || this.peers.length === 0) return undefined;
    const start = this.host.random("raft").below(this.peers.length);
    const inTurn = [...this.peers.slice(start), ...this.peers.slice(0, start)].filter((peer) => this.isReady(peer.id));
    return (inTurn.find((peer) => this.network.isAvailable(peer.node)) ?? inTurn[0])?.id;
  }

  /** The caller has made sure that `voter` is ready. */
  send<A extends ApiName>(voter: ReplicaId, api: A, body: RequestOf<A>): void {
    const peer = this.peer(voter);
    assert(peer.awaited === 0, `a second ${api} to ${peer.node} before the first was answered`);
    const sequence = this.nextSequence++;
    peer.awaited = sequence;
    this.awaiting += 1;
    this.network.send(peer.node, api, body, { voter, sequence });
  }

  isExpected(context: RaftRequestContext): boolean {
    return this.peer(context.voter).awaited === context.sequence;
  }

  /** The request has been dealt with. After a failure the voter is left alone for a while. */
  onResult(context: RaftRequestContext, success: boolean): void {
    if (!this.isExpected(context)) return;
    const peer = this.peer(context.voter);
    peer.awaited = 0;
    this.awaiting -= 1;
    if (!success) peer.backoffUntil = this.host.now() + this.retryBackoff;
  }

  resetAll(): void {
    this.awaiting = 0;
    for (const peer of this.peers) {
      peer.awaited = 0;
      peer.backoffUntil = LONG_AGO;
    }
  }

  private peer(id: ReplicaId): Peer {
    const peer = this.peers.find((candidate) => candidate.id === id);
    assert(peer !== undefined, `${id} is not another voter`);
    return peer;
  }
}
