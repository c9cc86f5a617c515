import { expect, test } from "vitest";
import { simulationOf } from "./story.ts";

test("what befalls many partitions at once is told of eight of them, and the rest is counted", () => {
  const simulation = simulationOf("faults:\n  - { at: 1s, crash: broker-1 }\nrun: { for: 30s }", {
    background:
      "name: many\ncluster: { brokers: 3, controllers: 1 }\ntopics: { orders: { partitions: 30, replication.factor: 3 } }",
  });
  simulation.run();
  const entries = simulation.timeline?.entries ?? [];
  const count = (text: RegExp): number => entries.filter((entry) => text.test(entry.text)).length;
  expect(count(/is led by/)).toBe(8);
  expect(count(/^and 22 more partitions$/)).toBe(1);
  // Broker 1 is in every ISR, and led ten of them.
  expect(count(/: ISR /)).toBe(8);
  expect(count(/^and 22 more IsrChanged$/)).toBe(1);
  expect(count(/ leads, epoch 1/)).toBe(8);
  expect(count(/^and 2 more LeaderElected$/)).toBe(1);
});
