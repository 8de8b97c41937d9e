/**
 * The delay that a share of the messages did not exceed, in the unit of the bounds: interpolated in its bucket, as
 * Prometheus does. In the last bucket, which has no upper bound, it is the highest bound. Null without messages.
 */
export function delayPercentile(
  counts: readonly number[],
  { bounds, share }: { readonly bounds: readonly number[]; readonly share: number },
): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const rank = share * total;
  let before = 0;
  for (const [index, count] of counts.entries()) {
    if (count > 0 && before + count >= rank) {
      const lower = bounds[index - 1] ?? 0;
      const upper = bounds[index] ?? lower;
      return lower + ((upper - lower) * (rank - before)) / count;
    }
    before += count;
  }
  return bounds.at(-1) ?? null;
}
