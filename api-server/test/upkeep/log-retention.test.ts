import type { TrimQuery, TrimStep } from '@postline/message-store';
import { waitUntil } from '@postline/test-support';
import { expect, it } from 'vitest';
import { createLogRetention } from '../../src/upkeep/log-retention.ts';

const RULE = { secondsMax: 60, messagesPerTargetMax: undefined };

function scripted(...steps: readonly (TrimStep | Error)[]) {
  const queries: TrimQuery[] = [];
  const deleteOldest = (query: TrimQuery) => {
    const step = steps[queries.length] ?? { kind: 'trimmed', deletedCount: 0, nextAfter: undefined };
    queries.push(query);
    return step instanceof Error ? Promise.reject(step) : Promise.resolve(step);
  };
  return { queries, deleteOldest };
}

it('[RET-3] passes over all targets in steps, and starts again after its interval', async () => {
  const trimmer = scripted(
    { kind: 'trimmed', deletedCount: 500, nextAfter: '' },
    { kind: 'trimmed', deletedCount: 7, nextAfter: 'm' },
    { kind: 'trimmed', deletedCount: 1, nextAfter: undefined },
  );
  const passes: number[] = [];
  const retention = createLogRetention({
    trimmer,
    rule: RULE,
    intervalMs: 1,
    onPass: (count) => passes.push(count),
  });
  retention.start();
  await waitUntil('two passes', () => passes.length >= 2);
  await retention.stop();
  expect(passes.slice(0, 2)).toEqual([508, 0]);
  expect(trimmer.queries.slice(0, 4).map(({ afterTargetId }) => afterTargetId)).toEqual(['', '', 'm', '']);
  expect(trimmer.queries[0]).toMatchObject(RULE);
});

it('[RET-3] stops if another API is deleting, and continues after an error', async () => {
  const trimmer = scripted({ kind: 'busy' }, new Error('away'), {
    kind: 'trimmed',
    deletedCount: 3,
    nextAfter: undefined,
  });
  const passes: number[] = [];
  const errors: unknown[] = [];
  const retention = createLogRetention({
    trimmer,
    rule: RULE,
    intervalMs: 1,
    onPass: (count) => passes.push(count),
    onError: (error) => errors.push(error),
  });
  retention.start();
  await waitUntil('it went on', () => passes.includes(3));
  await retention.stop();
  expect(passes[0]).toBe(0);
  expect(errors).toEqual([new Error('away')]);
});
