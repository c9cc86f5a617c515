/**
 * A change made to the store by hand, past every broker: one session, one write. Source: zookeeper-shell, ZooKeeperMain.
 */
import { ms } from "../../base/units.ts";
import type { Host, NodeName, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import { KafkaZkClient } from "../zk/kafka-zk-client.ts";
import { create, deleteNode } from "../zk/store-requests.ts";
import type { ZkClientListener, ZkResponseHandler } from "../zk/zk-client.ts";
import type { ZkError, ZkResponse } from "../zookeeper/client-protocol.ts";
import type { StoreRequest } from "./admin-request.ts";

export interface ZooKeeperShellOwner {
  /** Once. OK: it is done. */
  onStoreRequestEnded(request: StoreRequest, error: ZkError | "TIMEOUT"): void;
}

/** What the shell asks for if it is not told otherwise. */
const SESSION_TIMEOUT_MS = 30_000;

export class ZooKeeperShell implements ZkClientListener, ZkResponseHandler, TimerTarget {
  private readonly host: Host;
  private readonly request: StoreRequest;
  private readonly owner: ZooKeeperShellOwner;
  private readonly zk: KafkaZkClient;
  private readonly timer: TimerId;
  private ended = false;

  /** Begins at once. */
  constructor(options: {
    readonly host: Host;
    readonly servers: readonly NodeName[];
    readonly request: StoreRequest;
    readonly timeoutMs: number;
    readonly owner: ZooKeeperShellOwner;
  }) {
    const { host, servers, request, owner } = options;
    this.host = host;
    this.request = request;
    this.owner = owner;
    this.timer = host.setTimer(ms(options.timeoutMs), { kind: "zookeeper-shell.timeout", target: this });
    this.zk = new KafkaZkClient({ host, servers, sessionTimeoutMs: SESSION_TIMEOUT_MS, listener: this });
    this.zk.start();
    const write =
      "deleteZnode" in request ? deleteNode(request.deleteZnode) : create(request.writeZnode.path, request.writeZnode.data);
    this.zk.request([write], this, undefined);
  }

  onZkResponses([answer]: readonly [ZkResponse]): void {
    this.end(answer.error);
  }

  onTimer(_timer: Timer): void {
    this.end("TIMEOUT");
  }

  onZkSessionExpired(): void {}
  onZkConnected(): void {}
  onZkDisconnected(): void {}
  onWatchedEvent(): void {}
  onZkClosed(): void {}

  private end(error: ZkError | "TIMEOUT"): void {
    if (this.ended) return;
    this.ended = true;
    this.host.cancelTimer(this.timer);
    this.zk.close();
    this.owner.onStoreRequestEnded(this.request, error);
  }
}
