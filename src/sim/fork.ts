/**
 * A copy of a whole object graph that goes on by itself: how a world is checkpointed and forked.
 *
 * Everything that can change is copied, with its class and with every reference inside the graph kept as it was;
 * everything that cannot change (classes marked immutable, frozen objects) is shared. Since state is data, a function,
 * a promise or a generator found on the way is a bug of ours, and is reported with the path to it.
 */
import { SimulatorBug } from "../base/assert.ts";
import { IMMUTABLE } from "../base/immutable.ts";

interface CopiesItself {
  copyForFork(): object;
}

type TypedArray = Float64Array | Int32Array | Uint8Array;

/** The copy of `root` and of all that is reachable from it. */
export function forkOf<T extends object>(root: T): T {
  const copies = new Map<object, object>();
  const unfilled: [source: object, copy: object][] = [];

  const copyOf = (value: unknown, holder: object, key: string): unknown => {
    if (typeof value === "function") throw notData("a function", holder, key);
    if (typeof value !== "object" || value === null) return value;
    const known = copies.get(value);
    if (known !== undefined) return known;
    if ((value as { [IMMUTABLE]?: true })[IMMUTABLE] || Object.isFrozen(value)) return value;
    const copy = shellOf(value, holder, key);
    copies.set(value, copy);
    if (!ArrayBuffer.isView(value) && !("copyForFork" in value)) unfilled.push([value, copy]);
    return copy;
  };

  const result = copyOf(root, {}, "root") as T;
  for (let next = unfilled.pop(); next !== undefined; next = unfilled.pop()) fill(next[0], next[1], copyOf);
  return result;
}

function shellOf(value: object, holder: object, key: string): object {
  if ("copyForFork" in value) return (value as CopiesItself).copyForFork();
  if (Array.isArray(value)) return new Array(value.length);
  if (value instanceof Map) return new Map();
  if (value instanceof Set) return new Set();
  if (ArrayBuffer.isView(value)) return (value as TypedArray).slice();
  if (value instanceof Promise || value instanceof WeakMap || Symbol.asyncIterator in value) throw notData("a promise", holder, key);
  return Object.create(Object.getPrototypeOf(value));
}

function fill(source: object, copy: object, copyOf: (value: unknown, holder: object, key: string) => unknown): void {
  if (Array.isArray(source)) {
    for (let i = 0; i < source.length; i++) (copy as unknown[])[i] = copyOf(source[i], source, String(i));
  } else if (source instanceof Map) {
    for (const [key, value] of source) (copy as Map<unknown, unknown>).set(copyOf(key, source, "key"), copyOf(value, source, String(key)));
  } else if (source instanceof Set) {
    for (const value of source) (copy as Set<unknown>).add(copyOf(value, source, "member"));
  } else {
    for (const key of Object.keys(source)) {
      (copy as Record<string, unknown>)[key] = copyOf((source as Record<string, unknown>)[key], source, key);
    }
  }
}

function notData(what: string, holder: object, key: string): SimulatorBug {
  return new SimulatorBug(`state must be data, but ${holder.constructor?.name ?? "object"}.${key} holds ${what}`);
}
