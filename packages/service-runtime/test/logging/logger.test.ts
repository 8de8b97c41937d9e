import { expect, it } from 'vitest';
import { createLogger } from '../../src/index.ts';

it('writes JSON lines with level, time, service and the error', () => {
  const lines: string[] = [];
  const logger = createLogger({
    service: 'api',
    level: 'info',
    destination: { write: (line) => lines.push(line) },
  });
  logger.debug('not this');
  logger.warn({ err: new Error('broken') }, 'something');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    service: 'api',
    err: { type: 'Error', message: 'broken', stack: expect.stringContaining('broken') },
    msg: 'something',
  });
});
