/**
 * The value below which `share` (0 to 1) of the sorted values lie, by the nearest rank: always one that was measured.
 * NaN where there are none.
 */
export function percentile(sortedValues: ArrayLike<number>, share: number): number {
  if (sortedValues.length === 0) return NaN;
  const rank = Math.max(1, Math.ceil(share * sortedValues.length));
  return sortedValues[Math.min(rank, sortedValues.length) - 1] ?? NaN;
}

/** The middle value, or the mean of the two in the middle. NaN where there are none. */
export function median(values: readonly number[]): number {
  const sorted = sort(values);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** The values in rising order, as numbers are ordered; the argument is left as it is. */
export function sort(values: Iterable<number>): Float64Array {
  return Float64Array.from(values).sort();
}
