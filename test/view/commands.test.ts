/** The table of what can be done while walking. */
import { describe, expect, test } from "vitest";
import { COMMAND_ROWS, changesOf, commandFor, commandOf, nameOfKey, type Situation } from "../../src/view/commands.ts";

const COMMANDS = COMMAND_ROWS.flatMap(({ commands }) => commands);

const SITUATION: Situation = {
  isAtStart: false,
  isAtEnd: false,
  isPlaying: false,
  subject: undefined,
  isWatched: false,
  violation: "none",
  isSearching: false,
  breakpoints: 0,
  branches: 1,
  isUnsaved: false,
  isFiltered: false,
};

const idsOf = (changed: Partial<Situation>): string[] => changesOf({ ...SITUATION, ...changed }).map(({ id }) => id);

describe("keys", () => {
  test("no key does two things, and no command is there twice", () => {
    const keys = COMMANDS.flatMap(({ keys }) => keys);
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set(COMMANDS.map(({ id }) => id)).size).toBe(COMMANDS.length);
  });

  test("every key leads to its command, and the command has a key", () => {
    for (const command of COMMANDS) {
      expect(command.keys.length, command.id).toBeGreaterThan(0);
      for (const key of command.keys) expect(commandFor(key)).toBe(command);
      expect(commandOf(command.id)).toBe(command);
    }
  });

  test("large and small letters differ, and an unknown key does nothing", () => {
    expect(commandFor("d")?.id).toBe("drop");
    expect(commandFor("D")?.id).toBe("duplicate");
    expect(commandFor("Q")).toBeUndefined();
  });

  test("are written as people know them", () => {
    expect(["right", "shift-tab", "escape", "d", "]"].map(nameOfKey)).toEqual(["→", "Shift-Tab", "Esc", "d", "]"]);
  });
});

describe("what can be done with what is selected", () => {
  const delivery = { message: "Fetch", from: "broker-2", to: "broker-1", nth: 412 };

  test("a message that is under way can be dropped, duplicated, delayed, held", () => {
    expect(idsOf({ subject: { kind: "message", delivery, isHeld: false, isCopy: false } })).toEqual([
      "drop",
      "duplicate",
      "delay",
      "hold",
    ]);
  });

  test("one that is held can be released, or dropped after all", () => {
    expect(idsOf({ subject: { kind: "message", delivery, isHeld: true, isCopy: false } })).toEqual(["drop", "release"]);
  });

  test("a copy goes by the name of the first: nothing can be said of it alone", () => {
    expect(idsOf({ subject: { kind: "message", delivery, isHeld: false, isCopy: true } })).toEqual([]);
  });

  test("a server can fail in all ways, and its state can be watched", () => {
    expect(idsOf({ subject: { kind: "server", node: "broker-1" }, isWatched: true })).toEqual([
      "crash",
      "power-loss",
      "pause-node",
      "restart",
      "cut",
      "isolate",
      "heal",
      "change-back",
      "change-on",
    ]);
  });

  test("only a producer sends one record more, any client stops, and a cut heals", () => {
    expect(idsOf({ subject: { kind: "producer", node: "checkout" } })).toEqual(expect.arrayContaining(["produce", "stop"]));
    expect(idsOf({ subject: { kind: "consumer", node: "billing-1" } })).toContain("stop");
    expect(idsOf({ subject: { kind: "consumer", node: "billing-1" } })).not.toContain("produce");
    expect(idsOf({ subject: { kind: "cut", a: "broker-1", b: "broker-2" } })).toEqual(["heal"]);
  });

  test("a place in the timeline can't be changed", () => {
    expect(idsOf({ subject: { kind: "moment", step: 12 } })).toEqual([]);
    expect(idsOf({})).toEqual([]);
  });
});
