/** How a configuration key is described, and what values a set of described keys takes. Spelling, units and defaults are Kafka's. */

export interface ConfigDefinition {
  readonly type: "int" | "boolean" | "string";
  readonly default: number | boolean | string;
  /** Smallest legal number. */
  readonly min?: number;
  /** Largest legal number. */
  readonly max?: number;
  /** The legal strings, where not every one is. */
  readonly values?: readonly string[];
  /** What it does, in one sentence. */
  readonly doc: string;
}

export type ConfigDefinitions = Readonly<Record<string, ConfigDefinition>>;

type ValueOf<D extends ConfigDefinition> = D["type"] extends "int" ? number : D["type"] extends "boolean" ? boolean : string;

/** The effective configuration: every key, by Kafka's name. */
export type ConfigValues<D extends ConfigDefinitions> = { readonly [K in keyof D]: ValueOf<D[K]> };

/** Defaults, overridden by what was set. The caller has validated `overrides`. */
export function effectiveConfig<D extends ConfigDefinitions>(
  definitions: D,
  ...overrides: readonly Readonly<Record<string, unknown>>[]
): ConfigValues<D> {
  const values: Record<string, unknown> = {};
  for (const key of Object.keys(definitions)) values[key] = definitions[key]?.default;
  for (const layer of overrides) {
    for (const key of Object.keys(layer)) if (key in definitions) values[key] = layer[key];
  }
  return Object.freeze(values) as ConfigValues<D>;
}
