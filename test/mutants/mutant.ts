/**
 * A mutant: one deliberate mistake in one place of Kafka's machinery, which the checks must notice from outside.
 *
 * The code under src/ has no hooks for this. A mutant replaces methods on the prototypes of components while one run lasts; the
 * mistake is in what is done, never in what is reported of it: events go on telling the truth about the broken cluster.
 */
import { assert } from "../../src/base/assert.ts";

export interface Mutant {
  readonly name: string;
  /** What is broken, in one sentence. */
  readonly breaks: string;
  /** The invariant that must notice. Others may, too. */
  readonly invariant: string;
  /** A scenario in YAML, in which the rule matters. Without the mutant it violates nothing. */
  readonly scenario: string;
  /** Tried one after the other until the invariant is violated. */
  readonly seeds: readonly number[];
  patch(patches: Patches): void;
}

/** Nearly always the first one does; the others are there because any change of the model moves what a seed means. */
export const SEEDS: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8];

interface Replaced {
  readonly owner: object;
  readonly name: PropertyKey;
  readonly original: PropertyDescriptor;
}

/** The replacements of one run. */
export class Patches {
  private readonly replaced: Replaced[] = [];

  /** Puts what `make` makes of the method `name` in its place. Fails if `owner` has no such method of its own (any more). */
  replace<O extends object, K extends keyof O>(owner: O, name: K, make: (original: O[K]) => O[K]): void {
    const original = Object.getOwnPropertyDescriptor(owner, name);
    assert(typeof original?.value === "function", `there is no method ${String(name)} to break`);
    this.replaced.push({ owner, name, original });
    Object.defineProperty(owner, name, { ...original, value: make(original.value as O[K]) });
  }

  /** Everything is as it was. */
  restore(): void {
    for (const { owner, name, original } of this.replaced.splice(0).reverse()) Object.defineProperty(owner, name, original);
  }
}

/** The prototype of a class as its own methods see it, private ones included: `I` says what of it is used. */
export function inside<I extends object>(component: { readonly prototype: object }): I {
  return component.prototype as I;
}

/** Does `run` while the mutant is at work, and then puts everything back, whatever happened. */
export function withMutant<T>(mutant: Pick<Mutant, "patch">, run: () => T): T {
  const patches = new Patches();
  try {
    mutant.patch(patches);
    return run();
  } finally {
    patches.restore();
  }
}
