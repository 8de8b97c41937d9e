import type { AppendOutcome, AppendRequest } from '../message-store.ts';

/** Stores all requests in one transaction. If it throws, it has stored none. */
export type AppendTogether = (requests: readonly AppendRequest[]) => Promise<readonly AppendOutcome[]>;

/** The database refused a row for a value in it, so a retry can't help. */
export class RowRefusedError extends Error {
  readonly code = 'row_refused';

  constructor(cause: Error) {
    super(`the database refused a row: ${cause.message}`, { cause });
    this.name = 'RowRefusedError';
  }
}

/**
 * Appends all requests together if possible. If the database refuses a row, halving finds the request that it belongs
 * to: one bad request among 500 costs about 18 more transactions, and fails alone.
 */
export async function appendApart(
  requests: readonly AppendRequest[],
  appendTogether: AppendTogether,
): Promise<readonly AppendOutcome[]> {
  try {
    return await appendTogether(requests);
  } catch (error) {
    if (!(error instanceof RowRefusedError)) throw error;
    if (requests.length === 1) return [{ kind: 'failed', error }];
  }
  const middle = Math.ceil(requests.length / 2);
  return [
    ...(await appendApart(requests.slice(0, middle), appendTogether)),
    ...(await appendApart(requests.slice(middle), appendTogether)),
  ];
}

/** Answers the requests that `refuse` returns an outcome for, appends the others, and returns the outcomes in order. */
export async function appendTheRest(
  requests: readonly AppendRequest[],
  refuse: (request: AppendRequest) => AppendOutcome | undefined,
  append: AppendTogether,
): Promise<readonly AppendOutcome[]> {
  const refusals = requests.map(refuse);
  const rest = requests.filter((_, index) => refusals[index] === undefined);
  const outcomes = rest.length === 0 ? [] : await append(rest);
  if (outcomes.length !== rest.length)
    throw new RangeError('an append must give one outcome for each request');
  const remaining = outcomes.values();
  return refusals.map((refusal) => refusal ?? nextOf(remaining));
}

function nextOf(outcomes: ArrayIterator<AppendOutcome>): AppendOutcome {
  const next = outcomes.next();
  if (next.done === true) throw new RangeError('an outcome is missing');
  return next.value;
}
