/**
 * The few shapes that the schema of a scenario is built from, on top of zod.
 *
 * A schema says three things at once: what is accepted, what it becomes, and what an editor shows about it. Quantities are
 * accepted as text and become numbers; what is wrong with one is said by its own reader.
 */
import { z } from "zod";
import type { Reading } from "../quantities.ts";

/** What an object is called in an error (`a topic`), and its keys. */
export interface ObjectTraits {
  readonly what: string;
  readonly keys: readonly string[];
}

/** By the `keys` array of the very issue that complains about them. */
const TRAITS_OF_ISSUE = new WeakMap<object, ObjectTraits>();

export function traitsOf(unknownKeys: readonly string[]): ObjectTraits | undefined {
  return TRAITS_OF_ISSUE.get(unknownKeys);
}

/** An object with these keys and no others. */
export function object<S extends z.core.$ZodLooseShape>(
  what: string,
  description: string,
  shape: S,
): z.ZodObject<S, z.core.$strict> {
  const traits: ObjectTraits = { what, keys: Object.keys(shape).filter((key) => key !== "$schema") };
  return z
    .strictObject(shape, {
      error: (issue) => {
        if (issue.code === "unrecognized_keys") TRAITS_OF_ISSUE.set(issue.keys, traits);
        return issue.code === "invalid_type" ? `${what} is written as keys and values` : undefined;
      },
    })
    .describe(description);
}

/** Text (or a bare number) that `read` understands. `what` completes "this must be …". */
export function quantity<T>(what: string, description: string, read: (text: string) => Reading<T>) {
  return z
    .union([z.string(), z.number()], { error: () => `this must be ${what}` })
    .transform((written, context): T => settle(read(String(written)), context))
    .describe(description);
}

/** Whatever `read` makes of `input`. */
export function reading<I extends z.ZodType, T>(input: I, description: string, read: (written: z.output<I>) => Reading<T>) {
  return input.transform((written, context): T => settle(read(written), context)).describe(description);
}

function settle<T>(result: Reading<T>, context: z.core.$RefinementCtx): T {
  if (result.ok) return result.value;
  context.addIssue({ code: "custom", message: result.message, params: { hint: result.hint } });
  return z.NEVER;
}

/** A whole number within bounds. */
export function wholeNumber(description: string, min: number, max: number = Number.MAX_SAFE_INTEGER) {
  return z.int().min(min).max(max).describe(description);
}

/** One of a few words. */
export function word<const W extends readonly [string, ...string[]]>(description: string, words: W) {
  return z.enum(words).describe(description);
}

export const NAME_PATTERN = /^[A-Za-z][A-Za-z0-9_-]*$/;

/** A map from names that the user chooses. */
export function named<V extends z.ZodType>(what: string, description: string, value: V) {
  return z
    .record(z.string(), value, {
      error: (issue) => (issue.code === "invalid_type" ? `${what} are written as names and what belongs to each` : undefined),
    })
    .describe(description);
}

/** One string or a list of them, kept with the position of each. */
export interface Written {
  readonly text: string;
  /** Undefined when it is not in a list. */
  readonly index: number | undefined;
}

/** Several of `what`, where one alone needs no brackets. */
export function oneOrMore(what: string, description: string) {
  return z
    .union([z.string(), z.array(z.string()).min(1, `this must be ${what}, or a list of them`)], {
      error: () => `this must be ${what}, or a list of them`,
    })
    .transform((written): readonly Written[] =>
      typeof written === "string" ? [{ text: written, index: undefined }] : written.map((text, index) => ({ text, index })),
    )
    .describe(description);
}
