export interface FirstAnswerOptions<Candidate, Answer> {
  /** In the order in which they are asked. */
  readonly candidates: readonly Candidate[];
  readonly ask: (candidate: Candidate, signal: AbortSignal) => Promise<Answer>;
  /** How long a candidate may be silent before the next one is asked as well. */
  readonly patienceMs: number;
  /** Aborts all requests. */
  readonly signal: AbortSignal;
}

/**
 * Asks one candidate after another. The next one is asked when the previous one fails, or is silent for a while; a
 * silent one may still answer. Resolves with the first answer and aborts the other requests. Rejects with the last
 * error if all fail.
 */
export function firstAnswer<Candidate, Answer>(
  options: FirstAnswerOptions<Candidate, Answer>,
): Promise<Answer> {
  const { candidates, ask, patienceMs, signal } = options;
  const over = new AbortController();
  const asked = AbortSignal.any([signal, over.signal]);
  const waiting = [...candidates];
  let askedCount = 0;
  let timer: NodeJS.Timeout | undefined;
  const finish = () => {
    clearTimeout(timer);
    over.abort();
  };
  return new Promise((resolve, reject) => {
    const onError = (error: unknown) => {
      askedCount -= 1;
      if (over.signal.aborted) return;
      if (waiting.length > 0 && !signal.aborted) askNext();
      else if (askedCount === 0) {
        finish();
        reject(error instanceof Error ? error : new Error('no answer', { cause: error }));
      }
    };
    const askNext = () => {
      clearTimeout(timer);
      const candidate = waiting.shift();
      if (candidate === undefined) return;
      askedCount += 1;
      timer = setTimeout(askNext, patienceMs);
      ask(candidate, asked).then((answer) => {
        finish();
        resolve(answer);
      }, onError);
    };
    askNext();
  });
}
