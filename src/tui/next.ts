/** The next of things in order. */

/** The first behind `position`; undefined if there is none. */
export function nextOf<T extends { readonly step: number }>(ordered: readonly T[], position: number): T | undefined {
  let [low, high] = [0, ordered.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ordered[middle] as T).step > position) high = middle;
    else low = middle + 1;
  }
  return ordered[low];
}
