/** The format of a scenario as a JSON Schema (draft 2020-12), for editors: `kafka-sim schema`. */
import { z } from "zod";
import { SCENARIO_SCHEMA } from "./schema/scenario.ts";

export function scenarioJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(SCENARIO_SCHEMA, { io: "input", target: "draft-2020-12" });
  return { $schema, title: "kafka-sim scenario", ...schema };
}
