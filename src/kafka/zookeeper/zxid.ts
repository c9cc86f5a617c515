/**
 * Transaction ids: the epoch of the leader that proposed the transaction above, its number within the epoch below.
 *
 * One plain number, so that order is order: 21 bits are left for the epoch, which is more elections than a run can hold.
 * Source: ZxidUtils.
 */

export type Zxid = number;

const COUNTER_SPAN = 2 ** 32;

export function makeZxid(epoch: number, counter: number): Zxid {
  return epoch * COUNTER_SPAN + counter;
}

export function epochOf(zxid: Zxid): number {
  return Math.floor(zxid / COUNTER_SPAN);
}

export function counterOf(zxid: Zxid): number {
  return zxid % COUNTER_SPAN;
}

/** Whether `zxid` may come right after `last` in a history: the next in its epoch, or the first of a later one. */
export function isNextZxid(zxid: Zxid, last: Zxid): boolean {
  return epochOf(zxid) === epochOf(last) ? zxid === last + 1 : zxid > last && counterOf(zxid) === 1;
}

/** As ZooKeeper's tools print it: `0x500000003`. */
export function zxidText(zxid: Zxid): string {
  return `0x${zxid.toString(16)}`;
}
