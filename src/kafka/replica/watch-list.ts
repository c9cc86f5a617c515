/**
 * What waits for something to happen on a partition: one watcher list of a purgatory. Source: DelayedOperationPurgatory.
 *
 * An operation that waits on several partitions stands in several lists, and when it completes it is not looked for in the
 * others: a list drops what has completed when it is walked, or when it has doubled since it was last purged.
 */

export interface Watcher {
  readonly operation: { readonly completed: boolean };
}

const SMALLEST_PURGE = 16;

export class WatchList<W extends Watcher> {
  private watchers: W[] = [];
  private purgeAt = SMALLEST_PURGE;

  get isEmpty(): boolean {
    return this.watchers.length === 0;
  }

  add(watcher: W): void {
    if (this.watchers.length >= this.purgeAt) {
      this.watchers = this.watchers.filter((known) => !known.operation.completed);
      this.purgeAt = Math.max(SMALLEST_PURGE, 2 * this.watchers.length);
    }
    this.watchers.push(watcher);
  }

  /**
   * Empties the list, oldest first. Whoever walks it puts back what goes on waiting. The list may grow meanwhile, since
   * what completes lets the next request of its connection in.
   */
  take(): readonly W[] {
    const taken = this.watchers;
    this.watchers = [];
    return taken;
  }
}
