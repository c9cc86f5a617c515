/**
 * The JSON of `run --json`, `museum --json` and `compare --json`, field by field: a contract for scripts.
 *
 * Nothing that stands here may change its name or its meaning. What is added has to be added here, too.
 */
import { z } from "zod";

const count = z.int().min(0);
const seconds = z.number();
const moment = z.strictObject({ step: count, time: seconds, text: z.string().min(1) });

const group = z.strictObject({
  group: z.string().min(1),
  members: z.array(z.string().min(1)).min(1),
  ...{ processedOnce: count, processedAgain: count, skipped: count, outOfOrder: count, givenUp: count, unprocessed: count },
  rebalances: count,
  ownerlessSeconds: seconds.min(0),
  lag: z.strictObject({
    highest: count,
    atEnd: count,
    samples: z.array(z.strictObject({ time: seconds, records: count })),
  }),
  generations: z.array(z.strictObject({ time: seconds, generation: z.int().min(-1) })),
  /** Null: to the end. */
  ownership: z.array(
    z.strictObject({
      ...{ topic: z.string().min(1), partition: count, client: z.string().min(1), generation: z.int() },
      from: seconds,
      to: seconds.nullable(),
      end: z.enum(["revoked", "lost", "stopped"]).nullable(),
    }),
  ),
});

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
  groups: z.array(group),
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

const version = z.string().regex(/^\d+\.\d+\.\d+/);

export const JSON_CONTRACT = z.strictObject({ version, runs: z.array(run).min(1) });

const quantiles = z.strictObject(
  Object.fromEntries(["min", "p5", "p25", "p50", "p75", "p95", "max"].map((name) => [name, z.number().min(0).nullable()])),
);

const exhibit = {
  slug: z.string().min(1),
  theme: z.string().min(1),
  file: z.string().min(1),
  name: z.string().min(1),
  source: z.string().min(1).nullable(),
  kind: z.enum(["bug", "open", "by-design", "control"]).nullable(),
  switch: z.string().min(1).nullable(),
};

const side = z.strictObject({
  position: z.string().min(1).nullable(),
  asExpected: count,
  undecided: count,
  runs: z
    .array(
      z.strictObject({
        ...{
          seed: count,
          verdict: run.shape.verdict,
          undecided: z.boolean(),
          traceHash: run.shape.traceHash,
          events: z.int().min(1),
        },
        records: run.shape.records,
        violations: z.array(z.strictObject({ invariant: z.string().min(1), step: z.int().min(1) })),
      }),
    )
    .min(1),
});

export const MUSEUM_CONTRACT = z.strictObject({
  version,
  exhibits: z
    .array(
      z.strictObject({
        ...exhibit,
        violates: z.array(z.string().min(1)),
        stepsToBreak: quantiles.nullable(),
        old: side,
        new: side.nullable(),
        reproduced: z.boolean(),
      }),
    )
    .min(1),
});

export const TALE_CONTRACT = z.strictObject({ version, ...exhibit, about: z.string().min(1), runs: z.array(run).min(1).max(2) });

/** Null where a time never came. */
const measured = {
  unavailableSeconds: seconds.min(0),
  ...{ lost: count, legallyLost: count, duplicated: count, failed: count, delayed: count, elections: count },
  fullIsrAfterSeconds: seconds.min(0).nullable().optional(),
  /** Of all consumer groups together, where there are any. */
  ...Object.fromEntries(
    ["processedAgain", "skipped", "outOfOrder", "highestLag", "rebalances"].map((name) => [name, count.optional()]),
  ),
  ownerlessSeconds: seconds.min(0).optional(),
};

export const COMPARISON_CONTRACT = z.strictObject({
  version,
  file: z.string().min(1),
  scenario: z.string().min(1),
  rows: z
    .array(
      z.strictObject({
        settings: z.record(z.string(), z.string()),
        side: z.enum(["old rule", "new rule"]).optional(),
        runs: z.int().min(1),
        counted: count,
        ...Object.fromEntries(Object.keys(measured).map((name) => [name, quantiles.nullable()])),
        runsWithLoss: count,
        lossBelow: z.number().min(0).max(1).nullable(),
        runsWithViolations: count,
        violations: z.record(z.string(), z.int().min(1)),
        perSeed: z
          .array(
            z.strictObject({
              seed: count,
              counted: z.boolean(),
              traceHash: run.shape.traceHash,
              ...measured,
              violations: z.array(z.string().min(1)),
            }),
          )
          .min(1),
      }),
    )
    .min(1),
});
export type ContractRun = z.output<typeof run>;
