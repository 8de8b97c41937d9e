import { expect, it } from 'vitest';
import { explainClose } from '../../src/connection/close-explanation.ts';

it.each([1001, 1009, 1013, 4001, 4002, 4003, 4008, 4029, 4500, 4501, 4503, 4510])(
  '[SDK-8] explains close code %i in words of its own, with the number',
  (code) => {
    expect(explainClose(code)).not.toContain('The relay closed the connection.');
    expect(explainClose(code)).toContain(`(code ${code})`);
  },
);

it('[SDK-8] explains an unknown code by its number', () => {
  expect(explainClose(4777)).toBe('The relay closed the connection. (code 4777)');
});
