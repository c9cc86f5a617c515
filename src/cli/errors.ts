/** How the command line ends when something is wrong: whose fault it is decides the exit status. */
import { SimulatorBug } from "../base/assert.ts";
import { ScenarioError } from "../scenario/scenario-error.ts";

export const EXIT = { asExpected: 0, unexpected: 1, unusableInput: 2, undecided: 3, bug: 70 } as const;

/** What to print, and the exit status. */
export function explainFailure(error: unknown): { readonly text: string; readonly status: number } {
  if (error instanceof ScenarioError) return { text: error.message, status: EXIT.unusableInput };
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const what = error instanceof SimulatorBug ? "kafka-sim itself is wrong" : "kafka-sim failed";
  return {
    text: `${what}, not your scenario. Please report this, with the scenario and the seed:\n\n${reason}`,
    status: EXIT.bug,
  };
}
