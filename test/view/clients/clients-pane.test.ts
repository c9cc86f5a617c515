import { describe, expect, test } from "vitest";
import { clientsPane } from "../../../src/view/clients/clients-pane.ts";
import { bundled, drawn, frameOf, roomOf, runTo, textsOf, written } from "../cluster/frames.ts";

const ROOMS = [roomOf(38, 5), roomOf(60, 8), roomOf(110, 20)];

describe("the clients pane", () => {
  test("shows a paused member that believes to own what others have by now", async () => {
    const simulation = runTo(bundled("groups/paused-zombie.yaml"), 35);
    await expect(drawn(clientsPane, simulation, ROOMS)).toMatchFileSnapshot("paused-zombie.txt");
  });

  test("says what nobody reads while the dead member's session lasts, even where there is little room", () => {
    const simulation = runTo(bundled("groups/member-crash.yaml"), 30);
    expect(drawn(clientsPane, simulation, [roomOf(56, 8)])).toMatch(/billing +Stable .*nobody has orders-2,3/);
  });

  test("says for whom a rebalance waits", async () => {
    const simulation = runTo(bundled("groups/slow-handler.yaml"), 60);
    await expect(drawn(clientsPane, simulation, ROOMS)).toMatchFileSnapshot("rebalance.txt");
  });

  test("shows ten members in the middle of a rolling deploy", async () => {
    const simulation = runTo(bundled("groups/rolling-deploy.yaml"), 21);
    await expect(drawn(clientsPane, simulation, ROOMS)).toMatchFileSnapshot("rolling-deploy.txt");
  });

  test("shows the epoch of a group of KIP-848 and what each of its members has", async () => {
    const simulation = runTo(bundled("museum/groups/kip-848-assign-before-revocation-ack.yaml", "old"), 31);
    await expect(drawn(clientsPane, simulation, ROOMS)).toMatchFileSnapshot("kip-848.txt");
  });

  test("tells how long a producer waits that gets no answer, and that it blocks in the end", async () => {
    const simulation = written(`
name: nobody answers
cluster: { brokers: 1, controllers: 1 }
topics: { orders: { partitions: 2, replication.factor: 1 } }
producers:
  checkout: { topic: orders, rate: 200/s, config: { acks: all, buffer.memory: 65536 } }
  audit: { topic: orders, rate: 1/s, config: { acks: 0 } }
consumers: { reader: { partitions: [orders-0, orders-1], config: { auto.offset.reset: earliest } } }
faults: [{ at: 5s, pause: broker-1 }]
run: { for: 30s }
`);
    const before = drawn(clientsPane, runTo(simulation, 4), [roomOf(110, 8)]);
    const after = drawn(clientsPane, runTo(simulation, 15), ROOMS.slice(0, 2));
    await expect(`${before}\n${after}`).toMatchFileSnapshot("producers.txt");
    expect(after).toContain("blocked");
    const { producers } = clientsPane.scene(frameOf(simulation));
    const [checkout] = producers;
    expect(checkout?.longestWaitUs).toBeGreaterThan(8_000_000);
    expect((checkout?.waiting ?? 0) + (checkout?.inFlight ?? 0)).toBeGreaterThan(0);
  });

  test("tells of a group whose coordinator is gone or still reads", () => {
    const simulation = runTo(bundled("groups/coordinator-crash.yaml"), 5);
    const [group] = clientsPane.scene(frameOf(simulation)).groups;
    const node = group?.coordinator.node ?? "";
    expect(group?.coordinator).toMatchObject({ state: "coordinates", rivals: [] });
    simulation.world.crash(node);
    expect(clientsPane.scene(frameOf(simulation)).groups[0]).toMatchObject({
      coordinator: { node, state: "down" },
      held: undefined,
    });
    expect(textsOf(clientsPane, simulation, roomOf(60, 8)).join("\n")).toContain(`${node} is down`);
  });

  test("selects each client, and watches the position of who reads", () => {
    const simulation = runTo(bundled("groups/paused-zombie.yaml"), 12);
    const items = clientsPane.items(clientsPane.scene(frameOf(simulation)));
    expect(items.map(({ id, subject }) => [id, subject.kind])).toEqual([
      ["checkout", "producer"],
      ["billing-1", "consumer"],
      ["billing-2", "consumer"],
    ]);
    expect(items[1]?.watched).toMatchObject({ what: "position", client: "billing-1", topic: "orders" });
    for (const { id } of items) {
      for (const height of [2, 5, 20]) {
        const lines = textsOf(clientsPane, simulation, roomOf(60, height, id)).join("\n");
        expect(lines.match(/▸/g), `${id} in ${height} rows`).toHaveLength(1);
      }
    }
  });

  test("says so where there are no clients", () => {
    const simulation = written("name: none\ncluster: { brokers: 1, controllers: 1 }\nrun: { for: 1s }\n");
    expect(textsOf(clientsPane, simulation, roomOf(38, 5))).toEqual(["no clients in this scenario"]);
  });
});
