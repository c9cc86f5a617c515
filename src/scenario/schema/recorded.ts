/** The schema of what a saved run came to. */
import { z } from "zod";
import { object, wholeNumber } from "./kit.ts";

export const RECORDED_SCHEMA = object(
  "recorded",
  "What the run came to when this file was saved from it: `kafka-sim replay` says whether it still does.",
  {
    trace: z
      .string({ error: () => "this must be a trace hash, in quotes" })
      .regex(/^[0-9a-f]{16}$/, "a trace hash has 16 digits of 0-9 and a-f")
      .describe("The trace hash."),
    events: wholeNumber("The number of steps.", 0),
    by: z
      .string({ error: () => 'this must be a version, in quotes: "0.1.0"' })
      .min(1)
      .describe("The version of kafka-sim that ran it."),
  },
);
