import { createLogger } from '@postline/service-runtime';
import { expect, it } from 'vitest';
import { createAvailabilityLog } from '../src/availability-log.ts';

it('says once that a part fails and once that it works again', () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createAvailabilityLog(createLogger({ service: 'test', level: 'info', destination }), 'bus');
  log.worked();
  for (let call = 0; call < 1_000; call += 1) log.failed(new Error('away'));
  log.worked();
  log.worked();
  log.failed(new Error('away again'));
  expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
    { level: 'warn', part: 'bus', msg: 'does not answer', err: { message: 'away' } },
    { level: 'info', part: 'bus', msg: 'works again' },
    { level: 'warn', part: 'bus', msg: 'does not answer' },
  ]);
  expect(lines).toHaveLength(3);
});
