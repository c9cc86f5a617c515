import { expect, test } from "vitest";
import { simulationOf } from "./story.ts";

test("what befalls many partitions at once is told of four of them, and the rest is counted", () => {
  const simulation = simulationOf("faults:\n  - { at: 1s, crash: broker-1 }\nrun: { for: 30s }", {
    background:
      "name: many\ncluster: { brokers: 3, controllers: 1 }\ntopics: { orders: { partitions: 30, replication.factor: 3 } }",
  });
  simulation.run();
  const entries = simulation.timeline?.entries ?? [];
  const count = (text: RegExp): number => entries.filter((entry) => text.test(entry.text)).length;
  expect(count(/is led by/)).toBe(4);
  expect(count(/^and 26 more partitions$/)).toBe(1);
  // Broker 1 is in every ISR, and led ten of them.
  expect(count(/: ISR /)).toBe(4);
  expect(count(/^and 26 more IsrChanged$/)).toBe(1);
  expect(count(/ leads, epoch 1/)).toBe(4);
  expect(count(/^and 6 more LeaderElected$/)).toBe(1);
});
