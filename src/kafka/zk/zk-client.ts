/** What a broker has of ZooKeeper: a session, requests, and what it is told. Source: ZooKeeperClient, KafkaZkClient. */

import type { WatchedEvent, ZkRequest, ZkResponse } from "../zookeeper/client-protocol.ts";
import type { SessionId } from "../zookeeper/znode.ts";
import type { ZkClientState } from "../zookeeper-events.ts";

export interface ZkResponseHandler<C = undefined> {
  /** One response for each request, in their order. `error` is never CONNECTIONLOSS; it is SESSIONEXPIRED when the session ended before an answer came. */
  onZkResponses(responses: readonly ZkResponse[], context: C): void;
}

export interface ZkClient {
  /** 0 before there is one. */
  readonly session: SessionId;
  readonly state: ZkClientState;
  /**
   * Sends a batch: pipelined, in order, or one by one. What is lost with a connection is sent again when there is another (so a create can
   * meet its own earlier node, and a conditional set its own earlier version); the handler hears once, when all have an answer.
   */
  request<C>(requests: readonly ZkRequest[], handler: ZkResponseHandler<C>, context: C, how?: "pipelined" | "serially"): void;
  /** Once, at the start of the process. */
  start(): void;
  /** After an expiry: nothing is sent, and every request is answered SESSIONEXPIRED, until the owner is ready and calls this. */
  startNewSession(): void;
  /**
   * Ends the session properly, so that its ephemeral nodes go at once. What has been sent is still answered, everything else with
   * SESSIONEXPIRED; `onZkClosed` follows when the server has answered, or when there is none to ask: then the session is left to expire.
   */
  close(): void;
}

export interface ZkClientListener {
  /** `fresh`: with a session that is new. */
  onZkConnected(fresh: boolean): void;
  onZkDisconnected(): void;
  /** Learnt when a server is reached again. All requests have been answered SESSIONEXPIRED by then. */
  onZkSessionExpired(): void;
  onWatchedEvent(event: WatchedEvent): void;
  /** After `close`: the last that is heard. Kafka's shutdown waits for this. */
  onZkClosed(): void;
}
