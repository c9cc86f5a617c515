/** What pieces of work cost (`cluster.costs`): nothing in a node may overtake what is being worked at. */
import { describe, expect, test } from "vitest";
import type { Step } from "../../../src/sim/trace.ts";
import { play, type Story } from "./story.ts";

/** Six partitions, all led by broker-1, which dies; both others are told of every one. */
function leaderDies(mode: "kraft" | "zookeeper", costs: string): Story {
  const assignment = JSON.stringify(Array.from({ length: 6 }, () => [1, 2, 3]));
  const background = `
name: costs
cluster:
  mode: ${mode}
  controllers: 1
  zookeeper: 1
  zookeeper-config: { tickTime: 500 }
  config: { zookeeper.session.timeout.ms: 4000, broker.session.timeout.ms: 4000 }
  costs: ${costs}
topics: { orders: { assignment: ${assignment} } }
`;
  return play("faults: [{ at: 1s, crash: broker-1 }]\nrun: { for: 12s }", { background });
}

/** From the first decision about partitions to the first office taken and the last. */
function delays(story: Story): { readonly first: number; readonly last: number } {
  const decided = story.events("PartitionChanged").find(({ at }) => at > 1)?.at as number;
  const taken = story.events("BecameLeader").filter(({ at }) => at > 1);
  expect(taken).toHaveLength(6);
  return { first: (taken[0]?.at as number) - decided, last: (taken.at(-1)?.at as number) - decided };
}

describe("broker-replica", () => {
  test("KRaft: what a delivery of metadata tells of six replicas is carried out when the time for six is over", () => {
    const { first, last } = delays(leaderDies("kraft", "{ broker-replica: 50ms }"));
    expect(first).toBeGreaterThan(0.3);
    expect(last).toBeLessThan(0.4);
    expect(delays(leaderDies("kraft", "{}")).last).toBeLessThan(0.1);
  });

  test("KRaft: the image is as old as the offices until then", () => {
    const story = leaderDies("kraft", "{ broker-replica: 50ms }");
    const office = story.events("BecameLeader").find(({ at }) => at > 1);
    const applied = story.events("MetadataApplied", { replica: 2 }).map(({ at }) => at);
    expect(applied).toContain(office?.at);
    expect(applied.filter((at) => at > (office?.at as number) - 0.299 && at < (office?.at as number))).toEqual([]);
  });

  test("ZooKeeper mode: an order for six replicas takes the time of six", () => {
    const { first } = delays(leaderDies("zookeeper", "{ broker-replica: 50ms }"));
    expect(first).toBeGreaterThan(0.3);
    expect(delays(leaderDies("zookeeper", "{}")).last).toBeLessThan(0.1);
  });
});

describe("metadata-record", () => {
  test("KRaft: six leaders are elected, and their old one fenced, when the time for seven records is over", () => {
    const made = (costs: string) => leaderDies("kraft", costs).steps.filter(({ label }) => label === "controller.records");
    const story = leaderDies("kraft", "{ metadata-record: 20ms }");
    const fenced = story.events("BrokerFenced").find(({ at }) => at > 1)?.step.number as number;
    const last = story.steps.filter(({ label, number }) => label === "controller.records" && number < fenced).at(-1);
    expect(story.lag(last as Step)).toBe(140_000);
    expect(made("{}")).toEqual([]);
  });
});
