/**
 * What is wrong with a scenario, as people see it: each `bad-input/*.yaml` with the error that it gives beside it.
 *
 * `vitest -u` writes the errors anew; read the difference.
 */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { loadScenario } from "../../src/scenario/loader.ts";
import { ScenarioError } from "../../src/scenario/scenario-error.ts";

const FOLDER = fileURLToPath(new URL("bad-input", import.meta.url));
const INVARIANTS = ["NoAckedLoss", "LeaderCompleteness", "ConsistentRead"];

describe("a mistake is shown at its place, in words, with the nearest right spelling", () => {
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".yaml"))) {
    test(file.replace(".yaml", "").replaceAll("-", " "), async () => {
      const shown = errorOf(`${FOLDER}/${file}`).message.replaceAll(`${FOLDER}/`, "");
      await expect(`${shown}\n`).toMatchFileSnapshot(`bad-input/${file.replace(".yaml", ".txt")}`);
    });
  }
});

test("every problem of a file names its line and column, even those that are not shown", () => {
  const { problems, message } = errorOf(`${FOLDER}/many.yaml`);
  expect(problems.map(({ line, column }) => `${line}:${column}`)).toEqual(["2:1", "3:1", "4:1", "5:1", "6:1", "7:1", "8:1"]);
  expect(message.match(/^.*:\d+:\d+ /gm)).toHaveLength(5);
});

test("a file that is not there, a folder and a file that is no text are scenario errors, too", () => {
  expect(errorOf("nowhere.yaml").message).toBe("nowhere.yaml  there is no such file");
  expect(errorOf(FOLDER).problems[0]).toMatchObject({ code: "UNREADABLE_FILE", message: "this is a folder, not a file" });
  expect(errorOf(process.execPath).problems[0]).toMatchObject({ code: "UNREADABLE_FILE", message: "this is not text in UTF-8" });
});

function errorOf(file: string): ScenarioError {
  try {
    loadScenario(file, { invariants: INVARIANTS });
  } catch (error) {
    if (error instanceof ScenarioError) return error;
    throw error;
  }
  throw new Error(`${file} was accepted`);
}
