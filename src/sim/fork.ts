/**
 * A copy of a whole object graph that goes on by itself: how a world is checkpointed and forked.
 *
 * Everything that can change is copied, with its class and with every reference inside the graph kept as it was;
 * everything that cannot change (classes marked immutable, frozen objects) is shared. Since state is data, a function,
 * a promise or an iterator found on the way is a bug of ours, and is reported with the path to it.
 */
import { SimulatorBug } from "../base/assert.ts";
import { IMMUTABLE } from "../base/immutable.ts";

interface CopiesItself {
  copyForFork(): object;
}

type TypedArray = Float64Array | Int32Array | Uint8Array;

/** How objects of one class are copied. */
type Way = "shared" | "by itself" | "array" | "map" | "set" | "typed array" | "object" | "not data";

/** The copy of `root` and of all that is reachable from it. */
export function forkOf<T extends object>(root: T): T {
  return new Fork(root).copy() as T;
}

class Fork {
  private readonly root: object;
  private readonly copies = new Map<object, object>();
  private readonly ways = new Map<object | null, Way>();
  private readonly unfilled: [source: object, copy: object][] = [];

  constructor(root: object) {
    this.root = root;
  }

  copy(): object {
    const result = this.copyOf(this.root) as object;
    for (let next = this.unfilled.pop(); next !== undefined; next = this.unfilled.pop()) this.fill(next[0], next[1]);
    return result;
  }

  private copyOf(value: unknown): unknown {
    if (typeof value === "function") throw this.notData(value);
    if (typeof value !== "object" || value === null) return value;
    const known = this.copies.get(value);
    if (known !== undefined) return known;
    const way = this.wayOf(value);
    if (way === "shared" || Object.isFrozen(value)) return value;
    const copy = this.shellOf(value, way);
    this.copies.set(value, copy);
    if (way !== "typed array" && way !== "by itself") this.unfilled.push([value, copy]);
    return copy;
  }

  private wayOf(value: object): Way {
    const prototype = Object.getPrototypeOf(value);
    let way = this.ways.get(prototype);
    if (way === undefined) {
      way = wayOfClass(value);
      this.ways.set(prototype, way);
    }
    return way;
  }

  private shellOf(value: object, way: Way): object {
    switch (way) {
      case "by itself":
        return (value as CopiesItself).copyForFork();
      case "array":
        return [];
      case "map":
        return new Map();
      case "set":
        return new Set();
      case "typed array":
        return (value as TypedArray).slice();
      case "not data":
      case "shared":
        throw this.notData(value);
      case "object":
        return Object.create(Object.getPrototypeOf(value));
    }
  }

  private fill(source: object, copy: object): void {
    if (Array.isArray(source)) {
      for (let i = 0; i < source.length; i++) (copy as unknown[]).push(this.copyOf(source[i]));
    } else if (source instanceof Map) {
      for (const [key, value] of source) (copy as Map<unknown, unknown>).set(this.copyOf(key), this.copyOf(value));
    } else if (source instanceof Set) {
      for (const value of source) (copy as Set<unknown>).add(this.copyOf(value));
    } else {
      for (const key of Object.keys(source)) {
        (copy as Record<string, unknown>)[key] = this.copyOf((source as Record<string, unknown>)[key]);
      }
    }
  }

  private notData(culprit: unknown): SimulatorBug {
    const what = typeof culprit === "function" ? "a function" : `a ${(culprit as object).constructor?.name ?? "foreign object"}`;
    return new SimulatorBug(`state must be data, but ${pathTo(culprit, this.root)} holds ${what}`);
  }
}

function wayOfClass(value: object): Way {
  if ((value as { [IMMUTABLE]?: true })[IMMUTABLE]) return "shared";
  if ("copyForFork" in value) return "by itself";
  if (Array.isArray(value)) return "array";
  if (ArrayBuffer.isView(value)) return "typed array";
  switch (Object.prototype.toString.call(value)) {
    case "[object Map]":
      return "map";
    case "[object Set]":
      return "set";
    case "[object Object]":
      return "object";
    default:
      // Promises, iterators, generators, dates, errors, weak collections: what they hold can't be seen from outside.
      return "not data";
  }
}

/** Searched for only when there is something to report: `World.nodesByName["broker-1"].process.callbacks[0]`. */
function pathTo(culprit: unknown, root: object): string {
  const paths = new Map<object, string>([[root, root.constructor?.name ?? "root"]]);
  for (const [holder, path] of paths) {
    for (const [step, value] of membersOf(holder)) {
      if (value === culprit) return path + step;
      if (typeof value === "object" && value !== null && !paths.has(value)) paths.set(value, path + step);
    }
  }
  return paths.get(root) as string;
}

function membersOf(holder: object): [step: string, value: unknown][] {
  if (Array.isArray(holder)) return holder.map((value, index) => [`[${index}]`, value]);
  if (holder instanceof Set) return [...holder].map((value, index) => [`{${index}}`, value]);
  if (holder instanceof Map) {
    return [...holder].flatMap(([key, value], index) => {
      const name = typeof key === "object" ? `key ${index}` : JSON.stringify(key);
      return [[`[${name}]`, value] as [string, unknown], [`{key ${index}}`, key] as [string, unknown]];
    });
  }
  if (ArrayBuffer.isView(holder)) return [];
  return Object.entries(holder).map(([key, value]) => [`.${key}`, value]);
}
