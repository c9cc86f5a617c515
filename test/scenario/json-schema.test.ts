/** The schema that editors get knows every key that the loader knows, and says what each is for. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { BROKER_CONFIG } from "../../src/kafka/config/broker-config.ts";
import { CONSUMER_CONFIG, PRODUCER_CONFIG } from "../../src/kafka/config/client-config.ts";
import { TOPIC_CONFIG } from "../../src/kafka/config/topic-config.ts";
import { DIAL_VALUES } from "../../src/kafka/dials.ts";
import { ZOOKEEPER_CONFIG } from "../../src/kafka/zookeeper/config.ts";
import { scenarioJsonSchema } from "../../src/scenario/json-schema.ts";
import { CONFIG_DEFINITIONS, NOT_MODELLED } from "../../src/scenario/schema/config.ts";

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly $ref?: string;
  readonly type?: string | readonly string[];
}

const ROOT = scenarioJsonSchema() as unknown as Schema & { readonly $schema: string };

function at(...path: readonly string[]): Schema {
  return path.reduce<Schema>((schema, key) => step(schema, key) ?? {}, ROOT);
}

function step(schema: Schema, key: string): Schema | undefined {
  const here =
    schema.properties?.[key] ?? (typeof schema.additionalProperties === "object" ? schema.additionalProperties : schema.items);
  return here ?? schema.anyOf?.map((each) => step(each, key)).find((each) => each !== undefined);
}

test("it is of the draft that editors expect", () => {
  expect(ROOT.$schema).toBe("https://json-schema.org/draft/2020-12/schema");
  expect(JSON.parse(JSON.stringify(ROOT))).toEqual(ROOT);
});

test("every key says what it is for", () => {
  const silent: string[] = [];
  const visit = (schema: Schema, path: string): void => {
    for (const [key, child] of Object.entries(schema.properties ?? {})) {
      if (child.description === undefined) silent.push(`${path}.${key}`);
      visit(child, `${path}.${key}`);
    }
    for (const child of [schema.additionalProperties, schema.items, ...(schema.anyOf ?? [])]) {
      if (typeof child === "object") visit(child, `${path}[]`);
    }
  };
  visit(ROOT, "");
  expect(silent).toEqual([]);
});

test("every object refuses keys that it does not know", () => {
  const lenient: string[] = [];
  const visit = (schema: Schema, path: string): void => {
    if (schema.properties !== undefined && schema.additionalProperties !== false) lenient.push(path);
    for (const [key, child] of Object.entries(schema.properties ?? {})) visit(child, `${path}.${key}`);
    for (const child of [schema.additionalProperties, schema.items, ...(schema.anyOf ?? [])]) {
      if (typeof child === "object") visit(child, `${path}[]`);
    }
  };
  visit(ROOT, "");
  expect(lenient).toEqual([]);
});

test("every setting and every dial is in it", () => {
  const keys = (schema: Schema): string[] => Object.keys(schema.properties ?? {});
  expect(keys(at("cluster", "config"))).toEqual(Object.keys(BROKER_CONFIG));
  expect(keys(at("topics", "orders", "config"))).toEqual(Object.keys(TOPIC_CONFIG));
  expect(keys(at("producers", "checkout", "config"))).toEqual(Object.keys(PRODUCER_CONFIG));
  expect(keys(at("consumers", "billing", "config"))).toEqual(Object.keys(CONSUMER_CONFIG));
  expect(keys(at("cluster", "zookeeper-config"))).toEqual(Object.keys(ZOOKEEPER_CONFIG));
  expect(keys(at("dials"))).toEqual(Object.keys(DIAL_VALUES));
});

test("every key of a scenario that uses them all is in it, and the other way round", () => {
  const used = new Set<string>();
  const visit = (value: unknown, path: readonly string[]): void => {
    if (value === null || typeof value !== "object") return;
    for (const [key, child] of Object.entries(value)) {
      const name = Array.isArray(value) ? "[]" : key;
      const schema = at(...path, name);
      if (!Array.isArray(value)) {
        // What becomes JSON in a record is free.
        if (path.at(-1) === "value") continue;
        expect(schema, [...path, key].join(".")).not.toEqual({});
        used.add([...path, key].join("."));
      }
      visit(child, [...path, name]);
    }
  };
  for (const file of ["everything.yaml", "everything-else.yaml", "everything-in-zookeeper-mode.yaml"])
    visit(parse(readFileSync(fileURLToPath(new URL(file, import.meta.url)), "utf8")), []);
  // Sections whose keys are all of the format's own making.
  for (const section of [
    "cluster",
    "network",
    "disks",
    "faults.[]",
    "edits.[]",
    "run",
    "expect",
    "expect.records",
    "expect.groups.payments",
    "exhibit",
  ]) {
    for (const key of Object.keys(at(...section.split(".")).properties ?? {}))
      expect(used, `${section}.${key}`).toContain(`${section}.${key}`);
  }
  for (const section of ["consumers.payments", "consumers.payments.handler", "consumers.payments.per-member.payments-2"]) {
    const places = [...used].map((path) => path.replace(/^consumers\.\w+/, "consumers.payments"));
    for (const key of Object.keys(at(...section.split(".")).properties ?? {})) expect(places).toContain(`${section}.${key}`);
  }
});

test("a setting that is said not to be modelled is not", () => {
  for (const kind of Object.values(CONFIG_DEFINITIONS))
    expect(Object.keys(kind).filter((key) => NOT_MODELLED.has(key))).toEqual([]);
});
