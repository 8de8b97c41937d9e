import { expect, it } from 'vitest';
import { BusUnavailableError } from '../src/index.ts';

it('[BUS-2] a BusUnavailableError has a code, and the cause where one is known', () => {
  const cause = new Error('ECONNREFUSED');
  const error = new BusUnavailableError('Redis is away', cause);
  expect(error).toMatchObject({
    name: 'BusUnavailableError',
    code: 'bus_unavailable',
    message: 'Redis is away',
    cause,
  });
});
