/**
 * Holds a value against a JSON Schema, by the few keywords that ours uses. An unknown keyword is an error: a check that skips what
 * it doesn't know would accept anything.
 */

export interface Schema {
  readonly [keyword: string]: unknown;
}

/** Say nothing about what is right. */
const ANNOTATIONS = new Set(["$schema", "$defs", "title", "description", "default", "examples", "id"]);

/** What is wrong with `value`, each with the path to it; nothing if it is accepted. */
export function schemaProblems(schema: Schema, value: unknown, root: Schema = schema, path = "$"): string[] {
  const problems: string[] = [];
  for (const [keyword, rule] of Object.entries(schema)) {
    if (ANNOTATIONS.has(keyword)) continue;
    const check = KEYWORDS[keyword];
    if (check === undefined) throw new Error(`${path}: nobody here knows the keyword ${keyword}`);
    problems.push(...check(rule as never, value, { schema, root, path }));
  }
  return problems;
}

interface Place {
  readonly schema: Schema;
  readonly root: Schema;
  readonly path: string;
}

type Check = (rule: never, value: unknown, place: Place) => string[];

const KEYWORDS: Readonly<Record<string, Check>> = {
  type: (rule: string | string[], value, { path }) => {
    const types = [rule].flat();
    return types.some((type) => isOfType(type, value)) ? [] : [`${path} is no ${types.join(" or ")}`];
  },
  enum: (rule: unknown[], value, { path }) => (rule.includes(value) ? [] : [`${path} is none of ${rule.join(", ")}`]),
  const: (rule: unknown, value, { path }) => (rule === value ? [] : [`${path} is not ${rule}`]),
  minimum: (rule: number, value, { path }) => (typeof value === "number" && value < rule ? [`${path} is below ${rule}`] : []),
  maximum: (rule: number, value, { path }) => (typeof value === "number" && value > rule ? [`${path} is above ${rule}`] : []),
  exclusiveMinimum: (rule: number, value, { path }) =>
    typeof value === "number" && value <= rule ? [`${path} is not above ${rule}`] : [],
  minLength: (rule: number, value, { path }) =>
    typeof value === "string" && value.length < rule ? [`${path} is too short`] : [],
  pattern: (rule: string, value, { path }) => {
    return typeof value === "string" && !new RegExp(rule, "u").test(value) ? [`${path} does not match ${rule}`] : [];
  },
  minItems: (rule: number, value, { path }) => (Array.isArray(value) && value.length < rule ? [`${path} has too few items`] : []),
  maxItems: (rule: number, value, { path }) =>
    Array.isArray(value) && value.length > rule ? [`${path} has too many items`] : [],
  items: (rule: Schema, value, { root, path }) => {
    return Array.isArray(value) ? value.flatMap((item, index) => schemaProblems(rule, item, root, `${path}[${index}]`)) : [];
  },
  required: (rule: string[], value, { path }) => {
    return isObject(value) ? rule.filter((key) => !(key in value)).map((key) => `${path} lacks ${key}`) : [];
  },
  properties: (rule: Record<string, Schema>, value, { root, path }) => {
    if (!isObject(value)) return [];
    return Object.entries(rule).flatMap(([key, schema]) =>
      key in value ? schemaProblems(schema, value[key], root, `${path}.${key}`) : [],
    );
  },
  additionalProperties: (rule: Schema | false, value, { schema, root, path }) => {
    if (!isObject(value)) return [];
    const known = Object.keys((schema.properties ?? {}) as object);
    const others = Object.keys(value).filter((key) => !known.includes(key));
    if (rule === false) return others.map((key) => `${path} may not have ${key}`);
    return others.flatMap((key) => schemaProblems(rule, value[key], root, `${path}.${key}`));
  },
  propertyNames: (rule: Schema, value, { root, path }) => {
    return isObject(value)
      ? Object.keys(value).flatMap((key) => schemaProblems(rule, key, root, `${path}.${key} (the name)`))
      : [];
  },
  anyOf: (rule: Schema[], value, { root, path }) => {
    const found = rule.map((schema) => schemaProblems(schema, value, root, path));
    return found.some((problems) => problems.length === 0)
      ? []
      : [`${path} fits nothing of: ${found.map((each) => each[0]).join("; ")}`];
  },
  allOf: (rule: Schema[], value, { root, path }) => rule.flatMap((schema) => schemaProblems(schema, value, root, path)),
  $ref: (rule: string, value, { root, path }) => {
    const steps = rule
      .replace(/^#\/?/, "")
      .split("/")
      .filter((step) => step !== "");
    return schemaProblems(
      steps.reduce<Schema>((schema, step) => schema[step] as Schema, root),
      value,
      root,
      path,
    );
  },
};

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isOfType(type: string, value: unknown): boolean {
  switch (type) {
    case "object":
      return isObject(value);
    case "array":
      return Array.isArray(value);
    case "null":
      return value === null;
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}
