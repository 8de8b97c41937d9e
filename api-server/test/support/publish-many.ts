import { publish, type PublishAnswer, type PublishBody } from '@postline/test-support';

export interface TimedAnswer extends PublishAnswer {
  readonly milliseconds: number;
}

export interface ManyPublishes {
  readonly count: number;
  /** Requests that are under way at the same time. */
  readonly atOnce: number;
  readonly body: (index: number) => PublishBody;
}

/** Publishes so many messages by a bounded number of publishers; every answer with the time it took. */
export async function publishMany(
  apiUrl: string,
  { count, atOnce, body }: ManyPublishes,
): Promise<TimedAnswer[]> {
  const answers: TimedAnswer[] = [];
  let next = 0;
  const publisher = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      const start = performance.now();
      const answer = await publish(apiUrl, body(index));
      answers.push({ ...answer, milliseconds: performance.now() - start });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, publisher));
  return answers;
}

/** The value below which this share of the answers' times lies, in milliseconds. */
export function percentile(answers: readonly TimedAnswer[], share: number): number {
  const times = answers.map(({ milliseconds }) => milliseconds).toSorted((left, right) => left - right);
  return times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
}
