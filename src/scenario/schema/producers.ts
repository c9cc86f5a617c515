/** The schema of what writes. */
import { z } from "zod";
import { compileRecordTemplate, type JsonValue } from "../../kafka/producer/record-template.ts";
import { bad, good, quote, type Reading, readRate } from "../quantities.ts";
import { duration } from "./cluster.ts";
import { PRODUCER_CONFIG_SCHEMA } from "./config.ts";
import { named, object, quantity, reading, wholeNumber } from "./kit.ts";

const TEMPLATE_HELP =
  'Text, or a structure that becomes JSON. In quotes: "{n}" counts the records, "{n % 10}" counts round, "{random 1..100}", "{pick a|b}".';

/** Null makes records without a key. */
function readTemplate(source: JsonValue): Reading<JsonValue> {
  const slip = bareBraces(source);
  if (slip !== undefined) return bad("braces without quotes are a map in YAML", `put it in quotes: "{${slip}}"`);
  if (source === null) return good(null);
  const compiled = compileRecordTemplate(source);
  if (compiled.ok) return good(source);
  const { message, path } = compiled.error;
  return bad(path.length === 0 ? message : `in ${quote(path.join("."))}: ${message}`);
}

/** `{n}` outside of quotes, which YAML takes for a map with the key `n`. */
function bareBraces(source: JsonValue): string | undefined {
  if (source === null || typeof source !== "object") return undefined;
  for (const [key, value] of Object.entries(source)) {
    if (!Array.isArray(source) && value === null && /^(n(\s*%.*)?|random\s.*|pick\s.*)$/.test(key)) return key;
    const inside = bareBraces(value);
    if (inside !== undefined) return inside;
  }
  return undefined;
}

const JSON_VALUE = z.json() as z.ZodType<JsonValue>;

export const PRODUCERS_SCHEMA = named(
  "producers",
  "Applications that send records, by name. The name is also the node's.",
  object("a producer", "An application that sends records to one topic.", {
    topic: z.string().describe("The topic it sends to."),
    rate: quantity("a rate, such as 100/s", "Records per time, at even distances: 100/s, 30/m, 1/250ms.", readRate),
    count: wholeNumber("Stops after so many records.", 1).optional(),
    from: duration("When it begins. Default: 0s.").optional(),
    until: duration("When it stops sending. Default: at the end.").optional(),
    key: reading(JSON_VALUE, `Default: no key. ${TEMPLATE_HELP}`, readTemplate).optional(),
    value: reading(JSON_VALUE, `Default: the producer's name and "-{n}". ${TEMPLATE_HELP}`, (value) =>
      value === null ? bad("records without a value are not modelled yet") : readTemplate(value),
    ).optional(),
    partition: z
      .union([z.int().min(0), z.literal("round-robin")], {
        error: () => "this must be the number of a partition, or round-robin",
      })
      .describe(
        "The partition that the application itself names: a number, or round-robin. Default: left to the producer's partitioner.",
      )
      .optional(),
    config: PRODUCER_CONFIG_SCHEMA.optional(),
  }),
);
