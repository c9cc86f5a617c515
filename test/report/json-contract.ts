/**
 * The JSON of `run --json`, field by field: a contract for scripts.
 *
 * Nothing that stands here may change its name or its meaning. What is added has to be added here, too.
 */
import { z } from "zod";

const count = z.int().min(0);
const seconds = z.number();
const moment = z.strictObject({ step: count, time: seconds, text: z.string().min(1) });

const run = z.strictObject({
  file: z.string().min(1),
  scenario: z.string().min(1),
  /** Which side of an exhibit it is. */
  side: z.enum(["old rule", "new rule"]).optional(),
  seed: count,
  verdict: z.enum(["as-expected", "unexpected"]),
  undecided: z.boolean(),
  traceHash: z.string().regex(/^[0-9a-f]{16}$/),
  events: z.int().min(1),
  virtualSeconds: seconds.min(0),
  records: z.strictObject({
    ...{ acknowledged: count, lost: count, legallyLost: count, duplicated: count, failed: count, delayed: count },
  }),
  longestOutageSeconds: seconds.min(0),
  violations: z.array(
    z.strictObject({
      invariant: z.string().min(1),
      step: z.int().min(1),
      time: seconds,
      message: z.string().min(1),
      facts: z.array(moment).min(1),
      cause: z.array(moment),
    }),
  ),
  expectations: z.array(z.strictObject({ expectation: z.string().min(1), met: z.boolean(), found: z.string().min(1) })).min(1),
  notes: z.array(z.string().min(1)),
  timeline: z.array(moment),
});

export const JSON_CONTRACT = z.strictObject({ version: z.string().regex(/^\d+\.\d+\.\d+/), runs: z.array(run).min(1) });
export type ContractRun = z.output<typeof run>;
