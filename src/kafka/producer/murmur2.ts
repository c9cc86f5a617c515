/** The hash that places keyed records, so that every client of every language agrees. Source: Utils.murmur2. */

const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/** 32 bits, signed as in Java. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  let h = SEED ^ length;
  const wordsEnd = length & ~3;
  for (let i = 0; i < wordsEnd; i += 4) {
    let k = byteAt(bytes, i) | (byteAt(bytes, i + 1) << 8) | (byteAt(bytes, i + 2) << 16) | (byteAt(bytes, i + 3) << 24);
    k = Math.imul(k, M);
    k ^= k >>> 24;
    k = Math.imul(k, M);
    h = Math.imul(h, M) ^ k;
  }
  const tail = length & 3;
  if (tail === 3) h ^= byteAt(bytes, wordsEnd + 2) << 16;
  if (tail >= 2) h ^= byteAt(bytes, wordsEnd + 1) << 8;
  if (tail >= 1) h = Math.imul(h ^ byteAt(bytes, wordsEnd), M);
  h ^= h >>> 13;
  h = Math.imul(h, M);
  h ^= h >>> 15;
  return h | 0;
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] as number;
}
