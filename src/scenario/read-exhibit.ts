/** Reads what an exhibit says of itself, and what is expected of each of its sides. */
import { type ExpectSurroundings, readExpect, readInvariants } from "./read-expect.ts";
import type { WrittenScenario } from "./schema/scenario.ts";
import type { ExhibitKind, ExpectSpec } from "./spec.ts";
import { isDial, type SideName } from "./switch.ts";

export interface ExhibitReading {
  readonly source: string;
  readonly kind: ExhibitKind;
  readonly expects: { readonly [S in SideName]: ExpectSpec };
}

/** `base` is what the scenario's own `expect` says. */
export function readExhibit(written: WrittenScenario, base: ExpectSpec, around: ExpectSurroundings): ExhibitReading | undefined {
  const { exhibit } = written;
  if (exhibit === undefined) return undefined;
  const { sink } = around.names;
  const { dial, set } = exhibit;
  if (dial !== undefined && set !== undefined) {
    const message = "an exhibit has one switch: `dial` or `set`, not both";
    sink.add(["exhibit", "set"], { code: "CONTRADICTION", message, hint: "leave one of them out" }, "key");
  } else if (dial === undefined && set === undefined) {
    const hint = "add `dial: …`, or `set: …` for a setting of Kafka";
    sink.add(["exhibit"], { code: "MISSING_KEY", message: "what do the two runs of this exhibit differ in?", hint }, "key");
  }
  for (const side of ["old", "new"] as const) {
    if (set === undefined || isDial(set) || exhibit[side] !== undefined) continue;
    const hint = `say what \`${set}\` is ${side === "old" ? "before" : "since"} the fix`;
    sink.add(["exhibit", "set"], { code: "MISSING_KEY", message: `\`exhibit\` needs \`${side}\``, hint }, "key");
  }
  const violates = readInvariants(exhibit.violates ?? [], ["exhibit", "violates"], around);
  if (violates.length === 0 && exhibit["old-expect"] === undefined) {
    const hint = "add `violates: NoAckedLoss`, or `old-expect`";
    sink.add(["exhibit"], { code: "MISSING_KEY", message: "what does the old position do wrong?", hint }, "key");
  }
  const fixed = exhibit["new-expect"];
  return {
    source: exhibit.source,
    kind: exhibit.kind,
    expects: {
      old: readExpect(exhibit["old-expect"], ["exhibit", "old-expect"], around, violates),
      new: fixed === undefined ? base : readExpect(fixed, ["exhibit", "new-expect"], around),
    },
  };
}
