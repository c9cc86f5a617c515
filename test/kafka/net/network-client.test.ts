/** Requests and answers on a network that does what TCP never would. Source: NetworkClient, InFlightRequests. */
import { expect, test } from "vitest";
import { seconds } from "../../../src/base/units.ts";
import { type Completion, NetworkClient } from "../../../src/kafka/net/network-client.ts";
import type { Connection, Host, Message, Process, Timer } from "../../../src/sim/host.ts";
import { consumerConfig, ScriptedCluster } from "../client/scripted-cluster.ts";
import { produce } from "../producer/workload.ts";

test("an answer that comes twice is heard once", () => {
  const c = new ScriptedCluster().createTopic("orders");
  c.world.addEdit({ name: "twice", pattern: { kind: "ProduceResponse" }, action: { do: "duplicate" }, skip: 0, times: 5 });
  produce(c, {}, { count: 20 });
  c.runFor(seconds(10));
  expect(c.of("ProduceAcknowledged").reduce((sum, event) => sum + event.records.length, 0)).toBe(20);
  expect(c.of("ProduceRetried")).toHaveLength(0);
});

test("a connection on which an answer is missing is closed, and what was in flight on it fails with NETWORK_EXCEPTION", () => {
  const c = new ScriptedCluster().createTopic("orders");
  c.world.addEdit({ name: "lost", pattern: { kind: "ProduceResponse" }, action: { do: "drop" }, skip: 0, times: 1 });
  produce(c, { "linger.ms": 0 }, { count: 20 });
  c.runFor(seconds(10));
  expect(c.of("ProduceRetried").map(({ error }) => error)).toContain("NETWORK_EXCEPTION");
  expect(c.of("ProduceAcknowledged").reduce((sum, event) => sum + event.records.length, 0)).toBe(20);
});

/** A process that does nothing by itself. */
class Asker implements Process {
  readonly network: NetworkClient;
  readonly ended: string[] = [];
  private readonly host: Host;

  constructor(host: Host) {
    this.host = host;
    this.network = new NetworkClient(host, consumerConfig(), 1_000, this);
  }

  onCompletion({ api, error }: Completion): void {
    this.ended.push(`${api} ${error} at ${this.host.now()}`);
  }

  onConnected(connection: Connection): void {
    this.network.onConnected(connection);
  }

  onMessage(connection: Connection, message: Message): void {
    this.network.onMessage(connection, message);
  }

  onDisconnected(connection: Connection): void {
    this.network.onDisconnected(connection);
  }

  onTimer(timer: Timer): void {
    timer.target.onTimer(timer);
  }

  onStart(): void {}
  onDiskDone(): void {}
  onShutdownRequested(): void {}
}

function askSilentBroker(): { readonly c: ScriptedCluster; readonly asker: Asker } {
  const c = new ScriptedCluster().answerWith("Metadata", "silence", 10).answerWith("ListOffsets", "silence", 10);
  let asker: Asker | undefined;
  c.run("asker", (host) => {
    asker = new Asker(host);
    return asker;
  });
  c.runFor(seconds(1));
  return { c, asker: asker as unknown as Asker };
}

test("a request may wait longer than others; one behind it that may not takes the connection with it when its time is up", () => {
  const { c, asker } = askSilentBroker();
  asker.network.send("broker-1", "Metadata", { topics: [] }, undefined, seconds(60));
  c.runFor(seconds(10));
  expect(asker.ended).toEqual([]);
  asker.network.send("broker-1", "ListOffsets", { replicaId: -1, topics: [] }, undefined);
  c.runFor(seconds(10));
  expect(asker.ended).toEqual([
    `Metadata NETWORK_EXCEPTION at ${seconds(12)}`,
    `ListOffsets REQUEST_TIMED_OUT at ${seconds(12)}`,
  ]);
});

test("a connection that is given up ends what is outstanding on it, and is made anew", () => {
  const { c, asker } = askSilentBroker();
  asker.network.send("broker-1", "Metadata", { topics: [] }, undefined);
  c.runFor(seconds(0.5));
  asker.network.disconnect("broker-1");
  expect(asker.ended).toEqual([`Metadata NETWORK_EXCEPTION at ${seconds(1.5)}`]);
  asker.network.send("broker-1", "Metadata", { topics: [] }, undefined);
  c.runFor(seconds(0.5));
  expect(c.requestsOf("Metadata")).toHaveLength(2);
});
