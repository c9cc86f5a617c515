/** Conditions as a person types them at a prompt. */
import { describe, expect, test } from "vitest";
import { parseCondition } from "../../src/scenario/condition.ts";
import { parseScenario } from "../../src/scenario/loader.ts";
import { ScenarioError } from "../../src/scenario/scenario-error.ts";

const SCENARIO = parseScenario(
  `
name: conditions
cluster: { brokers: 3, controllers: 1 }
topics: { orders: { partitions: 2, replication.factor: 3 } }
producers: { checkout: { topic: orders, rate: 1/s } }
consumers: { billing: { topics: orders, members: 2, group: payments } }
faults:
  - { at: 5s, create-topic: { topic: refunds, partitions: 3 } }
  - { at: 6s, add-partitions: { topic: orders, to: 4 } }
`,
  "conditions.yaml",
);

function errorOf(text: string): string {
  try {
    parseCondition(text, SCENARIO);
  } catch (error) {
    if (error instanceof ScenarioError) return error.message;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

describe("a condition is read as in `when`", () => {
  const ISR_CHANGED = { kind: "event", pattern: { kind: "IsrChanged", nodes: undefined, fields: [] }, text: "IsrChanged" };

  test("a bare word is an event", () => {
    expect(parseCondition("IsrChanged", SCENARIO)).toEqual(ISR_CHANGED);
    expect(parseCondition("  IsrChanged ", SCENARIO)).toEqual(ISR_CHANGED);
    expect(parseCondition("event: IsrChanged", SCENARIO)).toEqual(ISR_CHANGED);
  });

  test("an event with fields, with braces or without", () => {
    const condition = parseCondition("event: IsrChanged, partition: orders-3, isr: [leader]", SCENARIO);
    expect(condition).toEqual({
      kind: "event",
      pattern: {
        kind: "IsrChanged",
        nodes: undefined,
        fields: [
          { field: "topic", expected: { is: "value", value: "orders" } },
          { field: "partition", expected: { is: "value", value: 3 } },
          { field: "isr", expected: { is: "nodes", nodes: [{ kind: "own-leader" }] } },
        ],
      },
      text: "IsrChanged partition=orders-3 isr=[leader]",
    });
    expect(parseCondition("{ event: IsrChanged, partition: orders-3, isr: [leader] }", SCENARIO)).toEqual(condition);
  });

  test("a message, when it is sent unless it says otherwise", () => {
    const message = parseCondition("message: Fetch, from: broker-2", SCENARIO);
    expect(message).toMatchObject({ kind: "message", moment: "sent", pattern: { kind: "Fetch" }, text: "Fetch from=broker-2" });
    expect(parseCondition("message: Fetch, moment: delivered", SCENARIO)).toMatchObject({ moment: "delivered" });
  });

  test("names are the scenario's, those of what its faults create among them", () => {
    expect(parseCondition("event: LeaderElected, partition: refunds-2", SCENARIO).kind).toBe("event");
    expect(parseCondition("event: ProcessStarted, node: members(payments)", SCENARIO).kind).toBe("event");
    expect(parseCondition("event: HighWatermarkAdvanced, partition: __consumer_offsets-0", SCENARIO).kind).toBe("event");
  });
});

describe("what is wrong is shown where it was typed, with the nearest right spelling", () => {
  test("an event that there is not", () => {
    expect(errorOf("IsrChnged")).toBe(`condition  there is no event \`IsrChnged\`
      | IsrChnged
      | ^^^^^^^^^ did you mean IsrChanged?`);
  });

  test("a field, a node, a message that there is not", () => {
    expect(errorOf("event: IsrChanged, isrr: [1]")).toBe(`condition  a condition has no key \`isrr\`
      | event: IsrChanged, isrr: [1]
      |                    ^^^^ did you mean \`isr\`?`);
    expect(errorOf("message: Fetch, from: broker-7")).toContain("no broker 7 in this cluster");
    expect(errorOf("message: Fecth")).toContain("did you mean Fetch?");
  });

  test("what is no condition", () => {
    expect(errorOf("")).toContain("this needs the kind of an event");
    expect(errorOf("isr: [1")).toBe(`condition  a \`[\` before this is not closed
      | isr: [1
      |        ^ put its \`]\` before this`);
    expect(errorOf("IsrChanged, isr: [1]")).toContain("write event: IsrChanged");
    expect(errorOf("event: IsrChanged, nth: 3")).toContain("leave it out");
  });
});
