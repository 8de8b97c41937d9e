import { expect, it } from 'vitest';
import { assertTargetId, assertWholeNumber, storageFault } from '../../src/rules/store-arguments.ts';

const fault = (targetId: string, message = 'x', idempotencyKey?: string) =>
  storageFault({ publisher: '', messages: [{ targetId, message, idempotencyKey }] });

it('[LOG-4] [LOG-5] tells what a database would store as something else', () => {
  expect(fault('bob', 'x', 'key')).toBeUndefined();
  expect(fault('bob ')?.message).toContain('target id');
  expect(fault('bob', '\udc00')?.message).toContain('Unicode');
  expect(fault('bob', 'x', 'a b')?.message).toContain('key');
  expect(storageFault({ publisher: '', messages: [] })?.message).toContain('no messages');
});

it('a fault never repeats what the publisher sent', () => {
  expect(fault('secret id')?.message).not.toContain('secret');
  expect(fault('bob', 'secret \ud800')?.message).not.toContain('secret');
});

it('a reader’s mistakes are thrown', () => {
  expect(() => assertTargetId('no id')).toThrow(RangeError);
  expect(() => assertWholeNumber('limit', 0, 1)).toThrow('limit');
  expect(() => assertWholeNumber('limit', 2 ** 53, 1)).toThrow(RangeError);
  assertWholeNumber('limit', 1, 1);
});
