/**
 * Marks classes whose instances never change once made.
 *
 * A fork of the world copies everything that can change and shares what cannot: messages,
 * record batches, domain events. The mark sits on the prototype, so it costs an instance nothing.
 */

export const IMMUTABLE: unique symbol = Symbol("immutable");

// biome-ignore lint/suspicious/noExplicitAny: any constructor will do, only its prototype is touched.
export function markImmutable(type: abstract new (...args: any[]) => object): void {
  Object.defineProperty(type.prototype, IMMUTABLE, { value: true });
}

/** Whether a fork shares `value`. */
export function isImmutable(value: unknown): boolean {
  if (typeof value === "function") return false;
  return (
    typeof value !== "object" || value === null || (value as { [IMMUTABLE]?: true })[IMMUTABLE] === true || Object.isFrozen(value)
  );
}
