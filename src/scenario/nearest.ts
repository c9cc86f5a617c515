/** The nearest right spelling: what a mistyped word was probably meant to be. */

/**
 * The candidate that `word` is a misspelling of, or undefined if none is near enough to be worth suggesting.
 *
 * Near is at most a third of the letters by Damerau-Levenshtein, case and the separators `.`, `-`, `_` not counted; or, failing
 * that, the only candidate that ends in the word (`brokers` for `cluster.brokers`). Ties go to the earlier candidate.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = plain(word);
  if (wanted.length === 0) return undefined;
  let best: string | undefined;
  let bestDistance = Math.floor(wanted.length / 3) + 1;
  const endings: string[] = [];
  for (const candidate of candidates) {
    const distance = damerauLevenshtein(wanted, plain(candidate), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
    if (wanted.length > 2 && plain(candidate).endsWith(wanted)) endings.push(candidate);
  }
  return best ?? (endings.length === 1 ? endings[0] : undefined);
}

function plain(word: string): string {
  return word.toLowerCase().replace(/[._\-\s]/g, "");
}

/**
 * Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`; `limit` or more once it is certain to reach it.
 * @internal
 */
export function damerauLevenshtein(a: string, b: string, limit = Number.POSITIVE_INFINITY): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(substitution, (previous[j] as number) + 1, (current[j - 1] as number) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforePrevious[j - 2] as number) + 1);
      }
      current.push(cost);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length] as number;
}
