/**
 * Quantities as people write them: `5s`, `0.2ms..2ms`, `100/s`, `10MB`, `100ppm`, `>0`.
 *
 * Every reader gives the value or says what was wrong with the text; none throws. Decimal fractions are taken as written,
 * without the detour over a float that would make 0.3ms 299 µs.
 */
import type { Micros } from "../base/units.ts";
import { type Distribution, uniform } from "../sim/distribution.ts";
import type { DurationRange } from "./fault-spec.ts";
import { nearest } from "./nearest.ts";
import type { Bounds, RateSpec } from "./spec.ts";

export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string; readonly hint?: string | undefined };

export function good<T>(value: T): Reading<T> {
  return { ok: true, value };
}

export function bad(
  message: string,
  hint?: string,
): { readonly ok: false; readonly message: string; readonly hint?: string | undefined } {
  return { ok: false, message, hint };
}

const DURATION_UNITS: Readonly<Record<string, number>> = {
  us: 1,
  µs: 1,
  ms: 1_000,
  s: 1_000_000,
  m: 60_000_000,
  min: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
};
const DURATION_HINT = "write it with its unit, such as 500us, 20ms, 5s, 2m or 1h";

/** `5s`, `1.5ms`, `1m30s`, `0`; negative ones where they are allowed. */
export function readDuration(text: string, sign: "positive" | "signed" = "positive"): Reading<Micros> {
  const trimmed = text.trim();
  const negative = trimmed.startsWith("-");
  const body = trimmed.replace(/^[+-]/, "").replaceAll(" ", "");
  if (body === "0") return good(0);
  if (negative && sign === "positive") return bad(`a duration of ${trimmed} is before it begins`, DURATION_HINT);
  if (/^\d+(\.\d+)?$/.test(body)) return bad(`${trimmed} of what?`, DURATION_HINT);
  if (body === "") return bad("this is not a duration", DURATION_HINT);
  let total = 0;
  let rest = body;
  while (rest.length > 0) {
    const part = /^(\d+)(?:\.(\d+))?([a-zA-Zµ]+)/.exec(rest);
    if (part === null) return bad(`${quote(text)} is not a duration`, DURATION_HINT);
    const unit = DURATION_UNITS[part[3] as string];
    if (unit === undefined) {
      const guess = UNIT_NAMES[(part[3] as string).toLowerCase()];
      return bad(
        `there is no unit of time \`${part[3]}\``,
        guess === undefined ? DURATION_HINT : `write ${part[1]}${part[2] === undefined ? "" : `.${part[2]}`}${guess}`,
      );
    }
    total += scaled(part[1] as string, part[2] ?? "", unit);
    rest = rest.slice(part[0].length);
  }
  if (!Number.isSafeInteger(total)) return bad(`${quote(text)} is longer than a run can be`);
  return good(negative ? -total : total);
}

const UNIT_NAMES: Readonly<Record<string, string>> = {
  sec: "s",
  secs: "s",
  second: "s",
  seconds: "s",
  millis: "ms",
  millisecond: "ms",
  milliseconds: "ms",
  micros: "us",
  microseconds: "us",
  minute: "m",
  minutes: "m",
  mins: "m",
  hour: "h",
  hours: "h",
  hr: "h",
  days: "d",
  day: "d",
};

/** `5s..15s`, or `5s` for a range of one. */
export function readDurationRange(text: string): Reading<DurationRange> {
  const [low, high, ...more] = text.split("..");
  if (more.length > 0) return bad(`${quote(text)} is not a range`, "write it as shortest..longest, such as 5s..15s");
  const min = readDuration(low as string);
  if (!min.ok) return min;
  const max = high === undefined ? min : readDuration(high);
  if (!max.ok) return max;
  if (max.value < min.value)
    return bad(`${quote(text)} ends before it begins`, `write ${(high as string).trim()}..${(low as string).trim()}`);
  return good({ minUs: min.value, maxUs: max.value });
}

/**
 * A duration drawn anew each time: constant for `5ms`, even for `0.2ms..2ms`, and with a long tail for `1ms..4ms..50ms..2s`: lowest,
 * median, p99 and highest.
 */
export function readDistribution(text: string): Reading<Distribution> {
  if (text.split("..").length > 2) return readTailed(text);
  const range = readDurationRange(text);
  if (!range.ok) return range;
  const { minUs, maxUs } = range.value;
  return good(uniform(minUs, maxUs));
}

function readTailed(text: string): Reading<Distribution> {
  const hint = "write it as shortest..longest, such as 5s..15s, or as lowest..median..p99..highest, such as 1ms..4ms..50ms..2s";
  const points: Micros[] = [];
  for (const part of text.split("..")) {
    const point = readDuration(part);
    if (!point.ok) return point;
    if (point.value < (points.at(-1) ?? 0)) return bad(`${quote(text)} does not ascend`, hint);
    points.push(point.value);
  }
  const [low, median, p99, max] = points;
  if (points.length !== 4) return bad(`${quote(text)} is not a range`, hint);
  return good({ kind: "tailed", low: low as Micros, median: median as Micros, p99: p99 as Micros, max: max as Micros });
}

/** `100/s`, `5/min`, `1/250ms`. */
export function readRate(text: string): Reading<RateSpec> {
  const parts = /^\s*([\d_,]+(?:\.\d+)?)\s*\/\s*(\S+)\s*$/.exec(text);
  const hint = "write it as records per time, such as 100/s, 30/m or 1/250ms";
  if (parts === null) return bad(`${quote(text)} is not a rate`, hint);
  const [number, perText] = [(parts[1] as string).replaceAll(/[_,]/g, ""), parts[2] as string];
  const per = readDuration(/^\d/.test(perText) ? perText : `1${perText}`);
  if (!per.ok) return bad(`${quote(text)} is not a rate: ${per.message}`, hint);
  if (per.value === 0) return bad(`${quote(text)} is not a rate: no time passes`, hint);
  const [whole, fraction = ""] = number.split(".");
  const scale = 10 ** fraction.length;
  const records = scaled(whole as string, fraction, scale);
  if (records === 0) return bad("a rate of 0 sends nothing", "leave the producer out, or set its `count`");
  if (!Number.isSafeInteger(records) || !Number.isSafeInteger(per.value * scale))
    return bad(`${quote(text)} is beyond what a run can hold`);
  if (records > per.value * scale) return bad(`${quote(text)} is more than one record per microsecond`, hint);
  return good({ records, perUs: per.value * scale });
}

const SIZE_UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1_000,
  mb: 1_000_000,
  gb: 1_000_000_000,
  tb: 1_000_000_000_000,
  kib: 1_024,
  mib: 1_048_576,
  gib: 1_073_741_824,
  tib: 1_099_511_627_776,
};

/** `512B`, `10MB`, `1GiB`. */
export function readSize(text: string): Reading<number> {
  const parts = /^\s*(\d+)(?:\.(\d+))?\s*([a-zA-Z]+)\s*$/.exec(text);
  const unit = SIZE_UNITS[(parts?.[3] ?? "").toLowerCase()];
  if (parts === null || unit === undefined)
    return bad(`${quote(text)} is not a size`, "write it with its unit, such as 512B, 64KiB, 10MB or 1GiB");
  const bytes = scaled(parts[1] as string, parts[2] ?? "", unit);
  return bytes === 0 ? bad("a size of 0 holds nothing") : good(bytes);
}

/** `10MB/s`, `1Gbit/s`: bytes per second. */
export function readBandwidth(text: string): Reading<number> {
  const parts = /^(.*?)(bit)?\s*\/\s*s$/i.exec(text.trim());
  const hint = "write it as size per second, such as 10MB/s or 1Gbit/s";
  if (parts === null) return bad(`${quote(text)} is not a bandwidth`, hint);
  const size = readSize(parts[2] === undefined ? (parts[1] as string) : `${parts[1]}B`);
  if (!size.ok) return bad(`${quote(text)} is not a bandwidth`, hint);
  return good(parts[2] === undefined ? size.value : Math.max(1, Math.round(size.value / 8)));
}

/** `100ppm`, `-50ppm`, `0.1%`: in millionths. */
export function readDrift(text: string): Reading<number> {
  const reading = readMillionths(text.trim().replace(/^[+-]/, ""));
  if (!reading.ok)
    return bad(`${quote(text)} is not a drift`, "write how much faster the clock runs, such as 100ppm, -50ppm or 0.1%");
  const ppm = text.trim().startsWith("-") ? -reading.value : reading.value;
  if (Math.abs(ppm) >= 1_000_000) return bad(`a clock that drifts by ${quote(text)} is no clock`, "stay below 100%");
  return good(ppm);
}

/** `0.1%`, `500ppm`: a share of all messages, in millionths. */
export function readShare(text: string): Reading<number> {
  const reading = readMillionths(text.trim());
  if (!reading.ok || reading.value > 1_000_000)
    return bad(`${quote(text)} is not a share`, "write it from 0% to 100%, such as 0.5%, or as 500ppm");
  return reading;
}

function readMillionths(text: string): Reading<number> {
  if (text === "0") return good(0);
  const parts = /^(\d+)(?:\.(\d+))?\s*(ppm|%)$/.exec(text);
  if (parts === null) return bad("");
  return good(scaled(parts[1] as string, parts[2] ?? "", parts[3] === "%" ? 10_000 : 1));
}

/** `0`, `>0`, `>=5`, `1..5`, `10..`, `..3`. */
export function readBounds(text: string): Reading<Bounds> {
  const trimmed = text.trim();
  const compared = /^(>=|<=|>|<)\s*(\d+)$/.exec(trimmed);
  if (compared !== null) {
    const value = Number(compared[2]);
    if (compared[1] === ">") return good({ min: value + 1, max: undefined });
    if (compared[1] === ">=") return good({ min: value, max: undefined });
    if (compared[1] === "<=") return good({ min: 0, max: value });
    return value === 0 ? bad("nothing is below 0") : good({ min: 0, max: value - 1 });
  }
  const range = /^(\d*)(\.\.)?(\d*)$/.exec(trimmed);
  if (range === null || (range[1] === "" && range[3] === ""))
    return bad(`${quote(text)} is not a number of things`, 'write 0, ">0", 1..5, 10.. or ..3');
  const min = Number(range[1]);
  if (range[2] === undefined) return good({ min, max: min });
  const max = range[3] === "" ? undefined : Number(range[3]);
  if (max !== undefined && max < min) return bad(`${quote(text)} ends before it begins`, `write ${max}..${min}`);
  return good({ min, max });
}

/** As {@link readBounds}, of durations: `30s..45s`, `">5s"`, `..10s`; in microseconds. */
export function readDurationBounds(text: string): Reading<Bounds> {
  const trimmed = text.trim();
  const compared = /^(>=|<=|>|<)(.*)$/.exec(trimmed);
  if (compared !== null) {
    const limit = readDuration(compared[2] as string);
    if (!limit.ok) return limit;
    const step = (compared[1] as string).endsWith("=") ? 0 : 1;
    return good(
      (compared[1] as string).startsWith(">") ? { min: limit.value + step, max: undefined } : { min: 0, max: limit.value - step },
    );
  }
  if (!trimmed.includes(".."))
    return bad(
      `${quote(text)} is one exact duration, which no run meets`,
      `give a range, such as 30s..45s, ${trimmed}.. or ..${trimmed}`,
    );
  const [low, high] = trimmed.split("..");
  const min = low === "" ? good(0) : readDuration(low as string);
  if (!min.ok) return min;
  const max = high === "" ? good(undefined) : readDuration(high as string);
  if (!max.ok) return max;
  if (max.value !== undefined && max.value < min.value)
    return bad(`${quote(text)} ends before it begins`, `write ${high}..${low}`);
  return good({ min: min.value, max: max.value });
}

/** The seed of a run, from the file or from `--seed`. */
export function readSeed(text: string): Reading<number> {
  const seed = Number(text);
  if (/^\d+$/.test(text.trim()) && Number.isSafeInteger(seed)) return good(seed);
  return bad(`a seed is a whole number, and ${quote(text)} is not`, "write a number from 0 up, such as 42");
}

/** One of `words`. */
export function readWord<W extends string>(text: string, words: readonly W[], what: string): Reading<W> {
  const found = words.find((word) => word === text);
  if (found !== undefined) return good(found);
  const guess = nearest(text, words);
  return bad(
    `${quote(text)} is not ${what}`,
    guess === undefined ? `it is one of ${words.join(", ")}` : `did you mean ${guess}?`,
  );
}

/** `whole.fraction` times `unit`, rounded to a whole number. */
function scaled(whole: string, fraction: string, unit: number): number {
  const digits = fraction.slice(0, 9);
  return Number(whole) * unit + Math.round((Number(digits || "0") * unit) / 10 ** digits.length);
}

export function quote(text: string): string {
  return `\`${text}\``;
}

/** For people: `500 ms`, `5 s`, `1.5 s`. */
export function durationText(us: Micros): string {
  if (us % 1_000 !== 0) return `${us}us`;
  if (us % 1_000_000 !== 0) return `${us / 1_000}ms`;
  return `${us / 1_000_000}s`;
}

/** For files: `38.118003s`, `250ms`, `7us`; not a microsecond is lost, however long it is. */
export function exactDurationText(us: Micros): string {
  if (us < 1_000_000) return durationText(us);
  const fraction = String(us % 1_000_000)
    .padStart(6, "0")
    .replace(/0+$/, "");
  return `${Math.floor(us / 1_000_000)}${fraction === "" ? "" : `.${fraction}`}s`;
}
