import { describe, expect, test } from "vitest";
import { ms } from "../../../src/base/units.ts";
import { deleteTopicPath } from "../../../src/kafka/zk/znodes.ts";
import { type Asked, ask } from "./asker.ts";
import { ControllerCluster } from "./controller-cluster.ts";

/** Brokers 1 to 3, the first of them the controller; of orders, 0 is led by 2, 1 by 3, and 2 is on broker 2 alone. */
function clusterWithOrders(options: ConstructorParameters<typeof ControllerCluster>[0] = {}): ControllerCluster {
  const cluster = new ControllerCluster(options).addBrokers(1, 2, 3);
  cluster.putTopic("orders", { assignment: [[2, 3, 1], [3, 2, 1], [2]] });
  cluster.runFor(ms(200));
  for (const id of [1, 2, 3]) cluster.broker(id).forget();
  cluster.arrived.length = 0;
  return cluster;
}

/** Broker 2 asks broker 1 to be relieved. */
function relieve(cluster: ControllerCluster, options: { to?: number; brokerId?: number; brokerEpoch?: number } = {}) {
  const { to = 1, brokerId = 2, brokerEpoch = cluster.broker(2).controller.brokerEpoch } = options;
  const body = { brokerId, brokerEpoch };
  const asked = ask(cluster.world, { name: "stopping", to: `broker-${to}`, api: "ControlledShutdown", body });
  cluster.runFor(ms(500));
  return asked;
}

function errorIn({ answer }: Asked<"ControlledShutdown">): string | undefined {
  return answer?.errorCode;
}

describe("controlled shutdown in ZooKeeper mode (A8)", () => {
  test("what the broker leads gets another leader, what it follows goes on without it, and nothing remains", () => {
    const cluster = clusterWithOrders();
    expect(relieve(cluster).answer).toEqual({ errorCode: "NONE", remainingPartitions: [] });
    expect(cluster.state("orders", 0)).toMatchObject({ leader: 3, leaderEpoch: 1, isr: [3, 1] });
    expect(cluster.state("orders", 1)).toMatchObject({ leader: 3, leaderEpoch: 1, isr: [3, 1] });
  });

  test("the broker hears that another one leads, and stops what it follows; nothing is deleted", () => {
    const cluster = clusterWithOrders();
    relieve(cluster);
    const { heard } = cluster.broker(2);
    expect(heard).toContain("LeaderAndIsr orders-0 leader 3 epoch 1 isr 3,1");
    expect(heard).toContain("StopReplica orders-1 epoch 0");
    expect(heard.some((line) => line.endsWith("delete"))).toBe(false);
    // Sent before the ISR was written, since until then the broker will mostly have obeyed.
    expect(heard.indexOf("StopReplica orders-1 epoch 0")).toBeLessThan(
      heard.indexOf("UpdateMetadata orders-1 leader 3 epoch 1 isr 3,1"),
    );
  });

  test("a partition with one replica stays where it is, and is not waited for", () => {
    const cluster = clusterWithOrders();
    expect(relieve(cluster).answer?.remainingPartitions).toEqual([]);
    expect(cluster.state("orders", 2)).toMatchObject({ leader: 2, leaderEpoch: 0 });
  });

  test("what nobody else can lead remains, and is asked for again", () => {
    const cluster = clusterWithOrders();
    cluster.setState("orders", 0, { isr: [2] });
    const remaining = [{ topicName: "orders", partitionIndex: 0 }];
    expect(relieve(cluster).answer).toEqual({ errorCode: "NONE", remainingPartitions: remaining });
    cluster.setState("orders", 0, { isr: [2, 1] });
    expect(relieve(cluster).answer).toEqual({ errorCode: "NONE", remainingPartitions: [] });
    expect(cluster.state("orders", 0)).toMatchObject({ leader: 1, isr: [1] });
  });

  test("two brokers that stop together do not hand over to each other", () => {
    const cluster = clusterWithOrders();
    relieve(cluster);
    relieve(cluster, { brokerId: 3, brokerEpoch: cluster.broker(3).controller.brokerEpoch });
    for (const partition of [0, 1]) expect(cluster.state("orders", partition)).toMatchObject({ leader: 1, isr: [1] });
  });

  test("topics that are being deleted are left alone", () => {
    const cluster = clusterWithOrders().killBroker(3);
    cluster.put(deleteTopicPath("orders"), null);
    cluster.runFor(ms(300));
    expect(relieve(cluster).answer).toEqual({ errorCode: "NONE", remainingPartitions: [] });
  });

  test("whom it is not for, or who is not there, is told so (KIP-380)", () => {
    const cluster = clusterWithOrders();
    expect(errorIn(relieve(cluster, { to: 3 }))).toBe("STALE_CONTROLLER_EPOCH");
    expect(errorIn(relieve(cluster, { brokerId: 9 }))).toBe("BROKER_NOT_AVAILABLE");
    expect(errorIn(relieve(cluster, { brokerEpoch: 1 }))).toBe("STALE_BROKER_EPOCH");
    // Before 2.2 the request does not say which registration it is of.
    expect(errorIn(relieve(cluster, { brokerEpoch: -1 }))).toBe("NONE");
  });

  test("before requests went out in batches, one partition followed the other (KAFKA-5642)", () => {
    const assignment = Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? [2, 1] : [1, 2]));
    const timeOf = (pipelined: boolean) => {
      const cluster = new ControllerCluster({ dials: { "controller.pipelineZkRequests": pipelined } }).addBrokers(1, 2);
      cluster.putTopic("orders", { assignment });
      cluster.runFor(ms(500));
      cluster.arrived.length = 0;
      expect(relieve(cluster).answer).toEqual({ errorCode: "NONE", remainingPartitions: [] });
      for (let i = 0; i < 10; i++) expect(cluster.state("orders", i)).toMatchObject({ leader: 1, isr: [1] });
      const requests = cluster.arrived.filter(({ request }) => request.op !== "ping");
      // Each partition is read and written once, either way.
      expect(requests).toHaveLength(20);
      return (requests.at(-1)?.at as number) - (requests[0]?.at as number);
    };
    const [together, oneByOne] = [timeOf(true), timeOf(false)];
    // Two batches for the leaders and two for the followers: three round trips of 2 ms lie between the first and the last request.
    expect(together).toBeLessThan(ms(7));
    expect(oneByOne).toBeGreaterThan(ms(38));
  });
});
