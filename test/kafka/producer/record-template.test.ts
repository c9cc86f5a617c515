import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { compileRecordTemplate, type JsonValue } from "../../../src/kafka/producer/record-template.ts";
import { RandomStream } from "../../../src/sim/random.ts";

function render(source: JsonValue, sequence = 0): string {
  const compiled = compileRecordTemplate(source);
  if (!compiled.ok) throw new Error(compiled.error.message);
  return new TextDecoder().decode(compiled.template.render(sequence, new RandomStream("seed", "payload")));
}

function errorOf(source: JsonValue) {
  const compiled = compileRecordTemplate(source);
  return compiled.ok ? undefined : compiled.error;
}

test("{n} is the sequence number, {n % 10} the same modulo 10", () => {
  expect(render("order-{n}", 27)).toBe("order-27");
  expect(render("customer-{n % 10}/{n}", 27)).toBe("customer-7/27");
});

test("{random a..b} draws within both bounds, {pick a|b|c} one of its texts", () => {
  const compiled = compileRecordTemplate("{random -2..2} {pick red|green}");
  if (!compiled.ok) throw new Error("does not compile");
  const random = new RandomStream("seed", "payload");
  const seen = new Set<string>();
  for (let i = 0; i < 500; i++) seen.add(new TextDecoder().decode(compiled.template.render(i, random)));
  const all = [-2, -1, 0, 1, 2].flatMap((number) => [`${number} red`, `${number} green`]);
  expect([...seen].sort()).toEqual(all.sort());
});

test("doubled braces are braces", () => {
  expect(render("{{n}} is {n}", 3)).toBe("{n} is 3");
});

test("in a JSON value strings are templates, and a string that is one numeric placeholder becomes a number", () => {
  const source = { id: "{n}", name: "order-{n}", tags: ["{n % 2}", "x", 'a "quote"'], open: true, price: 1.5, none: null };
  expect(render(source, 5)).toBe('{"id":5,"name":"order-5","tags":[1,"x","a \\"quote\\""],"open":true,"price":1.5,"none":null}');
  expect(JSON.parse(render({ pick: "{pick 1|2}" }))).toEqual({ pick: expect.any(String) });
});

test("records of a template without placeholders share their bytes", () => {
  const compiled = compileRecordTemplate("always the same");
  if (!compiled.ok) throw new Error("does not compile");
  const random = new RandomStream("seed", "payload");
  expect(compiled.template.render(1, random)).toBe(compiled.template.render(2, random));
});

test.each<[JsonValue, number, (string | number)[]]>([
  ["order-{m}", 6, []],
  ["ab{n", 2, []],
  ["a}b", 1, []],
  ["{random 5..1}", 0, []],
  ["x{n % 0}", 1, []],
  [{ items: ["fine", "not {fine}"] }, 4, ["items", 1]],
])("a mistake in %j is reported where it stands", (source, position, path) => {
  expect(errorOf(source)).toMatchObject({ position, path });
});

property.prop([fc.jsonValue()])("every JSON value without braces renders as itself", (value) => {
  const text = JSON.stringify(value);
  fc.pre(!/[{}]/.test(JSON.stringify(collectStrings(value as JsonValue))) && typeof value !== "string");
  expect(render(value as JsonValue)).toBe(text);
});

function collectStrings(value: JsonValue): string {
  if (typeof value === "string") return value;
  if (value === null || typeof value !== "object") return "";
  return Object.values(value as Record<string, JsonValue>)
    .map(collectStrings)
    .join("");
}
