/** So many at once are plenty for one process, and no burst that would be a test of something else. */
const LANES = 32;

/** Works on every item, a bounded number of them at once. */
export async function inLanes<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** The items in pieces of at most so many. */
export function chunksOf<T>(items: readonly T[], size: number): T[][] {
  const step = Math.ceil(size);
  const count = Math.ceil(items.length / step);
  return Array.from({ length: count }, (_, index) => items.slice(index * step, (index + 1) * step));
}
