/** How Kafka spreads groups over the partitions of __consumer_offsets. Source: String.hashCode, Utils.abs, GroupCoordinatorService.partitionFor. */

/** Java's hash of a string, as a signed 32-bit number. @internal */
export function javaHash(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0;
  return hash;
}

/** The partition of __consumer_offsets that holds the group, out of `partitions`. */
export function partitionForGroup(groupId: string, partitions: number): number {
  const hash = javaHash(groupId);
  // The smallest number has no counterpart above zero.
  return (hash === -(2 ** 31) ? 0 : Math.abs(hash)) % partitions;
}
